"""For those who watch over us: whether we live, whether we are ready, and the counts that Prometheus collects."""

from collections.abc import Iterator

from flask import Blueprint, Response, jsonify, request
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from engine import errors
from engine.queries import health
from engine.storage import migrations
from web.auth import OPEN, authenticated, needs
from web.container import Container
from web.security import is_local

_METRICS = {
    "dossiers": ("lienthong_dossiers", "Dossiers by status and procedure", ["status", "procedure"]),
    "calls_open": ("lienthong_calls_open", "Calls that are not over", ["state", "partner"]),
    "events_pending": ("lienthong_events_pending", "Events that wait to be applied", []),
    "events_oldest": ("lienthong_events_oldest_age_seconds", "Age of the oldest event that waits", []),
    "incidents_open": ("lienthong_incidents_open", "Incidents that a person must decide", ["cause"]),
    "work_items_open": ("lienthong_work_items_open", "Work items that wait for a person", ["unit"]),
    "messages_kept": ("lienthong_messages_waiting", "Messages that nobody took yet", ["state"]),
}


def routes(container: Container) -> Blueprint:
    """``/health/live``, ``/health/ready`` and ``/metrics``."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/health/live")
    @needs(OPEN)
    def live() -> Response:
        return jsonify(status="ok")

    @blueprint.get("/health/ready")
    @needs(OPEN)
    def ready() -> tuple[Response, int]:
        try:
            with container.store.reading() as connection:
                found = health.revision(connection)
        except errors.StoreError:
            return jsonify(status="unavailable", database="does not answer"), 503
        if found != migrations.newest():
            return jsonify(
                status="unavailable", database=f"schema {found}, wanted {migrations.newest()}"
            ), 503
        return jsonify(status="ok", schema=found), 200

    @blueprint.get("/metrics")
    @needs(OPEN)
    def metrics() -> Response:
        if not (container.console_open and is_local(request)):
            authenticated(container).require("metrics")
        registry = CollectorRegistry()
        registry.register(_Counts(container))
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    return blueprint


class _Counts:
    """A collector that counts rows when it is asked."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def describe(self) -> Iterator[GaugeMetricFamily]:
        for name, text, labels in _METRICS.values():
            yield GaugeMetricFamily(name, text, labels=labels)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        families = {
            key: GaugeMetricFamily(name, text, labels=labels)
            for key, (name, text, labels) in _METRICS.items()
        }
        with self._container.store.reading() as connection:
            for key, one, two, value in health.counts(connection):
                wanted = len(_METRICS[key][2])
                families[key].add_metric([one, two][:wanted], value)
        yield from families.values()
