"""How often the database is asked while something runs."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from engine.storage.database import Store


@contextmanager
def counting(store: Store) -> Iterator[list[str]]:
    """The statements that *store* sends meanwhile."""
    seen: list[str] = []

    def note(_c: object, _u: object, text: str, *_: object) -> None:
        seen.append(text)

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(store.engine, "before_cursor_execute", note)
