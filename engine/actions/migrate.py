"""Taking a running dossier to another version of its procedure: judged and seen first, confirmed, and an event like any other.

Only where its state means the same there (`engine.runtime.migrating`): then no wait, timer, call, work item or clock changes by
it, only by which version it goes on. Its legal term and due date stay as they are. Everything else stays on its version, with
what speaks against it told.
"""

from dataclasses import dataclass

from engine import errors
from engine.actions.deploy import DeploymentShelf
from engine.dossiers.statuses import is_final
from engine.exchange.ports import Json
from engine.runtime import migrating
from engine.runtime.migrating import Difference, Unlike
from engine.storage import access, events
from engine.storage import corrections as locks
from engine.storage import migrating as rows
from engine.storage.database import Connection, Store
from engine.storage.migrating import Migrant, Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """What going over to *target* would come to, as of *version* of the instance; *unlike*: what speaks against it."""

    version: int
    origin: int
    target: Version
    unlike: tuple[Unlike, ...]
    difference: Difference

    @property
    def is_there(self) -> bool:
        """Whether there is nothing to do: it runs on that version."""
        return self.origin == self.target.numbered


def propose(store: Store, shelf: DeploymentShelf, code: str, deployment: int) -> Migration:
    """What it would come to if the dossier went on under *deployment*; nothing is changed.

    Raises:
        DossierNotFound. ActionNotNow: it is over, has not begun, or the version is retired.
        RequestInvalid: *deployment* is no version of its procedure. StateUnreadable.
    """
    with store.reading() as connection:
        found, target = _read(connection, code, deployment)
    return _migration(shelf, found, target)


def migrate(
    store: Store,
    shelf: DeploymentShelf,
    code: str,
    deployment: int,
    *,
    seen: int | None,
    by: str,
    reason: str,
) -> bool:
    """Have the dossier go over, if its instance still is what was *seen* (None: whatever it is); False: it is there already.

    Raises:
        DossierNotFound, RequestInvalid. PreconditionFailed: it went on since.
        ActionNotNow: as `propose`, and where anything speaks against it.
    """
    with store.transaction() as connection:
        locks.lock(connection, code)
        found, target = _read(connection, code, deployment)
        wanted = _migration(shelf, found, target)
        if wanted.is_there:
            return False
        if seen is not None and found.version != seen:
            raise errors.PreconditionFailed(etag=str(found.version))
        if wanted.unlike:
            raise errors.ActionNotNow(what=_against(code, wanted.unlike[0]))
        facts: dict[str, Json] = {
            "from": found.deployment,
            "to": deployment,
            "from_version": found.numbered,
            "to_version": target.numbered,
        }
        events.append(connection, found.id, "migrated", facts | {"by": by, "reason": reason})
        access.audit(connection, by, "dossier-migrated", dossier=found.id, facts=facts, reason=reason)
    return True


def _against(code: str, first: Unlike) -> str:
    what = f"{first.code} {first.element}".strip()
    return f"what {code} has begun would not mean the same under that version ({what})"


def _read(connection: Connection, code: str, deployment: int) -> tuple[Migrant, Version]:
    found, target = rows.read(connection, code), rows.version(connection, deployment)
    if found is None:
        raise errors.DossierNotFound(dossier=code)
    if target is None or target.procedure != found.procedure:
        raise errors.RequestInvalid(reason="choose a version of the dossier's own procedure")
    if target.retired:
        raise errors.ActionNotNow(what="this version is retired; bring it back first")
    if is_final(found.status) or found.running is False:
        raise errors.ActionNotNow(what=f"{code} is over")
    if found.state is None:
        raise errors.ActionNotNow(what=f"{code} has not begun yet")
    return found, target


def _migration(shelf: DeploymentShelf, found: Migrant, target: Version) -> Migration:
    unlike: tuple[Unlike, ...] = ()
    difference = Difference()
    if found.deployment != target.id:
        old, new, stored = shelf(found.deployment), shelf(target.id), found.state or b""
        unlike = tuple(migrating.reasons(old, new, stored))
        difference = difference if unlike else migrating.differences(old, new, stored)
    return Migration(
        version=found.version or 0,
        origin=found.numbered,
        target=target,
        unlike=unlike,
        difference=difference,
    )
