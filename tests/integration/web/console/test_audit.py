"""The audit trail: from where, with what outcome, and sealed so that a line changed afterwards is found."""

import pytest
from sqlalchemy import text

from engine import errors
from engine.actions import seal
from tests.support.console import Visitor, text_of
from tests.support.counter import Counter
from tests.support.procedures import UNIT

RIPEN = text("UPDATE audit SET at = at - interval '2 hours'")


def trail(counter: Counter) -> Visitor:
    """An auditor, and some lines that are old enough to be sealed."""
    auditor = Visitor(counter, "engineer")
    counter.new_dossier()
    officer = Visitor(counter, "officer", unit=UNIT)
    assert officer.post("/tai-khoan", {"name": "x"}).status == 403
    with counter.store.transaction() as connection:
        connection.execute(RIPEN)
    return auditor


def rows(visitor: Visitor, query: str) -> str:
    """The words of the lines that are shown."""
    page = visitor.page(f"/nhat-ky?{query}")
    return text_of(page.split("<tbody>")[1].split("</tbody>")[0]) if "<tbody>" in page else ""


def test_a_line_says_from_where_and_whether_it_was_refused(counter: Counter) -> None:
    auditor = trail(counter)
    page = rows(auditor, "result=refused")
    assert "Bị từ chối quyền" in page
    assert "127.0.0.1" in page
    assert "Tạo tài khoản" not in page
    done = rows(auditor, "result=done")
    assert "Tạo tài khoản" in done
    assert "✖ Bị từ chối" not in done


@pytest.mark.parametrize(
    ("query", "found"),
    [("address=127.0.0.1", True), ("address=192.0.2.1", False), ("words=100%25", True), ("words=1_0", False)],
)
def test_address_and_words_are_filters(counter: Counter, query: str, found: bool) -> None:
    auditor = trail(counter)
    admin = Visitor(counter, "admin")
    late = {"kind": "calls", "name": "unknown", "hours": "4", "reason": "Lỗi 100% số lần"}
    assert admin.post("/nhac-sau", late).status == 303
    assert ("Hoãn nhắc việc" in rows(auditor, query)) is found
    assert "100.000" in auditor.page(f"/nhat-ky?{query}")


def test_sealed_lines_hold_until_one_is_changed(counter: Counter) -> None:
    auditor = trail(counter)
    assert seal.seal_audit(counter.store) > 0
    assert seal.seal_audit(counter.store) == 0
    found = auditor.post("/nhat-ky/kiem-tra")
    assert "Mọi niêm phong đều khớp" in text_of(found.body.decode())
    with counter.store.transaction() as connection:
        connection.execute(text("UPDATE audit SET who = 'nobody' WHERE what = 'denied'"))
    for _ in range(2):
        found = auditor.post("/nhat-ky/kiem-tra")
        assert "Niêm phong đầu tiên không khớp: 1." in text_of(found.body.decode())
    told = "SELECT count(*) FROM incident WHERE cause = 'audit-altered' AND status = 'open'"
    assert counter.scalar(told) == 1


@pytest.mark.parametrize(
    "change", ["DELETE FROM audit WHERE what = 'denied'", "UPDATE audit SET address = ''"]
)
def test_every_part_of_a_line_is_covered(counter: Counter, change: str) -> None:
    auditor = trail(counter)
    seal.seal_audit(counter.store)
    assert seal.check_audit(counter.store, by=auditor.name).broken is None
    with counter.store.transaction() as connection:
        connection.execute(text(change))
    assert seal.check_audit(counter.store, by=auditor.name).broken == 1


def test_a_later_night_goes_on_where_the_one_before_ended(counter: Counter) -> None:
    auditor = trail(counter)
    seal.seal_audit(counter.store)
    assert auditor.post("/nhat-ky/kiem-tra").status == 200
    with counter.store.transaction() as connection:
        connection.execute(text("UPDATE audit SET at = at - interval '2 hours' WHERE what = 'audit-checked'"))
    assert seal.seal_audit(counter.store) == 1
    found = seal.check_audit(counter.store, by=auditor.name)
    assert (found.seals, found.broken) == (2, None)
    with counter.store.transaction() as connection:
        connection.execute(text("DELETE FROM audit WHERE id = (SELECT min(id) FROM audit)"))
    assert seal.check_audit(counter.store, by=auditor.name).broken == 1


def test_young_lines_are_left_for_the_next_night(counter: Counter) -> None:
    Visitor(counter, "engineer")
    assert seal.seal_audit(counter.store) == 0


@pytest.mark.parametrize(
    "change", ["UPDATE audit_seal SET lines = 0", "DELETE FROM audit_seal", "TRUNCATE audit_seal"]
)
def test_the_database_lets_nobody_change_a_seal(counter: Counter, change: str) -> None:
    trail(counter)
    seal.seal_audit(counter.store)
    with pytest.raises(errors.LienthongError), counter.store.transaction() as connection:
        connection.execute(text(change))


def test_only_those_who_may_read_the_trail_check_it(counter: Counter) -> None:
    assert Visitor(counter, "operator").post("/nhat-ky/kiem-tra").status == 200
    assert Visitor(counter, "viewer", unit=UNIT).post("/nhat-ky/kiem-tra").status == 403
