"""One partner's page: what its contract says, what was tried under another, and a test of the way to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.registry import ContractPartners, PartnerSettings, load
from lienthong.directory import ContractDirectory
from tests.support.console import Visitor, text_of
from tests.support.console_rows import add_call
from tests.support.counter import Counter, open_counter
from tests.support.raw_partner import RawPartner, http

CONTRACT = """\
partner: agency
title: { vi: Cơ quan mẫu, en: Sample agency }
label: sample
basis: Invented for the tests of this page.
version: "2.1"
contact: { name: Bà Mai, phone: "0900 000 000", email: mai@agency.example, hours: 7:30-17:00 }
limits: { rate: 10 a second, hours: "24/7" }
operations:
  ask:
    title: { vi: Hỏi, en: Ask }
    method: GET
    path: /ask
    reply_schema: { type: object, required: [ok] }
    repeat: idempotent
    window: 3
check: { operation: ask }
"""
GOOD, WRONG = http(b'{"ok": true}'), http(b'{"no": 1}')


@pytest.fixture
def agency() -> Iterator[RawPartner]:
    partner = RawPartner(lambda _: GOOD)
    yield partner
    partner.close()


@pytest.fixture
def port(tmp_path: Path, agency: RawPartner) -> Iterator[ContractPartners]:
    folder = tmp_path / "agency"
    folder.mkdir()
    (folder / "contract.yaml").write_text(CONTRACT)
    made = load([tmp_path], {"agency": PartnerSettings(url=agency.url, private=True)}, built_in=None)
    yield made
    made.close()


@pytest.fixture
def counter(database: object, port: ContractPartners) -> Iterator[Counter]:
    directory = ContractDirectory(port.contracts)
    with open_counter(database.url, partners=directory, checking=port) as opened:  # type: ignore[attr-defined]
        yield opened


def test_what_the_contract_says_is_told(counter: Counter, port: ContractPartners) -> None:
    page = Visitor(counter, "viewer").page("/doi-tac/agency?lang=en")
    shown = text_of(page)
    assert port.contract("agency").hash in shown
    assert "Version 2.1" in shown
    assert "Bà Mai · telephone 0900 000 000" in shown
    assert 'href="mailto:mai@agency.example"' in page
    assert "At once (calls, per worker) 3 3" in shown
    assert "10 a second" in shown
    assert "Nothing was compared yet" in shown


def test_a_partner_is_called_in_the_language_of_the_page(counter: Counter, port: ContractPartners) -> None:
    viewer = Visitor(counter, "viewer")
    for address in ("/doi-tac", "/doi-tac/agency"):
        assert "Cơ quan mẫu" in viewer.page(address)
        assert "Sample agency" not in viewer.page(address)
        assert "Sample agency" in viewer.page(f"{address}?lang=en")


def test_open_calls_that_were_tried_under_another_content_are_drift(
    counter: Counter, port: ContractPartners
) -> None:
    code = counter.new_dossier()
    now, before = port.contract("agency").hash, "0123456789abcdef"
    for given in (before, before, now, ""):
        call = add_call(counter, code)
        with counter.store.transaction() as connection:
            connection.exec_driver_sql(
                "UPDATE attempt SET contract_hash = %s WHERE call_id = %s", (given, call)
            )
    over = add_call(counter, code, "done")
    with counter.store.transaction() as connection:
        connection.exec_driver_sql("UPDATE attempt SET contract_hash = 'x' WHERE call_id = %s", (over,))
    shown = text_of(Visitor(counter, "viewer").page("/doi-tac/agency?lang=en"))
    assert "2 open calls were tried under other content: 0123456789ab" in shown
    assert "1 open calls" not in shown


def test_the_way_there_is_tested_and_the_failed_stage_named(counter: Counter, agency: RawPartner) -> None:
    operator = Visitor(counter, "operator")
    reply = operator.post("/doi-tac/agency/thu?lang=en", {"reason": "they say all is well"})
    assert reply.status == 200
    assert "No stage failed" in text_of(reply.body.decode())
    agency.reply = lambda _: WRONG
    told = text_of(operator.post("/doi-tac/agency/thu?lang=vi", {"reason": "x"}).body.decode())
    assert "Hỏng ở bước: Hợp đồng" in told
    agency.close()
    told = text_of(operator.post("/doi-tac/agency/thu?lang=en", {"reason": "x"}).body.decode())
    assert "Failed at: Connection (TCP)" in told
    assert (
        counter.scalar("SELECT string_agg(facts ->> 'failed', ',') FROM audit WHERE what = 'partner-checked'")
        == "contract,tcp"
    )
    assert counter.scalar("SELECT count(*) FROM audit WHERE what = 'partner-check'") == 3


def test_only_who_may_tests_and_says_why(counter: Counter, agency: RawPartner) -> None:
    operator, viewer = Visitor(counter, "operator"), Visitor(counter, "viewer")
    assert operator.post("/doi-tac/agency/thu", {"reason": " "}).status == 400
    assert operator.post("/doi-tac/nobody/thu", {"reason": "x"}).status == 404
    assert operator.post("/doi-tac/agency/thu", {"reason": "x"}, token="0" * 64).status == 403
    assert viewer.post("/doi-tac/agency/thu", {"reason": "x"}).status == 403
    assert "disabled>Thử kết nối</button>" in viewer.page("/doi-tac/agency")
    assert agency.requests == []


def test_a_system_that_sends_nothing_tests_nothing(database: object, port: ContractPartners) -> None:
    silent = {"checking": port, "partners": ContractDirectory(port.contracts), "may_send": lambda: False}
    with open_counter(database.url, **silent) as counter:  # type: ignore[attr-defined]
        reply = Visitor(counter, "operator").post("/doi-tac/agency/thu", {"reason": "x"})
        assert reply.status == 400
        assert "hệ thống này không gửi gì" in reply.body.decode()
        assert counter.scalar("SELECT count(*) FROM audit WHERE what = 'partner-check'") == 0


def test_programs_test_the_way_too(counter: Counter, agency: RawPartner) -> None:
    key = counter.new_key("watch", "partners", "dossiers:read")
    agency.reply = lambda _: WRONG
    told = counter.post("/api/v1/partners/agency/check", {"reason": "nightly"}, key=key).json
    assert told["ok"] is False
    assert told["stages"][-1]["saw"] == "unfit"  # type: ignore[index]
    read = counter.get("/api/v1/partners/agency", key=key).json
    assert (read["contract_version"], read["window"], read["attempts"]) == ("2.1", 3, 0)
