"""The support bundle: the whole course of a dossier, and no word that somebody wrote about somebody."""

import json

from sqlalchemy import text

from tests.support.console import Visitor
from tests.support.console_rows import add_call, add_incident
from tests.support.counter import Counter

CANARY = "Thị Bí Mật"


def test_a_bundle_tells_the_course_and_nothing_that_people_wrote(counter: Counter) -> None:
    applicant = {"name": f"Nguyễn {CANARY}", "identity": "001099000007"}
    code = counter.new_dossier(applicant=applicant, data={"note": CANARY})
    call = add_call(counter, code, detail=CANARY)
    add_incident(counter, code, call=call, title=CANARY)
    operator = Visitor(counter, "operator")
    for act in ("suspend", "resume"):
        assert operator.post(f"/ho-so/{code}/viec-lam", {"action": act, "reason": CANARY}).status == 303
    counter.post(f"/api/v1/dossiers/{code}/withdrawal", {"reason": CANARY}, key=counter.desk)
    counter.apply_all()
    with counter.store.transaction() as connection:
        connection.execute(text("UPDATE attempt SET detail = :canary"), {"canary": CANARY})
    reply = operator.get(f"/ho-so/{code}/ho-tro.json")
    assert reply.status == 200
    assert f'filename="support-{code}.json"' in reply.headers["content-disposition"]
    written = reply.body.decode()
    for secret in (CANARY, "Nguyễn", "001099000007", "Trần Thị Mẫu"):
        assert secret not in written
    told = json.loads(written)
    assert told["dossier"]["code"] == code
    assert {"submitted", "entered", "suspended", "resumed", "withdrawn"} <= {
        one["kind"] for one in told["timeline"]
    }
    assert told["calls"][0]["attempts"][0]["http_status"] == 502
    assert told["incidents"][0]["cause"] == "poison-event"
    assert told["evidence"]["holds"] is True
    assert counter.scalar("SELECT count(*) FROM audit WHERE what = 'support-bundle'") == 1


def test_a_bundle_is_for_those_whose_unit_has_to_do_with_the_dossier(counter: Counter) -> None:
    code = counter.new_dossier()
    assert Visitor(counter, "viewer", unit="H98.01").get(f"/ho-so/{code}/ho-tro.json").status == 404
