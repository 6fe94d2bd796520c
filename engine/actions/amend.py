"""Applying what operators amend of a dossier: a value of its data, its due date. Each only where it still is as it was seen.

Asking for it is `engine.actions.correct` and `engine.actions.extend`.
"""

from collections.abc import Mapping
from datetime import datetime

from engine.actions.book import Book
from engine.actions.dossier_view import DossierView
from engine.dossiers import corrections
from engine.dossiers.ledger import EntryKind
from engine.exchange.ports import Json


def correct(book: Book, view: DossierView, payload: Mapping[str, Json]) -> None:
    """An admin corrects a value of the data, unless it was changed since it was looked at."""
    given = payload["path"]
    path = [str(step) for step in given] if isinstance(given, list) else []
    data, salt = book.now_data(), book.dossier.salt
    facts: dict[str, Json] = {
        "field": ".".join(path),
        "by": payload.get("by"),
        "reason": payload.get("reason"),
        "before": corrections.digest(salt, corrections.value_at(data, path)),
        "after": corrections.digest(salt, payload["value"]),
    }
    if facts["before"] != payload["before"]:
        book.tell("correction-refused", facts)
        return
    changed = corrections.replaced(data.get(path[0]), path[1:], payload["value"])
    book.data[path[0]] = changed
    view.write({path[0]: changed})
    book.tell("corrected", facts)


def extend(book: Book, payload: Mapping[str, Json]) -> None:
    """An operator gives a later due date, unless it was moved since it was looked at, or the clock has stopped."""
    facts = {name: payload.get(name) for name in ("before", "until", "ground", "by", "reason")}
    if book.due_at != datetime.fromisoformat(str(payload["before"])) or book.finished_at is not None:
        book.tell("extension-refused", facts)
        return
    book.enter(
        EntryKind.EXTEND,
        reason=str(payload["reason"]),
        ground=str(payload["ground"]),
        until=datetime.fromisoformat(str(payload["until"])),
    )
    book.tell("extended", facts)
