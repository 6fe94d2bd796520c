"""Our own built-ins over the working calendar that the caller hands in; local moments are read in Asia/Ho_Chi_Minh."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

from engine.feel import temporals
from engine.feel.builtins.strings import whole
from engine.feel.registry import builtin
from engine.feel.runtime import Misuse, Run, WorkingCalendar
from engine.feel.temporals import Date, DateTime

VIETNAM_OFFSET_S = 7 * 3600
_VIETNAM = timezone(timedelta(seconds=VIETNAM_OFFSET_S))


def _calendar(run: Run) -> WorkingCalendar:
    if run.calendar is None:
        raise Misuse("no working calendar was given to this evaluation")
    return run.calendar


def _moment(value: Date | DateTime) -> datetime:
    moment = temporals.to_datetime(
        value if isinstance(value, DateTime) else DateTime(value, 0), VIETNAM_OFFSET_S
    )
    if moment is None:
        raise Misuse("the working calendar covers the years 1 to 9999")
    return moment.astimezone(_VIETNAM)


def _value(moment: datetime) -> DateTime:
    return temporals.from_datetime(moment.astimezone(_VIETNAM))


@builtin("working days after", "from: date", "n: number", run=True)
def working_days_after(run: Run, start: Date | DateTime, days: Decimal) -> DateTime:
    """The end of the working day that is *n* working days after a moment, in Vietnam's time."""
    return _value(_calendar(run).add_working_days(_moment(start), _bounded(days, 10_000)))


@builtin("working days between", "from: date", "to: date", run=True)
def working_days_between(run: Run, start: Date | DateTime, end: Date | DateTime) -> Decimal:
    """The number of working days from one moment to another."""
    first, last = _moment(start), _moment(end)
    if abs((last - first).days) > 20_000:
        raise Misuse("the two moments are more than 20,000 days apart")
    return Decimal(_calendar(run).working_days_between(first, last))


@builtin("working hours after", "from: date", "n: number", run=True)
def working_hours_after(run: Run, start: Date | DateTime, hours: Decimal) -> DateTime:
    """The moment that is *n* working hours after another, in Vietnam's time."""
    _bounded(hours, 100_000)
    return _value(_calendar(run).add_working_hours(_moment(start), hours))


def _bounded(number: Decimal, limit: int) -> int:
    if not 0 <= number <= limit:
        raise Misuse(f"argument `n` must be between 0 and {limit}")
    return whole(number, "n")
