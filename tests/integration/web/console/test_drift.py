"""Drift at the console: counted at home, filtered in the list, told with what to do on the partner's page, accepted there."""

import re

from engine.actions import drift
from engine.exchange.drift import Described, Standing
from engine.storage import presences
from engine.storage.presences import Process
from tests.support.console import Visitor, text_of
from tests.support.console_rows import add_call
from tests.support.counter import Counter

OLD, NEW = "a" * 64, "b" * 64
CHANGED = Described(
    about="/dan-cu?wsdl",
    standing=Standing.DIFFERS,
    changed=("operation TraCuu",),
    gone=("element {urn:x}cu",),
    added=("element {urn:x}moi",),
)


def contract_changed(counter: Counter) -> None:
    call = add_call(counter, counter.new_dossier(), "done")
    statement = "UPDATE attempt SET contract_hash = :old, outcome = 'ok', partner = 'agency' WHERE call_id = :call RETURNING 1"
    counter.scalar(statement, old=OLD, call=call)
    process = Process(name="w1", role="worker", host="h", pid=1, version="1")
    with counter.store.transaction() as connection:
        presences.tell(connection, process, draining=False, contracts={"agency": NEW})
    drift.compare(counter.store)


def test_what_differs_is_counted_filtered_and_told_with_what_to_do(counter: Counter) -> None:
    operator = Visitor(counter, "operator")
    assert "Drift" not in text_of(operator.page("/?lang=en").split('class="counts"')[-1].split("</ul>")[0])
    assert "Nothing was compared yet" in text_of(operator.page("/doi-tac/agency?lang=en"))
    drift.keep(counter.store, "agency", [CHANGED])
    drift.keep(counter.store, "post", [Described(about="/x", standing=Standing.SAME)])
    home = operator.page("/?lang=en")
    assert (
        '<a href="/doi-tac?drift=yes"><strong>1</strong> Drift: The partner&#39;s own description against the file kept'
        in home
    )
    listed = text_of(operator.page("/doi-tac?drift=yes&lang=en"))
    assert ("agency" in listed, "post" in listed) == (True, False)
    shown = text_of(operator.page("/doi-tac/agency?lang=en"))
    assert "Other than in the file that is kept: operation TraCuu No longer there: element {urn:x}cu" in shown
    assert "Offered besides (no drift): element {urn:x}moi" in shown
    assert "What to do: Ask the partner about the change" in shown
    assert "Cách xử lý: Hỏi đối tác về thay đổi" in text_of(operator.page("/doi-tac/agency?lang=vi"))
    told = counter.get("/metrics", key=counter.new_key("prometheus", "metrics")).body.decode()
    assert re.search(r'lienthong_partner_drift\{partner="agency"\} 1\.0', told)
    assert re.search(r'lienthong_partner_drift\{partner="post"\} 0\.0', told)


def test_it_is_put_off_as_every_other_count(counter: Counter) -> None:
    operator = Visitor(counter, "operator")
    drift.keep(counter.store, "agency", [CHANGED])
    form = {"kind": "drift", "name": "description", "hours": "24", "reason": "they are asked", "next": "/"}
    assert operator.post("/nhac-sau", form).status == 303
    assert "they are asked" in operator.page("/?lang=en")


def accept(visitor: Visitor, contract: str, **more: str) -> int:
    seen = re.search(r'name="seen" value="([0-9a-f]{32})"', visitor.page("/doi-tac/agency"))
    assert seen is not None
    given = {"hash": contract, "reason": "agreed with them", "seen": seen[1], **more}
    return visitor.post("/doi-tac/agency/lech", given).status


def test_a_changed_contract_is_accepted_as_it_is_held_by_who_may(counter: Counter) -> None:
    operator, viewer = Visitor(counter, "operator"), Visitor(counter, "viewer")
    contract_changed(counter)
    page = operator.page("/doi-tac/agency?lang=en")
    assert f'name="hash" value="{NEW}"' in page
    assert accept(viewer, NEW) == 403
    assert accept(operator, OLD) == 409
    assert accept(operator, NEW, reason=" ") == 400
    assert accept(operator, NEW, seen="0" * 32) == 412
    assert accept(operator, NEW) == 303
    assert 'name="hash"' not in operator.page("/doi-tac/agency")
    assert (
        counter.scalar("SELECT reason FROM audit WHERE what = 'partner-contract-accepted'")
        == "agreed with them"
    )


def test_programs_see_it_and_accept_it_as_they_saw_it(counter: Counter) -> None:
    key = counter.new_key("ops", "partners", "dossiers:read")
    contract_changed(counter)
    read = counter.get("/api/v1/partners/agency", key=key)
    assert read.json["drift"] == ["contract"]
    body = {"hash": NEW, "reason": "agreed"}
    path = "/api/v1/partners/agency/accept"
    assert counter.post(path, body, key=key).status == 428
    assert counter.post(path, {**body, "hash": OLD}, key=key, match=read.headers["etag"]).status == 409
    taken = counter.post(path, body, key=key, match=read.headers["etag"])
    assert (taken.status, taken.json["drift"]) == (200, [])
    assert counter.post(path, body, key=key, match=read.headers["etag"]).status == 412
