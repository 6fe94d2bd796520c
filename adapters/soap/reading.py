"""XML elements to JSON values by their shapes; what no schema describes is read loosely and kept."""

from lxml import etree

from adapters.soap.shapes import NIL, Shape, Shapes
from engine.exchange.ports import Json


def read(shapes: Shapes, element: etree._Element, shape: Shape) -> Json:
    """*element*'s value; it is expected to be valid, and what is foreign to *shape* is kept under ``_any``."""
    if element.get(NIL) in {"true", "1"}:
        return None
    shape = shapes.named(element, shape)
    if shape.codec is not None:
        return _read_text(element, shape)
    if shape.open and not shape.fields and not len(element) and not element.attrib:
        return element.text
    result: dict[str, Json] = {
        key: ([] if isinstance(value, list) else value) for key, value in shape.blank.items()
    }
    _read_attributes(element, shape, result)
    for child in element.iterchildren(etree.Element):
        known = shape.tags.get(child.tag)
        if known is None:
            _append(result, "_any", {etree.QName(child).localname: loose(child)})
        elif known.many:
            _append(result, known.key, read(shapes, child, known.shape))
        else:
            result[known.key] = read(shapes, child, known.shape)
    return result


def loose(element: etree._Element) -> Json:
    """The value of an element that no schema describes: its text, or its children by local name."""
    if not len(element):
        return element.text
    result: dict[str, Json] = {}
    for child in element.iterchildren(etree.Element):
        key = etree.QName(child).localname
        value = loose(child)
        if key not in result:
            result[key] = value
        elif isinstance(result[key], list):
            _append(result, key, value)
        else:
            result[key] = [result[key], value]
    return result


def _append(result: dict[str, Json], key: str, value: Json) -> None:
    values = result.setdefault(key, [])
    if isinstance(values, list):
        values.append(value)


def _read_text(element: etree._Element, shape: Shape) -> Json:
    value = shape.codec.read(element.text or "") if shape.codec else None
    if shape.plain:
        return value
    result = dict(shape.blank, _text=value)
    _read_attributes(element, shape, result)
    return result


def _read_attributes(element: etree._Element, shape: Shape, result: dict[str, Json]) -> None:
    if element.attrib and shape.names:
        for name, text in element.attrib.items():
            if name in shape.names:
                key, codec = shape.names[str(name)]
                result[key] = codec.read(str(text))
