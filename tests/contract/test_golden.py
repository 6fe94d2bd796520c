"""Bodies that the domain's notes compose by hand must come out of the contracts field by field."""

import orjson
import pytest
from partners import DOSSIER, INPUTS, NOW, REPORT

from adapters import registry
from adapters.registry import ContractPartners
from engine import xml
from engine.errors import ComposeFailed
from engine.exchange.ports import Composed, Json


@pytest.fixture(scope="module")
def partners() -> ContractPartners:
    return registry.load()


def compose(
    partners: ContractPartners, partner: str, operation: str, inputs: dict[str, Json], **dossier: Json
) -> Composed:
    return partners.compose(
        partner, operation, inputs, dossier={**DOSSIER, **dossier}, call_key="call-1", now=NOW
    )


# wire-contracts 1.4, the composed example; the session is the transport's and is added when it is sent.
PORTAL_INSERT = """
{"madonvi":"000.00.00.H99","service":"DongBoHoSoMC","isUpdating":"False",
 "data":[{"MaHoSo":"H99.14-261121-0002","MaTTHC":"1.004873","TenTTHC":"…","MaLinhVuc":"G00-XX00","TenLinhVuc":"Hộ tịch",
  "KenhThucHien":"2","ChuHoSo":"NGUYỄN VĂN A","SoGiayToChuHoSo":"001099000001","LoaiDoiTuong":"1","MaDoiTuong":"",
  "DinhDanhCHS":[{"LoaiDinhDanh":"1","SoDinhDanh":"001099000001"}],
  "TrichYeuHoSo":"…","NgayNopHoSo":"20261121081500","NgayTiepNhan":"20261121083000","NgayHenTra":"20261126170000",
  "TrangThaiHoSo":"2","HinhThuc":"0","NoiNopHoSo":"1","HoSoCoThanhPhanSoHoa":"1","TaiKhoanDuocXacThucVoiVNeID":"1",
  "DuocThanhToanTrucTuyen":"0","TaiLieuNop":[],"DanhSachLePhi":[],"DanhSachHoSoBoSung":[],"DanhSachGiayToKetQua":[],
  "DSKetNoiCSDL":[{"MaCSDL":"1"}]}]}
"""


def test_portal_insert_is_the_composed_example(partners: ContractPartners) -> None:
    composed = compose(partners, "portal", "DongBoHoSoMC", {"report": REPORT, "isUpdating": "False"})
    golden = orjson.loads(PORTAL_INSERT)
    assert composed.body == golden
    assert list(composed.body["data"][0]) == list(golden["data"][0])  # type: ignore[index, call-overload]


def test_portal_insert_with_everything_a_dossier_can_have(partners: ContractPartners) -> None:
    composed = compose(
        partners,
        "portal",
        "DongBoHoSoMC",
        {"report": {**REPORT, "status": 10, "at": "2026-11-26T02:00:00+00:00"}, "isUpdating": "True"},
        procedure="1.004873.000.00.00.H99",
        channel="post",
        delivery="post",
        finished_at="2026-11-25T09:00:00+00:00",
        applicant={
            "name": "CÔNG TY A",
            "identity": "123456789",
            "kind": "business",
            "email": "a@example.vn",
            "fax": "02400000001",
            "other": "chi nhánh",
            "phone": "02400000000",
        },
        competent_unit_name="UBND phường A",
        note="ghi chú",
        fees=[{"name": "Lệ phí", "code": "LP1", "amount": 8000, "kind": "2"}],
        documents=[{"code": "GCS", "name": "giay-chung-sinh.pdf", "sha256": "ab" * 32}],
        supplements=[
            {
                "number": 1,
                "asked_by": "cb01",
                "text": "Thiếu giấy chứng sinh",
                "asked_at": "2026-11-22T02:00:00+00:00",
                "received_at": "2026-11-23T02:00:00+00:00",
                "due_before": "2026-11-26T10:00:00+00:00",
                "due_after": "2026-11-27T10:00:00+00:00",
            }
        ],
        results=[{"code": "KQ.G15.000031", "name": "Giấy khai sinh", "number": "1"}],
    )
    (item,) = composed.body["data"]  # type: ignore[index, call-overload]
    assert item["MaTTHC"] == "1.004873"  # a local copy's suffix never leaves
    assert (item["KenhThucHien"], item["HinhThuc"], item["LoaiDoiTuong"], item["NoiNopHoSo"]) == (
        "3",
        "1",
        "2",
        "2",
    )
    assert item["DinhDanhCHS"] == [{"LoaiDinhDanh": "2", "SoDinhDanh": "123456789"}]
    assert (item["Email"], item["SoDienThoai"]) == ("a@example.vn", "02400000000")
    assert (item["NgayKetThucXuLy"], item["NgayTra"]) == ("20261125160000", "20261126090000")
    assert (item["Fax"], item["ThongTinKhac"], item["GhiChu"]) == ("02400000001", "chi nhánh", "ghi chú")
    assert (item["DonViXuLy"], item["ThongTinTra"]) == ("UBND phường A", "Qua bưu chính công ích")
    assert item["DanhSachLePhi"] == [
        {
            "TenPhiLePhi": "Lệ phí",
            "MaPhiLePhi": "LP1",
            "HinhThucThu": "Thu trước",
            "Gia": "8000",
            "LoaiPhiLePhi": "2",
        }
    ]
    assert item["TaiLieuNop"][0] == {
        "TepDinhKemId": "ab" * 32,
        "TenTepDinhKem": "giay-chung-sinh.pdf",
        "IsDeleted": "False",
        "MaThanhPhanHoSo": "GCS",
        "DuongDanTaiTepTin": "",
        "DuocSoHoa": "1",
        "DuocTaiSuDung": "0",
        "DuocLayTuKhoDMQG": "0",
        "MaKetQuaThayThe": "",
    }
    assert item["DanhSachHoSoBoSung"] == [
        {
            "HoSoBoSungId": 1,
            "NguoiYeuCauBoSung": "cb01",
            "NoiDungBoSung": "Thiếu giấy chứng sinh",
            "NgayBoSung": "20261122090000",
            "NguoiTiepNhanBoSung": "",
            "ThongTinTiepNhan": "",
            "NgayTiepNhanBoSung": "20261123090000",
            "TrangThaiBoSung": True,
            "DanhSachGiayToBoSung": [],
            "DanhSachLePhiBoSung": [],
            "NgayHenTraTruoc": "20261126170000",
            "NgayHenTraMoi": "20261127170000",
        }
    ]
    assert item["DanhSachGiayToKetQua"] == [
        {
            "TenGiayTo": "Giấy khai sinh",
            "MaThanhPhanHoSo": "",
            "GiayToId": "1",
            "DuongDanTepTinKetQua": "",
            "MaGiayToKetQua": "KQ.G15.000031",
        }
    ]


@pytest.mark.parametrize("status", range(1, 11))
def test_every_status_goes_out_under_its_own_number(partners: ContractPartners, status: int) -> None:
    composed = compose(
        partners, "portal", "DongBoHoSoMC", {"report": {**REPORT, "status": status}, "isUpdating": "True"}
    )
    assert composed.body["data"][0]["TrangThaiHoSo"] == str(status)  # type: ignore[index, call-overload]
    assert composed.key == f"H99.14-261121-0002/{status}/True"


def test_an_applicant_without_identity_is_not_given_an_invented_one(partners: ContractPartners) -> None:
    with pytest.raises(ComposeFailed, match=r"SoGiayToChuHoSo|DinhDanhCHS"):
        compose(
            partners,
            "portal",
            "DongBoHoSoMC",
            {"report": REPORT, "isUpdating": "False"},
            applicant={"name": "A", "identity": None},
        )


def test_portal_step_has_the_fields_of_1_5(partners: ContractPartners) -> None:
    composed = compose(partners, "portal", "CapNhatTienDoHoSoMC", {"report": {**REPORT, "officer": "ă" * 60}})
    assert composed.body == {
        "madonvi": "000.00.00.H99",
        "service": "CapNhatTienDoHoSoMC",
        "data": [
            {
                "MaHoSo": "H99.14-261121-0002",
                "NguoiXuLy": "ă" * 50,
                "ChucDanh": "",
                "ThoiDiemXuLy": "20261121083000",
                "PhongBanXuLy": "Một cửa",
                "NoiDungXuLy": "Tiếp nhận hồ sơ",
                "TrangThai": "2",
                "NgayBatDau": "20261121083000",
                "NgayKetThucTheoQuyDinh": "20261126170000",
            }
        ],
    }
    assert composed.key == "H99.14-261121-0002/2/20261121083000/Tiếp nhận hồ sơ"


@pytest.mark.parametrize(
    ("status", "told"), [(2, "2"), (4, "2"), (9, "2"), (10, "2"), (3, "5"), (5, "5"), (7, "5")]
)
def test_a_dossier_born_on_the_portal_is_told_of_in_its_two_states(
    partners: ContractPartners, status: int, told: str
) -> None:
    composed = compose(
        partners,
        "portal",
        "DongBoTrangThaiHoSo",
        {"report": {**REPORT, "status": status}, "national_code": "G22.99-261121-0001"},
    )
    assert composed.body == {
        "madonvi": "000.00.00.H99",
        "service": "DongBoTrangThaiHoSo",
        "type": "2",
        "data": {
            "MaHoSo": "G22.99-261121-0001",
            "MaHoSoDonVi": "H99.14-261121-0002",
            "MaDoiTuong": "",
            "NoiDung": "Tiếp nhận hồ sơ",
            "NgayXuLy": "20261121083000",
            "TrangThai": told,
            "TaiLieuXuLy": [],
        },
    }
    assert composed.key == f"G22.99-261121-0001/{told}"


# wire-contracts 3.1, the composed example with its texts filled in.
POST_ORDER = """
{"CustomerCode":"C000000000","OrderNumber":"H99.14-261121-0002","CODAmount":0,
 "SenderProvince":10,"SenderDistrict":null,"SenderAddress":"Trung tâm Phục vụ hành chính công",
 "SenderName":"Trung tâm PVHCC","SenderEmail":"","SenderTel":"02400000000","SenderDesc":"Giấy khai sinh x1","Description":"",
 "ReceiverName":"NGUYỄN VĂN A","ReceiverAddress":"Số 1","ReceiverTel":"0900000000","ReceiverProvince":10,
 "ReceiverDistrict":null,"ReceiverEmail":""}
"""


def test_post_order_is_the_composed_example_with_its_nulls(partners: ContractPartners) -> None:
    composed = compose(partners, "post", "TaoDon", INPUTS["post", "TaoDon"])
    assert composed == Composed(key="H99.14-261121-0002", body=orjson.loads(POST_ORDER))


def test_civil_status_submission_has_the_fields_and_date_formats_of_4_2(partners: ContractPartners) -> None:
    composed = compose(
        partners,
        "civil_status",
        "NhanDKHT",
        INPUTS["civil_status", "NhanDKHT"],
        documents=[{"code": "GCS", "name": "giay-chung-sinh.pdf"}],
    )
    body = composed.body
    assert isinstance(body, dict)
    data = orjson.loads(str(body.pop("data")))
    assert body == {
        "maDonVi": "H99.14",
        "module": "LTKS",
        "maHoSoLT": "H99.14-261121-0002",
        "maHoSoMCDT": "H99.14-261121-0002",
        "ngayTiepNhan": "21/11/2026 08:30:00",
        "fileDinhKem": [
            {
                "loaiGiayTo": "GCS",
                "tenGiayTo": "giay-chung-sinh.pdf",
                "tenTepDinhKem": "giay-chung-sinh.pdf",
                "huyGiayTo": 0,
            }
        ],
    }
    assert (data["ngayCapGCS"], data["nksNgaySinh"], data["nksHoTen"]) == (
        "20.11.2026",
        "19.11.2026",
        "NGUYỄN VĂN B",
    )
    assert (data["nycHoTen"], data["nycSoGiayToTuyThan"]) == ("NGUYỄN VĂN A", "001099000001")


# wire-contracts 4.1, the composed example.
C06 = """<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:dan="http://dancuquocgia.bca">
 <soapenv:Body><dan:TraCuuThongTinCongDan>
  <dan:MaYeuCau>call-1</dan:MaYeuCau><dan:MaDVC>1.004873</dan:MaDVC><dan:MaTichHop>037</dan:MaTichHop><dan:MaCanBo>cb01</dan:MaCanBo>
  <dan:SoDinhDanh>001099000001</dan:SoDinhDanh><dan:HoVaTen>NGUYỄN VĂN A</dan:HoVaTen>
  <dan:NgayThangNamSinh><dan:NgayThangNam>19990101</dan:NgayThangNam></dan:NgayThangNamSinh>
 </dan:TraCuuThongTinCongDan></soapenv:Body></soapenv:Envelope>"""


def test_population_request_is_the_composed_envelope(partners: ContractPartners) -> None:
    inputs = INPUTS["population", "TraCuuThongTinCongDan"]
    composed = compose(partners, "population", "TraCuuThongTinCongDan", inputs)
    soap = partners.contract("population").operations["TraCuuThongTinCongDan"].soap
    assert soap is not None
    assert isinstance(composed.body, dict)
    sent = soap.service.compose(soap.operation, composed.body)
    assert leaves(sent) == leaves(C06.encode())
    assert soap.service.headers(soap.operation) == {"Content-Type": "application/xml", "SOAPAction": '""'}


def leaves(data: bytes) -> list[tuple[str, str]]:
    root = xml.parse(data)
    return [
        (str(item.tag), (item.text or "").strip()) for item in root.iter() if "Header" not in str(item.tag)
    ]


def test_a_citizen_known_by_the_old_number_is_asked_for_by_it(partners: ContractPartners) -> None:
    inputs = {**INPUTS["population", "TraCuuThongTinCongDan"], "identity": "012345678"}
    body = compose(partners, "population", "TraCuuThongTinCongDan", inputs).body
    assert isinstance(body, dict)
    assert body["SoCMND"] == "012345678"
    assert "SoDinhDanh" not in body
