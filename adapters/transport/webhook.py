"""Outgoing webhooks as Standard Webhooks 1.0 wants them: an id that stays, a time, and a signature over both and the body.

The partner's secret is `whsec_…` in base64, or any text; several, separated by spaces, sign each while it is changed.
Whatever a subscriber says with a status of success is thanks: its body is kept and means nothing.
"""

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import replace

import orjson

from adapters.outbound import Door
from adapters.transport.travel import JSON_TYPE, Access, Deadline, Outgoing, Travelled, dispatch
from engine.errors import CallUnavailable

ID = "webhook-id"
NO_CONTENT = 204


class WebhookTransport:
    """Signs every request at the moment when it leaves."""

    def __init__(self, door: Door, endpoint: str, access: Access, *, headers: Mapping[str, str]) -> None:
        self._door, self._endpoint, self._headers = door, endpoint, dict(headers)
        self._secrets = tuple(access.secret.split())

    def carry(self, outgoing: Outgoing) -> Travelled:
        """Raises: CallUnavailable (without a secret, too), CallOutcomeUnknown."""
        if not self._secrets:
            partner, operation = outgoing.label
            raise CallUnavailable(partner=partner, operation=operation, reason="its secret is not set")
        content = outgoing.content
        if content is None:
            content = orjson.dumps(outgoing.document) if outgoing.document is not None else b""
        stamp = str(int(time.time()))
        name = outgoing.headers.get(ID, "check")
        signed = {
            **self._headers,
            ID: name,
            "webhook-timestamp": stamp,
            "webhook-signature": signatures(self._secrets, name, stamp, content),
        }
        travelled = dispatch(
            self._door,
            self._endpoint,
            replace(
                outgoing,
                content=content,
                document=None,
                headers={"Content-Type": JSON_TYPE, **outgoing.headers},
            ),
            signed,
            total_s=Deadline(outgoing).left_s(),
            secrets=self._secrets,
        )
        if 200 <= travelled.response.status < 300:
            thanks = replace(travelled.response, status=NO_CONTENT, body=b"")
            return replace(travelled, response=thanks)
        return travelled


def signatures(secrets: tuple[str, ...], name: str, stamp: str, content: bytes) -> str:
    """The header's value: one HMAC-SHA256 for each secret."""
    signed = f"{name}.{stamp}.".encode() + content
    made = (hmac.new(_key(secret), signed, hashlib.sha256).digest() for secret in secrets)
    return " ".join(f"v1,{base64.b64encode(one).decode()}" for one in made)


def _key(secret: str) -> bytes:
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return secret.encode()
