"""Every refusal as an RFC 9457 problem with a stable code, or as a plain page for people; never a traceback.

Which code an error has is said by its class in `engine.errors`; its page is under ``/errors/<code>`` and in docs/errors.
"""

import math

import orjson
import structlog
from flask import Flask, Response, current_app, render_template, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from engine import errors
from engine.errors import LienthongError
from engine.models.findings import Finding
from web import away, tracing

MEDIA_TYPE = "application/problem+json"
_MACHINES = ("/api/", "/partners/", "/soap/", "/health/", "/metrics")

log = structlog.get_logger()


class Internal(LienthongError):
    """Something that we did not foresee; the trace id finds it in the log."""


def init_app(app: Flask) -> None:
    """Answer every error of *app* with a problem."""
    app.register_error_handler(LienthongError, _refused)
    app.register_error_handler(HTTPException, _by_http)
    app.register_error_handler(Exception, _unforeseen)


def document(error: LienthongError, path: str) -> dict[str, object]:
    """*error* as the members of a problem document."""
    problem: dict[str, object] = {
        "type": f"/errors/{error.code}",
        "title": title(error.code),
        "status": error.status,
        "detail": error.message,
        "instance": path,
        "code": error.code,
        "trace_id": tracing.trace_id(),
    }
    if error.remedy:
        problem["remedy"] = error.remedy
    fields = error.facts.get("fields")
    if isinstance(fields, list):
        problem["errors"] = [{"pointer": pointer(str(f["field"])), "detail": f["reason"]} for f in fields]
    findings = error.facts.get("findings")
    if isinstance(findings, list):
        problem["findings"] = [one.as_json() for one in findings if isinstance(one, Finding)]
    return problem


def title(code: str) -> str:
    """A code as a heading: ``dossier-not-found`` reads "Dossier not found"."""
    return code.replace("-", " ").capitalize()


def pointer(field: str) -> str:
    """A dotted path as a JSON Pointer."""
    return "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in field.split("."))


def respond(error: LienthongError) -> Response:
    """The answer to a request that failed with *error*: a problem, or a page where a person asked for one."""
    away.note(error)
    problem = document(error, request.path)
    if _wants_page():
        page = render_template(
            "error.html", problem=problem, error=error, **current_app.extensions["page_frame"]()
        )
        response = Response(page, status=error.status, content_type="text/html; charset=utf-8")
    else:
        body = orjson.dumps(problem, default=str)
        response = Response(body, status=error.status, content_type=MEDIA_TYPE)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="lienthong"'
    if isinstance(error.facts.get("etag"), str):
        response.set_etag(str(error.facts["etag"]))
    if isinstance(error, errors.RangeUnsatisfiable):
        response.headers["Content-Range"] = f"bytes */{error.facts['size_bytes']}"
    wait_s = error.facts.get("retry_after_s")
    if isinstance(wait_s, int | float):
        response.headers["Retry-After"] = str(max(1, math.ceil(wait_s)))
    if error.status == 503:
        response.headers["Retry-After"] = "2"
    return response


def from_validation(error: ValidationError) -> LienthongError:
    """What pydantic found, as ours: 422 for a body (models named ``…Request``), 400 for a path, a query or a filter."""
    fields = [
        {
            "field": ".".join(str(part) for part in item["loc"]) or "body",
            "reason": _reason(item["type"], item["msg"]),
        }
        for item in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    reason = f"{fields[0]['field']} {fields[0]['reason']}"
    if error.title.endswith("Request"):
        return errors.BodyInvalid(reason=reason, fields=fields)
    return errors.RequestInvalid(reason=reason, fields=fields)


def _reason(kind: str, said: str) -> str:
    """What pydantic *said*, as we say it; a choice is listed with commas, which every language reads."""
    if kind == "literal_error":
        said = said.replace("should be ", "should be one of ", 1).replace(" or ", ", ")
    return _REASONS.get(kind, said[:1].lower() + said[1:])


_REASONS = {"missing": "is missing", "extra_forbidden": "is not known here"}


def _refused(error: LienthongError) -> Response:
    if error.status >= 500:
        log.error("request_failed", code=error.code, path=request.path, exc_info=error)
    return respond(error)


def _by_http(error: HTTPException) -> Response:
    """Errors of the framework itself; a ready response (pydantic's) passes."""
    if error.response is not None and isinstance(error.response, Response):
        return error.response
    known: dict[int | None, LienthongError] = {
        404: errors.AddressUnknown(path=request.path),
        405: errors.MethodNotAllowed(method=request.method, path=request.path),
        413: errors.BodyTooLarge(limit_bytes=request.max_content_length or 0),
    }
    found = known.get(error.code) or errors.RequestInvalid(reason=error.description or error.name)
    response = respond(found)
    for name, value in error.get_headers():
        if name in ("Allow", "Location"):
            response.headers[name] = value
    return response


def _unforeseen(error: Exception) -> Response:
    log.error("request_crashed", path=request.path, exc_info=error)
    return respond(Internal())


def _wants_page() -> bool:
    if request.path.startswith(_MACHINES):
        return False
    best = request.accept_mimetypes.best_match(["application/json", "text/html"])
    return best == "text/html" and "text/html" in request.headers.get("Accept", "")
