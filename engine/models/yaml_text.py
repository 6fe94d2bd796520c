"""YAML as people write it, read with the line of every key; no tags, aliases or repeated keys.

The one reader for `procedure.yaml` and scenarios. What the keys mean is the business of whoever asked.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import yaml

from engine.exchange.ports import Json

LIMIT_BYTES = 1024 * 1024
MAX_DEPTH = 40

# Of YAML 1.1's many words and numbers only these mean more than their text: `no`, `15:00` and `010` are text.
_WORDS = {"true": True, "True": True, "false": False, "False": False}
_WHOLE = re.compile(r"-?(0|[1-9]\d*)")
_NUMBER = re.compile(r"-?(0|[1-9]\d*)\.\d+([eE][+-]?\d+)?")

Path: TypeAlias = tuple[str | int, ...]


class YamlRefused(ValueError):
    """The text is no YAML that we read; *line* says where."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlText:
    """A YAML document: plain JSON values, and the line of each path in them."""

    value: Json
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int:
        """The line of *path*, or of the nearest path above it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read(data: bytes) -> YamlText:
    """*data* as JSON values; dates and times stay text.

    Raises:
        YamlRefused: too large, not UTF-8, not YAML, a tag, an alias or a key that is there twice.
    """
    if len(data) > LIMIT_BYTES:
        raise YamlRefused(1, f"{len(data)} bytes are more than the limit of {LIMIT_BYTES}")
    try:
        loader = yaml.SafeLoader(data.decode("utf-8-sig"))
        node = loader.get_single_node()
    except UnicodeDecodeError as exc:
        raise YamlRefused(1, "the text is not UTF-8") from exc
    except RecursionError as exc:
        raise YamlRefused(1, f"nested deeper than {MAX_DEPTH}") from exc
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        reason = getattr(exc, "problem", None) or "not YAML"
        raise YamlRefused(mark.line + 1 if mark else 1, str(reason)) from exc
    if node is None:
        return YamlText(value=None, lines={(): 1})
    lines: dict[Path, int] = {}
    value = _Reader(lines).read(node, ())
    return YamlText(value=value, lines=lines)


class _Reader:
    def __init__(self, lines: dict[Path, int]) -> None:
        self._lines = lines
        self._seen: set[int] = set()

    def read(self, node: yaml.Node, path: Path) -> Json:
        line = node.start_mark.line + 1
        self._lines.setdefault(path, line)
        if len(path) > MAX_DEPTH:
            raise YamlRefused(line, f"nested deeper than {MAX_DEPTH}")
        if id(node) in self._seen:
            raise YamlRefused(line, "anchors and aliases are not read; write the value out")
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node, line)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> Json:
        result: dict[str, Json] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise YamlRefused(line, "a key must be plain text")
            key = str(key_node.value)
            if key in result:
                raise YamlRefused(line, f"the key `{key}` is there twice")
            self._lines[(*path, key)] = line
            result[key] = self.read(value_node, (*path, key))
        return result

    def _scalar(self, node: yaml.Node, line: int) -> Json:
        text = str(node.value)
        kind = str(node.tag).removeprefix("tag:yaml.org,2002:")
        if kind in ("str", "timestamp"):
            return text
        if kind == "null":
            return None
        if kind == "bool":
            return _WORDS.get(text, text)
        if kind in ("int", "float"):
            if _WHOLE.fullmatch(text):
                return int(text)
            return float(text) if _NUMBER.fullmatch(text) else text
        raise YamlRefused(line, f"`{node.tag}` is not a plain value")
