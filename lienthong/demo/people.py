"""Officers, who decide what waits for them, and applicants, who answer what they are asked.

Both act through the REST interface only, as their dossier's plan says.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from engine.clock import VIETNAM
from engine.exchange.ports import Json
from lienthong.demo import papers
from lienthong.demo.batch import Batch, Case
from lienthong.demo.interface import DemoFailed, Interface

OFFICERS = ("Lê Thị Hoa", "Phạm Văn Dũng", "Đỗ Minh Tâm")


class Officers:
    """The officers of every office."""

    def __init__(self, batch: Batch, offices: Mapping[str, Interface]) -> None:
        self._batch, self._offices = batch, offices
        self._done: set[int] = set()

    def work(self, now: datetime, pool: ThreadPoolExecutor) -> int:
        """Decide on everything that waits; how many items that was."""
        deciding = [
            pool.submit(self._decide, office, item, case, now)
            for office in self._offices.values()
            for item in office.pages("/work-items?status=open&group=officer")
            if (case := self._batch.find(str(item["dossier"]))) is not None
            and int(str(item["id"])) not in self._done
        ]
        for one in deciding:
            one.result()
        return len(deciding)

    def _decide(self, office: Interface, item: Mapping[str, Json], case: Case, now: datetime) -> None:
        number, officer = int(str(item["id"])), OFFICERS[case.number % len(OFFICERS)]
        data = self._decision(case, str(item["element"]), now)
        office.post(f"/work-items/{number}/claim", {"officer": officer})
        office.post(f"/work-items/{number}/complete", {"officer": officer, "data": data})
        self._done.add(number)

    def _decision(self, case: Case, element: str, now: datetime) -> dict[str, Json]:
        if element == "Task_HandOver":
            day = now.astimezone(VIETNAM).date().isoformat()
            return {"received_by": "Người nộp hồ sơ", "received_on": day, "signed": True}
        decision = case.plan.decisions.get(element)
        if decision is None:
            raise DemoFailed(f"{case.title}: nobody expected the work item {element}")
        return dict(decision)


class Applicants:
    """The people who handed dossiers in."""

    def __init__(self, interface: Interface) -> None:
        self._interface = interface

    def answer(self, case: Case) -> None:
        """Do what the plan says about what was asked: a supplement, or a look at a draft."""
        does = case.next_answer
        if does == "supplement":
            self._interface.post(f"/dossiers/{case.code}/supplement", papers.supplement(case))
        elif does == "withdraw":
            self._interface.post(f"/dossiers/{case.code}/withdrawal", {"reason": "Gia đình đổi ý"})
        elif does in ("confirm", "send-back"):
            self._say_of_draft(case, confirmed=does == "confirm")
        case.answered += 1

    def _say_of_draft(self, case: Case, *, confirmed: bool) -> None:
        """Read the draft, and say yes or no to the very draft that was read."""
        data = self._interface.get(f"/dossiers/{case.code}?include=data")["data"]
        draft = data.get("draft") if isinstance(data, dict) else None
        if not isinstance(draft, dict):
            raise DemoFailed(f"{case.title}: there is no draft to read")
        note = "" if confirmed else "Sai ngày đăng ký"
        body: dict[str, Json] = {"confirmed": confirmed, "draft": draft["draft"], "note": note}
        self._interface.post(f"/dossiers/{case.code}/draft-confirmation", body)
