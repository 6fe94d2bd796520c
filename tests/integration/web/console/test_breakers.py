"""Opening and closing a partner's breaker from its page and over REST: as it was seen, with a reason, by who may."""

import re
from datetime import UTC, datetime, timedelta

from tests.support.console import Visitor, text_of
from tests.support.counter import Counter, Reply
from web.console.partner_acts import has_mailbox
from web.container import PartnerCard

PAGE = "/doi-tac/agency"


def stamp(visitor: Visitor) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]{32})"', visitor.page(PAGE))
    assert found is not None
    return found[1]


def switch(visitor: Visitor, action: str, seen: str, **more: str) -> Reply:
    given = {"action": action, "reason": "they move house", "seen": seen, **more}
    return visitor.post(f"{PAGE}/ngat?lang=en", given)


def test_it_is_opened_until_a_moment_and_closed_and_each_is_seen(counter: Counter) -> None:
    operator = Visitor(counter, "operator")
    until = str(
        counter.scalar(
            "SELECT to_char((now() + interval '1 day') AT TIME ZONE 'Asia/Ho_Chi_Minh', 'YYYY-MM-DD\"T\"HH24:MI')"
        )
    )
    assert switch(operator, "open", stamp(operator), until=until).status == 303
    shown = text_of(operator.page(f"{PAGE}?lang=en"))
    assert "Opened by hand they move house · nothing is sent before" in shown
    assert counter.scalar("SELECT probe_at > now() + interval '23 h' FROM partner WHERE name = 'agency'")
    assert "Ngắt bằng tay" in operator.page("/doi-tac?state=down")
    assert switch(operator, "close", stamp(operator)).status == 303
    assert "Opened by hand" not in text_of(operator.page(f"{PAGE}?lang=en"))
    assert counter.scalar(
        "SELECT string_agg(what, ',' ORDER BY id) FROM audit WHERE what LIKE 'partner-%'"
    ) == ("partner-opened,partner-closed")


def test_a_page_seen_before_somebody_elses_act_is_refused_and_keeps_what_was_typed(counter: Counter) -> None:
    operator = Visitor(counter, "operator")
    before = stamp(operator)
    assert switch(operator, "open", before).status == 303
    late = switch(operator, "close", before, reason="a long story")
    assert late.status == 412
    assert 'value="a long story"' in late.body.decode()
    assert counter.scalar("SELECT breaker FROM partner WHERE name = 'agency'") == "open"
    assert "until somebody closes it" in text_of(late.body.decode())


def test_what_cannot_be_is_refused_where_it_was_typed(counter: Counter) -> None:
    operator, viewer = Visitor(counter, "operator"), Visitor(counter, "viewer")
    seen = stamp(operator)
    assert switch(operator, "close", seen).status == 409
    over = switch(operator, "open", seen, until="2020-01-01T00:00")
    assert (over.status, "a moment of the next 366 days only" in over.body.decode()) == (400, True)
    assert switch(operator, "open", seen, until="9999-12-31T23:59").status == 400
    odd = switch(operator, "open", seen, until="soon")
    assert (odd.status, 'value="soon"' in odd.body.decode()) == (400, True)
    assert switch(operator, "open", seen, reason=" ").status == 400
    assert switch(operator, "explode", seen).status == 400
    assert switch(viewer, "open", seen).status == 403
    assert counter.scalar("SELECT count(*) FROM audit WHERE what LIKE 'partner-%'") == 0


def test_programs_open_and_close_it_as_they_saw_it(counter: Counter) -> None:
    key = counter.new_key("ops", "partners", "dossiers:read")
    read = counter.get("/api/v1/partners/agency", key=key)
    assert (read.json["breaker"], read.json["opened_reason"]) == ("closed", None)
    body = {"reason": "<b>new servers</b>", "until": (datetime.now(UTC) + timedelta(days=30)).isoformat()}
    path = "/api/v1/partners/agency"
    assert counter.post(f"{path}/open", body, key=key).status == 428
    opened = counter.post(f"{path}/open", body, key=key, match=read.headers["etag"])
    assert (opened.json["breaker"], opened.json["state"]) == ("open", "down")
    assert opened.json["opened_reason"] == "<b>new servers</b>"
    assert counter.post(f"{path}/close", {"reason": "x"}, key=key, match=read.headers["etag"]).status == 412
    over = counter.post(
        f"{path}/open", {**body, "until": "2020-01-01T00:00:00Z"}, key=key, match=opened.headers["etag"]
    )
    assert over.status == 400
    assert "<b>new" not in Visitor(counter, "viewer").page(PAGE)
    closed = counter.post(f"{path}/close", {"reason": "x"}, key=key, match=opened.headers["etag"])
    assert closed.json["breaker"] == "closed"
    assert counter.post(f"{path}/close", {"reason": "x"}, key=key, match=closed.headers["etag"]).status == 409


def test_a_moment_that_nobody_could_read_again_is_refused(counter: Counter) -> None:
    key, path = counter.new_key("ops", "partners", "dossiers:read"), "/api/v1/partners/agency"
    seen = counter.get(path, key=key).headers["etag"]
    viewer = Visitor(counter, "viewer")
    for until in ("9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"):
        refused = counter.post(f"{path}/open", {"reason": "x", "until": until}, key=key, match=seen)
        assert (refused.status, counter.get(path, key=key).status) == (400, 200), until
        assert viewer.get(PAGE).status == 200


class _Boxes:
    def cards(self) -> list[PartnerCard]:
        return [PartnerCard(name="agency", title="x", label="sample", transport="mailbox")]


def test_a_partner_that_fetches_its_calls_has_no_breaker(counter: Counter) -> None:
    operator = Visitor(counter, "operator")
    seen = stamp(operator)
    object.__setattr__(counter.container, "partners", _Boxes())
    assert has_mailbox(counter.container, "agency")
    refused = switch(operator, "open", seen)
    assert (refused.status, "has no breaker" in refused.body.decode()) == (409, True)
    key = counter.new_key("ops", "partners")
    told = counter.post("/api/v1/partners/agency/open", {"reason": "x"}, key=key, match=f'"{seen}"')
    assert (told.status, told.code) == (409, "action-not-now")
