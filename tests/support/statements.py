"""How often the database is asked while something runs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from psycopg import RawCursor
from sqlalchemy import event

from engine.storage.database import Store


@contextmanager
def counting(store: Store) -> Iterator[list[str]]:
    """The statements that *store* sends meanwhile, and those that go past SQLAlchemy."""
    seen: list[str] = []

    def note(_c: object, _u: object, text: str, *_: object) -> None:
        seen.append(text)

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        with patch.object(RawCursor, "execute", _noted(seen)):
            yield seen
    finally:
        event.remove(store.engine, "before_cursor_execute", note)


def _noted(seen: list[str]) -> Callable[..., RawCursor[Any]]:
    execute = RawCursor.execute

    def noted(cursor: RawCursor[Any], query: bytes, *facts: Any) -> RawCursor[Any]:
        seen.append(query.decode())
        return execute(cursor, query, *facts)

    return noted
