"""Sealing the audit trail: nightly, so that a line changed or removed afterwards is found out.

Each seal's hash is logged: whoever keeps the log elsewhere holds the proof. A person asks for the check; a chain that does not
hold is an incident.
"""

import structlog

from engine.storage import access, incidents, seals
from engine.storage.database import Store
from engine.storage.seals import Checked

log = structlog.get_logger(__name__)

ALTERED = "audit-altered"


def seal_audit(store: Store) -> int:
    """Seal the lines that are ripe; how many there were."""
    with store.transaction() as connection:
        made = seals.add(connection)
    if made is None:
        return 0
    number, lines, digest = made
    log.info("audit_sealed", seal=number, lines=lines, hash=digest.hex())
    return lines


def check_audit(store: Store, *, by: str) -> Checked:
    """Whether every seal still holds, written down as asked for by *by*; where one does not, an incident says so."""
    with store.transaction() as connection:
        found = seals.check(connection)
        access.audit(connection, by, "audit-checked", facts={"seals": found.seals, "broken": found.broken})
        if found.broken is not None and not incidents.is_any_open(connection, ALTERED):
            incidents.open_incident(
                connection,
                ALTERED,
                f"the audit trail is not what was sealed: seal {found.broken} does not match its lines",
                facts={"seal": found.broken},
                actions=["close"],
            )
    return found
