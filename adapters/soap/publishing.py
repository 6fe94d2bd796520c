"""A WSDL as it is handed out: the file of the contract, with the address at which we listen."""

from lxml import etree

from engine import xml

_WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
_SCHEMA = "{http://www.w3.org/2001/XMLSchema}"
_ADDRESSES = tuple(f"{{http://schemas.xmlsoap.org/wsdl/{version}/}}address" for version in ("soap", "soap12"))


def with_address(wsdl: bytes, address: str) -> bytes:
    """*wsdl* with *address* in place of every address of a SOAP port."""
    root = xml.parse(wsdl)
    for place in root.iter(*_ADDRESSES):
        place.set("location", address)
    return xml.serialize(root)


def reaches_out(wsdl: bytes) -> bool:
    """Whether *wsdl* is not whole by itself."""
    root = xml.parse(wsdl)
    return any(_names_a_file(one) for one in root.iter(f"{_WSDL}import", *_references()))


def _references() -> tuple[str, ...]:
    return tuple(f"{_SCHEMA}{name}" for name in ("import", "include", "redefine"))


def _names_a_file(reference: etree._Element) -> bool:
    return bool(reference.get("location") or reference.get("schemaLocation"))
