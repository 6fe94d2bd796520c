"""One run of the demo: who acts when, how long may be waited for it, and what is said when that was too long.

Looks after the child processes from the main thread, as it must; the people act in a few threads beside it.
"""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from engine.exchange.ports import Json
from lienthong.demo.batch import Batch, Case
from lienthong.demo.clock import DemoTime
from lienthong.demo.desk import Desk
from lienthong.demo.faults import Faults
from lienthong.demo.interface import Interface, Stalled
from lienthong.demo.people import Applicants, Officers
from lienthong.demo.plans import BIRTH, EXTRACT
from lienthong.demo.show import Bar

ASKED = {BIRTH: (5, "supplement"), EXTRACT: (4, "draft-confirmation")}
"""The status in which each procedure waits for its applicant, and the message that it waits for."""
STALLED_S = 60.0
RECOVERY_S = 60.0
TICK_S = 0.15
_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Everybody who takes part. *look_after* keeps the system's processes alive and is called all the time."""

    desk: Desk
    officers: Officers
    applicants: Applicants
    faults: Faults
    time: DemoTime
    admin: Interface
    look_after: Callable[[], None]


class Conductor:
    """Leads a batch through one run."""

    def __init__(self, batch: Batch, cast: Cast, bar: Bar) -> None:
        self._batch, self._cast, self._bar = batch, cast, bar
        self._pause = threading.Event()
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="demo")
        self._calm: set[str] = set()  # codes of dossiers that wait for their applicant
        self._seen: tuple[object, ...] = ()
        self._moved_at = time.monotonic()

    def run(self) -> None:
        """Bring every dossier to its end.

        Raises:
            Stalled: names the dossiers that do not come on, and what they wait for.
        """
        try:
            self._cast.faults.order(self._batch)
            handing_in = self._pool.submit(self._hand_in, self._cast.time.now())
            self._until(lambda: handing_in.done() and self._all_calm())
            handing_in.result()
            while any(self._answers(case) for case in self._batch.open()):
                self._cast.time.next_morning()
                self._answer()
                self._until(self._all_calm)
            self._let_terms_pass()
            self._bar.show(self._batch.finished, self._cast.time.now(), "")
        finally:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._bar.end()

    def open_incidents(self, known: frozenset[int]) -> list[dict[str, Json]]:
        """The incidents of this run that are still open; an outage's is waited for, it closes itself."""
        until = time.monotonic() + RECOVERY_S
        while True:
            found = [one for one in self._incidents() if int(str(one["id"])) not in known and self._ours(one)]
            if all(one["cause"] != "partner-outage" for one in found) or time.monotonic() > until:
                return found
            self._cast.look_after()
            self._pause.wait(TICK_S)

    def _ours(self, incident: Mapping[str, Json]) -> bool:
        """An earlier run that was cut short may leave dossiers behind; their incidents are not this run's."""
        code = incident["dossier"]
        return code is None or self._batch.find(str(code)) is not None

    def known_incidents(self) -> frozenset[int]:
        """The incidents that are open before this run begins."""
        return frozenset(int(str(one["id"])) for one in self._incidents())

    def _incidents(self) -> list[dict[str, Json]]:
        return list(self._cast.admin.pages("/incidents?status=open"))

    # -- acts --------------------------------------------------------------------------------------------

    def _hand_in(self, now: datetime) -> None:
        """Everybody comes to the desk; halfway through, the portal goes down."""
        half = (len(self._batch.cases) + 1) // 2
        for group in (self._batch.cases[:half], self._batch.cases[half:]):
            with ThreadPoolExecutor(3, thread_name_prefix="desk") as clerks:
                for done in [clerks.submit(self._cast.desk.hand_in, case, now) for case in group]:
                    done.result()
            if len(group) == half and not self._batch.all_handed_in:
                self._cast.faults.portal_down()

    def _answer(self) -> None:
        """Applicants who were asked for something do what they do."""
        asked = [case for case in self._batch.open() if self._answers(case)]
        for done in [self._pool.submit(self._cast.applicants.answer, case) for case in asked]:
            done.result()
        self._calm.clear()
        self._moved()

    def _let_terms_pass(self) -> None:
        """Whoever is left waits for an answer that never comes: the days until the term go by."""
        while not self._all_finished():
            terms = [self._term(case) for case in self._batch.open()]
            self._cast.time.move_to(max(terms) + timedelta(minutes=1))
            self._calm.clear()
            self._moved()
            self._until(self._all_finished)

    def _term(self, case: Case) -> datetime:
        for one in self._cast.desk.held_by(case):
            if one["kind"] == "timer" and one["until"]:
                return datetime.fromisoformat(str(one["until"]))
        raise Stalled(f"{self._waits_for(case)}, and no term ends that")

    # -- waiting -----------------------------------------------------------------------------------------

    def _until(self, condition: Callable[[], bool]) -> None:
        """Let officers and desk work until *condition* holds."""
        working: Future[int] | None = None
        while True:
            self._cast.look_after()
            if working is None or working.done():
                if working is not None and working.result():
                    self._moved()
                working = self._pool.submit(self._cast.officers.work, self._cast.time.now(), self._pool)
            self._cast.desk.look()
            if condition():
                return
            self._bar.show(self._batch.finished, self._cast.time.now(), self._waiting())
            self._check_that_it_goes_on()
            self._pause.wait(TICK_S)

    def _all_calm(self) -> bool:
        """Whether every dossier is over or waits for its applicant, and nothing else is under way."""
        if not self._batch.all_handed_in:
            return False
        for case in list(self._batch.open()):
            if self._cast.desk.close_if_over(case) or case.code in self._calm:
                continue
            if case.status == ASKED[case.plan.procedure][0] and self._only_the_applicant(case):
                self._calm.add(case.code)
        return all(case.code in self._calm for case in self._batch.open())

    def _all_finished(self) -> bool:
        for case in list(self._batch.open()):
            self._cast.desk.close_if_over(case)
        return self._batch.finished == len(self._batch.cases)

    def _only_the_applicant(self, case: Case) -> bool:
        """Whether nobody else owes it anything: a term that has passed is for the system to act on."""
        held = self._cast.desk.held_by(case)
        kinds = {(str(one["kind"]), str(one["what"])) for one in held}
        terms = [
            datetime.fromisoformat(str(one["until"]))
            for one in held
            if one["kind"] == "timer" and one["until"]
        ]
        asked = ("wait", ASKED[case.plan.procedure][1]) in kinds
        return (
            asked
            and {kind for kind, _ in kinds} <= {"wait", "timer"}
            and min(terms, default=datetime.max.replace(tzinfo=UTC)) > self._cast.time.now()
        )

    @staticmethod
    def _answers(case: Case) -> bool:
        return case.status == ASKED[case.plan.procedure][0] and bool(case.next_answer)

    def _waiting(self) -> str:
        asked = len(self._calm)
        return f"{asked} wait for their applicant" if asked else ""

    # -- patience ----------------------------------------------------------------------------------------

    def _moved(self) -> None:
        self._moved_at = time.monotonic()

    def _check_that_it_goes_on(self) -> None:
        seen = (self._cast.desk.changed, self._batch.finished, len(self._calm), self._handed_in())
        if seen != self._seen:
            self._seen = seen
            self._moved()
        if time.monotonic() - self._moved_at > STALLED_S:
            stuck = [case for case in self._batch.open() if case.code not in self._calm]
            told = "; ".join(self._waits_for(case) for case in stuck[:_NAMED])
            raise Stalled(
                f"nothing happened for {STALLED_S:g} s, {len(stuck)} dossiers do not come on: {told}"
            )

    def _handed_in(self) -> int:
        return sum(bool(case.code) for case in self._batch.cases)

    def _waits_for(self, case: Case) -> str:
        if not case.code:
            return case.title
        held = self._cast.desk.held_by(case)
        told = ", ".join(f"{one['kind']} {one['who']} {one['what']} ({one['state']})" for one in held)
        return f"{case.title} in status {case.status} waits for {told or 'nothing'}"
