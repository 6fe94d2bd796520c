"""Whatever is sent to whatever address: an answer, never a crash; every refusal a problem with a code that has a page."""

import json
import re
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.counter import Counter, dossier, paper
from web.api import examples
from web.app import create_app
from web.telling import known

NAUGHTY = st.sampled_from(
    (
        "", " ", "\x00", "\u202e\x00", "\ud800", "'; DROP TABLE dossier; --", "<script>alert(1)</script>", "{{7*7}}",
        "%s%n", "../../etc", "NaN", "9" * 400, "-1", "1e309", "\U0001f4a9" * 50, "a" * 5000, "\r\nSet-Cookie: a=b", "=1+1",
    )
)  # fmt: skip
TEXT = st.one_of(NAUGHTY, st.text(max_size=20))
SCALAR = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXT
)
ANYTHING = st.recursive(
    SCALAR,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=8,
)


KINDS = st.sampled_from(
    ("application/json",) * 5
    + ("application/zip", "multipart/form-data; boundary=x", "multipart/form-data", "text/xml")
)


def changed(sound: dict[str, object]) -> st.SearchStrategy[dict[str, object]]:
    """A sound body of which some members are anything."""
    names = st.sampled_from([*sound, "colour"])
    return st.dictionaries(names, ANYTHING, min_size=1, max_size=2).map(lambda other: sound | other)


BODIES = {
    "dossiers": changed(dossier(documents=[paper()])),
    "documents": st.one_of(
        changed({"documents": [paper()]}), changed(dict(paper())).map(lambda one: {"documents": [one]})
    ),
    "supplement": changed({"data": {"a": 1}, "documents": []}),
    "draft-confirmation": changed({"confirmed": True, "draft": 1}),
    "withdrawal": changed({"reason": "x"}),
    "complete": changed({"data": {"decision": "accept"}}),
    "claim": changed({}),
    "release": changed({}),
    "act": changed({"action": "close", "reason": "x"}),
}


def test_nothing_that_is_sent_breaks_anything(counter: Counter) -> None:
    code = counter.new_dossier()
    admin = counter.new_key("admin", "admin")
    app = create_app(counter.container)
    client = app.test_client()
    paths = counter.get("/api/v1/openapi.json").json["paths"]
    operations = sorted((path, method) for path, methods in paths.items() for method in methods)  # type: ignore[attr-defined]
    operations.remove(("/api/v1/keys/self/rotate", "post"))  # it would end the key that asks
    codes = set(known())

    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.sampled_from(operations), st.data())
    def send(operation: tuple[str, str], data: st.DataObject) -> None:
        path, method = operation
        part = data.draw(st.one_of(st.sampled_from([code, "1"]), TEXT), label="part")
        address = re.sub(r"\{\w+\}", quote(part.encode("utf-8", "surrogatepass"), safe=""), path)
        headers = {"Authorization": f"Bearer {admin}", "Content-Type": "application/json"}
        body = None
        if method in ("post", "patch"):
            example = dict(examples.BODIES.get((method, path), {"reason": "x"}))
            sound = BODIES.get(path.rsplit("/", 1)[1], changed(example))
            body = data.draw(st.one_of(sound.map(json.dumps), ANYTHING.map(json.dumps)), label="body")
            headers["Content-Type"] = data.draw(KINDS, label="kind")
            headers["If-Match"] = data.draw(st.sampled_from(['"0"', "*", "W/x", '"', ""]), label="if-match")
            headers["Idempotency-Key"] = data.draw(st.sampled_from(["a", "b", "c" * 300, "d"]), label="key")
        query = data.draw(
            st.dictionaries(
                st.sampled_from(["status", "limit", "cursor", "code", "unit", "x"]), TEXT, max_size=2
            )
        )
        query = {name: value.encode("utf-8", "replace").decode() for name, value in query.items()}
        reply = client.open(
            address,
            method=method.upper(),
            data=body.encode("utf-8", "surrogatepass") if body else None,
            headers=headers,
            query_string=query,
        )
        assert reply.status_code < 500, reply.data
        if reply.status_code >= 400:
            assert reply.content_type == "application/problem+json"
            assert reply.get_json()["code"] in codes

    send()
