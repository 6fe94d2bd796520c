"""For those who watch over us: whether we live, whether we are ready, and the counts that Prometheus collects."""

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
        measured: Metrics = current_app.extensions[EXTENSION]
        return Response(measured.text(), content_type=CONTENT_TYPE_LATEST)

    return blueprint
