"""Writes docs/errors anew from the error classes: ``python -m tests.support.error_pages``."""

from pathlib import Path

import engine.errors
from web.error_pages import markdown
from web.telling import known

FOLDER = Path(engine.errors.__file__).parent.parent / "docs" / "errors"


def write() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for page in FOLDER.glob("*.md"):
        page.unlink()
    for code, error in known().items():
        (FOLDER / f"{code}.md").write_text(markdown(error), encoding="utf-8")


if __name__ == "__main__":
    write()
