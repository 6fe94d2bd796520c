"""WSDLs that nobody here wrote: each is read and its messages make a round trip, or it is refused with our own error.

``SUITES_DIR`` names the folder of third-party suites. *Right* is a WSDL whose usable operations all take a skeleton
through compose, parse, reply and parse; *refused* one that is not loaded, or whose operations are named as unusable.
"""

import os
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

from adapters.soap.operations import Message
from adapters.soap.service import SoapService
from adapters.soap.shapes import Shape
from engine.errors import ComposeFailed, SoapRefused, WsdlRefused
from engine.exchange.ports import Json

SUITES = os.environ.get("SUITES_DIR")
FOLDERS = ("zeep", "node-soap", "xroad-wsdl", "gov-nl-suwinet-wsdl")
LOADED = {"zeep": 5, "node-soap": 26, "xroad-wsdl": 1, "gov-nl-suwinet-wsdl": 7}
RIGHT = {"zeep": 9, "node-soap": 42, "xroad-wsdl": 0, "gov-nl-suwinet-wsdl": 11}

MAX_LEVELS, MAX_MENDS = 4, 1500
PATTERNED = ("20200101", "A", "2020-01-01", "1234AB", "AA", "AB12AB")

pytestmark = pytest.mark.skipif(not SUITES, reason="SUITES_DIR is not set: third-party suites are not there")


def _wsdls(suite: str) -> list[Path]:
    return sorted(Path(SUITES or "", suite).rglob("*.wsdl"))


class _Skeleton:
    """A body with everything that can be in it, four levels deep, mended by what the schema says against it."""

    def __init__(self) -> None:
        self._values: dict[str, Json] = {}
        self._dropped: set[str] = set()
        self._tries: Counter[str] = Counter()

    def of(self, message: Message | None) -> dict[str, Json]:
        value = {} if message is None else self._value(message.shape, "", 0)
        return value if isinstance(value, dict) else {"value": value}

    def mend(self, failure: ComposeFailed) -> bool:
        """Whether the next skeleton differs: another value for the element complained of, in the end none."""
        reason = str(failure.facts["reason"]).partition("; Element")[0]
        name = str(failure.facts.get("element", ""))
        if not name or name in self._dropped:
            return False
        choices = re.search(r"element of the set \{'([^']*)'", reason)
        length = re.search(r"(?:minimum|maximum|allowed) length of '(\d+)'", reason)
        self._tries[name] += 1
        if choices and self._tries[name] <= len(PATTERNED):
            self._values[name] = choices[1]
        elif "[facet" in reason and self._tries[name] <= len(PATTERNED):
            self._values[name] = "1" * int(length[1]) if length else PATTERNED[self._tries[name] - 1]
        else:
            self._dropped.add(name)
        return True

    def _value(self, shape: Shape, name: str, depth: int) -> Json:
        if shape.plain:
            return self._values.get(name, _single(shape))
        value: dict[str, Json] = {}
        if shape.codec is not None:
            value["_text"] = self._values.get(name, _single(shape))
        if depth <= MAX_LEVELS:
            for key, one in shape.fields.items():
                if key not in self._dropped:
                    inside = self._value(one.shape, key, depth + 1)
                    value[key] = [inside] if one.many else inside
        return value


def _single(shape: Shape) -> Json:
    for candidate in ("1", "2020-01-01", "true"):
        try:
            if shape.codec is not None:
                shape.codec.write(shape.codec.read(candidate))
                return candidate
        except ValueError:
            continue
    return "x"


def _round_trip(service: SoapService, name: str) -> str:
    """``right`` when request and reply travel, ``loose`` when no skeleton satisfies the schema."""
    operation, skeleton = service._operations[name], _Skeleton()
    for _ in range(MAX_MENDS):
        try:
            _there_and_back(service, name, skeleton.of(operation.request), skeleton.of(operation.reply))
        except ComposeFailed as exc:
            if not skeleton.mend(exc):
                break
        except SoapRefused as exc:
            return "ambiguous" if "several operations" in exc.message else "wrong"
        else:
            return "right"
    return "loose"


def _there_and_back(service: SoapService, name: str, asked: dict[str, Json], told: dict[str, Json]) -> None:
    raw = service.compose(name, asked)
    came = service.parse_request(raw, service.soap_action(name))
    assert came.operation == name
    assert service.parse_request(service.compose(name, came.body), service.soap_action(name)) == came
    answer = service.reply(name, told)
    reply = service.parse_reply(name, answer)
    assert reply.body is not None
    assert service.parse_reply(name, service.reply(name, reply.body)) == reply


@pytest.mark.parametrize("suite", FOLDERS)
def test_foreign_wsdls_make_a_round_trip_or_are_refused_with_our_own_error(
    suite: str,
) -> None:
    counts: Counter[str] = Counter()
    refusals: list[str] = []
    for path in _wsdls(suite):
        try:
            service = SoapService(path, name=path.stem, folder=Path(SUITES or "", suite))
        except WsdlRefused as exc:
            counts["refused"] += 1
            refusals.append(exc.message[:230])
            continue
        counts["loaded"] += 1
        counts.update(_round_trip(service, name) for name in service.operations)
        counts["unusable operations"] += len(service.unusable)
    report = "\n  ".join([f"{suite}: {dict(counts)}", *refusals])
    sys.stdout.write(f"\n{report}\n")
    assert counts["wrong"] == 0, report
    assert counts["loaded"] >= LOADED[suite], report
    assert counts["right"] >= RIGHT[suite], report
