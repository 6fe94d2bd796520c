"""Correcting a dossier's data: seen first, then confirmed, and an event like any other.

The event is applied only where the value still is what was seen; whatever went before it may have changed it. The timeline
gets digests, the audit trail the field and the reason, never the values.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine import errors
from engine.actions.conditions import Seen, as_it_stands
from engine.dossiers import corrections, submission
from engine.dossiers.corrections import NoSuchPlace
from engine.dossiers.statuses import is_final
from engine.exchange.ports import Json
from engine.models.procedure import Procedure
from engine.storage import access, events
from engine.storage import corrections as rows
from engine.storage.corrections import DossierData
from engine.storage.database import Connection, Store

Procedures = Callable[[Connection, int], Procedure | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One value before and after; *tag* stands for what it was when it was looked at."""

    path: tuple[str, ...]
    before: Json
    after: Json
    tag: str


def propose(
    store: Store, code: str, path: str, read: Callable[[Json], Json], procedures: Procedures
) -> Correction:
    """What the correction of the value at *path* would change; *read* makes the new value, given the present one.

    Raises:
        DossierNotFound, DossierInvalid. ActionNotNow: the dossier is over, or the value is that already.
    """
    with store.reading() as connection:
        found = _open(rows.read(connection, code), code)
        try:
            steps = corrections.path_of(path)
            before = corrections.value_at(dict(found.data), steps)
            after = _checked(connection, found, steps, read(before), procedures)
        except NoSuchPlace as error:
            raise errors.DossierInvalid(
                reason=f"data has no place {path[:100]}", fields=[{"field": "field", "reason": "is no place"}]
            ) from error
    if before == after:
        raise errors.ActionNotNow(what=f"{path} is that already")
    return Correction(path=steps, before=before, after=after, tag=corrections.digest(found.salt, before))


def correct(
    store: Store,
    code: str,
    path: Sequence[str],
    value: Json,
    *,
    seen: str,
    by: str,
    reason: str,
    look: Seen = as_it_stands,
) -> None:
    """Have the value at *path* corrected, if it still is what *seen* stands for. *look* looks at the dossier once it is locked.

    Raises:
        DossierNotFound. PreconditionFailed: it was changed since. ActionNotNow: the dossier is over.
    """
    with store.transaction() as connection:
        rows.lock(connection, code)
        look(connection)
        found = _open(rows.read(connection, code), code)
        tag = corrections.digest(found.salt, corrections.value_at(dict(found.data), path))
        if tag != seen:
            raise errors.PreconditionFailed(etag=tag)
        payload: dict[str, Json] = {
            "path": list(path),
            "value": value,
            "before": seen,
            "by": by,
            "reason": reason,
        }
        events.append(connection, found.id, "corrected", payload)
        facts: dict[str, Json] = {"field": ".".join(path)}
        access.audit(connection, by, "dossier-corrected", dossier=found.id, facts=facts, reason=reason)


def _open(found: DossierData | None, code: str) -> DossierData:
    if found is None:
        raise errors.DossierNotFound(dossier=code)
    if is_final(found.status):
        raise errors.ActionNotNow(what=f"{code} is over")
    return found


def _checked(
    connection: Connection, found: DossierData, path: Sequence[str], value: Json, procedures: Procedures
) -> Json:
    """*value*, cleaned by the procedure's rule for the field that it is in."""
    whole = corrections.replaced(dict(found.data), path, value)
    procedure = procedures(connection, found.deployment)
    if procedure is None or not isinstance(whole, dict):
        return value
    top = submission.checked_field(procedure, path[0], whole[path[0]])
    return corrections.value_at({path[0]: top}, path)
