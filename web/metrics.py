"""What /metrics tells: every name with its meaning and labels in one table, and the counts that this process keeps itself.

Gauges of the table are counted in the database when Prometheus asks, and what grows is kept there too, so any web process
tells the same; the figures about HTTP are this process's own. No label holds an id of a dossier, a person or a call.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as MetricFamily

from engine.queries import health
from web.container import Container

EXTENSION = "lienthong_metrics"
Tally = tuple[str, str, str, float, float]
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A name as Prometheus knows it."""

    name: str
    about: str
    labels: Sequence[str] = ()
    kind: str = "gauge"


COUNTED = {
    "dossiers": Metric(
        name="lienthong_dossiers",
        about="Dossiers by state (the portal's status 1 to 10) and procedure",
        labels=("state", "procedure"),
    ),
    "overdue": Metric(
        name="lienthong_deadline_overdue",
        about="Dossiers that are not over and past their due date, by the competent unit",
        labels=("agency", "procedure"),
    ),
    "outbox": Metric(
        name="lienthong_outbox_messages", about="Calls that are not over", labels=("state", "partner")
    ),
    "outbox_oldest": Metric(
        name="lienthong_outbox_oldest_age_seconds",
        about="Age of the oldest call to a partner that is not over",
        labels=("partner",),
    ),
    "unknown": Metric(
        name="lienthong_unknown_outcomes",
        about="Calls of which nobody knows yet what became of them",
        labels=("partner",),
    ),
    "partner_open": Metric(
        name="lienthong_partner_breaker_open",
        about="1 while a partner's breaker is open: it does not answer",
        labels=("partner",),
    ),
    "partner_paused": Metric(
        name="lienthong_partner_paused", about="1 while an admin pauses a partner", labels=("partner",)
    ),
    "partner_drift": Metric(
        name="lienthong_partner_drift",
        about="Comparisons of a partner's contract or description that differ: see the partner's page",
        labels=("partner",),
    ),
    "certificate": Metric(
        name="lienthong_certificate_expiry_timestamp_seconds",
        about="When the certificate that a partner showed last runs out; not there for partners without TLS",
        labels=("partner",),
    ),
    "events_pending": Metric(name="lienthong_events_pending", about="Events that wait to be applied"),
    "events_oldest": Metric(
        name="lienthong_events_oldest_age_seconds", about="Age of the oldest event that waits"
    ),
    "events_set_aside": Metric(
        name="lienthong_events_set_aside", about="Events that were set aside after failing three times"
    ),
    "incidents_open": Metric(
        name="lienthong_incidents_open", about="Incidents that a person must decide", labels=("cause",)
    ),
    "work_items_open": Metric(
        name="lienthong_work_items_open", about="Work items that wait for a person", labels=("unit",)
    ),
    "messages_kept": Metric(
        name="lienthong_messages_waiting", about="Messages that nobody took yet", labels=("state",)
    ),
    "timers_late": Metric(
        name="lienthong_timer_lateness_seconds", about="How long the latest due timer has not fired"
    ),
    "schedule_late": Metric(
        name="lienthong_schedule_lateness_seconds",
        about="How long the most overdue row of the timetable waits: the scheduler is gone if it grows",
    ),
    "jobs": Metric(name="lienthong_jobs", about="Background jobs by state", labels=("state",)),
    "jobs_stalled": Metric(
        name="lienthong_jobs_stalled",
        about="Background jobs whose worker has been silent for 30 s and that nobody has taken up again",
    ),
    "workers": Metric(name="lienthong_workers", about="Workers that gave a sign of life in the last 30 s"),
    "heartbeat": Metric(
        name="lienthong_worker_heartbeat_age_seconds",
        about="Time since any worker gave a sign of life; not there when no worker ever did",
    ),
    "unstamped": Metric(
        name="lienthong_evidence_unstamped_age_seconds",
        about="Time since timelines were anchored, 0 while none has grown since; not there before the first anchor",
    ),
    "backup_verified": Metric(
        name="lienthong_backup_last_verified_timestamp_seconds",
        about="The moment whose data the newest backup holds that was restored and compared; 0: there is none, although the"
        " timetable makes backups; not there where nobody makes any",
    ),
    "clock_offset": Metric(
        name="lienthong_clock_offset_seconds",
        about="How far the clock of the answering process is ahead of the database's",
    ),
    "database_size": Metric(name="lienthong_database_size_bytes", about="Size of the database on disk"),
}
ATTEMPTS = Metric(
    name="lienthong_delivery_attempts_total",
    about="Attempts to deliver a call that have ended, by partner and outcome; counted every 15 s",
    labels=("partner", "outcome"),
    kind="counter",
)
STEPS = Metric(
    name="lienthong_step_duration_seconds",
    about="How long steps took: calls (service) and work items (user); counted every 15 s",
    labels=("procedure", "kind"),
    kind="histogram",
)
REQUESTS = Metric(
    name="lienthong_http_requests_total",
    about="Requests answered by this web process",
    labels=("method", "route", "status"),
    kind="counter",
)
DURATION = Metric(
    name="lienthong_http_request_duration_seconds",
    about="Time from a request's arrival to its answer, by route",
    labels=("method", "route"),
    kind="histogram",
)
BUILD = Metric(name="lienthong_build_info", about="1; the version is a label", labels=("version",))
ALL = (*COUNTED.values(), ATTEMPTS, STEPS, REQUESTS, DURATION, BUILD)


class Metrics:
    """One application's registry."""

    def __init__(self, container: Container) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Counts(container))
        self._requests = Counter(REQUESTS.name, REQUESTS.about, REQUESTS.labels, registry=self._registry)
        self._duration = Histogram(
            DURATION.name, DURATION.about, DURATION.labels, registry=self._registry, buckets=_BUCKETS
        )

    def text(self) -> bytes:
        """Everything in Prometheus' text form. Raises: StoreError."""
        return generate_latest(self._registry)

    def note(self, response: Response, seconds: float) -> None:
        route = request.url_rule.rule if request.url_rule else "(none)"
        method = request.method if request.url_rule else "(any)"  # strangers may invent methods and addresses
        self._requests.labels(method, route, str(response.status_code)).inc()
        self._duration.labels(method, route).observe(seconds)


def init_app(app: Flask, container: Container) -> None:
    """Measure every request of *app*."""
    metrics = app.extensions[EXTENSION] = Metrics(container)

    def begin() -> None:
        g.begun = time.perf_counter()

    def end(response: Response) -> Response:
        metrics.note(response, time.perf_counter() - g.get("begun", time.perf_counter()))
        return response

    app.before_request(begin)
    app.after_request(end)


def markdown() -> str:
    """The page docs/metrics.md."""
    lines = [
        "# Metrics",
        "",
        "`/metrics` answers keys with the scope `metrics`. Gauges are counted in the database when they are asked for, and what",
        "only grows is kept there: every web process tells the same, and no restart begins anew. What begins with",
        "`lienthong_http_` is of the process that answers. Labels hold no ids.",
        "Alert rules and a dashboard are in [operations/](operations/).",
        "",
        "| name | kind | labels | meaning |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| `{one.name}` | {one.kind} | {', '.join(f'`{label}`' for label in one.labels) or '–'} | {one.about} |"
        for one in ALL
    ]
    return "\n".join(lines) + "\n"


class _Counts:
    """A collector that counts rows when it is asked."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def describe(self) -> Iterator[MetricFamily]:
        for metric in (*COUNTED.values(), BUILD):
            yield _gauge(metric)
        yield _attempts([])
        yield _steps([])

    def collect(self) -> Iterator[MetricFamily]:
        families = {key: _gauge(metric) for key, metric in COUNTED.items()}
        with self._container.store.reading() as connection:
            for key, one, two, value in health.counts(connection, self._container.clock.now()):
                families[key].add_metric([one, two][: len(COUNTED[key].labels)], value)
            tallies = health.tallies(connection)
        yield from families.values()
        yield _attempts(tallies)
        yield _steps(tallies)
        build = _gauge(BUILD)
        build.add_metric([self._container.version], 1)
        yield build


def _gauge(metric: Metric) -> GaugeMetricFamily:
    return GaugeMetricFamily(metric.name, metric.about, labels=metric.labels)


def _attempts(tallies: Sequence[Tally]) -> CounterMetricFamily:
    family = CounterMetricFamily(ATTEMPTS.name, ATTEMPTS.about, labels=ATTEMPTS.labels)
    for metric, partner, outcome, _, value in tallies:
        if metric == "attempts":
            family.add_metric([partner, outcome], value)
    return family


def _steps(tallies: Sequence[Tally]) -> HistogramMetricFamily:
    family = HistogramMetricFamily(STEPS.name, STEPS.about, labels=STEPS.labels)
    sums = {(one, two): value for metric, one, two, _, value in tallies if metric == "steps-sum"}
    buckets: dict[tuple[str, str], list[tuple[str, float]]] = {}
    for metric, one, two, bound, value in tallies:
        if metric == "steps":
            buckets.setdefault((one, two), []).append((_bound(bound), value))
    for labels, found in buckets.items():
        family.add_metric(labels, buckets=found, sum_value=sums.get(labels, 0.0))
    return family


def _bound(seconds: float) -> str:
    return "+Inf" if seconds == float("inf") else str(seconds)
