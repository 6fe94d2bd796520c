"""The OpenAPI 3.1 description: what flask-openapi3 collects, with what every operation has in common added; and its page."""

import copy
import re
from functools import lru_cache
from typing import Any

from flask import Response, jsonify, render_template
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI

from engine.actions import keys
from web.api import examples
from web.api.models import PREFIX
from web.auth import OPEN, needs
from web.conditions import IF_MATCH
from web.idempotency import HEADER

INFO = Info(
    title="Lienthong",
    version="1",
    description="Hand in dossiers, follow them, do what a person must do. Errors are RFC 9457 problems with a stable code.",
)
SECURITY_SCHEMES: dict[str, Any] = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key: `lienthong keys create`."},
    "oauth": {
        "type": "oauth2",
        "description": "For partners that want it: the key's prefix is the client id, the key the secret.",
        "flows": {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": dict(keys.SCOPES)}},
    },
}
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_KEY = {
    "name": HEADER,
    "in": "header",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "description": "New for each request, the same when it is repeated: the first answer comes again.",
}
_CONDITION = {
    "name": IF_MATCH,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": '^("[0-9a-f]{32}(-data)?"|\\*)$'},
    "description": "The ETag of what was read: refused with 412 when it changed since.",
}
NOT_REMEMBERED = frozenset({"/keys/self/rotate"})  # its answer is a secret, which is stored nowhere
MUST_MATCH = frozenset(
    {
        "/partners/{name}/pause",
        "/partners/{name}/resume",
        "/schedules/{name}",
        "/calls/{id}/act",
        "/messages/{id}/act",
        "/batches/{id}/act",
        "/incidents/{id}/care",
        "/incident-causes/{cause}/mute",
        "/incident-causes/{cause}/unmute",
    }
)
_PLACE = re.compile(r"<(?:\w+:)?(\w+)>")


def init_app(app: OpenAPI) -> None:
    """Serve the description at ``/api/v1/openapi.json`` and, for people, at ``/api/v1/docs``."""
    described = lru_cache(maxsize=1)(lambda: describe(app))

    @needs(OPEN)
    def openapi() -> Response:
        return jsonify(described())

    @needs(OPEN)
    def docs() -> str:
        return render_template("api_docs.html", document=described(), resolved=_resolved)

    app.add_url_rule(f"{PREFIX}/openapi.json", "openapi", openapi)
    app.add_url_rule(f"{PREFIX}/docs", "api_docs", docs)


def describe(app: OpenAPI) -> dict[str, Any]:
    """The whole description of *app*'s interface."""
    document: dict[str, Any] = copy.deepcopy(app.api_doc)
    scopes = _scopes(app)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            _complete(path, method, operation)
            _add_scope(operation, scopes[path, method])
    return document


def _scopes(app: OpenAPI) -> dict[tuple[str, str], str]:
    return {
        (_PLACE.sub(r"{\1}", rule.rule), method.lower()): getattr(
            app.view_functions[rule.endpoint], "needs", ""
        )
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    answers = operation.setdefault("responses", {})
    answers["422"] = {"description": "The body is not acceptable.", "content": _PROBLEM}
    answers["default"] = {"description": "Why the request was refused.", "content": _PROBLEM}
    parameters = operation.setdefault("parameters", [])
    for one in parameters:
        if one["in"] == "path" and one["name"] in examples.PATHS:
            one["example"] = examples.PATHS[one["name"]]
    if method == "post" and path.removeprefix(PREFIX) not in NOT_REMEMBERED:
        parameters.append(_KEY)
    if method in ("post", "patch") and "{" in path:
        parameters.append(_CONDITION | {"required": path.removeprefix(PREFIX) in MUST_MATCH})
    body = examples.BODIES.get((method, path))
    if body is not None:
        operation["requestBody"]["required"] = True
        operation["requestBody"]["content"]["application/json"]["example"] = body


def _add_scope(operation: dict[str, Any], scope: str) -> None:
    if scope in keys.SCOPES:
        operation["security"] = [{"key": []}, {"oauth": [scope]}]
        operation["x-scope"] = scope
        operation["description"] = f"Needs the scope `{scope}`: {keys.SCOPES[scope]}."


def _resolved(document: dict[str, Any], schema: dict[str, Any] | None) -> tuple[str, dict[str, Any]]:
    """A schema's name, empty where it has none, and the schema itself."""
    reference = str((schema or {}).get("$ref", ""))
    name = reference.rsplit("/", 1)[-1]
    return name, document["components"]["schemas"].get(name, schema or {})
