"""Whether a request says rightly who sends it: the other side of every way of travelling.

Sessions and tokens live in memory only: after a restart everybody logs in again, as at a real partner.
"""

import base64
import secrets
import threading
from collections.abc import Mapping

import orjson

from adapters.contracts import shape
from adapters.contracts.compiled import Contract
from adapters.simulator.http import HttpReply, HttpRequest
from engine.exchange.ports import Json


class Credentials:
    """The sessions and tokens that simulated partners have given out."""

    def __init__(self) -> None:
        self._given: dict[str, set[str]] = {}
        self._lock = threading.Lock()

    def log_in(self, contract: Contract, request: HttpRequest, path: str) -> HttpReply | None:
        """The answer to a log-in; None where *path* is none."""
        form = contract.form.transport
        if isinstance(form, shape.Session) and path == form.login:
            return self._session(contract, request)
        if isinstance(form, shape.Wso2) and path == form.token:
            return self._token(contract, request)
        return None

    def forget(self, partner: str) -> None:
        """End every session and token of *partner*."""
        with self._lock:
            self._given.pop(partner, None)

    def accept(self, contract: Contract, request: HttpRequest, body: Json) -> bool:
        """Whether the request carries what its contract's transport should carry."""
        form = contract.form.transport
        if isinstance(form, shape.Session):
            session = body.get(form.field) if isinstance(body, dict) else None
            return self._is_given(contract.partner, str(session))
        if isinstance(form, shape.Wso2):
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            return scheme.lower() == "bearer" and self._is_given(contract.partner, token)
        return isinstance(form, shape.Plain) and _plain(contract, form, request.headers)

    def _session(self, contract: Contract, request: HttpRequest) -> HttpReply:
        try:
            said = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            said = {}
        simulator = contract.form.simulator
        if said != {"username": simulator.user, "password": simulator.secret}:
            return _json(200, {"error_code": -1, "message": "Sai tên đăng nhập hoặc mật khẩu"})
        return _json(200, {"error_code": 0, "session": self._give(contract.partner), "result": None})

    def _token(self, contract: Contract, request: HttpRequest) -> HttpReply:
        if request.headers.get("authorization") != _basic(contract):
            return _json(
                401, {"error": "invalid_client", "error_description": "Client Authentication failed."}
            )
        if b"grant_type=client_credentials" not in request.body:
            return _json(400, {"error": "unsupported_grant_type"})
        token = self._give(contract.partner)
        return _json(
            200, {"access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope": "default"}
        )

    def _give(self, partner: str) -> str:
        token = secrets.token_hex(16)
        with self._lock:
            self._given.setdefault(partner, set()).add(token)
        return token

    def _is_given(self, partner: str, token: str) -> bool:
        with self._lock:
            return token in self._given.get(partner, ())


def _plain(contract: Contract, form: shape.Plain, headers: Mapping[str, str]) -> bool:
    if form.auth == "basic":
        return headers.get("authorization") == _basic(contract)
    if form.auth == "header":
        return headers.get(form.header.lower()) == contract.form.simulator.secret
    return True


def _basic(contract: Contract) -> str:
    simulator = contract.form.simulator
    return "Basic " + base64.b64encode(f"{simulator.user}:{simulator.secret}".encode()).decode()


def _json(status: int, document: dict[str, Json]) -> HttpReply:
    return HttpReply(status=status, body=orjson.dumps(document))
