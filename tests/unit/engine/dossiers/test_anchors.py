import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from engine.dossiers import anchors
from engine.dossiers.anchors import GENESIS, Anchor, Anchored, Head

AT = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)


def heads(count: int) -> list[Head]:
    return [
        Head(dossier=f"H56.14-261122-{n:04d}", seq=n + 1, hash=hashlib.sha256(bytes([n])).digest())
        for n in range(count)
    ]


def anchored(every: list[Head], index: int) -> Anchored:
    leaves = [anchors.leaf(one) for one in every]
    body = anchors.body(7, AT, leaves)
    anchor = Anchor(number=7, body=body, hash=anchors.chain(GENESIS, body))
    return Anchored(head=every[index], anchor=anchor, previous=GENESIS, path=anchors.path(leaves, index))


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13])
def test_every_head_of_an_anchor_is_proved_by_its_path(count: int) -> None:
    every = heads(count)
    assert [anchors.fault(anchored(every, index)) for index in range(count)] == [""] * count
    assert anchored(every, 0).at == "2026-11-22T18:30:00.000000Z"


@pytest.mark.parametrize("count", [2, 5, 8])
def test_another_head_an_altered_anchor_or_another_one_before_it_is_found(count: int) -> None:
    true = anchored(heads(count), 1)
    forged = replace(true, head=replace(true.head, hash=bytes(32)))
    assert "not the one that anchor 7 holds" in anchors.fault(forged)
    assert "not the one" in anchors.fault(replace(true, head=replace(true.head, seq=99)))
    assert "does not match its hash" in anchors.fault(replace(true, previous=bytes(32)))
    altered = replace(true.anchor, body=true.anchor.body.replace(b'"heads"', b'"Heads"'))
    assert "does not match its hash" in anchors.fault(replace(true, anchor=altered))
    unreadable = Anchor(number=7, body=b"[]", hash=anchors.chain(GENESIS, b"[]"))
    assert "not the one" in anchors.fault(replace(true, anchor=unreadable))
