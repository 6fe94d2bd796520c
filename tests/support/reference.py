"""Writes docs/reference anew from the code: ``python -m tests.support.reference``. What is written by hand is elsewhere."""

from collections.abc import Callable, Iterator
from pathlib import Path

import click

import web
from engine import settings
from engine.actions.keys import SCOPES
from engine.dossiers.statuses import Status, may_become
from engine.environment import variables
from lienthong.cli import lienthong
from web import telling
from web.words import Words, words

FOLDER = Path(web.__file__).parent.parent / "docs" / "reference"
_NOTE = "Written from the code by `python -m tests.support.reference`; change it there."
_GROUPS = (
    ("Calls", "call_state"),
    ("Messages", "message_state"),
    ("Work items", "item_state"),
    ("Incidents", "incident_state"),
    ("Causes of incidents", "cause"),
)
_PARTNER = (
    ("URL", "where it listens; overrules its contract"),
    ("PRIVATE", "yes: a loopback or private address is allowed"),
    ("USER", "who we are there"),
    ("SECRET", "our secret there; also as `…_SECRET_FILE`"),
    ("INBOUND_SECRET", "what it signs its messages to us with; also as `…_INBOUND_SECRET_FILE`"),
    ("SETTINGS", "a JSON object in place of single `settings` of its contract"),
)


def settings_page() -> str:
    """Every variable with default and meaning."""
    rows = [
        (
            f"`{one.name}`",
            _default(one.path[-1], one.default),
            one.about + (" (secret: also as `…_FILE`)" if one.secret else ""),
        )
        for one in variables(settings.Settings)
    ]
    partner = [(f"`LIENTHONG_PARTNER_<NAME>_{name}`", "", about) for name, about in _PARTNER]
    table = _table(("variable", "default", "meaning"), rows + partner)
    return _page("Settings", "`lienthong settings` shows those in force.", *table)


def commands_page() -> str:
    """Every command's own help."""
    lines: list[str] = []
    for name, command in _commands("lienthong", lienthong):
        context = click.Context(
            command, info_name=name, terminal_width=100, help_option_names=["-h", "--help"]
        )
        lines += [f"## {name}", "", "```", command.get_help(context), "```", ""]
    return _page("Commands", "Exit codes: 0 ok, 1 it failed, 2 bad usage, 130 interrupted.", *lines[:-1])


def states_page() -> str:
    """What a dossier, a call, a message, a work item and an incident can be, and what a key may do."""
    rows = [
        (str(int(one)), one.name_vi, one.name_en, ", ".join(_following(one)) or "nothing") for one in Status
    ]
    lines = ["## Dossiers", "", *_table(("code", "vi", "en", "may become"), rows)]
    for title, group in _GROUPS:
        lines += ["", f"## {title}", "", *_table(("code", "vi", "en"), list(_words(group)))]
    scopes = [(f"`{scope}`", about) for scope, about in SCOPES.items()]
    lines += ["", "## Scopes of API keys", "", *_table(("scope", "a key with it may"), scopes)]
    return _page("States and scopes", "Codes are stable; words are what the console says.", *lines)


def index_page() -> str:
    """What there is, with the pages that others generate."""
    return _page(
        "Reference",
        "Everything here is written from the code, and a test fails when it is stale.",
        "- [Settings](settings.md)",
        "- [Commands](commands.md)",
        "- [States and scopes](states.md)",
        "- [Metrics](../metrics.md)",
        f"- [Error codes](../errors/), {len(telling.known())} of them, each with its page",
        "- The REST interface: `/api/v1/openapi.json` of every installation, shown at `/api/v1/docs`; [its rules](../api.md)",
    )


PAGES: dict[str, Callable[[], str]] = {
    "README.md": index_page,
    "settings.md": settings_page,
    "commands.md": commands_page,
    "states.md": states_page,
}


def write() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")


def _page(title: str, about: str, *lines: str) -> str:
    return "\n".join([f"# {title}", "", about, "", *lines, "", f"<sub>{_NOTE}</sub>", ""])


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    told = [head, tuple("---" for _ in head), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in told]


def _default(name: str, default: object) -> str:
    """A default as a person writes it; the folder depends on where the product is installed."""
    if name == "data_dir":
        return "`data` beside the checkout"
    if isinstance(default, bool):
        return "yes" if default else "no"
    return f"`{default}`" if default not in ("", None, ()) else ""


def _commands(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=name)
        for word in command.list_commands(context):
            inner = command.get_command(context, word)
            if inner is not None:
                yield from _commands(f"{name} {word}", inner)


def _following(status: Status) -> list[str]:
    return [str(int(other)) for other in Status if may_become(status, other)]


def _words(group: str) -> Iterator[tuple[str, ...]]:
    vi, en = words("vi"), words("en")
    for name in en:
        if name.startswith(f"{group}_") and name not in _headings(en):
            code = name.removeprefix(f"{group}_")
            yield f"`{code.replace('_', '-') if group == 'cause' else code}`", vi[name], en[name]


def _headings(en: Words) -> set[str]:
    return {name for name in en if name.endswith(("_heading", "_help"))}


if __name__ == "__main__":
    write()
