"""A WSDL is read from its own folder only, and each byte of it passes the XML door."""

from pathlib import Path

import pytest

from adapters.soap.service import SoapService, open_service
from engine.errors import WsdlRefused

XS = 'xmlns:xs="http://www.w3.org/2001/XMLSchema"'
TYPES = f"""<xs:schema {XS} targetNamespace="urn:types" elementFormDefault="qualified">
<xs:element name="Ask"><xs:complexType><xs:sequence><xs:element name="a" type="xs:int"/></xs:sequence>
</xs:complexType></xs:element></xs:schema>"""


def wsdl(where: str = "types.xsd", *, extra: str = "") -> str:
    return f"""<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:t="urn:t" targetNamespace="urn:t"
  xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" {XS} xmlns:y="urn:types">
  <w:types><xs:schema targetNamespace="urn:t"><xs:import namespace="urn:types" schemaLocation="{where}"/>{extra}
  </xs:schema></w:types><w:message name="Q"><w:part name="p" element="y:Ask"/></w:message>
  <w:portType name="P"><w:operation name="Ask"><w:input message="t:Q"/></w:operation></w:portType>
  <w:binding name="B" type="t:P"><s:binding transport="http://schemas.xmlsoap.org/soap/http"/>
  <w:operation name="Ask"><s:operation soapAction=""/><w:input><s:body use="literal"/></w:input></w:operation>
  </w:binding>
  <w:service name="S"><w:port name="P" binding="t:B"><s:address location="http://127.0.0.1/"/></w:port></w:service>
</w:definitions>"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "partner"
    inside.mkdir()
    for place in (tmp_path, inside):
        (place / "types.xsd").write_text(TYPES)
    return inside


def load(folder: Path, text: str) -> SoapService:
    (folder / "service.wsdl").write_text(text)
    return SoapService(folder / "service.wsdl")


def test_a_schema_beside_the_wsdl_is_imported(folder: Path) -> None:
    service = load(folder, wsdl())
    assert service.parse_request(service.compose("Ask", {"a": 1})).body == {"a": 1}


def test_an_operation_without_a_reply_answers_with_an_empty_body(folder: Path) -> None:
    service = load(folder, wsdl())
    assert service.parse_reply("Ask", service.reply("Ask", {})).body == {}


def test_an_import_by_address_is_answered_by_the_file_of_that_name(folder: Path) -> None:
    assert load(folder, wsdl("http://agency.example/xsd/types.xsd")).operations == ("Ask",)


def test_the_attributes_of_xml_itself_need_no_file(folder: Path) -> None:
    extra = '<xs:import namespace="http://www.w3.org/XML/1998/namespace" schemaLocation="http://www.w3.org/2001/xml.xsd"/>'
    extra += '<xs:complexType name="T"><xs:attribute ref="xml:lang"/></xs:complexType>'
    assert load(folder, wsdl(extra=extra)).operations == ("Ask",)


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("http://agency.example/missing.xsd", "nothing is fetched: keep it in the folder as missing.xsd"),
        ("https://127.0.0.1:1/", "nothing is fetched"),
        ("file:///etc/passwd", "nothing is fetched"),
        ("../types.xsd", "from outside its folder"),
        ("/etc/passwd", "from outside its folder"),
        ("missing.xsd", "missing.xsd cannot be read"),
    ],
)
def test_nothing_is_read_from_elsewhere(folder: Path, where: str, reason: str) -> None:
    with pytest.raises(WsdlRefused, match=r"service\.wsdl") as caught:
        load(folder, wsdl(where))
    assert reason in caught.value.message
    assert str(folder) not in caught.value.message


def test_a_link_out_of_the_folder_is_not_followed(folder: Path) -> None:
    (folder / "link.xsd").symlink_to(folder.parent / "types.xsd")
    with pytest.raises(WsdlRefused, match="outside"):
        load(folder, wsdl("link.xsd"))


def test_a_wider_folder_can_be_given(folder: Path) -> None:
    (folder / "service.wsdl").write_text(wsdl("../types.xsd"))
    assert SoapService(folder / "service.wsdl", folder=folder.parent).operations == ("Ask",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<x",
        "<a/>",
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + wsdl(),
        wsdl().replace("y:Ask", "y:Gone"),
        wsdl().replace('type="t:P"', 'type="t:Gone"'),
        wsdl().replace("<w:service", "<w:nothing").replace("</w:service", "</w:nothing"),
        wsdl(extra='<xs:element name="e" type="t:Gone"/>'),
    ],
    ids=["empty", "cut", "other", "dtd", "no element", "no port type", "no service", "no type"],
)
def test_a_broken_wsdl_is_refused_with_our_own_error(folder: Path, text: str) -> None:
    with pytest.raises(WsdlRefused, match=r"service\.wsdl"):
        load(folder, text)


def test_a_schema_with_a_dtd_is_refused(folder: Path) -> None:
    (folder / "types.xsd").write_text("<!DOCTYPE x>" + TYPES)
    with pytest.raises(WsdlRefused, match="DOCTYPE"):
        load(folder, wsdl())


def test_a_wsdl_in_bytes_imports_nothing(folder: Path) -> None:
    with pytest.raises(WsdlRefused):
        SoapService(wsdl().encode())


def test_one_service_is_kept_per_file_and_read_again_when_the_file_changes(folder: Path) -> None:
    load(folder, wsdl())
    path = folder / "service.wsdl"
    first = open_service(path, name="a")
    assert open_service(path, name="a") is first
    assert open_service(path, name="b") is not first
    path.write_text(wsdl() + "\n")
    assert open_service(path, name="a") is not first
