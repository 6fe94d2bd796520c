"""The headers that every answer carries, and the check that an open console is really asked for from this machine."""

from flask import Flask, Request, Response, request

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_LOOPBACK_NAMES = _LOOPBACK | {"localhost"}


def init_app(app: Flask) -> None:
    """Add the headers to every answer of *app*."""
    app.after_request(_protect)


def is_local(asked: Request) -> bool:
    """Whether *asked* came over loopback, directly, under a loopback name (so no rebound name of a stranger's page)."""
    host = asked.host.rsplit(":", 1)[0].strip("[]").lower()
    forwarded = "X-Forwarded-For" in asked.headers or "Forwarded" in asked.headers
    return asked.remote_addr in _LOOPBACK and host in _LOOPBACK_NAMES and not forwarded


def _protect(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response
