"""Messages that nobody took: offered again to whoever waits now, rejected with a reason; those that came again are counted."""

import pytest
from sqlalchemy import text

from engine import errors
from engine.actions import receive
from engine.exchange.ports import Arrival
from tests.support.console import Visitor, text_of
from tests.support.console_rows import add_message
from tests.support.counter import Counter
from tests.support.procedures import NOON


@pytest.fixture
def operator(counter: Counter) -> Visitor:
    return Visitor(counter, "operator")


@pytest.fixture
def waiting(counter: Counter) -> str:
    """A dossier that waits for a supplement."""
    return counter.waiting_dossier()


def decide(visitor: Visitor, message: int, action: str, reason: str = "because") -> int:
    return visitor.post(f"/thong-diep/{message}/xu-ly", {"action": action, "reason": reason}).status


def status(counter: Counter, message: int) -> object:
    return counter.scalar("SELECT status FROM message WHERE id = :id", id=message)


def arrival(key: str, body: bytes = b"{}") -> Arrival:
    return Arrival(
        source="agency",
        message_id="one",
        name="supplement",
        key=key,
        reference=None,
        payload={"documents": [], "data": {}},
        body=body,
    )


def test_a_message_that_was_set_aside_is_taken_by_who_waits_now_and_only_once(
    counter: Counter, operator: Visitor, waiting: str
) -> None:
    message = add_message(counter, "supplement", waiting)
    assert 'value="offer"' in operator.page(f"/thong-diep/{message}")
    assert decide(operator, message, "offer") == 303
    assert status(counter, message) == "met"
    assert decide(operator, message, "offer") == 409
    assert counter.scalar("SELECT count(*) FROM event WHERE kind = 'message'") == 1
    counter.apply_all()
    assert status(counter, message) == "delivered"
    assert counter.scalar("SELECT status FROM dossier") == 8
    told = counter.scalar("SELECT facts ->> 'status' FROM audit WHERE what = 'message-offered'")
    assert told == "met"


def test_one_that_nobody_waits_for_is_kept_as_long_as_at_first(counter: Counter, operator: Visitor) -> None:
    message = add_message(counter, "supplement", "nobody")
    with counter.store.transaction() as connection:
        connection.execute(
            text(
                "UPDATE message SET received_at = now() - interval '40 days', keep_until = now() - interval '10 days'"
            )
        )
    assert decide(operator, message, "offer") == 303
    assert status(counter, message) == "kept"
    assert counter.scalar("SELECT keep_until - now() > interval '29 days' FROM message") is True


def test_a_rejected_message_is_taken_by_nobody_and_its_dossier_tells_of_it(
    counter: Counter, operator: Visitor
) -> None:
    code = counter.new_dossier()
    message = add_message(counter, "supplement", code, "kept")
    with counter.store.transaction() as connection:
        connection.execute(text("UPDATE message SET dossier_id = (SELECT id FROM dossier)"))
    assert decide(operator, message, "reject", "sent by mistake <b>") == 303
    counter.post(
        f"/api/v1/work-items/{counter.open_item(code)}/complete",
        {"data": {"decision": "accept"}},
        key=counter.officer,
    )
    counter.apply_all()
    assert status(counter, message) == "rejected"
    page = operator.page(f"/ho-so/{code}?kind=message-rejected&lang=en")
    assert "Message rejected" in page
    assert "sent by mistake &lt;b&gt;" in page
    assert text_of(operator.page(f"/ho-so/{code}?tab=evidence")).count("✖") == 0
    assert decide(operator, message, "reject") == 409
    assert f'href="/thong-diep/{message}"' in operator.page("/thong-diep?status=rejected")
    assert decide(operator, message, "offer") == 303  # a rejection can be taken back
    counter.apply_all()
    assert status(counter, message) == "delivered"


def test_who_may_not_and_what_is_no_act_changes_nothing(counter: Counter, operator: Visitor) -> None:
    message = add_message(counter, "supplement", "x")
    viewer = Visitor(counter, "viewer")
    assert "disabled" in viewer.page(f"/thong-diep/{message}")
    assert decide(viewer, message, "reject") == 403
    assert decide(operator, message, "explode") == 400
    assert decide(operator, message, "reject", " ") == 400
    assert decide(operator, 999, "reject") == 404
    assert status(counter, message) == "unclaimed"


def test_an_incident_about_whose_it_is_is_dealt_with(counter: Counter, operator: Visitor) -> None:
    for _ in range(2):
        counter.waiting_dossier()
    with counter.store.transaction() as connection:
        connection.execute(text("UPDATE wait SET key = 'shared'"))
    receive.take_message(counter.store, arrival("shared"), now=NOON)
    message = int(str(counter.scalar("SELECT id FROM message")))
    assert status(counter, message) == "ambiguous"
    assert decide(operator, message, "offer") == 303
    assert status(counter, message) == "ambiguous"  # two wait still, and a person is asked anew
    assert counter.scalar("SELECT count(*) FROM incident WHERE status <> 'closed'") == 1
    assert decide(operator, message, "reject") == 303
    assert counter.scalar("SELECT count(*) FROM incident WHERE status <> 'closed'") == 0


def test_what_came_again_is_counted_and_told(counter: Counter, operator: Visitor) -> None:
    for _ in range(3):
        receive.take_message(counter.store, arrival("x"), now=NOON)
    other = add_message(counter, "supplement", "y")
    with pytest.raises(errors.MessageConflict):
        receive.take_message(counter.store, arrival("x", b"another"), now=NOON)
    assert counter.scalar("SELECT sum(repeats) FROM message") == 2
    page = text_of(operator.page("/thong-diep?lang=en"))
    assert "Unmatched: 1 · Duplicates seen: 2" in page
    again = operator.page("/thong-diep?repeated=yes")
    assert f'href="/thong-diep/{other}"' not in again
    assert again.count('<th scope="row"><a href="/thong-diep/') == 1
    assert f'href="/thong-diep/{other}"' in operator.page("/thong-diep?status=untaken")


def test_messages_are_narrowed_by_their_days_in_this_zone(counter: Counter, operator: Visitor) -> None:
    early, late = add_message(counter, "a", "x"), add_message(counter, "a", "x")
    with counter.store.transaction() as connection:
        for message, at in ((early, "2026-03-03T23:59:59+07"), (late, "2026-03-04T00:00:00+07")):
            connection.execute(
                text("UPDATE message SET received_at = CAST(:at AS timestamptz) WHERE id = :id"),
                {"at": at, "id": message},
            )
    for query, found in (
        ("until=2026-03-03", [early]),
        ("since=04/03/2026", [late]),
        ("since=2026-03-03&until=2026-03-04", [early, late]),
    ):
        page = operator.page(f"/thong-diep?{query}")
        assert [one for one in (early, late) if f'href="/thong-diep/{one}"' in page] == found, query
    assert operator.get("/thong-diep?since=soon").status == 400
    assert operator.get("/thong-diep?repeated=often").status == 400
