"""The simulated partners: their journal, what they remember, what they do by themselves, what they are told."""

import http.client
import threading
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from partners import DOSSIER, REPORT, Bench, bench

from adapters import registry
from adapters.simulator import serve
from adapters.simulator.http import HttpReply, HttpRequest, HttpServer
from engine.exchange.ports import Json, Outcome
from tests.support.waiting import until

DEADLINE_S = 30.0


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as made:
        yield made


def eventually(ready: "threading.Event", what: object) -> None:
    assert ready.wait(DEADLINE_S), what


def poll_until(both: Bench, feed: tuple[str, str], keys: list[str], wanted: int) -> list[Json]:
    """What a feed brings once it holds *wanted* items; asked again and again, as the engine does."""
    found: list[Json] = []

    def are_there() -> bool:
        page = both.partners.poll(*feed, cursor=None, keys=keys)
        assert page.answer.outcome is Outcome.OK, page.answer.detail
        found[:] = [item.payload for item in page.items]
        return len(found) >= wanted

    assert until(are_there, DEADLINE_S), f"only {len(found)} items"
    return found


def test_a_restarted_simulator_knows_what_it_was_told(tmp_path: Path) -> None:
    with bench(tmp_path) as first:
        dispatch = first.dispatch("post", "TaoDon")
        assert first.partners.send(dispatch).reply == {"Status": "100", "Message": "Thành công"}
    with bench(tmp_path) as second:
        answer = second.partners.send(dispatch)
        assert isinstance(answer.reply, dict)
        assert answer.reply["Status"] == "101"
        assert len(second.effects("TaoDon")) == 1
        assert len(poll_until(second, ("post", "tracking"), [], 3)) == 3, (
            "what was planned before still happens"
        )


def test_a_line_that_a_crash_cut_short_does_not_spoil_the_next(tmp_path: Path) -> None:
    with bench(tmp_path) as first:
        first.send("post", "TaoDon")
    journal = tmp_path / "journal.jsonl"
    journal.write_bytes(journal.read_bytes() + b'{"kind":"requ')
    with bench(tmp_path) as second:
        answer = second.partners.send(second.dispatch("post", "TaoDon"))
        assert isinstance(answer.reply, dict)
        assert answer.reply["Status"] == "101"


def test_the_civil_status_feed_brings_processing_then_the_result(both: Bench) -> None:
    dispatch = both.dispatch("civil_status", "NhanDKHT")
    both.partners.send(dispatch)
    processing, done = poll_until(both, ("civil_status", "LayKetQua"), ["H99.14-261121-0002"], 2)
    assert isinstance(processing, dict)
    assert isinstance(done, dict)
    assert (processing["trangThai"], done["trangThai"]) == (3, 4)
    result = done["ketQuaXuLy"]
    assert isinstance(result, dict)
    assert len(str(result["soDinhDanh"])) == 12


@pytest.mark.parametrize(("choice", "last"), [("reject", 6), ("supplement", 2)])
def test_the_civil_status_system_can_be_told_to_decide_otherwise(both: Bench, choice: str, last: int) -> None:
    both.fault(partner="civil_status", operation="NhanDKHT", fault="choose", choice=choice, times=1)
    both.send("civil_status", "NhanDKHT")
    items = poll_until(both, ("civil_status", "LayKetQua"), ["H99.14-261121-0002"], 2)
    assert [item["trangThai"] for item in items if isinstance(item, dict)] == [3, last]


def test_a_completed_dossier_is_taken_again_after_a_supplement_was_asked(both: Bench) -> None:
    both.fault(partner="civil_status", operation="NhanDKHT", fault="choose", choice="supplement", times=1)
    both.send("civil_status", "NhanDKHT")
    poll_until(both, ("civil_status", "LayKetQua"), ["H99.14-261121-0002"], 2)
    completed = {**DOSSIER, "documents": [{"code": "GCS", "name": "again.pdf"}]}
    both.fault(partner="civil_status", operation="NhanDKHT", fault="choose", choice="supplement", times=1)
    assert (
        both.partners.send(both.dispatch("civil_status", "NhanDKHT", dossier=completed)).outcome is Outcome.OK
    )
    items = poll_until(both, ("civil_status", "LayKetQua"), ["H99.14-261121-0002"], 4)
    assert [item["trangThai"] for item in items if isinstance(item, dict)] == [3, 2, 3, 4]


def test_a_feed_gives_each_item_once_behind_its_cursor(both: Bench) -> None:
    both.send("post", "TaoDon")
    items = poll_until(both, ("post", "tracking"), [], 3)
    assert [item["state"] for item in items if isinstance(item, dict)] == [
        "collected",
        "in-transit",
        "delivered",
    ]
    page = both.partners.poll("post", "tracking", cursor=None, keys=[])
    again = both.partners.poll("post", "tracking", cursor=page.cursor, keys=[])
    assert (list(again.items), again.cursor) == ([], page.cursor)


def test_a_feed_that_cannot_be_read_moves_no_cursor(both: Bench) -> None:
    both.fault(
        partner="post", operation="TraCuuHanhTrinh", fault="error-code", body={"_returned": 1}, times=1
    )
    page = both.partners.poll("post", "tracking", cursor="5", keys=[])
    assert (list(page.items), page.cursor) == ([], "5")
    broken = {"_returned": 1, "_embedded": {"rh:doc": [{"_id": {}, "OrderNumber": "x"}]}}
    both.fault(partner="post", operation="TraCuuHanhTrinh", fault="error-code", body=broken, times=1)
    page = both.partners.poll("post", "tracking", cursor="5", keys=[])
    assert (page.answer.outcome, page.cursor) == (Outcome.INVALID, "5")


def test_the_police_answer_later_by_a_message_and_again_until_it_is_taken(both: Bench) -> None:
    taken = threading.Event()
    seen: list[HttpRequest] = []

    def answer(request: HttpRequest) -> HttpReply:
        seen.append(request)
        if len(seen) == 1:
            return HttpReply(status=503)
        taken.set()
        return HttpReply(body=b"{}")

    us = HttpServer("127.0.0.1", 0, answer)
    us.start()
    try:
        both.simulators.call_back_to(f"http://127.0.0.1:{us.port}", {"residence": "key-1"})
        both.send("residence", "DangKyThuongTru")
        eventually(taken, "the message")
    finally:
        us.close()
    assert [request.path for request in seen] == ["/partners/residence/result"] * 2
    assert seen[0].headers["authorization"] == "Bearer key-1"
    assert seen[0].body == seen[1].body
    body = orjson.loads(seen[0].body)
    assert (body["ma_ho_so"], body["dang_ky"]) == ("H99.14-261121-0002", True)


def test_a_request_that_breaks_the_contract_is_refused_and_journalled(both: Bench) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", both.simulators.port)
    connection.request("POST", "/portal/mapi/g", body=b'{"session":"x","service":"TraCuuHoSo"}')
    response = connection.getresponse()
    assert response.status == 400
    assert "madonvi is missing" in orjson.loads(response.read())["message"]
    connection.close()
    (line,) = both.journal("refused")
    assert line["partner"] == "portal"


@pytest.mark.parametrize("status", ["0", "11", 2])
def test_the_portal_takes_only_the_ten_statuses(both: Bench, status: Json) -> None:
    call = both.dispatch("portal", "DongBoHoSoMC", {"report": REPORT, "isUpdating": "False"})
    assert isinstance(call.body, dict)
    call.body["data"][0]["TrangThaiHoSo"] = status  # type: ignore[index, call-overload]
    assert both.partners.send(call).outcome is Outcome.REFUSED
    assert both.effects("DongBoHoSoMC") == []


def test_rules_are_added_listed_and_cleared_over_http(both: Bench) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", both.simulators.port)

    def control(method: str, body: object = None) -> tuple[int, dict[str, object]]:
        connection.request(method, "/_control", body=orjson.dumps(body) if body is not None else None)
        response = connection.getresponse()
        return response.status, orjson.loads(response.read())

    rule = {"partner": "post", "fault": "html", "pattern": "-0002$", "times": 2, "skip": 1}
    status, listed = control("POST", [rule])
    assert status == 200
    assert [item["fault"] for item in listed["rules"]] == ["html"]  # type: ignore[attr-defined]
    outcomes = [both.send("post", "TaoDon").outcome for _ in range(4)]
    assert outcomes == [Outcome.OK, Outcome.UNKNOWN, Outcome.UNKNOWN, Outcome.OK]
    assert control("DELETE")[1] == {"rules": []}
    assert control("POST", {"fault": "explode"})[0] == 400
    assert control("POST", {"fault": "slow", "pattern": "("})[0] == 400
    connection.close()


def test_a_fault_can_be_aimed_at_one_dossier(both: Bench) -> None:
    both.fault(partner="civil_status", fault="drop-before", pattern="H99.14-261121-9999")
    assert both.send("civil_status", "NhanDKHT").outcome is Outcome.OK
    other = both.dispatch("civil_status", "NhanDKHT", dossier={**DOSSIER, "code": "H99.14-261121-9999"})
    assert both.partners.send(other).outcome is Outcome.UNKNOWN


def test_closed_simulators_refuse_connections(tmp_path: Path) -> None:
    played = registry.load()
    simulators = serve(played.contract, journal_dir=tmp_path)
    partners = registry.load(simulators=simulators.url)
    own = Bench(partners, simulators)
    dispatch = own.dispatch("post", "TaoDon")
    simulators.close()
    assert partners.send(dispatch).outcome is Outcome.NOT_SENT
