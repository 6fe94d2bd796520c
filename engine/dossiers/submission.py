"""Checks what an applicant hands in against what the procedure declares, and gives it back clean.

Takes parsed JSON; files' bytes are checked where they are received. Whether a partner confirms the applicant's identity
is the model's business, not this one's.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engine import errors
from engine.dossiers import codes
from engine.dossiers.checking import Problems, Unacceptable, clean_date, clean_number, clean_text, is_empty
from engine.exchange.ports import Json
from engine.feel.regex import forms as regex
from engine.models.procedure import Channel, FieldRule, Procedure, Text

_MAX_ITEMS = 200  # of one list field
_NAME = FieldRule(name="name", type="string", required=True, label=Text(vi="Họ và tên", en="Full name"))
_IDENTITY = FieldRule(
    name="identity", type="identity", required=True, label=Text(vi="Số định danh", en="Identity")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A paper that the submission lists; its content travels and is checked on its own."""

    code: str
    name: str
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """An acceptable submission: dates in ISO, text in NFC, nothing that the procedure does not know."""

    channel: Channel
    applicant: Mapping[str, Json]
    data: Mapping[str, Json]
    papers: tuple[Paper, ...]


def validate(raw: Mapping[str, Json], procedure: Procedure) -> Submission:
    """The submission in *raw* (``channel``, ``applicant``, ``data``, ``documents``), checked and cleaned.

    An applicant has at least a name and an identity number, whatever the procedure declares. Other keys of *raw* are
    the caller's.

    Raises:
        DossierInvalid: its fact ``fields`` lists every {field, reason}.
    """
    problems = Problems()
    channel = _channel(raw.get("channel"), procedure, problems)
    applicant = _object(raw.get("applicant"), _applicant_rules(procedure), "applicant", problems)
    data = _object(raw.get("data", {}), procedure.data, "data", problems)
    papers = _papers(raw.get("documents", []), procedure, problems)
    if problems or channel is None:
        raise errors.DossierInvalid(reason=problems.first, fields=problems.found)
    return Submission(channel=channel, applicant=applicant, data=data, papers=papers)


def checked_field(procedure: Procedure, name: str, value: Json) -> Json:
    """*value* cleaned as the field *name* of a dossier's data; as it is where the procedure declares no such field.

    Raises:
        DossierInvalid: its fact ``fields`` lists every {field, reason}.
    """
    rule = next((one for one in procedure.data if one.name == name), None)
    if rule is None:
        return value
    problems = Problems()
    if is_empty(value) and rule.required:
        problems.add(f"data.{name}", "is missing")
    cleaned = value if is_empty(value) else _value(value, rule, f"data.{name}", problems)
    if problems:
        raise errors.DossierInvalid(reason=problems.first, fields=problems.found)
    return cleaned


def _applicant_rules(procedure: Procedure) -> tuple[FieldRule, ...]:
    declared = {rule.name for rule in procedure.applicant}
    return (*(rule for rule in (_NAME, _IDENTITY) if rule.name not in declared), *procedure.applicant)


def _channel(value: Json, procedure: Procedure, problems: Problems) -> Channel | None:
    if value is None:
        problems.add("channel", "is missing")
    elif not isinstance(value, str) or value not in tuple(Channel):
        problems.add("channel", f"must be one of {', '.join(Channel)}")
    elif procedure.term(value) is None:
        problems.add("channel", "is not offered for this procedure")
    else:
        return Channel(value)
    return None


# -- papers ----------------------------------------------------------------------------------------------


def _papers(value: Json, procedure: Procedure, problems: Problems) -> tuple[Paper, ...]:
    if not isinstance(value, list):
        problems.add("documents", "must be a list")
        return ()
    papers = [_paper(item, procedure, f"documents.{at}", problems) for at, item in enumerate(value)]
    given = {paper.code for paper in papers if paper is not None}
    for rule in procedure.documents:
        if rule.required and rule.code not in given:
            problems.add(f"documents.{rule.code}", "is missing")
    return tuple(paper for paper in papers if paper is not None)


def _paper(item: Json, procedure: Procedure, path: str, problems: Problems) -> Paper | None:
    if not isinstance(item, dict):
        problems.add(path, "must be an object")
        return None
    rules = {rule.code: rule for rule in procedure.documents}
    code, media_type = item.get("code"), item.get("media_type", "application/pdf")
    rule = rules.get(code) if isinstance(code, str) else None
    if rule is None:
        problems.add(f"{path}.code", f"must be one of {', '.join(rules)}")
        return None
    if media_type not in rule.media_types:
        problems.add(f"{path}.media_type", f"must be one of {', '.join(rule.media_types)}")
        return Paper(code=rule.code, name=rule.name.vi, media_type="")
    try:
        name = clean_text(item.get("name") or rule.name.vi, 255)
    except Unacceptable as exc:
        problems.add(f"{path}.name", str(exc))
        name = ""
    return Paper(code=rule.code, name=name, media_type=str(media_type))


# -- fields -----------------------------------------------------------------------------------------------


def _object(value: Json, rules: Sequence[FieldRule], path: str, problems: Problems) -> dict[str, Json]:
    if not isinstance(value, dict):
        problems.add(path, "is missing" if value is None else "must be an object")
        return {}
    known = {rule.name for rule in rules}
    for name in value:
        if name not in known:
            problems.add(f"{path}.{name}"[:200], "is not known to this procedure")
    cleaned: dict[str, Json] = {}
    for rule in rules:
        given = value.get(rule.name)
        if not is_empty(given):
            cleaned[rule.name] = _value(given, rule, f"{path}.{rule.name}", problems)
        elif rule.required:
            problems.add(f"{path}.{rule.name}", "is missing")
    return cleaned


def _value(value: Json, rule: FieldRule, path: str, problems: Problems) -> Json:
    if rule.type == "object":
        return dict(_object(value, rule.fields, path, problems))
    if rule.type == "list":
        return _list(value, rule, path, problems)
    try:
        return _SIMPLE[rule.type](value, rule)
    except Unacceptable as exc:
        problems.add(path, str(exc))
        return None


def _list(value: Json, rule: FieldRule, path: str, problems: Problems) -> Json:
    if not isinstance(value, list) or len(value) > _MAX_ITEMS:
        problems.add(path, f"must be a list of at most {_MAX_ITEMS}")
        return None
    if rule.fields:
        return [dict(_object(item, rule.fields, f"{path}.{at}", problems)) for at, item in enumerate(value)]
    text = FieldRule(name=rule.name, type="string", required=True, label=rule.label, pattern=rule.pattern)
    return [_value(item, text, f"{path}.{at}", problems) for at, item in enumerate(value)]


def _string(value: Json, rule: FieldRule) -> Json:
    text = clean_text(value)
    if rule.pattern is not None and not regex.holds(rule.pattern, text, whole=True):
        raise Unacceptable("does not have the form asked for")
    return text


def _identity(value: Json, rule: FieldRule) -> Json:
    number = clean_text(value)
    if codes.identity_kind(number) is None:
        raise Unacceptable("must be 12 digits (CCCD) or 9 digits (CMND)")
    return _string(number, rule)


def _code(value: Json, rule: FieldRule) -> Json:
    text = clean_text(value)
    if text not in rule.codes:
        raise Unacceptable(f"must be one of {', '.join(rule.codes)}")
    return text


def _boolean(value: Json, rule: FieldRule) -> Json:
    if not isinstance(value, bool):
        raise Unacceptable("must be true or false")
    return value


_SIMPLE: dict[str, Callable[[Json, FieldRule], Json]] = {
    "string": _string,
    "identity": _identity,
    "code": _code,
    "boolean": _boolean,
    "date": lambda value, rule: clean_date(value),
    "integer": lambda value, rule: clean_number(value, whole=True),
    "number": lambda value, rule: clean_number(value),
}
