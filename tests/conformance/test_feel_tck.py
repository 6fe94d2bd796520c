"""The DMN TCK: level 2 whole, the half of level 3 that is at hand; gates on all cases and on those that expect a value.

``SUITES_DIR`` names the folder of third-party suites. Folder 0076 calls Java classes, which is never done here.
"""

import os
from functools import lru_cache
from pathlib import Path

import pytest
from dmn_tck import Score, run

SUITES = os.environ.get("SUITES_DIR")

pytestmark = pytest.mark.skipif(not SUITES, reason="SUITES_DIR is not set: third-party suites are not there")


@lru_cache(maxsize=2)
def _score(level: int) -> Score:
    return run(Path(SUITES or "", "dmn-tck", "TestCases"), level, skip="0076")


@pytest.mark.parametrize("level", [2, 3])
def test_figures_are_shown(level: int, capsys: pytest.CaptureFixture[str]) -> None:
    score = _score(level)
    with capsys.disabled():
        print(
            f"\nDMN TCK level {level} without 0076: {score.passed}/{score.cases} cases, "
            f"{score.non_null_passed}/{score.non_null} of those that expect a value, "
            f"{score.foreign} foreign exceptions",
            *score.failures,
            sep="\n",
        )
    assert score.cases


def test_level_2_passes_whole() -> None:
    score = _score(2)
    assert (score.passed, score.cases) == (116, 116)


def test_level_3_passes_99_percent_of_cases_and_98_of_those_that_expect_a_value() -> None:
    score = _score(3)
    assert score.cases >= 1_400
    assert score.passed >= 0.99 * score.cases
    assert score.non_null_passed >= 0.98 * score.non_null


def test_level_3_as_far_as_it_was_reached_stays() -> None:
    assert not _score(3).failures


@pytest.mark.parametrize("level", [2, 3])
def test_no_exception_but_ours_leaves_an_evaluation(level: int) -> None:
    assert _score(level).foreign == 0
