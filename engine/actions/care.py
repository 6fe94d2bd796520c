"""Who looks after an incident, what they noted of it, and where else it is followed: nothing that changes the dossier."""

from collections.abc import Callable
from typing import TypeAlias

from engine import errors
from engine.exchange.ports import Json
from engine.storage import access, accounts, incidents
from engine.storage.database import Store, plain_text

MOST_NOTE, MOST_TICKET = 2000, 500


Cared: TypeAlias = tuple[str | None, str | None, str | None]
"""Owner, note and ticket of an incident."""


def look_after(
    store: Store,
    incident: int,
    *,
    owner: str,
    note: str,
    ticket: str,
    by: str,
    seen: Callable[[Cared], None],
) -> None:
    """Give an incident an *owner* (an account's name), a *note* and a *ticket* (a number, or an address); empty: none.

    *seen* is asked about what stands there, and raises where the caller has not seen that.

    Raises:
        IncidentNotFound. RequestInvalid: nobody has this name.
    """
    owner, note, ticket = (
        owner.strip(),
        plain_text(note.strip(), MOST_NOTE),
        plain_text(ticket.strip(), MOST_TICKET),
    )
    with store.transaction() as connection:
        if owner and accounts.find_by_name(connection, owner) is None:
            raise errors.RequestInvalid(reason=f"nobody has the account {owner[:64]}")
        before = incidents.care(
            connection, incident, owner=owner or None, note=note or None, ticket=ticket or None
        )
        if before is None:
            raise errors.IncidentNotFound(incident=incident)
        seen(before[1:])
        facts: dict[str, Json] = {
            "incident": incident,
            "before": {"owner": before[1], "note": before[2], "ticket": before[3]},
            "after": {"owner": owner or None, "note": note or None, "ticket": ticket or None},
        }
        access.audit(connection, by, "incident-looked-after", dossier=before[0], facts=facts)
