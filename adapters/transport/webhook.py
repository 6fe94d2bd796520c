"""Outgoing webhooks, signed with the partner's secrets when they leave; how is `adapters.signatures`.

Whatever a subscriber says with a status of success is thanks: its body is kept and means nothing.
"""

import time
from collections.abc import Mapping
from dataclasses import replace

import orjson

from adapters.outbound import Door
from adapters.signatures import ID, secrets_in, signed
from adapters.transport.travel import JSON_TYPE, Access, Deadline, Outgoing, Travelled, dispatch
from engine.errors import CallUnavailable

NO_CONTENT = 204


class WebhookTransport:
    """Signs every request at the moment when it leaves."""

    def __init__(self, door: Door, endpoint: str, access: Access, *, headers: Mapping[str, str]) -> None:
        self._door, self._endpoint, self._headers = door, endpoint, dict(headers)
        self._secrets = secrets_in(access.secret)

    def carry(self, outgoing: Outgoing) -> Travelled:
        """Raises: CallUnavailable (without a secret, too), CallOutcomeUnknown."""
        if not self._secrets:
            partner, operation = outgoing.label
            raise CallUnavailable(partner=partner, operation=operation, reason="its secret is not set")
        content = outgoing.content
        if content is None:
            content = orjson.dumps(outgoing.document) if outgoing.document is not None else b""
        name = outgoing.headers.get(ID, "check")
        headers = self._headers | signed(self._secrets, name, str(int(time.time())), content)
        travelled = dispatch(
            self._door,
            self._endpoint,
            replace(
                outgoing,
                content=content,
                document=None,
                headers={"Content-Type": JSON_TYPE, **outgoing.headers},
            ),
            headers,
            total_s=Deadline(outgoing).left_s(),
            secrets=self._secrets,
        )
        if 200 <= travelled.response.status < 300:
            thanks = replace(travelled.response, status=NO_CONTENT, body=b"")
            return replace(travelled, response=thanks)
        return travelled
