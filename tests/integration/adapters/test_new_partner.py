"""A partner that nobody wrote Python for: its folder is dropped into a running set-up, and a call is completed."""

from pathlib import Path

import pytest
from partners import NOW, Bench

from adapters import registry
from adapters.simulator import serve
from engine.errors import ContractInvalid, PartnerUnknown
from engine.exchange.ports import Outcome

REST = """
partner: tax
title: { vi: Cơ quan thuế, en: Tax office }
label: sample
basis: made up for this test
operations:
  GuiPhieu:
    title: { vi: Gửi phiếu chuyển, en: Send a slip }
    method: PUT
    path: /slips/{so_phieu}
    request: { so_phieu: =dossier.code, so_tien: =inputs.amount, ngay: { $date: =call.now, format: dd-MM-yyyy } }
    request_schema:
      type: object
      additionalProperties: false
      required: [so_phieu, so_tien, ngay]
      properties:
        so_phieu: { type: string }
        so_tien: { type: integer, minimum: 1 }
        ngay: { type: string, pattern: '^\\d\\d-\\d\\d-\\d{4}$' }
    reply_schema: { type: object, required: [ma], properties: { ma: { type: string } } }
    reply: { receipt: =reply.ma }
    repeat: idempotent
    key: body.so_phieu
simulator:
  operations:
    GuiPhieu:
      key: body.so_phieu
      repeat: drop
      answers: [{ status: 201, body: { ma: '="TX-" + body.so_phieu' } }]
"""
SOAP = """
partner: land
title: { vi: Văn phòng đất đai, en: Land office }
label: sample
basis: made up for this test
operations:
  TiepNhan:
    title: { vi: Tiếp nhận, en: Receive }
    protocol: soap
    path: /ws
    soap: { wsdl: land.wsdl }
    request: { SoBienNhan: =dossier.code, DienTich: =inputs.area }
    reply: { accepted: =reply.ChapNhan }
    repeat: neither
    key: body.SoBienNhan
simulator:
  operations:
    TiepNhan:
      key: body.SoBienNhan
      answers: [{ body: { ChapNhan: true } }]
"""
WSDL = """<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions targetNamespace="urn:land" xmlns:t="urn:land" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"
    xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <wsdl:types><xs:schema targetNamespace="urn:land" elementFormDefault="qualified">
    <xs:element name="TiepNhan"><xs:complexType><xs:sequence>
      <xs:element name="SoBienNhan" type="xs:string"/><xs:element name="DienTich" type="xs:decimal"/>
    </xs:sequence></xs:complexType></xs:element>
    <xs:element name="TiepNhanTraLoi"><xs:complexType><xs:sequence>
      <xs:element name="ChapNhan" type="xs:boolean"/>
    </xs:sequence></xs:complexType></xs:element>
  </xs:schema></wsdl:types>
  <wsdl:message name="in"><wsdl:part name="body" element="t:TiepNhan"/></wsdl:message>
  <wsdl:message name="out"><wsdl:part name="body" element="t:TiepNhanTraLoi"/></wsdl:message>
  <wsdl:portType name="Land"><wsdl:operation name="TiepNhan">
    <wsdl:input message="t:in"/><wsdl:output message="t:out"/></wsdl:operation></wsdl:portType>
  <wsdl:binding name="LandSoap" type="t:Land">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="TiepNhan"><soap:operation soapAction="urn:land:TiepNhan"/>
      <wsdl:input><soap:body use="literal"/></wsdl:input><wsdl:output><soap:body use="literal"/></wsdl:output>
    </wsdl:operation></wsdl:binding>
  <wsdl:service name="Land"><wsdl:port name="Land" binding="t:LandSoap">
    <soap:address location="http://127.0.0.1/land"/></wsdl:port></wsdl:service>
</wsdl:definitions>
"""


def drop(folder: Path, partner: str, **files: str) -> None:
    (folder / partner).mkdir()
    for name, content in files.items():
        (folder / partner / name.replace("_", ".")).write_text(content, encoding="utf-8")


def test_a_rest_and_a_soap_partner_are_added_while_everything_runs(tmp_path: Path) -> None:
    folder = tmp_path / "partners"
    folder.mkdir()
    simulators = serve(registry.load([folder]).contract, journal_dir=tmp_path / "journal")
    partners = registry.load([folder], simulators=simulators.url)
    running = Bench(partners, simulators)
    try:
        assert running.send("post", "TaoDon").outcome is Outcome.OK
        with pytest.raises(PartnerUnknown):
            partners.terms("tax", "GuiPhieu")

        drop(folder, "tax", contract_yaml=REST)
        drop(folder, "land", contract_yaml=SOAP, land_wsdl=WSDL)

        slip = partners.send(running.dispatch("tax", "GuiPhieu", {"amount": 5}))
        assert (slip.outcome, slip.reply) == (Outcome.OK, {"receipt": "TX-H99.14-261121-0002"})
        received = partners.send(running.dispatch("land", "TiepNhan", {"area": 12.5}))
        assert (received.outcome, received.reply) == (Outcome.OK, {"accepted": True})
        assert [line["body"] for line in running.effects("GuiPhieu")] == [
            {"so_phieu": "H99.14-261121-0002", "so_tien": 5, "ngay": f"{NOW:%d-%m-%Y}"}
        ]
        assert {"land", "tax"} < set(partners.names())
    finally:
        partners.close()
        simulators.close()


def test_a_wrong_folder_that_appears_later_harms_nobody_but_those_who_ask_for_it(tmp_path: Path) -> None:
    folder = tmp_path / "partners"
    folder.mkdir()
    partners = registry.load([folder])
    drop(folder, "tax", contract_yaml=REST.replace("repeat: idempotent", "repeat: never"))
    assert partners.terms("post", "TaoDon").partner == "post"
    assert partners.feeds()
    with pytest.raises(ContractInvalid, match="repeat"):
        partners.terms("tax", "GuiPhieu")


def test_a_wrong_folder_at_start_stops_the_start(tmp_path: Path) -> None:
    drop(tmp_path, "tax", contract_yaml=REST.replace("label: sample", "label: official"))
    with pytest.raises(ContractInvalid, match=r"tax/contract\.yaml: label"):
        registry.load([tmp_path])


def test_two_folders_of_one_partner_are_refused(tmp_path: Path) -> None:
    drop(tmp_path, "post", contract_yaml=REST.replace("partner: tax", "partner: post"))
    with pytest.raises(ContractInvalid, match="there already"):
        registry.load([tmp_path])
