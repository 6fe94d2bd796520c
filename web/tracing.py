"""One trace id for each request: taken from a W3C ``traceparent`` or made, told back, and bound to every log line."""

import re
import secrets
import time

import structlog
from flask import Flask, Response, g, request

log = structlog.get_logger(__name__)

_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?"
)


def init_app(app: Flask) -> None:
    """Trace every request of *app*."""
    app.before_request(_begin)
    app.after_request(_tell)


def trace_id() -> str:
    """The 32 hexadecimal digits of this request's trace; empty where there is none."""
    return str(g.get("trace_id", ""))


def traceparent() -> str:
    """The header's value for what this request causes."""
    return f"00-{trace_id()}-{g.span_id}-{g.trace_flags}" if trace_id() else ""


def _begin() -> None:
    found = _TRACEPARENT.fullmatch(request.headers.get("traceparent", "")[:200].strip())
    g.trace_id = found[1] if found else secrets.token_hex(16)
    g.trace_flags = found[3] if found else "01"
    g.span_id = secrets.token_hex(8)
    g.parent_id = found[2] if found else ""
    g.asked_at = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(trace=g.trace_id)


def _tell(response: Response) -> Response:
    _log(response)
    if trace_id():
        response.headers["traceparent"] = traceparent()
        response.headers["X-Request-Id"] = trace_id()
    return response


def _log(response: Response) -> None:
    """One line for each request: the route, never the address, whose query may hold what people typed."""
    route = request.url_rule.rule if request.url_rule else ""
    places = request.view_args or {}
    named: dict[str, object] = {
        name: places[name] for name in ("id", "partner", "operation") if name in places
    }
    if "code" in places:
        named["dossier" if "dossier" in route else "code"] = places["code"]
    write = log.debug if response.status_code < 400 else log.info
    write(
        "request_answered",
        method=request.method,
        route=route,
        status=response.status_code,
        duration_ms=round((time.perf_counter() - g.get("asked_at", 0.0)) * 1000, 1),
        caller=getattr(g.get("principal"), "id", None),
        span=g.span_id,
        parent=g.parent_id,
        flags=g.trace_flags,
        **named,
    )
