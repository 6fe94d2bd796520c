"""The desk: hands dossiers in, looks at where they stand, and reads their whole history when they are over.

It acts through the REST interface only, with a key for each of its offices, and writes all that it sees into its journal.
"""

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from uuid import uuid4

import orjson

from adapters.outbound import Response
from engine.dossiers.statuses import is_final
from engine.exchange.ports import Json
from lienthong.demo import papers
from lienthong.demo.batch import Batch, Case
from lienthong.demo.interface import DemoFailed, Interface
from lienthong.demo.journal import DeskJournal

WITHDRAWN = 7


class Desk:
    """The one-stop desk of every office; *offices* is an interface for each of its units."""

    def __init__(self, batch: Batch, offices: Mapping[str, Interface], journal: DeskJournal) -> None:
        self._batch, self._offices, self._journal = batch, offices, journal
        self.changed = ""  # the newest change that was seen, as the interface spells it

    # -- handing in --------------------------------------------------------------------------------------

    def hand_in(self, case: Case, now: datetime) -> None:
        """Submit *case*; where its plan says so under the same key at the same time, and once more."""
        body, key = papers.submission(case, now), str(uuid4())
        office = self._offices[case.unit]
        if case.plan.twice:
            with ThreadPoolExecutor(2) as both:
                sent = [both.submit(office.answer, "/dossiers", body, key) for _ in range(2)]
            answers = [one.result() for one in sent] + [office.answer("/dossiers", body, key)]
            changed = office.answer("/dossiers", body | {"delivery": "counter"}, key)
            if changed.status != 422:
                raise DemoFailed(f"{case.title}: the same key with another body got HTTP {changed.status}")
        else:
            answers = [office.answer("/dossiers", body, key)]
        self._note(case, answers)

    def _note(self, case: Case, answers: list[Response]) -> None:
        for answer in answers:
            if answer.status != 201:
                reason = answer.body[:500].decode("utf-8", "replace")
                raise DemoFailed(f"{case.title} was not taken: HTTP {answer.status} {reason}")
            code = str(orjson.loads(answer.body)["code"])
            self._journal.write(
                "handed-in",
                case=case.number,
                code=code,
                procedure=case.plan.procedure,
                identity=case.identity,
                owed=list(case.plan.owed),
            )
            if not case.code:
                self._batch.handed_in(case, code)

    # -- looking -----------------------------------------------------------------------------------------

    def look(self) -> None:
        """See the status of every open dossier."""
        for unit, office in self._offices.items():
            waiting = {case.code for case in self._batch.open() if case.unit == unit and case.code}
            for line in office.pages("/dossiers?") if waiting else ():
                self._see(line)
                waiting.discard(str(line["code"]))
                if not waiting:
                    break

    def _see(self, line: Mapping[str, Json]) -> None:
        case = self._batch.find(str(line["code"]))
        if case is None:
            return
        self.changed = max(self.changed, str(line["changed_at"]))
        status = int(str(line["status"]))
        if status != case.status:
            case.status = status
            self._journal.write("sighted", code=case.code, status=status)

    def held_by(self, case: Case) -> list[dict[str, Json]]:
        """Who must act on *case* now; empty when nobody owes anything any more."""
        held = self._offices[case.unit].get(f"/dossiers/{case.code}")["held_by"]
        return [one for one in held if isinstance(one, dict)] if isinstance(held, list) else []

    def close_if_over(self, case: Case) -> bool:
        """Read the history of a dossier that is over and owes nothing; whether it is so."""
        if not is_final(case.status) or self.held_by(case):
            return False
        statuses: list[Json] = []
        elements: list[Json] = []
        entered: list[Json] = []
        for entry in self._offices[case.unit].pages(f"/dossiers/{case.code}/timeline?"):
            facts = entry["facts"]
            if not isinstance(facts, dict):
                continue
            if entry["kind"] == "withdrawn":
                statuses.append(WITHDRAWN)
                entered.append(["withdrawal", WITHDRAWN])
            elif entry["kind"] == "entered":
                if facts.get("status") is not None:
                    statuses.append(facts["status"])
                elements.append(facts.get("element"))
                entered.append([facts.get("element"), facts.get("status")])
        self._journal.write("history", code=case.code, statuses=statuses, entered=entered)
        case.statuses = [int(str(status)) for status in statuses]
        missed = sorted((Counter(case.plan.passes) - Counter(map(str, elements))).elements())
        if tuple(case.statuses) != case.plan.statuses:
            case.wrong = f"went {case.statuses} instead of {list(case.plan.statuses)}"
        elif missed:
            case.wrong = f"never came to {', '.join(missed)}"
        case.finished = True
        return True
