from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dossiers import timeline
from engine.dossiers.timeline import Link

CODE = "H56.14-261122-0001"
BEGIN = datetime(2026, 11, 22, 1, 2, 3, 456, tzinfo=UTC)


def written(count: int, dossier: str = CODE) -> list[Link]:
    links, previous = [], timeline.genesis(dossier)
    for seq in range(1, count + 1):
        body = timeline.entry_bytes(
            seq, BEGIN + timedelta(minutes=seq), "status", {"status": seq, "name": "Đã"}
        )
        previous = timeline.chain(previous, body)
        links.append(Link(seq=seq, body=body, hash=previous))
    return links


def test_an_entry_is_the_same_bytes_whatever_the_order_or_the_zone() -> None:
    hanoi = BEGIN.astimezone(timezone(timedelta(hours=7)))
    body = timeline.entry_bytes(1, BEGIN, "status", {"b": 1, "a": "ệ"})
    assert body == timeline.entry_bytes(1, hanoi, "status", {"a": "ệ", "b": 1})
    assert (
        body
        == '{"at":"2026-11-22T01:02:03.000456Z","facts":{"a":"ệ","b":1},"kind":"status","seq":1}'.encode()
    )


def test_an_entry_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        timeline.entry_bytes(1, BEGIN.replace(tzinfo=None), "status", {})


def test_an_untouched_chain_holds() -> None:
    links = written(5)
    assert timeline.verify(CODE, links, head=(5, links[-1].hash)) == []
    assert timeline.verify(CODE, []) == []


@given(at=st.integers(0, 7), byte=st.integers(0, 40))
def test_one_changed_byte_is_found_where_it_is(at: int, byte: int) -> None:
    links = written(8)
    body = bytearray(links[at].body)
    body[byte] ^= 1
    links[at] = replace(links[at], body=bytes(body))
    assert [b.seq for b in timeline.verify(CODE, links)] == [at + 1]


def test_a_rewritten_entry_with_a_fitting_hash_breaks_at_the_next() -> None:
    links = written(4)
    body = links[1].body.replace(b'"status":2', b'"status":9')
    links[1] = Link(seq=2, body=body, hash=timeline.chain(links[0].hash, body))
    assert [b.seq for b in timeline.verify(CODE, links)] == [3]


def test_a_removed_entry_and_exchanged_entries_are_found() -> None:
    links = written(4)
    assert timeline.verify(CODE, [links[0], *links[2:]])[0].seq == 3
    assert timeline.verify(CODE, [links[1], links[0], *links[2:]])[0].seq == 2


def test_a_cut_tail_and_a_whole_new_chain_show_against_the_anchor() -> None:
    links = written(4)
    head = (4, links[3].hash)
    assert timeline.verify(CODE, links[:3]) == []
    assert timeline.verify(CODE, links[:3], head)[0].reason == "missing at the end"
    body = timeline.entry_bytes(4, BEGIN, "status", {"status": 1})
    forged = [*links[:3], Link(seq=4, body=body, hash=timeline.chain(links[2].hash, body))]
    assert timeline.verify(CODE, forged, head)[0].reason == "differs from the dossier's head"


def test_a_chain_belongs_to_one_dossier() -> None:
    assert timeline.verify("H56.14-261122-0002", written(2))[0].seq == 1


def test_a_body_under_another_number_is_found_even_with_a_fitting_hash() -> None:
    body = timeline.entry_bytes(7, BEGIN, "status", {})
    link = Link(seq=1, body=body, hash=timeline.chain(timeline.genesis(CODE), body))
    assert timeline.verify(CODE, [link])[0].reason == "bytes belong to another number"


def test_bytes_that_are_no_json_are_a_break_not_a_crash() -> None:
    link = Link(seq=1, body=b"\xff", hash=timeline.chain(timeline.genesis(CODE), b"\xff"))
    assert timeline.verify(CODE, [link])[0].seq == 1


def test_personal_data_is_a_digest_that_only_the_salt_explains() -> None:
    one = timeline.digest(b"salt", "001099000001")
    assert one == timeline.digest(b"salt", "001099000001")
    assert one != timeline.digest(b"pepper", "001099000001")
    assert len(one) == 64
