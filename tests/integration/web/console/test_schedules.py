"""The page of schedules: what fires next, how late timers were, who looks after the timetable."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from engine.storage import presences, schedules
from engine.storage.presences import Process
from engine.storage.schedules import Planned
from schedules.timetable import next_fire
from tests.support.console import Visitor, text_of
from tests.support.counter import Counter, open_counter
from tests.support.procedures import NOON, UNIT

TIMER = text(
    "INSERT INTO timer (dossier_id, task, element, due_at, legal_from, legal_days)"
    " SELECT id, :task, 'wait', :due, CAST(:legal AS timestamptz), 3 FROM dossier WHERE code = :code"
)
FIRED = text(
    "INSERT INTO event (dossier_id, kind, payload, status, created_at) SELECT id, 'timer', jsonb_build_object("
    " 'due_at', now(), 'at', now() + make_interval(secs => :late)), 'applied', now() - CAST(:age AS interval)"
    " FROM dossier LIMIT 1"
)


@pytest.fixture
def viewer(counter: Counter) -> Visitor:
    return Visitor(counter, "viewer")


def scheduler(name: str) -> Process:
    return Process(name=name, role="scheduler", host="máy-1", pid=7, version="1.2")


def rows(page: str) -> list[str]:
    body = page[page.index("<tbody>") : page.index("</tbody>")]
    return [text_of(row).strip() for row in body.split("</tr>") if "<th" in row]


def test_rows_and_timers_come_in_the_order_in_which_they_fire(counter: Counter, viewer: Visitor) -> None:
    code = counter.new_dossier()
    with counter.store.transaction() as connection:
        schedules.ensure(connection, [Planned(name="nightly", job="x", trigger="every 1 h")])
        schedules.plan_next(connection, "nightly", connection.scalar(text("SELECT now() + interval '1 h'")))
        for task, after in (("soon", timedelta(minutes=1)), ("late", timedelta(hours=-1))):
            given = {"task": task, "due": NOON + after, "code": code, "legal": None}
            connection.execute(TIMER, given)
        legal = {"task": "law", "due": NOON + timedelta(days=3), "code": code, "legal": NOON}
        connection.execute(TIMER, legal)
        connection.execute(text("UPDATE schedule SET enabled = false WHERE name = 'off'"))
    shown = rows(viewer.page("/lich?lang=en"))
    assert len(shown) == 4
    assert "Overdue" in shown[0]
    assert "Chờ bổ sung" in shown[1]
    assert "Timetable nightly" in shown[2]
    assert "Legal timer" in shown[3]
    assert code in shown[3]
    assert len(rows(viewer.page("/lich?kind=timer"))) == 2
    assert len(rows(viewer.page("/lich?kind=legal-timer&procedure=1.000001"))) == 1
    assert len(rows(viewer.page("/lich?kind=schedule"))) == 1
    assert "Không có gì khớp" in viewer.page("/lich?procedure=9.999999")
    assert viewer.get("/lich?kind=alarm").status == 400
    elsewhere = Visitor(counter, "viewer", unit="H98.01", name="far")
    assert code not in elsewhere.page("/lich")
    assert code in Visitor(counter, "viewer", unit=UNIT, name="near").page("/lich")


def test_the_file_has_the_rows_of_the_filter(counter: Counter, viewer: Visitor) -> None:
    code = counter.new_dossier()
    with counter.store.transaction() as connection:
        schedules.ensure(connection, [Planned(name="nightly", job="x", trigger="every 1 h")])
        schedules.plan_next(connection, "nightly", connection.scalar(text("SELECT now() + interval '1 h'")))
        connection.execute(TIMER, {"task": "soon", "due": NOON, "code": code, "legal": None})
    assert 'href="/lich.csv?kind=timer"' in viewer.page("/lich?kind=timer")
    whole, timers = (viewer.get(f"/lich.csv?lang=en{more}").body.decode() for more in ("", "&kind=timer"))
    assert "nightly" in whole
    assert timers.splitlines()[1].endswith(f" +07:00,Timer,wait,{code},1.000001")
    assert "nightly" not in timers
    elsewhere = Visitor(counter, "viewer", unit="H98.01", name="far")
    assert code not in elsewhere.get("/lich.csv").body.decode()


def test_a_row_that_is_switched_off_is_shown_and_fires_no_more(counter: Counter, viewer: Visitor) -> None:
    with counter.store.transaction() as connection:
        schedules.ensure(connection, [Planned(name="nightly", job="x", trigger="every 1 h")])
        schedules.disable(connection, "nightly")
    page = viewer.page("/lich?lang=en")
    assert "Nothing is coming up." in page
    assert "Switched off" in page


def test_lateness_is_of_the_last_day_and_unknown_without_a_firing(counter: Counter, viewer: Visitor) -> None:
    assert "Unknown" in viewer.page("/lich?lang=en")
    counter.new_dossier()
    with counter.store.transaction() as connection:
        for late in range(1, 101):
            connection.execute(FIRED, {"late": late, "age": "1 hour"})
        connection.execute(FIRED, {"late": 5000, "age": "25 hours"})
    shown = text_of(viewer.page("/lich?lang=en"))
    assert "p99 99.01 s · most 100.00 s · 100 firings" in shown


def test_who_leads_the_timetable_is_told_and_that_nobody_does(counter: Counter, viewer: Visitor) -> None:
    assert "lienthong scheduler" in viewer.page("/lich?lang=en")
    with counter.store.transaction() as connection:
        presences.tell(connection, scheduler("one"), draining=False)
        presences.tell(connection, scheduler("two"), draining=False)
        connection.execute(text("UPDATE presence SET seen_at = now() - interval '1 min' WHERE name = 'two'"))
    shown = text_of(viewer.page("/lich?lang=en"))
    assert "No scheduler runs" not in shown
    assert "Leads the timetable one , host máy-1, version 1.2" in shown
    assert "Silent, does not lead the timetable two" in shown
    with counter.store.transaction() as connection:
        presences.leave(connection, scheduler("one"))
    assert "No scheduler runs" in viewer.page("/lich?lang=en")


def test_programs_read_the_same(counter: Counter) -> None:
    key = counter.new_key("timing", "schedules")
    with counter.store.transaction() as connection:
        schedules.ensure(connection, [Planned(name="nightly", job="x", trigger="every 1 h")])
        presences.tell(connection, scheduler("one"), draining=False)
    told = counter.get("/api/v1/firings?kind=schedule", key=key).json
    assert [one["name"] for one in told["items"]] == ["nightly"]  # type: ignore[attr-defined]
    assert told["lateness"] == {"fired": 0, "p99_s": None, "most_s": None}
    assert [one["alive"] for one in told["schedulers"]] == [True]  # type: ignore[attr-defined]
    assert counter.get("/api/v1/firings?kind=alarm", key=key).status == 400


@pytest.fixture
def timed(database: "object") -> Iterator[Counter]:
    with open_counter(database.url, next_fire=next_fire) as opened:  # type: ignore[attr-defined]
        yield opened


def test_a_stale_form_gets_both_versions_and_can_be_saved_anew(timed: Counter) -> None:
    counter, engineer = timed, Visitor(timed, "engineer")
    with counter.store.transaction() as connection:
        schedules.ensure(connection, [Planned(name="nightly", job="x", trigger="every 1 h")])
    form = engineer.page("/lich")
    mine = {"action": "edit", "trigger": "every 2 h", "reason": "quieter", "seen": seen(form)}
    assert engineer.post("/lich/nightly", {**mine, "trigger": "every 3 h"}).status == 303
    stale = engineer.post("/lich/nightly", mine)
    page = stale.body.decode()
    assert stale.status == 412
    assert "<code>every 3 h</code>" in page
    assert 'name="trigger" value="every 2 h"' in page
    assert 'name="reason" value="quieter"' in page
    assert engineer.post("/lich/nightly", {**mine, "seen": seen(page)}).status == 303
    assert counter.scalar("SELECT trigger FROM schedule WHERE name = 'nightly'") == "every 2 h"


@pytest.mark.parametrize("wrong", [{"trigger": "every now and then"}, {"reason": ""}, {"action": "explode"}])
def test_what_cannot_be_saved_stays_in_its_fields(timed: Counter, wrong: dict[str, str]) -> None:
    counter, engineer = timed, Visitor(timed, "engineer")
    with counter.store.transaction() as connection:
        schedules.ensure(connection, [Planned(name="nightly", job="x", trigger="every 1 h")])
    given = {"action": "edit", "trigger": "every 2 h", "reason": "quieter", **wrong}
    refused = engineer.post("/lich/nightly", {**given, "seen": seen(engineer.page("/lich")), "next": "/lich"})
    page = refused.body.decode()
    assert refused.status in (400, 422)
    assert f'name="trigger" value="{given["trigger"]}"' in page
    assert f'name="reason" value="{given["reason"]}"' in page
    assert 'href="/lich?lang=en"' in page  # what only takes forms is no page to see in another language
    assert 'href="/lich?theme=dark"' in page
    assert counter.scalar("SELECT trigger FROM schedule WHERE name = 'nightly'") == "every 1 h"


def seen(page: str) -> str:
    """The stamp that the only row's form carries."""
    return page.split('name="seen" value="')[1].split('"', maxsplit=1)[0]
