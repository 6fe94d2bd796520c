"""What simulated partners do by themselves after a while: items that appear in feeds, messages that they send to us.

A message is sent again until it is taken, as a real agency's queue would; that it was is a line in the journal.
"""

import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from typing import TypeAlias

import orjson
import structlog

from adapters import signatures
from adapters.contracts.compiled import Contract
from adapters.outbound import Door, Endpoint, Request
from adapters.simulator.faults import Fault, Faults
from adapters.simulator.journal import Line
from adapters.simulator.player import Player
from engine.errors import CallError

STEP_S = 0.02
AGAIN_S = 0.5
CALLBACK = "callback"
Finding: TypeAlias = Callable[[str], Contract]
log = structlog.get_logger(__name__)


class Doings:
    """A thread that does what is due."""

    def __init__(self, find: Finding, player: Player, faults: Faults) -> None:
        self._find, self._player, self._faults = find, player, faults
        self._door = Door()
        self._stop = threading.Event()
        self._held_back: dict[str, float] = {}
        self._keys: dict[str, str] = {}
        self._thread = threading.Thread(target=self._run, name="simulated-doings", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(timeout=10)
        self._door.close()

    def call_back_to(self, url: str, keys: Mapping[str, str] | None = None) -> None:
        """Send the partners' messages below *url*, as `<url>/partners/<partner>/<operation>`.

        *keys*: the API key that a partner shows, by its name.
        """
        self._keys = dict(keys or {})
        self._door.add(Endpoint(name=CALLBACK, url=url, private=True))

    def _run(self) -> None:
        while not self._stop.wait(STEP_S):
            for line in self._player.due(time.time()):
                if self._stop.is_set():
                    return
                self._do(line)

    def _do(self, line: Line) -> None:
        if line.get("feed") is not None:
            self._player.appear(line)
            return
        name = str(line["later"])
        if self._door.knows(CALLBACK) and self._held_back.get(name, 0.0) <= time.monotonic():
            self._send(line, name)

    def _send(self, line: Line, name: str) -> None:
        partner, operation = str(line["partner"]), str(line["message"])
        body = orjson.dumps(line["body"])
        twice = self._faults.meet(partner, operation, "", body.decode(), frozenset({Fault.TWICE})) is not None
        statuses = [self._post(partner, operation, body) for _ in range(2 if twice else 1)]
        if all(200 <= status < 300 for status in statuses):
            self._held_back.pop(name, None)
            self._note(line, statuses, body)
            return
        self._held_back[name] = time.monotonic() + AGAIN_S
        log.info("simulated_message_not_taken", partner=partner, operation=operation, status=statuses[-1])

    def _post(self, partner: str, operation: str, body: bytes) -> int:
        path, kind, content = self._on_the_wire(partner, operation, body)
        request = Request(
            endpoint=CALLBACK,
            method="POST",
            path=path,
            headers={**kind, **self._shown(partner), **self._signed(partner, operation, content)},
            body=content,
            total_s=10.0,
            label=(partner, operation),
        )
        try:
            return self._door.send(request).status
        except CallError:
            return 0

    def _on_the_wire(self, partner: str, operation: str, body: bytes) -> tuple[str, dict[str, str], bytes]:
        """Path, headers and content: JSON, or an envelope where the contract has it so."""
        soap = self._find(partner).inbound[operation].soap
        if soap is None:
            return (
                f"/partners/{partner}/{operation}",
                {"Content-Type": "application/json; charset=utf-8"},
                body,
            )
        envelope = soap.service.compose(soap.operation, orjson.loads(body))
        return f"/soap/{partner}", soap.service.headers(soap.operation), envelope

    def _signed(self, partner: str, operation: str, body: bytes) -> dict[str, str]:
        """The signature that the contract wants of this message; the same body keeps its id."""
        contract = self._find(partner)
        if not contract.inbound[operation].signed:
            return {}
        name = f"msg_{hashlib.sha256(body).hexdigest()[:24]}"
        secrets = contract.form.simulator.secret.split()
        return signatures.signed(secrets, name, str(int(time.time())), body)

    def _shown(self, partner: str) -> dict[str, str]:
        key = self._keys.get(partner)
        return {"Authorization": f"Bearer {key}"} if key else {}

    def _note(self, line: Line, statuses: list[int], body: bytes) -> None:
        self._player.note(
            {
                "kind": "message",
                "partner": line["partner"],
                "message": line["message"],
                "later": line["later"],
                "body": orjson.loads(body),
                "statuses": list(statuses),
            }
        )
