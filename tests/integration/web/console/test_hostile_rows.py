"""A hostile text in every column that is no code of ours: no page breaks, and none gives it out as anything but text."""

import pytest
from sqlalchemy import Column, Table, Text, text

from engine import errors
from engine.storage.tables import metadata
from tests.support import every_page
from tests.support.console import Visitor
from tests.support.counter import Counter

BAD = "</script><script>alert(1)</script><img src=x onerror=alert(1)>'\"`{{7*7}}"
RAW = ("<script>alert(1)", "<img src=x")
# Words of ours that nobody outside can set, what addresses are made of, and digests.
OURS = frozenset(
    "status standing kind state breaker repeat outcome role action subject channel delivery transport situation cause metric"
    " code digest sha256 body_sha256 request_sha256 password prefix second_factor id_token verifier salt version_num"
    " second procedure_code calendar_code process media_type trigger job trace host version task signature".split()
)
AT_LEAST = 60


def poison(counter: Counter) -> int:
    """Write it wherever the database lets one; how many columns have it now."""
    done = 0
    for table in metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Text) and column.name not in OURS and not column.foreign_keys:
                done += _written(counter, table, column)
    with counter.store.transaction() as connection:
        for statement in (
            "UPDATE dossier SET applicant = jsonb_build_object('name', CAST(:bad AS text), 'identity', CAST(:bad AS text))",
            "UPDATE dossier SET data = jsonb_build_object(CAST(:bad AS text), CAST(:bad AS text))",
            "UPDATE audit SET facts = jsonb_build_object('x', CAST(:bad AS text))",
            "UPDATE incident SET facts = facts || jsonb_build_object('x', CAST(:bad AS text))",
            "UPDATE drift SET facts = jsonb_build_object('changed', jsonb_build_array(CAST(:bad AS text)))",
            "UPDATE drift SET facts = facts || jsonb_build_object('held', jsonb_build_object(CAST(:bad AS text), 1))",
            "UPDATE message SET payload = jsonb_build_object(CAST(:bad AS text), CAST(:bad AS text))",
            "UPDATE call SET body = jsonb_build_object(CAST(:bad AS text), CAST(:bad AS text))",
            "UPDATE work_item SET groups = jsonb_build_array(CAST(:bad AS text))",
        ):
            done += bool(connection.execute(text(statement), {"bad": BAD}).rowcount)
    return done


def _written(counter: Counter, table: Table, column: Column[str]) -> bool:
    statement = text(f'UPDATE "{table.name}" SET "{column.name}" = :bad')  # names of our own tables
    try:
        with counter.store.transaction() as connection:
            return bool(connection.execute(statement, {"bad": BAD}).rowcount)
    except (errors.StoreConflict, errors.StoreRefused, errors.StoreError):
        return False


@pytest.mark.slow
def test_no_page_breaks_or_gives_it_out_raw(counter: Counter) -> None:
    addresses = [address for address in every_page.addresses(counter) if not address.startswith("/errors/")]
    admin = Visitor(counter, "admin", name="zz-admin")
    admin.page("/")
    with counter.store.transaction() as connection:
        kept = connection.execute(text("SELECT id, name, unit, password FROM account")).all()
    assert poison(counter) >= AT_LEAST
    with counter.store.transaction() as connection:  # so that somebody can still sign in
        for one in kept:
            given = {"id": one[0], "name": one[1], "unit": one[2]}
            connection.execute(text("UPDATE account SET name = :name, unit = :unit WHERE id = :id"), given)
    wrong, shown = {}, 0
    for address in addresses:
        reply = admin.get(address)
        page, shown = reply.body.decode(errors="replace"), shown + (reply.status == 200)
        if reply.status >= 500 or any(raw in page for raw in RAW):
            wrong[address] = (reply.status, next((raw for raw in RAW if raw in page), ""))
    assert wrong == {}
    assert shown > len(addresses) * 0.8
