"""Keys change hands: rotated with an overlap, or traded for tokens that end soon and with their key."""

import base64
from urllib.parse import urlencode

import pytest

from engine.actions import keys
from tests.support.counter import Counter, Reply
from web import oauth

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def token(counter: Counter, basic: tuple[str, str] | None = None, **fields: str) -> Reply:
    headers = dict(FORM)
    if basic:
        headers["Authorization"] = "Basic " + base64.b64encode(":".join(basic).encode()).decode()
    body = urlencode({"grant_type": "client_credentials", **fields}).encode()
    return counter.request("POST", "/oauth/token", body, headers=headers)


def prefix(key: str) -> str:
    return key.split("_")[1]


def test_a_key_is_changed_for_a_new_one_while_the_old_still_works(counter: Counter) -> None:
    old = counter.new_key("agency", "dossiers:read", unit="H99.14")
    new = counter.post("/api/v1/keys/self/rotate", {"overlap_hours": 1}, key=old).json
    for key in (old, str(new["key"])):
        own = counter.get("/api/v1/keys/self", key=key).json
        assert (own["name"], own["scopes"], own["unit"]) == ("agency", ["dossiers:read"], "H99.14")
    counter.scalar(
        "UPDATE api_key SET expires_at = expires_at - interval '1 h' WHERE prefix = :p RETURNING 1",
        p=prefix(old),
    )
    assert counter.get("/api/v1/keys/self", key=old).code == "not-authenticated"
    assert counter.get("/api/v1/keys/self", key=str(new["key"])).status == 200
    assert counter.scalar("SELECT count(*) FROM idempotency") == 0
    with pytest.raises(keys.errors.RequestInvalid):
        keys.rotate(counter.store, prefix(old), overlap_s=1, by="test")


def test_a_rotation_never_makes_a_key_last_longer(counter: Counter) -> None:
    old = counter.new_key("agency", "dossiers:read")
    counter.scalar(
        "UPDATE api_key SET created_at = now() - interval '9 d', expires_at = now() + interval '1 h'"
        " WHERE prefix = :p RETURNING 1",
        p=prefix(old),
    )
    counter.post("/api/v1/keys/self/rotate", {"overlap_hours": 700}, key=old)
    assert counter.scalar(
        "SELECT expires_at < now() + interval '2 h' FROM api_key WHERE prefix = :p", p=prefix(old)
    )
    assert counter.scalar(
        "SELECT max(expires_at) < now() + interval '10 d' FROM api_key WHERE name = 'agency'"
    )


def test_a_key_buys_a_token_with_fewer_scopes(counter: Counter) -> None:
    key = counter.new_key("agency", "dossiers:read", "dossiers:write")
    for reply in (
        token(counter, (prefix(key), key), scope="dossiers:read"),
        token(counter, client_id=prefix(key), client_secret=key, scope="dossiers:read"),
    ):
        assert (reply.json["token_type"], reply.json["scope"]) == ("Bearer", "dossiers:read")
        assert reply.headers["cache-control"] == "no-store"
        bought = str(reply.json["access_token"])
        assert counter.get("/api/v1/dossiers", key=bought).status == 200
        assert counter.post("/api/v1/dossiers", {}, key=bought).code == "not-allowed"
    keys.revoke(counter.store, prefix(key), by="test")
    assert counter.get("/api/v1/dossiers", key=bought).code == "not-authenticated"


def test_a_token_ends_and_cannot_be_made_up(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    key = counter.new_key("agency", "dossiers:read")
    bought = str(token(counter, (prefix(key), key)).json["access_token"])
    forged = (
        bought[:-2] + ("B" if bought[-2] == "A" else "A") + bought[-1]
    )  # all bits of this character count
    for wrong in (forged, "lto_", "lto_a.b.c", bought.replace("lto_", "lto_x")):
        assert counter.get("/api/v1/dossiers", key=wrong).code == "not-authenticated"
    monkeypatch.setattr(oauth, "LASTS_S", -1)
    assert counter.get("/api/v1/dossiers", key=bought).code == "not-authenticated"


def test_a_token_that_may_less_gets_no_new_key_that_may_all(counter: Counter) -> None:
    key = counter.new_key("boss", "admin")
    bought = str(token(counter, (prefix(key), key), scope="dossiers:read").json["access_token"])
    assert counter.get("/api/v1/incidents", key=bought).status == 403
    refused = counter.post("/api/v1/keys/self/rotate", {}, key=bought)
    assert (refused.status, refused.code) == (403, "not-allowed")
    assert counter.scalar("SELECT count(*) FROM api_key WHERE name = 'boss'") == 1
    assert counter.post("/api/v1/keys/self/rotate", {}, key=key).status == 201


def test_what_is_wrong_is_said_as_oauth_says_it(counter: Counter) -> None:
    key, other = counter.new_key("agency", "dossiers:read"), counter.new_key("b", "dossiers:read")
    for reply, status, error in (
        (token(counter, (prefix(key), "lt_wrong_x")), 401, "invalid_client"),
        (token(counter, (prefix(other), key)), 401, "invalid_client"),
        (token(counter), 401, "invalid_client"),
        (token(counter, (prefix(key), key), scope="admin"), 400, "invalid_scope"),
        (token(counter, (prefix(key), key), grant_type="password"), 400, "unsupported_grant_type"),
        (token(counter, (prefix(key), key), grant_type=""), 400, "invalid_request"),
        (token(counter, (prefix(key), key), client_secret=key), 400, "invalid_request"),
    ):
        assert (reply.status, reply.json["error"]) == (status, error)
