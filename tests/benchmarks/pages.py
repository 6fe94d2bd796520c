"""How long the slowest list of the console takes with 100,000 dossiers and 500,000 calls."""

import sys
from collections.abc import Mapping

import psycopg
from psycopg import sql

from engine.storage import migrations
from engine.storage.database import plain_url
from tests.benchmarks.place import Place
from tests.support import many_rows
from tests.support.console import Visitor
from tests.support.counter import open_counter


def measure(place: Place) -> Mapping[str, float]:
    """What 95 of a hundred answers of the slowest list stay under, in milliseconds, HTTP included; which it is goes to stderr."""
    url = _database(place)
    with open_counter(url) as counter:
        many_rows.fill(counter)
        admin = Visitor(counter, "admin")
        took = {path: many_rows.p95_ms(admin, path) for path in many_rows.PATHS}
    place.drop(url)
    slowest = max(took, key=lambda path: took[path])
    print(f"  slowest list: {slowest}", file=sys.stderr)
    return {"pages_p95_ms": took[slowest]}


def _database(place: Place) -> str:
    """A migrated database without a procedure: the counter brings its own."""
    name = f"bench_pages_{next(place.numbers)}"
    with psycopg.connect(plain_url(place.server.url), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    url = place.server.place.url(name)
    migrations.upgrade(url)
    return url
