"""Decisions: tables with every hit policy, boxed expressions, requirements, services, types, traces and errors."""

from decimal import Decimal

import pytest
from dmn_models import data, decision, feel, model, table

from engine.errors import DecisionUnknown, FeelError, ModelUnreadable
from engine.models.decisions import Surroundings, decide, explain, load

AGE = [("age", "number")]
ROWS = [["< 18", '"young"'], ["[18..60)", '"adult"'], [">= 60", '"old"']]


def _age_table(
    rows: list[list[str]], policy: str = "UNIQUE", outputs: tuple[str, ...] = ("group",), extra: str = ""
) -> bytes:
    return model(data("age", "number"), decision("Group", table(AGE, outputs, rows, policy, extra), ["age"]))


@pytest.mark.parametrize(("age", "group"), [(17, "young"), (18, "adult"), (59.9, "adult"), (60, "old")])
def test_unique_rule_answers(age: float, group: str) -> None:
    assert decide(_age_table(ROWS), "Group", {"age": age}) == group


OVERLAPPING = [["> 0", "1"], ["> 10", "2"], ["> 10", "3"]]


@pytest.mark.parametrize(
    ("policy", "extra", "expected"),
    [
        ("UNIQUE", "", None),
        ("FIRST", "", Decimal(1)),
        ("ANY", "", None),
        ("COLLECT", "", [Decimal(1), Decimal(2), Decimal(3)]),
        ("RULE ORDER", "", [Decimal(1), Decimal(2), Decimal(3)]),
        ("COLLECT", ' aggregation="SUM"', Decimal(6)),
        ("COLLECT", ' aggregation="MIN"', Decimal(1)),
        ("COLLECT", ' aggregation="MAX"', Decimal(3)),
        ("COLLECT", ' aggregation="COUNT"', Decimal(3)),
    ],
)
def test_hit_policy_says_what_several_matches_mean(policy: str, extra: str, expected: object) -> None:
    assert decide(_age_table(OVERLAPPING, policy, extra=extra), "Group", {"age": 20}) == expected


@pytest.mark.parametrize(("policy", "expected"), [("PRIORITY", Decimal(3)), ("OUTPUT ORDER", [3, 2, 1])])
def test_output_values_give_the_order(policy: str, expected: object) -> None:
    output = '<output name="n"><outputValues><text>3, 2, 1</text></outputValues></output>'
    assert decide(_age_table(OVERLAPPING, policy, (output,)), "Group", {"age": 20}) == expected


def test_default_answers_when_no_rule_does() -> None:
    output = '<output name="n"><defaultOutputEntry><text>"none"</text></defaultOutputEntry></output>'
    assert decide(_age_table([["> 90", '"x"']], outputs=(output,)), "Group", {"age": 1}) == "none"


def test_no_rule_and_no_default_is_null_with_a_warning() -> None:
    found = explain(load(_age_table([["> 90", '"x"']])), "Group", {"age": 1})
    assert found.value is None
    assert any("no rule matches" in warning.message for warning in found.warnings)


def test_several_outputs_make_a_context() -> None:
    rows = [["-", '"a"', "age + 1"]]
    assert decide(_age_table(rows, outputs=("x", "y")), "Group", {"age": 1}) == {"x": "a", "y": Decimal(2)}


def test_cells_may_be_any_test() -> None:
    rows = [['not("a", "b")', "1"], ['"a", "b"', "2"]]
    logic = table([("kind", "string")], ["n"], rows)
    one = model(data("kind", "string"), decision("N", logic, ["kind"]))
    assert [decide(one, "N", {"kind": kind}) for kind in "abc"] == [2, 2, 1]
    rows = [["? > 5 and even(?)", "1"], ["[1..3], 5", "2"], ["null", "3"]]
    one = model(data("x"), decision("N", table([("x", "number")], ["n"], rows, "FIRST"), ["x"]))
    assert [decide(one, "N", {"x": x}) for x in (6, 7, 2, 5, None)] == [1, None, 2, 2, 3]


def test_trace_names_inputs_and_matched_rules() -> None:
    found = explain(load(_age_table(ROWS)), "Group", {"age": 30})
    assert found.trace[0] == {
        "table": 2,
        "inputs": {"age": Decimal(30)},
        "rules": [{"index": 2, "id": "r2"}],
        "hit_policy": "UNIQUE",
    }
    assert found.trace[1] == {"decision": "Group", "result": "adult"}


def test_decisions_require_others_and_knowledge() -> None:
    knowledge = (
        '<businessKnowledgeModel id="twice" name="twice of"><variable name="twice of"/><encapsulatedLogic>'
        f'<formalParameter name="n" typeRef="number"/>{feel("n * 2")}</encapsulatedLogic></businessKnowledgeModel>'
    )
    one = model(
        data("age", "number"),
        knowledge,
        decision("Base fee", feel("twice of(age)"), ["age"], knows=["twice"]),
        decision("Fee", feel("Base fee + 1"), ["d_Base fee"]),
    )
    assert decide(one, "Fee", {"age": 20}) == 41


def test_service_is_a_function_of_its_inputs() -> None:
    service = (
        '<decisionService id="s" name="Service"><variable name="Service"/><outputDecision href="#d_Sum"/>'
        '<inputData href="#a"/><inputDecision href="#d_B"/></decisionService>'
    )
    one = model(
        data("a", "number"),
        decision("B", feel("100")),
        decision("Sum", feel("a + B"), ["a", "d_B"]),
        service,
        decision("Use", feel("Service(1, 2)"), knows=["s"]),
    )
    assert decide(one, "Service", {"a": 1, "B": 5}, kind="decisionService") == 6
    assert decide(one, "Use", {}) == 3
    assert decide(one, "Sum", {"a": 1}) == 101


def _entry(name: str, logic: str) -> str:
    variable = f'<variable name="{name}"/>' if name else ""
    return f"<contextEntry>{variable}{logic}</contextEntry>"


def _iterator(kind: str, source: str, body_tag: str, body: str) -> str:
    variable = "" if kind == "filter" else ' iteratorVariable="x"'
    return f"<{kind}{variable}><in>{feel(source)}</in><{body_tag}>{feel(body)}</{body_tag}></{kind}>"


def test_boxed_expressions_work_within_each_other() -> None:
    rows = f'<relation><column name="k"/><column name="v"/><row>{feel("1")}{feel("2")}</row></relation>'
    choice = f"<if>{feel('all')}</if><then>{feel('[sq, rel]')}</then><else>{feel('null')}</else>"
    entries = [
        _entry("xs", f"<list>{feel('1')}{feel('2')}{feel('3')}</list>"),
        _entry("big", _iterator("filter", "xs", "match", "item > 1")),
        _entry("sq", _iterator("for", "big", "return", "x * x")),
        _entry("all", _iterator("every", "sq", "satisfies", "x > 3")),
        _entry("rel", rows),
        _entry("", f"<conditional>{choice}</conditional>"),
    ]
    logic = f"<context>{''.join(entries)}</context>"
    assert decide(model(decision("R", logic)), "R", {}) == [[4, 9], [{"k": 1, "v": 2}]]


ITEMS = (
    '<itemDefinition name="tKind"><typeRef>string</typeRef>'
    '<allowedValues><text>"A", "B"</text></allowedValues></itemDefinition>'
    '<itemDefinition name="tPaper"><itemComponent name="kind"><typeRef>tKind</typeRef></itemComponent>'
    '<itemComponent name="page count"><typeRef>number</typeRef></itemComponent></itemDefinition>'
    '<itemDefinition name="tPapers" isCollection="true"><typeRef>tPaper</typeRef></itemDefinition>'
)


@pytest.mark.parametrize(
    ("papers", "expected"),
    [
        ([{"kind": "A", "page count": 2}, {"kind": "B", "page count": 3}], Decimal(5)),
        ({"kind": "A", "page count": 2}, Decimal(2)),
        ([{"kind": "C", "page count": 2}], None),
        ([{"kind": "A"}], None),
        ("A", None),
    ],
)
def test_input_fits_its_type_or_is_null(papers: object, expected: object) -> None:
    one = model(ITEMS, data("papers", "tPapers"), decision("N", feel("sum(papers.page count)"), ["papers"]))
    assert decide(one, "N", {"papers": papers}) == expected


def test_imported_model_is_reached_through_its_name() -> None:
    other_head = (
        '<definitions xmlns="http://www.omg.org/spec/DMN/20180521/MODEL/" namespace="urn:other" name="other">'
    )
    other = model(decision("Base rate", feel("7")), head=other_head)
    importing = (
        '<import namespace="urn:other" name="rates" importType="DMN"/>'
        '<decision id="d" name="Rate"><variable name="Rate"/><informationRequirement>'
        '<requiredDecision href="urn:other#d_Base rate"/></informationRequirement>'
        + feel("rates.Base rate * 2")
        + "</decision>"
    )
    assert decide(model(importing), "Rate", {}, imports=[other]) == 14


def test_inputs_of_an_imported_model_are_given_under_its_name_or_their_own() -> None:
    head = '<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" namespace="urn:other" name="other">'
    other = model(data("rate", "number"), decision("Twice", feel("rate * 2"), ["rate"]), head=head)
    asking = model(
        '<import namespace="urn:other" name="the rates" importType="DMN"/>',
        data("rate", "number"),
        '<decision id="d" name="D"><informationRequirement><requiredDecision href="urn:other#d_Twice"/>'
        '</informationRequirement><informationRequirement><requiredInput href="#rate"/></informationRequirement>'
        + feel("the rates.Twice + rate")
        + "</decision>",
    )
    assert decide(asking, "D", {"rate": 1}, imports=[other]) == 3
    assert decide(asking, "D", {"rate": 1, "the rates": {"rate": 10}}, imports=[other]) == 21


def test_decision_is_found_by_its_id_where_none_has_that_name() -> None:
    assert decide(_age_table(ROWS), "d_Group", {"age": 1}) == "young"


def test_boxed_context_with_two_entries_of_one_name_is_null() -> None:
    entry = f'<contextEntry><variable name="a"/>{feel("1")}</contextEntry>'
    found = explain(load(model(decision("D", f"<context>{entry}{entry}</context>"))), "D", {})
    assert found.value is None
    assert found.warnings


def test_function_in_another_language_is_refused_with_its_name() -> None:
    external = '<functionDefinition kind="Java"><formalParameter name="x"/><context/></functionDefinition>'
    logic = f"<context>{_entry('f', external)}{_entry('', feel('f(1)'))}</context>"
    found = explain(load(model(decision("J", logic))), "J", {})
    assert found.value is None
    assert any("Java" in warning.message for warning in found.warnings)


@pytest.mark.parametrize("bad", [b"", b"x", b"<a/>", b"<!DOCTYPE a><a/>", b'<definitions xmlns="urn:x"/>'])
def test_what_is_no_dmn_is_refused(bad: bytes) -> None:
    with pytest.raises(ModelUnreadable):
        decide(bad, "x", {})


def test_unknown_decision_is_named_with_those_that_are_known() -> None:
    with pytest.raises(DecisionUnknown) as caught:
        decide(_age_table(ROWS), "Grup", {})
    assert "Group" in caught.value.message


def test_decisions_in_a_circle_end() -> None:
    one = model(decision("A", feel("B"), ["d_B"]), decision("B", feel("A"), ["d_A"]))
    found = explain(load(one), "A", {})
    assert found.value is None
    assert "requirements go in a circle" in found.warnings[0].message


def _knowledge(name: str, logic: str, *knows: str) -> str:
    needs = "".join(
        f'<knowledgeRequirement><requiredKnowledge href="#{one}"/></knowledgeRequirement>' for one in knows
    )
    return (
        f'<businessKnowledgeModel id="{name}" name="{name}"><variable name="{name}"/><encapsulatedLogic>'
        f'<formalParameter name="n" typeRef="number"/>{feel(logic)}</encapsulatedLogic>{needs}</businessKnowledgeModel>'
    )


@pytest.mark.parametrize("knows", [["fact"], []])
def test_knowledge_may_call_itself(knows: list[str]) -> None:
    fact = _knowledge("fact", "if n <= 1 then 1 else n * fact(n - 1)", *knows)
    assert decide(model(fact, decision("D", feel("fact(5)"), knows=["fact"])), "D", {}) == 120


def test_knowledge_may_call_each_other() -> None:
    even = _knowledge("isEven", "if n = 0 then true else isOdd(n - 1)", "isOdd")
    odd = _knowledge("isOdd", "if n = 0 then false else isEven(n: n - 1)", "isEven")
    assert decide(model(even, odd, decision("D", feel("isEven(9)"), knows=["isEven"])), "D", {}) is False
    forever = _knowledge("f", "f(n + 1)", "f")
    with pytest.raises(FeelError):
        decide(model(forever, decision("D", feel("f(1)"), knows=["f"])), "D", {})


def test_broken_feel_is_null_with_its_place() -> None:
    found = explain(load(model(decision("A", feel("1 +")))), "A", {})
    assert found.value is None
    assert "line 1, column 4" in found.warnings[0].message


def test_strict_evaluation_raises() -> None:
    with pytest.raises(FeelError):
        explain(load(model(decision("A", feel("1 + null")))), "A", {}, surroundings=Surroundings(strict=True))


def test_long_chain_of_decisions_stays_within_its_depth() -> None:
    parts = [decision("D0", feel("1"))]
    parts += [decision(f"D{n}", feel(f"D{n - 1} + 1"), [f"d_D{n - 1}"]) for n in range(1, 400)]
    with pytest.raises(FeelError):
        decide(model(*parts), "D399", {})
    assert decide(model(*parts), "D40", {}) == 41


TREE = (
    '<itemDefinition name="tTree"><itemComponent name="v"><typeRef>number</typeRef></itemComponent>'
    '<itemComponent name="sub" isCollection="true"><typeRef>tTree</typeRef></itemComponent></itemDefinition>'
)


def test_type_may_hold_itself() -> None:
    one = model(TREE, data("t", "tTree"), decision("N", feel("t.sub[1].v"), ["t"]))
    assert decide(one, "N", {"t": {"v": 1, "sub": [{"v": 2, "sub": []}]}}) == 2
    assert decide(one, "N", {"t": {"v": 1, "sub": [{"v": "x", "sub": []}]}}) is None


def test_types_that_only_name_each_other_end() -> None:
    circle = (
        '<itemDefinition name="tA"><typeRef>tB</typeRef></itemDefinition>'
        '<itemDefinition name="tB"><typeRef>tA</typeRef></itemDefinition>'
    )
    assert decide(model(circle, data("a", "tA"), decision("N", feel("a"), ["a"])), "N", {"a": 1}) == 1


def test_counting_no_matches_is_zero() -> None:
    one = _age_table([["> 90", "1"]], "COLLECT", extra=' aggregation="COUNT"')
    assert decide(one, "Group", {"age": 1}) == 0
