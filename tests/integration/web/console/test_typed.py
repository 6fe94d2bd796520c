"""What was typed survives a session that ended, another one in its place, and a database that is away; secrets never do."""

import html
import re
from urllib.parse import urlencode

import pytest

from engine.actions import sessions
from tests.support.console import FORM, PASSWORD, Visitor, text_of
from tests.support.counter import Counter, Reply, open_counter

LONG = "Lý do rất dài: " + "ườ" * 20_000
LINES = "dòng một\r\ndòng hai"


@pytest.fixture
def admin(counter: Counter) -> Visitor:
    return Visitor(counter, "admin")


def typed_again(page: str) -> dict[str, str]:
    """The fields of the form that offers to send what was typed once more."""
    form = page.rsplit('class="act"', maxsplit=1)[-1].split("</form>", maxsplit=1)[0]
    found = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))
    found |= dict(re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n(.*?)</textarea>', form, re.S))
    return {name: html.unescape(value) for name, value in found.items()}


def signed_in_with(counter: Counter, kept: str, where: str) -> Reply:
    body = {"name": "admin", "password": PASSWORD, "next": where, "kept": kept}
    headers = {"Accept": "text/html", "Content-Type": FORM}
    return counter.request("POST", "/vao", urlencode(body).encode(), headers=headers)


def test_a_form_of_another_session_is_offered_again_with_a_token_that_is_good(
    counter: Counter, admin: Visitor
) -> None:
    code = counter.new_dossier()
    where = f"/ho-so/{code}/viec-lam"
    stale = admin.post(where, {"action": "suspend", "reason": LINES}, token="0" * 64)
    assert stale.status == 403
    fields = typed_again(stale.body.decode())
    assert fields["reason"].replace("\r", "") == LINES.replace("\r", "")
    done = admin.post(where, fields, token=fields["csrf"])
    assert done.status == 303
    assert counter.scalar("SELECT count(*) FROM suspension") == 1


def test_a_long_text_with_accents_is_kept_and_what_is_too_long_is_said(
    counter: Counter, admin: Visitor
) -> None:
    stale = admin.post("/doi-tac/agency", {"action": "pause", "reason": LONG}, token="0" * 64)
    assert typed_again(stale.body.decode())["reason"] == LONG
    assert "không được giữ" not in text_of(stale.body.decode())
    too_long = "x" * 430_000 + "ườ" * 2_000
    stale = admin.post("/doi-tac/agency", {"action": "pause", "reason": too_long}, token="0" * 64)
    assert "không được giữ" in text_of(stale.body.decode())


def test_the_longest_that_is_kept_comes_through_signing_in(counter: Counter, admin: Visitor) -> None:
    admin.session = "gone"
    page = admin.post("/su-co/1/trong-nom", {"note": LONG}, token="x").body.decode()
    kept = html.unescape(re.findall(r'name="kept" value="([^"]*)"', page)[0])
    again = signed_in_with(counter, kept, "/su-co/1/trong-nom")
    assert typed_again(again.body.decode())["note"] == LONG


def test_a_session_that_ended_keeps_the_text_and_every_field_of_many(
    counter: Counter, admin: Visitor
) -> None:
    admin.session = "gone"
    many = {f"field{n}": f"v{n}" for n in range(150)} | {"note": LINES}
    page = admin.post("/su-co/1/trong-nom", many, token="x").body.decode()
    kept = html.unescape(re.findall(r'name="kept" value="([^"]*)"', page)[0])
    fields = typed_again(signed_in_with(counter, kept, "/su-co/1/trong-nom").body.decode())
    assert {name for name in fields if name.startswith("field")} == {f"field{n}" for n in range(150)}
    assert fields["note"].replace("\r", "") == LINES.replace("\r", "")


@pytest.mark.parametrize("where", ["/toi", "/tai-khoan", "/tai-khoan/1"])
def test_secrets_are_never_kept_and_that_is_said(counter: Counter, admin: Visitor, where: str) -> None:
    given = {"action": "password", "password": "geheim-eins", "wanted": "geheim-zwei", "again": "geheim-zwei"}
    for session, token in (("gone", "x"), (admin.session, "0" * 64)):
        admin.session = session
        page = admin.post(where, given | {"secret": "geheim-drei"}, token=token).body.decode()
        assert "geheim" not in page
        assert "không được giữ" in text_of(page)


def test_whoever_only_looks_is_asked_to_sign_in_and_keeps_the_text(database: object) -> None:
    with open_counter(database.url, console_open=True) as counter:  # type: ignore[attr-defined]
        body = b"action=pause&reason=ly+do"
        headers = {"Accept": "text/html", "Content-Type": FORM}
        asked = counter.request("POST", "/doi-tac/agency", body, headers=headers)
        assert asked.status == 401
        assert "ly do" in html.unescape(asked.body.decode())


def test_a_preview_is_still_good_after_signing_in_again(counter: Counter, admin: Visitor) -> None:
    code = counter.new_dossier()
    form = {"field": "data.note", "value": "lần hai", "reason": "x"}
    page = admin.post(f"/ho-so/{code}/sua", form).body.decode()
    frozen = html.unescape(re.findall(r'name="frozen" value="([^"]*)"', page)[0])
    admin.session = sessions.sign_in(counter.store, "admin", PASSWORD, address="127.0.0.1")
    done = admin.post(f"/ho-so/{code}/sua/xac-nhan", {"frozen": frozen, "reason": "x"})
    assert done.status == 303
    other = Visitor(counter, "admin", name="other")
    assert other.post(f"/ho-so/{code}/sua/xac-nhan", {"frozen": frozen, "reason": "x"}).status == 403


@pytest.mark.parametrize(
    ("where", "form"),
    [
        ("/nhac-sau", {"kind": "weather", "name": "rain", "hours": "4", "reason": "mưa"}),
        ("/lich/nothing", {"action": "edit", "trigger": "soon", "reason": "mưa"}),
        ("/cuoc-goi/999", {"action": "hold", "reason": "mưa"}),
        ("/doi-tac/nobody", {"action": "pause", "reason": "mưa"}),
    ],
)
def test_a_form_that_is_refused_can_be_mended_and_sent_again(
    counter: Counter, admin: Visitor, where: str, form: dict[str, str]
) -> None:
    refused = admin.post(where, form)
    assert 400 <= refused.status < 500
    fields = typed_again(refused.body.decode())
    assert fields.pop("csrf") == admin.token()
    assert fields == form


def test_a_second_pause_does_not_take_the_first_ones_reason_away(counter: Counter, admin: Visitor) -> None:
    assert admin.post("/doi-tac/agency", {"action": "pause", "reason": "bảo trì"}).status == 303
    late = admin.post("/doi-tac/agency", {"action": "pause", "reason": "nhầm"})
    assert late.status == 409
    assert "bảo trì" in text_of(late.body.decode())
    assert typed_again(late.body.decode())["reason"] == "nhầm"
    assert counter.scalar("SELECT paused_reason FROM partner WHERE name = 'agency'") == "bảo trì"
    assert admin.post("/doi-tac/agency", {"action": "resume", "reason": "xong"}).status == 303
    assert admin.post("/doi-tac/agency", {"action": "resume", "reason": "xong"}).status == 409


def test_a_form_that_is_too_large_is_refused_with_a_page_and_said_to_be_lost(database: object) -> None:
    with open_counter(database.url, max_body_bytes=2_000) as counter:  # type: ignore[attr-defined]
        admin = Visitor(counter, "admin")
        refused = admin.post("/su-co/1", {"reason": "x" * 5_000})
        assert refused.status == 413
        assert "không được giữ" in text_of(refused.body.decode())
