"""Incidents: grouped, acted on with a reason, one and many; what is told of them is what really happened."""

import re
from datetime import timedelta

from engine.actions import batches
from engine.clock import VIETNAM, SystemClock
from tests.support.bulk import frozen
from tests.support.console import Visitor, text_of
from tests.support.console_rows import add_incident, set_aside
from tests.support.counter import Counter


def trouble(counter: Counter, code: str) -> int:
    return add_incident(counter, code, event=set_aside(counter, code))


def test_incidents_stand_together_by_their_cause(counter: Counter) -> None:
    code = counter.new_dossier()
    for _ in range(3):
        trouble(counter, code)
    add_incident(counter, code, cause="call-refused", partner="agency", actions=("done",))
    viewer = Visitor(counter, "viewer")
    page = viewer.page("/su-co?lang=en")
    assert re.search(
        r"Poisonous event</a>.*?</th><td>–</td><td>1\.000001</td><td>–</td><td>3</td><td>1</td>", page
    )
    assert "4 found" in text_of(page)
    assert "1 found" in text_of(viewer.page("/su-co?cause=call-refused&lang=en"))
    assert "Không có gì khớp" in viewer.page("/su-co?partner=nobody&lang=vi")


def test_an_act_needs_a_reason_and_leaves_its_line_in_the_trail(counter: Counter) -> None:
    code = counter.new_dossier()
    incident = trouble(counter, code)
    operator = Visitor(counter, "operator")
    refused = operator.post(f"/su-co/{incident}", {"action": "retry", "reason": " "})
    assert refused.status == 400
    assert "chưa điền lý do" in refused.body.decode()
    done = operator.post(f"/su-co/{incident}", {"action": "retry", "reason": "mended <b>it</b>"})
    assert (done.status, done.headers["location"]) == (303, f"/su-co/{incident}?told=done")
    assert (
        counter.scalar("SELECT count(*) FROM audit WHERE what = 'incident-retry' AND who = 'operator'") == 1
    )
    again = operator.post(f"/su-co/{incident}", {"action": "retry", "reason": "again"})
    assert again.status == 409
    assert "đã đóng rồi" in again.body.decode()


def test_retried_is_told_only_once_the_work_really_ran(counter: Counter) -> None:
    code = counter.new_dossier()
    incident = trouble(counter, code)
    operator = Visitor(counter, "operator")
    operator.post(f"/su-co/{incident}", {"action": "retry", "reason": "mended"})
    assert "Waiting to run" in operator.page(f"/su-co/{incident}?lang=en")
    counter.apply_all()
    assert "Really ran" in operator.page(f"/su-co/{incident}?lang=en")


def test_a_batch_does_what_its_preview_counted_and_its_totals_add_up(counter: Counter) -> None:
    codes = [counter.new_dossier() for _ in range(5)]
    ids = [trouble(counter, code) for code in codes for _ in range(2)]
    add_incident(counter, codes[0], actions=("close",))
    operator = Visitor(counter, "operator")
    chosen = {"action": "retry", "all": "yes", "filter_status": "open"}
    page = operator.post("/su-co/xem-truoc", chosen).body.decode()
    assert "Sẽ được xử lý 10" in text_of(page)
    assert "không có hành động này) 1" in text_of(page)
    operator.post(f"/su-co/{ids[0]}", {"action": "close", "reason": "seen"})  # meanwhile
    late = trouble(counter, codes[0])  # not in the frozen list
    made = operator.post("/lo", {"frozen": frozen(page), "reason": "mended"})
    batch = made.headers["location"]
    assert "Tổng 10 = xong 0 + bỏ qua 0 + hỏng 0 + đang chờ 10" in text_of(operator.page(batch))
    operator.post(f"/su-co/{ids[1]}", {"action": "close", "reason": "seen"})
    assert batches.run_waiting(counter.store, counter.clock) == 10
    counter.apply_all()
    text = text_of(operator.page(batch))
    assert "Tổng 10 = xong 8 + bỏ qua 2 + hỏng 0 + đang chờ 0" in text
    assert text.count("operator đã đóng trước đó") == 2
    assert "Đã chạy thật: 8" in text
    assert counter.scalar("SELECT status FROM incident WHERE id = :id", id=late) == "open"
    assert batches.run_waiting(counter.store, counter.clock) == 0


def test_a_large_batch_asks_for_its_count(counter: Counter) -> None:
    code = counter.new_dossier()
    for _ in range(101):
        add_incident(counter, code)
    operator = Visitor(counter, "operator")
    chosen = {"action": "close", "all": "yes", "filter_status": "open"}
    page = operator.post("/su-co/xem-truoc", chosen).body.decode()
    form = {"frozen": frozen(page), "reason": "typed text stays"}
    refused = operator.post("/lo", form)
    assert refused.status == 400
    assert "typed text stays" in refused.body.decode()
    assert operator.post("/lo", form | {"count": "101"}).status == 303


def test_more_than_a_batch_holds_is_said_and_the_oldest_are_taken(counter: Counter) -> None:
    add_incident(counter, counter.new_dossier())
    with counter.store.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO incident (cause, title, actions) SELECT 'schedule-invalid', 't', '[\"close\"]'"
            " FROM generate_series(1, 10001)"
        )
    operator = Visitor(counter, "operator")
    assert "A batch takes at most 10,000" in text_of(operator.page("/su-co?lang=en"))
    assert "A batch takes at most 10,000" not in text_of(operator.page("/su-co?lang=en&cause=poison-event"))
    chosen = {"action": "close", "all": "yes", "filter_status": "open"}
    page = operator.post("/su-co/xem-truoc", chosen).body.decode()
    assert "Không phải tất cả 10.000 / 10.002" in text_of(page)
    made = operator.post("/lo", {"frozen": frozen(page), "reason": "seen", "count": "10000"})
    assert made.status == 303
    items = "SELECT max(incident_id) = (SELECT max(id) - 2 FROM incident) FROM batch_item"
    assert counter.scalar(items) is True


def test_a_filter_that_was_emptied_means_all_and_not_the_lists_first_choice(counter: Counter) -> None:
    code = counter.new_dossier()
    kept, closed = trouble(counter, code), trouble(counter, code)
    operator = Visitor(counter, "operator")
    operator.post(f"/su-co/{closed}", {"action": "close", "reason": "seen"})
    for status, ignored in (("open", 0), ("", 1)):
        chosen = {"action": "retry", "all": "yes", "filter_status": status, "filter_since": ""}
        page = operator.post("/su-co/xem-truoc", chosen).body.decode()
        assert f"không có hành động này) {ignored}" in text_of(page)
        assert f"<li>{kept} · {code} · " in page


def test_what_was_chosen_is_checked_before_anything_is_shown(counter: Counter) -> None:
    operator = Visitor(counter, "operator")
    for given in ({}, {"incident": "x"}, {"incident": "٣"}, {"incident": "1" * 30}):
        assert operator.post("/su-co/xem-truoc", {"action": "close", **given}).status == 400, given
    assert operator.post("/lo", {"frozen": "forged", "reason": "x"}).status == 403


def test_nobody_without_the_right_acts_and_the_button_says_why(counter: Counter) -> None:
    code = counter.new_dossier()
    incident = trouble(counter, code)
    viewer = Visitor(counter, "viewer")
    page = viewer.page(f"/su-co/{incident}?lang=en")
    assert "disabled>Retry</button>" in page
    assert "Your roles do not include: act on dossiers" in page
    for path in (f"/su-co/{incident}", "/su-co/xem-truoc", "/lo"):
        assert viewer.post(path, {"action": "retry", "reason": "x"}).status == 403


def seen(visitor: Visitor, incident: int) -> dict[str, str]:
    """What the form that is shown now knows of how the incident stands."""
    found = re.search(r'name="seen" value="(\w+)"', visitor.page(f"/su-co/{incident}"))
    assert found is not None
    return {"seen": found[1]}


def test_an_incident_is_looked_after_by_somebody_and_found_by_that(counter: Counter) -> None:
    code = counter.new_dossier()
    mine, other = add_incident(counter, code), add_incident(counter, code)
    lan, viewer = Visitor(counter, "operator", name="lan"), Visitor(counter, "viewer")
    path = f"/su-co/{mine}/trong-nom"
    form = {"take": "yes", "note": "đã gọi", "ticket": "https://tickets.example/7"}
    assert lan.post(path, form | seen(lan, mine)).status == 303
    page = lan.page(f"/su-co/{mine}")
    assert 'href="https://tickets.example/7"' in page
    assert "đã gọi" in page
    for query, found in (("owner=lan", [mine]), ("owner=-", [other]), ("owner=minh", [])):
        listed = lan.page(f"/su-co?{query}")
        assert [one for one in (mine, other) if f'<a href="/su-co/{one}">' in listed] == found, query
    assert lan.post(path, {"owner": "nobody-here"} | seen(lan, mine)).status == 400
    assert viewer.post(path, {"owner": "lan"}).status == 403
    assert lan.post("/su-co/999/trong-nom", {"owner": "lan"}).status == 404
    before = counter.scalar("SELECT facts -> 'before' FROM audit WHERE what = 'incident-looked-after'")
    assert before == {"owner": None, "note": None, "ticket": None}
    assert lan.post(path, {"owner": "", "ticket": "javascript:alert(1)//"} | seen(lan, mine)).status == 303
    assert 'href="javascript' not in lan.page(f"/su-co/{mine}")


def test_somebody_who_was_faster_is_not_overwritten_and_both_versions_are_shown(counter: Counter) -> None:
    incident = add_incident(counter, counter.new_dossier())
    lan, minh = (Visitor(counter, "operator", name=name) for name in ("lan", "minh"))
    path, slow = f"/su-co/{incident}/trong-nom", seen(minh, incident)
    assert lan.post(path, {"take": "yes", "note": "gọi rồi"} | seen(lan, incident)).status == 303
    late = minh.post(path, {"take": "yes", "note": "để tôi"} | slow)
    assert late.status == 412
    assert "gọi rồi" in late.body.decode()
    assert ">để tôi</textarea>" in late.body.decode()
    assert counter.scalar("SELECT owner FROM incident") == "lan"
    assert minh.post(path, {"take": "yes"}).status == 412
    again = re.search(r'name="seen" value="(\w+)"', late.body.decode())
    assert again is not None
    assert minh.post(path, {"take": "yes", "note": "để tôi", "seen": again[1]}).status == 303
    assert counter.scalar("SELECT owner FROM incident") == "minh"
    assert counter.scalar("SELECT count(*) FROM audit WHERE what = 'incident-looked-after'") == 2


def test_a_muted_cause_stays_counted_and_says_by_whom_why_and_until_when(counter: Counter) -> None:
    trouble(counter, counter.new_dossier())
    operator, viewer = Visitor(counter, "operator"), Visitor(counter, "viewer")
    until = (SystemClock().now() + timedelta(days=2)).astimezone(VIETNAM)
    form = {"cause": "poison-event", "until": until.strftime("%Y-%m-%dT%H:%M"), "reason": "vendor <b>mends"}
    path = "/su-co/tat-tieng"
    assert viewer.post(path, form).status == 403
    for wrong in (
        {"until": "soon"}, {"until": "2020-01-01T08:00"}, {"until": "2099-01-01T08:00"}, {"reason": " "}, {"cause": ""},
    ):  # fmt: skip
        assert operator.post(path, form | wrong).status == 400, wrong
    assert operator.post(path, form | {"next": "/su-co?status=open"}).status == 303
    page = operator.page("/su-co?lang=en")
    assert "1 found" in text_of(page)
    assert "Muted" in text_of(page)
    assert until.strftime("%d/%m/%Y %H:%M") in text_of(page)
    assert "vendor &lt;b&gt;mends" in page
    assert "vendor &lt;b&gt;mends" in operator.page("/")  # with what was put off
    assert (
        operator.post(path, {"cause": "poison-event", "action": "unmute", "reason": "mended"}).status == 303
    )
    assert "b&gt;mends" not in operator.page("/su-co")
    told = counter.scalar("SELECT string_agg(what, ' ' ORDER BY id) FROM audit WHERE what LIKE 'cause-%'")
    assert told == "cause-muted cause-unmuted"


def test_a_cause_tells_what_became_of_those_run_again_and_whom_it_concerns(counter: Counter) -> None:
    code = counter.new_dossier()
    ids = [trouble(counter, code) for _ in range(3)]
    operator = Visitor(counter, "operator")
    assert "<td>1</td><td>H99.14</td>" in operator.page("/su-co")
    for incident in ids[:2]:
        operator.post(f"/su-co/{incident}", {"action": "retry", "reason": "mended"})
    rows = (
        r"Poisonous event</th><td>–</td><td>1\.000001</td><td>–</td><td>(\d)</td><td>(.*?)</td><td>(\d)</td>"
    )
    found = re.search(rows, operator.page("/su-co?lang=en"))
    assert found is not None
    assert found.groups() == ("0", "0", "2")
    counter.apply_all()
    with counter.store.transaction() as connection:
        connection.exec_driver_sql(
            "UPDATE event SET status = 'set_aside' WHERE id = (SELECT event_id FROM incident WHERE id = %s)",
            (ids[1],),
        )
    page = operator.page("/su-co?lang=en")
    found = re.search(rows, page)
    assert found is not None
    assert (found[1], text_of(found[2]).strip(), found[3]) == ("1", "✖ 1", "0")
    assert "Run again in the last 24 hours" not in operator.page("/su-co?lang=en&cause=call-refused")


def test_incidents_are_narrowed_by_their_day_and_groups_tell_the_trend(counter: Counter) -> None:
    admin = Visitor(counter, "admin")
    code = counter.new_dossier()
    old, new = add_incident(counter, code), add_incident(counter, code)
    with counter.store.transaction() as connection:
        connection.exec_driver_sql(
            "UPDATE incident SET opened_at = '2026-01-05T08:00+07' WHERE id = %s", (old,)
        )
    page = admin.page("/su-co")
    assert "<td>1 / 1</td>" in page
    listed = admin.page("/su-co?since=2026-01-05&until=05/01/2026")
    assert f'<a href="/su-co/{old}">' in listed
    assert f'<a href="/su-co/{new}">' not in listed
    assert admin.get("/su-co?since=tomorrow").status == 400
