"""Anchors: a history that was rewritten whole is found out, by whoever asks and in the night after."""

import base64
import hashlib
import json

import pytest
from sqlalchemy import text

from engine import errors
from engine.actions import anchor
from engine.dossiers import timeline
from tests.support.counter import Counter

REPLACE = text("UPDATE timeline SET body = :body, hash = :hash WHERE dossier_id = :id AND seq = :seq")
NEW_HEAD = text("UPDATE dossier SET timeline_head = :head WHERE id = :id")


def rewrite(counter: Counter, code: str) -> None:
    """What somebody with the database's password could do: another history, with every hash of it right."""
    with counter.store.transaction() as connection:
        id_ = connection.scalar(text("SELECT id FROM dossier WHERE code = :code"), {"code": code})
        rows = connection.execute(
            text("SELECT seq, body FROM timeline WHERE dossier_id = :id ORDER BY seq"), {"id": id_}
        )
        head = timeline.genesis(code)
        for seq, body in rows.all():
            changed = bytes(body).replace(b"submitted", b"SUBMITTED")
            head = timeline.chain(head, changed)
            connection.execute(REPLACE, {"body": changed, "hash": head, "id": id_, "seq": seq})
        connection.execute(NEW_HEAD, {"head": head, "id": id_})


def evidence(counter: Counter, code: str) -> dict[str, object]:
    return counter.get(f"/api/v1/dossiers/{code}/evidence", key=counter.desk).json


def test_a_chain_rewritten_whole_is_found_by_its_anchor(counter: Counter) -> None:
    code, other = counter.new_dossier(), counter.new_dossier()
    assert anchor.anchor_heads(counter.store) == 2
    assert evidence(counter, code)["holds"]
    rewrite(counter, code)
    told = evidence(counter, code)
    assert (told["holds"], told["breaks"][0]["reason"]) == (False, "differs from its anchor")  # type: ignore[index]
    assert evidence(counter, other)["holds"]


def test_without_an_anchor_nobody_can_tell(counter: Counter) -> None:
    """The control: it is the anchor, and nothing else, that finds out a chain rewritten whole."""
    code = counter.new_dossier()
    rewrite(counter, code)
    assert evidence(counter, code)["holds"]


def test_the_night_after_tells_once_and_its_anchor_does_not_hide_it(counter: Counter) -> None:
    code = counter.new_dossier()
    anchor.anchor_heads(counter.store)
    rewrite(counter, code)
    assert [anchor.anchor_heads(counter.store) for _ in range(2)] == [1, 0]
    found = "SELECT count(*) FROM incident WHERE cause = 'timeline-altered' AND status = 'open'"
    assert counter.scalar(found) == 1
    told = evidence(counter, code)
    assert (told["holds"], len(told["anchors"])) == (False, 2)  # type: ignore[arg-type]


def test_only_heads_that_moved_are_anchored_again_and_chains_that_grew_hold(counter: Counter) -> None:
    codes = [counter.new_dossier() for _ in range(5)]
    assert anchor.anchor_heads(counter.store, most=2) == 5
    assert counter.scalar("SELECT count(*) FROM anchor") == 3
    assert anchor.anchor_heads(counter.store) == 0
    counter.post(f"/api/v1/dossiers/{codes[0]}/withdrawal", {"reason": "by mistake"}, key=counter.desk)
    counter.apply_all()
    assert anchor.anchor_heads(counter.store) == 1
    assert all(evidence(counter, code)["holds"] for code in codes)
    assert counter.scalar("SELECT count(*) FROM incident WHERE cause = 'timeline-altered'") == 0


def test_the_database_lets_nobody_change_or_remove_an_anchor(counter: Counter) -> None:
    counter.new_dossier()
    anchor.anchor_heads(counter.store)
    for statement in (
        "UPDATE anchor SET body = ''", "DELETE FROM anchor", "UPDATE anchor_head SET seq = 1",
        "DELETE FROM anchor_head", "TRUNCATE anchor_head, anchor",
    ):  # fmt: skip
        with pytest.raises(errors.StoreConflict), counter.store.transaction() as connection:
            connection.exec_driver_sql(statement)


def test_an_anchor_altered_past_the_database_is_found(counter: Counter) -> None:
    code = counter.new_dossier()
    anchor.anchor_heads(counter.store)
    with counter.store.transaction() as connection:
        connection.exec_driver_sql("ALTER TABLE anchor_head DISABLE TRIGGER USER")
        connection.exec_driver_sql("UPDATE anchor_head SET head = sha256('x'), leaf = sha256('y')")
    reasons = {one["reason"] for one in evidence(counter, code)["breaks"]}  # type: ignore[attr-defined]
    assert reasons == {"differs from its anchor", "the head is not the one that anchor 1 holds"}


def test_a_stranger_comes_from_the_head_to_the_hash_that_was_logged(counter: Counter) -> None:
    codes = [counter.new_dossier() for _ in range(3)]
    anchor.anchor_heads(counter.store)
    told = evidence(counter, codes[2])
    proof = told["anchors"][0]  # type: ignore[index]
    reached = hashlib.sha256(b"\0" + f"{codes[2]} {proof['seq']} {proof['head']}".encode()).digest()
    for step in proof["path"]:
        beside = bytes.fromhex(step["hash"])
        pair = beside + reached if step["side"] == "left" else reached + beside
        reached = hashlib.sha256(b"\1" + pair).digest()
    body = base64.b64decode(proof["body"])
    assert json.loads(body)["root"] == reached.hex()
    assert hashlib.sha256(bytes.fromhex(proof["previous"]) + body).hexdigest() == proof["hash"]
