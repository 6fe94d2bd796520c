"""Having a dossier go to another step by hand: seen first, then confirmed, and an event like any other.

What was open where it stood ends as if it had been interrupted. While a call there may have been carried out it does not move:
to leave it behind could do twice what the other step does again, and what became of it must be said first.
"""

from dataclasses import dataclass

from engine import errors
from engine.actions.conditions import Seen, as_it_stands
from engine.actions.deploy import DeploymentShelf
from engine.dossiers.statuses import is_final
from engine.exchange.ports import Json
from engine.queries import timelines
from engine.runtime import moving
from engine.runtime.moving import Stand
from engine.storage import access, events
from engine.storage import corrections as locks
from engine.storage import moving as rows
from engine.storage.database import Connection, Store
from engine.storage.moving import OpenThing, RunningInstance


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the tokens of a dossier stand, as of *version* of its instance."""

    version: int
    stands: tuple[Stand, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What a move would come to: *ends* is what is over then, *before* how often the target was entered until now."""

    version: int
    origin: Stand
    target: str
    name: str
    ends: tuple[OpenThing, ...]
    before: int


def places(store: Store, shelf: DeploymentShelf, code: str) -> Places:
    """Where the dossier stands, and where each of its tokens may go.

    Raises:
        DossierNotFound. ActionNotNow: it is over, or has not begun. StateUnreadable.
    """
    with store.reading() as connection:
        found = _running(connection, code)
    return _places(shelf, found)


def propose(store: Store, shelf: DeploymentShelf, code: str, task: str, target: str) -> Move:
    """What it would come to if the token of *task* went to *target*.

    Raises:
        DossierNotFound. ActionNotNow: it is over, the token is gone, or a call of it may have been carried out.
        RequestInvalid: *target* is no step that the token may go to.
    """
    with store.reading() as connection:
        found = _running(connection, code)
        origin = _origin(_places(shelf, found), task, target)
        ends = _ending(connection, found, origin)
        told = timelines.every_entry(connection, found.id)
    before = sum(1 for one in told if one.kind == "entered" and one.facts.get("element") == target)
    return Move(
        version=found.version or 0,
        origin=origin,
        target=target,
        name=origin.targets[target],
        ends=tuple(ends),
        before=before,
    )


def move(
    store: Store,
    shelf: DeploymentShelf,
    code: str,
    wanted: Move,
    *,
    seen: int,
    by: str,
    reason: str,
    look: Seen = as_it_stands,
) -> None:
    """Have the dossier go to the target, if its instance still is what was *seen*. *look* looks at it once it is locked.

    Raises:
        DossierNotFound. PreconditionFailed: it went on since. ActionNotNow: as `propose`.
    """
    with store.transaction() as connection:
        locks.lock(connection, code)
        look(connection)
        found = _running(connection, code)
        if found.version != seen:
            raise errors.PreconditionFailed(etag=str(found.version))
        _ending(connection, found, wanted.origin)
        facts: dict[str, Json] = {"from": wanted.origin.element, "to": wanted.target}
        payload = facts | {"task": wanted.origin.task, "by": by, "reason": reason}
        events.append(connection, found.id, "moved", payload)
        access.audit(connection, by, "dossier-moved", dossier=found.id, facts=facts, reason=reason)


def _running(connection: Connection, code: str) -> RunningInstance:
    found = rows.read(connection, code)
    if found is None:
        raise errors.DossierNotFound(dossier=code)
    if is_final(found.status) or found.running is False:
        raise errors.ActionNotNow(what=f"{code} is over")
    if found.state is None:
        raise errors.ActionNotNow(what=f"{code} has not begun yet")
    return found


def _places(shelf: DeploymentShelf, found: RunningInstance) -> Places:
    deployment = shelf(found.deployment or 0)
    return Places(version=found.version or 0, stands=tuple(moving.stands(deployment, found.state or b"")))


def _origin(at: Places, task: str, target: str) -> Stand:
    origin = next((one for one in at.stands if one.task == task), None)
    if origin is None:
        raise errors.ActionNotNow(what="the step is over: the dossier went on")
    if target not in origin.targets:
        raise errors.RequestInvalid(reason="choose the step to go to")
    return origin


def _ending(connection: Connection, found: RunningInstance, origin: Stand) -> list[OpenThing]:
    ends = rows.open_for(connection, found.id, origin.ends)
    unsure = next((one for one in ends if one.unsure), None)
    if unsure is not None:
        raise errors.ActionNotNow(
            what=f"call {unsure.id} may have been carried out: say first what became of it"
        )
    return ends
