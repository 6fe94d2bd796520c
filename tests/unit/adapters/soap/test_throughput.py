"""The server side of SOAP in process: parse, check, reply. Budget 2,000 a second on a free core; the gate is half."""

import time
from pathlib import Path

import adapters
from adapters.soap.service import open_service
from engine.exchange.ports import Json

GATE_PER_S = 1_000
BATCH = 200
CITIZEN: Json = {"SoDinhDanh": "001099000001", "HoVaTen": {"Ho": "NGUYỄN", "ChuDem": "VĂN", "Ten": "A"}}


def test_requests_are_answered_at_half_the_budget_or_better() -> None:
    service = open_service(Path(adapters.__file__).parent / "partners" / "population" / "population.wsdl")
    asked: dict[str, Json] = {
        "MaYeuCau": "1",
        "MaDVC": "1.004873",
        "MaTichHop": "037",
        "MaCanBo": "cb01",
        "SoDinhDanh": "001099000001",
        "HoVaTen": "NGUYỄN VĂN A",
        "NgayThangNamSinh": {"NgayThangNam": "19990101"},
    }
    raw = service.compose("TraCuuThongTinCongDan", asked)
    best = 0.0
    for _ in range(5):
        began = time.process_time()
        for _ in range(BATCH):
            request = service.parse_request(raw, '""')
            service.reply(request.operation, {"CongDan": [CITIZEN]})
        best = max(best, BATCH / (time.process_time() - began))
    assert best >= GATE_PER_S
