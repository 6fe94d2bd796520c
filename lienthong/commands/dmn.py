"""`lienthong dmn`: what a decision of a DMN file answers for some data, by which rules, and what went wrong."""

from pathlib import Path

import click

from engine import feel
from engine.errors import FeelError, LienthongError, ModelUnreadable
from engine.feel.values import kind_of
from engine.models.decisions import Decided, Surroundings, explain, load
from engine.models.decisions.graph import Model
from engine.models.decisions.reading import read
from lienthong.commands.feel import PRINTING, caret, read_data, read_moment
from lienthong.printing import as_json_option, print_json


@click.command(epilog="Example: lienthong dmn fees.dmn Fee --data '{\"age\": 12}'")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("decision", required=False)
@click.option("--data", "given", default="{}", help="The inputs as JSON, or @FILE.")
@click.option(
    "--import",
    "imports",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file that FILE imports; may be repeated.",
)
@click.option("--service", is_flag=True, help="DECISION is the name of a decision service.")
@click.option("--at", "moment", default="", help="What now() answers, as ISO 8601.")
@as_json_option
def command(  # noqa: PLR0917 - the options of a command
    file: Path,
    decision: str | None,
    given: str,
    imports: tuple[Path, ...],
    service: bool,
    moment: str,
    as_json: bool,
) -> None:
    """Ask FILE for a DECISION; without one, list what it can be asked."""
    model = _loaded(file, imports)
    if decision is None:
        names = [{"name": node.name, "kind": node.kind} for node in model.definitions.nodes.values()]
        asked = [one for one in names if one["kind"] in ("decision", "decisionService")]
        print_json(asked) if as_json else click.echo(
            "\n".join(f"{one['name']}  ({one['kind']})" for one in asked)
        )
        return
    now = read_moment(moment)
    surroundings = Surroundings(clock=lambda: now)
    kinds = {node.kind for node in model.definitions.named(decision)}
    kind = "decisionService" if service or kinds == {"decisionService"} else "decision"
    found = explain(model, decision, read_data(given), kind=kind, surroundings=surroundings)
    if as_json:
        print_json(_fields(found))
        return
    _show(found, decision)


def _loaded(file: Path, imports: tuple[Path, ...]) -> Model:
    """The model in a file with those it imports.

    Raises:
        ModelUnreadable: a file is no DMN; it is named.
    """
    contents = [one.read_bytes() for one in (file, *imports)]
    try:
        return load(contents[0], tuple(contents[1:]))
    except ModelUnreadable:
        for one, data in zip((file, *imports), contents, strict=True):
            read(data, one.name)
        raise


def _fields(found: Decided) -> dict[str, object]:
    warnings = [
        {"message": one.message, "line": one.line, "column": one.column, "text": one.text}
        for one in found.warnings
    ]
    trace = [_json(step) for step in found.trace]
    return {"result": _json(found.value), "type": kind_of(found.value), "trace": trace, "warnings": warnings}


def _json(value: object) -> object:
    try:
        return feel.to_json(value)
    except FeelError:
        return str(kind_of(value))


def _show(found: Decided, decision: str) -> None:
    click.echo(f"{_text(found.value)}  ({kind_of(found.value)})")
    for step in found.trace:
        if isinstance(step, dict) and "rules" in step:
            rules = ", ".join(str(one["index"]) for one in step["rules"]) or "none"
            click.echo(
                f"  table at line {step['table']}, {step['hit_policy']}: inputs {_text(step['inputs'])}, rules {rules}"
            )
        elif isinstance(step, dict) and "decision" in step:
            click.echo(f"  {step['decision']} = {_text(step['result'])}")
    for one in found.warnings:
        if one.text and one.text != decision:
            click.echo(caret(one.text, one.line, one.column), err=True)
        click.echo(f"warning: {one.message}", err=True)


def _text(value: object) -> str:
    try:
        text = feel.evaluate("string([x])", {"x": value}, limits=PRINTING)
    except LienthongError as error:
        return error.message
    return text[1:-1] if isinstance(text, str) else kind_of(value)
