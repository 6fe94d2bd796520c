"""For those who watch over us: whether we live, have started, are ready, and the counts that Prometheus collects."""

import threading

from flask import Blueprint, Response, current_app, jsonify, request
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from engine import errors
from engine.queries import health
from engine.storage import migrations
from web.auth import OPEN, authenticated, needs
from web.container import Container
from web.metrics import EXTENSION, Metrics
from web.security import is_local


def routes(container: Container) -> Blueprint:
    """``/health/live``, ``/health/startup``, ``/health/ready`` and ``/metrics``."""
    blueprint = Blueprint("health", __name__)
    started = threading.Event()

    @blueprint.get("/health/live")
    @needs(OPEN)
    def live() -> Response:
        return jsonify(status="ok")

    @blueprint.get("/health/startup")
    @needs(OPEN)
    def startup() -> tuple[Response, int]:
        """Once it has met a database of our schema, this process has started, whatever becomes of the database."""
        trouble = "" if started.is_set() else _trouble(container)
        if trouble:
            return jsonify(status="starting", database=trouble), 503
        started.set()
        return jsonify(status="ok", schema=migrations.newest()), 200

    @blueprint.get("/health/ready")
    @needs(OPEN)
    def ready() -> tuple[Response, int]:
        trouble = _trouble(container)
        if trouble:
            return jsonify(status="unavailable", database=trouble), 503
        return jsonify(status="ok", schema=migrations.newest()), 200

    @blueprint.get("/metrics")
    @needs(OPEN)
    def metrics() -> Response:
        if not (container.console_open and is_local(request)):
            authenticated(container).require("metrics")
        measured: Metrics = current_app.extensions[EXTENSION]
        return Response(measured.text(), content_type=CONTENT_TYPE_LATEST)

    return blueprint


def _trouble(container: Container) -> str:
    """What is wrong with the database; nothing: it answers, and its schema is ours."""
    try:
        with container.store.reading() as connection:
            found = health.revision(connection)
    except errors.StoreError:
        return "does not answer"
    return "" if found == migrations.newest() else f"schema {found}, wanted {migrations.newest()}"
