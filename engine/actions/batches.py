"""Batches: one act about many incidents, dossiers or calls, chosen and counted beforehand, done in the order of reception.

Creating a batch freezes its items; a background job does them, each in its own transaction, and may stop and go on at any
time. What cannot be done is told with the item, and never stops the others.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine import errors
from engine.actions import by_hand, lengthen, receive, resolve, suspend
from engine.actions.deploy import DeploymentShelf
from engine.clock import Clock
from engine.exchange.ports import Json
from engine.queries.clock import Clocks
from engine.storage import access, batches, jobs
from engine.storage.database import Connection, Store

JOB = "batches"
EXTEND = "extend"
"""The act that takes a due date beside its items."""
MIGRATE = "migrate"
"""The act that takes a version beside its items, all of its procedure; it is chosen at that version only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Means:
    """What acts need beside the database."""

    clock: Clock
    clocks: Clocks
    shelf: DeploymentShelf


def create(
    store: Store,
    action: str,
    items: Sequence[int],
    *,
    by: str,
    reason: str,
    target: str,
    subject: str = "incident",
    confirmed: str | None = None,
    given: Mapping[str, Json] | None = None,
) -> int:
    """A new batch's id; its items, ids of *subject*, wait for the background job, which is woken.

    *confirmed* tells the list that was seen from every other: confirmed again, it has the batch that it made. *given* is
    what the act takes beside its items: of ``extend`` a `Lengthening`, of ``migrate`` a *deployment* and its *version*.

    Raises:
        RequestInvalid: nothing was chosen, or no such act is done about many.
    """
    chosen = sorted(set(items))
    if not chosen:
        raise errors.RequestInvalid(reason="nothing was chosen")
    if action not in {"dossier": _EVERY_DOSSIER_ACT, "call": by_hand.CALL_ACTS}.get(subject, (action,)):
        raise errors.RequestInvalid(reason=f"the act {action or '(none)'} cannot be done for many at once")
    if action == EXTEND and subject == "dossier":
        lengthen.wanted(given or {})
    with store.transaction() as connection:
        batch, is_new = batches.add(
            connection,
            action,
            chosen,
            subject=subject,
            who=by,
            reason=reason,
            target=target,
            confirmed=confirmed,
            given=given or {},
        )
        if not is_new:
            return batch
        facts: dict[str, Json] = {
            "batch": batch,
            "action": action,
            "subject": subject,
            "count": len(chosen),
            **({"given": dict(given)} if given else {}),
        }
        access.audit(connection, by, "batch-created", facts=facts, reason=reason)
        jobs.defer(connection, JOB, {})
    return batch


def run_waiting(store: Store, clock: Clock, *, limit: int = 1_000) -> int:
    """Do what waits in batches, oldest first, at most *limit* items; how many."""
    done, means = 0, _Means(clock=clock, clocks=Clocks(), shelf=DeploymentShelf(store))
    while done < limit and _next(store, means):
        done += 1
    return done


def _next(store: Store, means: _Means) -> bool:
    """Do one item, which is held meanwhile, so no two workers do the same.

    Acts on incidents and dossiers run in a transaction of their own, acts on calls in the very one that notes them.
    """
    with store.transaction() as connection:
        item = batches.take(connection)
        if item is None:
            return False
        if item.subject == "call":
            status, detail = _act_on_call(connection, item)
        else:
            act = _act_on_dossier if item.subject == "dossier" else _act_on_incident
            status, detail = act(store, item, means)
        batches.settle(connection, item, status, detail)
    return True


def _act_on_call(connection: Connection, item: batches.Item) -> tuple[str, str]:
    try:
        by_hand.on_call(connection, item.id, item.action, by=_name(item), reason=item.reason)
    except (errors.ActionNotNow, errors.CallNotFound) as error:
        return "skipped", error.message
    return "done", ""


def _act_on_incident(store: Store, item: batches.Item, _means: _Means) -> tuple[str, str]:
    by = _name(item)
    try:
        resolve.act(store, item.id, item.action, by=by, reason=item.reason)
    except errors.IncidentClosed:
        ours = item.closed_by == by  # done before, but the note of it was lost
        return ("done", "") if ours else ("skipped", f"closed by {item.closed_by or 'somebody'} before")
    except (errors.ActionRefused, errors.IncidentNotFound, errors.ActionNotNow) as error:
        return "skipped", error.message
    except errors.StoreError:
        raise
    except errors.LienthongError as error:
        return "failed", error.message
    return "done", ""


def _act_on_dossier(store: Store, item: batches.Item, means: _Means) -> tuple[str, str]:
    act, written = _EVERY_DOSSIER_ACT[item.action]
    if item.dossier is None:
        return "skipped", "there is no such dossier"
    with store.reading() as connection:
        if access.was_done(connection, _name(item), written, item.id):
            return "done", ""  # before, but the note of it was lost
    try:
        if item.action == EXTEND:
            asked = lengthen.wanted(item.given)
            lengthen.lengthen(store, means.clocks, item.dossier, asked, by=_name(item), reason=item.reason)
        elif item.action == MIGRATE:
            _migrate(store, item.dossier, item, means)
        else:
            act(store, item.dossier, by=_name(item), reason=item.reason, now=means.clock.now())
    except (errors.ActionNotNow, errors.TransitionRefused) as error:
        return "skipped", error.message
    except errors.StoreError:
        raise
    except errors.LienthongError as error:
        return "failed", error.message
    return "done", ""


def _name(item: batches.Item) -> str:
    return f"{item.who} (batch {item.batch})"


def _cancel(store: Store, code: str, *, by: str, reason: str, now: datetime) -> None:
    receive.withdraw(store, code, by=by, reason=reason, now=now, audited=True)


def _retry(store: Store, code: str, *, by: str, reason: str, now: datetime) -> None:  # as the others are
    by_hand.retry_dossier(store, code, by=by, reason=reason)


def _migrate(store: Store, code: str, item: batches.Item, means: _Means) -> None:
    from engine.actions import (
        migrate,
    )  # brings the interpreter, which those who only make batches do not need

    target = int(str(item.given["deployment"]))
    migrate.migrate(store, means.shelf, code, target, seen=None, by=_name(item), reason=item.reason)


DOSSIER_ACTS: Mapping[str, tuple[Callable[..., None], str]] = {
    "suspend": (suspend.suspend, "dossier-suspended"),
    "resume": (suspend.resume, "dossier-resumed"),
    "retry": (_retry, "dossier-retried"),
    "cancel": (_cancel, "dossier-cancelled"),
    EXTEND: (lengthen.lengthen, "dossier-extended"),
}
"""What can be done about many dossiers, and what the audit trail calls it."""
_EVERY_DOSSIER_ACT: Mapping[str, tuple[Callable[..., None], str]] = {
    **DOSSIER_ACTS,
    MIGRATE: (_migrate, "dossier-migrated"),
}
