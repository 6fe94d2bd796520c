"""An instance's state as bytes: our own versioned JSON, without specification and without history.

Only live tokens are kept, each with its place, so the size does not grow with what has happened. Values are
written as they are and never interpreted; variables that tokens share are written once. Reading knows every
format up to `FORMAT`.
"""

from collections.abc import Hashable
from typing import Any

import orjson

from engine.errors import LimitExceeded, StateUnreadable
from engine.runtime.instance import Instance
from engine.runtime.model import Model
from engine.runtime.scopes import AnyScope, InnerScope
from engine.runtime.token import Token
from engine.runtime.variables import EMPTY, Variables

FORMAT = 1


def write(instance: Instance) -> bytes:
    """The bytes from which `read` makes an equal instance.

    Raises:
        LimitExceeded: a number that JSON readers would not keep.
    """
    pool = _Pool()
    body = {
        "f": FORMAT,
        "p": instance.process,
        "n": instance.counter,
        "s": instance.stamp,
        "e": instance.ended,
        "t": [_token(token, pool) for token in instance.tokens.values()],
        "c": {
            host: [scope.spec.key, pool.index(scope.given), pool.index(scope.result)]
            for host, scope in instance.subprocesses.items()
        },
        "g": pool.index(instance.given),
        "r": pool.index(instance.result),
        "v": pool.written,
    }
    try:
        return orjson.dumps(body)
    except TypeError as exc:
        raise LimitExceeded(instance="", limit=64, what="bits of a whole number in a variable") from exc


def read(model: Model, data: bytes) -> Instance:
    """The instance that `write` wrote.

    Raises:
        StateUnreadable: a format that is newer than this version, or not ours.
    """
    return _instance(model, _body(data))


def _body(data: bytes) -> dict[str, Any]:
    try:
        body = orjson.loads(data)
        found = body["f"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as exc:
        raise StateUnreadable(instance="", format="unknown", known=FORMAT) from exc
    if found != FORMAT:
        raise StateUnreadable(instance="", format=found, known=FORMAT)
    checked: dict[str, Any] = body
    return checked


def shape(data: bytes) -> Hashable:
    """Where the tokens of a stored state stand and how, without their numbers and variables: those of one shape are judged alike.

    Raises:
        StateUnreadable: as `read`.
    """
    body = _body(data)
    places = {"": 0} | {row[0]: number for number, row in enumerate(body["t"], 1)}
    tokens = tuple(
        (
            places[row[1]],
            row[2],
            row[3],
            row[4],
            places.get(row[5], row[5] != ""),
            row[6],
            bool(row[10].get("round")),
        )
        for row in body["t"]
    )
    return body["p"], tokens, tuple((places[host], inner[0]) for host, inner in body["c"].items())


def _token(token: Token, pool: "_Pool") -> list[object]:
    return [
        token.id,
        token.scope.key,
        token.element.id,
        token._state,
        token.flow,
        token.host,
        token.stage,
        token.opened,
        pool.index(token.variables),
        token.fault,
        token.notes,
    ]


def _instance(model: Model, body: dict[str, Any]) -> Instance:
    instance = Instance(model, body["p"])
    instance.counter, instance.stamp, instance.ended = body["n"], body["s"], body["e"]
    pool = [Variables(values, stamps) if values else EMPTY for values, stamps in body["v"]]
    instance.given, instance.result = pool[body["g"]], pool[body["r"]]
    scopes: dict[str, AnyScope] = {"": instance}
    for row in body["t"]:
        scope = scopes[row[1]]
        token = Token(scope, scope.spec.elements[row[2]], row[0], pool[row[8]])
        token._state, token.flow, token.host, token.stage, token.opened = (
            row[3],
            row[4],
            row[5],
            row[6],
            row[7],
        )
        token.fault = (row[9][0], row[9][1]) if row[9] else None
        token.notes = row[10]
        instance.tokens[token.id] = token
        inner = body["c"].get(token.id)
        if inner is not None:
            opened = InnerScope(model.scopes[inner[0]], token, instance)
            opened.given, opened.result = pool[inner[1]], pool[inner[2]]
            instance.subprocesses[token.id] = scopes[token.id] = opened
    return instance


class _Pool:
    """Writes each set of variables once, however many tokens share it."""

    def __init__(self) -> None:
        self.written: list[list[object]] = []
        self._known: dict[int, int] = {}

    def index(self, variables: Variables) -> int:
        key = id(variables) if variables.values else 0
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = len(self.written)
            self.written.append([variables.values, variables.stamps])
        return found
