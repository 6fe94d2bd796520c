"""The lists that are read whole can be narrowed, too: partners, accounts, keys; what is not shown is said."""

import re

import pytest
from sqlalchemy import text

from engine.actions import accounts, keys
from engine.storage import partners
from engine.storage.partners import BreakerPolicy
from tests.support.console import Visitor, text_of
from tests.support.console_rows import add_incident
from tests.support.counter import Counter
from tests.support.procedures import UNIT


@pytest.fixture
def admin(counter: Counter) -> Visitor:
    return Visitor(counter, "admin")


def headed(page: str, sign: str) -> list[str]:
    """The headings of the sections whose ids begin with *sign*."""
    found = re.findall(rf'<h2 id="{sign}-[^"]*">(.*?)</h2>', page)
    return [text_of(one).split()[-1 if sign == "p" else 0] for one in found]


def test_partners_are_found_by_how_they_stand_and_by_name(counter: Counter, admin: Visitor) -> None:
    with counter.store.transaction() as connection:
        partners.ensure(connection, ["bank", "post"])
        partners.pause(connection, "bank", "moves house")
        partners.record_failure(connection, "post", BreakerPolicy(failures=1, open_s=60))

    def shown(query: str) -> list[str]:
        return headed(admin.page(f"/doi-tac?{query}"), "p")

    assert shown("") == ["agency", "bank", "post"]
    assert shown("state=paused") == ["bank"]
    assert shown("state=down") == ["post"]
    assert shown("state=unused") == ["agency"]
    assert shown("label=sample") == ["agency"]
    assert shown("name=CO+QUAN") == ["agency"]
    assert "Không có gì khớp" in admin.page("/doi-tac?name=nobody")
    assert admin.get("/doi-tac?state=green").status == 400
    assert "post" not in admin.get("/doi-tac.csv?state=paused").body.decode()
    home = admin.page("/")
    assert 'href="/doi-tac?state=paused"' in home
    assert 'href="/doi-tac?state=down"' in home


def test_accounts_are_found_by_role_unit_and_use(counter: Counter, admin: Visitor) -> None:
    lan = accounts.create(counter.store, "lan", "a long password", roles=["officer"], unit=UNIT, by="test")
    accounts.create(counter.store, "mai", "a long password", roles=["viewer"], unit=None, by="test")
    with counter.store.transaction() as connection:
        connection.execute(text("UPDATE account SET enabled = false WHERE name = 'mai'"))
        connection.execute(
            text("UPDATE account SET created_at = now() - interval '91 days' WHERE id = :id"), {"id": lan}
        )

    def shown(query: str) -> list[str]:
        return headed(admin.page(f"/tai-khoan?{query}"), "a")

    assert shown("") == ["admin", "lan", "mai"]
    assert shown("role=officer") == shown(f"unit={UNIT}") == shown("use=idle") == shown("name=LA") == ["lan"]
    assert shown("use=off") == ["mai"]
    assert "Không có gì khớp" in admin.page("/tai-khoan?role=engineer")
    assert admin.get("/tai-khoan?use=x").status == 400
    assert "lan" not in admin.get("/tai-khoan.csv?use=off").body.decode()


def test_keys_are_found_by_state_scope_and_whose_they_are(counter: Counter, admin: Visitor) -> None:
    old = keys.create(counter.store, "old", scopes=("incidents",), unit=None, partner=None)
    keys.create(counter.store, "box", scopes=("mailbox",), unit=None, partner="agency", by="lan")
    keys.revoke(counter.store, old.text.split("_")[1], by="test")

    def shown(query: str) -> str:
        return text_of(admin.page(f"/khoa?{query}"))

    assert " box " in shown("partner=agency")
    assert " desk " not in shown("partner=agency")
    assert " lan " in shown("partner=agency")
    assert " old " in shown("state=revoked")
    assert " box " not in shown("state=revoked")
    assert " officer " in shown(f"unit={UNIT}")
    assert "Không có gì khớp" in shown("scope=incidents&state=in+force")
    assert admin.get("/khoa?state=green").status == 400


def test_an_empty_list_says_that_there_is_more_of_other_units(counter: Counter) -> None:
    code = counter.new_dossier()
    add_incident(counter, code)
    far = Visitor(counter, "viewer", unit="H98.01")
    for address in ("/ho-so", "/su-co", "/cuoc-goi", "/viec?status="):
        shown = text_of(far.page(address))
        assert "Bạn chỉ thấy những gì của cơ quan H98.01" in shown, address
    assert "Bạn chỉ thấy" not in Visitor(counter, "viewer", name="all").page("/ho-so?q=nobody")


def test_what_is_not_allowed_names_the_roles_to_ask_for(counter: Counter) -> None:
    refused = Visitor(counter, "viewer").get("/nhat-ky")
    assert refused.status == 403
    shown = text_of(refused.body.decode())
    assert "Vai trò có quyền này, xin quản trị viên: " in shown
    assert "Quản trị" in shown.split("xin quản trị viên: ")[1]


def test_versions_tell_their_name_and_open_incidents(counter: Counter, admin: Visitor) -> None:
    code = counter.new_dossier()
    add_incident(counter, code)
    page = admin.page("/quy-trinh?lang=en")
    assert "A test procedure" in page
    link = re.search(r'href="(/ho-so\?procedure=[^"]*)"', page)
    assert link is not None
    assert code in admin.page(link[1].replace("&amp;", "&"))


@pytest.mark.parametrize(
    "path", ["/ho-so", "/cuoc-goi", "/thong-diep", "/thong-diep/tu-choi", "/su-co", "/lo", "/nhat-ky"]
)
def test_the_last_day_there_is_ends_nothing(counter: Counter, path: str) -> None:
    assert Visitor(counter, "operator").get(f"{path}?until=9999-12-31").status == 200


def test_accounts_come_fifty_at_a_time_each_once(counter: Counter, admin: Visitor) -> None:
    with counter.store.transaction() as connection:
        fill = (
            "INSERT INTO account (name, roles) SELECT 'a' || n, '[\"viewer\"]' FROM generate_series(1, 119) n"
        )
        connection.execute(text(fill))
    found, address, pages = [], "/tai-khoan?role=viewer", 0
    while address:
        page = admin.page(address)
        found += headed(page, "a")
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address, pages = following[1].replace("&amp;", "&") if following else "", pages + 1
    assert (pages, len(found), len(set(found))) == (3, 119, 119)
    assert admin.get("/tai-khoan?cursor=made-up").status == 400
    assert len(admin.get("/tai-khoan.csv?role=viewer").body.decode().splitlines()) == 120
