"""Texts that were made to run away, and how much memory each takes.

Run as a program it evaluates every one and prints the bytes by which the process grew at most, as JSON.
"""

import gc
import json
import sys
from contextlib import suppress
from pathlib import Path

from engine import feel
from engine.errors import FeelError, FeelSyntaxError

BIG = {
    "s": "x" * 1_000_000,
    "l": list(range(50_000)),
    "m": [{"a": [n], "b": str(n)} for n in range(20_000)],
    "d": {"l": list(range(50_000))},
}
DEEP: list[object] = []
for _ in range(900):
    DEEP = [DEEP]

HOSTILE = {
    "parentheses": "(" * 5000 + "1" + ")" * 5000,
    "brackets": "[" * 5000,
    "contexts": "{a:" * 5000,
    "minus": "-" * 5000 + "1",
    "not": "not(" * 5000,
    "if": "if true then " * 3000,
    "if else": "if a then 1 else " * 3000 + "2",
    "function": "function(x) " * 3000 + "1",
    "in": "1 in (" * 3000,
    "ranges": "[1.." * 3000,
    "dots": "a" + ".a" * 5000,
    "plus": "1" + "+1" * 5000,
    "and": "true" + " and true" * 5000,
    "filters": "l" + "[1]" * 5000,
    "types": "1 instance of " + "list<" * 5000,
    "digits": "9" * 60_000,
    "places": "1e999999999",
    "tower": "9**9**9",
    "tower to the right": "9**(9**9)",
    "tower of nines": "9" + "**9999" * 100,
    "root": "sqrt(10**6000)",
    "exponential": "exp(10**30)",
    "rest": "modulo(10**6000, 7)",
    "digits of a power": "string(10**6000)",
    "loop": "for i in 1..1000000000 return i",
    "loop of loops": "for i in 1..1000, j in 1..1000, k in 1..1000 return i",
    "quantifier": "some x in 1..1000000000 satisfies x < 0",
    "loop between numbers of thousands of digits": "for i in 1e6000..2 return i",
    "loop over a range": "for i in [1..1000000000] return i",
    "dates": "for d in @\"-999999999-01-01\"..@\"999999999-01-01\" return d",
    "partial": "for i in 1..100000 return partial",
    "sum of partial": "for i in 1..100000 return sum(partial)",
    "doubling list": "for i in 1..60 return if i = 1 then [1] else concatenate(partial[-1], partial[-1])",
    "doubling tree": "for i in 1..60 return if i = 1 then [1] else [partial[-1], partial[-1]]",
    "equal trees": "{f: function(n) for i in 1..60 return if i = 1 then [n] else [partial[-1], partial[-1]], "
    "r: f(1)[60] = f(1)[60]}.r",
    "text of a tree": "string((for i in 1..60 return if i = 1 then [1] else [partial[-1], partial[-1]])[60])",
    "flat tree": "flatten((for i in 1..60 return if i = 1 then [1] else [partial[-1], partial[-1]]))",
    "type of a tree": "(for i in 1..60 return if i = 1 then [1] else [partial[-1], partial[-1]])[60] instance of "
    + "list<" * 50 + "number" + ">" * 50,
    "deep value": "for i in 1..3000 return if i = 1 then [] else [partial[-1]]",
    "doubling string": 'for i in 1..60 return if i = 1 then "ab" else partial[-1] + partial[-1]',
    "recursion": "{f: function(x) f(x + 1), r: f(1)}.r",
    "recursion in a list": "{f: function(l) f(concatenate(l, l)), r: f([1])}.r",
    "mutual recursion": "{f: function(g, x) g(g, x) + g(g, x), r: f(f, 1)}.r",
    "branching recursion": "{f: function(n) if n = 0 then 1 else f(n - 1) + f(n - 1), r: f(30)}.r",
    "regex": 'matches("' + "a" * 40 + '!", "(a+)+$")',
    "regex alternatives": 'matches("' + "a" * 40 + '!", "(a|aa|aaa)*b")',
    "regex back-reference": 'matches("' + "a" * 60 + '!", "(a*)*(a*)*\\1\\2b$")',
    "regex counts": 'matches("a", "((a{1000}){1000}){1000}")',
    "regex nesting": 'matches("a", "' + "(" * 3000 + '")',
    "regex on a long text": 'matches(s, "(x+x+)+y")',
    "replacing": 'replace(s, "x", "' + "y" * 1000 + '")',
    "splitting": 'split(s, "x")',
    "capitals again and again": "for i in 1..10000 return upper case(s)",
    "searching again and again": 'for i in 1..100000 return contains(s, "xy")',
    "comparing again and again": "for i in 1..100000 return m = [m, 1][1]",
    "contained again and again": "for i in 1..100000 return list contains(l, -1)",
    "sorting": "sort(l, function(a, b) b < a)",
    "distinct": "distinct values(m)",
    "duplicates": "duplicate values(l)",
    "joining": "string join(for i in 1..50000 return s)",
    "deep data": "deep = [deep]",
    "text of deep data": "string(deep)",
    "path into deep data": "deep.a",
    "hours": "@\"2020-01-01T00:00:00\" + @\"P99999999999999999999999D\"",
    "working days": "working days after(now(), 10**20)",
    "count of data": "for i in 1..100000 return count(l)",
    "last of data": "for i in 1..100000 return l[-1]",
    "parts of data": "for i in 1..10000 return sublist(l, 2)",
    "entry of data": "for i in 1..100000 return count(d.l)",
    "one list again and again": "{L: for i in 1..9000 return i, m: for i in 1..9000 return L, r: max(m)}.r",
    "sorted lists": "{L: for i in 1..9000 return i, m: for i in 1..9000 return L, r: sort(m)}.r",
    "ranges from text": 'for i in 1..50000 return range("[1..2]")',
    "time zones": 'for i in 1..50000 return @"2020-01-01T00:00:00@Europe/Paris" + @"PT1H"',
    "times compared": 'for i in 1..50000 return @"2020-01-01T00:00:00@Europe/Paris" < @"2020-01-01T00:00:00@Asia/Tokyo"',
    "time offsets": 'for i in 1..50000 return @"2020-01-01T00:00:00@Europe/Paris".time offset',
    "logarithms": "for i in 1..50000 return log(123456.789)",
    "exponentials": "for i in 1..50000 return exp(1234.5678)",
    "powers": "for i in 1..50000 return 1.0000001 ** 123456.789",
    "rests": "for i in 1..50000 return modulo(9.99e6144, 7e-6143)",
    "long numbers": "for i in 1..50000 return string(1e6144)",
    "durations": 'for i in 1..50000 return duration("P99999999999DT1H")',
    "weeks": 'for i in 1..50000 return week of year(@"2020-01-01")',
    "contexts in a loop": "for i in 1..100000 return {a: i, b: a, c: b, d: c}",
    "functions in a loop": "for i in 1..100000 return (function(x) x)(i)",
    "loop in a loop": "for a in l return for b in l return b",
    "filter in a loop": "for i in 1..100000 return l[item = 1]",
    "long join": 'string join(for i in 1..1000 return "aaaaaaaaaaaaaaaaaaaaaaaa", s)',
    "typed argument": "{a: [1,2,3,4,5,6,7,8,9,10], b: [a,a,a,a,a,a,a,a,a,a], c: [b,b,b,b,b,b,b,b,b,b], "
    "d: [c,c,c,c,c,c,c,c,c,c], e: [d,d,d,d,d,d,d,d,d,d], f: [e,e,e,e,e,e,e,e,e,e], g: [f,f,f,f,f,f,f,f,f,f], "
    f"h: function(x: {'list<' * 7}number{'>' * 7}) 1, r: h(g)}}.r",
    "small capitals": 'for i in 1..20000 return upper case("' + "\u00df" * 400 + '")',
    "matches taken out": 'extract("' + "a," * 20_000 + '", "a")',
    "is it the same tree": "{f: function(n) for i in 1..60 return if i = 1 then [n] else [partial[-1], partial[-1]], "
    "r: is(f(1)[60], f(1)[60])}.r",
    "do trees coincide": "{f: function(n) for i in 1..60 return if i = 1 then [n] else [partial[-1], partial[-1]], "
    "r: coincides(f(1)[60], f(1)[60])}.r",
    "entries of a context": "{c: context(for j in 1..5000 return {key: string(j), value: j}), "
    "r: for i in 1..20000 return count(get entries(c))}.r",
    "a context within a context": "{c: context(for j in 1..5000 return {key: string(j), value: j}), "
    'r: for i in 1..20000 return context put({a: c}, ["a", "b"], i)}.r',
    "a long path": 'for i in 1..100000 return get value({a: 1}, l)',
    "all of many": "{l: for i in 1..9000 return true, r: for i in 1..20000 return all(l)}.r",
    "any of many": "{l: for i in 1..9000 return false, r: for i in 1..20000 return any(l)}.r",
    "joined again and again": '{l: for i in 1..9000 return "a", r: for i in 1..20000 return string join(l)}.r',
    "sum of durations": '{l: for i in 1..9000 return @"P1D", r: for i in 1..20000 return sum(l)}.r',
    "sorted dates": '{l: for i in 1..4000 return @"2020-01-01" + @"P1D" * modulo(i * 7919, 4001), '
    "r: for i in 1..20000 return sort(l)}.r",
    "functions made in a loop": "{f: function(n) function() n, r: for i in 1..20000 return f(i)}.r",
    "types in a loop": "for i in 1..50000 return m instance of list<context<a: list<number>>>",
    "texts of data": "for x in m return string(l)",
}  # fmt: skip

HOSTILE["literal"] = '"' + "x" * 10_000_000 + '"'


def run(text: str) -> None:
    """Answer or refuse the text over data of some size."""
    with suppress(FeelError, FeelSyntaxError):
        feel.compile(text)({**BIG, "deep": DEEP})


def _kilobytes(key: str) -> int:
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key))


def grown(text: str) -> int:
    """The bytes by which this process grows at most while it handles the text."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", "ascii")  # the peak starts anew
    before = _kilobytes("VmRSS")
    run(text)
    return max(0, _kilobytes("VmHWM") - before) * 1024


def main() -> None:
    """Print the growth by the names of the texts."""
    run("1")
    sys.stdout.write(json.dumps({name: grown(text) for name, text in HOSTILE.items()}))


if __name__ == "__main__":
    main()
