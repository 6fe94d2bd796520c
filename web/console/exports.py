"""Any list as a file: the same filter, the same rights, the same columns for everybody, as CSV or XLSX; of lists whose rows
can be chosen, only those, too.

A list says in its own module what its export holds (`Listed`); how a file is written is here. What an export gave to
whom is in the audit trail before the first byte of it leaves.
"""

import csv
import io
import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO

import xlsxwriter
from flask import Blueprint, Response, request

from engine.clock import VIETNAM, SystemClock
from engine.exchange.ports import Json
from engine.storage import access
from engine.storage.database import Connection
from web.console import bulk
from web.console.access import right, visitor
from web.console.rendering import counted, language
from web.container import Container
from web.words import Words, words

MOST = 50_000
_AT_ONCE = 1000
_IN_MEMORY = 8 * 1024 * 1024
_PLAIN = re.compile(r"[A-Za-z0-9.-]{1,40}")
_FREE = ("q-", "var.", "words-", "key-", "who-", "address-")
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A member of the rows; *group* names the words of its stable codes."""

    name: str
    group: str = ""


def plain(*names: str) -> tuple[Column, ...]:
    """Columns whose values need no words."""
    return tuple(Column(name) for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What a list shows now. *find* gives the rows after a key, newest first; None: from the beginning.

    A list that is read whole has no *key*.
    """

    find: Callable[[Connection, int | None, int], Sequence[object]]
    bound: Mapping[str, object]
    key: str | None = "id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A list that can be had as a file: its page, the right that it takes, what the file shows, and what reads it.

    *chosen* reads what a form of the list chose, where its rows can be chosen (`chosen_by`).
    """

    path: str
    right: str
    columns: Sequence[Column]
    listed: Callable[[Container], Listed]
    chosen: Callable[[Container], Listed] | None = None


def add(blueprint: Blueprint, container: Container, lists: Sequence[Exported]) -> None:
    """``<page>.csv`` and ``<page>.xlsx`` for each of *lists*."""
    for one in lists:
        for kind in TYPES:
            _add_file(blueprint, container, one, kind)


def _add_file(blueprint: Blueprint, container: Container, exported: Exported, kind: str) -> None:
    path, columns, listed, chosen = exported.path, exported.columns, exported.listed, exported.chosen

    @right(exported.right)
    def export() -> Response:
        return respond(container, path, kind, columns, listed(container))

    blueprint.add_url_rule(f"{path}.{kind}", f"export_{path[1:]}_{kind}", export)
    if chosen is None:
        return

    @right(exported.right)
    def export_chosen() -> Response:
        return respond(container, path, kind, columns, chosen(container))

    blueprint.add_url_rule(
        f"{path}.{kind}", f"export_chosen_{path[1:]}_{kind}", export_chosen, methods=["POST"]
    )


def chosen_by(
    subject: str, find: Callable[[Connection, list[int]], Sequence[object]], all_of_them: Callable[[], Listed]
) -> Listed:
    """What a form of a list asks for: the rows ticked as *subject*, which *find* reads, or all that match its filter.

    Raises: RequestInvalid: nothing was chosen, or something that is no row.
    """
    ids = bulk.ticked(subject)
    if ids is None:
        return all_of_them()
    return Listed(
        find=lambda connection, _after, _limit: find(connection, ids), bound={"chosen": len(ids)}, key=None
    )


def respond(
    container: Container, path: str, kind: str, columns: Sequence[Column], listed: Listed
) -> Response:
    """The rows of a list as a file, once that is in the audit trail; *path* says of which list."""
    file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  # closed with the answer
    told = words(language())
    with (
        container.store.snapshot() as connection
    ):  # rows that move while they are read would be told twice, or never
        rows = _rows(connection, listed)
        count = _WRITERS[kind](file, told, columns, rows)
    _write_down(container, path, kind, listed.bound, count)
    size = file.tell()
    file.seek(0)
    response = Response(_chunks(file), content_type=TYPES[kind])
    name = _file_name(path, listed.bound)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    response.content_length = size
    response.call_on_close(file.close)
    return response


def _file_name(path: str, bound: Mapping[str, object]) -> str:
    """The list, the day and its filters, but for free words, which may be a person's name."""
    day = SystemClock().now().astimezone(VIETNAM).strftime("%Y-%m-%d")
    told = [f"{name}-{value}" for name, value in bound.items() if value and _PLAIN.fullmatch(str(value))]
    return "_".join(
        [f"{path[1:].replace('/', '-')}-{day}", *(one for one in told if not one.startswith(_FREE))]
    )[:120]


def _rows(connection: Connection, listed: Listed) -> Iterator[object]:
    """Every row up to the bound; one more where there is more."""
    after: int | None = None
    given = 0
    while given <= MOST:
        found = listed.find(connection, after, min(_AT_ONCE, MOST + 1 - given))
        yield from found
        given += len(found)
        if listed.key is None or len(found) < _AT_ONCE:
            return
        after = int(getattr(found[-1], listed.key))


def _cells(row: object, told: Words, columns: Sequence[Column]) -> list[str | int | float]:
    return [_cell(getattr(row, column.name), told, column) for column in columns]


def _cell(value: object, told: Words, column: Column) -> str | int | float:
    if isinstance(value, bool):
        return told.yes_word if value else told.no_word
    if column.group and value is not None:
        return told.of(column.group, str(value))
    if isinstance(value, int | float):
        return value
    return harmless(_text(value))


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M:%S +07:00")
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, Mapping) else str(value)


def harmless(text: str) -> str:
    """*text* as no spreadsheet takes it for a formula, and no newer file for a control character."""
    shown = "".join(letter for letter in text if letter >= " " or letter in "\n\t\r")[:32_000]
    return f"'{shown}" if shown.startswith(_DANGEROUS) else shown


def _write_csv(file: IO[bytes], told: Words, columns: Sequence[Column], rows: Iterator[object]) -> int:
    out = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(out)
    count = _fill(lambda _at, cells: writer.writerow(cells), told, columns, rows)
    out.detach()
    return count


def _write_xlsx(file: IO[bytes], told: Words, columns: Sequence[Column], rows: Iterator[object]) -> int:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(columns) - 1, 20)
        return _fill(lambda at, cells: sheet.write_row(at, 0, cells), told, columns, rows)


_WRITERS = {"csv": _write_csv, "xlsx": _write_xlsx}


def _fill(
    put: Callable[[int, Sequence[str | int | float]], object],
    told: Words,
    columns: Sequence[Column],
    rows: Iterator[object],
) -> int:
    """Heading, rows, and where there are more than the bound a last line that says so; how many rows there are."""
    put(0, [told[f"column_{column.name}"] for column in columns])
    count = 0
    for row in rows:
        if count == MOST:
            put(count + 1, [told.export_bound.format(counted(MOST, True))])
            break
        count += 1
        put(count, _cells(row, told, columns))
    return count


def _write_down(container: Container, path: str, kind: str, bound: Mapping[str, object], count: int) -> None:
    filters = {name: value for name, value in bound.items() if value not in ("", None)}
    facts: dict[str, Json] = {
        "list": path,
        "kind": kind,
        "rows": count,
        "filters": json.dumps(filters, ensure_ascii=False),
    }
    with container.store.transaction() as connection:
        access.audit(connection, visitor().name, "list-exported", facts=facts)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(64 * 1024):
        yield chunk


def address(kind: str) -> str:
    """This very list as a file of *kind*, with its filters."""
    query = request.query_string.decode(errors="replace")
    kept = "&".join(part for part in query.split("&") if part and not part.startswith(("cursor=", "told=")))
    return f"{request.path}.{kind}" + (f"?{kept}" if kept else "")
