"""Travelling with a session: log in with user name and password, then carry the session in every body.

An answer that says the session is over causes one fresh log-in and one more sending; after that it is a refusal.
"""

import math
from collections.abc import Callable, Mapping

import orjson

from adapters.outbound import Door, Response
from adapters.transport.tokens import Token, TokenStore
from adapters.transport.travel import Access, Deadline, Outgoing, Travelled, dispatch
from engine.errors import CallOutcomeUnknown, CallUnavailable
from engine.exchange.ports import Json

Expired = Callable[[Mapping[str, Json]], bool]


class SessionTransport:
    """The portal's way, and that of others built like it."""

    def __init__(
        self,
        door: Door,
        endpoint: str,
        access: Access,
        *,
        login: str,
        field: str,
        expired: Expired,
        headers: Mapping[str, str],
    ) -> None:
        self._door, self._endpoint, self._access = door, endpoint, access
        self._login, self._field, self._expired, self._headers = login, field, expired, headers
        self._sessions = TokenStore()

    def carry(self, outgoing: Outgoing) -> Travelled:
        deadline = Deadline(outgoing)
        session = self._session(outgoing, deadline)
        if session is None:
            return refusal()
        first = self._send(outgoing, session, deadline)
        if not self._expired(_scope(first.response)):
            return first
        fresh = self._session(outgoing, deadline, refused=session)
        if fresh is None:
            return _refused(first)
        second = self._send(outgoing, fresh, deadline)
        return _refused(second) if self._expired(_scope(second.response)) else second

    def _send(self, outgoing: Outgoing, session: Token, deadline: Deadline) -> Travelled:
        document = {self._field: session.value, **(outgoing.document or {})}
        return dispatch(
            self._door,
            self._endpoint,
            outgoing,
            self._headers,
            total_s=deadline.left_s(),
            secrets=(session.value, self._access.secret),
            document=document,
        )

    def _session(self, outgoing: Outgoing, deadline: Deadline, refused: Token | None = None) -> Token | None:
        try:
            return self._sessions.get(lambda: (self._log_in(outgoing, deadline), math.inf), refused=refused)
        except LoginRefused:
            return None

    def _log_in(self, outgoing: Outgoing, deadline: Deadline) -> str:
        document: dict[str, Json] = {"username": self._access.user, "password": self._access.secret}
        login = Outgoing(
            label=outgoing.label,
            method="POST",
            path=self._login,
            document=document,
            total_s=deadline.left_s(),
            connect_s=outgoing.connect_s,
        )
        response = fetch(self._door, self._endpoint, login, self._headers, self._access)
        reply = _scope(response)["reply"]
        session = reply.get("session") if isinstance(reply, dict) else None
        if response.status == 200 and isinstance(session, str) and session:
            return session
        raise no_token(login, understood=isinstance(reply, dict) or response.status != 200)


class LoginRefused(Exception):
    """The partner answered the log-in, and said no."""


def fetch(door: Door, endpoint: str, login: Outgoing, headers: Mapping[str, str], access: Access) -> Response:
    """The answer to a log-in. Whatever the network did to it, the call behind it was certainly not sent.

    Raises:
        CallUnavailable: no answer, or one that says "later" (429, 5xx).
    """
    partner, operation = login.label
    try:
        response = dispatch(
            door, endpoint, login, headers, total_s=login.total_s, secrets=(access.secret,)
        ).response
    except CallOutcomeUnknown as exc:
        raise CallUnavailable(partner=partner, operation=operation, reason=f"log-in: {exc.message}") from exc
    if response.status == 429 or response.status >= 500:
        raise CallUnavailable(partner=partner, operation=operation, reason=f"log-in: HTTP {response.status}")
    return response


def no_token(login: Outgoing, *, understood: bool) -> Exception:
    """What to raise for a log-in that gave nothing: a refusal where we were *understood*, else a try for later."""
    if understood:
        return LoginRefused()
    partner, operation = login.label
    return CallUnavailable(partner=partner, operation=operation, reason="log-in: the answer cannot be read")


def refusal() -> Travelled:
    """What stands for an answer where a log-in was refused and nothing else was sent."""
    return Travelled(
        response=Response(status=401, headers={}, body=b""), request_bytes=b"", reply_bytes=b"", refused=True
    )


def _refused(travelled: Travelled) -> Travelled:
    return Travelled(
        response=travelled.response,
        request_bytes=travelled.request_bytes,
        reply_bytes=travelled.reply_bytes,
        refused=True,
    )


def _scope(response: Response) -> dict[str, Json]:
    """The names that the contract's `expired` may use; an answer that is no JSON has no reply."""
    try:
        reply: Json = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        reply = None
    return {"status": response.status, "reply": reply, "fault": None, "text": ""}
