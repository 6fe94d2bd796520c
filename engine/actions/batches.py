"""Batches: one act about many incidents, chosen and counted beforehand, done one by one in the order of reception.

Creating a batch freezes its items; a background job does them, each in its own transaction, and may stop and go on at any
time. What cannot be done is told with the item, and never stops the others.
"""

from collections.abc import Sequence

from engine import errors
from engine.actions import resolve
from engine.exchange.ports import Json
from engine.storage import access, batches, jobs
from engine.storage.database import Store

JOB = "batches"


def create(store: Store, action: str, incidents: Sequence[int], *, by: str, reason: str, target: str) -> int:
    """A new batch's id; its items wait for the background job, which is woken.

    Raises:
        RequestInvalid: nothing was chosen.
    """
    if not incidents:
        raise errors.RequestInvalid(reason="nothing was chosen")
    with store.transaction() as connection:
        batch = batches.add(connection, action, sorted(set(incidents)), who=by, reason=reason, target=target)
        facts: dict[str, Json] = {"batch": batch, "action": action, "count": len(set(incidents))}
        access.audit(connection, by, "batch-created", facts=facts, reason=reason)
        jobs.defer(connection, JOB, {})
    return batch


def run_waiting(store: Store, *, limit: int = 1_000) -> int:
    """Do what waits in batches, oldest first, at most *limit* items; how many."""
    done = 0
    while done < limit and _next(store):
        done += 1
    return done


def _next(store: Store) -> bool:
    """Do one item. It is held while its act runs in a transaction of its own, so no two workers do the same."""
    with store.transaction() as connection:
        item = batches.take(connection)
        if item is None:
            return False
        status, detail = _act(store, item)
        batches.settle(connection, item, status, detail)
    return True


def _act(store: Store, item: batches.Item) -> tuple[str, str]:
    by = f"{item.who} (batch {item.batch})"
    try:
        resolve.act(store, item.incident, item.action, by=by, reason=item.reason)
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
