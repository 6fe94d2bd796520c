"""The table of cases in tests/data/feel/cases.txt, and the document that is made of it."""

import pytest
from feel_cases import CONTEXT, DOCUMENT, NOW, Case, EveryDayWorks, cases, document

from engine import feel
from engine.feel.registry import BUILTINS
from engine.feel.runtime import Warning_

CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=[f"{case.subject}: {case.expression}" for case in CASES])
def test_expression_gives_what_the_table_says(case: Case) -> None:
    warnings: list[Warning_] = []
    found = feel.evaluate(
        case.expression, CONTEXT, clock=lambda: NOW, calendar=EveryDayWorks(), warn=warnings.append
    )
    assert feel.from_json(found) == feel.from_json(feel.evaluate(case.expected, {}))
    if case.warning:
        assert any(case.warning in warning.message for warning in warnings), warnings


def test_every_builtin_has_a_case() -> None:
    assert set(BUILTINS) - {case.subject for case in CASES} - {"and", "or"} == set()


def test_document_is_current() -> None:
    assert DOCUMENT.read_text("utf-8") == document(), "run: python tests/support/feel_cases.py"
