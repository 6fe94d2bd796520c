"""What the simulated partners know: what they were told, by key, and what lies in their feeds.

It is made of the journal's lines and nothing else, so that a restarted simulator knows what it knew.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from adapters.simulator.journal import Line
from engine.exchange.ports import Json


@dataclass(slots=True)
class PartnerWorld:
    """One partner's memory."""

    stores: dict[str, dict[str, Json]] = field(default_factory=dict)
    feeds: dict[str, list[Json]] = field(default_factory=dict)
    keyed: dict[str, Json] = field(default_factory=dict)  # by feed, then by key: lists of the same items
    effects: int = 0

    def held(self, store: str, key: str) -> Json:
        return self.stores.get(store, {}).get(key)

    def put(self, feed: str, key: str, item: Json) -> None:
        """Let *item* appear at the end of *feed*."""
        self.feeds.setdefault(feed, []).append(item)
        by_key = self.keyed.setdefault(feed, {})
        if isinstance(by_key, dict):
            items = by_key.setdefault(key, [])
            if isinstance(items, list):
                items.append(item)

    def page(self, feed: str, after: str, size: int) -> list[Json]:
        """At most *size* items of *feed* behind the one with the id *after*; ids count from 1 in hexadecimal."""
        start = int(after, 16) if after else 0
        return self.feeds.get(feed, [])[start : start + size]

    def knows(self, store: str, key: str) -> bool:
        return key in self.stores.get(store, {})


class World:
    """Every partner's memory; whoever changes it holds the player's lock."""

    def __init__(self) -> None:
        self._partners: dict[str, PartnerWorld] = {}
        self.pending: dict[str, Line] = {}  # what is yet to happen by itself, by its own name

    def of(self, partner: str) -> PartnerWorld:
        return self._partners.setdefault(partner, PartnerWorld())

    def absorb(self, line: Line) -> None:
        """Know what a journal's line says."""
        partner = self.of(str(line.get("partner", "")))
        kind = line.get("kind")
        if kind == "request" and line.get("effect") is True:
            partner.effects += 1
            store = line.get("store")
            if isinstance(store, str):
                partner.stores.setdefault(store, {})[str(line.get("key"))] = line.get("record")
        elif kind == "feed":
            partner.put(str(line.get("feed")), str(line.get("key")), line.get("item"))
        if kind in ("feed", "message"):
            self.pending.pop(str(line.get("later")), None)
        for planned in _lines(line.get("planned")):
            self.pending[str(planned["later"])] = {**planned, "partner": line.get("partner")}

    def absorb_all(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self.absorb(line)


def _lines(value: Json) -> list[Line]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
