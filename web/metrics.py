"""What /metrics tells: every name with its meaning and labels in one table, and the counts that this process keeps itself.

Gauges of the table are counted in the database when Prometheus asks, so any web process tells the same; the figures about
HTTP are this process's own. No label holds an id of a dossier, a person or a call.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily

from engine.queries import health
from web.container import Container

EXTENSION = "lienthong_metrics"
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
        about="Dossiers by status and procedure",
        labels=("status", "procedure"),
    ),
    "dossiers_overdue": Metric(
        name="lienthong_dossiers_overdue",
        about="Dossiers that are not over and past their due date",
        labels=("procedure",),
    ),
    "calls_open": Metric(
        name="lienthong_calls_open", about="Calls that are not over", labels=("state", "partner")
    ),
    "calls_oldest": Metric(
        name="lienthong_calls_oldest_age_seconds",
        about="Age of the oldest call to a partner that is not over",
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
        name="lienthong_timers_lateness_seconds", about="How long the latest due timer has not fired"
    ),
    "schedule_late": Metric(
        name="lienthong_schedule_lateness_seconds",
        about="How long the most overdue row of the timetable waits: the scheduler is gone if it grows",
    ),
    "jobs": Metric(name="lienthong_jobs", about="Background jobs by state", labels=("state",)),
    "database_size": Metric(name="lienthong_database_size_bytes", about="Size of the database on disk"),
}
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
ALL = (*COUNTED.values(), REQUESTS, DURATION, BUILD)


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
        "`/metrics` answers keys with the scope `metrics`. Gauges are counted in the database when they are asked for: every web",
        "process tells the same. What begins with `lienthong_http_` is of the process that answers. Labels hold no ids.",
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

    def describe(self) -> Iterator[GaugeMetricFamily]:
        for metric in (*COUNTED.values(), BUILD):
            yield GaugeMetricFamily(metric.name, metric.about, labels=metric.labels)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        families = {
            key: GaugeMetricFamily(metric.name, metric.about, labels=metric.labels)
            for key, metric in COUNTED.items()
        }
        with self._container.store.reading() as connection:
            for key, one, two, value in health.counts(connection, self._container.clock.now()):
                families[key].add_metric([one, two][: len(COUNTED[key].labels)], value)
        yield from families.values()
        build = GaugeMetricFamily(BUILD.name, BUILD.about, labels=BUILD.labels)
        build.add_metric([self._container.version], 1)
        yield build
