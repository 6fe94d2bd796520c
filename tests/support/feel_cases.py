"""Reads `tests/data/feel/cases.txt`, and writes `docs/feel.md` from it: what FEEL here does is what the cases show.

Run as a program it writes the document; a test asserts that it is current.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

from engine.feel.registry import BUILTINS

ROOT = Path(__file__).parents[2]
CASES, DOCUMENT, PREFACE = (
    ROOT / "tests/data/feel/cases.txt",
    ROOT / "docs/feel.md",
    ROOT / "tests/data/feel/preface.md",
)
NOW = datetime(2026, 11, 22, 8, 30, tzinfo=timezone(timedelta(hours=7)))
CONTEXT: dict[str, object] = {
    "a": 1,
    "b": 2,
    "n": None,
    "name": "An",
    "list": [1, 2, 3],
    "empty": [],
    "first name": "Bình",
    "dossier": {
        "kind": "A",
        "papers": [{"type": "x", "pages": 2}, {"type": "y", "pages": 3}],
        "fee due": 50,
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One line of the table."""

    chapter: str
    subject: str
    expression: str
    expected: str
    warning: str


class EveryDayWorks:
    """A calendar without holidays whose days end at 17:00."""

    def add_working_days(self, start: datetime, days: int) -> datetime:
        return (start + timedelta(days=days)).replace(hour=17, minute=0)

    def working_days_between(self, a: datetime, b: datetime) -> int:
        return (b - a).days

    def add_working_hours(self, start: datetime, hours: Decimal) -> datetime:
        return start.astimezone(UTC) + timedelta(hours=float(hours))


def cases() -> Iterator[Case]:
    """Every case of the table."""
    chapter = subject = ""
    for line in CASES.read_text("utf-8").splitlines():
        if line.startswith("### "):
            chapter = line[4:]
        elif line.startswith("## "):
            subject = line[3:]
        elif " => " in line and not line.startswith("# "):
            expression, _, rest = line.rpartition(" => ")
            expected, _, warning = rest.partition(" !! ")
            yield Case(
                chapter=chapter, subject=subject, expression=expression, expected=expected, warning=warning
            )


def document() -> str:
    """The text of `docs/feel.md`."""
    lines = [PREFACE.read_text("utf-8").rstrip()]
    chapter = subject = ""
    for case in cases():
        if case.chapter != chapter:
            chapter = case.chapter
            lines.append(f"\n## {chapter}\n\n| what | parameters | example | gives |\n|---|---|---|---|")
        name = (
            ""
            if case.subject == subject
            else f"`{case.subject}`"
            if case.subject in BUILTINS
            else case.subject
        )
        params = _parameters(case.subject) if name else ""
        subject = case.subject
        gives = f"`{_cell(case.expected)}`" + (f" ({case.warning})" if case.warning else "")
        lines.append(f"| {name} | {params} | `{_cell(case.expression)}` | {gives} |")
    return "\n".join(lines) + "\n"


def _parameters(name: str) -> str:
    ways = [
        "(" + ", ".join(way.names) + ("…" if way.variadic else "") + ")" for way in BUILTINS.get(name, [])
    ]
    return " ".join(dict.fromkeys(ways))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    DOCUMENT.write_text(document(), "utf-8")
