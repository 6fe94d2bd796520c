"""JSON values to XML elements by their shapes.

Nothing given is left out: a key that the schema does not know is an error. Whether the order, the choice and the counts
are right is checked by the schema afterwards.
"""

from collections import deque
from collections.abc import Callable, Mapping

from lxml import etree

from adapters.soap.shapes import NIL, Field, Particle, Shape


class Unfit(Exception):
    """A body does not fit its shape; the text says where."""


def write(parent: etree._Element, tag: str, shape: Shape, value: object) -> etree._Element:
    """Append *value* to *parent* as an element *tag*.

    Raises:
        Unfit: *value* does not have the shape; names the place.
    """
    node = etree.SubElement(parent, tag)
    if shape.codec is not None:
        _write_simple(node, shape, value)
    elif value is None:
        node.set(NIL, "true")
    elif isinstance(value, Mapping):
        _write_object(node, shape, value)
    elif shape.open and not shape.fields and isinstance(value, str):
        _set_text(node, value)
    else:
        raise Unfit(f"{_name(tag)}: an object is needed, not {type(value).__name__}")
    return node


def _write_simple(node: etree._Element, shape: Shape, value: object) -> None:
    text = value
    if isinstance(value, Mapping) and shape.attributes:
        _refuse_unknown(node, {*shape.attributes, "_text"}, value)
        _write_attributes(node, shape, value)
        text = value.get("_text")
    if text is None:
        node.set(NIL, "true")
    elif shape.codec is not None:
        _set_text(node, _written(node, shape.codec.write, text))


def _write_object(node: etree._Element, shape: Shape, value: Mapping[str, object]) -> None:
    _refuse_unknown(node, shape.fields.keys() | shape.attributes.keys(), value)
    _write_attributes(node, shape, value)
    pending = {key: deque(_as_list(shape.fields[key], value[key])) for key in value if key in shape.fields}
    _write_particle(node, shape, shape.particle, pending)
    for key, rest in pending.items():
        if rest:
            raise Unfit(f"{_name(node.tag)}: {key} occurs more often than allowed")


def _refuse_unknown(node: etree._Element, known: set[str], value: Mapping[str, object]) -> None:
    unknown = [key for key in value if key not in known and not (value[key] is None or value[key] == [])]
    if unknown:
        raise Unfit(
            f"{_name(node.tag)}: it has no {', '.join(unknown)}; it has {', '.join(sorted(known)) or 'nothing'}"
        )


def _as_list(one: Field, value: object) -> list[object]:
    codec = one.shape.codec
    if isinstance(value, list | tuple) and not (codec and codec.words and not one.many):
        if not one.many and len(value) > 1:
            raise Unfit(f"{one.key}: one value is allowed, not {len(value)}")
        return list(value)
    return [value]


def _write_particle(
    node: etree._Element, shape: Shape, particle: Particle, pending: dict[str, deque[object]]
) -> int:
    """How many elements were written."""
    if particle.key is not None:
        return _write_field(node, shape.fields[particle.key], particle, pending)
    total, rounds = 0, 0
    while particle.limit is None or rounds < particle.limit:
        wrote = sum(_write_particle(node, shape, part, pending) for part in particle.parts)
        total, rounds = total + wrote, rounds + 1
        if not wrote:
            break
    return total


def _write_field(
    node: etree._Element, one: Field, particle: Particle, pending: dict[str, deque[object]]
) -> int:
    values, wrote = pending.get(one.key), 0
    if not values and particle.nil:
        values = deque([None])
    while values and (particle.limit is None or wrote < particle.limit):
        value = values.popleft()
        if value is None and not particle.nil:
            continue
        wrote += 1
        write(node, one.tag, one.shape, value)
    return wrote


def _write_attributes(node: etree._Element, shape: Shape, value: Mapping[str, object]) -> None:
    for key, (name, codec) in shape.attributes.items():
        given = value.get(key)
        if given is not None:
            node.set(name, _written(node, codec.write, given))


def _written(node: etree._Element, writer: Callable[[object], str], value: object) -> str:
    try:
        return writer(value)
    except ValueError as exc:
        raise Unfit(f"{_name(node.tag)}: {exc}") from exc


def _set_text(node: etree._Element, text: str) -> None:
    try:
        node.text = text
    except ValueError as exc:
        raise Unfit(f"{_name(node.tag)}: it holds characters that XML cannot carry") from exc


def _name(tag: object) -> str:
    return str(tag).rpartition("}")[2]
