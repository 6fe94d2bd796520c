"""One trace id for each request: taken from a W3C ``traceparent`` or made, told back, and bound to every log line."""

import re
import secrets

import structlog
from flask import Flask, Response, g, request

_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(?:-.*)?"
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
    g.trace_flags = found[2] if found else "01"
    g.span_id = secrets.token_hex(8)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(trace=g.trace_id)


def _tell(response: Response) -> Response:
    if trace_id():
        response.headers["traceparent"] = traceparent()
        response.headers["X-Request-Id"] = trace_id()
    return response
