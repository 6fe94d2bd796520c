"""Reads `procedure.yaml` into a `Procedure`, naming every wrong or missing key with its line.

All findings are collected before giving up, so that an author mends the file once. The meaning of the values is in
`engine.models.procedure`.
"""

import re
from collections.abc import Callable
from dataclasses import fields
from typing import TypeVar

from engine.exchange.ports import Json
from engine.models.findings import Findings
from engine.models.procedure import (
    FIELD_TYPES,
    MOST_INDEXED,
    CalendarRule,
    Channel,
    Coded,
    DocumentRule,
    Fee,
    FieldRule,
    Indexed,
    Procedure,
    Term,
    Text,
    Unit,
)
from engine.models.yaml_text import Path, YamlRefused, YamlText, read

FILE = "procedure.yaml"
RULE = "procedure"
KEYS = tuple(field.name for field in fields(Procedure))
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_T = TypeVar("_T")


def read_procedure(data: bytes, findings: Findings) -> Procedure | None:
    """The procedure, or None when *findings* got an error."""
    try:
        text = read(data)
    except YamlRefused as exc:
        findings.error("yaml", "procedure", exc.line, str(exc), "write plain YAML: keys, lists and values")
        return None
    before = len(findings.items)
    procedure = _ProcedureReader(text, findings).procedure()
    return procedure if len(findings.items) == before else None


class _ProcedureReader:
    """Walks the document; a wrong place becomes a finding and a harmless value, so that the walk goes on."""

    def __init__(self, text: YamlText, findings: Findings) -> None:
        self._text = text
        self._findings = findings

    # -- the document ---------------------------------------------------------------------------

    def procedure(self) -> Procedure:
        root = self._mapping(self._text.value, (), KEYS)
        return Procedure(
            code=self._string(root, "code", ()),
            name=self._words(root.get("name"), ("name",)),
            process=self._string(root, "process", ()),
            field=self._coded(root.get("field"), ("field",)),
            deadline=self._deadline(root.get("deadline"), ("deadline",)),
            calendar_rule=self._calendar_rule(root.get("calendar_rule")),
            fees=self._each(root, "fees", (), self._fee),
            documents=self._each(root, "documents", (), self._document),
            applicant=self._fields(root.get("applicant"), ("applicant",)),
            data=self._fields(root.get("data"), ("data",)),
            result=self._coded(root.get("result"), ("result",)) if root.get("result") is not None else None,
            reports=self._strings(root, "reports", ()),
            description=self._words(root["description"], ("description",)) if "description" in root else None,
            indexed=self._indexed(root),
        )

    def _deadline(self, value: Json, path: Path) -> dict[Channel, Term]:
        channels = self._mapping(value, path, tuple(Channel))
        if not channels:
            self._wrong(path, "no channel has a deadline", "write e.g. `deadline: {counter: {days: 3}}`")
        terms: dict[Channel, Term] = {}
        for name, term in channels.items():
            entry = self._mapping(term, (*path, name), tuple(Unit))
            if name in tuple(Channel) and len(entry) == 1:
                unit, amount = next(iter(entry.items()))
                least = 1 if unit == Unit.HOURS else 0  # 0 days: the same day
                terms[Channel(name)] = Term(
                    unit=Unit(unit) if unit in tuple(Unit) else Unit.DAYS,
                    amount=self._positive(amount, (*path, name, unit), least=least),
                )
            elif name in tuple(Channel):
                self._wrong(
                    (*path, name), "a deadline has exactly one unit", "write days, calendar_days or hours"
                )
        return terms

    def _calendar_rule(self, value: Json) -> CalendarRule | None:
        if value is None:
            return None
        path: Path = ("calendar_rule",)
        rule = self._mapping(value, path, ("accepted_after", "then"))
        after = self._string(rule, "accepted_after", path)
        if after and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", after):
            self._wrong((*path, "accepted_after"), f"`{after}` is not a time", 'write it quoted, as "15:00"')
        then = rule.get("then", "next_working_day")
        if then != "next_working_day":
            self._wrong((*path, "then"), f"`{then}` is not known", "the only rule is next_working_day")
        return CalendarRule(accepted_after=after)

    def _fee(self, value: Json, path: Path) -> Fee:
        entry = self._mapping(value, path, ("code", "name", "amount", "channel"))
        channel = entry.get("channel")
        if channel is not None and channel not in tuple(Channel):
            self._wrong((*path, "channel"), f"`{channel}` is no channel", f"one of {', '.join(Channel)}")
            channel = None
        return Fee(
            code=self._string(entry, "code", path),
            name=self._words(entry.get("name"), (*path, "name")),
            amount=self._positive(entry.get("amount"), (*path, "amount"), least=0),
            channel=Channel(str(channel)) if channel is not None else None,
        )

    def _document(self, value: Json, path: Path) -> DocumentRule:
        entry = self._mapping(value, path, ("code", "name", "required", "media_types"))
        return DocumentRule(
            code=self._string(entry, "code", path),
            name=self._words(entry.get("name"), (*path, "name")),
            required=self._flag(entry, "required", path),
            media_types=self._strings(entry, "media_types", path) or ("application/pdf",),
        )

    def _coded(self, value: Json, path: Path) -> Coded:
        entry = self._mapping(value, path, ("code", "name"))
        return Coded(
            code=self._string(entry, "code", path), name=self._words(entry.get("name"), (*path, "name"))
        )

    def _indexed(self, root: dict[str, Json]) -> tuple[Indexed, ...]:
        found = self._each(root, "indexed", (), self._one_indexed)
        if len(found) > MOST_INDEXED:
            message = f"{len(found)} values are indexed, at most {MOST_INDEXED} are"
            self._wrong(("indexed",), message, "leave out what nobody searches by")
        seen: set[str] = set()
        for at, one in enumerate(found):
            if one.path in seen:
                self._wrong(("indexed", at), f"`{one.path}` is indexed twice", "remove one")
            seen.add(one.path)
        return found

    def _one_indexed(self, value: Json, path: Path) -> Indexed:
        entry = self._mapping(value, path, ("path", "label", "personal"))
        name = self._string(entry, "path", path)
        if name and not all(_NAME.fullmatch(part) for part in name.split(".")):
            self._wrong(
                (*path, "path"), f"`{name}` is no path of field names", "write names with dots between them"
            )
        personal = self._flag(entry, "personal", path) if "personal" in entry else None
        if personal:
            self._wrong((*path, "personal"), "what is personal is not indexed", "leave the entry out")
        return Indexed(path=name, label=self._words(entry.get("label"), (*path, "label")), personal=personal)

    # -- fields ---------------------------------------------------------------------------------

    def _fields(self, value: Json, path: Path) -> tuple[FieldRule, ...]:
        if value is None:
            return ()
        entry = self._mapping(value, path, ("fields",))
        found = self._each(entry, "fields", path, self._field)
        seen: set[str] = set()
        for index, one in enumerate(found):
            if one.name in seen:
                self._wrong(
                    (*path, "fields", index), f"field `{one.name}` is there twice", "rename or remove one"
                )
            seen.add(one.name)
        return found

    def _field(self, value: Json, path: Path) -> FieldRule:
        keys = ("name", "type", "required", "pattern", "label", "codes", "fields")
        entry = self._mapping(value, path, keys)
        name, kind = self._string(entry, "name", path), self._string(entry, "type", path)
        if name and not _NAME.fullmatch(name):
            self._wrong(
                (*path, "name"), f"`{name}` is no field name", "letters, digits and _, a letter first"
            )
        if kind and kind not in FIELD_TYPES:
            self._wrong((*path, "type"), f"`{kind}` is no type", f"one of {', '.join(FIELD_TYPES)}")
        inner = {"fields": entry["fields"]} if "fields" in entry else None
        return FieldRule(
            name=name,
            type=kind,
            required=self._flag(entry, "required", path),
            label=self._words(entry.get("label", {"vi": name, "en": name}), (*path, "label")),
            pattern=self._pattern(entry.get("pattern"), (*path, "pattern")),
            codes=self._strings(entry, "codes", path),
            fields=self._fields(inner, path),
        )

    def _pattern(self, value: Json, path: Path) -> str | None:
        if value is None:
            return None
        try:
            re.compile(str(value))
        except re.error as exc:
            self._wrong(path, f"`{value}` is no regular expression: {exc}", "mend the pattern")
            return None
        return str(value)

    # -- plain values ---------------------------------------------------------------------------

    def _words(self, value: Json, path: Path) -> Text:
        entry = self._mapping(value, path, ("vi", "en"))
        return Text(vi=self._string(entry, "vi", path), en=self._string(entry, "en", path))

    def _mapping(self, value: Json, path: Path, keys: tuple[str, ...]) -> dict[str, Json]:
        where = ".".join(map(str, path)) or "the file"
        if not isinstance(value, dict):
            what = "is missing" if value is None else "must have keys"
            self._wrong(path, f"{where} {what}", f"its keys are {', '.join(keys)}")
            return {}
        for key in value:
            if key not in keys:
                self._wrong((*path, key), f"`{key}` is no key of {where}", f"its keys are {', '.join(keys)}")
        return value

    def _string(self, entry: dict[str, Json], key: str, path: Path) -> str:
        value = entry.get(key)
        if isinstance(value, str) and value.strip():
            return value
        if value is not None and not isinstance(value, str | list | dict | bool):
            self._wrong((*path, key), f"`{value}` is read as a number", f'put it in quotes: "{value}"')
        elif entry or not path:
            self._wrong((*path, key), f"{'.'.join(map(str, (*path, key)))} is missing", "write it as text")
        return ""

    def _strings(self, entry: dict[str, Json], key: str, path: Path) -> tuple[str, ...]:
        value = entry.get(key, [])
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(str(item) for item in value)
        self._wrong((*path, key), f"{key} must be a list of texts", f"write `{key}: [a, b]`")
        return ()

    def _flag(self, entry: dict[str, Json], key: str, path: Path) -> bool:
        value = entry.get(key, False)
        if not isinstance(value, bool):
            self._wrong((*path, key), f"{key} must be true or false", "write true or false")
        return value is True

    def _positive(self, value: Json, path: Path, least: int = 1) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return value
        self._wrong(path, f"`{value}` is no whole number from {least} up", "write a number")
        return least

    def _each(
        self, entry: dict[str, Json], key: str, path: Path, reader: Callable[[Json, Path], _T]
    ) -> tuple[_T, ...]:
        value = entry.get(key, [])
        if not isinstance(value, list):
            self._wrong((*path, key), f"{key} must be a list", f"write `{key}: []` or one item per `-`")
            return ()
        return tuple(reader(item, (*path, key, index)) for index, item in enumerate(value))

    def _wrong(self, path: Path, message: str, remedy: str) -> None:
        where = ".".join(map(str, path)) or "procedure"
        self._findings.error(RULE, where, self._text.line(path), message, remedy)
