"""What holds for every expression: printing keeps the meaning, numbers are Python's decimals, dates count days, threads agree."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine import feel
from engine.errors import FeelError, FeelSyntaxError
from engine.feel.names import Names
from engine.feel.parser import parse, parse_unary
from engine.feel.printing import show
from engine.feel.registry import BUILTINS
from engine.feel.texts import NUMBERS

CONTEXT = {"a": 1, "b": "x", "l": [1, 2, 3], "c": {"a": 2, "long name": 3}, "n": None}
LEAVES = st.sampled_from(
    """1|2.5|-3|"x"|"a\\"b"|true|null|a|b|l|c.a|c.`long name`|n|@"2024-02-29"|@"P1M"|@"PT36H"|[1..3]|(< 2)|[]|{}|count
    |@"2024-02-29T10:00:00@Europe/Paris\"""".split("|")
)


def _around(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(inner, inner)
    ops = st.sampled_from(["+", "-", "*", "/", "**", "=", "!=", "<", "<=", ">", ">=", "and", "or", "in"])
    return st.one_of(
        st.tuples(two, ops).map(lambda part: f"({part[0][0]}) {part[1]} ({part[0][1]})"),
        inner.map(lambda text: f"-({text})"),
        inner.map(lambda text: f"not({text})"),
        inner.map(lambda text: f"({text})[1]"),
        inner.map(lambda text: f"({text})[item > 1]"),
        inner.map(lambda text: f"({text}).a"),
        inner.map(lambda text: f"string({text})"),
        inner.map(lambda text: f"({text}) instance of list<number>"),
        two.map(lambda part: f"if {part[0]} then {part[1]} else 0"),
        two.map(lambda part: f"for x in {part[0]} return [x, {part[1]}]"),
        two.map(lambda part: f"some x in {part[0]} satisfies x = {part[1]}"),
        two.map(lambda part: f"({part[0]}) between 1 and ({part[1]})"),
        two.map(lambda part: f"[{part[0]}, {part[1]}]"),
        two.map(lambda part: f"{{k: {part[0]}, `l m`: {part[1]}, o: k}}"),
        two.map(lambda part: f"(function(p, q) [p, q])({part[0]}, {part[1]})"),
        two.map(lambda part: f"sum({part[0]}, {part[1]})"),
    )


EXPRESSIONS = st.recursive(LEAVES, _around, max_leaves=8)


def _value(text: str) -> object:
    try:
        found = feel.compile(text)(CONTEXT)
        return feel.evaluate("string(x)", {"x": found}), type(found).__name__
    except FeelError as error:
        return error.code


@given(EXPRESSIONS)
@settings(max_examples=300, deadline=None)
def test_printed_tree_means_the_same(text: str) -> None:
    printed = show(parse(text, Names(BUILTINS)))
    assert _value(printed) == _value(text)
    assert show(parse(printed, Names(BUILTINS))) == printed


@pytest.mark.parametrize(
    "text", ["-", "1", "< 5, > 10", "not(1, 2)", "[1..3[", '"a", "b"', "? > 2 and ? < 5"]
)
def test_printed_cell_means_the_same(text: str) -> None:
    printed = show(parse_unary(text, Names(BUILTINS)))
    for value in (0, 1, 3, 4, 11, "a"):
        tested = [feel.compile(cell, unary=True)({"?": value}) for cell in (text, printed)]
        assert tested[0] == tested[1]


@given(st.text(max_size=40) | st.text('0123456789()[]{}.,+-*/<>=!"@?` \nabinforretuxys', max_size=60))
@settings(max_examples=500, deadline=None)
def test_any_text_is_a_value_or_our_own_error(text: str) -> None:
    try:
        feel.evaluate(text, CONTEXT)
    except (FeelSyntaxError, FeelError):
        return


NUMBERS_TEXT = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20)


@given(NUMBERS_TEXT, NUMBERS_TEXT, st.sampled_from("+-*/"))
@settings(deadline=None)
def test_arithmetic_is_that_of_decimals_of_34_digits(a: Decimal, b: Decimal, op: str) -> None:
    apply = {"+": NUMBERS.add, "-": NUMBERS.subtract, "*": NUMBERS.multiply, "/": NUMBERS.divide}[op]
    expected = apply(NUMBERS.plus(a), NUMBERS.plus(b))
    found = feel.compile(f"a {op} b")({"a": a, "b": b})
    assert found == expected if expected.is_finite() else found is None


DATES = st.dates(dt.date(1, 1, 1), dt.date(9999, 12, 31))


@given(DATES, DATES)
@settings(deadline=None)
def test_dates_are_as_many_days_apart_as_the_calendar_counts(a: dt.date, b: dt.date) -> None:
    found = feel.compile("(a - b).days")({"a": a, "b": b})
    assert found == (a - b).days
    assert feel.compile("b + (a - b) = a")({"a": a, "b": b}) is True


@given(DATES, st.integers(-200_000, 200_000))
@settings(deadline=None)
def test_adding_months_keeps_the_day_or_takes_the_last(day: dt.date, months: int) -> None:
    found = feel.compile('string(d + duration("P1M") * n)')({"d": day, "n": months})
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    assert isinstance(found, str)
    assert found.rsplit("-", 1)[0].lstrip("-") == f"{abs(year):04}-{month + 1:02}"
    assert int(found[-2:]) <= day.day


MOMENTS = st.datetimes(dt.datetime(1971, 1, 1), dt.datetime(2037, 1, 1))  # noqa: DTZ001 - made aware below


@given(
    MOMENTS,
    st.integers(-(10**6), 10**6),
    st.sampled_from(["Europe/Paris", "Asia/Ho_Chi_Minh", "America/New_York"]),
)
@example(dt.datetime(2000, 10, 29, 6, 0), 0, "America/New_York")  # noqa: DTZ001  # the second one o'clock of that night
@example(dt.datetime(2000, 10, 29, 4, 30), 5400, "America/New_York")  # noqa: DTZ001
@example(dt.datetime(2000, 10, 29, 1, 0), 0, "Europe/Paris")  # noqa: DTZ001
@settings(deadline=None)
def test_adding_seconds_in_a_zone_is_adding_them_in_utc(moment: dt.datetime, seconds: int, zone: str) -> None:
    context = {"m": moment.replace(tzinfo=dt.UTC), "z": zone, "s": dt.timedelta(seconds=seconds)}
    assert feel.compile("date and time(m, z) + s = m + s")(context) is True


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=10,
    )
)
@settings(deadline=None)
def test_json_comes_back_as_it_went_in(value: object) -> None:
    found = feel.to_json(feel.from_json(value))
    assert found == value or any(abs(number) >= 10**34 for number in _integers(value))


def _integers(value: object) -> list[int]:
    if isinstance(value, list):
        return [number for item in value for number in _integers(item)]
    if isinstance(value, dict):
        return _integers(list(value.values()))
    return [value] if type(value) is int else []


def test_every_thread_gives_the_same_answer() -> None:
    expression = feel.compile("for i in 1..50 return [i / 7, partial[-1][1], string(i ** 0.5)]")
    expected = expression({})
    with ThreadPoolExecutor(8) as pool:
        assert all(found == expected for found in pool.map(lambda _: expression({}), range(64)))
