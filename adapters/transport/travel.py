"""What every transport takes and gives, and the port that they implement.

A transport adds who we are; it never reads what a call means.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import orjson

from adapters.outbound import REPLY_LIMIT_BYTES, Door, Request, Response, redact_bytes
from engine.errors import CallUnavailable
from engine.exchange.ports import Json

JSON_TYPE = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A request before anybody signed it: *content* as it is, or else *document* as JSON, if there is one."""

    label: tuple[str, str]
    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    document: dict[str, Json] | None = None
    content: bytes | None = None
    total_s: float
    connect_s: float
    limit_bytes: int = REPLY_LIMIT_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Travelled:
    """What came back, with both bodies as they may be kept; *refused*: even a fresh log-in did not help."""

    response: Response
    request_bytes: bytes
    reply_bytes: bytes
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who we are at a partner; texts from settings, never from a contract."""

    user: str = ""
    secret: str = field(default="", repr=False)


class Transport(Protocol):
    """One way of travelling to one partner; shared by threads."""

    def carry(self, outgoing: Outgoing) -> Travelled:
        """Send *outgoing* within its total time, logging in first where that is needed.

        Raises:
            CallUnavailable: certainly not processed; a log-in that failed for any reason of the network is this too.
            CallOutcomeUnknown: it left and no whole answer came.
        """
        ...


class Deadline:
    """The moment when a call's whole time is over, log-in included."""

    def __init__(self, outgoing: Outgoing) -> None:
        self._until = time.monotonic() + outgoing.total_s
        self._outgoing = outgoing

    def left_s(self) -> float:
        """Raises: CallUnavailable: nothing is left, and the call has not been sent."""
        left = self._until - time.monotonic()
        if left <= 0:
            partner, operation = self._outgoing.label
            raise CallUnavailable(partner=partner, operation=operation, reason="the log-in took all the time")
        return left


def dispatch(
    door: Door,
    endpoint: str,
    outgoing: Outgoing,
    headers: Mapping[str, str],
    *,
    total_s: float,
    secrets: tuple[str, ...] = (),
    document: dict[str, Json] | None = None,
) -> Travelled:
    """Send *outgoing* with *headers* added; *document*, where given, in place of its own."""
    content = outgoing.content
    all_headers = {"Accept": "application/json", **outgoing.headers, **headers}
    document = outgoing.document if document is None else document
    if content is None and document is not None:
        content = orjson.dumps(document)
        all_headers.setdefault("Content-Type", JSON_TYPE)
    response = door.send(
        Request(
            endpoint=endpoint,
            method=outgoing.method,
            path=outgoing.path,
            headers=all_headers,
            body=content,
            total_s=total_s,
            connect_s=outgoing.connect_s,
            limit_bytes=outgoing.limit_bytes,
            label=outgoing.label,
            secrets=secrets,
        )
    )
    shown = content if content is not None else f"{outgoing.method} {outgoing.path}".encode()
    return Travelled(
        response=response,
        request_bytes=redact_bytes(shown, secrets),
        reply_bytes=redact_bytes(response.body, secrets),
    )
