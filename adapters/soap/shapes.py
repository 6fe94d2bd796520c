"""What elements look like as JSON objects, compiled once from zeep's model of a WSDL's schema.

One rule for all: a child is a key with its local name, repeated children are a list, a declared child that is absent is
null (or an empty list), an attribute is a key too, text beside attributes is ``_text``, foreign children of an
``xs:any`` are ``_any``. Reading and writing by these shapes is next door.
"""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any as Foreign  # zeep publishes no types

from lxml import etree
from zeep import exceptions, xsd
from zeep.xsd.elements import Any as Wildcard
from zeep.xsd.elements.indicators import Choice, Group, Indicator
from zeep.xsd.types.simple import AnySimpleType

from adapters.soap.values import Codec, codec_for
from engine.exchange.ports import Json

_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
NIL, TYPE = f"{_XSI}nil", f"{_XSI}type"


@dataclass(frozen=True, slots=True, kw_only=True)
class Particle:
    """A step of writing: an element by its key, or a group of particles; *limit* None is unbounded."""

    key: str | None
    parts: tuple["Particle", ...] = ()
    limit: int | None = 1
    nil: bool = False  # a required child that is written as xsi:nil when it is null or absent


@dataclass(slots=True, kw_only=True)
class Field:
    """A child element: its tag, its key in JSON, whether it is a list, and its own shape."""

    key: str
    tag: str
    many: bool
    shape: "Shape"


@dataclass(slots=True)
class Shape:
    """What an element of one type looks like on both sides."""

    codec: Codec | None = None  # of its text, when the type is simple or has simple content
    fields: dict[str, Field] = field(default_factory=dict)  # by key
    tags: dict[str, Field] = field(default_factory=dict)
    attributes: dict[str, tuple[str, Codec]] = field(default_factory=dict)  # key -> (name, codec)
    names: dict[str, tuple[str, Codec]] = field(default_factory=dict)  # name -> (key, codec)
    blank: dict[str, Json] = field(default_factory=dict)
    particle: Particle = Particle(key=None)
    open: bool = False  # xs:any or xs:anyType: foreign children are kept

    @property
    def plain(self) -> bool:
        """Its value is a single one, not an object."""
        return self.codec is not None and not self.attributes


class Shapes:
    """All shapes of one WSDL, each type compiled once. Safe to share between threads."""

    def __init__(self, types: Foreign) -> None:
        self._types = types
        self._lock = threading.RLock()  # nobody sees a shape that is half filled
        self._known: dict[int, Shape] = {}
        self._kept: list[Foreign] = []  # a type's id is its name here, so it must live as long

    def of(self, declared: Foreign) -> Shape:
        """The shape of zeep's type *declared*."""
        with self._lock:
            shape = self._known.get(id(declared))
            if shape is None:
                shape = self._known[id(declared)] = Shape()
                self._kept.append(declared)
                self._fill(shape, declared)
            return shape

    def named(self, element: etree._Element, declared: Shape) -> Shape:
        """The shape that *element*'s ``xsi:type`` asks for, else *declared*."""
        written = element.get(TYPE)
        if written is None:
            return declared
        prefix, _, local = written.rpartition(":")
        namespace = element.nsmap.get(prefix or None)
        try:
            found = self._types.get_type(etree.QName(namespace, local), fail_silently=True)
        except (exceptions.LookupError, exceptions.NamespaceError, ValueError):
            return declared
        return declared if found is None else self.of(found)

    def _fill(self, shape: Shape, declared: Foreign) -> None:
        if isinstance(declared, AnySimpleType):
            shape.codec = codec_for(declared)
            return
        if not isinstance(declared, xsd.ComplexType):
            shape.open = True
            return
        nested = [part for _, part in declared.elements_nested]
        if len(nested) == 1 and isinstance(nested[0], xsd.Element):
            shape.codec = self.of(nested[0].type).codec
            shape.blank["_text"] = None
        else:
            shape.particle = Particle(key=None, parts=tuple(self._particles(shape, nested)))
        self._attributes(shape, declared)

    def _attributes(self, shape: Shape, declared: Foreign) -> None:
        for _, attribute in declared.attributes:
            if not attribute.name:
                continue  # xs:anyAttribute: not carried over
            key = f"attr_{attribute.name}" if attribute.name in shape.fields else attribute.name
            codec = codec_for(attribute.type)
            shape.attributes[key] = (attribute.qname.text, codec)
            shape.names[attribute.qname.text] = (key, codec)
            shape.blank[key] = None if attribute.default is None else codec.read(str(attribute.default))

    def _particles(
        self, shape: Shape, parts: Iterable[Foreign], *, optional: bool = False
    ) -> Iterator[Particle]:
        for part in parts:
            limit = None if part.max_occurs == "unbounded" else int(part.max_occurs)
            if isinstance(part, Wildcard):
                shape.open = True
            elif isinstance(part, Group):
                yield self._group(shape, [part.child], limit, optional or part.min_occurs == 0 or limit != 1)
            elif isinstance(part, Indicator):
                loose = optional or part.min_occurs == 0 or limit != 1 or isinstance(part, Choice)
                children: Foreign = part
                yield self._group(shape, children, limit, loose)
            else:
                key = self._field(shape, part, many=limit != 1)
                nil = part.nillable and part.min_occurs != 0 and not optional
                yield Particle(key=key, limit=limit, nil=nil)

    def _group(self, shape: Shape, parts: Iterable[Foreign], limit: int | None, optional: bool) -> Particle:
        before = set(shape.fields)
        inner = tuple(self._particles(shape, parts, optional=optional))
        if limit != 1:
            for key in shape.fields.keys() - before:
                self._repeat(shape, shape.fields[key])
        return Particle(key=None, parts=inner, limit=limit)

    def _field(self, shape: Shape, element: Foreign, *, many: bool) -> str:
        tag = element.qname.text
        known = shape.tags.get(tag)
        if known is not None:  # the same child at two places of one type
            self._repeat(shape, known)
            return known.key
        key = element.name
        while key in shape.fields:  # the same local name in another namespace
            key += "_"
        made = Field(key=key, tag=tag, many=many, shape=self.of(element.type))
        shape.tags[tag] = shape.fields[key] = made
        shape.blank[key] = [] if many else None
        return str(key)

    def _repeat(self, shape: Shape, one: Field) -> None:
        one.many = True
        shape.blank[one.key] = []
