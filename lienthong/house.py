"""All processes of one system on one machine: the database server, and the roles as child processes.

Used by `lienthong run` and by whatever needs a whole running system for a while. What a role does is in its command.
"""

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

import structlog

from engine.errors import DatabaseServerError
from engine.settings import Settings
from engine.storage import migrations
from engine.storage.embedded import EmbeddedPostgres, database_url
from lienthong.assembly import System
from lienthong.children import Family, child_environment
from lienthong.ports import answers, claim_port, next_free_port
from lienthong.seeding import development_admin, settle_in

log = structlog.get_logger(__name__)

_Handler = Callable[[int, FrameType | None], object] | int | None
_GRACE_S, _PATIENCE_S = 1.5, 1.0  # for the children, for the database: together less than three seconds
_LOOK_S = 0.1
_READY_S = 60.0


class House:
    """One whole system: `opened()` starts it and ends it, `serve()` keeps it alive until it is asked to stop."""

    def __init__(
        self, settings: Settings, environment: Mapping[str, str], *, simulate: bool, workers: int, port: int
    ) -> None:
        self._settings, self._environment = settings, environment
        self._simulate, self._workers = simulate, workers
        self.host = settings.web.host
        self.port, self._claim = claim_port(self.host, port)
        self._server = (
            None if settings.database.url else EmbeddedPostgres(settings.data_dir, settings.database)
        )
        self._family = Family()
        self._stopping = False
        self.simulators: str | None = None
        self.admin_password: str | None = None

    @property
    def address(self) -> str:
        """Where the console is."""
        return f"http://{self.host}:{self.port}"

    @property
    def stopping(self) -> bool:
        """Whether a signal asked us to end."""
        return self._stopping

    @property
    def database_url(self) -> str:
        """The system's database."""
        return database_url(self._settings)

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Everything is up and answering inside the block, and gone after it, also after a signal.

        Raises:
            DatabaseServerError: the database or the web does not come up.
        """
        former = _heed(self._stop, self._interrupt)
        try:
            self._open()
            yield
        finally:
            self._family.stop(_GRACE_S)
            if self._server is not None:
                self._server.stop(patience_s=_PATIENCE_S)
            for number, handler in former.items():
                signal.signal(number, handler)

    def serve(self) -> None:
        """Return after Ctrl-C or a request to stop; until then, whatever ends is started again."""
        try:
            while not self._stopping:
                self.look()
                time.sleep(_LOOK_S)  # noqa: TID251  # signals interrupt it
        except KeyboardInterrupt:
            log.info("stopping")

    def look(self) -> None:
        """Start again whatever ended."""
        if self._server is not None and not self._server.running:
            log.warning("database_server_ended")
            self._server.start()
        self._family.look()

    def _open(self) -> None:
        if self._server is not None:
            self._server.start()
        migrations.upgrade(self.database_url)
        system = System(self._settings, self.database_url)
        settle_in(system, renew=self._simulate)
        if self._simulate:
            self.admin_password = development_admin(system)
        system.close()
        sim_port = next_free_port("127.0.0.1", 0) if self._simulate else None
        environment = child_environment(self._environment, self._changes(sim_port))
        self._family.add("web", "web", environment=environment)
        if sim_port is not None:
            words = ("--port", str(sim_port), "--callback-url", self.address)
            self._family.add("simulators", "simulators", *words, environment=environment)
        self._await(self.host, self.port, "the web")
        for number in range(1, self._workers + 1):
            self._family.add(f"worker {number}", "worker", environment=environment)
        self._family.add("scheduler", "scheduler", environment=environment)
        if sim_port is not None:
            self._await("127.0.0.1", sim_port, "the simulators")
            self.simulators = f"http://127.0.0.1:{sim_port}"

    def _changes(self, sim_port: int | None) -> dict[str, str]:
        """What the children are told beside our own environment."""
        changes = {
            "DATABASE_URL": self.database_url,
            "LIENTHONG_WEB_PORT": str(self.port),
            "LIENTHONG_WEB_CONSOLE_OPEN": "yes",
        }
        if "LIENTHONG_LOG_LEVEL" not in self._environment:
            changes["LIENTHONG_LOG_LEVEL"] = "warning"
        if sim_port is not None:
            changes["LIENTHONG_SIMULATORS_URL"] = f"http://127.0.0.1:{sim_port}"
            if "LIENTHONG_WEB_PARTNER_KEYS" not in self._environment:
                changes["LIENTHONG_WEB_PARTNER_KEYS"] = "no"  # simulated partners have no keys of ours
        return changes

    def _await(self, host: str, port: int, who: str) -> None:
        until = time.monotonic() + _READY_S
        while not answers(host, port):
            self.look()
            if self._stopping:
                raise KeyboardInterrupt
            if time.monotonic() > until:
                raise DatabaseServerError(reason=f"{who} did not come up; see the lines above")
            time.sleep(0.02)  # noqa: TID251  # it is another process that begins to listen

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        """Ctrl-C is remembered before it is raised: what it is raised in may swallow it, as Python's callbacks around a
        fork do.
        """
        self._stop(number, frame)
        raise KeyboardInterrupt


def _heed(
    stop: Callable[[int, FrameType | None], None], interrupt: Callable[[int, FrameType | None], None]
) -> dict[int, _Handler]:
    """Have signals end us, and give the handlers they had. Of those that were ignored when we were started, Ctrl-C counts
    all the same (a shell ignores it for what it starts with ``&``), a hang-up does not (that is what nohup is for).
    """
    wanted: dict[int, _Handler] = {signal.SIGTERM: stop, signal.SIGINT: interrupt}
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        wanted[signal.SIGHUP] = stop
    return {number: signal.signal(number, handler) for number, handler in wanted.items()}
