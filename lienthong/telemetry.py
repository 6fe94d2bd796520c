"""Spans for OpenTelemetry, made of the log events that carry a trace: requests, applied events, sent calls.

A span says no more than its log line, which holds no personal data. Nothing else of the product knows OpenTelemetry: the
engine tells what happened, and here it becomes a span under the trace that the request, the event and the call share.
"""

import atexit
import os
import re
import secrets
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from structlog.types import EventDict

import lienthong
from engine.errors import SettingsError
from engine.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.trace import SpanContext

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_MEASURED = frozenset({"request_answered", "event_applied", "call_sent"})
_ANSWERED = frozenset({"ok", "fault", "found", "absent"})
_HIDDEN = frozenset({"event", "trace", "span", "flags", "parent", "duration_ms", "level", "timestamp"})


class Spans:
    """A processor of log events that hands those with a trace and a duration on as spans."""

    def __init__(self, processor: "SpanProcessor", resource: Mapping[str, str]) -> None:
        from opentelemetry.sdk.resources import Resource

        self._processor = processor
        self._resource = Resource.create(resource)

    def __call__(self, _logger: object, _method: str, event: EventDict) -> EventDict:
        if event.get("event") in _MEASURED:
            self._tell(event)
        return event

    def _tell(self, event: EventDict) -> None:
        from opentelemetry.sdk.trace import ReadableSpan
        from opentelemetry.trace import SpanKind, Status, StatusCode

        own, parent = _contexts(event)
        if own is None or not own.trace_flags.sampled:
            return
        ended = time.time_ns()
        name, kind, failed = _described(event)
        self._processor.on_end(
            ReadableSpan(
                name=name,
                context=own,
                parent=parent,
                resource=self._resource,
                attributes={key: str(value) for key, value in event.items() if _shown(key, value)},
                kind=SpanKind[kind],
                status=Status(StatusCode.ERROR if failed else StatusCode.UNSET),
                start_time=ended - int(float(event["duration_ms"]) * 1_000_000),
                end_time=ended,
            )
        )


def spans(settings: Settings, process: str) -> Spans | None:
    """What makes spans for the collector that the settings name; None where they name none.

    Raises:
        SettingsError: the packages of the extra `otel` are not installed.
    """
    if not settings.otlp_url:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as exc:
        raise SettingsError(
            name="LIENTHONG_OTLP_URL", reason="needs OpenTelemetry; type: pip install 'lienthong[otel]'"
        ) from exc
    exporter = OTLPSpanExporter(
        endpoint=f"{settings.otlp_url.rstrip('/')}/v1/traces", headers=_headers(settings.otlp_headers)
    )
    processor = BatchSpanProcessor(exporter)
    atexit.register(processor.shutdown)
    return Spans(
        processor,
        {
            "service.name": f"lienthong-{process}",
            "service.version": lienthong.__version__,
            "service.instance.id": str(os.getpid()),
            "deployment.environment.name": settings.environment_name,
        },
    )


def _contexts(event: EventDict) -> "tuple[SpanContext | None, SpanContext | None]":
    """The span's own context and its parent's: a request has its own id, what it led to gets one under it."""
    if "span" in event:
        own = _context(event["trace"], event["span"], event["flags"])
        return own, _context(event["trace"], event["parent"], event["flags"]) if event.get("parent") else None
    found = _TRACEPARENT.fullmatch(str(event.get("trace") or ""))
    if found is None:
        return None, None
    return _context(found[1], secrets.token_hex(8), found[3]), _context(*found.groups())


def _context(trace: str, span: str, flags: str) -> "SpanContext":
    from opentelemetry.trace import SpanContext, TraceFlags

    return SpanContext(
        trace_id=int(trace, 16), span_id=int(span, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16))
    )


def _described(event: EventDict) -> tuple[str, str, bool]:
    """The span's name, kind and whether it failed."""
    if event["event"] == "request_answered":
        return f"{event['method']} {event['route'] or '(none)'}", "SERVER", event["status"] >= 500
    if event["event"] == "event_applied":
        return f"apply {event['event_kind']}", "CONSUMER", False
    return f"send {event['partner']}.{event['operation']}", "CLIENT", event["outcome"] not in _ANSWERED


def _shown(key: str, value: object) -> bool:
    return key not in _HIDDEN and value is not None


def _headers(text: str) -> dict[str, str]:
    """``name=value,name=value``. Raises: SettingsError."""
    pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
    if any(not name.strip() or not mark for name, mark, _ in pairs):
        raise SettingsError(name="LIENTHONG_OTLP_HEADERS", reason="write name=value,name=value")
    return {name.strip(): value.strip() for name, _, value in pairs}
