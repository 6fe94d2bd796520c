"""Reception by contract: what is taken, what is refused, and what the partner is told."""

import tracemalloc

import orjson
import pytest

from adapters import registry
from adapters.inbound import ContractInbound
from adapters.registry import ContractPartners
from engine.errors import MessageConflict, OperationUnknown, PartnerUnknown, StoreError
from engine.exchange.ports import Arrival, Json

RESULT: dict[str, Json] = {
    "so_yeu_cau": "call-1",
    "ma_ho_so": "H99.14-261121-0002",
    "so_tiep_nhan": "TN-1",
    "dang_ky": False,
    "ghi_chu": "Chỗ ở không hợp pháp",
}


class Shelf:
    """Keeps what arrives, as the database does."""

    def __init__(self) -> None:
        self.taken: dict[str, Arrival] = {}
        self.broken = False

    def __call__(self, arrival: Arrival) -> bool:
        if self.broken:
            raise StoreError(reason="closed")
        before = self.taken.setdefault(arrival.message_id, arrival)
        if before.body != arrival.body:
            raise MessageConflict(message=arrival.message_id, source=arrival.source)
        return before is not arrival


@pytest.fixture(scope="module")
def partners() -> ContractPartners:
    return registry.load()


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def inbound(partners: ContractPartners, shelf: Shelf) -> ContractInbound:
    return ContractInbound(partners, shelf, [].append)


def receive(inbound: ContractInbound, body: object, **headers: str) -> tuple[int, dict[str, Json]]:
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    receipt = inbound.receive("residence", "result", headers or {"Content-Type": "application/json"}, data)
    return receipt.status, orjson.loads(receipt.body)


def test_a_message_is_taken_with_its_id_key_reference_and_payload(
    inbound: ContractInbound, shelf: Shelf
) -> None:
    assert receive(inbound, RESULT) == (200, {"error_code": 0, "message": "Đã nhận"})
    arrival = shelf.taken["TN-1"]
    assert (arrival.source, arrival.name, arrival.key) == (
        "residence",
        "residence-result",
        "H99.14-261121-0002",
    )
    assert arrival.reference == ("residence-request", "call-1")
    assert arrival.payload == {
        "registered": False,
        "note": "Chỗ ở không hợp pháp",
        "request_number": "call-1",
    }
    assert orjson.loads(arrival.body) == RESULT


def test_the_same_message_again_gets_the_duplicates_answer(inbound: ContractInbound, shelf: Shelf) -> None:
    receive(inbound, RESULT)
    assert receive(inbound, RESULT) == (200, {"error_code": 0, "message": "Đã nhận trước đó"})
    assert len(shelf.taken) == 1


def test_the_same_id_with_another_body_is_a_conflict(inbound: ContractInbound) -> None:
    receive(inbound, RESULT)
    status, reply = receive(inbound, {**RESULT, "dang_ky": True})
    assert (status, reply["code"]) == (409, "message-conflict")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "no JSON"),
        (b"", "no JSON"),
        ({**RESULT, "dang_ky": "có"}, "body.dang_ky: 'có' is no boolean"),
        ({name: value for name, value in RESULT.items() if name != "ma_ho_so"}, "ma_ho_so is missing"),
        ({**RESULT, "so_tiep_nhan": ""}, "so_tiep_nhan: its length 0"),
        ({**RESULT, "khac": 1}, "khac is not expected"),
        ([RESULT], "is no object"),
    ],
)
def test_a_wrong_message_is_refused_with_what_is_wrong(
    inbound: ContractInbound, shelf: Shelf, body: object, said: str
) -> None:
    status, reply = receive(inbound, body)
    assert 400 <= status < 500
    assert (reply["error_code"], reply["code"]) == (-1, "message-refused")
    assert said in str(reply["message"])
    assert shelf.taken == {}


def test_xml_is_not_taken_where_json_was_promised(inbound: ContractInbound, shelf: Shelf) -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'
    status, reply = receive(inbound, bomb, **{"content-type": "text/xml"})
    assert (status, reply["code"]) == (400, "message-refused")
    assert shelf.taken == {}


def test_what_cannot_be_stored_is_not_said_to_be_taken(inbound: ContractInbound, shelf: Shelf) -> None:
    shelf.broken = True
    with pytest.raises(StoreError):
        receive(inbound, RESULT)


def test_addresses_that_no_contract_names_are_unknown(inbound: ContractInbound) -> None:
    with pytest.raises(PartnerUnknown):
        inbound.receive("nobody", "result", {}, b"{}")
    with pytest.raises(OperationUnknown):
        inbound.receive("residence", "other", {}, b"{}")


def test_a_member_that_is_there_twice_is_refused_and_nothing_is_kept(partners: ContractPartners) -> None:
    shelf = Shelf()
    body = orjson.dumps(RESULT)[:-1] + b', "so_yeu_cau": "call-2"}'
    receipt = ContractInbound(partners, shelf, [].append).receive("residence", "result", {}, body)
    assert receipt.status == 400
    assert shelf.taken == {}


def test_a_number_that_would_be_rounded_is_refused_and_nothing_is_kept(partners: ContractPartners) -> None:
    shelf = Shelf()
    body = orjson.dumps(RESULT)[:-1] + b', "more": 123456789012345678901234}'
    receipt = ContractInbound(partners, shelf, [].append).receive("residence", "result", {}, body)
    assert receipt.status == 400
    assert b"more digits than are kept" in receipt.body
    assert shelf.taken == {}


def test_a_body_of_millions_of_lists_is_refused_before_it_fills_the_memory(
    partners: ContractPartners,
) -> None:
    shelf = Shelf()
    body = b'{"more": [' + b"[]," * 1_000_000 + b"[]]}"
    tracemalloc.start()
    try:
        receipt = ContractInbound(partners, shelf, [].append).receive("residence", "result", {}, body)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert receipt.status == 400
    assert b"objects and lists" in receipt.body
    assert most < 5_000_000
