"""A caller's bucket: what it holds, how it fills again, and that memory does not grow with callers."""

from hypothesis import given
from hypothesis import strategies as st

from web import rates
from web.rates import Buckets, Rate


class Watch:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_taken_at_once_and_then_it_fills_steadily() -> None:
    watch = Watch()
    buckets = Buckets(Rate(per_s=2, burst=3), watch)
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 0]
    assert buckets.take("a") == 0.5
    watch.now += 0.5
    assert [buckets.take("a"), buckets.take("a")] == [0, 0.5]


def test_callers_do_not_share_a_bucket() -> None:
    buckets = Buckets(Rate(per_s=1, burst=1), Watch())
    assert [buckets.take("a"), buckets.take("b")] == [0, 0]
    assert buckets.take("a") > 0


def test_who_is_refused_pays_nothing() -> None:
    watch = Watch()
    buckets = Buckets(Rate(per_s=1, burst=1), watch)
    for _ in range(10):
        buckets.take("a")
    watch.now += 1
    assert buckets.take("a") == 0


def test_memory_holds_no_more_callers_than_there_may_be() -> None:
    watch = Watch()
    buckets = Buckets(Rate(per_s=1, burst=5), watch)
    for number in range(rates.MOST_CALLERS + 50):
        assert buckets.take(str(number)) == 0
    assert len(buckets._full_at) == rates.MOST_CALLERS
    watch.now += 10
    buckets.take("new")
    assert len(buckets._full_at) == 1


@given(st.lists(st.floats(0, 3), max_size=60))
def test_never_more_than_burst_and_rate_allow(pauses: list[float]) -> None:
    watch = Watch()
    buckets = Buckets(Rate(per_s=2, burst=4), watch)
    taken = 0
    for pause in pauses:
        watch.now += pause
        taken += buckets.take("a") == 0
    assert taken <= 4 + 2 * (watch.now - 100) + 1e-6
