"""The OpenAPI 3.1 description: what flask-openapi3 collects, with what every operation has in common added."""

from typing import Any

from flask import Response, jsonify
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI

from web.api.models import PREFIX
from web.auth import OPEN, needs
from web.idempotency import HEADER

INFO = Info(
    title="Lienthong",
    version="1",
    description="Hand in dossiers, follow them, do what a person must do. Errors are RFC 9457 problems with a stable code.",
)
SECURITY_SCHEMES: dict[str, Any] = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key: `lienthong keys create`."}
}
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_KEY = {
    "name": HEADER,
    "in": "header",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "New for each request, the same when it is repeated: the first answer comes again.",
}


def init_app(app: OpenAPI) -> None:
    """Serve the description at ``/api/v1/openapi.json``."""

    @needs(OPEN)
    def openapi() -> Response:
        return jsonify(describe(app))

    app.add_url_rule(f"{PREFIX}/openapi.json", "openapi", openapi)


def describe(app: OpenAPI) -> dict[str, Any]:
    """The whole description of *app*'s interface."""
    document: dict[str, Any] = app.api_doc
    for methods in document["paths"].values():
        for method, operation in methods.items():
            _complete(method, operation)
    return document


def _complete(method: str, operation: dict[str, Any]) -> None:
    answers = operation.setdefault("responses", {})
    answers["422"] = {"description": "The body is not acceptable.", "content": _PROBLEM}
    answers["default"] = {"description": "Why the request was refused.", "content": _PROBLEM}
    if method == "post":
        parameters = operation.setdefault("parameters", [])
        if not any(one["name"] == HEADER for one in parameters):
            parameters.append(_KEY)
