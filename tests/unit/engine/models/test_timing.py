"""Times as modelers write them."""

from datetime import UTC, datetime

import pytest

from engine.models.timing import Due, after, again, parse

NOW = datetime(2026, 1, 31, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("PT1H", "2026-01-31T02:00:00+00:00"),
        ("P1M", "2026-02-28T01:00:00+00:00"),
        ("P1W", "2026-02-07T01:00:00+00:00"),
        ("2026-07-01T12:00:00+07:00", "2026-07-01T05:00:00+00:00"),
        ("2026-07-01T12:00:00Z", "2026-07-01T12:00:00+00:00"),
        ("R3/PT10M", "2026-01-31T01:10:00+00:00"),
        ("R/PT10M", "2026-01-31T01:10:00+00:00"),
        ("R2/2026-03-01T00:00:00Z/P1D", "2026-03-01T00:00:00+00:00"),
    ],
)
def test_what_modelers_write_is_read(text: str, at: str) -> None:
    due = parse(text, NOW)
    assert due is not None
    assert due.at.isoformat() == at


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2026-07-01T12:00:00",
        "2026-07-01",
        "-PT1H",
        "R0/PT1H",
        "R2/soon/PT1H",
        "P999999Y",
        "0 0 9 * * ?",
    ],
)
def test_anything_else_is_not(text: str) -> None:
    assert parse(text, NOW) is None


def test_a_cycle_counts_down_and_ends() -> None:
    due: Due | None = parse("R3/PT10M", NOW)
    seen = 0
    while due is not None:
        seen += 1
        following = again(due, due.at)
        due = following[0] if following else None
    assert seen == 3


def test_missed_turns_are_counted_and_not_fired() -> None:
    first = parse("R9/PT10M", NOW)
    assert first is not None
    late = after(NOW, "PT45M")
    assert late is not None
    following = again(first, late)
    assert following is not None
    due, missed = following
    assert (missed, due.left, due.at > late) == (3, 4, True)
