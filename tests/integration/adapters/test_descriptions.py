"""What partners say of themselves, over real HTTP: compared part by part, within limits, and never off their own address."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from adapters.registry import BUILT_IN, ContractPartners, PartnerSettings, load
from adapters.simulator.serving import serve
from engine.exchange.drift import Described, Standing
from tests.support.raw_partner import RawPartner, http

WSDL = (BUILT_IN / "population" / "population.wsdl").read_text(encoding="utf-8")
OPENAPI = {
    "openapi": "3.1.0",
    "info": {"title": "Agency", "version": "1"},
    "paths": {"/ask": {"get": {"summary": "Ask", "responses": {"200": {"description": "ok"}}}}},
    "components": {
        "schemas": {"Answer": {"type": "object", "properties": {"description": {"type": "string"}}}}
    },
}
CONTRACT = """\
partner: agency
title: { vi: Cơ quan mẫu, en: Sample agency }
label: sample
basis: Invented for the tests of descriptions.
descriptions: [{ file: openapi.json, path: /v3/api-docs }]
operations:
  ask: { title: { vi: Hỏi, en: Ask }, method: GET, path: /ask, repeat: idempotent }
"""


@dataclass
class Two:
    """Our folder of contracts, and the partners' own, which may be another."""

    ours: Path
    theirs: Path

    def found(self, partner: str = "population") -> Described:
        there = load([self.theirs], built_in=None)
        simulators = serve(there.contract, journal_dir=self.theirs / "journal")
        here = load([self.ours], simulators=simulators.url, built_in=None)
        try:
            [described] = here.describe(partner)
            return described
        finally:
            here.close()
            simulators.close()

    def say(self, change: Callable[[str], str], file: str = "population/population.wsdl") -> None:
        changed = change((self.ours / file).read_text(encoding="utf-8"))
        assert changed != (self.ours / file).read_text(encoding="utf-8")
        (self.theirs / file).write_text(changed, encoding="utf-8")


@pytest.fixture
def two(tmp_path: Path) -> Two:
    for side in ("ours", "theirs"):
        shutil.copytree(BUILT_IN / "population", tmp_path / side / "population")
        agency = tmp_path / side / "agency"
        agency.mkdir()
        (agency / "contract.yaml").write_text(CONTRACT, encoding="utf-8")
        (agency / "openapi.json").write_bytes(orjson.dumps(OPENAPI))
    return Two(tmp_path / "ours", tmp_path / "theirs")


def test_a_simulated_partner_gives_its_own_description_with_its_own_address(two: Two) -> None:
    found = two.found()
    assert (found.about, found.standing, found.detail) == ("/dancuquocgia?wsdl", Standing.SAME, "")
    assert found.pinned == found.found


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("><", ">\n    <"),
        lambda text: text.replace("tns:", "dc:").replace("xmlns:tns=", "xmlns:dc="),
        lambda text: text.replace('name="Ho" type', 'name="Ho" maxOccurs="1" nillable="false" type'),
        lambda text: text.replace(
            '<xs:element name="TraCuuThongTinCongDan">',
            '<!-- so --><xs:element name="TraCuuThongTinCongDan"><xs:annotation><xs:documentation>so</xs:documentation>'
            "</xs:annotation>",
        ),
    ],
    ids=["white space", "prefixes", "what is usual anyway", "words"],
)
def test_what_makes_no_difference_to_a_caller_is_no_drift(two: Two, change: Callable[[str], str]) -> None:
    two.say(change)
    assert two.found().standing is Standing.SAME


def test_what_changed_what_is_gone_and_what_is_new_is_named(two: Two) -> None:
    two.say(
        lambda text: text.replace('value="[0-9]{9}"', 'value="[0-9]{9,10}"').replace(
            '<xs:complexType name="HoVaTen">', '<xs:simpleType name="Moi"><xs:restriction base="xs:string"/>'
            '</xs:simpleType><xs:complexType name="HoVaTen">'
        )
    )  # fmt: skip
    found = two.found()
    assert found.standing is Standing.DIFFERS
    assert found.changed == ("simpleType {http://dancuquocgia.bca}SoCMND",)
    assert found.added == ("simpleType {http://dancuquocgia.bca}Moi",)
    assert found.gone == ()


def test_what_a_partner_offers_beyond_is_no_drift_and_a_changed_action_is(two: Two) -> None:
    two.say(
        lambda text: text.replace("</xs:schema>", '<xs:element name="Moi" type="xs:string"/></xs:schema>')
    )
    assert (two.found().standing, two.found().added) == (
        Standing.SAME,
        ("element {http://dancuquocgia.bca}Moi",),
    )
    two.say(lambda text: text.replace('soapAction=""', 'soapAction="urn:new"'))
    assert two.found().changed == ("operation TraCuuThongTinCongDan",)


def test_an_openapi_description_is_compared_by_what_a_program_sees(two: Two) -> None:
    assert two.found("agency").standing is Standing.SAME
    file = "agency/openapi.json"
    two.say(lambda text: text.replace('"Ask"', '"Ask us"').replace('"ok"', '"well"'), file)
    assert two.found("agency").standing is Standing.SAME
    two.say(lambda text: text.replace('{"type":"string"}', '{"type":"integer"}'), file)
    assert two.found("agency").changed == ("schema Answer",)
    two.say(lambda text: text.replace('"/ask"', '"/questions"'), file)
    assert two.found("agency").gone == ("operation GET /ask",)


def test_a_name_of_the_partners_is_kept_as_far_as_people_read_it(two: Two) -> None:
    two.say(lambda text: text.replace('"/ask"', f'"/{"x" * 100_000}"'), "agency/openapi.json")
    [added] = two.found("agency").added
    assert added == f"operation GET /{'x' * 300}"[:300]


@pytest.fixture
def raw() -> Iterator[RawPartner]:
    partner = RawPartner(lambda _: http(b"<x/>"))
    yield partner
    partner.close()


@pytest.fixture
def port(two: Two, raw: RawPartner) -> Iterator[ContractPartners]:
    settings = {
        name: PartnerSettings(url=f"{raw.url}/gate", private=True) for name in ("population", "agency")
    }
    opened = load([two.ours], settings, built_in=None)
    yield opened
    opened.close()


IMPORTING = '<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"><import namespace="x" location="{}"/></definitions>'


@pytest.mark.parametrize(
    ("reply", "standing", "said"),
    [
        (
            http(b"", "Location: http://elsewhere.example/x", status="302 Found"),
            Standing.UNREACHED,
            "HTTP 302",
        ),
        (http(b"", status="404 Not Found"), Standing.UNREACHED, "HTTP 404"),
        (http(b"x" * (4 * 1024 * 1024 + 1)), Standing.UNREACHED, "more than 4194304 bytes"),
        (http(b"<!DOCTYPE x><x/>"), Standing.UNREADABLE, "DOCTYPE"),
        (http(b"<html><body>Sign in</body></html>"), Standing.UNREADABLE, "no WSDL"),
        (http(IMPORTING.format("http://169.254.169.254/latest").encode()), Standing.UNREADABLE, "not below"),
        (http(IMPORTING.format("../other?wsdl").encode()), Standing.UNREADABLE, "not below"),
    ],
    ids=["redirect", "missing", "huge", "doctype", "a page", "another host", "above"],
)
def test_what_is_no_description_is_told_and_never_followed(
    port: ContractPartners, raw: RawPartner, reply: bytes, standing: Standing, said: str
) -> None:
    raw.reply = lambda _: reply
    [found] = port.describe("population")
    assert (found.standing, said in found.detail) == (standing, True), found.detail
    assert len(raw.requests) == 1


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        (b'{"items":' * 300 + b"1" + b"}" * 300, "nested too deep"),
        (b'{"items":' * 900 + b"1" + b"}" * 900, "nested too deep"),
        (b"[" + b"[]," * 500_000 + b"[]]", "more than 500000 objects and lists"),
        (b"[" * 100_000, "depth limit"),
    ],
    ids=["deep", "deeper", "crowded", "deepest"],
)
def test_an_openapi_description_that_is_a_bomb_is_one_that_cannot_be_read(
    port: ContractPartners, raw: RawPartner, schema: bytes, said: str
) -> None:
    raw.reply = lambda _: http(b'{"paths":{"/a":{"get":{}}},"components":{"schemas":{"A":' + schema + b"}}}")
    [found] = port.describe("agency")
    assert (found.standing, said.lower() in found.detail.lower()) == (Standing.UNREADABLE, True), found.detail


def test_what_it_refers_to_is_fetched_below_its_own_address_whatever_host_it_names(
    port: ContractPartners, raw: RawPartner
) -> None:
    main = IMPORTING.format("http://inner.example/gate/types?xsd=1").encode()
    raw.reply = lambda _: http(main if len(raw.requests) == 1 else WSDL.encode())
    [found] = port.describe("population")
    assert found.standing is Standing.SAME, found
    assert len(raw.requests) == 2


def test_one_that_refers_to_itself_for_ever_ends(port: ContractPartners, raw: RawPartner) -> None:
    raw.reply = lambda _: http(IMPORTING.format(f"/gate/a?{len(raw.requests)}").encode())
    [found] = port.describe("population")
    assert "more than 20 documents" in found.detail
