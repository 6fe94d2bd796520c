"""Giving many dossiers a later due date: the same day for all of them, or so many working days more for each.

What each comes to is counted at its turn, by its own calendar; one that somebody extended since
the list was seen is left as it is. The act about one dossier is `engine.actions.extend`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from engine import errors
from engine.actions import extend
from engine.actions.extend import Extension
from engine.dossiers.calendar import WorkingCalendar
from engine.exchange.ports import Json
from engine.queries import dossiers
from engine.queries.clock import Clocks
from engine.storage import corrections as rows
from engine.storage import extensions
from engine.storage.database import Connection, Store

MOST_DAYS = 366
MOST_GROUND = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengthening:
    """A *day* that all are due on, or working *days* more for each, and the law that allows it.

    *seen* is the number of the last event when the list was seen.
    """

    day: date | None
    days: int | None
    ground: str
    seen: int = 0

    def after(self, calendar: WorkingCalendar, before: datetime) -> datetime:
        """The due date that follows on *before*."""
        if self.day is not None:
            return calendar.end_of_working_day(self.day)
        return calendar.add_working_days(before, self.days or 0)

    def as_json(self) -> dict[str, Json]:
        day = self.day.isoformat() if self.day is not None else None
        return {"day": day, "days": self.days, "ground": self.ground, "seen": self.seen}


def wanted(given: Mapping[str, Json]) -> Lengthening:
    """What *given* (``day`` in ISO or ``days``, ``ground``, ``seen``) asks for.

    Raises: RequestInvalid: it says no day, both ways at once, or no legal ground.
    """
    days, ground, seen = given.get("days"), str(given.get("ground") or "").strip(), given.get("seen")
    day = _day(given.get("day"))
    if (day is None) == (days is None):
        raise errors.RequestInvalid(reason="give either the new due day or a number of working days")
    if days is not None and (not isinstance(days, int) or not 1 <= days <= MOST_DAYS):
        raise errors.RequestInvalid(reason=f"a due date is put off by 1 to {MOST_DAYS} working days")
    if day is not None:
        extend.check_year(day)
    if not ground:
        raise errors.RequestInvalid(reason="the legal ground is missing")
    if len(ground) > MOST_GROUND:
        raise errors.RequestInvalid(reason=f"the legal ground is longer than {MOST_GROUND} characters")
    number = days if isinstance(days, int) else None
    return Lengthening(day=day, days=number, ground=ground, seen=seen if isinstance(seen, int) else 0)


def last_event(connection: Connection) -> int:
    """The number of the last event there is: what is extended after it was not seen."""
    return extensions.last_event(connection)


def lengthen(store: Store, clocks: Clocks, code: str, asked: Lengthening, *, by: str, reason: str) -> None:
    """Have the due date moved.

    Raises:
        DossierNotFound. ActionNotNow: it is over, has no due date, is due later already, or was extended since it was seen.
    """
    with store.transaction() as connection:
        rows.lock(connection, code)
        brief = dossiers.get_brief(connection, code)
        before = extend.due_of(brief)
        if extensions.extended_since(connection, brief.id, asked.seen):
            raise errors.ActionNotNow(what=f"{code} was given another due date since the list was seen")
        after = asked.after(clocks.of(connection, brief.id), before)
        if after <= before:
            raise errors.ActionNotNow(what=f"{code} is due later than that already")
        extend.write(
            connection,
            brief,
            Extension(before=before, after=after),
            ground=asked.ground,
            by=by,
            reason=reason,
        )


def _day(given: Json) -> date | None:
    try:
        return date.fromisoformat(str(given)) if given else None
    except ValueError:
        raise errors.RequestInvalid(reason="the new due day is no day") from None
