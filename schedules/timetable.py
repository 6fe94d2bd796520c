"""When something is due next: rows of the timetable as APScheduler triggers, computed and never run.

A row says `every 10 s` (s, min, h, d) or gives a cron line of five fields in Vietnamese time. Which rows are due and
what follows is the ticker's and the database's business.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from engine.clock import VIETNAM
from engine.errors import ScheduleInvalid

_EVERY = re.compile(r"every (\d+(?:\.\d+)?) ?(ms|s|min|h|d)")
_SECONDS = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400}
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LEAST_S = 0.05


def every(seconds: float) -> str:
    """The text of a trigger that fires every *seconds*."""
    return f"every {seconds:g} s"


def interval(seconds: float) -> BaseTrigger:
    """A trigger that fires every *seconds* from now on, fractions of a second too."""
    return _steps(timedelta(seconds=seconds), datetime.now(UTC))


def check_trigger(text: str) -> None:
    """Return when *text* is a trigger.

    Raises:
        ScheduleInvalid: it is none; says what is wrong with it.
    """
    if _interval(text) is None:
        _cron(text)


def next_fire(text: str, planned: datetime, now: datetime) -> datetime:
    """The first moment after *now* at which *text* fires, given that it was last planned for *planned*.

    Moments missed between the two are passed over: they fire once, now. All moments are aware.

    Raises:
        ScheduleInvalid: the trigger's text is wrong, or it never fires again.
    """
    period = _interval(text)
    trigger = _cron(text) if period is None else _steps(period, planned)
    moment = trigger.get_next_fire_time(None, now + timedelta(microseconds=1))
    if not isinstance(moment, datetime):
        raise ScheduleInvalid(trigger=text, reason="it never fires again")
    return moment


def _steps(period: timedelta, planned: datetime) -> BaseTrigger:
    trigger = IntervalTrigger(start_date=planned, timezone=planned.tzinfo)
    trigger.interval, trigger.interval_length = period, period.total_seconds()
    return trigger


def _interval(text: str) -> timedelta | None:
    match = _EVERY.fullmatch(text.strip())
    if match is None:
        return None
    seconds = float(match[1]) * _SECONDS[match[2]]
    if seconds < _LEAST_S:
        raise ScheduleInvalid(trigger=text, reason=f"shorter than {_LEAST_S} s")
    return timedelta(seconds=seconds)


@lru_cache(maxsize=256)
def _cron(text: str) -> BaseTrigger:
    fields = text.split()
    if len(fields) != 5:
        raise ScheduleInvalid(trigger=text, reason="write `every 10 s` or a cron line of five fields")
    fields[4] = _named_days(text, fields[4])
    for place, field in enumerate(fields):
        alone = " ".join(field if at == place else "*" for at in range(5))
        try:
            CronTrigger.from_crontab(alone, timezone=VIETNAM)
        except (ValueError, IndexError):
            raise _unread(text, place) from None
    return CronTrigger.from_crontab(" ".join(fields), timezone=VIETNAM)


def _unread(text: str, place: int) -> ScheduleInvalid:
    field = text.split()[place]
    return ScheduleInvalid(
        trigger=text, reason=f"field {place + 1} of the cron line, {field}, cannot be read"
    )


def _named_days(text: str, field: str) -> str:
    """Weekdays by name: cron counts from Sunday, APScheduler from Monday."""
    days, slash, step = field.partition("/")
    try:
        return re.sub(r"\d+", lambda number: _WEEKDAYS[int(number[0])], days) + slash + step
    except IndexError:
        raise _unread(text, 4) from None
