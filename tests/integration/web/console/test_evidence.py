"""The tab Evidence: what holds, what breaks, the file to take away and the command that says the same."""

import json

from engine.actions import anchor
from tests.support.console import Visitor, text_of
from tests.support.counter import Counter
from tests.support.procedures import UNIT


def test_the_tab_checks_the_chain_now_and_offers_file_and_command(counter: Counter) -> None:
    code = counter.new_dossier()
    viewer = Visitor(counter, "viewer")
    page = text_of(viewer.page(f"/ho-so/{code}?tab=evidence&lang=en"))
    assert "The history's chain holds" in page
    assert "Not anchored yet" in page
    assert f"lienthong dossier {code} --verify" in page
    anchor.anchor_heads(counter.store)
    file = viewer.get(f"/ho-so/{code}/bang-chung.json")
    assert f'filename="evidence-{code}.json"' in file.headers["content-disposition"]
    told = counter.get(f"/api/v1/dossiers/{code}/evidence", key=counter.desk).json
    assert json.loads(file.body) == told
    page = viewer.page(f"/ho-so/{code}?tab=evidence&lang=en")
    assert told["head"] in page
    assert told["anchors"][0]["hash"] in page  # type: ignore[index]
    with counter.store.transaction() as connection:
        connection.exec_driver_sql("UPDATE timeline SET body = body || ' ' WHERE seq = 2")
    page = text_of(viewer.page(f"/ho-so/{code}?tab=evidence&lang=en"))
    assert "The history's chain is broken" in page
    assert "Entry 2: bytes do not match their hash" in page


def test_evidence_is_for_those_whose_unit_has_to_do_with_the_dossier(counter: Counter) -> None:
    code = counter.new_dossier()
    other = Visitor(counter, "viewer", unit="H98.01")
    own = Visitor(counter, "viewer", unit=UNIT, name="own")
    assert other.get(f"/ho-so/{code}/bang-chung.json").status == 404
    assert own.get(f"/ho-so/{code}/bang-chung.json").status == 200
