"""One server for all simulated partners: each below `/<partner>`, the control endpoint at `/_control`.

`serve` is what the command line and tests call; everything ends with `close`.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import orjson
import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from adapters.contracts.compiled import Contract
from adapters.simulator.credentials import Credentials
from adapters.simulator.faults import FaultRule, Faults
from adapters.simulator.http import HttpReply, HttpRequest, HttpServer
from adapters.simulator.journal import Journal
from adapters.simulator.later import Doings
from adapters.simulator.player import Player
from adapters.simulator.reception import SimulatedReception
from engine.errors import LienthongError, PartnerUnknown

CONTROL = "/_control"
log = structlog.get_logger(__name__)

Finding = Callable[[str], Contract]


class Whither(BaseModel):
    """Where the partners send their messages, and what each shows there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    callback_url: str
    callback_keys: dict[str, str] = {}


class Simulators:
    """Running simulators. *port* and *url* are where they listen; *journal* is the file that witnesses."""

    def __init__(self, find: Finding, host: str, port: int, journal_dir: Path, *, durable: bool) -> None:
        self._find = find
        self._stop = threading.Event()
        self._journal = Journal(journal_dir, durable=durable)
        self.faults = Faults()
        self._player = Player(self._journal)
        self._doings = Doings(find, self._player, self.faults)
        self._reception = SimulatedReception(self._player, Credentials(), self.faults, self._stop)
        self._server = HttpServer(host, port, self._answer)
        self.host, self.port, self.journal = host, self._server.port, self._journal.path

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def start(self) -> None:
        self._server.start()
        self._doings.start()

    def call_back_to(self, url: str, keys: Mapping[str, str] | None = None) -> None:
        """Where the partners send messages of their own: below *url*, as `partners/<partner>/<operation>`.

        *keys*: the API key that a partner shows there, by its name.
        """
        self._doings.call_back_to(url, keys)

    def close(self) -> None:
        """Stop listening, end what is under way and close the journal; nothing runs on."""
        self._stop.set()
        self._server.close()
        self._doings.close()
        self._journal.close()

    def _answer(self, request: HttpRequest) -> HttpReply:
        if request.path == CONTROL:
            return self._control(request)
        partner, _, rest = request.path.removeprefix("/").partition("/")
        try:
            return self._reception.answer(self._find(partner), request, "/" + rest)
        except LienthongError as exc:
            log.warning("simulator_failed", partner=partner, code=exc.code, error=exc.message)
            status = 404 if exc.status == 404 else 500
            return HttpReply(status=status, body=orjson.dumps({"code": exc.code, "message": exc.message}))

    def _control(self, request: HttpRequest) -> HttpReply:
        """POST adds rules (one object or a list) or sets `callback_url`, DELETE clears them, GET lists them."""
        if request.method == "DELETE":
            self.faults.clear()
        elif request.method == "POST":
            try:
                self._ordered(orjson.loads(request.body))
            except (ValidationError, ValueError, LienthongError) as exc:
                return HttpReply(
                    status=400, body=orjson.dumps({"code": "control-invalid", "message": str(exc)})
                )
        return HttpReply(body=orjson.dumps({"rules": self.faults.standing()}))

    def _ordered(self, order: object) -> None:
        if isinstance(order, dict) and "callback_url" in order:
            whither = Whither.model_validate(order)
            self.call_back_to(whither.callback_url, whither.callback_keys)
            return
        rules = [FaultRule.model_validate(item) for item in (order if isinstance(order, list) else [order])]
        for rule in rules:
            self.faults.add(rule)


def serve(
    contracts: Iterable[Contract] | Finding,
    host: str = "127.0.0.1",
    port: int = 0,
    journal_dir: Path | None = None,
    *,
    durable: bool = False,
    callback_url: str | None = None,
) -> Simulators:
    """Simulators that listen on *host* and *port* (0: a free one) and keep their journal in *journal_dir*.

    *contracts* is a list, or a function that finds one by name, as `ContractPartners.contract` does: then a folder that
    is added while they run is played too.

    Raises:
        OSError: the port is taken, or the folder cannot be written.
    """
    if journal_dir is None:
        raise ValueError("the simulators need a folder for their journal")
    find = contracts if callable(contracts) else _among(contracts)
    simulators = Simulators(find, host, port, journal_dir, durable=durable)
    if callback_url:
        simulators.call_back_to(callback_url)
    simulators.start()
    return simulators


def _among(contracts: Iterable[Contract]) -> Finding:
    known = {contract.partner: contract for contract in contracts}

    def find(partner: str) -> Contract:
        if partner not in known:
            raise PartnerUnknown(partner=partner)
        return known[partner]

    return find
