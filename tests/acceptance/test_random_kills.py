"""Random kills: worker, web, scheduler and PostgreSQL die by SIGKILL under load; nothing is lost or doubled.

Counted from outside: what the desk handed in and saw, against what the partners' journals say.
"""

import os
import random
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.support import witness
from tests.support.whole_system import ROLES, Outside, WholeSystem, until

KILLS = int(os.environ.get("KILLS", "24"))
DOSSIERS = int(os.environ.get("KILL_DOSSIERS", "60"))
SEED = int(os.environ.get("KILL_SEED", "0")) or random.SystemRandom().randrange(1, 1_000_000)
GAP_S = (0.8, 2.2)
DRAIN_S = 110.0
SLOW_S = 0.4
STATUSES = [1, 2, 4, 9]
CALLS = [("Ghi", 1), ("Nop", 2), ("Bao", 3), ("Ghi", 4), ("Nop", 5), ("Bao", 6)]


@pytest.fixture
def system() -> Iterator[WholeSystem]:
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2 * 1024**3
    folder = Path(tempfile.mkdtemp(prefix="lt-kills-", dir=memory if roomy else None))
    folder.chmod(0o755)
    running = WholeSystem(folder)
    running.slow_down(SLOW_S)
    yield running
    running.close()
    shutil.rmtree(folder, ignore_errors=True)


class Killer:
    """Kills one process after the other, each role at least once in every round."""

    def __init__(self, system: WholeSystem, chance: random.Random) -> None:
        self._system, self._chance = system, chance
        self._next: list[str] = []
        self.killed: Counter[str] = Counter()

    def strike(self) -> None:
        """Kill somebody of the role whose turn it is, or, if none of it lives just now, of the next one."""
        members = self._system.members()
        for role in self._order():
            if members[role]:
                with suppress(psutil.NoSuchProcess):
                    self._chance.choice(members[role]).kill()
                    self.killed[role] += 1
                    self._next.remove(role)
                    return

    def _order(self) -> list[str]:
        if not self._next:
            self._next = self._chance.sample(ROLES, len(ROLES))
        return list(self._next)


def load(outside: Outside, chance: random.Random, seconds: float) -> list[threading.Thread]:
    """Desk and agency at work for about *seconds*, each in threads of its own."""
    pause = threading.Event()
    moments = sorted(chance.uniform(0, seconds) for _ in range(DOSSIERS))
    answers = [chance.uniform(0, 8) for _ in range(DOSSIERS)]
    begun = time.monotonic()

    def live(number: int) -> None:
        pause.wait(max(0.0, begun + moments[number] - time.monotonic()))
        code = outside.hand_in(number)
        pause.wait(answers[number])
        outside.answer(code)

    def everybody() -> None:
        with ThreadPoolExecutor(12) as people:
            for done in [people.submit(live, number) for number in range(DOSSIERS)]:
                done.result()

    thread = threading.Thread(target=everybody)
    thread.start()
    return [thread]


def owed(code: str) -> Counter[witness.Effect]:
    """What a walk owes to the register; each thing once."""
    return Counter({("archive", operation, f"{code}/{number}"): 1 for operation, number in CALLS})


def findings(outside: Outside) -> list[str]:
    """What is lost or doubled; empty when all is well."""
    journal = outside.system.journal
    found = [] if len(set(outside.codes)) == DOSSIERS else ["a submission was lost, or two got one code"]
    strangers = {str(what[2])[:18] for what in witness.effects(journal)} - set(outside.codes)
    found += [f"{code}: nobody handed it in" for code in sorted(strangers)]
    for code in outside.codes:
        found += _findings(journal, code, outside.seen.get(code, []))
    return found


def _findings(journal: list[witness.Line], code: str, seen: list[int]) -> list[str]:
    happened = witness.effects(journal, code)
    at_archive = Counter({what: count for what, count in happened.items() if what[0] == "archive"})
    found = [f"{code}: {what} happened {count} times" for what, count in happened.items() if count != 1]
    found += [f"{code}: {what} is missing" for what in owed(code) - at_archive]
    at_portal = [int(status) for status in witness.statuses_at_portal(journal, code)]
    if at_portal != STATUSES:
        found.append(f"{code}: the portal heard {at_portal}")
    if [status for status in STATUSES if status in seen] != seen:
        found.append(f"{code}: the desk saw {seen}")
    return found


@pytest.mark.timeout(300)
def test_random_kills_under_load_lose_and_double_nothing(
    system: WholeSystem, capsys: pytest.CaptureFixture[str]
) -> None:
    chance, outside, pause = random.Random(SEED), Outside(system), threading.Event()
    with capsys.disabled():
        print(f"\nrandom kills: seed {SEED}", flush=True)
    begun = time.monotonic()
    people = load(outside, chance, KILLS * sum(GAP_S) / 2)
    killer = Killer(system, chance)
    while killer.killed.total() < KILLS:
        pause.wait(chance.uniform(*GAP_S))
        killer.strike()
        outside.look()
        outside.administer()
    calm = time.monotonic()
    for thread in people:
        thread.join(DRAIN_S)

    def all_over() -> bool:
        return not outside.administer() and outside.look() and not findings(outside)

    until(all_over, timeout_s=DRAIN_S)
    lost_or_doubled = findings(outside)
    unknown = sum(count for what, count in outside.answered.items() if what.startswith("unknown-outcome"))
    with capsys.disabled():
        effects = witness.effects(system.journal).total()
        print(
            f"random kills: seed {SEED}, {killer.killed.total()} kills {dict(killer.killed)} in {calm - begun:.0f} s,"
            f" {len(outside.codes)} dossiers, {effects} effects, {unknown} unknown incidents answered"
            f" {dict(outside.answered)}, {len(lost_or_doubled)} lost or doubled,"
            f" over {time.monotonic() - calm:.0f} s after the last kill"
        )
    assert not lost_or_doubled
    assert unknown > 0
    assert min(killer.killed[role] for role in ROLES) >= 2
