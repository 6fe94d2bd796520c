"""Looking at the certificates of partners now and then, so that one that runs out is seen coming and not by its outage."""

from datetime import datetime

import structlog

from engine import errors
from engine.exchange.ports import Partners
from engine.storage import partners
from engine.storage.database import Store

log = structlog.get_logger(__name__)


def look(store: Store, port: Partners) -> int:
    """Keep until when each partner's certificate is good; how many there are. Of one that is not reached the last is kept."""
    seen: dict[str, datetime | None] = {}
    for name in port.names():
        try:
            seen[name] = port.certificate_until(name)
        except errors.CallUnavailable as error:
            log.warning("certificate_not_seen", partner=name, reason=str(error.facts["reason"]))
    with store.transaction() as connection:
        partners.ensure(connection, sorted(seen))
        partners.keep_certificates(connection, seen)
    return sum(until is not None for until in seen.values())
