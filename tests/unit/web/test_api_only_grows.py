"""Within /v1 the interface only grows: what callers rely on is in a file, and what would break one of them is found."""

import copy
from collections.abc import Callable

import pytest

from tests.support import api_shape
from tests.support.api_shape import Shape

HAND_IN = "POST /api/v1/dossiers"
LIST = "GET /api/v1/dossiers"


@pytest.fixture(scope="module")
def now() -> Shape:
    return api_shape.present()


def test_nothing_that_callers_rely_on_is_gone_or_asked_for_anew(now: Shape) -> None:
    assert api_shape.breaks(api_shape.stored(), now) == []


def test_the_file_knows_all_that_there_is(now: Shape) -> None:
    assert now == api_shape.stored(), "run python -m tests.support.api_shape"


def _without_operation(shape: Shape) -> None:
    del shape[HAND_IN]


def _without_parameter(shape: Shape) -> None:
    del shape[LIST]["asks"]["query:procedure"]


def _asking_for_more(shape: Shape) -> None:
    shape[HAND_IN]["asks"]["application/json.channel_of_news"] = True


def _required_now(shape: Shape) -> None:
    shape[LIST]["asks"]["query:limit"] = True


def _with_fewer_values(shape: Shape) -> None:
    shape[LIST]["values"]["query:channel"].pop()


def _telling_less(shape: Shape) -> None:
    shape[HAND_IN]["answers"]["201"].remove("application/json.code")


def _answering_otherwise(shape: Shape) -> None:
    shape[HAND_IN]["answers"]["202"] = shape[HAND_IN]["answers"].pop("201")


@pytest.mark.control
@pytest.mark.parametrize(
    "change",
    [
        _without_operation,
        _without_parameter,
        _asking_for_more,
        _required_now,
        _with_fewer_values,
        _telling_less,
        _answering_otherwise,
    ],
)
def test_each_change_that_breaks_a_caller_is_found(now: Shape, change: Callable[[Shape], None]) -> None:
    changed = copy.deepcopy(now)
    change(changed)
    assert len(api_shape.breaks(now, changed)) == 1


def test_what_only_adds_breaks_nobody(now: Shape) -> None:
    more = copy.deepcopy(now)
    more["GET /api/v1/news"] = {"asks": {}, "values": {}, "answers": {}}
    more[LIST]["asks"]["query:colour"] = False
    more[HAND_IN]["answers"]["201"].append("application/json.colour")
    more[LIST]["values"]["query:channel"].append("pigeon")
    assert api_shape.breaks(now, more) == []
