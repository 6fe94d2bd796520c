"""The extract over a real database: what is due when, and what the portal is told of the confirmation."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

import orjson
import pytest
from sqlalchemy import text

from adapters.registry import load
from engine.actions import receive, sweep, work_items
from engine.actions.apply import Applier, ApplyPolicy
from engine.actions.deploy import DeploymentShelf
from engine.clock import VIETNAM, FixedClock
from engine.dossiers.submission import validate
from engine.exchange.ports import Arrival, Json
from engine.models.deployment import read_folder
from engine.runtime.interpreter import SpiffInterpreter
from engine.storage.database import Store
from tests.support.procedures import DESK, settle_in

FOLDER = Path(str(resources.files("bpmn"))) / "trich-luc-ho-tich"
SUBMITTED = datetime(2026, 3, 3, 14, 59, tzinfo=VIETNAM)  # a Tuesday
ISSUE: dict[str, Json] = {
    "decision": "issue",
    "number": "125/TLKS-BS",
    "register_number": "12",
    "register_book": "01/2020",
    "registered_on": "2020-11-20",
    "registered_at": "UBND phường Hoa Sữa",
    "content": "NGUYỄN THỊ B, sinh ngày 16/11/2020",
    "url": "https://hotich.example.vn/tl/125",
}
Row = dict[str, object]


class Registry:
    """A database with the extract's procedure, its officer and its applicant."""

    def __init__(self, url: str, now: datetime) -> None:
        self.store, self.clock = Store(url), FixedClock(now.astimezone(UTC))
        self.deployment = read_folder(FOLDER)
        settle_in(self.store, self.deployment)
        shelf = DeploymentShelf(self.store)
        self._applier = Applier(
            self.store,
            SpiffInterpreter(shelf),
            load(()),
            shelf,
            self.clock,
            worker="w1",
            policy=ApplyPolicy(),
        )

    def hand_in(self, **changes: Json) -> str:
        assert self.deployment.procedure is not None
        raw = orjson.loads((FOLDER / "example.json").read_bytes()) | changes
        filed = validate(raw, self.deployment.procedure)
        code = receive.submit(
            self.store, "2.000635", filed, DESK, now=self.clock.now(), by="desk", external_id="1"
        ).code
        self.apply()
        return code

    def draft(self) -> None:
        item = self.row("SELECT id FROM work_item WHERE status = 'open'")["id"]
        work_items.complete(self.store, int(str(item)), ISSUE, by="officer", now=self.clock.now())
        self.apply()

    def confirm(self, code: str, **payload: Json) -> None:
        arrival = Arrival(
            source="api",
            message_id=str(orjson.dumps(payload)),
            name="draft-confirmation",
            key=code,
            reference=None,
            payload=payload,
            body=b"",
        )
        receive.take_message(self.store, arrival, now=self.clock.now())
        self.apply()

    def apply(self) -> None:
        while self._applier.apply_waiting():
            pass

    def row(self, sql: str) -> Row:
        with self.store.reading() as connection:
            return dict(connection.execute(text(sql)).mappings().one())

    def dossier(self) -> Row:
        return self.row("SELECT status, due_at, data, record FROM dossier")


@pytest.fixture
def opened(database) -> Iterator[Callable[[datetime], Registry]]:
    places: list[Registry] = []

    def open_at(now: datetime) -> Registry:
        places.append(Registry(database.url, now))
        return places[-1]

    yield open_at
    for place in places:
        place.store.close()


def closing(day: int) -> datetime:
    return datetime(2026, 3, day, 17, tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("submitted", "due"),
    [
        (SUBMITTED, closing(3)),
        (SUBMITTED + timedelta(minutes=1), closing(4)),
        (datetime(2026, 3, 6, 16, tzinfo=VIETNAM), closing(9)),  # a Friday
        (datetime(2026, 3, 7, 9, tzinfo=VIETNAM), closing(9)),  # a Saturday
    ],
)
def test_it_is_due_the_same_day_and_from_three_o_clock_on_the_next_working_day(
    opened: Callable[[datetime], Registry], submitted: datetime, due: datetime
) -> None:
    registry = opened(submitted)
    registry.hand_in()
    assert registry.dossier()["due_at"] == due
    assert registry.dossier()["status"] == 4


def test_the_clock_stands_while_the_draft_is_read_but_no_supplement_is_reported(
    opened: Callable[[datetime], Registry],
) -> None:
    registry = opened(SUBMITTED)
    code = registry.hand_in()
    registry.draft()
    registry.clock.advance(timedelta(days=1))
    registry.confirm(code, confirmed=False, draft=1, note="Sai tên")
    assert registry.dossier()["due_at"] == closing(4)
    assert registry.dossier()["status"] == 4
    registry.draft()
    registry.confirm(code, confirmed=True, draft=2)
    dossier = registry.dossier()
    assert dossier["status"] == 10
    assert "supplements" not in dict(dossier["record"])  # type: ignore[call-overload]
    assert dict(dossier["data"])["results"] == [  # type: ignore[call-overload]
        {
            "code": "KQ.G15.000635",
            "name": "Trích lục khai sinh (bản sao)",
            "number": "125/TLKS-BS",
            "url": "https://hotich.example.vn/tl/125",
        }
    ]


def test_silence_until_the_next_working_days_end_is_agreement(
    opened: Callable[[datetime], Registry],
) -> None:
    registry = opened(SUBMITTED)
    registry.hand_in()
    registry.draft()
    registry.clock.advance(closing(4) - SUBMITTED - timedelta(seconds=1))
    assert sweep.fire_timers(registry.store, now=registry.clock.now()) == 0
    registry.clock.advance(timedelta(seconds=1))
    assert sweep.fire_timers(registry.store, now=registry.clock.now()) == 1
    registry.apply()
    dossier = registry.dossier()
    assert dossier["status"] == 10
    assert dict(dossier["data"])["draft_confirmation"]["answer"] == "silent"  # type: ignore[call-overload]
    assert registry.row("SELECT count(*) AS n FROM incident")["n"] == 0


def test_at_the_counter_nobody_is_asked_again(opened: Callable[[datetime], Registry]) -> None:
    registry = opened(SUBMITTED)
    registry.hand_in(channel="counter")
    registry.draft()
    assert registry.dossier()["status"] == 10
    assert registry.dossier()["due_at"] == closing(3)
