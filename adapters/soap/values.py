"""Single values between XML text and JSON: one policy for every XSD type.

Booleans are booleans, integers numbers, floats numbers; decimals, dates, times, durations and binary content stay the
text that the wire has (ISO 8601, base64), because JSON has no type that keeps them exactly. Whether a text is allowed
is the schema's business, which checks every message as a whole.
"""

import base64
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from zeep.xsd import types as xsd_types
from zeep.xsd.types import builtins

from engine.exchange.ports import Json

_XML_SPACE = " \t\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """How one simple type is read from text and written to it; *write* raises ValueError for what it cannot hold."""

    read: Callable[[str], Json]
    write: Callable[[object], str]
    words: bool = False  # the text is a list of values, one element


def codec_for(simple: object) -> Codec:
    """The codec of zeep's *simple* type, also of lists and of types derived by restriction."""
    if isinstance(simple, xsd_types.ListType):
        return _list_of(codec_for(simple.item_type))
    for base, codec in _CODECS:
        if isinstance(simple, base):
            return codec
    return _TOKEN


def _list_of(item: Codec) -> Codec:
    def write(value: object) -> str:
        values = value if isinstance(value, list | tuple) else [value]
        return " ".join(item.write(one) for one in values)

    return Codec(read=lambda text: [item.read(word) for word in text.split()], write=write, words=True)


def _strip(text: str) -> str:
    return text.strip(_XML_SPACE)


def _read_bool(text: str) -> bool:
    return _strip(text) in {"true", "1"}


def _read_float(text: str) -> Json:
    value = float(_strip(text).replace("INF", "inf"))
    return value if math.isfinite(value) else _strip(text)


def _read_int(text: str) -> Json:
    return int(_strip(text))


def _read_binary(text: str) -> str:
    return "".join(text.split())


def _write_text(value: object) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case int() | float():
            return str(value)
        case datetime() | date() | time():
            return value.isoformat()
    raise ValueError(f"a single value is needed, not {_kind(value)}")


def _write_bool(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value in ("true", "false", "1", "0"):
        return str(value)
    raise ValueError(f"true or false is needed, not {_kind(value)}")


def _write_number(value: object) -> str:
    if isinstance(value, bool):
        raise ValueError("a number is needed, not true or false")  # noqa: TRY004  # the one error that codecs raise
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _strip(_write_text(value))


def _write_float(value: object) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "INF" if value > 0 else "-INF"
    return _write_number(value)


def _write_binary(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return _write_text(value)


def _kind(value: object) -> str:
    """What *value* is, without showing it: it may be personal data."""
    names = {dict: "an object", list: "a list", type(None): "nothing", str: "this text"}
    return names.get(type(value), f"a {type(value).__name__}")


_TEXT = Codec(read=lambda text: text, write=_write_text)
_TOKEN = Codec(read=_strip, write=_write_text)
_CODECS: tuple[tuple[type | tuple[type, ...], Codec], ...] = (
    (builtins.Boolean, Codec(read=_read_bool, write=_write_bool)),
    (builtins.Integer, Codec(read=_read_int, write=_write_number)),
    ((builtins.Float, builtins.Double), Codec(read=_read_float, write=_write_float)),
    (builtins.Decimal, Codec(read=_strip, write=_write_number)),
    (builtins.Base64Binary, Codec(read=_read_binary, write=_write_binary)),
    (builtins.Token, _TOKEN),
    (builtins.String, _TEXT),
    (xsd_types.UnionType, _TEXT),
)
