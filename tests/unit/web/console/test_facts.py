"""Facts of the trail and of histories are told in the reader's language: each name that the code writes has its word."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from web.console import facts, rendering
from web.words import words

ROOT = Path(__file__).parents[4]


def names() -> Iterator[str]:
    """The names of facts that are written out where something is audited."""
    for file in (*(ROOT / "engine").rglob("*.py"), *(ROOT / "web").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for value in _values(node):
                for one in ast.walk(value):
                    if isinstance(one, ast.Dict):
                        yield from (key.value for key in one.keys if isinstance(key, ast.Constant))


def _values(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "audit":
        yield from (one.value for one in node.keywords if one.arg == "facts")
    if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "facts" and node.value:
        yield node.value


def test_every_name_has_its_word() -> None:
    found = set(names())
    assert len(found) > 25
    missing = {name for name in found if f"fact_{name}" not in words("vi")}
    assert missing == set(), "add fact_… to web/translations/words.yaml"


@pytest.mark.parametrize(
    ("fact", "vietnamese", "english"),
    [
        ({"cause": "poison-event"}, ("nguyên nhân", "Sự kiện hỏng"), ("cause", "Poisonous event")),
        ({"by": "command line"}, ("bởi", "dòng lệnh"), ("by", "command line")),
        ({"by": "lan"}, ("bởi", "lan"), ("by", "lan")),
        ({"roles": ["admin", "officer"]}, ("vai trò", "admin, officer"), ("roles", "admin, officer")),
        ({"roles": []}, ("vai trò", "–"), ("roles", "–")),
        ({"enabled": True}, ("được dùng", "có"), ("enabled", "yes")),
        ({"odd": {"a": 1, "b": None, "<i>": "<b>"}}, *[("odd", "a: 1, &lt;i&gt;: &lt;b&gt;")] * 2),
        ({"odd": {}}, ("odd", "–"), ("odd", "–")),
        ({"odd": {"until": "soon"}}, ("odd", "đến lúc: soon"), ("odd", "until: soon")),
        ({"until": "soon"}, ("đến lúc", "soon"), ("until", "soon")),
    ],
)
def test_a_fact_is_told(
    fact: dict[str, object], vietnamese: tuple[str, str], english: tuple[str, str]
) -> None:
    for lang, said in (("vi", vietnamese), ("en", english)):
        assert list(facts.told(fact, words(lang), rendering.local)) == [said]  # type: ignore[arg-type]


def test_a_moment_is_told_as_moments_are_and_what_says_nothing_is_left_out() -> None:
    found = dict(
        facts.told(
            {"until": "2026-11-29T17:51:32+00:00", "x": None, "y": 1}, words("vi"), rendering.local, ("y",)
        )
    )
    assert "30/11/2026 00:51:32" in found.pop("đến lúc")
    assert found == {}
