"""An act leads back to the view that it was done in, filters and all, and nowhere else."""

import re

import pytest

from engine.storage import schedules
from engine.storage.schedules import Planned
from tests.support.console import Visitor, text_of
from tests.support.counter import Counter


@pytest.fixture
def admin(counter: Counter) -> Visitor:
    with counter.store.transaction() as connection:
        schedules.ensure(connection, [Planned(name="timers", job="timers", trigger="every 10 s")])
    counter.scalar("INSERT INTO partner (name) VALUES ('post') RETURNING 1")
    return Visitor(counter, "admin")


def fields(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form with *action*."""
    form = page.split(f'action="{action}"')[1].split("</form>", maxsplit=1)[0]
    return dict(re.findall(r'name="(next|seen)" value="([^"]*)"', form))


@pytest.mark.parametrize(
    ("view", "action", "act"),
    [
        ("/doi-tac?name=post", "/doi-tac/post", "pause"),
        ("/lich?kind=timer", "/lich/timers", "run"),
    ],
)
def test_an_act_leads_back_to_its_view(admin: Visitor, view: str, action: str, act: str) -> None:
    form = fields(admin.page(f"{view}&told=done"), action)
    refused = admin.post(action, {**form, "action": act, "reason": " "})
    assert (refused.status, fields(refused.body.decode(), action)["next"]) == (400, view)
    done = admin.post(action, {**form, "action": act, "reason": "x"})
    assert (done.status, done.headers["location"]) == (303, f"{view}&told=done")


def test_no_form_leads_elsewhere(admin: Visitor) -> None:
    asked = (("//evil.example/", "/"), ("https://evil.example", "/"), ("", "/doi-tac"))
    for (given, where), action in zip(asked, ("pause", "resume", "pause"), strict=True):
        act = {"action": action, "reason": "x", "next": given}
        assert admin.post("/doi-tac/post", act).headers["location"] == f"{where}?told=done"


def test_what_is_refused_is_told_in_vietnamese(admin: Visitor) -> None:
    page = text_of(admin.get("/tai-khoan?use=never").body.decode())
    assert "phải là một trong: " in page
    assert "'off', 'idle'" in page
    assert "should be" not in page
