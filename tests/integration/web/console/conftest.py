"""The console on loopback, over a database of the test's own, with two simulated partners' names known."""

from collections.abc import Iterator

import pytest

from tests.support.counter import Counter, open_counter
from web.container import PartnerCard


class Directory:
    """A directory of one partner."""

    def cards(self) -> list[PartnerCard]:
        return [
            PartnerCard(
                name="agency",
                title="Cơ quan mẫu",
                label="sample",
                transport="plain",
                operations=("ask",),
                attempts={"ask": 8},
            )
        ]


@pytest.fixture
def counter(database: "object") -> Iterator[Counter]:
    with open_counter(database.url, partners=Directory()) as opened:  # type: ignore[attr-defined]
        yield opened
