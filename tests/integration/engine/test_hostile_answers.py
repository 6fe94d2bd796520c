"""What partners answer on purpose or by mistake, that no contract foresees: it harms the one call at most, and is told."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from adapters.registry import PartnerSettings, load
from engine.actions.apply import ApplyPolicy
from engine.storage.partners import BreakerPolicy
from engine.worker import WorkerPolicy
from tests.support.exchange import Setup
from tests.support.raw_partner import RawPartner, http
from tests.support.waiting import until

OK = http(b'{"ma": 0}')
SWIFT = WorkerPolicy(
    apply=ApplyPolicy(retry_s=0.1),
    breaker=BreakerPolicy(failures=1000, open_s=0.05),
    poll_s=0.1,
    lease_margin_s=30.0,
    drain_s=2.0,
)


@pytest.fixture
def partner() -> Iterator[RawPartner]:
    raw = RawPartner(lambda _: OK)
    yield raw
    raw.close()


@pytest.fixture
def setup(database, tmp_path: Path, partner: RawPartner) -> Iterator[Setup]:
    place = Setup(database.url, tmp_path)
    place.partners.close()
    place.partners = load(
        place.roots,
        {"archive": PartnerSettings(url=partner.url, private=True)},
        simulators=place.simulators.url,
    )
    place.worker = place.new_worker(policy=SWIFT)
    yield place
    place.close()


HOSTILE = {
    "a reply nested deeper than can be written": http(b'{"ma": 0, "x": ' + b"[" * 600 + b"]" * 600 + b"}"),
    "a wait longer than time": http(b"", "Retry-After: " + "9" * 400, status="503 Service Unavailable"),
    "a wait of a thousand years": http(b"", "Retry-After: 31536000000", status="503 Service Unavailable"),
    "a wait that is no number": http(b"", "Retry-After: \xb2", status="503 Service Unavailable"),
    "a wait until no date": http(
        b"", "Retry-After: Mon, 99 Zzz 99999 99:99:99 GMT", status="503 Service Unavailable"
    ),
    "a reply with a NUL": http(b'{"ma": 0, "x": "\\u0000"}'),
    "a member name with a NUL": http(b'{"ma": 0, "\\u0000": 1}'),
    "a number beyond all": http(b'{"ma": 0, "x": 1e308}'),
    "a number without end": http(b'{"ma": ' + b"9" * 4000 + b"}"),
    "half a character": http(b'{"ma": 0, "x": "\\ud800"}'),
    "a wrong charset": http('{"ma": 0, "x": "Nguyễn"}'.encode("utf-16")),
    "a status that is none": http(b"{}", status="999 Huh"),
    "a gzip that was not asked for": http(b"\x1f\x8b\x08\x00" + b"\x00" * 100, "Content-Encoding: gzip"),
}


def is_over(setup: Setup) -> bool:
    """Whether the five good answers were taken, and no other is still awaited."""
    done = setup.scalar("SELECT count(*) FROM call WHERE operation = 'Ghi' AND status = 'done'")
    sending = setup.scalar("SELECT count(*) FROM call WHERE status = 'sending'")
    return int(str(done)) >= 5 and not sending


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_answer_keeps_the_answers_beside_it_and_says_what_became_of_its_call(
    setup: Setup, partner: RawPartner, kind: str
) -> None:
    codes = [setup.submit(f"d{number}") for number in range(6)]
    bad = codes[2].encode()
    partner.reply = lambda body: HOSTILE[kind] if bad in body and len(partner.requests) < 60 else OK
    while setup.worker.step():
        if setup.scalar("SELECT count(*) FROM call") == 6:
            break
    thread = Thread(target=setup.worker.run)
    thread.start()
    try:
        assert until(lambda: is_over(setup)), setup.rows("SELECT operation, status, detail FROM call")
    finally:
        setup.worker.stop()
        thread.join(10)
    settled = setup.rows(
        "SELECT d.code, c.status, c.due_at < now() + interval '2 days' FROM call c JOIN dossier d ON d.id = c.dossier_id"
        " WHERE c.operation = 'Ghi' ORDER BY c.id"
    )
    assert [status for code, status, _ in settled if code != codes[2]] == ["done"] * 5
    [(status, soon)] = [(status, soon) for code, status, soon in settled if code == codes[2]]
    assert status != "sending", "its answer was lost on the way to the database"
    assert soon, "nobody would look at it for years"
