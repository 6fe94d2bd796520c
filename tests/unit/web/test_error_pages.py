"""Every code that a problem can have has its page in docs/errors, and the page is true."""

from pathlib import Path

import pytest

import engine.errors
from web import error_pages, telling

FOLDER = Path(engine.errors.__file__).parent.parent / "docs" / "errors"


@pytest.mark.parametrize("code", list(telling.known()))
def test_the_page_of_a_code_is_true(code: str) -> None:
    page = FOLDER / f"{code}.md"
    wanted = error_pages.markdown(telling.known()[code])
    assert page.is_file(), "write it: python -m tests.support.error_pages"
    assert page.read_text(encoding="utf-8") == wanted, "write it anew: python -m tests.support.error_pages"


def test_there_is_no_page_of_a_code_that_is_gone() -> None:
    assert {page.stem for page in FOLDER.glob("*.md")} == set(telling.known())


def test_codes_are_unique_and_kebab_case() -> None:
    codes = [one.code for one in telling._classes(engine.errors.LienthongError)]
    assert len(codes) == len(set(codes))
    assert all(code == code.lower() and " " not in code and "_" not in code for code in codes)
