"""One dossier's page: the clock, who holds it and what comes next, its filtered history, and a call that need not wait."""

import re

from sqlalchemy import text

from tests.support.console import Visitor, text_of
from tests.support.console_rows import add_call, add_incident
from tests.support.counter import Counter


def header(visitor: Visitor, code: str) -> str:
    page = text_of(visitor.page(f"/ho-so/{code}?lang=en"))
    return page[page.index("Situation") : page.index("Procedure 1.0")]


def change(counter: Counter, sql: str, **values: object) -> None:
    with counter.store.transaction() as connection:
        connection.execute(text(sql), values)


def test_the_header_tells_the_clock_the_holder_and_what_comes_next(counter: Counter) -> None:
    code = counter.new_dossier()
    viewer = Visitor(counter, "viewer")
    told = header(viewer, code)
    assert "Waits for an officer" in told
    assert "Held by Work item · H99.14 · Kiểm tra" in told
    assert re.search(r"Working time used 0 min / \d+ d", told)
    assert "Next by itself Falls due" in told
    call = add_call(counter, code)
    incident = add_incident(counter, code, title="nobody knows")
    page = viewer.page(f"/ho-so/{code}?lang=en")
    assert f'href="/su-co/{incident}">Incident {incident}: nobody knows' in page
    assert f"/cuoc-goi/{call}" in page
    assert "Next by itself Call to a partner agency ask" in header(viewer, code)


def test_a_pause_is_told_with_its_reason_and_its_law(counter: Counter) -> None:
    code = counter.new_dossier()
    change(
        counter,
        "INSERT INTO ledger_entry (dossier_id, kind, reason, ground, task, at)"
        " SELECT id, 'pause', 'supplement', 'QĐ 766', 't', submitted_at FROM dossier",
    )
    told = header(Visitor(counter, "viewer"), code)
    assert "Paused by law waits for papers asked for, legal ground: QĐ 766" in told
    assert "Falls due" not in told


def test_the_history_is_narrowed_by_kind_partner_and_failure(counter: Counter) -> None:
    code = counter.new_dossier()
    call = add_call(counter, code, status="refused")
    change(counter, "UPDATE call SET fault = 'no', holds = false WHERE id = :id", id=call)
    change(
        counter,
        "INSERT INTO event (dossier_id, kind, payload)"
        " SELECT id, 'call-settled', jsonb_build_object('call', CAST(:call AS bigint)) FROM dossier",
        call=call,
    )
    counter.apply_all()
    viewer = Visitor(counter, "viewer")

    def rows(query: str) -> int:
        return viewer.page(f"/ho-so/{code}?{query}").split('id="tab-title"')[1].count('<th scope="row">')

    everything = rows("")
    assert everything > 3
    assert (rows("failed=yes"), rows("partner=agency"), rows("kind=call-answered")) == (1, 1, 1)
    assert (rows("kind=submitted"), rows("kind=submitted&failed=yes"), rows("partner=nobody")) == (1, 0, 0)
    assert (rows("step=check"), rows("step=check&kind=submitted")) == (1, 0)
    assert viewer.get(f"/ho-so/{code}?failed=maybe").status == 400
    assert "Không có gì khớp" in viewer.page(f"/ho-so/{code}?partner=nobody")


def test_a_call_that_waits_goes_on_at_once_with_a_reason_and_its_line_in_the_audit(counter: Counter) -> None:
    code, other = counter.new_dossier(), counter.new_dossier()
    call = add_call(counter, code, "pending")
    operator, viewer = Visitor(counter, "operator"), Visitor(counter, "viewer")
    form = {"call": str(call), "reason": "the partner is back"}
    waits = "SELECT due_at > now() FROM call"
    assert viewer.post(f"/ho-so/{code}/gui-ngay", form).status == 403
    assert operator.post(f"/ho-so/{code}/gui-ngay", {**form, "reason": ""}).status == 400
    assert operator.post(f"/ho-so/{other}/gui-ngay", form).status == 409
    assert counter.scalar(waits) is True
    assert operator.post(f"/ho-so/{code}/gui-ngay", form).status == 303
    assert counter.scalar(waits) is False
    assert counter.scalar("SELECT reason FROM audit WHERE what = 'call-now'") == "the partner is back"
    change(counter, "UPDATE call SET status = 'done', holds = false")
    assert operator.post(f"/ho-so/{code}/gui-ngay", form).status == 409
