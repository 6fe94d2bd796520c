"""Dossiers taken to another version while they run: by workers, in their order, whole or not at all, their evidence intact."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from engine import errors
from engine.actions import deploy, migrate, move, work_items
from engine.actions.deploy import DeploymentShelf
from engine.dossiers import timeline
from engine.models.deployment import Deployment, from_files
from engine.queries import phases, timelines
from tests.support.exchange import Setup
from tests.support.procedures import PROCEDURE, bpmn, chain


def person(key: str, phase: str = "") -> str:
    told = (
        f'<zeebe:properties><zeebe:property name="phase" value="{phase}"/></zeebe:properties>'
        if phase
        else ""
    )
    return (
        f'<bpmn:userTask id="{key}" name="{key}"><bpmn:extensionElements>'
        f'<zeebe:assignmentDefinition candidateGroups="officer"/>{told}</bpmn:extensionElements></bpmn:userTask>'
    )


def walk(*steps: str, first: str = "Tiếp nhận") -> bytes:
    done = '<zeebe:properties><zeebe:property name="status" value="8"/></zeebe:properties>'
    body = '<bpmn:startEvent id="start"/>' + "".join(
        person(one, first if one == "check" else "") for one in steps
    )
    body += f'<bpmn:endEvent id="end"><bpmn:extensionElements>{done}</bpmn:extensionElements></bpmn:endEvent>'
    return bpmn(body + chain("start", *steps, "end"))


def version(model: bytes, procedure: str = PROCEDURE.format(process="walk", reports="")) -> Deployment:
    return from_files({"procedure.yaml": procedure.encode(), "walk.bpmn": model})


@pytest.fixture
def setup(database, tmp_path: Path) -> Iterator[Setup]:
    place = Setup(database.url, tmp_path, model=walk("check"))
    yield place
    place.close()


def store_version(setup: Setup, deployment: Deployment) -> int:
    return deploy.deploy(setup.store, deployment, by="engineer")


def begun(setup: Setup, count: int) -> list[str]:
    codes = [setup.submit(f"k{number}") for number in range(count)]
    setup.run()
    return codes


def take(setup: Setup, code: str, target: int, *, seen: int | None = None) -> bool:
    shelf = DeploymentShelf(setup.store)
    return migrate.migrate(setup.store, shelf, code, target, seen=seen, by="engineer", reason="luật mới")


def complete_all(setup: Setup) -> None:
    for (item,) in setup.rows("SELECT id FROM work_item WHERE status = 'open' ORDER BY id"):
        work_items.complete(setup.store, item, {}, by="lan", now=setup.clock.now())
    setup.run()


def told(setup: Setup, code: str) -> list[str]:
    with setup.store.reading() as connection:
        number = connection.scalar(text("SELECT id FROM dossier WHERE code = :code"), {"code": code})
        assert timeline.verify(code, timelines.links(connection, number)) == []
        return [one.kind for one in timelines.every_entry(connection, number)]


def test_migrated_dossiers_go_the_new_way_the_others_the_old_and_none_is_lost(setup: Setup) -> None:
    codes = begun(setup, 12)
    new = store_version(setup, version(walk("check", "second")))
    open_before = setup.rows("SELECT id, dossier_id, task, status, opened_at FROM work_item ORDER BY id")
    due = setup.rows("SELECT id, status, due_at, phase FROM dossier ORDER BY id")
    assert all(take(setup, code, new) for code in codes[:6])
    setup.run()
    assert (
        setup.rows("SELECT id, dossier_id, task, status, opened_at FROM work_item ORDER BY id") == open_before
    )
    assert setup.rows("SELECT id, status, due_at, phase FROM dossier ORDER BY id") == due
    both = "SELECT d.deployment_id, i.deployment_id, count(*) FROM dossier d JOIN instance i ON i.dossier_id = d.id"
    assert setup.rows(f"{both} GROUP BY 1, 2 ORDER BY 1") == [(1, 1, 6), (new, new, 6)]
    complete_all(setup)
    where = "SELECT d.code FROM work_item w JOIN dossier d ON d.id = w.dossier_id WHERE w.status = 'open' ORDER BY d.id"
    assert [row[0] for row in setup.rows(where)] == codes[:6]
    assert setup.scalar("SELECT count(*) FROM instance WHERE status = 'ended'") == 6
    complete_all(setup)
    assert setup.scalar("SELECT count(*) FROM instance WHERE status = 'ended'") == 12
    assert setup.scalar("SELECT count(*) FROM event WHERE status <> 'applied'") == 0
    assert setup.scalar("SELECT count(*) FROM incident") == 0
    assert [told(setup, code).count("migrated") for code in codes] == [1] * 6 + [0] * 6


def test_it_is_done_once_however_often_it_is_asked_for(setup: Setup) -> None:
    [code] = begun(setup, 1)
    new = store_version(setup, version(walk("check", "second")))
    assert take(setup, code, new)
    assert take(setup, code, new)  # asked again before it was applied
    setup.run()
    assert not take(setup, code, new)
    assert told(setup, code).count("migrated") == 1
    assert setup.scalar("SELECT count(*) FROM audit WHERE what = 'dossier-migrated'") == 2


def test_what_no_longer_stands_there_when_it_is_applied_is_turned_down_whole(setup: Setup) -> None:
    store_version(setup, version(walk("check", "other")))
    [code] = begun(setup, 1)
    new = store_version(setup, version(walk("check", "second")))
    complete_of = setup.scalar("SELECT id FROM work_item")
    work_items.complete(
        setup.store, complete_of, {}, by="lan", now=setup.clock.now()
    )  # goes on to `other` first
    assert take(setup, code, new)
    setup.run()
    assert told(setup, code)[-1] == "migration-refused"
    assert setup.rows("SELECT d.deployment_id = i.deployment_id, d.deployment_id <> :new FROM dossier d"
        " JOIN instance i ON i.dossier_id = d.id", new=new) == [(True, True)]  # fmt: skip
    assert setup.rows("SELECT element FROM work_item WHERE status = 'open'") == [("other",)]
    with pytest.raises(errors.ActionNotNow, match="step-gone other"):
        take(setup, code, new)


def test_what_went_on_since_it_was_seen_is_seen_again(setup: Setup) -> None:
    [code] = begun(setup, 1)
    new = store_version(setup, version(walk("check", "second")))
    with pytest.raises(errors.PreconditionFailed):
        take(setup, code, new, seen=0)
    seen = migrate.propose(setup.store, DeploymentShelf(setup.store), code, new)
    assert (seen.unlike, seen.origin, seen.target.numbered) == ((), 1, 2)
    assert take(setup, code, new, seen=seen.version)


def test_it_goes_back_as_well_and_is_moved_on_from_there(setup: Setup) -> None:
    [code] = begun(setup, 1)
    new = store_version(setup, version(walk("check", "second")))
    for target in (new, 1, new):
        assert take(setup, code, target)
        setup.run()
    shelf = DeploymentShelf(setup.store)
    [stand] = move.places(setup.store, shelf, code).stands
    assert set(stand.targets) == {"check", "second", "end"}


def test_what_dossiers_are_searched_by_follows_the_version(setup: Setup) -> None:
    ruled = PROCEDURE.format(process="walk", reports="")
    named = ruled + "indexed:\n  - {path: note, label: {vi: Ghi chú, en: Note}}\n"
    [code] = begun(setup, 1)
    with setup.store.transaction() as connection:
        connection.execute(text("""UPDATE dossier SET data = '{"note": "Gấp"}'"""))
    new = store_version(setup, version(walk("check"), named))
    assert take(setup, code, new)
    setup.run()
    assert setup.rows("SELECT name, value FROM dossier_index") == [("note", "gap")]
    assert take(setup, code, 1)
    setup.run()
    assert setup.rows("SELECT name FROM dossier_index WHERE value IS NOT NULL") == []


def test_citizens_read_the_steps_in_the_words_of_the_version_that_they_were_taken_in(setup: Setup) -> None:
    [code] = begun(setup, 1)
    new = store_version(setup, version(walk("check", "second", first="Khác")))
    assert take(setup, code, new)
    setup.run()
    with setup.store.reading() as connection:
        assert [one.words for one in phases.passed(connection, code)] == ["Tiếp nhận"]


def test_only_versions_of_its_own_procedure_that_are_in_use_take_it(setup: Setup) -> None:
    [code] = begun(setup, 1)
    new = store_version(setup, version(walk("check", "second")))
    other = store_version(
        setup,
        version(walk("check"), PROCEDURE.format(process="walk", reports="").replace("1.000001", "1.000002")),
    )
    for target in (other, 99):
        with pytest.raises(errors.RequestInvalid):
            take(setup, code, target)
    deploy.activate(setup.store, 1, by="engineer", reason="x")
    deploy.retire(setup.store, new, by="engineer", reason="x")
    with pytest.raises(errors.ActionNotNow, match="retired"):
        take(setup, code, new)
    with pytest.raises(errors.DossierNotFound):
        take(setup, "none", new)
    late = setup.submit("late")
    with pytest.raises(errors.ActionNotNow, match="has not begun"):
        take(setup, late, 1)
