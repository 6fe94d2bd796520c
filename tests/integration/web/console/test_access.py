"""Who may do what at the console: sessions, forms, roles; the matrix of every page by every role."""

import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from flask import Flask
from werkzeug.routing import Rule

from engine.actions import accounts, sessions
from engine.actions.accounts import ROLES
from tests.support.console import FORM, PASSWORD, Visitor, prolong_the_wait
from tests.support.counter import Counter
from tests.support.procedures import UNIT
from web.app import create_app
from web.auth import PAGES


def console_rules(app: Flask) -> Iterator[tuple[Rule, str]]:
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if getattr(view, "needs", None) == PAGES:
            yield rule, view.right  # type: ignore[attr-defined]


def address(rule: Rule) -> str:
    path = rule.rule.replace("<int:id>", "999999")
    path = re.sub("<(string|path):(code|name|prefix)>", "none", path)
    assert "<" not in path, path
    return path


def test_every_page_lets_in_exactly_the_roles_that_have_its_right(counter: Counter) -> None:
    rules = list(console_rules(create_app(counter.container)))
    assert len(rules) > 15
    for role in ROLES:
        visitor = Visitor(counter, role, unit=UNIT if role == "officer" else None)
        token = visitor.token()
        for rule, right in rules:
            method = "POST" if "POST" in (rule.methods or ()) else "GET"
            sent = (
                visitor.post(address(rule), {}, token=token)
                if method == "POST"
                else visitor.get(address(rule))
            )
            denied = sent.status == 403 and b"/errors/not-allowed" in sent.body
            assert sent.status not in (401, 405, 500), (role, rule.rule, sent.status)
            of_many_units = visitor.unit is not None and rule.rule.startswith("/lo")
            assert denied == (right not in ROLES[role] or of_many_units), (role, rule.rule, sent.status)


def test_a_form_without_its_token_or_from_elsewhere_does_nothing(counter: Counter) -> None:
    operator = Visitor(counter, "operator")
    other = Visitor(counter, "operator", name="other")
    form = {"action": "pause", "reason": "x"}
    for token in ("", "0" * 64, other.token()):
        assert operator.post("/doi-tac/agency", form, token=token).status == 403
    body = urlencode({"csrf": operator.token(), **form}).encode()
    headers = operator.headers | {"Content-Type": FORM, "Origin": "https://elsewhere.example"}
    assert counter.request("POST", "/doi-tac/agency", body, headers=headers).status == 403
    assert counter.scalar("SELECT count(*) FROM partner WHERE paused") == 0


def sign_in(counter: Counter, name: str, password: str, **more: str) -> "object":
    body = urlencode({"name": name, "password": password, **more}).encode()
    return counter.request("POST", "/vao", body, headers={"Content-Type": FORM, "Accept": "text/html"})


def test_signing_in_gives_a_session_that_ends_when_its_person_wants_or_an_admin(counter: Counter) -> None:
    account = accounts.create(counter.store, "lan", PASSWORD, roles=["viewer"], by="test")
    reply = sign_in(counter, "lan", PASSWORD, next="/ho-so?status=2")
    assert (reply.status, reply.headers["location"]) == (303, "/ho-so?status=2")
    cookie = reply.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    headers = {"Cookie": cookie.split(";")[0], "Accept": "text/html"}
    assert counter.get("/ho-so", **headers).status == 200
    assert counter.get("/api/v1/dossiers", Cookie=headers["Cookie"]).status == 401
    counter.request("POST", "/ra", b"", headers=headers)
    assert counter.get("/ho-so", **headers).status == 401
    second = sign_in(counter, "lan", PASSWORD)
    headers["Cookie"] = second.headers["set-cookie"].split(";")[0]
    Visitor(counter, "admin")
    accounts.change(
        counter.store, account, roles=["viewer"], unit=None, enabled=False, by="admin", reason="left"
    )
    assert counter.get("/ho-so", **headers).status == 401
    assert sign_in(counter, "lan", PASSWORD).status == 401


def test_the_way_after_signing_in_stays_on_this_site(counter: Counter) -> None:
    accounts.create(counter.store, "lan", PASSWORD, roles=["viewer"], by="test")
    for bad in ("//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"):
        assert sign_in(counter, "lan", PASSWORD, next=bad).headers["location"] == "/"


def test_guessing_is_slowed_where_it_comes_from_and_no_owner_is_locked_out(counter: Counter) -> None:
    accounts.create(counter.store, "lan", PASSWORD, roles=["viewer"], by="test")
    replies = [sign_in(counter, "lan", "wrong password") for _ in range(5)]
    assert [reply.status for reply in replies] == [401] * 5
    prolong_the_wait(counter)
    assert sign_in(counter, "lan", "wrong password").status == 429
    unknown = sign_in(counter, "nobody", "wrong password")
    assert unknown.status == 401
    same = replies[0].body.decode().count("không khớp nhau")
    assert same == unknown.body.decode().count("không khớp nhau") == 1
    assert sessions.sign_in(counter.store, "lan", PASSWORD, address="192.0.2.7")
    assert counter.scalar("SELECT count(*) FROM audit WHERE what = 'sign-in-refused' AND who = 'lan'") == 5


def test_what_was_typed_survives_a_lost_session(counter: Counter) -> None:
    operator = Visitor(counter, "operator")
    token = operator.token()
    sessions.sign_out(counter.store, operator.session)
    lost = operator.post("/doi-tac/agency", {"action": "pause", "reason": "họ đang bảo trì"}, token=token)
    assert lost.status == 401
    page = lost.body.decode()
    kept = page.split('name="kept" value="')[1].split('"')[0]
    assert "kept" in page
    import html

    resumed = sign_in(counter, "operator", PASSWORD, next="/doi-tac/agency", kept=html.unescape(kept))
    assert resumed.status == 200
    assert "họ đang bảo trì" in resumed.body.decode()
    assert 'action="/doi-tac/agency"' in resumed.body.decode()


@pytest.mark.parametrize("query", ["lang=fr", "theme=pink", "colour=red", "status=2&status=3"])
def test_what_an_address_may_not_say_is_refused_with_a_page(counter: Counter, query: str) -> None:
    viewer = Visitor(counter, "viewer")
    reply = viewer.get(f"/ho-so?{query}")
    assert reply.status == 400
    assert reply.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("roles", "unit"), [(["admin"], UNIT), (["operator", "officer"], UNIT), (["officer"], None), ([], None)]
)
def test_roles_that_concern_everybody_belong_to_no_unit(
    counter: Counter, roles: list[str], unit: str | None
) -> None:
    with pytest.raises(accounts.errors.RequestInvalid):
        accounts.create(counter.store, "lan", PASSWORD, roles=roles, unit=unit, by="test")


def test_the_last_admin_stays(counter: Counter) -> None:
    admin = Visitor(counter, "admin")
    with pytest.raises(accounts.errors.ActionNotNow):
        accounts.change(
            counter.store, admin.account, roles=["viewer"], unit=None, enabled=True, by="x", reason="x"
        )
