"""The web on loopback, over a database of the test's own."""

from collections.abc import Iterator

import pytest

from tests.support.counter import Counter, open_counter


@pytest.fixture
def counter(database: "object") -> Iterator[Counter]:
    with open_counter(database.url) as opened:  # type: ignore[attr-defined]
        yield opened
