"""What people hand in stays in the columns that are for it: not in errors, tracebacks, logs, incidents or the timeline."""

import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from engine import errors
from engine.actions import receive
from engine.dossiers.submission import validate
from engine.storage.embedded import EmbeddedPostgres
from tests.support.exchange import Setup
from tests.support.procedures import DESK, bpmn, chain

NAME, NUMBER, NOTE = "Canary Thị Chim", "001099424242", "canary-note"
CANARIES = (NAME, NUMBER, NOTE)
INTENDED = {("dossier", "applicant"), ("dossier", "data"), ("dossier", "applicant_search")}


@pytest.fixture
def setup(database, tmp_path: Path) -> Iterator[Setup]:
    place = Setup(database.url, tmp_path)
    yield place
    place.close()


def hand_in(setup: Setup) -> str:
    raw = {
        "channel": "counter",
        "applicant": {"name": NAME, "identity": NUMBER},
        "data": {"note": NOTE},
        "documents": [],
    }
    assert setup.deployment.procedure is not None
    return receive.submit(
        setup.store,
        "1.000001",
        validate(raw, setup.deployment.procedure),
        DESK,
        now=setup.clock.now(),
        by="desk",
        external_id="canary",
    ).code


def found_in(setup: Setup) -> set[tuple[str, str]]:
    """Every column of the database in which a canary sings."""
    columns = setup.rows(
        "SELECT table_name, column_name FROM information_schema.columns c JOIN information_schema.tables t"
        " USING (table_schema, table_name) WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
    )
    found = set()
    for table, column in columns:
        shown = f'"{column}"::text'
        for canary in CANARIES:
            raw = canary.encode().hex()
            many = setup.scalar(
                f'SELECT count(*) FROM "{table}" WHERE {shown} LIKE :plain OR {shown} LIKE :raw',
                plain=f"%{canary}%",
                raw=f"%{raw}%",
            )
            if many:
                found.add((str(table), str(column)))
    return found


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO dossier (code, applicant) VALUES ('x', jsonb_build_object('name', CAST(:name AS text)))",
        "INSERT INTO timer (dossier_id, task, due_at) VALUES (1, 't', CAST(:name AS timestamptz))",
        "INSERT INTO event (dossier_id, kind, payload) VALUES (1, 'x', CAST(CAST(:name AS text) AS jsonb))",
        "INSERT INTO message (source, message_id, name, key, payload) VALUES ('a', 'b', 'c', repeat(:name, 9), NULL)",
    ],
)
def test_error_of_the_database_shows_no_value_in_its_traceback_and_no_row_in_the_servers_log(
    setup: Setup, postgres: EmbeddedPostgres, statement: str
) -> None:
    with pytest.raises(errors.LienthongError) as caught, setup.store.transaction() as connection:
        connection.execute(text(statement), {"name": NAME})
    assert "Failing row contains" not in postgres.place.log.read_text(errors="replace")
    shown = "".join(traceback.format_exception(caught.value)) + caught.value.message
    assert "Canary" not in shown
    assert len(shown) > 100


MODEL = bpmn(
    '<bpmn:startEvent id="start"/><bpmn:exclusiveGateway id="ask"/><bpmn:endEvent id="end"/><bpmn:endEvent id="other"/>'
    + chain("start", "ask", "end")
    + '<bpmn:sequenceFlow id="f" sourceRef="ask" targetRef="other"><bpmn:conditionExpression>=dossier.data.note'
    "</bpmn:conditionExpression></bpmn:sequenceFlow>"
)


def test_condition_that_is_a_persons_word_parks_without_repeating_it(
    database, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model = MODEL.replace(
        b'<bpmn:sequenceFlow id="ask_end" sourceRef="ask" targetRef="end"></bpmn:sequenceFlow>',
        b'<bpmn:sequenceFlow id="ask_end" sourceRef="ask" targetRef="end"><bpmn:conditionExpression>=dossier.applicant.name'
        b"</bpmn:conditionExpression></bpmn:sequenceFlow>",
    )
    setup = Setup(database.url, tmp_path, model=model)
    try:
        hand_in(setup)
        setup.run()
        assert setup.scalar("SELECT count(*) FROM incident") == 1
        assert found_in(setup) <= INTENDED
        said = capfd.readouterr()
        assert not [canary for canary in CANARIES if canary in said.out + said.err]
    finally:
        setup.close()


def test_walk_leaves_personal_data_where_it_belongs(setup: Setup, capfd: pytest.CaptureFixture[str]) -> None:
    setup.walk_on(hand_in(setup))
    assert setup.scalar("SELECT status FROM dossier") == 9
    assert found_in(setup) <= INTENDED
    said = capfd.readouterr()
    assert not [canary for canary in CANARIES if canary in said.out + said.err]
