"""Plays operations: a valid request becomes an answer, perhaps an effect, and a line in the journal.

A repeat is known only by the key that the contract's simulator section names, which holds fields of the real contract.
How requests arrive and answers leave is in `reception`.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from adapters.contracts.compiled import Contract, Later, Simulated, SimulatedAnswer
from adapters.simulator.journal import Journal, Line, read
from adapters.simulator.world import PartnerWorld, World
from engine.clock import VIETNAM
from engine.errors import ContractInvalid
from engine.exchange.ports import Json

PLACE_OF_ID = "(its id)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """An answer before it is put into bytes; *fault* (code, text, detail) in place of *body* for SOAP."""

    status: int
    body: Json
    key: str
    effect: bool
    fault: tuple[str, str, Json] | None = None


class Player:
    """All simulated partners of one server: their memory, their journal, what they do by themselves."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = threading.RLock()
        self.world = World()
        self.world.absorb_all(read(journal.path.parent))

    def key_of(self, contract: Contract, operation: str, body: Json) -> str:
        """The key by which the real partner would know a repeat; empty where it has none."""
        simulated = contract.simulated.get(operation)
        if simulated is None or simulated.key is None:
            return ""
        return simulated.key.text_of({"body": body, "settings": dict(contract.settings)})

    def play(self, contract: Contract, operation: str, body: Json, choice: str = "") -> Played:
        """Answer *body*, carrying it out unless the contract's simulator says otherwise."""
        simulated = contract.simulated.get(operation)
        if simulated is None:
            raise ContractInvalid(
                file=contract.folder, where="simulator.operations", reason=f"{operation} is missing"
            )
        with self._lock:
            return self._played(contract, simulated, body, choice)

    def _played(self, contract: Contract, simulated: Simulated, body: Json, choice: str) -> Played:
        partner = self.world.of(contract.partner)
        key = self.key_of(contract, simulated.name, body)
        store = simulated.form.store or simulated.name
        scope: dict[str, Json] = {
            "body": body,
            "key": key,
            "known": partner.knows(store, key),
            "held": partner.held(store, key),
            "now": datetime.now(VIETNAM).isoformat(timespec="seconds"),
            "number": partner.effects + 1,
            "id": f"{partner.effects + 1:024x}",
            "keyed": partner.keyed,
            "page": None,
            "settings": dict(contract.settings),
            "choice": choice or None,
        }
        scope["page"] = _page(simulated, partner, scope)
        answer = next((item for item in simulated.answers if item.when.holds(scope)), None)
        if answer is None:
            raise ContractInvalid(
                file=contract.folder,
                where=f"simulator.operations.{simulated.name}.answers",
                reason="none of them answers this request",
            )
        record = simulated.record(scope) if simulated.record else body
        effect = _takes_effect(simulated, answer, scope, record)
        played = _told(answer, scope, key, effect=effect)
        line = self._line(contract, simulated, played, body)
        if effect:
            if simulated.key is not None:
                line |= {"store": store, "record": record}
            line["planned"] = self._planned(contract, simulated, scope)
        self.world.absorb(self._journal.write(line))
        return played

    def _line(self, contract: Contract, simulated: Simulated, played: Played, body: Json) -> Line:
        answered: Json = played.body if played.fault is None else list(played.fault)
        return {
            "kind": "request",
            "partner": contract.partner,
            "operation": simulated.name,
            "key": played.key,
            "effect": played.effect,
            "body": body,
            "status": played.status,
            "answer": answered,
        }

    def _planned(self, contract: Contract, simulated: Simulated, scope: Mapping[str, Json]) -> list[Json]:
        """What follows by itself, with everything in it already decided."""
        number = self.world.of(contract.partner).effects + 1
        planned: list[Json] = []
        for i, later in enumerate(simulated.later):
            if later.when.holds(scope):
                name = f"{contract.partner}.{simulated.name}.{number}.{i}"
                planned.append(_plan(later, name, {**scope, "id": PLACE_OF_ID}))
        return planned

    def appear(self, line: Line) -> None:
        """Put a planned item into its feed; only now it gets its id, which is therefore in the order of the feed."""
        partner, feed = str(line["partner"]), str(line["feed"])
        with self._lock:
            number = len(self.world.of(partner).feeds.get(feed, ())) + 1
            item = _with_id(line["body"], f"{number:024x}")
            known: Line = {name: line[name] for name in ("partner", "feed", "later", "key")}
            self.note({"kind": "feed", **known, "item": item})

    def note(self, line: Line) -> None:
        """Write a line that is no request: a refusal, a fault, something that a partner did by itself."""
        with self._lock:
            self.world.absorb(self._journal.write(line))

    def due(self, moment: float) -> list[Line]:
        """What should have happened by itself by *moment* (seconds since the epoch), oldest first."""
        with self._lock:
            found = [dict(line) for line in self.world.pending.values() if _due(line) <= moment]
        return sorted(found, key=_due)


def _page(simulated: Simulated, partner: PartnerWorld, scope: Mapping[str, Json]) -> Json:
    """What the operation's page shows; nothing where its size or the id is none."""
    page = simulated.page
    if page is None:
        return None
    size, after = page.size(scope), page.after.text_of(scope)
    try:
        return partner.page(page.feed, after, size if isinstance(size, int) else 0)
    except ValueError:
        return []


def _takes_effect(
    simulated: Simulated, answer: SimulatedAnswer, scope: Mapping[str, Json], record: Json
) -> bool:
    when = answer.form.effect
    if when == "once" and scope["known"]:
        repeat = simulated.form.repeat
        return repeat == "again" or (repeat == "overwrite" and record != scope["held"])
    return when != "never"


def _told(answer: SimulatedAnswer, scope: Mapping[str, Json], key: str, *, effect: bool) -> Played:
    form = answer.form
    if form.soap_fault is not None and answer.fault_text is not None:
        detail = answer.fault_detail(scope) if answer.fault_detail else None
        fault = (form.soap_fault.code, answer.fault_text.text_of(scope), detail)
        return Played(status=500, body=None, key=key, effect=effect, fault=fault)
    return Played(status=form.status, body=answer.body(scope), key=key, effect=effect)


def _plan(later: Later, name: str, scope: Mapping[str, Json]) -> Line:
    return {
        "later": name,
        "due": time.time() + later.form.after_s,
        "key": later.key.text_of(scope),
        "feed": later.form.feed,
        "message": later.form.message,
        "body": later.body(scope),
    }


def _with_id(value: Json, given: str) -> Json:
    if isinstance(value, dict):
        return {name: _with_id(item, given) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_id(item, given) for item in value]
    return given if value == PLACE_OF_ID else value


def _due(line: Line) -> float:
    due = line.get("due")
    return float(due) if isinstance(due, int | float) else 0.0
