"""An applicant's word on a draft: a yes ends the extract, a no brings it back to the officer, once over goes no further."""

from importlib import resources
from pathlib import Path

import orjson
import pytest

from engine.models.deployment import read_folder
from tests.support.counter import Counter, Reply
from tests.support.procedures import settle_in

FOLDER = Path(str(resources.files("bpmn"))) / "trich-luc-ho-tich"
ISSUE = {
    "decision": "issue",
    "number": "125/TLKS-BS",
    "register_number": "12",
    "register_book": "01/2020",
    "registered_on": "2020-11-20",
    "registered_at": "UBND phường Hoa Sữa",
    "content": "NGUYỄN THỊ B, sinh ngày 16/11/2020",
    "url": "https://hotich.example.vn/tl/125",
}


@pytest.fixture
def code(counter: Counter) -> str:
    """An extract whose first draft waits for its applicant."""
    settle_in(counter.store, read_folder(FOLDER))
    example = orjson.loads((FOLDER / "example.json").read_bytes())
    code = counter.new_dossier(**example)
    draft(counter, code)
    return code


def draft(counter: Counter, code: str) -> None:
    path = f"/api/v1/work-items/{counter.open_item(code)}/complete"
    assert counter.post(path, {"data": ISSUE}, key=counter.officer).status == 202
    counter.apply_all()


def confirm(counter: Counter, code: str, **body: object) -> Reply:
    reply = counter.post(f"/api/v1/dossiers/{code}/draft-confirmation", body, key=counter.desk)
    counter.apply_all()
    return reply


def shown(counter: Counter, code: str) -> dict[str, object]:
    return counter.get(f"/api/v1/dossiers/{code}?include=data", key=counter.desk).json


def test_a_yes_issues_the_extract_and_later_words_are_refused(counter: Counter, code: str) -> None:
    assert confirm(counter, code, confirmed=True, draft=1).status == 202
    dossier = shown(counter, code)
    assert dossier["status"] == 10
    assert dossier["data"]["draft_confirmation"] == {"answer": "agreed", "draft": 1, "note": None}  # type: ignore[index]
    late = confirm(counter, code, confirmed=False, draft=1)
    assert (late.status, late.code) == (409, "dossier-over")


def test_a_no_brings_the_draft_back_and_an_old_yes_agrees_to_nothing(counter: Counter, code: str) -> None:
    assert confirm(counter, code, confirmed=False, draft=1, note="Sai ngày sinh").status == 202
    answer = shown(counter, code)["data"]["draft_confirmation"]  # type: ignore[index]
    assert answer == {"answer": "rejected", "draft": 1, "note": "Sai ngày sinh"}
    draft(counter, code)
    confirm(counter, code, confirmed=True, draft=1)
    dossier = shown(counter, code)
    assert dossier["status"] == 4
    assert dossier["data"]["draft_confirmation"]["answer"] == "outdated"  # type: ignore[index]
    confirm(counter, code, confirmed=True, draft=2)
    assert shown(counter, code)["status"] == 10


def test_the_same_word_again_under_its_key_is_one_word(counter: Counter, code: str) -> None:
    path, body = f"/api/v1/dossiers/{code}/draft-confirmation", {"confirmed": False, "draft": 1}
    replies = [counter.post(path, body, key=counter.desk, once="once") for _ in range(2)]
    assert [reply.status for reply in replies] == [202, 202]
    assert counter.scalar("SELECT count(*) FROM message WHERE name = 'draft-confirmation'") == 1
    other = counter.post(path, {"confirmed": True, "draft": 1}, key=counter.desk, once="once")
    assert other.status == 422


def test_a_changed_dossier_is_not_answered_by_who_read_it_before(counter: Counter, code: str) -> None:
    headers = {"Content-Type": "application/json", "Idempotency-Key": "k", "If-Match": '"old"'}
    path = f"/api/v1/dossiers/{code}/draft-confirmation"
    reply = counter.request(
        "POST", path, b'{"confirmed": true, "draft": 1}', key=counter.desk, headers=headers
    )
    assert (reply.status, reply.code) == (412, "precondition-failed")


@pytest.mark.parametrize(
    "body",
    [{"confirmed": True}, {"confirmed": "yes", "draft": 1}, {"confirmed": True, "draft": 0}, {"draft": 1}],
)
def test_a_word_that_does_not_say_yes_or_no_to_a_draft_is_refused(
    counter: Counter, body: dict[str, object]
) -> None:
    reply = confirm(counter, counter.new_dossier(), **body)
    assert (reply.status, reply.code) == (422, "body-invalid")
