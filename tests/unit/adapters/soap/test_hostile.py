"""What a stranger may send to a SOAP service of ours, and the fault that it gets."""

from pathlib import Path

import pytest

import adapters
from adapters.soap.service import SoapService, open_service
from engine.errors import SoapRefused

WSDL = Path(adapters.__file__).parent / "partners" / "population" / "population.wsdl"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
BODY = (
    '<TraCuuThongTinCongDan xmlns="http://dancuquocgia.bca"><MaYeuCau>1</MaYeuCau><MaDVC>1.004873</MaDVC>'
    "<MaTichHop>037</MaTichHop><MaCanBo>cb01</MaCanBo><SoDinhDanh>001099000001</SoDinhDanh><HoVaTen>A</HoVaTen>"
    "<NgayThangNamSinh><Nam>1999</Nam></NgayThangNamSinh></TraCuuThongTinCongDan>"
)
EXTERNAL = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
BOMB = (
    '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
)


@pytest.fixture(scope="module")
def population() -> SoapService:
    return open_service(WSDL, name="population")


def envelope(body: str = BODY, *, head: str = "", doctype: str = "", namespace: str = ENVELOPE) -> bytes:
    return (
        f'{doctype}<s:Envelope xmlns:s="{namespace}"><s:Header>{head}</s:Header><s:Body>{body}</s:Body></s:Envelope>'
    ).encode()


def test_the_plain_request_is_let_in(population: SoapService) -> None:
    assert population.parse_request(envelope(), '""').body["HoVaTen"] == "A"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no content"),
        (b"\x00\xff\x00", "XML refused"),
        (b"<x", "XML refused"),
        (b'{"a": 1}', "XML refused"),
        (envelope(doctype=EXTERNAL), "DOCTYPE"),
        (envelope(BODY.replace(">A<", ">&x;<"), doctype=EXTERNAL), "DOCTYPE"),
        (envelope(BODY.replace(">A<", ">&c;<"), doctype=BOMB), "DOCTYPE"),
        (envelope(BODY.replace(">A<", ">&x;<")), "XML refused"),
        (envelope("<a>" * 120 + "</a>" * 120), "deeper"),
        (envelope("<a>" * 5000 + "</a>" * 5000), "XML refused"),
        (b"<Envelope/>", "unknown envelope namespace"),
        (b"<html/>", "an Envelope is expected"),
        (envelope(BODY + BODY), "at most one child"),
        (envelope().replace(b"</s:Body>", b"</s:Body><s:Body/>"), "one Body"),
        (envelope(""), "empty Body"),
        (envelope(BODY.replace("http://dancuquocgia.bca", "urn:other")), "no operation"),
        (envelope(BODY.replace("TraCuuThongTinCongDan", "XoaCongDan")), "no operation"),
        (envelope(BODY.replace("<MaDVC>1.004873</MaDVC>", "")), "MaTichHop"),
        (envelope(BODY.replace("<HoVaTen>", "<SoCMND>123456789</SoCMND><HoVaTen>")), "SoCMND"),
        (envelope(BODY.replace("001099000001", "1 OR 1=1")), "SoDinhDanh"),
        (envelope(BODY.replace("<Nam>1999</Nam>", '<Nam xmlns:x="u:x" x:a="1">1999</Nam>')), "not allowed"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_what_is_wrong_is_said_in_a_client_fault(population: SoapService, data: bytes, reason: str) -> None:
    with pytest.raises(SoapRefused) as caught:
        population.parse_request(data, '""')
    fault = population.parse_reply("TraCuuThongTinCongDan", population.refusal(caught.value)).fault
    assert fault is not None
    assert fault.code in {"Client", "VersionMismatch"}
    assert reason in fault.text
    assert fault.detail == {"code": "soap-refused"}


def test_an_unknown_type_named_in_the_message_breaks_the_schema(population: SoapService) -> None:
    typed = BODY.replace(
        "<NgayThangNamSinh>",
        '<NgayThangNamSinh xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="i:os.system">',
    )
    with pytest.raises(SoapRefused, match="NgayThangNamSinh"):
        population.parse_request(envelope(typed))


def test_a_request_in_another_version_of_soap_is_a_version_mismatch(population: SoapService) -> None:
    with pytest.raises(SoapRefused) as caught:
        population.parse_request(envelope(namespace="http://www.w3.org/2003/05/soap-envelope"))
    assert caught.value.facts["fault"] == "VersionMismatch"


def test_a_header_that_must_be_understood_and_is_not_is_refused(population: SoapService) -> None:
    with pytest.raises(SoapRefused, match="header Signature is not understood") as caught:
        population.parse_request(envelope(head='<Signature xmlns="urn:x" s:mustUnderstand="1"/>'))
    assert caught.value.facts["fault"] == "MustUnderstand"


def test_a_header_that_need_not_be_understood_is_passed_over(population: SoapService) -> None:
    head = '<Trace xmlns="urn:x" s:mustUnderstand="0">abc</Trace>'
    assert population.parse_request(envelope(head=head)).operation == "TraCuuThongTinCongDan"


def test_a_fault_carries_any_text(population: SoapService) -> None:
    raw = population.fault("Client", "bad <\x00\x1f> & worse \ud800")
    reply = population.parse_reply("TraCuuThongTinCongDan", raw)
    assert reply.fault is not None
    assert reply.fault.text == "bad <\ufffd\ufffd> & worse \ufffd"
