"""Where measurements run: an embedded PostgreSQL on a real disk that keeps every promise (fsync on), databases, the model.

One server for a whole run of the benchmarks; each measurement asks for databases of its own.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import MappingProxyType

import psycopg
from psycopg import sql
from sqlalchemy import text

from adapters.registry import ContractPartners, load
from engine.models.deployment import Deployment
from engine.storage import migrations
from engine.storage.database import Store, plain_url
from engine.storage.embedded import EmbeddedPostgres
from tests.support.procedures import procedure, settle_in

ROOT = Path(__file__).parent
PARTNERS = ROOT / "partners"
TEMPLATE = "template_bench"
SOAP_OPERATIONS = ("identify", "reside")  # of the six calls; the other four are REST


def model() -> bytes:
    """The 15-node procedure, its two look-ups of persons bound to the SOAP agency."""
    content = (ROOT.parent / "data" / "fifteen.bpmn").read_bytes()
    for operation in SOAP_OPERATIONS:
        content = content.replace(f"desk.{operation}".encode(), f"bureau.{operation}".encode())
    return content.replace(b' formId="assess"', b' formId=""').replace(
        b'<zeebe:formDefinition formId="" />', b""
    )


def deployment() -> Deployment:
    """The procedure that is measured."""
    return procedure(model(), process="fifteen")


def partners(simulators: str | None = None) -> ContractPartners:
    """The agencies that are measured with."""
    return load([PARTNERS], simulators=simulators, built_in=None)


@dataclass(slots=True)
class Place:
    """A running server; *folder* is the run's own."""

    server: EmbeddedPostgres
    folder: Path
    numbers: Iterator[int]

    def database(self) -> str:
        """The address of a fresh, migrated database with the procedure deployed."""
        name = f"bench_{next(self.numbers)}"
        with psycopg.connect(plain_url(self.server.url), autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(TEMPLATE)
                )
            )
        return self.server.place.url(name)

    def drop(self, url: str) -> None:
        """Give a database's room back, if nobody such as the autovacuum is in it; the server's end takes the rest."""
        name = url.rsplit("/", 1)[-1].split("?", maxsplit=1)[0]
        with (
            suppress(psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectInUse),
            psycopg.connect(plain_url(self.server.url), autocommit=True) as connection,
        ):
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    def version(self) -> str:
        """The server's version."""
        store = Store(self.server.url)
        with store.reading() as connection:
            found = str(connection.scalar(text("SHOW server_version")))
        store.close()
        return found


@contextmanager
def opened(options: Mapping[str, str] = MappingProxyType({})) -> Iterator[Place]:
    """A place that is gone after the block; *options* are PostgreSQL's, for looking closer."""
    folder = Path(tempfile.mkdtemp(prefix="lt-bench-"))
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder / "data", options={"max_connections": "100", **options})
    try:
        server.start()
        _make_template(server)
        yield Place(server, folder, count(1))
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _make_template(server: EmbeddedPostgres) -> None:
    with psycopg.connect(plain_url(server.url), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    url = server.place.url(TEMPLATE)
    migrations.upgrade(url)
    store = Store(url)
    settle_in(store, deployment())
    store.close()
