"""Random block-structured models: every element completes exactly as often as its blocks say, in any order of the outside.

The expected counts are worked out while the model is made, from what BPMN says of each block, not by the engine.
"""

import re
from collections import Counter
from itertools import pairwise
from random import Random

import orjson
import pytest
from walks import Walk, bpmn, flows, node, script, when

from engine.models.deployment import Deployment, from_files
from engine.models.findings import errors_in
from engine.models.linting import lint
from engine.runtime import migrating, moving
from engine.runtime.progress import Closed, Moved, WorkItemDone, WorkItemOpened


class Blocks:
    """Makes one model; *counts* says how often each task must complete."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.body: list[str] = []
        self.counts: Counter[str] = Counter()
        self._number = 0

    def key(self, kind: str) -> str:
        self._number += 1
        return f"{kind}{self._number}"

    def block(self, depth: int, times: int) -> tuple[str, str]:
        """A block that runs *times*; its first and last element."""
        leaf = (self.task, self.person)
        kinds = (
            leaf
            if depth == 0
            else (*leaf, self.row, self.parallel, self.choice, self.several, self.loop, self.sub)
        )
        return self.random.choice(kinds)(depth, times)

    def task(self, depth: int, times: int) -> tuple[str, str]:
        key = self.key("t")
        self.body.append(script(key, '"x"', "v" + key))
        self.counts[key] += times
        return key, key

    def person(self, depth: int, times: int) -> tuple[str, str]:
        key = self.key("u")
        self.body.append(node("userTask", key))
        self.counts[key] += times
        return key, key

    def row(self, depth: int, times: int) -> tuple[str, str]:
        parts = [self.block(depth - 1, times) for _ in range(self.random.randint(2, 3))]
        for (_, end), (start, _) in pairwise(parts):
            self.body.append(flows(f"{end} {start}"))
        return parts[0][0], parts[-1][1]

    def parallel(self, depth: int, times: int) -> tuple[str, str]:
        fork, join = self.key("f"), self.key("j")
        self.body += [node("parallelGateway", fork), node("parallelGateway", join)]
        for _ in range(self.random.randint(2, 3)):
            start, end = self.block(depth - 1, times)
            self.body.append(flows(f"{fork} {start}", f"{end} {join}"))
        return fork, join

    def choice(self, depth: int, times: int) -> tuple[str, str]:
        split, merge = self.key("x"), self.key("m")
        taken = self.random.randint(0, 1)
        starts = []
        for index in range(2):
            start, end = self.block(depth - 1, times if index == taken else 0)
            starts.append(start)
            self.body.append(flows(f"{end} {merge}"))
        self.body.append(node("exclusiveGateway", split, default=f"{split}-{starts[1]}"))
        self.body.append(node("exclusiveGateway", merge))
        self.body.append(
            when(split, starts[0], "=true" if taken == 0 else "=false") + flows(f"{split} {starts[1]}")
        )
        return split, merge

    def several(self, depth: int, times: int) -> tuple[str, str]:
        split, merge = self.key("o"), self.key("i")
        true = [self.random.random() < 0.5 for _ in range(2)]
        for holds in true:
            start, end = self.block(depth - 1, times if holds else 0)
            self.body.append(when(split, start, f"={str(holds).lower()}") + flows(f"{end} {merge}"))
        start, end = self.block(depth - 1, 0 if any(true) else times)
        self.body.append(flows(f"{split} {start}", f"{end} {merge}"))
        self.body.append(node("inclusiveGateway", split, default=f"{split}-{start}"))
        self.body.append(node("inclusiveGateway", merge))
        return split, merge

    def loop(self, depth: int, times: int) -> tuple[str, str]:
        rounds = self.random.randint(1, 3)
        first, again, count, turn = self.key("b"), self.key("m"), self.key("c"), self.key("g")
        number = f"n{first}"
        start, end = self.block(depth - 1, times * rounds)
        after = self.key("a")
        self.body += [
            script(first, "0", number),
            node("exclusiveGateway", again),
            script(count, f"{number} + 1", number),
            node("exclusiveGateway", turn, default=f"{turn}-{after}"),
            node("exclusiveGateway", after),
            flows(f"{first} {again} {start}", f"{end} {count} {turn} {after}"),
            when(turn, again, f"={number} < {rounds}"),
        ]
        self.body.append("")
        self.counts[first] += times
        self.counts[count] += times * rounds
        return first, after

    def sub(self, depth: int, times: int) -> tuple[str, str]:
        key = self.key("s")
        outside, self.body = self.body, []
        start, end = self.block(depth - 1, times)
        self.body += [
            node("startEvent", key + "s"),
            node("endEvent", key + "e"),
            flows(f"{key}s {start}", f"{end} {key}e"),
        ]
        inside, self.body = "".join(self.body), outside
        self.body.append(node("subProcess", key, inside))
        self.counts.update({key: times, key + "s": times, key + "e": times})
        return key, key


def _model(seed: int) -> tuple[bytes, Counter[str]]:
    blocks = Blocks(Random(seed))
    start, end = blocks.row(4, 1)
    body = node("startEvent", "start") + node("endEvent", "end") + "".join(blocks.body)
    blocks.counts.update({"start": 1, "end": 1})
    return bpmn(body + flows(f"start {start}", f"{end} end")), +blocks.counts


def _open_items(walk: Walk) -> list[str]:
    closed = {change.task for change in walk.changes if isinstance(change, Closed)}
    return [c.task for c in walk.changes if isinstance(c, WorkItemOpened) and c.task not in closed]


@pytest.mark.parametrize("seed", range(40))
def test_every_element_completes_as_often_as_its_blocks_say(seed: int) -> None:
    model, counts = _model(seed)
    deployment = from_files({"m.bpmn": model})
    assert [one for one in errors_in(lint(deployment)) if one.rule != "gateway-flows"] == []
    random = Random(seed)
    walk = Walk(deployment, cached=seed % 2 == 0)
    for _ in range(2_000):
        items = _open_items(walk)
        if not items:
            break
        walk.happen(WorkItemDone(task=random.choice(items), data={}))
    assert walk.parked == []
    assert walk.ended
    assert walk.still_open() == set()
    assert Counter(walk.completed) == counts


@pytest.mark.parametrize("seed", range(60))
def test_whatever_is_moved_by_hand_what_is_open_is_what_the_tokens_wait_for(seed: int) -> None:
    """Each token goes to a random step of its own scope, in any order with what comes from outside."""
    random = Random(seed)
    walk = Walk(_model(seed)[0])
    for _ in range(30):
        places = moving.stands(walk.model.deployment, walk.last.state)
        if walk.ended:
            assert places == []
            break
        stand, items = random.choice(places), _open_items(walk)
        if random.random() < 0.5 or not items:
            target = random.choice(list(stand.targets))
            assert walk.happen(Moved(task=stand.task, origin=stand.element, target=target)).applied
        else:
            walk.happen(WorkItemDone(task=random.choice(items), data={}))
        tokens = orjson.loads(walk.last.state)["t"]
        assert set(_open_items(walk)) == {
            token[0] for token in tokens if token[2].startswith("u") and not token[9]
        }
    if walk.ended:
        assert _open_items(walk) == []


def _with_steps(model: bytes, random: Random) -> Deployment:
    """*model* with a step on some of its flows, which changes nothing of where its own steps stand."""

    def split(found: re.Match[str]) -> str:
        if random.random() < 0.7:
            return found[0]
        key, source, target = found.groups()
        step = f"n{key}"
        if source[0] in "xog":  # a gateway knows its default by the flow, a join what has come
            first, second = found[0].replace(f'Ref="{target}"', f'Ref="{step}"'), flows(f"{step} {target}")
        else:
            first, second = flows(f"{source} {step}"), found[0].replace(f'Ref="{source}"', f'Ref="{step}"')
        return first + script(step, '"y"', "new") + second

    plain = re.compile(r'<bpmn:sequenceFlow id="([^"]+)" sourceRef="([^"]+)" targetRef="([^"]+)"/>')
    text = plain.sub(split, model.decode())
    return from_files({"m.bpmn": text.encode()})


def _elements(walk: Walk) -> list[str]:
    where = {c.task: c.element for c in walk.changes if isinstance(c, WorkItemOpened)}
    return sorted(where[task] for task in _open_items(walk))


def _step(walk: Walk, element: str) -> list[str]:
    """Completes the oldest work item of *element*; what that completed."""
    before = len(walk.completed)
    where = {c.task: c.element for c in walk.changes if isinstance(c, WorkItemOpened)}
    task = next(one for one in _open_items(walk) if where[one] == element)
    assert walk.happen(WorkItemDone(task=task, data={})).applied
    return sorted(walk.completed[before:])


@pytest.mark.parametrize("seed", range(60))
def test_a_migrated_instance_goes_on_as_one_of_the_other_version(seed: int) -> None:
    """Both versions are walked alike; from some place on the older one's instance must do what the newer one's does."""
    random = Random(seed)
    model = _model(seed)[0]
    new = _with_steps(model, random)
    walk, other = Walk(model, cached=seed % 2 == 0), Walk(new)
    at = random.randint(0, 6)
    for number in range(2_000):
        assert _elements(walk) == _elements(other)
        if not _elements(walk):
            break
        if number == at:
            assert migrating.reasons(walk.model.deployment, new, walk.last.state) == []
            assert walk.migrate(new).applied
        element = random.choice(_elements(walk))
        done, wanted = _step(walk, element), _step(other, element)
        assert done == wanted if number >= at else set(done) <= set(wanted)
    assert walk.ended
    assert other.ended
    assert walk.parked == other.parked == []


@pytest.mark.parametrize("seed", range(60))
def test_wherever_an_instance_stands_its_own_version_can_come_to_it(seed: int) -> None:
    random = Random(seed)
    walk = Walk(_model(seed)[0])
    same = walk.model.deployment
    for _ in range(200):
        assert migrating.reasons(same, same, walk.last.state) == []
        if walk.ended:
            break
        _step(walk, random.choice(_elements(walk)))


@pytest.mark.parametrize("seed", range(40))
def test_without_the_step_where_a_token_stands_or_a_flow_that_its_join_counts_it_is_refused(
    seed: int,
) -> None:
    random = Random(seed)
    walk = Walk(_model(seed)[0])
    for _ in range(random.randint(0, 5)):
        if _elements(walk):
            _step(walk, random.choice(_elements(walk)))
    if walk.ended:
        return
    tokens = orjson.loads(walk.last.state)["t"]
    text = walk.model.deployment.files["m.bpmn"].decode()
    for token in tokens:
        if token[2].startswith("u"):
            gone = text.replace(f'<bpmn:userTask id="{token[2]}">', f'<bpmn:manualTask id="{token[2]}">')
            gone = gone.replace(
                f'<bpmn:manualTask id="{token[2]}"></bpmn:userTask>', f'<bpmn:manualTask id="{token[2]}"/>'
            )
        elif token[2].startswith("j"):
            gone = text.replace(f'id="{token[4]}"', f'id="{token[4]}x"')
        else:
            continue
        assert gone != text
        found = migrating.reasons(
            walk.model.deployment, from_files({"m.bpmn": gone.encode()}), walk.last.state
        )
        assert {(one.code, one.element) for one in found} & {
            ("kind-changed", token[2]),
            ("flow-gone", token[2]),
        }
