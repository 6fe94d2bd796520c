"""What a key or an account belongs to: an office and a partner that there are, or nothing."""

import pytest

from engine import errors
from engine.actions import accounts, keys
from tests.support.console import PASSWORD, Visitor
from tests.support.counter import Counter


@pytest.fixture
def admin(counter: Counter) -> Visitor:
    return Visitor(counter, "admin")


def keys_there(counter: Counter) -> object:
    return counter.scalar("SELECT count(*) FROM api_key")


def test_a_key_of_an_office_that_there_is_not_is_refused_and_not_made(counter: Counter) -> None:
    before = keys_there(counter)
    with pytest.raises(errors.RequestInvalid, match=r"no unit H99\.41"):
        keys.create(counter.store, "lost", scopes=["work-items"], unit="H99.41")
    assert keys_there(counter) == before


@pytest.mark.parametrize("scope", ["messages", "mailbox"])
def test_a_key_that_speaks_for_nobody_is_refused(counter: Counter, scope: str) -> None:
    with pytest.raises(errors.RequestInvalid, match="needs a partner"):
        keys.create(counter.store, "lost", scopes=[scope])
    assert keys.create(counter.store, "all", scopes=["admin", scope]).name == "all"


def test_the_console_refuses_a_key_of_a_partner_without_contract(counter: Counter, admin: Visitor) -> None:
    before = keys_there(counter)
    refused = admin.post("/khoa", {"name": "lost", "scope": "messages", "partner": "agenzy"})
    assert refused.status == 404
    assert "agenzy" in refused.body.decode()
    assert 'value="lost"' in refused.body.decode()
    assert keys_there(counter) == before
    assert admin.post("/khoa", {"name": "theirs", "scope": "messages", "partner": "agency"}).status == 200


def test_an_account_of_an_office_that_there_is_not_is_refused(counter: Counter, admin: Visitor) -> None:
    refused = admin.post("/tai-khoan", {"name": "lan", "role": "officer", "unit": "H99.41"})
    assert refused.status == 400
    assert "không có đơn vị H99.41" in refused.body.decode()
    assert counter.scalar("SELECT count(*) FROM account WHERE name = 'lan'") == 0


def test_who_belongs_to_an_office_that_is_gone_can_still_be_switched_off(counter: Counter) -> None:
    counter.has_unit("H99.42")
    lan = accounts.create(counter.store, "lan", PASSWORD, roles=["officer"], unit="H99.42", by="test")
    assert counter.scalar("DELETE FROM unit WHERE code = 'H99.42' RETURNING 1") == 1
    changed = {"roles": ["officer"], "enabled": False, "by": "test", "reason": "left"}
    accounts.change(counter.store, lan, unit="H99.42", **changed)
    with pytest.raises(errors.RequestInvalid, match=r"no unit H99\.43"):
        accounts.change(counter.store, lan, unit="H99.43", **changed)
