"""Whatever people and partners answer, a shipped procedure reaches a lawful end: hundreds of random lives of a dossier."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from random import Random

import pytest

from engine.dossiers.calendar import WorkingCalendar
from engine.dossiers.statuses import Status, may_become
from engine.exchange.ports import Json
from engine.models.deployment import Deployment, read_folder
from engine.runtime.interpreter import SpiffInterpreter
from engine.runtime.progress import (
    CallOpened,
    CallSettled,
    Closed,
    Happening,
    InstanceRef,
    MessageArrived,
    Parked,
    Progress,
    Step,
    TimerFired,
    TimerOpened,
    View,
    WaitOpened,
    WorkItemDone,
    WorkItemOpened,
)

LIVES = 400
FOLDERS = Path(str(resources.files("bpmn")))
CALENDAR = WorkingCalendar()
DATA: dict[str, Json] = {
    "birth": {"nksHoTen": "NGUYỄN THỊ B", "nksGioiTinh": "2", "nksNgaySinh": "2026-11-01"},
    "household": {"head_name": "NGUYỄN VĂN A", "address": {"maTinh": "01", "maXa": "00001"}},
    "insurance": {"facility": "01001"},
    "extract": {"kind": "KS", "name": "NGUYỄN THỊ B"},
}
RESULT: Json = {
    "soDinhDanh": "001326000001",
    "soDangKy": "12",
    "quyenSo": "1",
    "trangSo": "3",
    "ngayDangKy": "23/11/2026",
}

Answer = Callable[[Random], dict[str, Json]]
MESSAGES: dict[str, Answer] = {
    "supplement": lambda dice: {},
    "civil-status-result": lambda dice: {"trangThai": dice.choice([1, 2, 3, 4, 4, 6]), "ketQuaXuLy": RESULT},
    "residence-result": lambda dice: {"registered": dice.choice([True, False, None]), "note": "…"},
    "post-tracking": lambda dice: {
        "state": dice.choice(["collected", "in-transit", "delivered", "returned", "failed"]),
    },
    "draft-confirmation": lambda dice: {
        "confirmed": dice.choice([True, False, None]),
        "draft": dice.choice([None, 1, 2]),
    },
}
FORMS: dict[str, Answer] = {
    "examination": lambda dice: {"decision": dice.choice(["accept", "accept", "supplement", "refuse"])},
    "examination-again": lambda dice: {"decision": dice.choice(["accept", "supplement", "refuse"])},
    "residence-answer": lambda dice: {"residence_answer": dice.choice(["registered", "refused"])},
    "extract-draft": lambda dice: {"decision": dice.choice(["issue", "issue", "refuse"]), "number": "1"},
    "hand-over": lambda dice: {"received_by": "A", "received_on": "2026-12-01", "signed": True},
}


@dataclass
class Life:
    """One dossier; keeps what the actions would keep."""

    dice: Random
    interpreter: SpiffInterpreter
    deployment: Deployment
    status: int = Status.NEW
    now: datetime = datetime(2026, 11, 23, 2, tzinfo=UTC)
    open: dict[str, object] = field(default_factory=dict)
    data: dict[str, Json] = field(default_factory=lambda: dict(DATA))
    seen: set[str] = field(default_factory=set)
    paused: set[str] = field(default_factory=set)
    delivery: str = "online"
    channel: str = "online"

    def live(self) -> None:
        self.channel = self.dice.choice(["online", "counter"])
        self.delivery = self.dice.choice(["online", "counter", "post"])
        progress = self.interpreter.begin(1, self.deployment.main, {}, self.view())
        self.take(progress)
        for _ in range(500):
            if progress.ended:
                return
            task = self.dice.choice(sorted(self.open))
            ref = InstanceRef(
                id=1, version=0, deployment=1, process=self.deployment.main, format=progress.format
            )
            progress = self.interpreter.advance(ref, progress.state, self.happening(task), self.view())
            assert progress.applied
            self.take(progress)
            self.now += timedelta(hours=self.dice.randrange(30))
        pytest.fail("it does not end")

    def view(self) -> View:
        dossier: dict[str, Json] = {
            "code": "H56.14-261123-0001",
            "procedure": self.deployment.code,
            "delivery": self.delivery,
            "channel": self.channel,
            "applicant": {"name": "A", "identity": "001099000001", "birth_date": "1990-01-01"},
            "data": dict(self.data),
        }
        return View(dossier=dossier, now=self.now, calendar=CALENDAR)

    def happening(self, task: str) -> Happening:
        what, dice = self.open[task], self.dice
        if isinstance(what, CallOpened):
            fault = "REJECTED" if what.faults and dice.random() < 0.3 else None
            reply: Json = {
                "matched": dice.choice([True, False]),
                "request_number": "R1",
                "card_number": "TE1",
            }
            return CallSettled(task=task, reply=None if fault else reply, fault=fault, message="từ chối")
        if isinstance(what, WaitOpened):
            return MessageArrived(task=task, payload=MESSAGES[what.name](dice))
        if isinstance(what, WorkItemOpened):
            return WorkItemDone(task=task, data=FORMS[str(what.form)](dice))
        assert isinstance(what, TimerOpened)
        assert what.legal_days in {1, 5, 7}
        return TimerFired(task=task)

    def take(self, progress: Progress) -> None:
        self.data.update(progress.writes)
        for change in progress.changes:
            if isinstance(change, Step):
                self.step(change)
            elif isinstance(change, Closed):
                self.open.pop(change.task, None)
                self.paused.discard(change.task)
            else:
                assert not isinstance(change, Parked), change
                self.open[change.task] = change

    def step(self, step: Step) -> None:
        self.seen.add(step.element)
        if step.what != "entered":
            return
        if step.status is not None and step.status != self.status:
            assert may_become(self.status, step.status), f"{self.status} -> {step.status} at {step.element}"
            self.status = step.status
        if step.clock == "pause":
            self.paused.add(step.task)


@pytest.mark.parametrize(
    ("folder", "lawful"),
    [("khai-sinh-lien-thong", {3, 8, 10}), ("trich-luc-ho-tich", {8, 10})],
)
def test_every_life_of_a_dossier_is_lawful_and_every_element_is_lived_through(
    folder: str, lawful: set[int]
) -> None:
    shipped = read_folder(FOLDERS / folder)
    seen: set[str] = set()
    ends: set[int] = set()
    for seed in range(LIVES):
        life = Life(Random(seed), SpiffInterpreter(lambda _: shipped), shipped)
        life.live()
        assert Status(life.status).is_final, f"seed {seed} ends in status {life.status}"
        assert not life.open
        assert not life.paused
        seen |= life.seen
        ends.add(life.status)
    nodes = shipped.drawn[shipped.main].scope.nodes.values()
    assert {node.id for node in nodes if "Gateway" not in node.type} <= seen
    assert ends == lawful
