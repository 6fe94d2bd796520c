"""Reading personal data unmasked: allowed with a reason, which is written down before anything is shown."""

from engine.storage import access
from engine.storage.database import Store


def write_down(store: Store, who: str, *, dossier: int | None, what: str, reason: str) -> None:
    """Have it in the audit trail that *who* now sees *what*."""
    with store.transaction() as connection:
        access.audit(
            connection, who, "personal-data-read", dossier=dossier, facts={"field": what}, reason=reason
        )
