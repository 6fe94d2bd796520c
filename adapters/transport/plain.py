"""Travelling without a log-in: nothing, HTTP Basic, or one header that holds the partner's secret."""

import base64
from collections.abc import Mapping

from adapters.outbound import Door
from adapters.transport.travel import Access, Deadline, Outgoing, Travelled, dispatch


class PlainTransport:
    """Adds the same headers to every request."""

    def __init__(
        self, door: Door, endpoint: str, access: Access, *, auth: str, header: str, headers: Mapping[str, str]
    ) -> None:
        self._door, self._endpoint = door, endpoint
        own, self._secrets = _headers(access, auth, header)
        self._headers = {**headers, **own}

    def carry(self, outgoing: Outgoing) -> Travelled:
        left = Deadline(outgoing).left_s()
        return dispatch(
            self._door, self._endpoint, outgoing, self._headers, total_s=left, secrets=self._secrets
        )


def basic(access: Access) -> str:
    """The value of an Authorization header of HTTP Basic."""
    return "Basic " + base64.b64encode(f"{access.user}:{access.secret}".encode()).decode()


def _headers(access: Access, auth: str, header: str) -> tuple[dict[str, str], tuple[str, ...]]:
    if auth == "basic":
        value = basic(access)
        return {"Authorization": value}, (access.secret, value.removeprefix("Basic "))
    if auth == "header":
        return {header: access.secret}, (access.secret,)
    return {}, ()
