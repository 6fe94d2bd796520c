"""Until when partners' certificates are good: looked at now and then, kept where one is not reached, and seen coming."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from engine import errors
from engine.actions import certificates
from engine.exchange.ports import Partners
from tests.support.console import Visitor, text_of
from tests.support.counter import Counter, open_counter

LONG, SOON, OVER = (datetime.now(UTC).replace(microsecond=0) + timedelta(days=days) for days in (90, 29, -1))


class Seen:
    """A port that sees these certificates; an error is one that was not reached."""

    def __init__(self, seen: Mapping[str, datetime | None | errors.CallUnavailable]) -> None:
        self._seen = seen

    def names(self) -> list[str]:
        return list(self._seen)

    def certificate_until(self, partner: str) -> datetime | None:
        found = self._seen[partner]
        if isinstance(found, errors.CallUnavailable):
            raise found
        return found


@pytest.fixture
def counter(database):
    with open_counter(database.url) as opened:
        yield opened


def look(counter: Counter, seen: Mapping[str, datetime | None | errors.CallUnavailable]) -> int:
    return certificates.look(counter.store, cast(Partners, Seen(seen)))


def kept(counter: Counter, name: str) -> object:
    return counter.scalar("SELECT certificate_until FROM partner WHERE name = :name", name=name)


def test_what_was_seen_is_kept_also_while_a_partner_is_not_reached(counter: Counter) -> None:
    assert look(counter, {"post": SOON, "tax": None}) == 1
    away = errors.CallUnavailable(partner="post", operation="(certificate)", reason="certificate has expired")
    assert look(counter, {"post": away, "tax": LONG}) == 1
    assert (kept(counter, "post"), kept(counter, "tax")) == (SOON, LONG)
    look(counter, {"post": None})
    assert kept(counter, "post") is None


def test_one_that_runs_out_is_on_the_first_page_the_partners_list_and_the_metrics(counter: Counter) -> None:
    admin = Visitor(counter, "admin")
    assert "Chứng thư" not in text_of(admin.page("/").split('class="counts"')[-1].split("</ul>")[0])
    look(counter, {"tax": LONG, "post": SOON, "old": OVER})
    home = admin.page("/")
    assert '<a href="/doi-tac?certificate=soon"><strong>2</strong> Đối tác có chứng thư hết hạn' in home
    narrowed = text_of(admin.page("/doi-tac?certificate=soon"))
    assert "đã hết hạn" in narrowed
    assert [name in narrowed for name in ("post", "old", "tax")] == [True, True, False]
    assert admin.get("/doi-tac?certificate=later").status == 400
    told = counter.get("/metrics", key=counter.new_key("prometheus", "metrics")).body.decode()
    line = re.search(r'lienthong_certificate_expiry_timestamp_seconds\{partner="post"\} (\S+)', told)
    assert line is not None
    assert float(line[1]) == SOON.timestamp()
