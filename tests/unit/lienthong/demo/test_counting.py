"""The witness sees what is lost and what is doubled; each of these would stay green if it looked away."""

from collections.abc import Callable

import pytest

from lienthong.demo.counting import Count, Line, count_all, phases_of

CODE, PERSON = "H99.14-260302-0001", "001001000001"
MODEL = """
<bpmn:startEvent id="Start">
  <zeebe:property name="status" value="1" /><zeebe:property name="phase" value="Filed" />
</bpmn:startEvent>
<bpmn:serviceTask id="Check"><zeebe:property name="other" value="x" /></bpmn:serviceTask>
<bpmn:receiveTask id="Wait"><zeebe:property name="phase" value="Waiting" /></bpmn:receiveTask>
<bpmn:endEvent id="Refused"><zeebe:property name="phase" value="Refused" /></bpmn:endEvent>
"""
OTHER = MODEL.replace("Waiting", "Filed")
MODELS = {"1.000001": MODEL, "1.000002": OTHER}
Lines = list[Line]


def request(partner: str, operation: str, body: object, *, effect: bool = True) -> Line:
    return {"kind": "request", "partner": partner, "operation": operation, "effect": effect, "body": body}


def put(status: str, code: str = CODE) -> Line:
    return request(
        "portal",
        "DongBoHoSoMC",
        {"data": [{"MaHoSo": code, "TrangThaiHoSo": status, "SoGiayToChuHoSo": PERSON}]},
    )


def step(status: str, words: str, at: str = "20260302080000") -> Line:
    data = {"MaHoSo": CODE, "TrangThai": status, "ThoiDiemXuLy": at, "NoiDungXuLy": words}
    return request("portal", "CapNhatTienDoHoSoMC", {"data": [data]})


CIVIL = request("civil_status", "NhanDKHT", {"maHoSoMCDT": CODE})


@pytest.fixture
def desk() -> Lines:
    return [
        {
            "kind": "handed-in",
            "case": 1,
            "code": CODE,
            "procedure": "1.000001",
            "identity": PERSON,
            "owed": ["civil_status.NhanDKHT"],
        },
        {"kind": "sighted", "code": CODE, "status": 3},
        {
            "kind": "history",
            "code": CODE,
            "statuses": [1, 3],
            "entered": [["Start", 1], ["Check", None], ["Wait", None], ["Wait", None], ["Refused", 3]],
        },
    ]


@pytest.fixture
def partners() -> Lines:
    return [
        request(
            "population",
            "TraCuuThongTinCongDan",
            {"MaYeuCau": "u", "SoDinhDanh": PERSON},
            effect=False,
        ),
        request("portal", "TraCuuHoSo", {"mahoso": CODE}, effect=False),
        put("1"),
        step("1", "Filed"),
        step("1", "Waiting"),
        CIVIL,
        put("3"),
        step("3", "Refused"),
    ]


def test_what_happened_once_is_neither_lost_nor_doubled(desk: Lines, partners: Lines) -> None:
    count = count_all(desk, partners, MODELS)
    assert (count.lost, count.doubled) == ([], [])
    assert (count.calls, count.statuses, count.effects) == (8, 2, 6)


def test_each_dossier_is_held_against_the_words_of_its_own_procedure(desk: Lines, partners: Lines) -> None:
    other: Lines = [{**desk[0], "procedure": "1.000002"}, *desk[1:]]
    count = count_all(other, partners, MODELS)
    assert count.doubled == [f"{CODE}: step 1 is at the portal once too often"]


def test_the_model_says_which_elements_have_words() -> None:
    assert phases_of(MODEL) == {"Start": "Filed", "Wait": "Waiting", "Refused": "Refused"}


@pytest.mark.parametrize("missing", range(2, 8))
def test_every_effect_that_is_missing_is_lost(desk: Lines, partners: Lines, missing: int) -> None:
    del partners[missing]
    count = count_all(desk, partners, MODELS)
    assert count.lost
    assert count.doubled == []


@pytest.mark.parametrize("again", range(2, 8))
def test_every_effect_that_is_there_twice_is_doubled(desk: Lines, partners: Lines, again: int) -> None:
    partners.append(partners[again])
    count = count_all(desk, partners, MODELS)
    assert count.lost == []
    assert count.doubled


def test_statuses_in_another_order_are_lost(desk: Lines, partners: Lines) -> None:
    partners[2], partners[6] = partners[6], partners[2]
    assert count_all(desk, partners, MODELS).lost == [
        f"{CODE}: the portal heard status ['3', '1'] in another order than ['1', '3']"
    ]


Spoil = Callable[[Lines, Lines], None]


def _second_code(desk: Lines, _: Lines) -> None:
    desk.append({**desk[0], "code": "H99.14-260302-0002", "owed": []})


def _stranger(_: Lines, partners: Lines) -> None:
    partners.append(put("1", code="H99.14-260302-0099"))


@pytest.mark.parametrize("spoil", [_second_code, _stranger])
def test_one_submission_that_made_two_dossiers_is_doubled(desk: Lines, partners: Lines, spoil: Spoil) -> None:
    spoil(desk, partners)
    assert len(count_all(desk, partners, MODELS).doubled) == 1


def test_a_status_that_only_the_desk_saw_is_lost(desk: Lines, partners: Lines) -> None:
    desk.append({"kind": "sighted", "code": CODE, "status": 5})
    assert count_all(desk, partners, MODELS).lost == [f"{CODE}: the desk saw status 5, the portal never did"]


def test_other_runs_are_not_counted(desk: Lines, partners: Lines) -> None:
    other = [request("post", "TaoDon", {"OrderNumber": "H99.14-260101-0001"})]
    assert count_all(desk, partners + other, MODELS) == count_all(desk, partners, MODELS)
    assert count_all([], other, MODELS) == Count()


def test_of_a_dossier_that_is_not_over_nothing_is_lost_yet_but_doubled_is_doubled(
    desk: Lines, partners: Lines
) -> None:
    unfinished = desk[:2]
    assert count_all(unfinished, partners[:3], MODELS).lost == []
    assert len(count_all(unfinished, [*partners[:6], CIVIL], MODELS).doubled) == 1
