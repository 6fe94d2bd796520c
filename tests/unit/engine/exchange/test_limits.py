"""Limits that a person sets: read from what was typed, each mistake named at its field."""

import pytest

from engine import errors
from engine.exchange import limits
from engine.exchange.limits import Limits


def test_what_is_empty_stands_as_the_contract_says() -> None:
    assert limits.read({}) == limits.read({"window": " ", "rate": ""}) == Limits()
    assert Limits().set() == {}


def test_what_is_typed_is_read_and_kept_and_read_again() -> None:
    found = limits.read({"window": "3", "total_timeout_s": "2,5", "max_attempts": "4", "hours": "8–17 giờ"})
    assert found == Limits(window=3, total_timeout_s=2.5, max_attempts=4, hours="8–17 giờ")
    assert limits.stored({**found.set(), "of a newer version": 1}) == found
    assert limits.stored(None) == limits.stored("odd") == Limits()


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("window", "0", "is no whole number from 1 to 1000"),
        ("window", "2.5", "is no whole number from 1 to 1000"),
        ("window", "1_0", "is no whole number from 1 to 1000"),
        ("window", "٣", "is no whole number from 1 to 1000"),
        ("max_attempts", "-1", "is no whole number from 1 to 1000"),
        ("total_timeout_s", "0", "is no number from 0.1 to 3600"),
        ("total_timeout_s", "3601", "is no number from 0.1 to 3600"),
        ("total_timeout_s", "nan", "is no number from 0.1 to 3600"),
        ("total_timeout_s", "inf", "is no number from 0.1 to 3600"),
        ("connect_timeout_s", "<b>", "is no number from 0.1 to 60"),
        ("rate", "x" * 201, "is longer than 200 characters"),
        ("hours", "8\x0017", "holds what cannot be printed"),
    ],
)
def test_what_is_out_of_bounds_or_no_number_is_refused_at_its_field(
    name: str, text: str, reason: str
) -> None:
    with pytest.raises(errors.RequestInvalid) as refused:
        limits.read({name: text, "window" if name != "window" else "rate": "5"})
    assert refused.value.facts["fields"] == [{"field": name, "reason": reason}]


def test_a_connection_may_not_wait_longer_than_the_whole() -> None:
    with pytest.raises(errors.RequestInvalid) as refused:
        limits.read({"total_timeout_s": "2", "connect_timeout_s": "3"})
    assert refused.value.facts["fields"] == [
        {"field": "connect_timeout_s", "reason": "is longer than the whole time-out"}
    ]
