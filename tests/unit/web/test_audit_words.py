"""Every act that the trail may hold has its words."""

import ast
from collections.abc import Iterator
from pathlib import Path

from engine.actions import batch_control, by_hand, resolve
from web.console.audit import known_acts

ROOT = Path(__file__).parents[3]
FAMILIES = {
    "incident-": tuple(resolve._ACTS),
    "batch-": tuple(batch_control.ACTS),
    "call-": by_hand.CALL_ACTS,
    "dossier-": ("suspended", "resumed"),
}


def written() -> Iterator[str]:
    """The codes that the code gives to `audit`; of one made of a family and an act, the family."""
    for file in (*(ROOT / "engine").rglob("*.py"), *(ROOT / "web").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            named = isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "audit"
            if named and len(node.args) > 2:  # type: ignore[attr-defined]
                code = node.args[2]  # type: ignore[attr-defined]
                if isinstance(code, ast.JoinedStr):
                    code = code.values[0]
                if isinstance(code, ast.Constant):
                    yield str(code.value)


def test_every_act_has_its_words() -> None:
    found = set(written())
    assert len(found) > 25
    families = {one for one in found if one.endswith("-")}
    assert families <= set(FAMILIES)
    made = {f"{family}{act}" for family in families for act in FAMILIES[family]}
    assert (found - families) | made <= set(known_acts())
