"""Tables as Camunda Modeler draws them: no input data, results of required tables under the names of their outputs."""

from decimal import Decimal

import pytest
from dmn_models import data, decision, feel, model, table

from engine.models.decisions import check, decide, explain, load

HEADS = [
    "https://www.omg.org/spec/DMN/20191111/MODEL/",
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
    "http://www.omg.org/spec/DMN/20151101/dmn11.xsd",
    "http://www.omg.org/spec/DMN/20151130",
]
DISH = table(
    [("season", "string"), ("guests", "integer")],
    ["dish"],
    [['"Fall"', "<= 8", '"ribs"'], ['"Winter"', "", '"beef"']],
)
DRINKS = table([("dish", "string")], ["drinks"], [['"ribs"', '"wine"'], ["-", '"water"']], "COLLECT")
PARTS = decision("Main course", DISH), decision("Drinks", DRINKS, ["d_Main course"])


@pytest.mark.parametrize("namespace", HEADS)
def test_table_without_input_data_names_what_it_is_handed(namespace: str) -> None:
    head = f'<definitions xmlns="{namespace}" xmlns:camunda="urn:c" id="x" name="x" namespace="urn:x">'
    one = model(*PARTS, head=head)
    inputs = {"season": "Fall", "guests": 4}
    assert decide(one, "Main course", inputs) == "ribs"
    assert decide(one, "d_Main course", {**inputs, "guests": 9}) is None
    assert decide(one, "Drinks", inputs) == ["wine", "water"]
    assert [found.rule for found in check(one)] == ["dmn-input-undeclared", "dmn-input-undeclared"]


def test_model_with_input_data_sees_only_what_it_requires() -> None:
    one = model(data("a"), decision("D", feel("b"), ["a"]))
    assert decide(one, "D", {"a": 1, "b": 2}) is None


def test_input_of_a_decisions_name_never_answers_for_it() -> None:
    base, fee = decision("base", feel("1 + 1")), decision("fee", feel("base * 10"), ["d_base"])
    one = model(data("x"), base, fee)
    assert explain(load(one), "fee", {"fee": 7, "base": 5}).value == 20
    assert decide(one, "fee", {"fee": 7}) == 20
    assert decide(one, "fee", {"base": Decimal(5)}) == 50  # runners of test suites hand in required decisions
