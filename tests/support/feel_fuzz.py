"""Throws mutated expressions and values at FEEL for some minutes; anything but our own errors, or a slow answer, is a find.

`fuzz` runs it.
"""

import random
import re
import sys
import time
from collections import Counter

from feel_cases import CONTEXT, NOW, EveryDayWorks, cases

from engine import feel
from engine.errors import FeelError, FeelSyntaxError
from engine.feel.registry import BUILTINS

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|\w+|\s+|\*\*|\.\.|[<>!]=|.', re.S)
_NUMBERS = ("0", "-1", "1e6000", "1e-6000", "0.1", "99999999999999999999999999999999999", "-5", "2")
_TEXTS = (
    '""',
    '"a"',
    '"\\U01F40E"',
    '"P1D"',
    '"2024-02-30"',
    '"(a+)+$"',
    '"[a-"',
    '"$1"',
    '"\\\\"',
    '"@x/y"',
)
_WORDS = (
    "null",
    "true",
    "a",
    "n",
    "list",
    "dossier",
    "item",
    "partial",
    "?",
    "function(x) x",
    "[1..3]",
    "(< 2)",
    "[[]]",
)
_TEMPORALS = (
    '@"2024-02-29"',
    '@"999999999-12-31"',
    '@"10:00:00@Europe/Paris"',
    '@"P1Y"',
    '@"-PT1S"',
    "{}",
    "[]",
)
SLOW_SECONDS = 0.5


def mutated(text: str, pool: list[str], chance: random.Random) -> str:
    """The text with some pieces changed, swapped, doubled or replaced by a piece of another."""
    pieces = _PIECE.findall(text)
    for _ in range(chance.randint(1, 4)):
        if not pieces:
            break
        at = chance.randrange(len(pieces))
        action = chance.randrange(7)
        if action == 0:
            pieces[at] = chance.choice(_NUMBERS + _TEXTS + _WORDS + _TEMPORALS)
        elif action == 1:
            del pieces[at]
        elif action == 2:
            pieces.insert(at, chance.choice(pieces))
        elif action == 3:
            pieces[at] = f"({chance.choice(pool)})"
        elif action == 4:
            pieces[at] = chance.choice(list(BUILTINS))
        elif action == 5:
            pieces.insert(
                at,
                chance.choice([*list('+-*/=<>()[]{},.:?@`"'), " and ", " in ", "..", "**", " instance of "]),
            )
        else:
            other = chance.randrange(len(pieces))
            pieces[at], pieces[other] = pieces[other], pieces[at]
    return "".join(pieces)


def attempt(text: str) -> str:
    """What is wrong with how this text was handled; empty if nothing is."""
    start = time.thread_time()
    try:
        found = feel.evaluate(
            text, CONTEXT, clock=lambda: NOW, calendar=EveryDayWorks(), warn=lambda warning: None
        )
        if not isinstance(found, bool):
            feel.lexical(found)
            feel.to_json(found)
    except (FeelError, FeelSyntaxError):
        pass
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        return f"{type(error).__name__}: {error}"
    spent = time.thread_time() - start
    return f"took {spent:.2f} s" if spent > SLOW_SECONDS else ""


def run(minutes: float, seed: int) -> int:
    """Print executions and finds; the number of finds."""
    chance = random.Random(seed)
    pool = [case.expression for case in cases()]
    finds: Counter[str] = Counter()
    end, executions = time.monotonic() + 60 * minutes, 0
    while time.monotonic() < end:
        text = mutated(chance.choice(pool), pool, chance)
        wrong = attempt(text)
        executions += 1
        if wrong and not finds[wrong]:
            sys.stdout.write(f"{wrong}\n    {text[:300]}\n")
        finds[wrong] += bool(wrong)
        if len(pool) < 5000 and not wrong and chance.random() < 0.02:
            pool.append(text)
    sys.stdout.write(f"fuzz feel: {executions} executions, seed {seed}, {len(+finds)} finds\n")
    return len(+finds)
