"""Many threads, one set of partners: no answer reaches another call, and a fresh log-in is fetched once for all."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from partners import INPUTS, Bench, bench

from adapters.transport.tokens import TokenStore
from engine.exchange.ports import Json, Outcome

THREADS = 8
CALLS = 240


def test_no_answer_reaches_another_call_while_connections_break(tmp_path: Path) -> None:
    """The population database answers with the number that it was asked for."""
    with bench(tmp_path) as both:
        for fault, skip in (("twice", 3), ("drop-after", 5), ("garbage", 8), ("html", 13), ("twice", 21)):
            both.fault(partner="population", fault=fault, times=12, skip=skip)

        def verify(number: int) -> tuple[Outcome, str, Json]:
            identity = f"{number:012d}"
            return ask(both, identity)

        with ThreadPoolExecutor(THREADS) as pool:
            answers = list(pool.map(verify, range(CALLS)))
    done = [(asked, reply) for outcome, asked, reply in answers if outcome is Outcome.OK]
    assert len(done) > CALLS / 2
    assert {outcome for outcome, _, _ in answers} == {Outcome.OK, Outcome.UNKNOWN}
    for asked, reply in done:
        assert isinstance(reply, dict)
        citizen = reply["citizen"]
        assert isinstance(citizen, dict)
        assert citizen["SoDinhDanh"] == asked


def ask(both: Bench, identity: str) -> tuple[Outcome, str, Json]:
    inputs = {**INPUTS["population", "TraCuuThongTinCongDan"], "identity": identity}
    answer = both.partners.send(both.dispatch("population", "TraCuuThongTinCongDan", inputs))
    return answer.outcome, identity, answer.reply


def test_threads_that_were_refused_together_log_in_once_together() -> None:
    fetched: list[int] = []
    store = TokenStore()

    def fetch() -> tuple[str, float]:
        fetched.append(1)
        return f"token-{len(fetched)}", 60.0

    first = store.get(fetch)
    with ThreadPoolExecutor(THREADS) as pool:
        fresh = list(pool.map(lambda _: store.get(fetch, refused=first), range(50)))
    assert len(fetched) == 2
    assert {token.value for token in fresh} == {"token-2"}


def test_a_token_that_has_ended_is_fetched_anew() -> None:
    store = TokenStore()
    first = store.get(lambda: ("a", 0.0))
    assert store.get(lambda: ("b", 60.0)).value == "b"
    assert first.value == "a"


def test_an_ended_session_under_load_is_renewed_without_losing_a_call(tmp_path: Path) -> None:
    with bench(tmp_path) as both:
        both.fault(partner="portal", fault="expire", times=1, skip=30)

        def look(number: int) -> Outcome:
            call = both.dispatch("portal", "TraCuuHoSo", {"code": f"H99.14-261121-{number:04d}"})
            return both.partners.send(call).outcome

        with ThreadPoolExecutor(THREADS) as pool:
            outcomes = list(pool.map(look, range(100)))
        assert len(both.journal("refused")) <= THREADS
    assert outcomes == [Outcome.OK] * 100
