"""Feeds that hang, fail or bring what cannot be taken hold up neither each other nor the other background work."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from engine import errors
from engine.actions import partners
from engine.actions.poll import poll_due
from engine.exchange.ports import Answer, FeedItem, FeedPage, FeedTerms, Json, Outcome, Partners
from tests.support.exchange import Setup
from tests.support.waiting import until


@pytest.fixture
def setup(database, tmp_path: Path) -> Iterator[Setup]:
    place = Setup(database.url, tmp_path)
    yield place
    place.close()


class Feeds:
    """Partners of which only the feeds are there: each answers as told."""

    def __init__(self, **pages: FeedPage | Exception) -> None:
        self.pages = pages
        self.asked: list[str] = []
        self.hanging = threading.Event()
        self.go_on = threading.Event()

    def feeds(self) -> list[FeedTerms]:
        return [
            FeedTerms(partner=name, name="f", every_s=0.0, batch=0, message="answer") for name in self.pages
        ]

    def poll(self, partner: str, feed: str, *, cursor: Json, keys: Sequence[str]) -> FeedPage:
        self.asked.append(partner)
        if partner.startswith("slow"):
            self.hanging.set()
            self.go_on.wait(60)
        page = self.pages[partner]
        if isinstance(page, Exception):
            raise page
        return page


def page(*items: FeedItem, cursor: Json = None) -> FeedPage:
    return FeedPage(items=items, cursor=cursor, more=False, answer=Answer(outcome=Outcome.OK))


def item(number: str, key: str = "K") -> FeedItem:
    return FeedItem(message_id=number, name="answer", key=key, reference=None, payload={})


def poll(setup: Setup, feeds: Feeds) -> int:
    port: Partners = feeds  # type: ignore[assignment]
    return poll_due(setup.store, port, now=setup.clock.now(), keep_days=1.0)


@pytest.mark.parametrize(
    "trouble",
    [
        errors.ComposeFailed(partner="bad", operation="f", reason="null"),
        errors.PartnerUnknown(partner="bad"),
        RecursionError("deep"),
    ],
)
def test_feed_that_fails_keeps_the_others_going(setup: Setup, trouble: Exception) -> None:
    feeds = Feeds(bad=trouble, good=page(item("1")))
    assert poll(setup, feeds) == 1
    assert poll(setup, feeds) == 0
    assert feeds.asked == ["bad", "good", "bad", "good"]


def test_a_partner_whose_breaker_a_person_holds_open_is_not_polled_either(setup: Setup) -> None:
    feeds = Feeds(held=page(item("1")), other=page(item("2")))
    partners.open_breaker(setup.store, "held", until=None, by="lan", reason="works")
    poll(setup, feeds)
    assert feeds.asked == ["other"]
    partners.close_breaker(setup.store, "held", by="lan", reason="over")
    poll(setup, feeds)
    assert "held" in feeds.asked


def test_feed_that_hangs_is_asked_once_and_the_others_go_on(setup: Setup) -> None:
    feeds = Feeds(slow=page(item("1")), good=page(item("2")))
    first = threading.Thread(target=poll, args=(setup, feeds))
    first.start()
    assert feeds.hanging.wait(30)
    assert poll(setup, feeds) == 1
    poll(setup, feeds)
    assert feeds.asked.count("slow") == 1
    feeds.go_on.set()
    first.join(30)
    poll(setup, feeds)
    assert feeds.asked.count("slow") == 2


def test_feeds_that_hang_leave_room_for_timers_and_leases(setup: Setup) -> None:
    feeds = Feeds(**{f"slow{number}": page() for number in range(8)})
    kept = setup.partners
    setup.partners = feeds  # type: ignore[assignment]
    worker = setup.new_worker()
    setup.partners = kept
    threads = [threading.Thread(target=worker.poll_feeds) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        assert feeds.hanging.wait(30)
        assert until(lambda: sum(thread.is_alive() for thread in threads) <= 2)
    finally:
        feeds.go_on.set()
        for thread in threads:
            thread.join(10)


@pytest.mark.parametrize(
    "bad",
    [
        FeedItem(message_id="2\0", name="answer", key="K", reference=None, payload={}),
        FeedItem(message_id="2", name="answer", key="K\0", reference=None, payload={}),
        FeedItem(message_id="2", name="answer", key="K", reference=("file", "7\0"), payload={}),
        FeedItem(message_id="2\ud800", name="answer", key="K", reference=None, payload={}),
    ],
    ids=["message id", "key", "reference", "half a character"],
)
def test_item_whose_names_no_database_can_hold_stops_neither_its_feed_nor_the_others(
    setup: Setup, bad: FeedItem
) -> None:
    feeds = Feeds(agency=page(item("1"), bad, item("3"), cursor="next"), post=page(item("4")))
    poll(setup, feeds)
    assert setup.rows("SELECT message_id FROM message ORDER BY id") == [("1",), ("3",), ("4",)]
    assert setup.scalar("SELECT cursor ->> 0 FROM feed WHERE partner = 'agency'") == "next"
    assert setup.rows("SELECT cause FROM incident WHERE status = 'open'") == [("message-unusable",)]


def test_item_that_cannot_be_stored_is_told_once_and_the_page_around_it_is_taken(setup: Setup) -> None:
    long = "".join(chr(0x4E00 + number * 37 % 20_000) for number in range(9_000))
    feeds = Feeds(agency=page(item("1"), item("2", long), item("3"), cursor="next"))
    poll(setup, feeds)
    poll(setup, feeds)
    assert setup.rows("SELECT message_id FROM message ORDER BY id") == [("1",), ("3",)]
    assert setup.scalar("SELECT cursor ->> 0 FROM feed") == "next"
    assert setup.rows("SELECT cause FROM incident WHERE status = 'open'") == [("message-unusable",)]
