"""Statements that go past SQLAlchemy: errors leave as ours, values stay behind, and a cut connection is not given out again."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import psycopg
import pytest

from engine import errors
from engine.storage.database import Connection, Store, plain_url
from engine.storage.statements import Statement, array, together
from engine.storage.waking import committing

_PID = Statement("SELECT pg_backend_pid()")
_NAME = Statement(
    "INSERT INTO dossier_reference (kind, value, dossier_id) VALUES (:kind, CAST(:value AS text), :dossier)"
)


@pytest.fixture
def store(database) -> Iterator[Store]:
    found = Store(database.url, pool_size=1)
    yield found
    found.close()


def test_row_that_the_database_refuses_is_a_conflict_that_names_no_value(store: Store) -> None:
    with pytest.raises(errors.StoreConflict) as met, store.transaction() as connection:
        _NAME.send(connection, {"kind": "desk", "value": "Nguyễn Văn A", "dossier": -1})
    assert "dossier" in met.value.message
    assert "Nguyễn" not in str(met.value.__cause__)
    assert "-1" not in str(met.value.__cause__)


def test_value_that_is_none_of_its_kind_is_refused(store: Store) -> None:
    with pytest.raises(errors.StoreRefused), store.transaction() as connection:
        Statement("SELECT CAST(:n AS bigint[])").send(connection, {"n": "no numbers"})


@contextmanager
def in_one_message(store: Store) -> Iterator[Connection]:
    with store.terse() as connection, together(connection, begin=True):
        yield connection


@pytest.mark.parametrize("opened", [Store.at_once, Store.transaction, in_one_message])
def test_connection_that_was_cut_is_not_given_out_again(
    store: Store, opened: Callable[[Store], AbstractContextManager[Connection]]
) -> None:
    with opened(store) as connection:
        (pid,) = _PID.send(connection, {}).fetchone() or (0,)
    with psycopg.connect(plain_url(store.url), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    with pytest.raises(errors.StoreError), opened(store) as connection:
        _PID.send(connection, {})
    with opened(store) as connection:
        assert _PID.ask(connection, {}).fetchone() != {"pg_backend_pid": pid}


def test_one_name_is_one_parameter_and_a_cast_is_none(store: Store) -> None:
    with store.reading() as connection:
        found = Statement("SELECT :a::bigint[] || CAST(:a AS bigint[]) AS both").ask(
            connection, {"a": array([3, 10**10])}
        )
        assert found.fetchone() == {"both": [3, 10**10, 3, 10**10]}


def test_statements_sent_together_have_their_rows_after_the_block(store: Store) -> None:
    with store.transaction() as connection:
        with together(connection):
            first, second = _PID.send(connection, {}), _PID.ask(connection, {})
        pids = first.fetchall(), second.fetchall()
    assert pids[0][0][0] == pids[1][0]["pg_backend_pid"]


def test_a_commit_sent_together_with_what_fails_commits_nothing(store: Store) -> None:
    fact = Statement("INSERT INTO installation (name, value) VALUES (:name, 'true')")
    count = Statement("SELECT count(*) FROM installation WHERE name = 'mine'")

    def write(dossier: int | None) -> None:
        with store.transaction() as connection, committing(connection):
            fact.send(connection, {"name": "mine"})
            if dossier is not None:
                _NAME.send(connection, {"kind": "desk", "value": "1", "dossier": dossier})

    with pytest.raises(errors.StoreConflict) as met:
        write(dossier=-1)
    assert "dossier" in met.value.message
    with store.reading() as connection:
        assert count.send(connection, {}).fetchall() == [(0,)]
    write(dossier=None)
    with store.reading() as connection:
        assert count.send(connection, {}).fetchall() == [(1,)]
