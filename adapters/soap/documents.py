"""The pinned documents of one WSDL: the file itself and what it imports from inside its folder.

zeep and the schema compiler read through here and nowhere else: no network, no path outside the folder, every byte
past the XML door. The one document that is ours is the schema of the ``xml:`` attributes, which many WSDLs import.
"""

from pathlib import Path
from urllib.parse import urlsplit

from lxml import etree

from engine import xml
from engine.errors import WsdlRefused, XmlRefused

XSD = "{http://www.w3.org/2001/XMLSchema}"
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
_REFERENCES = (f"{XSD}import", f"{XSD}include", f"{XSD}redefine", f"{WSDL}import")
_XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace"
_ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"
_XML_SCHEMA_AT = "/pinned/xml.xsd"
_XML_SCHEMA = f"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="{_XML_NAMESPACE}">
<xs:attribute name="lang" type="xs:string"/><xs:attribute name="base" type="xs:anyURI"/>
<xs:attribute name="id" type="xs:ID"/>
<xs:attribute name="space"><xs:simpleType><xs:restriction base="xs:NCName">
<xs:enumeration value="default"/><xs:enumeration value="preserve"/></xs:restriction></xs:simpleType></xs:attribute>
<xs:attributeGroup name="specialAttrs"><xs:attribute ref="xml:base"/><xs:attribute ref="xml:lang"/>
<xs:attribute ref="xml:space"/><xs:attribute ref="xml:id"/></xs:attributeGroup></xs:schema>""".encode()


class Documents:
    """What a WSDL consists of, by location. It has zeep's ``load``, so that it stands in for zeep's transport."""

    def __init__(
        self, wsdl: bytes | Path, *, folder: Path | None = None, qualified: bool | None = None
    ) -> None:
        self._qualified = qualified
        self._trees: dict[str, etree._Element] = {}
        self._folder: Path | None = None
        if isinstance(wsdl, Path):
            self.location = str(wsdl.resolve())
            self._folder = (folder or wsdl.parent).resolve()
            self.main = self._read(self.location)
        else:
            self.location, self.main = "/pinned/service.wsdl", wsdl
        self._keep(_XML_SCHEMA_AT, _XML_SCHEMA)
        self._keep(self.location, self.main)

    def load(self, location: str) -> bytes:
        """The document at *location*, past the door and with the quirks applied."""
        return xml.serialize(self.tree(location))

    def tree(self, location: str) -> etree._Element:
        """The root of the document at *location*; callers do not change it."""
        if location not in self._trees:
            self._keep(location, self._read(location))
        return self._trees[location]

    def read(self) -> list[etree._Element]:
        """The roots of all documents that were needed so far."""
        return list(self._trees.values())

    def resolve(self, base: str, reference: str) -> str:
        """The location that *reference* means in the document at *base*."""
        return str((Path(base).parent / reference).resolve())

    def refusal(self, reason: str) -> WsdlRefused:
        """The error that names this WSDL."""
        return WsdlRefused(file=Path(self.location).name, reason=reason.replace(f"{self._folder}/", ""))

    def _read(self, location: str) -> bytes:
        path = Path(location)
        if urlsplit(location).scheme or self._folder is None:
            raise self.refusal(f"it imports {location}, and nothing is fetched")
        if not path.resolve().is_relative_to(self._folder):
            raise self.refusal(f"it imports {path.name} from outside its folder")
        try:
            return path.read_bytes()
        except OSError as exc:
            raise self.refusal(f"{path.name} cannot be read: {exc.strerror}") from exc

    def _keep(self, location: str, data: bytes) -> None:
        try:
            root = xml.parse(data)
        except XmlRefused as exc:
            raise self.refusal(f"{Path(location).name}: {exc.message}") from exc
        for reference in root.iter(*_REFERENCES):
            self._pin(reference)
        for schema in root.iter(f"{XSD}schema"):
            if self._qualified is not None and schema.get("targetNamespace"):
                schema.set("elementFormDefault", "qualified" if self._qualified else "unqualified")
        self._trees[location] = root

    def _pin(self, reference: etree._Element) -> None:
        """Point an import by address at the file of that name in the folder, ``xml:`` attributes at ours."""
        attribute = "location" if reference.tag == f"{WSDL}import" else "schemaLocation"
        address = reference.get(attribute) or ""
        if reference.get("namespace") == _XML_NAMESPACE:
            reference.set(attribute, _XML_SCHEMA_AT)
        elif reference.get("namespace") == _ENCODING and address:
            del reference.attrib[attribute]  # often imported, and only what uses it is refused
        elif (parts := urlsplit(address)).scheme:
            name = Path(parts.path).name
            kept = self._folder / name if self._folder and name else None
            if kept is None or not kept.is_file():
                raise self.refusal(
                    f"it imports {address}, and nothing is fetched: keep it in the folder as {name}"
                )
            reference.set(attribute, str(kept))
