"""The kill test: a worker is killed at every message it sends to the database, and nothing is lost or doubled.

Odd points die before the message reaches PostgreSQL, even ones after it was carried out and before the answer comes. Effects
are counted from the partners' journals alone. ``KILL_SIDES=both`` tries both at every point, in twice the time.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from operator import eq
from pathlib import Path

import pytest

from tests.support.killing import Blow
from tests.support.killing_ground import Ground, points

REPORT_EVERY = 25
BOTH = os.environ.get("KILL_SIDES") == "both"


@pytest.fixture
def ground(postgres, new_database: Callable[[], object], tmp_path: Path) -> Iterator[Ground]:
    with Ground(postgres, new_database().name, tmp_path, "kill").opened() as place:
        place.survey()
        yield place


def sides(point: int) -> Sequence[bool]:
    """On which sides of a message the worker dies: before (False) and after it was carried out (True)."""
    return (False, True) if BOTH else (point % 2 == 0,)


@pytest.mark.timeout(1200)
def test_worker_killed_at_every_message_loses_and_doubles_nothing(
    ground: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = time.monotonic()
    tried = [(leg, point, after) for leg, point in points(ground.legs) for after in sides(point)]
    killed = unknown = 0
    for leg, point, after in tried:
        with ground.walk(leg) as walk:
            walk.run(Blow(falls=partial(eq, point), after=after))
            ground.check(walk, f"{leg.database}, message {point}, {'after' if after else 'before'} it")
            killed += walk.deaths
            unknown += walk.unknown
        if killed % REPORT_EVERY == 0:
            with capsys.disabled():
                print(f"\n{killed}/{len(tried)} in {time.monotonic() - begun:.0f} s", end="", flush=True)
    with capsys.disabled():
        legs = " + ".join(str(leg.messages) for leg in ground.legs)
        print(
            f"\nkill test: {len(tried)} points found ({legs}), {killed} points killed,"
            f" {unknown} unknown incidents answered, {len(ground.owed)} effects owed, lost 0, doubled 0,"
            f" {time.monotonic() - begun:.0f} s"
        )
    assert killed == len(tried)
    assert unknown > 0
