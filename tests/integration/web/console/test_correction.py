"""Correcting a dossier's data: what would change is seen before it is, and what changed meanwhile is never overwritten."""

import pytest
from sqlalchemy import text

from engine.queries import evidence
from tests.support.bulk import frozen
from tests.support.console import Visitor, text_of
from tests.support.counter import Counter
from tests.support.procedures import UNIT
from web.console import dossier_edit


@pytest.fixture
def operator(counter: Counter) -> Visitor:
    return Visitor(counter, "operator")


def preview(visitor: Visitor, code: str, **changes: str) -> tuple[int, str]:
    form = {"field": "data.note", "value": "lần hai", "reason": "a slip of the pen", **changes}
    reply = visitor.post(f"/ho-so/{code}/sua", form)
    return reply.status, reply.body.decode()


def confirm(visitor: Visitor, code: str, page: str, reason: str = "a slip of the pen") -> tuple[int, str]:
    reply = visitor.post(f"/ho-so/{code}/sua/xac-nhan", {"frozen": frozen(page), "reason": reason})
    return reply.status, reply.body.decode()


def note(counter: Counter) -> object:
    return counter.scalar("SELECT data ->> 'note' FROM dossier")


def write(counter: Counter, value: str) -> None:
    with counter.store.transaction() as connection:
        connection.execute(
            text("UPDATE dossier SET data = jsonb_set(data, '{note}', to_jsonb(CAST(:value AS text)))"),
            {"value": value},
        )


def test_a_correction_is_seen_confirmed_applied_and_told_without_its_values(
    counter: Counter, operator: Visitor
) -> None:
    code = counter.new_dossier()
    status, page = preview(operator, code)
    assert status == 200
    assert "<del>lần đầu</del>" in page
    assert "<ins>lần hai</ins>" in page
    assert note(counter) == "lần đầu"
    assert confirm(operator, code, page)[0] == 303
    counter.apply_all()
    assert note(counter) == "lần hai"
    facts = "SELECT facts ->> 'field' || ': ' || reason FROM audit WHERE what = 'dossier-corrected'"
    assert counter.scalar(facts) == "note: a slip of the pen"
    assert counter.scalar("SELECT count(*) FROM audit WHERE what = 'personal-data-read'") == 1
    assert (
        counter.scalar(
            "SELECT count(*) FROM timeline WHERE position('lần' in convert_from(body, 'UTF8')) > 0"
        )
        == 0
    )
    assert "Sửa dữ liệu" in text_of(operator.page(f"/ho-so/{code}?kind=corrected"))
    with counter.store.reading() as connection:
        assert not evidence.prove(connection, code, 1).breaks


def test_a_stale_form_is_told_with_both_versions_and_can_be_confirmed_anew(
    counter: Counter, operator: Visitor
) -> None:
    code = counter.new_dossier()
    _, page = preview(operator, code)
    write(counter, "lần khác")
    status, again = confirm(operator, code, page)
    assert status == 412
    for version in ('<pre tabindex="0">lần đầu</pre>', "<del>lần khác</del>", "<ins>lần hai</ins>"):
        assert version in again
    counter.apply_all()
    assert note(counter) == "lần khác"
    assert confirm(operator, code, again)[0] == 303
    counter.apply_all()
    assert note(counter) == "lần hai"


def test_a_form_kept_open_too_long_is_shown_as_it_stands_now_and_confirmed_anew(
    counter: Counter, operator: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = counter.new_dossier()
    _, page = preview(operator, code)
    write(counter, "lần khác")
    with monkeypatch.context() as later:
        later.setattr(dossier_edit, "_GOOD_S", -1)
        status, again = confirm(operator, code, page)
    counter.apply_all()
    assert (status, note(counter)) == (403, "lần khác")
    assert "<del>lần khác</del>" in again
    assert "a slip of the pen" in again
    assert confirm(operator, code, again)[0] == 303
    counter.apply_all()
    assert note(counter) == "lần hai"


def test_what_changes_between_the_confirmation_and_its_application_is_not_overwritten(
    counter: Counter, operator: Visitor
) -> None:
    code = counter.new_dossier()
    _, page = preview(operator, code)
    assert confirm(operator, code, page)[0] == 303
    write(counter, "lần khác")
    counter.apply_all()
    assert note(counter) == "lần khác"
    assert "changed meanwhile" in text_of(operator.page(f"/ho-so/{code}?lang=en&failed=yes"))


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"reason": ""}, 400), ({"field": ""}, 422), ({"field": "data.note.x"}, 422), ({"value": "lần đầu"}, 409),
        ({"field": "data.born", "value": '"yesterday"'}, 422), ({"field": "data.born", "value": "2026-02-30"}, 422),
        ({"value": "x" * 20_001}, 400),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_before_anything_is_shown(
    counter: Counter, operator: Visitor, change: dict[str, str], status: int
) -> None:
    code = counter.new_dossier()
    got, page = preview(operator, code, **change)
    assert got == status
    assert "frozen" not in page
    assert counter.scalar("SELECT count(*) FROM audit WHERE what LIKE 'dossier-%'") == 0


def test_values_are_cleaned_and_new_fields_may_be_json(counter: Counter, operator: Visitor) -> None:
    code = counter.new_dossier()
    _, page = preview(operator, code, field="data.born", value='"21/11/2026"')
    assert confirm(operator, code, page)[0] == 303
    _, page = preview(operator, code, field="data.extra.count", value="[1, 2]")
    assert confirm(operator, code, page)[0] == 303
    counter.apply_all()
    assert counter.scalar("SELECT data ->> 'born' FROM dossier") == "2026-11-21"
    assert counter.scalar("SELECT data -> 'extra' ->> 'count' FROM dossier") == "[1, 2]"


def test_who_may_act_but_not_see_corrects_blindly_and_others_not_at_all(counter: Counter) -> None:
    code = counter.new_dossier()
    engineer, officer = Visitor(counter, "engineer"), Visitor(counter, "officer", unit=UNIT)
    status, page = preview(engineer, code)
    assert status == 200
    assert "lần đầu" not in page
    assert preview(officer, code)[0] == 403
    other = Visitor(counter, "operator")
    assert confirm(other, code, page)[0] == 403  # the preview of another session
    assert confirm(engineer, code, page, reason="")[0] == 400
    assert confirm(engineer, code, page)[0] == 303
