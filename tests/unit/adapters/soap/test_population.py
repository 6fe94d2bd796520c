"""The population look-up over SOAP 1.1, held against the body that its public clients send."""

from pathlib import Path

import pytest

import adapters
from adapters.soap.service import SoapService, open_service
from engine.errors import CallOutcomeUnknown, ComposeFailed, ReplyInvalid
from engine.exchange.ports import Json

WSDL = Path(adapters.__file__).parent / "partners" / "population" / "population.wsdl"
LOOK_UP = "TraCuuThongTinCongDan"
NS = "http://dancuquocgia.bca"
ASKED: dict[str, Json] = {
    "MaYeuCau": "5d3c1c1e-0000-4000-8000-000000000001",
    "MaDVC": "1.004873",
    "MaTichHop": "037",
    "MaCanBo": "cb01",
    "SoDinhDanh": "001099000001",
    "HoVaTen": "NGUYỄN VĂN A",
    "NgayThangNamSinh": {"NgayThangNam": "19990101"},
}
GOLDEN = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    f'<ns0:TraCuuThongTinCongDan xmlns:ns0="{NS}">'
    "<ns0:MaYeuCau>5d3c1c1e-0000-4000-8000-000000000001</ns0:MaYeuCau><ns0:MaDVC>1.004873</ns0:MaDVC>"
    "<ns0:MaTichHop>037</ns0:MaTichHop><ns0:MaCanBo>cb01</ns0:MaCanBo>"
    "<ns0:SoDinhDanh>001099000001</ns0:SoDinhDanh><ns0:HoVaTen>NGUYỄN VĂN A</ns0:HoVaTen>"
    "<ns0:NgayThangNamSinh><ns0:NgayThangNam>19990101</ns0:NgayThangNam></ns0:NgayThangNamSinh>"
    "</ns0:TraCuuThongTinCongDan></soap:Body></soap:Envelope>"
)


@pytest.fixture(scope="module")
def population() -> SoapService:
    return open_service(WSDL, name="population", content_type="application/xml")


def answer(inside: str) -> bytes:
    return (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        f'<CongdanCollection xmlns="{NS}">{inside}</CongdanCollection></e:Body></e:Envelope>'
    ).encode()


def test_the_request_has_the_children_in_the_documented_order(population: SoapService) -> None:
    shuffled = dict(reversed(ASKED.items()))
    assert population.compose(LOOK_UP, shuffled).decode().partition("\n")[2] == GOLDEN


def test_the_request_travels_as_plain_xml_with_an_empty_action(population: SoapService) -> None:
    assert population.headers(LOOK_UP) == {"Content-Type": "application/xml", "SOAPAction": '""'}


def test_what_is_composed_is_read_back_with_absent_fields_as_null(population: SoapService) -> None:
    asked = population.parse_request(population.compose(LOOK_UP, ASKED), '""')
    assert asked.operation == LOOK_UP
    assert {key: value for key, value in asked.body.items() if value is not None} == {
        **ASKED,
        "NgayThangNamSinh": {"Nam": None, "NgayThangNam": "19990101"},
    }


def test_children_without_a_namespace_are_a_switch() -> None:
    bare = SoapService(WSDL, name="population", qualified=False)
    raw = bare.compose(LOOK_UP, ASKED)
    assert b"<MaYeuCau>" in raw
    assert bare.parse_request(raw).body["MaTichHop"] == "037"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"HoVaTen": None}, "HoVaTen"),
        ({"SoCMND": "123456789"}, "SoCMND"),
        ({"SoDinhDanh": None}, "SoDinhDanh"),
        ({"SoDinhDanh": "12345"}, "SoDinhDanh"),
        ({"NgayThangNamSinh": {"Nam": "1999", "NgayThangNam": "19990101"}}, "NgayThangNam"),
        ({"NgayThangNamSinh": {"NgayThangNam": "1999-01-01"}}, "NgayThangNam"),
        ({"NgayThangNamSinh": "19990101"}, "NgayThangNamSinh"),
        ({"HoVaTen": {"Ho": "A"}}, "HoVaTen"),
        ({"HoVaTen": ["A", "B"]}, "HoVaTen"),
        ({"HoVaTen": "A\x00B"}, "HoVaTen"),
        ({"HoTen": "A"}, "HoTen"),
    ],
    ids=str,
)
def test_a_body_that_breaks_the_schema_is_refused_naming_the_element(
    population: SoapService, change: dict[str, Json], named: str
) -> None:
    with pytest.raises(ComposeFailed) as caught:
        population.compose(LOOK_UP, {**ASKED, **change})
    assert named in caught.value.message


def test_a_refusal_does_not_show_the_value_that_it_refuses(population: SoapService) -> None:
    with pytest.raises(ComposeFailed) as caught:
        population.compose(LOOK_UP, {**ASKED, "SoDinhDanh": "00109900000X"})
    assert "00109900000X" not in caught.value.message


def test_an_operation_that_is_not_there_is_refused(population: SoapService) -> None:
    with pytest.raises(ComposeFailed, match="no such operation"):
        population.compose("XoaCongDan", {})


def test_an_empty_collection_is_no_match(population: SoapService) -> None:
    assert population.parse_reply(LOOK_UP, answer("")).body == {"CongDan": []}


def test_the_citizen_in_the_reply_is_read_with_every_field(population: SoapService) -> None:
    reply = population.parse_reply(
        LOOK_UP,
        answer(
            "<CongDan><SoDinhDanh>001099000001</SoDinhDanh><HoVaTen><Ho>NGUYỄN</Ho><ChuDem>VĂN</ChuDem><Ten>A</Ten>"
            "</HoVaTen><ThuongTru><MaTinhThanh>01</MaTinhThanh><ChiTiet>Số 1</ChiTiet></ThuongTru>"
            "<ChuHo><QuanHe>Con</QuanHe></ChuHo></CongDan>"
        ),
    )
    assert reply.body is not None
    citizens = reply.body["CongDan"]
    assert isinstance(citizens, list)
    assert isinstance(citizens[0], dict)
    assert citizens[0]["HoVaTen"] == {"Ho": "NGUYỄN", "ChuDem": "VĂN", "Ten": "A"}
    assert citizens[0]["GioiTinh"] is None
    assert set(citizens[0]) >= {
        "QueQuan",
        "NoiOHienTai",
        "Cha",
        "Me",
        "VoChong",
        "NguoiDaiDien",
        "SoSoHoKhau",
    }


def test_a_reply_that_breaks_the_schema_is_invalid(population: SoapService) -> None:
    with pytest.raises(ReplyInvalid, match=r"line 1.*GioiTinh"):
        population.parse_reply(LOOK_UP, answer("<CongDan><GioiTinh>Nam</GioiTinh></CongDan>"))


def test_a_reply_of_another_kind_is_invalid(population: SoapService) -> None:
    with pytest.raises(ReplyInvalid, match="CongdanCollection is expected"):
        population.parse_reply(LOOK_UP, population.compose(LOOK_UP, ASKED))


@pytest.mark.parametrize(
    "junk",
    [b"", b"<x", b"<html><body>502 Bad Gateway</body></html>", b'{"error_code": 0}', answer("")[:-9]],
    ids=["empty", "cut", "html", "json", "half"],
)
def test_an_answer_that_is_no_envelope_leaves_the_outcome_unknown(
    population: SoapService, junk: bytes
) -> None:
    with pytest.raises(CallOutcomeUnknown):
        population.parse_reply(LOOK_UP, junk)


def test_a_fault_is_told_apart_from_a_body(population: SoapService) -> None:
    raw = population.fault("Server", "hết hạn mức", {"MaLoi": "429", "ChiTiet": {"Ngay": "20261122"}})
    reply = population.parse_reply(LOOK_UP, raw)
    assert reply.body is None
    assert reply.fault is not None
    assert (reply.fault.code, reply.fault.text) == ("Server", "hết hạn mức")
    assert reply.fault.detail == {"MaLoi": "429", "ChiTiet": {"Ngay": "20261122"}}
