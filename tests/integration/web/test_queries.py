"""No query is ignored: what nobody looks at is refused at every address, and so is what is there twice."""

import pytest

from tests.support.console import Visitor
from tests.support.console_rows import add_call, add_incident, add_message
from tests.support.counter import Counter
from web.app import create_app

UNREAD = {  # addresses whose query is not ours to judge
    "/static/<path:filename>": "files that never change; a query only names their version",
    "/partners/<string:partner>/<path:operation>": "its contract says what it takes",
    "/vao/cong/ve": "a sign-on provider adds what it likes; unknown parameters are ignored as OpenID Connect asks",
    "/vao/cong/ra": "a sign-on provider sends people back here after they signed out there",
}


@pytest.fixture
def places(counter: Counter) -> dict[str, object]:
    """What addresses name, by the beginning of the address, and for all others."""
    code = counter.new_dossier()
    return {
        "<string:code>": code,
        "<int:id>": 1,
        "<string:name>": "walk.bpmn",
        "<string:cause>": "odd",
        "<path:name>": "errors.md",
        "<string:sha256>": "0" * 64,
        "/errors/<string:code>": "/errors/not-allowed",
        "/thu-tuc/<string:code>": "/thu-tuc/1.000001",
        "/viec/<int:id>": f"/viec/{counter.open_item(code)}",
        "/cuoc-goi/<int:id>": f"/cuoc-goi/{add_call(counter, code)}",
        "/thong-diep/<int:id>": f"/thong-diep/{add_message(counter, 'supplement', 'x')}",
        "/su-co/<int:id>": f"/su-co/{add_incident(counter, code)}",
    }


def address(rule: str, places: dict[str, object]) -> str:
    for part in sorted(places, key=len, reverse=True):
        rule = rule.replace(part, str(places[part]))
    return rule


def test_no_address_ignores_a_query(counter: Counter, places: dict[str, object]) -> None:
    person = Visitor(counter, "admin").headers
    program = {"Authorization": f"Bearer {counter.new_key('a', 'admin', partner='post')}"}
    rules = [one.rule for one in create_app(counter.container).url_map.iter_rules() if "GET" in one.methods]
    seen = {
        (rule, query): counter.get(
            f"{address(rule, places)}?{query}", **(program if rule.startswith("/api/") else person)
        )
        for rule in rules
        if rule not in UNREAD
        for query in ("nonsense=1", "lang=vi&lang=en", "limit=4&limit=8")
    }
    wrong = {asked: reply.status for asked, reply in seen.items() if reply.status != 400}
    assert not wrong
    assert len(seen) > 150
    assert set(UNREAD) <= set(rules)


@pytest.mark.parametrize(
    "path", ["dossiers?status=4&status=8", "work-items?status=open&status=open", "incidents?cause=a&cause=b"]
)
def test_a_filter_that_is_there_twice_is_refused(counter: Counter, path: str) -> None:
    reply = counter.get(f"/api/v1/{path}", key=counter.new_key("a", "admin"))
    assert (reply.status, reply.code) == (400, "request-invalid")
    assert "twice" in str(reply.json["detail"])
