"""Traces as a real collector on loopback gets them: a request, the event and the call it led to, in one trace."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

import lienthong

TRACE, PARENT, REQUEST = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "00f067aa0ba902b7"
HAPPENINGS = f"""
import structlog
from engine import settings
from engine.environment import process_environment
from lienthong.logs import configure_logs
configure_logs(settings.read(process_environment()), "web")
log = structlog.get_logger()
log.info("request_answered", method="POST", route="/api/v1/dossiers", status=201, duration_ms=12.5,
         trace="{TRACE}", span="{REQUEST}", parent="{PARENT}", flags="01")
log.debug("event_applied", event_kind="submitted", dossier="H99.14-1", duration_ms=2.0, trace="00-{TRACE}-{REQUEST}-01")
log.debug("call_sent", call=7, partner="post", operation="order", outcome="unknown", duration_ms=30.0,
          trace="00-{TRACE}-{REQUEST}-01")
log.debug("call_sent", call=8, partner="post", operation="order", outcome="ok", duration_ms=1.0, trace="00-{TRACE}-{REQUEST}-00")
log.debug("call_sent", call=9, partner="post", operation="order", outcome="ok", duration_ms=1.0, trace=None)
"""


class Collector(ThreadingHTTPServer):
    """Takes OTLP over HTTP and keeps what it got."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.taken: list[tuple[str, str | None, ExportTraceServiceRequest]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def spans(self) -> dict[str, Span]:
        resources = [one for _, _, request in self.taken for one in request.resource_spans]
        return {span.name: span for one in resources for scope in one.scope_spans for span in scope.spans}


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append(
            (self.path, self.headers.get("X-Key"), ExportTraceServiceRequest.FromString(body))
        )
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def tell(**settings: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(Path(lienthong.__file__).parents[1]), **settings}
    command = [sys.executable, "-c", HAPPENINGS]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


def test_a_request_and_what_it_led_to_are_spans_of_one_trace(collector: Collector) -> None:
    ended = tell(LIENTHONG_OTLP_URL=collector.url, LIENTHONG_OTLP_HEADERS="x-key=s3cret")
    assert ended.returncode == 0, ended.stderr
    assert {(path, key) for path, key, _ in collector.taken} == {("/v1/traces", "s3cret")}
    spans = collector.spans()
    assert spans.keys() == {"POST /api/v1/dossiers", "apply submitted", "send post.order"}
    assert {span.trace_id.hex() for span in spans.values()} == {TRACE}
    request, applied, sent = (
        spans["POST /api/v1/dossiers"],
        spans["apply submitted"],
        spans["send post.order"],
    )
    assert (request.span_id.hex(), request.parent_span_id.hex()) == (REQUEST, PARENT)
    assert applied.parent_span_id.hex() == sent.parent_span_id.hex() == REQUEST
    assert request.end_time_unix_nano - request.start_time_unix_nano == 12_500_000
    assert (request.status.code, sent.status.code) == (0, 2)
    assert {one.key: one.value.string_value for one in applied.attributes}["dossier"] == "H99.14-1"


def test_what_is_logged_stays_as_it_was(collector: Collector) -> None:
    ended = tell(LIENTHONG_OTLP_URL=collector.url, LIENTHONG_LOG_FORMAT="json")
    assert [line for line in ended.stderr.splitlines() if line] == [
        line for line in ended.stderr.splitlines() if "request_answered" in line
    ]
    assert ended.stderr.count("request_answered") == 1


def test_no_collector_no_spans_and_wrong_headers_are_one_line(collector: Collector) -> None:
    assert tell().returncode == 0
    assert collector.taken == []
    refused = tell(LIENTHONG_OTLP_URL=collector.url, LIENTHONG_OTLP_HEADERS="nonsense")
    assert refused.returncode != 0
    assert "LIENTHONG_OTLP_HEADERS" in refused.stderr
