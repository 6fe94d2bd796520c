"""A partner's secret is rotated under a worker that runs, against a partner that takes one of them only."""

import base64
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.registry import ContractPartners, load
from engine import errors
from engine.actions import drift, secrets
from engine.queries.drift import of_partner
from engine.queries.partners import held_secrets
from engine.storage import partners as rows
from engine.storage import presences
from engine.storage.database import Store
from engine.storage.partners import HeldPartner
from engine.storage.presences import Process
from engine.worker.senders import SendLoop
from tests.support.locked_partner import NEW, OLD, LockedPartner, agency, write


@pytest.fixture
def partner() -> Iterator[LockedPartner]:
    opened = LockedPartner(OLD)
    yield opened
    opened.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "agency.secret"
    write(path, OLD)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


@pytest.fixture
def port(tmp_path: Path, file: Path, partner: LockedPartner) -> Iterator[ContractPartners]:
    with agency(tmp_path, file, partner) as made:
        yield made


@pytest.fixture
def other(tmp_path: Path, file: Path, partner: LockedPartner) -> Iterator[ContractPartners]:
    """The same in another process."""
    with agency(tmp_path, file, partner) as made:
        yield made


@pytest.fixture
def store(database: object, port: ContractPartners) -> Iterator[Store]:
    made = Store(database.url)  # type: ignore[attr-defined]
    with made.transaction() as connection:
        rows.ensure(connection, ["agency"])
    secrets.settle(made, port)
    yield made
    made.close()


def as_it_is(_: HeldPartner) -> None:
    """Whatever it is, it was seen."""


def use(store: Store, port: ContractPartners) -> list[tuple[str, bool | None]]:
    found = secrets.use(store, port, "agency", by="lan", reason="yearly", seen=as_it_is)
    return [(one.stage, one.ok) for one in found]


def works(port: ContractPartners) -> bool:
    return all(one.ok is not False for one in port.check("agency"))


def test_a_changed_file_is_not_taken_before_a_person_says_so(
    store: Store, port: ContractPartners, file: Path, partner: LockedPartner
) -> None:
    write(file, NEW)
    secrets.settle(store, port)
    assert works(port)
    [ours, _] = port.secrets("agency")
    assert (ours.name, ours.source, ours.is_waiting) == ("LIENTHONG_PARTNER_AGENCY_SECRET_FILE", "file", True)
    assert ours.changed_at is not None
    assert ours.changed_at.year == 2023
    assert NEW not in repr(port.secrets("agency"))
    assert set(partner.shown) == {OLD}


def test_a_new_secret_that_the_partner_does_not_take_stays_out_of_force(
    store: Store, port: ContractPartners, file: Path
) -> None:
    write(file, NEW)
    assert use(store, port)[-1] == ("authentication", False)
    assert works(port)
    with store.reading() as connection:
        assert rows.secret_revisions(connection) == {"agency": 0}


def test_one_that_is_taken_is_in_force_in_every_process_within_its_look(
    store: Store, port: ContractPartners, other: ContractPartners, file: Path, partner: LockedPartner
) -> None:
    secrets.settle(store, other)
    write(file, NEW)
    partner.accepts(OLD, NEW)
    assert use(store, port)[-1] == ("contract", True)
    partner.accepts(NEW)
    assert works(port)
    assert not works(other)
    secrets.settle(store, other)
    assert works(other)
    [ours, _] = other.secrets("agency")
    assert (ours.is_waiting, ours.revision) == (False, 1)


def test_a_sender_that_runs_takes_it_without_a_restart(
    store: Store, port: ContractPartners, other: ContractPartners, file: Path, partner: LockedPartner
) -> None:
    breaker = rows.BreakerPolicy(failures=3, open_s=1.0)
    loop = SendLoop(store, other, threading.Event(), worker="w", poll_s=0.05, margin_s=10.0, breaker=breaker)
    loop.start()
    try:
        until_holds(other, 0)
        write(file, NEW)
        partner.accepts(OLD, NEW)
        use(store, port)
        until_holds(other, 1)
    finally:
        loop.stop(drain_s=5.0)
    partner.accepts(NEW)
    assert works(other)


def until_holds(port: ContractPartners, revision: int) -> None:
    until = time.monotonic() + 10
    while port.secrets("agency")[0].revision != revision or not port.secrets_in_use():
        assert time.monotonic() < until
        threading.Event().wait(0.02)


@pytest.mark.parametrize("content", ["", None, b"\xff\xfe"], ids=["empty", "missing", "no text"])
def test_a_file_that_cannot_be_read_is_refused_here_and_told_of_elsewhere(
    store: Store, port: ContractPartners, other: ContractPartners, file: Path, content: str | bytes | None
) -> None:
    secrets.settle(store, other)
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(errors.ActionNotNow):
        use(store, port)
    with store.transaction() as connection:
        rows.use_secret(connection, "agency")
    secrets.settle(store, other)
    assert works(other)
    held = other.secrets_in_use()["agency"]
    assert isinstance(held, dict)
    assert (held["revision"], str(held["trouble"]).startswith("the secret's file")) == (0, True)
    process = Process(name="w1", role="worker", host="h", pid=1, version="1")
    with store.transaction() as connection:
        presences.tell(
            connection, process, draining=False, contracts=other.hashes(), secrets=other.secrets_in_use()
        )
    assert drift.compare(store) >= 0
    with store.reading() as connection:
        [behind] = [one for one in of_partner(connection, "agency") if one.kind == "secret"]
        assert (behind.standing, behind.facts) == ("differs", {"behind": {"w1": held["trouble"]}})
        assert [one.trouble for one in held_secrets(connection, "agency")] == [held["trouble"]]


def test_nothing_of_it_is_kept_or_told(
    store: Store, port: ContractPartners, file: Path, partner: LockedPartner
) -> None:
    write(file, NEW)
    partner.accepts(OLD, NEW)
    use(store, port)
    with store.reading() as connection:
        told = connection.exec_driver_sql("SELECT string_agg(a::text, ' ') FROM audit a").scalar()
        kept = connection.exec_driver_sql("SELECT string_agg(p::text, ' ') FROM partner p").scalar()
    both = f"{told} {kept} {port.secrets_in_use()}"
    assert "partner-secret-used" in both
    encoded = base64.b64encode(f"us:{NEW}".encode()).decode()
    assert not any(one in both for one in (OLD, NEW, encoded, str(file)))


def test_a_secret_that_is_from_no_file_changes_at_a_restart_only() -> None:
    made = load()
    assert made.secrets("post")[0].source == "none"
    with pytest.raises(errors.SettingsError):
        made.check_new_secret("post")
    made.close()
