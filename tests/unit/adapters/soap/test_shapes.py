"""What the kinds of types that WSDLs use look like as JSON, there and back."""

from datetime import date
from decimal import Decimal

import pytest

from adapters.soap.service import SoapService
from engine.errors import ComposeFailed, SoapRefused, WsdlRefused
from engine.exchange.ports import Json

TYPES = """
<xs:complexType name="Person"><xs:sequence><xs:element name="name" type="xs:string"/></xs:sequence></xs:complexType>
<xs:complexType name="Child"><xs:complexContent><xs:extension base="t:Person"><xs:sequence>
  <xs:element name="born" type="xs:date"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
<xs:complexType name="Money"><xs:simpleContent><xs:extension base="xs:decimal">
  <xs:attribute name="currency" type="xs:string" use="required"/></xs:extension></xs:simpleContent></xs:complexType>
<xs:element name="Do"><xs:complexType><xs:sequence>
  <xs:element name="flag" type="xs:boolean" minOccurs="0"/>
  <xs:element name="count" type="xs:int" minOccurs="0"/>
  <xs:element name="share" type="xs:double" minOccurs="0"/>
  <xs:element name="fee" type="xs:decimal" minOccurs="0"/>
  <xs:element name="day" type="xs:date" minOccurs="0"/>
  <xs:element name="at" type="xs:dateTime" minOccurs="0"/>
  <xs:element name="lasts" type="xs:duration" minOccurs="0"/>
  <xs:element name="file" type="xs:base64Binary" minOccurs="0"/>
  <xs:element name="days" minOccurs="0"><xs:simpleType><xs:list itemType="xs:int"/></xs:simpleType></xs:element>
  <xs:element name="note" type="xs:string" minOccurs="0" maxOccurs="3"/>
  <xs:element name="gone" type="xs:string" nillable="true"/>
  <xs:element name="paid" type="t:Money" minOccurs="0"/>
  <xs:element name="who" type="t:Person" minOccurs="0"/>
  <xs:choice minOccurs="0"><xs:element name="yes" type="xs:boolean"/><xs:element name="no" type="xs:int"/></xs:choice>
  <xs:sequence minOccurs="0" maxOccurs="unbounded">
    <xs:element name="key" type="xs:string"/><xs:element name="value" type="xs:string"/></xs:sequence>
  <xs:any namespace="##other" processContents="lax" minOccurs="0" maxOccurs="unbounded"/>
</xs:sequence><xs:attribute name="lang" type="xs:string" default="vi"/></xs:complexType></xs:element>
<xs:element name="Done" type="xs:string"/>
"""


def wsdl(types: str = TYPES, *, soap: str = "soap", style: str = "document", parts: str = "") -> bytes:
    asked = parts or '<w:part name="p" element="t:Do"/>'
    told = '<w:part name="r" type="xs:int"/>' if parts else '<w:part name="p" element="t:Done"/>'
    space = ' namespace="urn:t"' if parts else ""
    return f"""<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:t="urn:t" targetNamespace="urn:t"
  xmlns:s="http://schemas.xmlsoap.org/wsdl/{soap}/" xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <w:types><xs:schema targetNamespace="urn:t" elementFormDefault="qualified">{types}</xs:schema></w:types>
  <w:message name="Q">{asked}</w:message><w:message name="A">{told}</w:message>
  <w:portType name="P"><w:operation name="Do"><w:input message="t:Q"/><w:output message="t:A"/></w:operation>
  </w:portType>
  <w:binding name="B" type="t:P"><s:binding style="{style}" transport="http://schemas.xmlsoap.org/soap/http"/>
    <w:operation name="Do"><s:operation soapAction="urn:t:Do"/><w:input><s:body use="literal"{space}/></w:input>
    <w:output><s:body use="literal"{space}/></w:output></w:operation></w:binding>
  <w:service name="S"><w:port name="P" binding="t:B"><s:address location="http://127.0.0.1/"/></w:port></w:service>
</w:definitions>""".encode()


@pytest.fixture(scope="module")
def service() -> SoapService:
    return SoapService(wsdl(), name="kinds")


def round_trip(service: SoapService, body: dict[str, Json]) -> dict[str, Json]:
    came = service.parse_request(service.compose("Do", body)).body
    return {key: came[key] for key in body}


@pytest.mark.parametrize(
    "body",
    [
        {"flag": False},
        {"count": 0},
        {"share": 0.25},
        {"share": "INF"},
        {"fee": "12.50"},
        {"day": "2026-11-22", "at": "2026-11-22T08:00:00+07:00", "lasts": "P7D"},
        {"file": "UERG"},
        {"days": [1, 2]},
        {"note": ["a", "  b ", ""]},
        {"gone": None},
        {"gone": "x"},
        {"paid": {"_text": "5000", "currency": "VND"}},
        {"who": {"name": "A"}},
        {"yes": False},
        {"no": 0, "yes": None},
        {"key": ["a", "b"], "value": ["1", "2"]},
        {"lang": "en"},
    ],
    ids=str,
)
def test_values_come_back_as_they_were_given(service: SoapService, body: dict[str, Json]) -> None:
    assert round_trip(service, body) == body


def test_repeated_groups_keep_their_pairs_together(service: SoapService) -> None:
    raw = service.compose("Do", {"key": ["a", "b"], "value": ["1", "2"]})
    assert raw.index(b">a<") < raw.index(b">1<") < raw.index(b">b<") < raw.index(b">2<")


def test_a_default_is_told_where_an_attribute_is_absent(service: SoapService) -> None:
    assert service.parse_request(service.compose("Do", {})).body["lang"] == "vi"


def test_values_of_the_expression_language_are_written_too(service: SoapService) -> None:
    given: dict[str, object] = {"fee": Decimal("1E+3"), "day": date(2026, 11, 22), "count": Decimal(3)}
    raw = service.compose("Do", given)  # type: ignore[arg-type]  # what FEEL yields before it is JSON
    assert (b">1000<" in raw, b">2026-11-22<" in raw, b">3<" in raw) == (True, True, True)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"yes": True, "no": 1}, "no"),
        ({"note": ["a", "b", "c", "d"]}, "note occurs more often"),
        ({"count": "many"}, "count"),
        ({"count": True}, "count: a number is needed"),
        ({"flag": "maybe"}, "flag: true or false is needed"),
        ({"paid": "5000"}, "currency"),
        ({"paid": {"_text": "1", "currency": "VND", "rate": 1}}, "paid: it has no rate"),
        ({"who": {"name": "A", "age": 3}}, "who: it has no age"),
        ({"key": ["a", "b"], "value": ["1"]}, "value"),
        ({"day": "22/11/2026"}, "day"),
        ({"file": "not base64!"}, "file"),
    ],
    ids=str,
)
def test_nothing_given_is_left_out_silently(service: SoapService, body: dict[str, Json], reason: str) -> None:
    with pytest.raises(ComposeFailed) as caught:
        service.compose("Do", body)
    assert reason in caught.value.message


def test_foreign_children_of_an_open_type_are_kept(service: SoapService) -> None:
    raw = service.compose("Do", {}).replace(
        b"</ns0:Do>", b'<x:more xmlns:x="u:x"><x:a>1</x:a></x:more></ns0:Do>'
    )
    assert service.parse_request(raw).body["_any"] == [{"more": {"a": "1"}}]


def test_a_derived_type_named_in_the_message_is_read_as_such(service: SoapService) -> None:
    raw = service.compose("Do", {"who": {"name": "A"}})
    typed = raw.replace(
        b"<ns0:who>", b'<ns0:who xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="ns0:Child">'
    )
    typed = typed.replace(b"</ns0:name>", b"</ns0:name><ns0:born>2026-11-20</ns0:born>")
    assert service.parse_request(typed).body["who"] == {"name": "A", "born": "2026-11-20"}


def test_a_single_value_as_reply_has_the_key_value(service: SoapService) -> None:
    assert service.parse_reply("Do", service.reply("Do", {"value": "ok"})).body == {"value": "ok"}


def test_soap_12_names_its_action_in_the_content_type_and_its_faults_in_its_own_words() -> None:
    service = SoapService(wsdl(soap="soap12"))
    assert service.headers("Do") == {"Content-Type": 'application/soap+xml; charset=utf-8; action="urn:t:Do"'}
    assert round_trip(service, {"count": 3}) == {"count": 3}
    raw = service.fault("Client", "no", {"why": "because"})
    assert b"soap:Sender" in raw
    fault = service.parse_reply("Do", raw).fault
    assert fault is not None
    assert (fault.code, fault.text, fault.detail) == ("Client", "no", {"why": "because"})
    assert (service.fault_status("Client"), service.fault_status("Server")) == (400, 500)


def test_rpc_wrappers_are_checked_and_named_after_the_operation() -> None:
    parts = '<w:part name="text" type="xs:string"/><w:part name="who" type="t:Person"/>'
    service = SoapService(wsdl(style="rpc", parts=parts))
    body: dict[str, Json] = {"text": "a", "who": {"name": "B"}}
    raw = service.compose("Do", body)
    assert service.parse_request(raw).body == body
    answer = service.reply("Do", {"r": 7})
    assert b"DoResponse" in answer
    assert service.parse_reply("Do", answer).body == {"r": 7}
    with pytest.raises(SoapRefused, match="who"):
        service.parse_request(raw.replace(b"who", b"whom"))
    with pytest.raises(ComposeFailed, match="r"):
        service.reply("Do", {"r": "seven"})


def test_soap_encoding_is_refused_with_its_reason() -> None:
    encoded = wsdl(style="rpc", parts='<w:part name="text" type="xs:string"/>').replace(
        b"literal", b"encoded"
    )
    with pytest.raises(WsdlRefused, match="SOAP encoding is not supported"):
        SoapService(encoded)


def test_several_parts_in_one_body_are_refused() -> None:
    parts = '<w:part name="a" element="t:Do"/><w:part name="b" element="t:Done"/>'
    with pytest.raises(WsdlRefused, match="several parts"):
        SoapService(wsdl(parts=parts))
