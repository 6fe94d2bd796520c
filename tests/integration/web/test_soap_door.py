"""Messages by SOAP: a stranger's client reads our WSDL, sends by it, and is told by faults what is wrong."""

import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import requests
import zeep
from lxml import etree
from requests.auth import HTTPBasicAuth
from sqlalchemy import text

from adapters import registry
from adapters.inbound import ContractInbound
from adapters.simulator.serving import serve
from engine.actions import refusals
from engine.actions.receive import take_message
from engine.errors import ContractInvalid, StoreError
from engine.exchange.ports import Arrival
from engine.storage.database import Store
from tests.support.counter import Counter, open_counter
from tests.support.procedures import NOON

WSDL = """<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
  xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:land:result" targetNamespace="urn:land:result">
 <wsdl:types><xs:schema targetNamespace="urn:land:result" elementFormDefault="qualified">
  <xs:element name="SendResult"><xs:complexType><xs:sequence>
   <xs:element name="Number" type="xs:string"/><xs:element name="Dossier" type="xs:string"/>
   <xs:element name="Granted" type="xs:boolean"/></xs:sequence></xs:complexType></xs:element>
  <xs:element name="SendResultResponse"><xs:complexType><xs:sequence>
   <xs:element name="Taken" type="xs:string"/></xs:sequence></xs:complexType></xs:element>
 </xs:schema></wsdl:types>
 <wsdl:message name="In"><wsdl:part name="body" element="t:SendResult"/></wsdl:message>
 <wsdl:message name="Out"><wsdl:part name="body" element="t:SendResultResponse"/></wsdl:message>
 <wsdl:portType name="Port"><wsdl:operation name="SendResult"><wsdl:input message="t:In"/><wsdl:output message="t:Out"/>
 </wsdl:operation></wsdl:portType>
 <wsdl:binding name="Binding" type="t:Port"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>
  <wsdl:operation name="SendResult"><soap:operation soapAction="urn:land:SendResult"/>
   <wsdl:input><soap:body use="literal"/></wsdl:input><wsdl:output><soap:body use="literal"/></wsdl:output>
  </wsdl:operation></wsdl:binding>
 <wsdl:service name="Results"><wsdl:port name="Port" binding="t:Binding">
  <soap:address location="http://nowhere.example/"/></wsdl:port></wsdl:service>
</wsdl:definitions>"""
CONTRACT = """
partner: land
title: { vi: Đất đai thử, en: Test land office }
label: sample
basis: Invented for the tests.
transport: { kind: plain }
operations:
  Ask:
    title: { vi: Hỏi, en: Ask }
    path: /ask
    request: { so: =dossier.code }
    repeat: idempotent
inbound:
  result:
    title: { vi: Kết quả, en: Result }
    soap: { wsdl: results.wsdl, operation: SendResult }
    message: land-result
    message_id: body.Number
    key: body.Dossier
    payload: { granted: =body.Granted }
    ok: { body: { Taken: '="taken " + body.Number' } }
    duplicate: { body: { Taken: '="again " + body.Number' } }
simulator:
  operations:
    Ask:
      answers: [{ body: {} }]
      later: [{ after_s: 0, message: result, body: { Number: "7", Dossier: =body.so, Granted: true } }]
"""
ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">{head}<s:Body>'
    '<SendResult xmlns="urn:land:result"><Number>{number}</Number><Dossier>H99.14-1</Dossier>'
    "<Granted>{granted}</Granted></SendResult></s:Body></s:Envelope>"
)


class Reception:
    """Stores what came, unless it is told to fail."""

    def __init__(self, store: Store) -> None:
        self.store, self.came, self.broken = store, threading.Event(), False

    def __call__(self, arrival: Arrival) -> bool:
        if self.broken:
            raise StoreError(reason="closed")
        repeated = take_message(self.store, arrival, now=NOON)
        self.came.set()
        return repeated


class Office:
    """The land office, with a key of its own."""

    def __init__(self, counter: Counter, reception: Reception) -> None:
        self.counter, self.reception = counter, reception
        self.key = counter.new_key("land", "messages", partner="land")
        self.url = f"http://127.0.0.1:{counter.port}/soap/land"

    def post(
        self, body: str | bytes, kind: str = "text/xml; charset=utf-8"
    ) -> tuple[int, str, etree._Element]:
        """HTTP status, fault code (or empty) and the body's element."""
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": kind}
        told = requests.post(
            self.url, body.encode() if isinstance(body, str) else body, headers=headers, timeout=10
        )
        found = etree.fromstring(told.content)[-1][0]
        return told.status_code, found.findtext("faultcode") or "", found

    def kept(self) -> list[tuple[object, ...]]:
        with self.counter.store.reading() as connection:
            rows = connection.execute(
                text("SELECT name, key, payload ->> 'granted', repeats FROM message ORDER BY id")
            )
            return [tuple(row) for row in rows]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "partners" / "land"
    place.mkdir(parents=True)
    (place / "contract.yaml").write_text(CONTRACT)
    (place / "results.wsdl").write_text(WSDL)
    return tmp_path / "partners"


@pytest.fixture
def office(database: "object", folder: Path) -> Iterator[Office]:
    store, partners = Store(database.url), registry.load([folder], built_in=None)  # type: ignore[attr-defined]
    reception = Reception(store)
    inbound = ContractInbound(partners, reception, partial(refusals.note, store))
    try:
        with open_counter(database.url, inbound=inbound) as counter:  # type: ignore[attr-defined]
            yield Office(counter, reception)
    finally:
        store.close()
        partners.close()


def test_a_strangers_client_reads_the_wsdl_and_sends_by_it(office: Office) -> None:
    session = requests.Session()
    session.auth = HTTPBasicAuth("land", office.key)
    client = zeep.Client(f"{office.url}?wsdl", transport=zeep.Transport(session=session))
    result = {"Number": "7", "Dossier": "H99.14-1", "Granted": True}
    assert client.service.SendResult(**result) == "taken 7"
    assert client.service.SendResult(**result) == "again 7"
    assert office.kept() == [("land-result", "H99.14-1", "true", 1)]
    with pytest.raises(zeep.exceptions.Fault) as conflict:
        client.service.SendResult(**{**result, "Granted": False})
    assert conflict.value.code.endswith("Client")
    assert "message-conflict" in [one.text for one in conflict.value.detail]
    assert office.kept() == [("land-result", "H99.14-1", "true", 1)]


@pytest.mark.parametrize(
    ("body", "status", "code", "reason"),
    [
        (ENVELOPE.format(head="", number="7", granted="maybe"), 500, "s:Client", "Granted"),
        (ENVELOPE.format(head="", number="", granted="true"), 500, "s:Client", "no message id"),
        (ENVELOPE.format(head="", number="7" * 501, granted="true"), 500, "s:Client", "501 characters"),
        (ENVELOPE.replace("SendResult", "SendGift").format(head="", number="7", granted="true"), 500, "s:Client", "no operation"),
        (
            ENVELOPE.format(
                head='<s:Header><w:Security xmlns:w="urn:w" s:mustUnderstand="1"/></s:Header>', number="7", granted="true"
            ),
            500, "s:MustUnderstand", "Security",
        ),
        ("<html/>", 500, "s:Client", ""),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]>" + ENVELOPE.format(head="", number="&a;", granted="true"), 500, "s:Client", ""),
        (
            ENVELOPE.format(head="", number="7", granted="true").replace(
                "schemas.xmlsoap.org/soap/envelope/", "www.w3.org/2003/05/soap-envelope"
            ),
            500, "s:VersionMismatch", "1.1",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_a_fault_with_code_and_trace_and_written_down(
    office: Office, body: str | bytes, status: int, code: str, reason: str
) -> None:
    got, fault, told = office.post(body)
    assert got == status
    assert fault.split(":")[-1] == code.rsplit(":", maxsplit=1)[-1]
    assert reason in (told.findtext("faultstring") or "")
    detail = {etree.QName(one).localname: one.text for one in told.find("detail")}  # type: ignore[union-attr]
    assert set(detail) == {"code", "trace_id"}
    assert office.kept() == []
    noted = "SELECT string_agg(source || ' ' || code, ',') FROM refusal"
    assert office.counter.scalar(noted) == f"land {detail['code']}"


def test_what_is_our_fault_is_told_so_and_taken_when_it_is_sent_again(office: Office) -> None:
    office.reception.broken = True
    envelope = ENVELOPE.format(head="", number="7", granted="true")
    status, fault, told = office.post(envelope)
    assert (status, fault.split(":")[-1]) == (500, "Server")
    assert "closed" not in etree.tostring(told).decode()
    assert office.counter.scalar("SELECT count(*) FROM refusal") == 0
    office.reception.broken = False
    assert office.post(envelope)[:2] == (200, "")
    assert len(office.kept()) == 1


def test_the_door_is_for_the_partner_and_for_envelopes_only(office: Office) -> None:
    counter, envelope = office.counter, ENVELOPE.format(head="", number="7", granted="true").encode()
    as_xml = {"Content-Type": "text/xml"}
    assert counter.request("POST", "/soap/land", envelope, headers=as_xml).code == "not-authenticated"
    assert (
        counter.request("POST", "/soap/land", envelope, key=counter.desk, headers=as_xml).code
        == "not-allowed"
    )
    assert counter.request("POST", "/soap/land", b"{}", key=office.key).code == "media-type-unsupported"
    assert counter.request("GET", "/soap/land").code == "request-invalid"
    assert counter.request("GET", "/soap/land?wsdl&x=1").code == "request-invalid"
    assert counter.request("GET", "/soap/portal?wsdl").code == "partner-unknown"
    assert counter.request("POST", "/partners/land/result", b"{}", key=office.key).code == "message-refused"
    wsdl = counter.request("GET", "/soap/land?WSDL")
    assert f'location="http://127.0.0.1:{counter.port}/soap/land"'.encode() in wsdl.body
    assert b"nowhere" not in wsdl.body
    assert office.kept() == []


def test_a_simulated_partner_sends_by_soap(office: Office, folder: Path, tmp_path: Path) -> None:
    contracts = registry.load([folder], built_in=None)
    simulators = serve(contracts.contract, port=0, journal_dir=tmp_path / "journal")
    try:
        simulators.call_back_to(f"http://127.0.0.1:{office.counter.port}", {"land": office.key})
        asked = requests.post(f"{simulators.url}/land/ask", json={"so": "H99.14-1"}, timeout=10)
        assert asked.status_code == 200
        assert office.reception.came.wait(10)
        assert office.kept() == [("land-result", "H99.14-1", "true", 0)]
    finally:
        simulators.close()
        contracts.close()


def test_a_wsdl_that_is_not_whole_is_refused_when_the_contract_is_read(folder: Path) -> None:
    file = folder / "land" / "results.wsdl"
    file.with_name("more.xsd").write_text('<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>')
    more = '<xs:include schemaLocation="more.xsd"/><xs:element name="SendResult">'
    file.write_text(WSDL.replace('<xs:element name="SendResult">', more))
    with pytest.raises(ContractInvalid, match="one file"):
        registry.load([folder], built_in=None)
