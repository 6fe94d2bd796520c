"""The composition root gives each role what the settings say, and a copy of a database sends nothing."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import pytest

from engine.errors import StoreError
from engine.exchange.ports import Dispatch, Outcome
from engine.settings import Settings, Web, Worker
from engine.storage import installation
from lienthong.assembly import System
from lienthong.seeding import settle_in
from lienthong.silence import SilentPartners


class HasUrl(Protocol):
    url: str


@pytest.fixture
def system(database: HasUrl, tmp_path: Path) -> Iterator[System]:
    system = System(Settings(data_dir=tmp_path, environment_name="home"), database.url)
    yield system
    system.close()


def test_a_database_belongs_to_the_first_environment_that_opened_it(system: System) -> None:
    assert system.may_send()
    copy = System(Settings(environment_name="training"), system.url)
    assert not copy.may_send()
    copy.close()
    assert system.may_send()


def test_silent_partners_are_known_but_never_spoken_to(system: System) -> None:
    silent = SilentPartners(system.partners)
    partner = system.partners.names()[0]
    operation = next(iter(system.partners.contract(partner).operations))
    dispatch = Dispatch(call=1, partner=partner, operation=operation, key="k", body=None, attempt=1)
    assert silent.terms(partner, operation) == system.partners.terms(partner, operation)
    assert (list(silent.names()), list(silent.feeds())) == ([], [])
    assert silent.send(dispatch).outcome is Outcome.NOT_SENT


def test_demo_time_is_told_by_every_clock_of_the_system(system: System) -> None:
    before = system.clock.now()
    with system.store.transaction() as connection:
        installation.put(connection, installation.DEMO_OFFSET_S, 7 * 86_400)
    other = System(system.settings, system.url)
    assert other.clock.now() - before >= timedelta(days=7)
    other.close()


def test_a_worker_gets_the_times_that_were_set(database: HasUrl) -> None:
    system = System(Settings(worker=Worker(poll_s=0.2, event_lease_s=3.0, lease_margin_s=1.5)), database.url)
    policy = system.worker_policy()
    assert (policy.poll_s, policy.apply.lease_s, policy.lease_margin_s) == (0.2, 3.0, 1.5)
    system.close()


def test_the_webs_secret_is_made_once_and_kept_private(system: System) -> None:
    secret = system.web_secret()
    assert secret == system.web_secret()
    assert len(secret) >= 32
    assert (system.settings.data_dir / "web.secret").stat().st_mode & 0o777 == 0o600
    assert (
        System(Settings(web=Web(secret_key="given-by-an-admin")), system.url).web_secret()
        == b"given-by-an-admin"
    )


def test_settling_in_again_deploys_nothing_twice(system: System) -> None:
    settle_in(system)
    settle_in(system, renew=True)
    assert system.deployments(1).code == "2.002621"
    assert system.web().url_map is not None


def test_no_statement_for_a_request_runs_for_ever(database: HasUrl, tmp_path: Path) -> None:
    system = System(Settings(data_dir=tmp_path, web=Web(statement_s=0.2)), database.url)
    with pytest.raises(StoreError), system.asked_store.reading() as connection:
        connection.exec_driver_sql("SELECT pg_sleep(5)")
    with system.store.reading() as connection:
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "0"
    system.close()
