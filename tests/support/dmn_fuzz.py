"""Throws mutated DMN models at the reader, the checks and the decisions; anything but our own errors is a find.

`fuzz` runs it beside the expressions of `feel_fuzz`, which holds the pieces of FEEL that are put into models.
"""

import copy
import random
import sys
import time
from collections import Counter

from dmn_models import data, decision, feel, model, table
from feel_cases import NOW, EveryDayWorks, cases
from feel_fuzz import SLOW_SECONDS, mutated
from lxml import etree

from engine.errors import LienthongError
from engine.feel import to_json
from engine.feel.registry import BUILTINS
from engine.models.decisions import Surroundings, explain, load
from engine.models.decisions.checks import check

_TYPES = ("number", "string", "tPart", "tParts", "tTree", "tNone", "date", "Any", "duration", "tFunction", "")
_POLICIES = ("UNIQUE", "FIRST", "ANY", "PRIORITY", "COLLECT", "RULE ORDER", "OUTPUT ORDER", "", "X")
_VALUES: tuple[object, ...] = (None, 0, -1.5, "a", True, [], [1, 2], {"a": 1, "b": "x"}, [{"a": 1}], 10**40)
SURROUNDINGS = Surroundings(clock=lambda: NOW, calendar=EveryDayWorks())

_ITEMS = """<itemDefinition name="tPart"><itemComponent name="a"><typeRef>number</typeRef></itemComponent>
<itemComponent name="b"><typeRef>string</typeRef><allowedValues><text>"x", "y"</text></allowedValues></itemComponent>
</itemDefinition><itemDefinition name="tParts" isCollection="true"><typeRef>tPart</typeRef>
<typeConstraint><text>count(?) &lt; 5</text></typeConstraint></itemDefinition>
<itemDefinition name="tTree"><itemComponent name="sub" isCollection="true"><typeRef>tTree</typeRef></itemComponent>
</itemDefinition><itemDefinition name="tFunction"><functionItem outputTypeRef="number">
<parameters name="p" typeRef="number"/></functionItem></itemDefinition>"""
_BOXED = f"""<context><contextEntry><variable name="l"/><list>{feel("x")}{feel("1")}</list></contextEntry>
<contextEntry><variable name="f"/><functionDefinition><formalParameter name="p" typeRef="number"/>{feel("p + x")}
</functionDefinition></contextEntry><contextEntry><variable name="r"/><relation><column name="k"/><row>{feel("1")}</row>
</relation></contextEntry><contextEntry><variable name="c"/><conditional><if>{feel("x > 1")}</if><then>{feel("l")}</then>
<else>{feel("r")}</else></conditional></contextEntry><contextEntry><variable name="w"/><filter><in>{feel("l")}</in>
<match>{feel("item > 0")}</match></filter></contextEntry><contextEntry><variable name="e"/><for iteratorVariable="i">
<in>{feel("w")}</in><return>{feel("f(i) + count(partial)")}</return></for></contextEntry><contextEntry><variable name="s"/>
<some iteratorVariable="i"><in>{feel("e")}</in><satisfies>{feel("i > 1")}</satisfies></some></contextEntry>
<contextEntry><variable name="v"/><invocation>{feel("k")}<binding><parameter name="p"/>{feel("x")}</binding></invocation>
</contextEntry></context>"""
_KNOWLEDGE = f"""<businessKnowledgeModel id="k" name="k"><variable name="k" typeRef="number"/><encapsulatedLogic>
<formalParameter name="p" typeRef="number"/>{feel("p * 2")}</encapsulatedLogic></businessKnowledgeModel>"""
_SERVICE = """<decisionService id="s" name="s"><variable name="s"/><outputDecision href="#d_T"/>
<encapsulatedDecision href="#d_B"/><inputDecision href="#d_L"/><inputData href="#x"/></decisionService>"""
_OUTPUT = '<output name="o" typeRef="string"><outputValues><text>"b", "a"</text></outputValues></output>'


def seeds() -> list[bytes]:
    """Whole models, one or more of everything that DMN has."""
    cells = [["> 10", '"x", "y"', '"a"'], ["[1..10]", "-", '"b"'], ["? < 1 and even(?)", 'not("z")', "null"]]
    columns = [("x", "number"), ("L.b", "string")]
    return [
        model(
            _ITEMS,
            _KNOWLEDGE,
            _SERVICE,
            data("x", "number"),
            data("part", "tPart"),
            decision("L", feel("part"), ["part"], "tPart"),
            decision("B", _BOXED, ["x"], knows=["k"]),
            decision("T", table(columns, [_OUTPUT], cells, policy, extra), ["x", "d_L"]),
            decision("S", feel("[s(x, L), k(x), B.e, T]"), ["x", "d_L", "d_B", "d_T"], knows=["s", "k"]),
        )
        for policy, extra in (
            ("FIRST", ""),
            ("OUTPUT ORDER", ""),
            ("COLLECT", ' aggregation="MAX"'),
            ("UNIQUE", ""),
        )
    ]


def changed(source: bytes, pool: list[str], chance: random.Random) -> bytes:
    """The model with some elements, attributes or texts changed."""
    root = etree.fromstring(source)
    for _ in range(chance.randint(1, 5)):
        _change(root, chance.choice(list(root.iter())), pool, chance)
    found = bytes(etree.tostring(root))
    if chance.random() < 0.05:
        at = chance.randrange(len(found))
        return found[:at] + bytes([chance.randrange(256)]) + found[at + chance.randrange(3) :]
    return found


def _change(root: etree._Element, one: etree._Element, pool: list[str], chance: random.Random) -> None:
    parent, action = one.getparent(), chance.randrange(8)
    if action == 0 and parent is not None:
        parent.remove(one)
    elif action == 1 and parent is not None:
        parent.insert(chance.randrange(len(parent) + 1), copy.deepcopy(one))
    elif action == 2 and parent is not None and one is not root:
        chance.choice(list(root.iter())).append(copy.deepcopy(one))
    elif action < 5 and one.text and one.text.strip():
        one.text = mutated(chance.choice([one.text, *pool]), pool, chance).translate(_UNWRITABLE)
    elif one.attrib:
        one.set(chance.choice(list(one.attrib)), _attribute(root, chance))


_UNWRITABLE = dict.fromkeys((*range(32), *range(55296, 57344), 65534, 65535))


def _attribute(root: etree._Element, chance: random.Random) -> str:
    others = [value for one in root.iter() for value in one.attrib.values()]
    pools = (
        _TYPES,
        _POLICIES,
        others,
        list(BUILTINS),
        ["#d_S", "#s", "urn:x#y", "?", "item", "partial", "true"],
    )
    return str(chance.choice(chance.choice(pools)))


def attempt(source: bytes, chance: random.Random) -> str:
    """What is wrong with how this model was handled; empty if nothing is."""
    start = time.thread_time()
    try:
        check(source)
        one = load(source)
        for node in list(one.definitions.nodes.values()):
            inputs = {name: chance.choice(_VALUES) for name in ("x", "part", node.name)}
            kind = "decisionService" if node.kind == "decisionService" else "decision"
            _ask(source, node.name, inputs, kind)
    except LienthongError:
        pass
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        return f"{type(error).__name__}: {error}"
    spent = time.thread_time() - start
    return f"took {spent:.2f} s" if spent > 4 * SLOW_SECONDS else ""


def _ask(source: bytes, name: str, inputs: dict[str, object], kind: str) -> None:
    try:
        found = explain(load(source), name, inputs, kind=kind, surroundings=SURROUNDINGS)
        to_json(found.value)
    except LienthongError:
        return


def run(minutes: float, seed: int) -> int:
    """Print executions and finds; the number of finds."""
    chance = random.Random(seed)
    texts = [case.expression for case in cases()]
    pool = seeds()
    finds: Counter[str] = Counter()
    end, executions = time.monotonic() + 60 * minutes, 0
    while time.monotonic() < end:
        source = changed(chance.choice(pool), texts, chance)
        wrong = attempt(source, chance)
        executions += 1
        if wrong and not finds[wrong]:
            sys.stdout.write(f"{wrong}\n    {source.decode('utf-8', 'replace')}\n")
        finds[wrong] += bool(wrong)
        if len(pool) < 200 and not wrong and len(source) < 20_000 and chance.random() < 0.02:
            pool += [source] if _reads(source) else []
    sys.stdout.write(f"fuzz dmn: {executions} executions, seed {seed}, {len(+finds)} finds\n")
    return len(+finds)


def _reads(source: bytes) -> bool:
    try:
        etree.fromstring(source)
    except etree.XMLSyntaxError:
        return False
    return True
