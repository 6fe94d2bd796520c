"""A partner's secrets at its page: told by name, source and age; a new one tested and put in force by who may."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.registry import ContractPartners
from engine.actions import secrets
from engine.storage import partners as rows
from lienthong.directory import ContractDirectory
from tests.support.console import Visitor, text_of
from tests.support.counter import Counter, Reply, open_counter
from tests.support.locked_partner import NEW, OLD, LockedPartner, agency

PAGE = "/doi-tac/agency"


@pytest.fixture
def partner() -> Iterator[LockedPartner]:
    opened = LockedPartner(OLD)
    yield opened
    opened.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "agency.secret"
    path.write_text(OLD, encoding="utf-8")
    return path


@pytest.fixture
def port(tmp_path: Path, file: Path, partner: LockedPartner) -> Iterator[ContractPartners]:
    with agency(tmp_path, file, partner) as made:
        yield made


@pytest.fixture
def counter(database: object, port: ContractPartners) -> Iterator[Counter]:
    directory = ContractDirectory(port.contracts)
    with open_counter(database.url, partners=directory, checking=port, secrets=port) as opened:  # type: ignore[attr-defined]
        with opened.store.transaction() as connection:
            rows.ensure(connection, ["agency"])
        secrets.settle(opened.store, port)
        yield opened


def act(visitor: Visitor, action: str, **more: str) -> Reply:
    seen = re.search(r'name="seen" value="([0-9a-f]{32})"', visitor.page(PAGE))
    assert seen is not None
    given = {"action": action, "reason": "yearly", "seen": seen[1], **more}
    return visitor.post(f"{PAGE}/bi-mat?lang=en", given)


def used(counter: Counter) -> object:
    return counter.scalar("SELECT secret_revision FROM partner WHERE name = 'agency'")


def test_names_sources_and_ages_are_told_and_no_value(counter: Counter, file: Path) -> None:
    viewer = Visitor(counter, "viewer")
    file.write_text(NEW, encoding="utf-8")
    page = viewer.page(f"{PAGE}?lang=en")
    shown = text_of(page)
    assert "LIENTHONG_PARTNER_AGENCY_SECRET_FILE file" in shown
    assert "! The file holds a new one, not in force:" in shown
    assert "LIENTHONG_PARTNER_AGENCY_INBOUND_SECRET not set" in shown
    assert not any(one in page for one in (OLD, NEW, str(file)))
    assert "Tệp có bí mật mới, chưa dùng:" in text_of(viewer.page(f"{PAGE}?lang=vi"))


def test_a_test_changes_nothing_and_tells_the_stage(
    counter: Counter, file: Path, partner: LockedPartner
) -> None:
    operator = Visitor(counter, "operator")
    file.write_text(NEW, encoding="utf-8")
    tested = act(operator, "test")
    assert (tested.status, "Failed at: Authentication" in text_of(tested.body.decode())) == (200, True)
    partner.accepts(OLD, NEW)
    assert "No stage failed" in text_of(act(operator, "test").body.decode())
    assert used(counter) == 0
    failed = (
        "SELECT string_agg(coalesce(facts ->> 'failed', 'none'), ',' ORDER BY id)"
        " FROM audit WHERE what = 'partner-secret-tested'"
    )
    assert counter.scalar(failed) == "authentication,none"


def test_it_is_put_in_force_only_when_its_test_is_passed(
    counter: Counter, file: Path, partner: LockedPartner, port: ContractPartners
) -> None:
    operator = Visitor(counter, "operator")
    file.write_text(NEW, encoding="utf-8")
    refused = act(operator, "use")
    told = text_of(refused.body.decode())
    assert (refused.status, "the old secret stays in force: the test failed at authentication" in told) == (
        409,
        True,
    )
    assert "Failed at: Authentication" in told
    assert used(counter) == 0
    partner.accepts(OLD, NEW)
    assert act(operator, "use").status == 303
    partner.accepts(NEW)
    assert used(counter) == 1
    assert all(one.ok is not False for one in port.check("agency"))
    assert "The file holds a new one" not in text_of(operator.page(f"{PAGE}?lang=en"))
    assert counter.scalar("SELECT reason FROM audit WHERE what = 'partner-secret-used'") == "yearly"
    everything = str(counter.scalar("SELECT string_agg(a::text, ' ') FROM audit a"))
    assert not any(one in everything for one in (OLD, NEW))


def test_only_who_may_with_a_reason_as_it_was_seen(
    counter: Counter, file: Path, partner: LockedPartner
) -> None:
    operator, viewer = Visitor(counter, "operator"), Visitor(counter, "viewer")
    before = len(partner.shown)
    assert act(viewer, "use").status == 403
    assert act(operator, "use", reason=" ").status == 400
    assert act(operator, "use", seen="0" * 32).status == 412
    assert act(operator, "explode").status == 400
    file.unlink()
    gone = act(operator, "use")
    assert (gone.status, "file cannot be read" in gone.body.decode()) == (409, True)
    assert (used(counter), len(partner.shown)) == (0, before)


def test_a_system_that_sends_nothing_tests_no_secret(database: object, port: ContractPartners) -> None:
    given = {"partners": ContractDirectory(port.contracts), "secrets": port, "may_send": lambda: False}
    with open_counter(database.url, **given) as counter:  # type: ignore[attr-defined]
        refused = act(Visitor(counter, "operator"), "use")
        assert (refused.status, "this system sends nothing" in refused.body.decode()) == (400, True)
