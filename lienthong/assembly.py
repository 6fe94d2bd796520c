"""The composition root: builds each part from the settings and hands it to the parts that need it.

The only module that names concrete classes of every room. It starts nothing and reads no environment. Rooms are
imported when they are first asked for, so that a process loads only what it plays.
"""

import os
import secrets
import socket
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from engine import errors
from engine.clock import Clock, DemoClock
from engine.exchange.ports import Arrival
from engine.settings import Settings
from engine.storage import installation
from engine.storage.database import Store
from engine.storage.embedded import database_url

if TYPE_CHECKING:
    from flask import Flask

    from adapters.registry import ContractPartners
    from adapters.simulator import Simulators
    from engine.actions.backups import BackupPolicy
    from engine.actions.deploy import DeploymentShelf
    from engine.exchange.sign_on import SignOn
    from engine.worker import Worker, WorkerPolicy
    from engine.worker.jobs import JobPolicy
    from schedules.ticker import Ticker
    from web.rates import Rate

log = structlog.get_logger(__name__)


class System:
    """One process's view of the system; each part is built when it is first asked for."""

    def __init__(self, settings: Settings, url: str | None = None) -> None:
        self.settings = settings
        self.url = url or database_url(settings)

    # -- what every role needs -----------------------------------------------------------------------

    @cached_property
    def store(self) -> Store:
        """The database with its pool."""
        return Store(self.url, pool_size=self.settings.database.pool_size)

    @cached_property
    def asked_store(self) -> Store:
        """The same database for the web, where no statement may keep a caller waiting for ever."""
        mark = "&" if "?" in self.url else "?"
        limit_ms = round(self.settings.web.statement_s * 1000)
        limit = "" if "options=" in self.url else f"{mark}options=-c%20statement_timeout%3D{limit_ms}"
        return Store(self.url + limit, pool_size=self.settings.database.pool_size)

    @cached_property
    def working_store(self) -> Store:
        """The same database with the pool of a worker, whose statements are planned once a connection."""
        return Store(self.url, pool_size=self.settings.database.pool_size, steady=True)

    @cached_property
    def clock(self) -> Clock:
        """The machine's time, moved by the demo's offset where one is stored."""
        return DemoClock(installation.DemoOffset(self.store))

    @cached_property
    def deployments(self) -> "DeploymentShelf":
        """Stored deployments by id."""
        from engine.actions.deploy import DeploymentShelf

        return DeploymentShelf(self.store)

    @cached_property
    def partners(self) -> "ContractPartners":
        """Every partner that a contract describes, with this installation's addresses and credentials.

        Raises:
            ContractInvalid: names the file and the place in it.
        """
        from adapters import registry

        said = {
            name: registry.PartnerSettings(
                url=partner.url,
                user=partner.user,
                secret=partner.secret,
                secret_file=partner.secret_file,
                inbound_secret=partner.inbound_secret,
                inbound_secret_file=partner.inbound_secret_file,
                private=partner.private,
                values=partner.values,
            )
            for name, partner in self.settings.partners.items()
        }
        return registry.load(
            self.settings.partners_path, said, simulators=self.settings.simulators_url or None
        )

    def may_send(self) -> bool:
        """Whether the database is of this environment; a copy under another name must send nothing."""
        with self.store.transaction() as connection:
            same = installation.belongs_to(connection, self.settings.environment_name)
        if not same:
            log.warning("nothing_is_sent", reason="the database belongs to another environment")
        return same

    def close(self) -> None:
        """Give the connections back."""
        if "partners" in self.__dict__:  # only if somebody asked for them
            self.partners.close()
        for name in {
            "store",
            "asked_store",
            "working_store",
        } & self.__dict__.keys():  # those that were asked for
            getattr(self, name).close()

    # -- roles ---------------------------------------------------------------------------------------

    def worker(self, name: str | None = None) -> "Worker":
        """A worker process's work; *name* marks its leases and must be its own."""
        from engine.runtime.interpreter import SpiffInterpreter
        from engine.worker import Worker
        from lienthong import __version__
        from lienthong.silence import SilentPartners

        return Worker(
            self.working_store,
            lambda: SpiffInterpreter(self.deployments),
            self.partners if self.may_send() else SilentPartners(self.partners),
            self.deployments,
            self.clock,
            name=name or _process_name(),
            policy=self.worker_policy(),
            version=__version__,
        )

    def worker_policy(self) -> "WorkerPolicy":
        """Every time and size of a worker, from the settings."""
        from engine.actions.apply import ApplyPolicy
        from engine.storage.partners import BreakerPolicy
        from engine.worker import WorkerPolicy

        said = self.settings.worker
        return WorkerPolicy(
            apply=ApplyPolicy(
                group_size=said.group_size,
                lease_s=said.event_lease_s,
                poison_starts=said.poison_starts,
                retry_s=said.event_retry_s,
            ),
            jobs=self.job_policy(),
            backup=self.backup_policy(),
            breaker=BreakerPolicy(
                failures=self.settings.breaker.failures, open_s=self.settings.breaker.open_s
            ),
            appliers=said.appliers,
            poll_s=said.poll_s,
            lease_margin_s=said.lease_margin_s,
            message_keep_days=float(self.settings.schedules.message_keep_days),
            answer_keep_days=self.settings.schedules.answer_keep_days,
            drain_s=said.drain_s,
        )

    def job_policy(self) -> "JobPolicy":
        """The background jobs' times, from the settings."""
        from engine.worker.jobs import JobPolicy

        jobs, schedules = self.settings.jobs, self.settings.schedules
        return JobPolicy(
            heartbeat_s=jobs.heartbeat_s,
            stalled_s=jobs.stalled_s,
            sweep_s=jobs.sweep_s,
            concurrency=jobs.concurrency,
            timers_s=schedules.timers_s,
            leases_s=schedules.leases_s,
            feeds_s=schedules.feeds_s,
            messages_s=schedules.messages_s,
            tallies_s=schedules.tallies_s,
            purge_s=schedules.purge_s,
            anchors=schedules.anchors,
            descriptions=schedules.descriptions,
            backup=self.settings.backup.at if self.settings.backup.folder is not None else "",
        )

    def backup_policy(self, folder: Path | None = None) -> "BackupPolicy | None":
        """How backups are made in *folder*, by default the settings'; None where there is none."""
        from engine.actions.backups import BackupPolicy

        said = self.settings.backup
        wanted = folder or said.folder
        if wanted is None:
            return None
        return BackupPolicy(
            folder=wanted,
            environment=self.settings.environment_name,
            keep=said.keep,
            verify=said.verify,
            programs=self.settings.database.postgres_bin,
        )

    def web(self) -> "Flask":
        """The web application."""
        self._settle_secrets()
        from adapters.inbound import ContractInbound
        from engine.actions import refusals
        from engine.actions.receive import take_message
        from lienthong import __version__
        from lienthong.directory import ContractDirectory
        from lienthong.offers import offers
        from schedules.timetable import next_fire
        from web.app import create_app
        from web.container import Container

        said = self.settings.web
        keep_days = float(self.settings.schedules.message_keep_days)

        def take(arrival: Arrival) -> bool:
            return take_message(self.store, arrival, now=self.clock.now(), keep_days=keep_days)

        return create_app(
            Container(
                store=self.asked_store,
                clock=self.clock,
                secret=self.web_secret(),
                inbound=ContractInbound(self.partners, take, partial(refusals.note, self.store)),
                mailboxes=self.partners,
                checking=self.partners,
                secrets=self.partners,
                may_send=self.may_send,
                partners=ContractDirectory(self.partners.contracts),
                max_body_bytes=said.max_body_bytes,
                max_document_bytes=said.max_document_bytes,
                message_keep_days=keep_days,
                console_open=said.console_open,
                session_idle_s=said.session_idle_s,
                partner_keys=said.partner_keys,
                public_url=said.public_url,
                version=__version__,
                environment=self.settings.environment_name,
                backup_old_h=self.settings.backup.old_h,
                next_fire=next_fire,
                rate=_rate(said.rate_per_s),
                stranger_rate=_rate(said.wrong_keys_per_s),
                sign_on=self.sign_on(),
                offered=lambda: offers(self.settings.partners_path),
            )
        )

    def sign_on(self) -> "SignOn | None":
        """The identity provider of the settings. Raises: SettingsError."""
        said = self.settings.oidc
        if not said.issuer:
            return None
        from adapters.outbound import Door
        from adapters.sign_on import OidcSignOn, Provider

        return OidcSignOn(
            Provider(
                issuer=said.issuer,
                client_id=said.client_id,
                client_secret=said.client_secret,
                scopes=said.scopes,
                title=said.title,
                private=said.private,
            ),
            Door(),
        )

    def ticker(self) -> "Ticker":
        """The scheduler's look at the timetable; has the rows of our own jobs in it."""
        from engine.actions.presence import Presence
        from engine.actions.tick import defer_due
        from engine.storage import jobs, schedules
        from engine.storage.presences import Process
        from engine.worker.jobs import timetable as planned
        from engine.worker.jobs import unplanned
        from lienthong import __version__
        from schedules.ticker import Ticker
        from schedules.timetable import next_fire

        with self.store.transaction() as connection:
            schedules.ensure(connection, planned(self.job_policy()))
            schedules.drop(connection, unplanned(self.job_policy()))

        process = Process(
            name=_process_name(),
            role="scheduler",
            host=socket.gethostname(),
            pid=os.getpid(),
            version=__version__,
        )
        presence = Presence(self.store, process)

        def tick() -> object:
            presence.tell()
            return defer_due(self.store, next_fire=next_fire, defer=jobs.defer)

        return Ticker(tick, self.settings.schedules.tick_s, ended=presence.leave)

    def simulators(self, port: int, callback_url: str | None) -> "Simulators":
        """Running simulators of all partners on loopback; their journal is kept with the data."""
        from adapters.simulator import serve

        folder = self.settings.data_dir / "simulators"
        folder.mkdir(parents=True, exist_ok=True)
        return serve(self.partners.contract, port=port, journal_dir=folder, callback_url=callback_url)

    def _settle_secrets(self) -> None:
        """Hold the partners' secrets as they are in force now; a later change is taken only when a person says so."""
        from engine.actions import secrets as partner_secrets

        try:
            partner_secrets.settle(self.store, self.partners)
        except errors.StoreError as error:  # a web answers also while its database is away
            log.warning("partner_secrets_not_settled", reason=error.message)

    # -- the web's secret ----------------------------------------------------------------------------

    def web_secret(self) -> bytes:
        """What signs cursors and cookies: the setting, or a secret made once and kept in the data folder."""
        if self.settings.web.secret_key:
            return self.settings.web.secret_key.encode()
        return _kept_secret(self.settings.data_dir / "web.secret")


def _process_name() -> str:
    """What marks this process's leases: told from any other's, on any machine, before and after."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"


def _rate(per_s: float) -> "Rate | None":
    """Ten seconds' worth may come at once."""
    from web.rates import Rate

    return Rate(per_s=per_s, burst=max(1, round(per_s * 10))) if per_s else None


def _kept_secret(file: Path) -> bytes:
    file.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(secrets.token_urlsafe(32))
    return file.read_bytes()
