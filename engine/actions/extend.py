"""Giving a dossier a later due date: seen first, then confirmed, and an event like any other.

An extension has its legal ground and stays in the ledger; only pauses after it move the date again. A due date is never brought
forward or taken away.
"""

from dataclasses import dataclass
from datetime import date, datetime

from engine import errors
from engine.actions.conditions import Seen, as_it_stands
from engine.exchange.ports import Json
from engine.queries import dossiers
from engine.queries.clock import Clocks
from engine.queries.dossiers import DossierBrief
from engine.storage import access, events
from engine.storage import corrections as rows
from engine.storage.database import Connection, Store

NO_YEAR = 2200
"""The first year in which nothing is due: a date is typed in a moment and never brought forward."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """The due date now and as it would be: aware moments."""

    before: datetime
    after: datetime


def propose(store: Store, clocks: Clocks, code: str, day: date) -> Extension:
    """What an extension to *day* would come to: the end of that working day, or of the next one, by the dossier's calendar.

    Raises:
        DossierNotFound. ActionNotNow: the dossier is over, or has no due date. RequestInvalid: the day is not later, or far
            too late.
    """
    check_year(day)
    with store.reading() as connection:
        brief = dossiers.get_brief(connection, code)
        before = due_of(brief)
        after = clocks.of(connection, brief.id).end_of_working_day(day)
    if after <= before:
        raise errors.RequestInvalid(reason="the new due date must be after the present one")
    return Extension(before=before, after=after)


def extend(
    store: Store,
    code: str,
    wanted: Extension,
    *,
    ground: str,
    by: str,
    reason: str,
    look: Seen = as_it_stands,
) -> None:
    """Have the due date moved, if it still is what was seen. *look* looks at the dossier once it is locked.

    Raises:
        DossierNotFound. PreconditionFailed: it was moved since. ActionNotNow: the dossier is over.
    """
    with store.transaction() as connection:
        rows.lock(connection, code)
        look(connection)
        brief = dossiers.get_brief(connection, code)
        if due_of(brief) != wanted.before:
            raise errors.PreconditionFailed(etag=str(brief.due_at))
        write(connection, brief, wanted, ground=ground, by=by, reason=reason)


def check_year(day: date) -> None:
    """Raises: RequestInvalid: it is in `NO_YEAR` or later."""
    if day.year >= NO_YEAR:
        raise errors.RequestInvalid(reason=f"the new due date must be before the year {NO_YEAR}")


def due_of(brief: DossierBrief) -> datetime:
    """When the dossier is due. Raises: ActionNotNow: it is over, or has no due date."""
    if brief.is_over or brief.finished_at is not None:
        raise errors.ActionNotNow(what=f"{brief.code} is over")
    if brief.due_at is None:
        raise errors.ActionNotNow(what=f"{brief.code} has no due date yet")
    return brief.due_at


def write(
    connection: Connection, brief: DossierBrief, wanted: Extension, *, ground: str, by: str, reason: str
) -> None:
    """The event and the audit line of an extension, for a dossier whose lock is held."""
    payload: dict[str, Json] = {
        "before": wanted.before.isoformat(),
        "until": wanted.after.isoformat(),
        "ground": ground,
        "by": by,
        "reason": reason,
    }
    events.append(connection, brief.id, "extended", payload)
    facts: dict[str, Json] = {name: payload[name] for name in ("before", "until", "ground")}
    access.audit(connection, by, "dossier-extended", dossier=brief.id, facts=facts, reason=reason)
