"""The server side of SOAP, in this process: requests parsed, checked and answered per second."""

import time
from collections.abc import Mapping
from pathlib import Path

import adapters
from adapters.soap.service import open_service
from engine.exchange.ports import Json
from tests.benchmarks.place import Place

OPERATION = "TraCuuThongTinCongDan"
BATCH = 500
ROUNDS = 5
ASKED: dict[str, Json] = {
    "MaYeuCau": "1",
    "MaDVC": "1.004873",
    "MaTichHop": "037",
    "MaCanBo": "cb01",
    "SoDinhDanh": "001099000001",
    "HoVaTen": "NGUYỄN VĂN A",
    "NgayThangNamSinh": {"NgayThangNam": "19990101"},
}
CITIZEN: Json = {"SoDinhDanh": "001099000001", "HoVaTen": {"Ho": "NGUYỄN", "ChuDem": "VĂN", "Ten": "A"}}


def measure(_place: Place) -> Mapping[str, float]:
    """The best of several rounds, by the process's own time."""
    service = open_service(Path(adapters.__file__).parent / "partners" / "population" / "population.wsdl")
    raw = service.compose(OPERATION, ASKED)
    best = 0.0
    for _ in range(ROUNDS):
        start = time.process_time()
        for _ in range(BATCH):
            request = service.parse_request(raw, '""')
            service.reply(request.operation, {"CongDan": [CITIZEN]})
        best = max(best, BATCH / (time.process_time() - start))
    return {"soap_in_per_s": best}
