"""Times as modelers write them: ISO 8601 date-times with an offset, durations and cycles.

Durations count from a given moment; months and years are those of the local calendar. FEEL and legal timers are
`engine.runtime.timers`.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import isodate

from engine.clock import VIETNAM

_CYCLE = re.compile(r"R(\d*)/(?:([^/P]+)/)?(P[^/]+)")
MAX_YEARS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A timer's next moment. *left* are the firings after it (None: without end), *every* the cycle's duration."""

    at: datetime
    left: int | None = 0
    every: str | None = None
    legal_from: datetime | None = None
    legal_days: int | None = None


def parse(text: str, now: datetime) -> Due | None:
    """ISO 8601: a date-time with an offset, a duration, or ``R[n]/[start/]duration``; None for anything else."""
    text = text.strip()
    cycle = _CYCLE.fullmatch(text)
    if cycle:
        count, start, every = cycle.groups()
        first = _moment(start) if start else after(now, every)
        if first is None or (count and int(count) < 1) or after(now, every) is None:
            return None
        return Due(at=first, left=int(count) - 1 if count else None, every=every)
    if text.startswith("P"):
        at = after(now, text)
        return Due(at=at) if at is not None else None
    moment = _moment(text)
    return Due(at=moment) if moment is not None else None


def after(start: datetime, duration: str) -> datetime | None:
    """*start* plus an ISO duration, in UTC; None when it is none, negative or absurdly long."""
    try:
        span = isodate.parse_duration(duration)
        local: datetime = start.astimezone(VIETNAM) + span
    except (isodate.ISO8601Error, ValueError, OverflowError, TypeError):
        return None
    if local < start or local.year > start.year + MAX_YEARS:
        return None
    return local.astimezone(UTC)


def again(last: Due, now: datetime) -> tuple[Due, int] | None:
    """The next firing of a cycle that was due at *last*, and how many were missed; None when it has ended.

    What lies in the past already is missed, not fired in a burst.
    """
    if last.every is None or last.left == 0:
        return None
    missed, left, at = 0, last.left, last.at
    while True:
        following = after(at, last.every)
        if following is None or following <= at:
            return None
        left = None if left is None else left - 1
        at = following
        if at > now or left == 0:
            return Due(at=at, left=left, every=last.every), missed
        missed += 1


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.split("@", maxsplit=1)[0])
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo is not None else None


def span(text: str) -> timedelta:
    """An ISO duration without months and years.

    Raises:
        ValueError: it is none.
    """
    found = isodate.parse_duration(text)
    if not isinstance(found, timedelta):
        raise ValueError(f"`{text}` has months or years")  # noqa: TRY004
    return found
