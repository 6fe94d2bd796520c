"""A real browser against the console."""

from collections.abc import Iterator

import pytest

from tests.support import browser


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """One browser for all tests; each opens a context of its own."""
    with browser.opened() as found:
        yield found
