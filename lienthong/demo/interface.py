"""The REST interface as the demo's people use it: an API key, an Idempotency-Key on each POST, and patience.

A request without an answer is repeated under the same key, as docs/api.md asks. It knows no table and no port of ours.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from uuid import uuid4

import click
import orjson

from adapters.outbound import Door, Endpoint, Request, Response
from engine.errors import CallError
from engine.exchange.ports import Json

PREFIX = "/api/v1"
PATIENCE_S = 45.0
AGAIN_S = 0.3
_PAGE = 200


class DemoFailed(click.ClickException):
    """The demo cannot go on; the message says which dossier waits for what."""


class Stalled(DemoFailed):
    """Nothing moves any more; what there is can still be counted."""


class Interface:
    """The web of a running system, seen by the owner of one API key."""

    def __init__(self, address: str, key: str) -> None:
        self._door = Door([Endpoint(name="web", url=address, private=True)])
        self._key = key
        self._closed = threading.Event()

    def get(self, path: str) -> dict[str, Json]:
        """What *path* shows."""
        return _document(self._until_answered("GET", path, None, {}), path)

    def pages(self, path: str) -> Iterator[dict[str, Json]]:
        """Every item of the list at *path*, which has a query already."""
        cursor: Json = ""
        while cursor is not None:
            page = self.get(f"{path}&limit={_PAGE}" + (f"&cursor={cursor}" if cursor else ""))
            items = page["items"]
            yield from (item for item in items if isinstance(item, dict)) if isinstance(items, list) else ()
            cursor = page["next"]

    def post(self, path: str, body: Mapping[str, Json], key: str = "") -> dict[str, Json]:
        """What comes of *body*; *key* is its Idempotency-Key where it is to be repeated later."""
        return _document(self.answer(path, body, key or str(uuid4())), path)

    def answer(self, path: str, body: Mapping[str, Json], key: str) -> Response:
        """The answer to a POST, whatever its status."""
        return self._until_answered("POST", path, orjson.dumps(body), {"Idempotency-Key": key})

    def close(self) -> None:
        """Let nobody begin or repeat a request any more."""
        self._closed.set()
        self._door.close()

    def _until_answered(
        self, method: str, path: str, body: bytes | None, more: Mapping[str, str]
    ) -> Response:
        request = Request(
            endpoint="web",
            method=method,
            path=PREFIX + path,
            headers={"Authorization": f"Bearer {self._key}", "Content-Type": "application/json", **more},
            body=body,
            total_s=20.0,
            label=("web", path),
        )
        until, last = time.monotonic() + PATIENCE_S, ""
        while time.monotonic() < until and not self._closed.is_set():
            try:
                response = self._door.send(request)
            except CallError as exc:
                last = exc.message
            else:
                if response.status < 500 and not (response.status == 409 and b"key-busy" in response.body):
                    return response
                last = f"HTTP {response.status}"
            self._closed.wait(AGAIN_S)
        raise DemoFailed(f"{method} {path} was not answered in {PATIENCE_S:g} s: {last}")


def _document(response: Response, path: str) -> dict[str, Json]:
    if not 200 <= response.status < 300:
        raise DemoFailed(f"{path}: HTTP {response.status} {response.body[:500].decode('utf-8', 'replace')}")
    document = orjson.loads(response.body)
    if not isinstance(document, dict):
        raise DemoFailed(f"{path}: the answer is no object")
    return document
