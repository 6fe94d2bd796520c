from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import errors
from engine.dossiers import submission
from engine.exchange.ports import Json
from engine.models.procedure import Channel, Coded, DocumentRule, FieldRule, Procedure, Term, Text, Unit

WORDS = Text(vi="Giấy chứng sinh", en="Birth certificate")


def rule(name: str, kind: str = "string", required: bool = False, **more: object) -> FieldRule:
    return replace(FieldRule(name=name, type=kind, required=required, label=WORDS), **more)  # type: ignore[arg-type]


PROCEDURE = Procedure(
    code="2.002621",
    name=WORDS,
    process="p",
    field=Coded(code="HT", name=WORDS),
    deadline={Channel.ONLINE: Term(unit=Unit.DAYS, amount=3)},
    calendar_rule=None,
    fees=(),
    documents=(DocumentRule(code="GCS", name=WORDS, required=True, media_types=("application/pdf",)),),
    applicant=(rule("birth_date", "date", True), rule("phone", pattern=r"0\d{9}")),
    data=(
        rule(
            "child",
            "object",
            True,
            fields=(rule("name", required=True), rule("sex", "code", codes=("0", "1"))),
        ),
        rule("copies", "integer"),
        rule("weight", "number"),
        rule("signed", "boolean"),
        rule("witnesses", "list", fields=(rule("identity", "identity", True),)),
        rule("notes", "list"),
    ),
    result=None,
    reports=(),
)


def good() -> dict[str, Json]:
    return {
        "channel": "online",
        "applicant": {"name": " Nguyễn Văn A ", "identity": "001099000001", "birth_date": "01/02/1999"},
        "data": {"child": {"name": "Nguyễn Thị B", "sex": "1"}, "copies": 2},
        "documents": [{"code": "GCS", "name": "gcs.pdf", "media_type": "application/pdf", "content": "…"}],
    }


def wrong(raw: dict[str, Json]) -> dict[str, str]:
    with pytest.raises(errors.DossierInvalid) as caught:
        submission.validate(raw, PROCEDURE)
    fields = caught.value.facts["fields"]
    assert isinstance(fields, list)
    return {one["field"]: one["reason"] for one in fields}


def test_a_good_submission_comes_back_clean() -> None:
    found = submission.validate(good(), PROCEDURE)
    assert found.channel is Channel.ONLINE
    assert found.applicant == {"name": "Nguyễn Văn A", "identity": "001099000001", "birth_date": "1999-02-01"}
    assert found.data == {"child": {"name": "Nguyễn Thị B", "sex": "1"}, "copies": 2}
    assert [paper.code for paper in found.papers] == ["GCS"]


def test_text_that_arrives_decomposed_is_stored_composed() -> None:
    raw = good()
    raw["applicant"] = {"name": "Nguye\u0302\u0303n", "identity": "001099000001", "birth_date": "1999-02-01"}
    assert submission.validate(raw, PROCEDURE).applicant["name"] == "Nguy\u1ec5n"


def test_everything_wrong_is_named_at_once() -> None:
    raw: dict[str, Json] = {
        "channel": "fax",
        "applicant": {"identity": "123", "birth_date": "31/02/2020", "phone": "12", "shoe": 44},
        "data": {
            "child": {"sex": "9"},
            "copies": 1.5,
            "weight": "heavy",
            "signed": "yes",
            "witnesses": [{"identity": "1"}, 5],
            "notes": ["fine", 3],
        },
        "documents": [{"code": "GCS", "media_type": "text/html"}, {"code": "X"}, 1],
    }
    assert wrong(raw) == {
        "channel": "must be one of counter, online, post",
        "applicant.name": "is missing",
        "applicant.shoe": "is not known to this procedure",
        "applicant.identity": "must be 12 digits (CCCD) or 9 digits (CMND)",
        "applicant.birth_date": "is a date that does not exist",
        "applicant.phone": "does not have the form asked for",
        "data.child.name": "is missing",
        "data.child.sex": "must be one of 0, 1",
        "data.copies": "must be a whole number",
        "data.weight": "must be a number",
        "data.signed": "must be true or false",
        "data.witnesses.0.identity": "must be 12 digits (CCCD) or 9 digits (CMND)",
        "data.witnesses.1": "must be an object",
        "data.notes.1": "must be text",
        "documents.0.media_type": "must be one of application/pdf",
        "documents.1.code": "must be one of GCS",
        "documents.2": "must be an object",
    }


def test_a_required_paper_that_is_not_there_is_named() -> None:
    assert wrong(good() | {"documents": []}) == {"documents.GCS": "is missing"}


def test_an_empty_submission_names_what_it_needs() -> None:
    assert set(wrong({})) == {"channel", "applicant", "data.child", "documents.GCS"}


@pytest.mark.parametrize("channel", ["counter", "post"])
def test_a_channel_without_a_deadline_is_not_offered(channel: str) -> None:
    assert wrong(good() | {"channel": channel}) == {"channel": "is not offered for this procedure"}


@pytest.mark.parametrize(
    "text",
    ["a\u0000b", "\ud800", "x" * 4001, 5, ["a"], {"a": 1}],
    ids=["nul", "surrogate", "long", "number", "list", "object"],
)
def test_text_that_cannot_be_stored_is_refused(text: Json) -> None:
    raw = good()
    raw["data"] = {"child": {"name": text}}
    assert "data.child.name" in wrong(raw)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
keys = st.sampled_from(["channel", "applicant", "data", "documents", "other"])


@given(st.dictionaries(keys, json_values, max_size=5))
def test_no_json_whatever_gets_anything_but_a_precise_refusal(raw: dict[str, Json]) -> None:
    with pytest.raises(errors.DossierInvalid) as caught:
        submission.validate(raw, PROCEDURE)
    assert caught.value.facts["fields"]
