"""What a failed scenario says is told in Vietnamese: every text that the code may say."""

import ast
from pathlib import Path
from string import Formatter

import pytest

from engine.models.deployment import read_folder
from engine.runtime import scenarios
from web import scenario_words

SOURCE = Path(scenarios.__file__).read_text(encoding="utf-8")
# Names and no sentences; and what the texts about status, statuses and waiting are made of, each of which is there.
NO_TEXT = frozenset({"{}.{}", "{} is {}, not {}"})
BIRTH = Path(__file__).parents[3] / "bpmn" / "khai-sinh-lien-thong"


def made() -> set[str]:
    """The texts with facts in the code of scenarios, with a place for each fact."""
    found = (one for one in ast.walk(ast.parse(SOURCE)) if isinstance(one, ast.JoinedStr))
    return {
        "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in one.values) for one in found
    }


def test_every_text_has_its_vietnamese() -> None:
    texts = set(scenario_words.known())
    assert len(made()) > 8
    assert made() - NO_TEXT - texts == set(), "add to web/translations/scenarios.yaml"


def test_no_text_is_left_over() -> None:
    plain = {one.value for one in ast.walk(ast.parse(SOURCE)) if isinstance(one, ast.Constant)}
    pairs = {f"{name} is {{}}, not {{}}" for name in ("status", "statuses", "waiting")}
    assert set(scenario_words.known()) - made() - plain - pairs == {"timeout"}


@pytest.mark.parametrize("english", scenario_words.known())
def test_both_have_the_same_facts(english: str) -> None:
    vietnamese = scenario_words.known()[english]
    assert {int(name) for _, name, _, _ in Formatter().parse(vietnamese) if name} == set(
        range(english.count("{}"))
    )


@pytest.mark.parametrize(
    ("english", "vietnamese"),
    [
        ("the step a did not come at all; there were: s, e", "bước a không diễn ra lần nào; đã có: s, e"),
        (
            "the step a did not come in that order; there were: s",
            "bước a không diễn ra theo thứ tự đó; đã có: s",
        ),
        (
            "the input x of p.o is 'a', not 5",
            "đầu vào x của p.o là 'a', không phải 5",
        ),
        ("status is 2, not 9", "trạng thái là 2, không phải 9"),
        ("data.status is 'x', not None", "dữ liệu status là 'x', không phải None"),
        ("line 3: the text is not UTF-8", "dòng 3: văn bản không phải UTF-8"),
        ("Task: 404: work item 3 is claimed by lan", "Task: 404: việc 3 đang do lan giữ"),
        ("Task: starved: the moon is full", "Task: starved: the moon is full"),
        ("{0.__class__} completed", "{0.__class__} đã hoàn thành, trái với mong đợi"),
    ],
)
def test_facts_are_put_in(english: str, vietnamese: str) -> None:
    assert scenario_words.told(english, "vi") == vietnamese
    assert scenario_words.told(english, "en") == english


WRONG = """\
name: wrong
given: { data: {} }
expect:
  { steps: [Nowhere], not_steps: [Start_Filed], status: 77, waiting: [x], calls: [{ operation: a.b }],
    data: { q: 1 }, after: P900D }
"""


def test_nothing_of_a_failed_run_stays_english() -> None:
    """But for what the expressions complain of, which have their names in them."""
    deployment = read_folder(BIRTH)
    wrong = scenarios.run(deployment, "scenarios/x.yaml", WRONG.encode()).wrong
    assert len(wrong) >= 6
    for text in wrong:
        assert scenario_words.told(text, "vi") != text, text
