"""Measures FEEL and decision tables: the reference condition, its compilation, and tables of 20 and 1,000 rules.

`measure()` answers with the keys of bench.json; each figure is the best of several runs, in microseconds.
"""

import sys
import timeit
from collections.abc import Callable
from itertools import count

from engine import feel
from engine.models.decisions import explain, load

REFERENCE = 'amount > 100 and dossier.kind = "A"'
_HEAD = '<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" namespace="b" name="b">'
_COLUMNS = ("number", "string", "number", "string", "number", "string")


def table(rows: int) -> bytes:
    """A model with one table of six columns, in which only the last column tells one rule from the next."""
    inputs = "".join(
        f'<input><inputExpression typeRef="{kind}"><text>i{n}</text></inputExpression></input>'
        for n, kind in enumerate(_COLUMNS)
    )
    rules = "".join(_rule(row) for row in range(rows))
    needs = "".join(
        f'<informationRequirement><requiredInput href="#i{n}"/></informationRequirement>' for n in range(6)
    )
    data = "".join(f'<inputData id="i{n}" name="i{n}"><variable name="i{n}"/></inputData>' for n in range(6))
    logic = f'<decisionTable hitPolicy="UNIQUE">{inputs}<output typeRef="number"/>{rules}</decisionTable>'
    return f'{_HEAD}<decision id="d" name="d">{needs}{logic}</decision>{data}</definitions>'.encode()


def _rule(row: int) -> str:
    cells = ("[1..100]", '"a","b"', "&gt; 10", '"c"', "&lt; 5000", f'"k{row}"')
    tests = "".join(f"<inputEntry><text>{cell}</text></inputEntry>" for cell in cells)
    return f"<rule>{tests}<outputEntry><text>{row}</text></outputEntry></rule>"


def best(call: Callable[[], object], number: int) -> float:
    """Microseconds of one call, the best of seven runs."""
    call()
    return min(timeit.repeat(call, number=number, repeat=7)) / number * 1e6


def _table_us(rows: int) -> float:
    model = load(table(rows))
    inputs = {"i0": 50, "i1": "b", "i2": 20, "i3": "c", "i4": 300, "i5": f"k{rows - 1}"}
    if explain(model, "d", inputs).value != rows - 1:
        raise AssertionError("the table answers wrongly")
    return best(lambda: explain(model, "d", inputs), 300)


def measure() -> dict[str, float]:
    """The figures by their keys in bench.json."""
    context = {"amount": 150, "dossier": {"kind": "A"}}
    expression = feel.compile(REFERENCE)
    fresh = count()
    return {
        "feel_us": round(best(lambda: expression(context), 20_000), 2),
        "feel_compile_us": round(best(lambda: feel.compile(f"{REFERENCE} // {next(fresh)}"), 300), 1),
        "dmn_table_us": round(_table_us(20), 1),
        "dmn_table_1000_us": round(_table_us(1000), 1),
    }


if __name__ == "__main__":
    for name, value in measure().items():
        sys.stdout.write(f"{name:20} {value:8}\n")
