"""What a later due date for many comes to, dossier by dossier, for the page and the interface alike."""

from collections.abc import Iterable
from datetime import datetime

from engine.actions.lengthen import Lengthening
from engine.queries.clock import Clocks
from engine.queries.dossier_list import Line
from engine.storage.database import Connection


def moved(
    connection: Connection, clocks: Clocks, asked: Lengthening, lines: Iterable[Line]
) -> list[tuple[Line, datetime]]:
    """Those of *lines* that *asked* gives a later due date, each with it."""
    found = []
    for line in lines:
        if line.due_at is None:
            continue
        after = asked.after(clocks.calendar(connection, line.calendar, line.calendar_version), line.due_at)
        if after > line.due_at:
            found.append((line, after))
    return found
