import pytest

from engine import errors
from engine.dossiers import statuses
from engine.dossiers.statuses import Status

ALLOWED = {
    1: {2, 3, 5, 7},
    2: {4, 5, 6, 7, 8},
    3: set(),
    4: {5, 6, 7, 8, 9},
    5: {2, 4, 7, 8},
    6: {4, 7, 8},
    7: set(),
    8: set(),
    9: {10},
    10: set(),
}


@pytest.mark.parametrize("current", range(1, 11))
@pytest.mark.parametrize("wanted", range(1, 11))
def test_only_the_transitions_of_the_table_are_allowed(current: int, wanted: int) -> None:
    allowed = wanted in ALLOWED[current]
    assert statuses.may_become(current, wanted) is allowed
    if allowed:
        assert statuses.check(current, wanted) is Status(wanted)
    else:
        with pytest.raises(errors.TransitionRefused):
            statuses.check(current, wanted)


def test_a_withdrawal_after_done_is_refused_and_says_from_where_to_where() -> None:
    with pytest.raises(errors.TransitionRefused) as caught:
        statuses.check(Status.DONE, Status.WITHDRAWN)
    assert caught.value.facts == {"status": 9, "wanted": 7}
    assert caught.value.code == "transition-refused"


def test_a_number_that_is_no_status_is_refused_not_a_crash() -> None:
    with pytest.raises(errors.TransitionRefused):
        statuses.check(4, 11)


def test_refused_withdrawn_stopped_and_returned_are_final() -> None:
    assert {s.value for s in Status if statuses.is_final(s)} == {3, 7, 8, 10}


def test_statuses_carry_the_portals_words() -> None:
    assert Status(5).name_vi == "Yêu cầu bổ sung giấy tờ"
    assert all(s.name_vi and s.name_en for s in Status)
