"""The door for JSON: limits are kept before anything is parsed, and quickly."""

import contextlib
import time

import pytest

from engine.errors import RequestInvalid
from engine.json_members import flaw
from web.bodies import MAX_DEPTH, check_depth, parse_object


def test_an_object_within_limits_is_parsed() -> None:
    deep = b'{"a": ' + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1) + b"}"
    assert parse_object(b'{"a": "b"}') == {"a": "b"}
    assert parse_object(deep)


@pytest.mark.parametrize(
    "text", [b'"' + b"[" * 1000 + b'"', b'"\\"' + b"[" * 1000 + b'"', b'"\\\\", ' + b'"[[["' * 100]
)
def test_brackets_inside_texts_do_not_count(text: bytes) -> None:
    check_depth(b"[" + text + b"]")


def test_depth_is_what_is_open_at_once() -> None:
    check_depth(b"[" + b"[]," * 5000 + b"[]]")
    with pytest.raises(RequestInvalid, match="deeper"):
        check_depth(b"[" * (MAX_DEPTH + 1))


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": "' + b'\\"' * 2_000_000 + b"[" * 50,
        b"[" * 50 + b'"' * 2_000_001,
        b"[" * 30 + b'"' + b"\\" * 2_000_001,
        b"[]" * 99_000,
    ],
)
def test_a_hostile_body_costs_little(body: bytes) -> None:
    began = time.process_time()
    with contextlib.suppress(RequestInvalid):
        check_depth(body)
    assert time.process_time() - began < 1.5


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    assert parse_object(b'{"a": "\\\\u0000"}') == {"a": "\\u0000"}
    with pytest.raises(RequestInvalid, match="NUL"):
        parse_object(b'{"a": {"b\\u0000": [1]}}')


@pytest.mark.parametrize(
    "body", [b'{"a": 1, "a": 2}', b'{"b": [{"a": 1, "\\u0061": 1}]}', b'\n{"x": {"a": {}, "a": {}}}']
)
def test_a_member_that_is_there_twice_is_refused(body: bytes) -> None:
    with pytest.raises(RequestInvalid, match="a is there twice"):
        parse_object(body)


def test_the_same_member_of_two_objects_is_fine() -> None:
    assert parse_object(b'{"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}')


@pytest.mark.parametrize(
    "number", ["18446744073709551616", "-9223372036854775809", "123456789012345678901234", "9" * 300]
)
def test_a_whole_number_that_would_be_rounded_is_refused(number: str) -> None:
    with pytest.raises(RequestInvalid, match="more digits than are kept"):
        parse_object(b'{"a": [' + number.encode() + b"]}")


def test_a_whole_number_of_64_bits_and_a_long_number_in_a_text_are_kept() -> None:
    body = (
        b'{"a": 18446744073709551615, "b": -9223372036854775808, "c": "123456789012345678901234", "d": 1e30}'
    )
    assert parse_object(body) == {
        "a": 2**64 - 1,
        "b": -(2**63),
        "c": "123456789012345678901234",
        "d": 1e30,
    }


def test_looking_for_doubles_costs_little() -> None:
    body = b'{"documents": [{"content": "' + b"A" * 20_000_000 + b'"}]}'
    began = time.process_time()
    assert flaw(body) is None
    assert time.process_time() - began < 0.5
    assert flaw(b"[" * 100_000) is None
