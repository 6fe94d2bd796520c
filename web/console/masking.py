"""Personal data as those see it who have not asked for it with a reason: its shape, never its content.

What may be seen for five minutes after a reason was given is said by a signed text in the address, good for one session.
"""

import orjson
from flask import request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from engine import errors, xml
from engine.exchange.ports import Json
from web.console.access import Visitor
from web.container import Container

HIDDEN = "•••"
SHOWN_S = 300
_MOST = 200_000


def fields(value: Json, path: str = "") -> list[tuple[str, str]]:
    """Every leaf of *value* with its dotted path."""
    if isinstance(value, dict):
        return [leaf for name, inner in value.items() for leaf in fields(inner, f"{path}.{name}".lstrip("."))]
    if isinstance(value, list):
        return [leaf for at, inner in enumerate(value) for leaf in fields(inner, f"{path}.{at}".lstrip("."))]
    return [(path or "value", "" if value is None else str(value))]


def masked_text(body: bytes | None) -> str:
    """The shape of a JSON or XML body, every value of it hidden."""
    if not body:
        return ""
    if len(body) > _MOST:
        return f"{len(body)} bytes"
    try:
        return orjson.dumps(_masked(orjson.loads(body)), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return _masked_xml(body)


def plain_text(body: bytes | None) -> str:
    """A body as it is; of a large one, its beginning."""
    return "" if body is None else body[:_MOST].decode(errors="replace")


def masked_json(value: Json) -> str:
    return "" if value is None else orjson.dumps(_masked(value), option=orjson.OPT_INDENT_2).decode()


def plain_json(value: Json) -> str:
    return "" if value is None else orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def permit(container: Container, visitor: Visitor, what: str) -> str:
    """The text that lets *visitor*'s session see *what* for five minutes."""
    return str(_signer(container).dumps([visitor.token, what]))


def permitted(container: Container, visitor: Visitor) -> str | None:
    """What this address lets its visitor see; None where it names nothing, or its five minutes are over."""
    given = request.args.get("seen")
    if given is None:
        return None
    try:
        token, what = _signer(container).loads(given, max_age=SHOWN_S)
    except (BadSignature, ValueError, TypeError):
        return None
    return str(what) if visitor.signed_in and token == visitor.token else None


def _masked(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _masked(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_masked(inner) for inner in value]
    return value if value is None or isinstance(value, bool) else HIDDEN


def _masked_xml(body: bytes) -> str:
    try:
        root = xml.parse(body)
    except errors.XmlRefused:
        return f"{len(body)} bytes"
    for element in root.iter():
        element.text = HIDDEN if (element.text or "").strip() else None
        element.tail = None
        for name in element.attrib:
            element.set(name, HIDDEN)
    return xml.serialize(root, declaration=False).decode()


def _signer(container: Container) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(container.secret, salt="seen")
