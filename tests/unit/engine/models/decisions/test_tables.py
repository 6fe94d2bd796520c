"""The index over a table's columns finds what asking every cell would find."""

from decimal import Decimal

from dmn_models import data, decision, model, table
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import feel
from engine.models.decisions import decide

NUMBER = st.integers(-3, 3) | st.sampled_from([0.5, -2.5])
NUMBER_CELL = st.one_of(
    st.just("-"),
    NUMBER.map(str),
    st.lists(NUMBER, min_size=2, max_size=3).map(lambda found: ", ".join(map(str, found))),
    st.tuples(st.sampled_from(["<", "<=", ">", ">=", "="]), NUMBER).map(lambda part: f"{part[0]} {part[1]}"),
    st.tuples(st.sampled_from("[("), NUMBER, NUMBER, st.sampled_from("])")).map(
        lambda part: f"{part[0]}{part[1]}..{part[2]}{part[3]}"
    ),
    st.just("not(1, > 2)"),
    st.just("? > 1 and ? < 3"),
    st.just("null"),
)
TEXT_CELL = st.sampled_from(["-", '"a"', '"a", "b"', 'not("a")', "null", '? = "b"', 'starts with(?, "a")'])
ROWS = st.lists(st.tuples(NUMBER_CELL, TEXT_CELL), min_size=1, max_size=8)


@given(ROWS, NUMBER | st.none(), st.sampled_from(["a", "b", "ab", None]))
@settings(max_examples=150, deadline=None)
def test_index_and_cells_agree(rows: list[tuple[str, str]], x: object, y: object) -> None:
    cells = [[first, second, str(number)] for number, (first, second) in enumerate(rows)]
    logic = table([("x", "number"), ("y", "string")], ["n"], cells, "COLLECT")
    found = decide(model(data("x"), data("y"), decision("D", logic, ["x", "y"])), "D", {"x": x, "y": y})
    expected = [
        Decimal(number)
        for number, row in enumerate(rows)
        if all(
            feel.compile(cell, unary=True)({"?": value}) is True
            for cell, value in zip(row, (x, y), strict=True)
        )
    ]
    assert (found or []) == expected
