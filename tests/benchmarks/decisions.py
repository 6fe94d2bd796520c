"""DMN: microseconds for one question to a table of 20 rules by 6 columns, and to one of 1,000 by 6."""

from collections.abc import Mapping
from datetime import UTC, datetime

from engine import feel
from engine.models.decisions import Surroundings, explain, load
from tests.benchmarks.expressions import best_us
from tests.benchmarks.place import Place

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"'
    ' id="d" name="fees" namespace="urn:bench">'
)
COLUMNS = ("kind", "amount", "age", "area", "online", "urgent")


def measure(_place: Place) -> Mapping[str, float]:
    """The middle rule is the one that applies."""
    return {"dmn_table_us": _table(20, 2_000), "dmn_table_1000_us": _table(1_000, 50)}


def _table(rules: int, times: int) -> float:
    model = load(_dmn(rules))
    wanted = rules // 2
    inputs = {
        "kind": f"k{wanted}",
        "amount": feel.from_json(wanted * 10 + 5),
        "age": feel.from_json(30),
        "area": "city",
        "online": True,
        "urgent": False,
    }
    now = datetime.now(UTC)
    surroundings = Surroundings(clock=lambda: now)
    found = explain(model, "fee", inputs, surroundings=surroundings).value
    if found != wanted:
        raise AssertionError(f"rule {wanted} applies, not {found}")
    return best_us(lambda: explain(model, "fee", inputs, surroundings=surroundings), times)


def _dmn(rules: int) -> bytes:
    parts = [_HEAD]
    parts += [
        f'<inputData id="{name}" name="{name}"><variable name="{name}"/></inputData>' for name in COLUMNS
    ]
    parts.append('<decision id="fee" name="fee"><variable name="fee"/>')
    parts += [
        f'<informationRequirement><requiredInput href="#{name}"/></informationRequirement>'
        for name in COLUMNS
    ]
    parts.append('<decisionTable id="t" hitPolicy="FIRST">')
    parts += [
        f'<input id="i{n}"><inputExpression id="e{n}"><text>{name}</text></inputExpression></input>'
        for n, name in enumerate(COLUMNS)
    ]
    parts.append('<output id="o" name="fee"/>')
    for n in range(rules):
        entries = [f'"k{n}"', f"[{n * 10}..{n * 10 + 9}]", "&gt;= 18", '"city","town"', "true", "-"]
        cells = "".join(
            f'<inputEntry id="c{n}-{i}"><text>{entry}</text></inputEntry>' for i, entry in enumerate(entries)
        )
        parts.append(f'<rule id="r{n}">{cells}<outputEntry id="o{n}"><text>{n}</text></outputEntry></rule>')
    return ("".join(parts) + "</decisionTable></decision></definitions>").encode()
