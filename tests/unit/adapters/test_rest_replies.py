"""What a REST partner's answer is taken for before its contract says what it means."""

import pytest

from adapters import registry
from adapters.outbound import Response
from adapters.rest import heard

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(("status", "valid"), [(200, False), (400, True)])
def test_an_answer_that_says_a_member_twice_breaks_its_schema(status: int, valid: bool) -> None:
    operation = registry.load().contract("post").operations["TaoDon"]
    body = b'{"Status": "100", "Status": "101"}'
    found = heard(operation, Response(status=status, headers=JSON, body=body))
    assert found.parsed
    assert found.valid is valid
    assert ("Status is there twice" in found.problem) is not valid


def test_an_answer_with_a_number_that_would_be_rounded_breaks_its_schema() -> None:
    operation = registry.load().contract("post").operations["TaoDon"]
    body = b'{"Status": "100", "Code": 123456789012345678901234}'
    found = heard(operation, Response(status=200, headers=JSON, body=body))
    assert not found.valid
    assert "more digits than are kept" in found.problem


def test_an_answer_of_too_many_parts_is_not_read() -> None:
    operation = registry.load().contract("post").operations["TaoDon"]
    body = b'{"Status": [' + b"[]," * 500_000 + b"[]]}"
    found = heard(operation, Response(status=200, headers=JSON, body=body))
    assert not found.parsed
    assert "objects and lists" in found.problem
