"""Personal data as those see it who have not asked for it with a reason: its shape, never its content.

Who may see more, and for how long, is `web.console.revealing`'s business.
"""

import orjson

from engine import errors, xml
from engine.exchange.ports import Json

HIDDEN = "•••"
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
        return orjson.dumps(masked(orjson.loads(body)), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return _masked_xml(body)


def plain_text(body: bytes | None) -> str:
    """A body as it is; of a large one, its beginning."""
    return "" if body is None else body[:_MOST].decode(errors="replace")


def masked_json(value: Json) -> str:
    return "" if value is None else orjson.dumps(masked(value), option=orjson.OPT_INDENT_2).decode()


def plain_json(value: Json) -> str:
    return "" if value is None else orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def masked(value: Json) -> Json:
    """*value* with every text and number of it hidden: its names stay."""
    if isinstance(value, dict):
        return {name: masked(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [masked(inner) for inner in value]
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
