"""Waits between attempts."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.exchange.retries import Backoff, doubling


def test_waits_follow_the_list_and_the_last_repeats() -> None:
    backoff = Backoff(waits_s=(1, 2, 5))
    assert [backoff.wait_s(attempt) for attempt in (1, 2, 3, 4, 100)] == [1, 2, 5, 5, 5]


def test_a_partner_that_asks_for_more_gets_it_and_never_less() -> None:
    backoff = Backoff(waits_s=(10,))
    assert backoff.wait_s(1, asked_s=30) == 30
    assert backoff.wait_s(1, asked_s=1) == 10


@pytest.mark.parametrize("waits", [(), (1, -1)])
def test_a_back_off_without_waits_or_with_negative_ones_is_refused(waits: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="back-off"):
        Backoff(waits_s=waits)


@given(st.floats(0.01, 100), st.floats(0.01, 10_000))
def test_doubling_never_passes_the_longest_wait(first_s: float, most_s: float) -> None:
    waits = doubling(first_s, max(first_s, most_s)).waits_s
    assert waits[0] == first_s
    assert waits[-1] == max(first_s, most_s)
    assert all(later <= earlier * 2 for earlier, later in itertools.pairwise(waits))


def test_no_first_wait_means_none_at_all() -> None:
    assert doubling(0, 10).waits_s == (0,)
