"""What an applicant of the demo hands in: whole submissions as the REST interface takes them, made up by number.

Names and numbers are invented. What the procedure asks for is said in its procedure.yaml.
"""

import base64
from datetime import datetime, timedelta

from engine.exchange.ports import Json
from lienthong.demo.batch import Case
from lienthong.demo.plans import BIRTH

_FAMILY = ("NGUYỄN", "TRẦN", "LÊ", "PHẠM", "HOÀNG", "VŨ", "ĐẶNG", "BÙI")
_GIVEN = ("AN", "BÌNH", "CHI", "DUNG", "GIANG", "HÀ", "KHÁNH", "LINH", "MINH", "NAM")


def submission(case: Case, now: datetime) -> dict[str, Json]:
    """The whole submission of *case*, handed in at *now*."""
    family = _FAMILY[case.number % len(_FAMILY)]
    is_birth = case.plan.procedure == BIRTH
    father = f"{family} VĂN {_GIVEN[case.number % len(_GIVEN)]}"
    return {
        "procedure": case.plan.procedure,
        "channel": "counter" if case.plan.delivery == "counter" else "online",
        "delivery": case.plan.delivery,
        "receiving_unit": case.unit,
        "applicant": {
            "name": father,
            "identity": case.identity,
            "birth_date": "1992-04-05",
            "phone": case.phone,
            "address": f"Số {case.number}, đường Hoa Sữa",
        },
        "data": _data(case, now, family, father) if is_birth else _extract(case, father),
        "documents": [paper("giay-chung-sinh.pdf", f"{case.identity} 1")] if is_birth else [],
    }


def supplement(case: Case) -> dict[str, Json]:
    """What is brought when something was asked for: the paper again, readable this time."""
    return {"documents": [paper("giay-chung-sinh-ro-net.pdf", f"{case.identity} 2")]}


def paper(name: str, words: str) -> dict[str, Json]:
    """A birth certificate of the hospital as a small PDF with *words* in it."""
    content = f"%PDF-1.4\n% {words}\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    return {
        "code": "GCS",
        "name": name,
        "media_type": "application/pdf",
        "content": base64.b64encode(content.encode()).decode(),
    }


def _data(case: Case, now: datetime, family: str, father: str) -> dict[str, Json]:
    address: Json = {"maTinh": "01", "maXa": "00001", "dcChiTiet": f"Số {case.number}, đường Hoa Sữa"}
    data: dict[str, Json] = {
        "birth": {
            "maGCS": f"GCS-{case.identity}",
            "ngayCapGCS": (now - timedelta(days=2)).date().isoformat(),
            "soLuongBanSao": 1,
            "nksHoTen": f"{family} {_GIVEN[(case.number + 3) % len(_GIVEN)]} {case.number}",
            "nksGioiTinh": str(1 + case.number % 2),
            "nksNgaySinh": (now - timedelta(days=5)).date().isoformat(),
            "nksNoiSinh": "Bệnh viện Phụ sản",
            "nksQueQuan": address,
            "nksDanToc": "Kinh",
            "nksQuocTich": "Việt Nam",
            "meHoTen": f"TRẦN THỊ {_GIVEN[(case.number + 5) % len(_GIVEN)]}",
            "meSoDDCN": f"002{case.identity[3:]}",
            "chaHoTen": father,
            "chaSoDDCN": case.identity,
            "nycQuanHe": "Cha",
        },
        "household": {
            "head_name": f"{family} VĂN ÔNG",
            "head_identity": f"003{case.identity[3:]}",
            "relation": "Cháu nội",
            "address": address,
        },
        "insurance": {"facility": "01001"},
    }
    if case.plan.delivery == "post":
        data["delivery"] = {
            "name": father,
            "phone": case.phone,
            "address": f"Số {case.number}, đường Hoa Sữa",
            "province": 10,
        }
    return data


def _extract(case: Case, father: str) -> dict[str, Json]:
    """Whose birth a copy is wanted of."""
    return {
        "extract": {
            "kind": "KS",
            "name": f"{father.split(maxsplit=1)[0]} THỊ {_GIVEN[(case.number + 3) % len(_GIVEN)]}",
            "birth_date": "2020-11-16",
            "relation": "Cha",
            "registered_at": "UBND phường Hoa Sữa",
            "purpose": "Nhập học",
        }
    }
