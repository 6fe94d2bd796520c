"""`lienthong feel`: what an expression gives for some data, why parts of it are null; or a prompt to try expressions."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import click

from engine import feel
from engine.errors import FeelError, FeelSyntaxError
from engine.feel.names import names_in
from engine.feel.runtime import Warning_
from engine.feel.values import kind_of
from lienthong.printing import as_json_option, print_json

HISTORY = "~/.lienthong_feel_history"
HISTORY_LINES = 1_000
PRINTING = feel.Limits(steps=10_000_000, characters=10_000_000, seconds=10)
"""What writing down a result may use; computing it had its own limits."""


@click.command(epilog="Example: lienthong feel 'sum(fees) > 10' --data '{\"fees\": [4, 7]}'")
@click.argument("expression", required=False)
@click.option("--data", "given", default="{}", help="The variables as JSON, or @FILE.")
@click.option("--at", "moment", default="", help="What now() answers, as ISO 8601.")
@as_json_option
def command(expression: str | None, given: str, moment: str, as_json: bool) -> None:
    """Evaluate a FEEL EXPRESSION; without one, ask for expressions until Ctrl-D."""
    context, now = read_data(given), read_moment(moment)
    if expression is not None:
        click.get_current_context().exit(0 if show(expression, context, now, as_json=as_json) else 1)
    _prompt(context, now)


def read_data(given: str) -> dict[str, object]:
    """The variables in JSON text or in the file named after `@`."""
    try:
        text = Path(given[1:]).read_text("utf-8") if given.startswith("@") else given
        found = json.loads(text, parse_float=str_to_number)
        json.dumps(json.loads(text), ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (OSError, ValueError, RecursionError) as exc:
        raise click.UsageError(f"--data is not JSON: {exc}") from exc
    if not isinstance(found, dict):
        raise click.UsageError('--data must be a JSON object, such as {"amount": 5}')
    return found


def str_to_number(digits: str) -> object:
    """A JSON number with all its digits."""
    return feel.from_lexical("number", digits)


def read_moment(text: str) -> datetime:
    """The moment of `--at`, or the present; without an offset it is UTC."""
    try:
        found = datetime.fromisoformat(text) if text else datetime.now(UTC)
    except ValueError as exc:
        raise click.UsageError(f"--at is not a date and time in ISO 8601: {text}") from exc
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def show(expression: str, context: dict[str, object], now: datetime, *, as_json: bool) -> bool:
    """Print what the expression gives; whether it could be computed without a warning of weight."""
    warnings: list[Warning_] = []
    try:
        compiled = feel.compile(expression, names_in(context))
        found = compiled(context, clock=lambda: now, warn=warnings.append)
    except (FeelSyntaxError, FeelError) as error:
        _show_refusal(expression, error, as_json=as_json)
        return False
    if as_json:
        print_json(
            {"result": _json(found), "type": kind_of(found), "warnings": [_fields(one) for one in warnings]}
        )
    else:
        click.echo(f"{_text(found)}  ({kind_of(found)})")
        for one in warnings:
            click.echo(f"{caret(expression, one.line, one.column)}\nwarning: {one.message}", err=True)
    return True


def _show_refusal(expression: str, error: FeelSyntaxError | FeelError, *, as_json: bool) -> None:
    facts = error.facts
    if as_json:
        print_json(
            {
                "error": {
                    "code": error.code,
                    "message": error.message,
                    "line": facts.get("line"),
                    "column": facts.get("column"),
                }
            }
        )
        return
    line, column = facts.get("line"), facts.get("column")
    if isinstance(line, int) and isinstance(column, int):
        click.echo(caret(expression, line, column), err=True)
    click.echo(f"lienthong: {error.message}", err=True)


def caret(expression: str, line: int, column: int) -> str:
    """The line of the expression with a mark under the place."""
    text = expression.split("\n")[min(line, expression.count("\n") + 1) - 1].rstrip("\r")
    start = max(0, column - 60)
    return f"  {text[start : start + 100]}\n  {' ' * (column - 1 - start)}^"


def _fields(warning: Warning_) -> dict[str, object]:
    return {"message": warning.message, "code": warning.code, "line": warning.line, "column": warning.column}


def _json(value: object) -> object:
    try:
        return feel.to_json(value)
    except FeelError:
        return _text(value)


def _text(value: object) -> str:
    found = feel.evaluate("string([x])", {"x": value}, limits=PRINTING)
    return found[1:-1] if isinstance(found, str) else kind_of(value)


def _prompt(context: dict[str, object], now: datetime) -> None:
    """Read, evaluate, print; `name = expression` at the prompt keeps a value."""
    with suppress(ImportError):  # not on every platform; then there is no history
        _use_history()
    click.echo("FEEL: an expression, `let name = expression`, or Ctrl-D to leave")
    while True:
        try:
            line = input("feel> ").strip()
        except EOFError:
            click.echo("")
            return
        except KeyboardInterrupt:
            click.echo("")
            continue
        if line.startswith("let ") and "=" in line:
            _let(line[4:], context, now)
        elif line:
            show(line, context, now, as_json=False)


def _let(text: str, context: dict[str, object], now: datetime) -> None:
    name, _, expression = text.partition("=")
    if not name.strip():
        click.echo("lienthong: expected a name between `let` and `=`, found none", err=True)
        return
    try:
        value = feel.compile(expression, names_in(context))(context, clock=lambda: now)
    except (FeelSyntaxError, FeelError) as error:
        click.echo(f"lienthong: {error.message}", err=True)
        return
    context[name.strip()] = value
    click.echo(_text(value))


def _use_history() -> None:
    import atexit
    import readline

    file = Path(HISTORY).expanduser()
    with suppress(OSError):
        readline.read_history_file(file)
    readline.set_history_length(HISTORY_LINES)
    atexit.register(_keep_history, file)


def _keep_history(file: Path) -> None:
    import readline

    with suppress(OSError):
        readline.write_history_file(file)
