"""What every test may ask for: a scrubbed environment, a throw-away PostgreSQL, a fresh database from a template."""

import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from itertools import count
from pathlib import Path

for _name in list(os.environ):
    if _name.startswith(("LIENTHONG_", "DATABASE_URL", "PG")):
        del os.environ[_name]

import psycopg  # noqa: E402
import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402
from psycopg import sql  # noqa: E402

from engine.storage.embedded import EmbeddedPostgres  # noqa: E402

# An example takes as long as the machine lets it: what must be fast is judged by the benchmarks. The examples are the same
# every time, so that a change alone makes a test fail; `make fuzz` looks for new ones.
settings.register_profile("lienthong", deadline=None, derandomize=True)
settings.load_profile("lienthong")

TEMPLATE = "template_migrated"
UNSAFE_BUT_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "autovacuum": "off",
    "max_wal_size": "4GB",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshDatabase:
    """One test's own database, migrated, without rows."""

    name: str
    url: str
    """For SQLAlchemy: `postgresql+psycopg://…`."""

    @property
    def dsn(self) -> str:
        """For psycopg: `postgresql://…`."""
        return self.url.replace("+psycopg", "", 1)


def _refuse(*_: object, **__: object) -> None:
    raise AssertionError("a unit test may not use the network; move it to tests/integration")


@pytest.fixture(autouse=True)
def _no_network_in_unit_tests(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "unit" in request.path.relative_to(request.config.rootpath).parts:
        monkeypatch.setattr(socket.socket, "connect", _refuse)


@pytest.fixture(scope="session")
def reachable_folder() -> Iterator[Path]:
    """A short folder, in memory where there is room, that the server's user reaches; gone after the session."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2 * 1024**3
    place = memory if roomy else Path(tempfile.gettempdir())
    for left in place.glob("lt-test-*-*"):
        if not Path("/proc", left.name.split("-")[2]).exists():  # of a session that was killed
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"lt-test-{os.getpid()}-", dir=place))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(reachable_folder: Path) -> Iterator[EmbeddedPostgres]:
    """A server that may forget everything at a power cut; one for each test process."""
    server = EmbeddedPostgres(reachable_folder, options=UNSAFE_BUT_FAST)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def new_database(postgres: EmbeddedPostgres) -> Callable[[], FreshDatabase]:
    """Makes databases from the migrated template; whoever asks drops them, or leaves them to the session's end."""
    numbers = count(1)
    with _administration(postgres) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    _migrate(postgres.place.url(TEMPLATE))

    def make() -> FreshDatabase:
        name = f"test_{next(numbers)}"
        with _administration(postgres) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(TEMPLATE)
                )
            )
        return FreshDatabase(name=name, url=postgres.place.url(name))

    return make


@pytest.fixture
def database(
    postgres: EmbeddedPostgres, new_database: Callable[[], FreshDatabase]
) -> Iterator[FreshDatabase]:
    """A fresh migrated database, dropped after the test together with whatever is still connected to it."""
    fresh = new_database()
    yield fresh
    with _administration(postgres) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(fresh.name)))


def _administration(server: EmbeddedPostgres) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(server.url.replace("+psycopg", "", 1), autocommit=True)


def _migrate(url: str) -> None:
    import_module("engine.storage.migrations").upgrade(url)
