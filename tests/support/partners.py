"""Partners in tests: the shipped contracts, simulators that play them on loopback, and a dossier as mappings read it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from adapters import registry
from adapters.registry import ContractPartners
from adapters.simulator import Simulators, serve
from adapters.simulator.faults import FaultRule
from engine.exchange.ports import Answer, Dispatch, Json
from tests.support.witness import Line, read_journal

NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
DOSSIER: dict[str, Json] = {
    "code": "H99.14-261121-0002",
    "procedure": "1.004873",
    "procedure_name": "…",
    "field": {"code": "G00-XX00", "name": "Hộ tịch"},
    "status": 2,
    "phase": None,
    "channel": "online",
    "delivery": "counter",
    "applicant": {
        "name": "NGUYỄN VĂN A",
        "identity": "001099000001",
        "birth_date": "1999-01-01",
        "vneid": True,
    },
    "submitted_at": "2026-11-21T01:15:00+00:00",
    "received_at": "2026-11-21T01:30:00+00:00",
    "due_at": "2026-11-26T10:00:00+00:00",
    "finished_at": None,
    "receiving_unit": "H99.14",
    "competent_unit": "H99.14",
    "returning_unit": "H99.14",
    "documents": [],
    "supplements": [],
    "results": [],
    "data": {},
}
ADDRESS: dict[str, Json] = {"maTinh": "01", "maXa": "00001", "dcChiTiet": "Số 1"}
CHILD: dict[str, Json] = {
    "personal_id": "001226000001",
    "name": "NGUYỄN VĂN B",
    "sex": "1",
    "birth_date": "2026-11-19",
}
INPUTS: dict[tuple[str, str], dict[str, Json]] = {
    ("population", "TraCuuThongTinCongDan"): {
        "identity": "001099000001",
        "name": "Nguyễn Văn A",
        "birth_date": "1999-01-01",
        "procedure": "1.004873",
    },
    ("civil_status", "NhanDKHT"): {
        "module": "LTKS",
        "received_at": "2026-11-21T01:30:00+00:00",
        "birth": {
            "maGCS": "GCS-1",
            "ngayCapGCS": "2026-11-20",
            "nksHoTen": "NGUYỄN VĂN B",
            "nksNgaySinh": "2026-11-19",
        },
        "round": 1,
    },
    ("residence", "DangKyThuongTru"): {
        "child": CHILD,
        "household": {
            "head_name": "NGUYỄN VĂN C",
            "head_identity": "001099000002",
            "relation": "Cháu",
            "address": ADDRESS,
        },
        "certificate": {"number": "1", "book": "01/2026", "page": "1", "registered_on": "2026-11-21"},
    },
    ("social_insurance", "CapTheBHYT"): {
        "child": CHILD,
        "guardian": {"name": "NGUYỄN VĂN A", "identity": "001099000001", "phone": "0900000000"},
        "address": ADDRESS,
        "facility": "01001",
    },
    ("post", "TaoDon"): {
        "receiver": {"name": "NGUYỄN VĂN A", "phone": "0900000000", "address": "Số 1", "province": 10},
        "papers": "Giấy khai sinh x1",
        "cod_amount": 0,
    },
}
REPORT: dict[str, Json] = {
    "seq": 1,
    "kind": "status",
    "status": 2,
    "at": "2026-11-21T01:30:00+00:00",
    "text": "Tiếp nhận hồ sơ",
    "phase": "Tiếp nhận",
    "unit": "H99.14",
    "officer": "",
    "element": "accepted",
    "lane": "Một cửa",
}


class Bench:
    """Partners and their simulators side by side, as a test drives them."""

    def __init__(self, partners: ContractPartners, simulators: Simulators) -> None:
        self.partners, self.simulators = partners, simulators
        self._calls = 0

    def dispatch(
        self,
        partner: str,
        operation: str,
        inputs: Mapping[str, Json] | None = None,
        dossier: Mapping[str, Json] | None = None,
    ) -> Dispatch:
        """A composed call, not sent yet; the same object sent again is the same call again."""
        self._calls += 1
        composed = self.partners.compose(
            partner,
            operation,
            INPUTS[partner, operation] if inputs is None else inputs,
            dossier=dossier or DOSSIER,
            call_key=f"call-{self._calls}",
            now=NOW,
        )
        return Dispatch(
            call=self._calls,
            partner=partner,
            operation=operation,
            key=composed.key,
            body=composed.body,
            attempt=1,
        )

    def send(self, partner: str, operation: str) -> Answer:
        return self.partners.send(self.dispatch(partner, operation))

    def fault(self, **rule: object) -> None:
        self.simulators.faults.add(FaultRule.model_validate(rule))

    def journal(self, kind: str = "request") -> list[Line]:
        return [line for line in read_journal(self.simulators.journal) if line["kind"] == kind]

    def effects(self, operation: str) -> list[Line]:
        return [line for line in self.journal() if line["operation"] == operation and line["effect"]]


@contextmanager
def bench(folder: Path, *paths: Path) -> Iterator[Bench]:
    """Simulators of every shipped partner, and of those in *paths*, with partners that call them."""
    played = registry.load(paths)
    simulators = serve(played.contract, journal_dir=folder)
    partners = registry.load(paths, simulators=simulators.url)
    try:
        yield Bench(partners, simulators)
    finally:
        partners.close()
        simulators.close()
