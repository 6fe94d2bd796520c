"""The door for JSON bodies: size, kind and depth are looked at before anything is parsed, and the parser is strict.

XML bodies go to `engine.xml` by way of the partner's contract; they never pass here.
"""

import re

import orjson
from flask import Request

from engine import errors
from engine.exchange.ports import Json
from engine.json_members import flaw

MAX_DEPTH = 40
MAX_BRACKETS = 100_000

_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)


class JsonRequest(Request):
    """A request whose JSON is an object within limits, or an error that says what is wrong with it."""

    _door: dict[str, Json] | None = None

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> dict[str, Json]:
        """The body's object; never None, never silent.

        Raises:
            MediaTypeUnsupported, RequestInvalid.
        """
        if self._door is None:
            if self.mimetype != "application/json" and not self.mimetype.endswith("+json"):
                raise errors.MediaTypeUnsupported(wanted="application/json", found=self.mimetype or "nothing")
            self._door = parse_object(self.get_data(cache=True))
        return self._door


def parse_object(body: bytes) -> dict[str, Json]:
    """The JSON object in *body*.

    Raises:
        RequestInvalid: empty, too deep, not JSON, not UTF-8, not an object, with a member twice, a number too
            long or a NUL character.
    """
    if not body.strip():
        raise errors.RequestInvalid(reason="the body is empty; a JSON object is wanted")
    check_depth(body)
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        raise errors.RequestInvalid(
            reason=f"the body is not JSON: {exc.msg}, line {exc.lineno}, column {exc.colno}"
        ) from exc
    if not isinstance(value, dict):
        raise errors.RequestInvalid(reason="the body must be a JSON object")
    wrong = flaw(body)
    if wrong is not None:
        raise errors.RequestInvalid(reason=wrong)
    if b"\\u0000" in body and _has_nul(value):
        raise errors.RequestInvalid(reason="the body has a NUL character, which no text may have")
    return value


def check_depth(body: bytes) -> None:
    """Raises: RequestInvalid when JSON is nested deeper than 40 or has more than 100,000 objects and lists."""
    brackets = body.count(b"[") + body.count(b"{")
    if brackets <= MAX_DEPTH:
        return
    if brackets > MAX_BRACKETS:
        raise errors.RequestInvalid(reason=f"the body has more than {MAX_BRACKETS} objects and lists")
    depth = 0
    for token in _TOKEN.finditer(body):
        first = body[token.start()]
        if first in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise errors.RequestInvalid(reason=f"the body is nested deeper than {MAX_DEPTH}")
        elif first in b"]}":
            depth -= 1


def _has_nul(value: Json) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, list):
        return any(_has_nul(item) for item in value)
    if isinstance(value, dict):
        return any("\0" in name or _has_nul(item) for name, item in value.items())
    return False
