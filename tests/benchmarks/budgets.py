"""The budgets in force (design §7): for each key of `bench.json` what is asked, and what measures it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.benchmarks import (
    bare,
    crowd,
    decisions,
    endtoend,
    engine_speed,
    expressions,
    growth,
    latency,
    pages,
    posting,
    readiness,
    soap,
    timers,
)
from tests.benchmarks.place import Place

Measure = Callable[[Place], Mapping[str, float]]

MEASUREMENTS: Mapping[str, Measure] = {
    "feel": expressions.measure,
    "decisions": decisions.measure,
    "soap": soap.measure,
    "engine": engine_speed.measure,
    "bare": bare.measure,
    "growth": growth.measure,
    "endtoend": endtoend.measure,
    "latency": latency.measure,
    "timers": timers.measure,
    "ready": readiness.measure,
    "crowd": crowd.measure,
    "posting": posting.measure,
    "pages": pages.measure,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """At least or at most *limit*."""

    limit: float
    at_least: bool

    def met(self, measured: float) -> bool:
        return measured >= self.limit if self.at_least else measured <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}"


def at_least(limit: float) -> Budget:
    return Budget(limit=limit, at_least=True)


def at_most(limit: float) -> Budget:
    return Budget(limit=limit, at_least=False)


BUDGETS: Mapping[str, Budget] = {
    "engine_dossiers_per_s_1": at_least(200),
    "engine_dossiers_per_s_2": at_least(350),
    "engine_vs_bare": at_least(1.2),
    "engine_ungrouped_vs_bare": at_least(0.5),
    "e2e_dossiers_per_s": at_least(60),
    "e2e_calls_per_s": at_least(360),
    "latency_p50_ms": at_most(10),
    "latency_p99_ms": at_most(50),
    "step_1000_vs_10": at_most(1.5),
    "payload_1mb_vs_1kb": at_most(2),
    "waiting_100k_vs_1k": at_most(1.5),
    "timer_lateness_p99_s": at_most(2),
    "feel_us": at_most(1.5),
    "feel_compile_us": at_most(100),
    "dmn_table_us": at_most(60),
    "dmn_table_1000_us": at_most(1000),
    "soap_in_per_s": at_least(2000),
    "ready_first_s": at_most(4),
    "ready_again_s": at_most(2),
    "post_p95_ms": at_most(50),
    "pages_p95_ms": at_most(300),
}
