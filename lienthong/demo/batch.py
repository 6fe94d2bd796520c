"""The dossiers of one run as the demo's people know them: each with its plan, its code and where it stands.

Shared by the threads of the desk, the officers and the applicants.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from lienthong.demo.plans import MIX, Plan


@dataclass(slots=True, kw_only=True)
class Case:
    """One dossier; *identity* is its applicant's and belongs to no other dossier of any run."""

    number: int
    plan: Plan
    identity: str
    phone: str
    unit: str
    code: str = ""
    status: int = 0
    finished: bool = False
    answered: int = 0
    wrong: str = ""
    statuses: list[int] = field(default_factory=list)

    @property
    def next_answer(self) -> str:
        """What its applicant does when asked now; empty: nothing."""
        return self.plan.answers[self.answered] if self.answered < len(self.plan.answers) else ""

    @property
    def title(self) -> str:
        """How messages name it."""
        return f"dossier {self.number} ({self.plan.name}, {self.code or 'not handed in yet'})"


class Batch:
    """All dossiers of a run, by number and by code."""

    def __init__(self, run: int, size: int, units: list[str]) -> None:
        self.run = run
        self._lock = threading.Lock()
        self._by_code: dict[str, Case] = {}
        self.cases = [
            Case(
                number=number,
                plan=MIX[(number - 1) % len(MIX)],
                identity=f"001{run % 1000:03d}{number:06d}",
                phone=f"09{run % 100:02d}{number:06d}",
                unit=units[number % len(units)],
            )
            for number in range(1, size + 1)
        ]

    def handed_in(self, case: Case, code: str) -> None:
        """From now on *case* is known by its dossier's code."""
        with self._lock:
            case.code, case.status = code, 1
            self._by_code[code] = case

    def find(self, code: str) -> Case | None:
        """The dossier of this run with *code*; None for another run's."""
        with self._lock:
            return self._by_code.get(code)

    def open(self) -> Iterator[Case]:
        """The dossiers that have not come to their end."""
        return (case for case in self.cases if not case.finished)

    @property
    def all_handed_in(self) -> bool:
        with self._lock:
            return len(self._by_code) == len(self.cases)

    @property
    def finished(self) -> int:
        """How many have come to their end, with nobody still owed anything."""
        return sum(case.finished for case in self.cases)
