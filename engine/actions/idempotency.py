"""Idempotency keys: the second sending of a request gets the first one's answer.

Three short transactions around the real work, which has its own fixed id (`external_id`) and is therefore safe to
repeat when a web process dies between its commit and `finish`. Refused requests changed nothing and free their key.
A dossier that is handed in needs none of the three: its own transaction keeps the answer (`engine.actions.receive`), and
`answered` gives it to those that come again before anything else is asked of them.
"""

from engine import errors
from engine.storage import access
from engine.storage.access import StoredAnswer
from engine.storage.database import Store

ABANDONED_S = 10.0
"""After this long without an answer the first request is taken for dead. If it lives, both find the same work by its id."""


def begin(
    store: Store, principal: str, key: str, sha256: str, *, abandoned_s: float = ABANDONED_S
) -> StoredAnswer | None:
    """The answer that was given before, or None: run the request, then `finish` or `release`.

    Raises:
        IdempotencyConflict: the key was used with another request.
        IdempotencyBusy: the first request is still running.
    """
    with store.at_once() as connection:
        if access.begin(connection, principal, key, sha256, abandoned_s=abandoned_s):
            return None
        found = access.look(connection, principal, key)
    answer = _same(found, key, sha256)
    if answer is None:  # freed between the two looks, or not there yet
        raise errors.IdempotencyBusy(key=key)
    return answer


def answered(store: Store, principal: str, key: str, sha256: str) -> StoredAnswer | None:
    """The answer that was given before, if any; nothing is begun.

    Raises:
        IdempotencyConflict: the key was used with another request.
    """
    with store.reading() as connection:
        found = access.look(connection, principal, key)
    return _same(found, key, sha256)


def _same(found: tuple[str, StoredAnswer | None] | None, key: str, sha256: str) -> StoredAnswer | None:
    """Raises: IdempotencyConflict: what came first was another request."""
    if found is None:
        return None
    first, answer = found
    if first != sha256:
        raise errors.IdempotencyConflict(key=key)
    return answer


def finish(store: Store, principal: str, key: str, answer: StoredAnswer) -> None:
    """Keep *answer* for every repeat."""
    with store.at_once() as connection:
        access.finish(connection, principal, key, answer)


def release(store: Store, principal: str, key: str) -> None:
    """Free the key of a request that was refused."""
    with store.at_once() as connection:
        access.forget(connection, principal, key)


def purge(store: Store, *, days: int) -> int:
    """Drop answers older than *days*; how many."""
    with store.transaction() as connection:
        return access.purge(connection, days=days)
