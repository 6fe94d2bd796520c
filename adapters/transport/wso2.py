"""Travelling through an API manager: a client-credentials token by HTTP Basic, sent as a bearer.

A 401 fetches one fresh token and sends once more; after that it is a refusal.
"""

from collections.abc import Mapping
from dataclasses import replace

import orjson

from adapters.outbound import Door
from adapters.transport.plain import basic
from adapters.transport.session import LoginRefused, fetch, no_token, refusal
from adapters.transport.tokens import Token, TokenStore
from adapters.transport.travel import Access, Deadline, Outgoing, Travelled, dispatch

MARGIN_S = 30.0
DEFAULT_S = 3600.0


class Wso2Transport:
    """Most provincial platforms, and the post's interface behind the national one."""

    def __init__(
        self, door: Door, endpoint: str, access: Access, *, token: str, headers: Mapping[str, str]
    ) -> None:
        self._door, self._endpoint, self._access = door, endpoint, access
        self._path, self._headers = token, headers
        self._tokens = TokenStore()

    def carry(self, outgoing: Outgoing) -> Travelled:
        deadline = Deadline(outgoing)
        token = self._token(outgoing, deadline)
        if token is None:
            return refusal()
        first = self._send(outgoing, token, deadline)
        if first.response.status != 401:
            return first
        fresh = self._token(outgoing, deadline, refused=token)
        if fresh is None:
            return replace(first, refused=True)
        second = self._send(outgoing, fresh, deadline)
        return replace(second, refused=second.response.status == 401)

    def _send(self, outgoing: Outgoing, token: Token, deadline: Deadline) -> Travelled:
        headers = {**self._headers, "Authorization": f"Bearer {token.value}"}
        return dispatch(
            self._door,
            self._endpoint,
            outgoing,
            headers,
            total_s=deadline.left_s(),
            secrets=(token.value, self._access.secret),
        )

    def _token(self, outgoing: Outgoing, deadline: Deadline, refused: Token | None = None) -> Token | None:
        try:
            return self._tokens.get(lambda: self._fetch(outgoing, deadline), refused=refused)
        except LoginRefused:
            return None

    def _fetch(self, outgoing: Outgoing, deadline: Deadline) -> tuple[str, float]:
        login = Outgoing(
            label=outgoing.label,
            method="POST",
            path=self._path,
            headers={
                "Authorization": basic(self._access),
                "Content-Type": "application/x-www-form-urlencoded",
            },
            content=b"grant_type=client_credentials",
            total_s=deadline.left_s(),
            connect_s=outgoing.connect_s,
        )
        response = fetch(self._door, self._endpoint, login, {}, self._access)
        try:
            reply = orjson.loads(response.body)
        except orjson.JSONDecodeError as exc:
            raise no_token(login, understood=response.status != 200) from exc
        token = reply.get("access_token") if isinstance(reply, dict) else None
        if response.status != 200 or not isinstance(token, str) or not token:
            raise no_token(login, understood=True)
        lasts_s = reply.get("expires_in", DEFAULT_S)
        return token, max(float(lasts_s) - MARGIN_S, 1.0) if isinstance(lasts_s, int | float) else DEFAULT_S
