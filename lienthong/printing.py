"""How commands print data: JSON for programs, plain columns for people."""

from collections.abc import Sequence

import click
import orjson

from engine.errors import LienthongError

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of columns.")


def print_json(value: object) -> None:
    """*value* as indented JSON on stdout; dates in ISO form, paths and whatever else as text."""
    click.echo(orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2).decode())


def print_table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """*rows* under *headings* in columns as wide as their content."""
    texts = [[str(cell) for cell in row] for row in (headings, *rows)]
    widths = [max(len(row[column]) for row in texts) for column in range(len(headings))]
    for row in texts:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def told(error: LienthongError) -> str:
    """An error's message, with what only they may know who run the system."""
    said = error.facts.get("said")
    return f"{error.message}: {said}" if said else error.message
