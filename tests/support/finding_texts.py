"""Every message and remedy that a finding of a model may have, read from the code of `engine/models`; a mark for each fact."""

import ast
from collections.abc import Iterator
from pathlib import Path

import engine.models

MARK = "\x01"
FOLDER = Path(engine.models.__file__).parent
# What tells a finding: its message and its remedy are the two texts before an optional line.
_TELLERS = frozenset({"error", "warning", "strictly", "report", "_wrong", "_error"})
# What is said by somebody else: the texts of other errors, which have words of their own or none.
_OTHERS = frozenset({"str(exc)", "exc.message", "XmlRefused.remedy", "str(error.facts['reason'])"})


class _Place:
    """One function and its file, in which names are looked up."""

    def __init__(self, module: ast.Module, function: ast.AST) -> None:
        self.module, self.function = module, function
        self.given = {one.arg for one in ast.walk(function) if isinstance(one, ast.arg)}

    def texts(self, node: ast.expr) -> Iterator[str]:
        if isinstance(node, ast.Constant):
            yield str(node.value)
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(one.value) if isinstance(one, ast.Constant) else MARK for one in node.values)
        elif isinstance(node, ast.IfExp):
            yield from self.texts(node.body)
            yield from self.texts(node.orelse)
        elif isinstance(node, ast.Name):
            yield from self._named(node.id)
        elif isinstance(node, ast.Subscript):
            yield from self.texts(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            yield from self.texts(node.func.value)
            yield from (text for one in node.args[1:] for text in self.texts(one))
        elif isinstance(node, ast.Dict):
            yield from (text for one in node.values for text in self.texts(one))
        elif ast.unparse(node) not in _OTHERS:
            raise AssertionError(f"cannot see what {ast.unparse(node)} says")

    def _named(self, name: str) -> Iterator[str]:
        found = [*self._assigned(self.function, name)] or [*self._assigned(self.module, name)]
        added = [one.value for one in ast.walk(self.function) if _adds(one, name)]
        if not found and name not in self.given | _OTHERS:
            raise AssertionError(f"cannot see what {name} says")
        for value in found:
            for text in self.texts(value):
                yield text
                yield from (text + more for one in added for more in self.texts(one))

    def _assigned(self, within: ast.AST, name: str) -> Iterator[ast.expr]:
        for one in ast.walk(within):
            if isinstance(one, ast.Assign):
                yield from _of(one.targets[0], one.value, name)
            elif isinstance(one, ast.AnnAssign) and one.value is not None:
                yield from _of(one.target, one.value, name)


def _of(target: ast.expr, value: ast.expr, name: str) -> Iterator[ast.expr]:
    if isinstance(target, ast.Name) and target.id == name:
        yield value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, part in zip(target.elts, value.elts, strict=True):
            yield from _of(one, part, name)


def _adds(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and node.target.id == name


def every_text() -> Iterator[tuple[str, str]]:
    """(text, where it is said)."""
    for file in sorted(FOLDER.rglob("*.py")):
        module = ast.parse(file.read_text(encoding="utf-8"))
        for function in ast.walk(module):
            if isinstance(function, ast.FunctionDef):
                place = _Place(module, function)
                for call in ast.walk(function):
                    for text in _told(place, call):
                        yield text, f"{file.name}:{call.lineno}"  # type: ignore[attr-defined]  # a call has a line


def _told(place: _Place, call: ast.AST) -> Iterator[str]:
    if not isinstance(call, ast.Call) or len(call.args) < 3:
        return
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name in _TELLERS:
        texts = [one for one in call.args if not _is_line(one)]
        yield from (text for one in texts[-2:] for text in place.texts(one))


def _is_line(node: ast.expr) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr == "line") or (
        isinstance(node, ast.Name) and node.id == "line"
    )
