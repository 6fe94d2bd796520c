"""What is done about a batch as a whole: pause it, let it go on, give up what waits, try again what failed.

What is under way when it is paused or given up is finished; the totals add up at every moment.
"""

from collections.abc import Callable, Mapping

from engine import errors
from engine.actions.batches import JOB
from engine.exchange.ports import Json
from engine.storage import access, batches, jobs
from engine.storage.database import Connection, Store


def act(
    store: Store,
    batch: int,
    action: str,
    *,
    by: str,
    reason: str,
    seen: Callable[[str], None] = lambda _state: None,
) -> None:
    """Do *action*, one of `ACTS`, about *batch*. *seen* is asked about its state, and raises where the caller saw another.

    Raises:
        BatchNotFound. RequestInvalid: no such act, or no reason. ActionNotNow: the batch's state does not allow it.
    """
    if action not in ACTS:
        raise errors.RequestInvalid(reason=f"the act {action or '(none)'} is none about a batch")
    if not reason.strip():
        raise errors.RequestInvalid(reason="the reason is missing")
    with store.transaction() as connection:
        state = batches.hold(connection, batch)
        if state is None:
            raise errors.BatchNotFound(batch=batch)
        seen(state)
        count = ACTS[action](connection, batch, state, by)
        facts: dict[str, Json] = {"batch": batch, "items": count, "before": state}
        access.audit(connection, by, f"batch-{action}", facts=facts, reason=reason)
        jobs.defer(connection, JOB, {})


def possible(state: str, *, waiting: int, failed: int) -> list[str]:
    """The acts that make sense now."""
    found = {
        "pause": state == "running" and waiting > 0,
        "resume": state == "paused",
        "cancel": state != "cancelled" and waiting > 0,
        "again": failed > 0,
    }
    return [action for action, able in found.items() if able]


def _pause(connection: Connection, batch: int, state: str, _by: str) -> int:
    _check(state == "running", f"the batch is {state}")
    batches.set_state(connection, batch, "paused")
    return 0


def _resume(connection: Connection, batch: int, state: str, _by: str) -> int:
    _check(state == "paused", f"the batch is {state}")
    batches.set_state(connection, batch, "running")
    return 0


def _cancel(connection: Connection, batch: int, state: str, by: str) -> int:
    _check(state != "cancelled", "the batch was given up before")
    batches.set_state(connection, batch, "cancelled")
    return batches.give_up(connection, batch, f"given up by {by}")


def _again(connection: Connection, batch: int, state: str, _by: str) -> int:
    """A paused batch stays paused: what waits there was held back on purpose."""
    count = batches.again(connection, batch)
    _check(count > 0, "nothing of the batch has failed")
    if state == "cancelled":
        batches.set_state(connection, batch, "running")
    return count


def _check(able: bool, why: str) -> None:
    if not able:
        raise errors.ActionNotNow(what=why)


ACTS: Mapping[str, Callable[[Connection, int, str, str], int]] = {
    "pause": _pause,
    "resume": _resume,
    "cancel": _cancel,
    "again": _again,
}
