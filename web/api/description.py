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
from web.conditions import IF_MATCH, REQUIRED
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
_WHY = {
    "400": "The address, the query or a header is not acceptable.",
    "401": "No key that counts came along.",
    "403": "The key may not do this.",
    "404": "There is no such thing.",
    "408": "The request took too long to arrive.",
    "409": "Not as the thing stands, or a request with this key is still running.",
    "413": "The body is too large.",
    "415": "The body is of another kind.",
    "416": "No range that is asked for begins before the end.",
    "422": "The body is not acceptable.",
    "429": "Too many requests.",
    "503": "The database does not answer, or what is asked for is busy.",
}
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
    marks = _marks(app)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            scope, matched = marks[path, method]
            _complete(path, method, operation)
            _add_scope(operation, scope)
            _add_condition(operation, matched)
    return document


def _marks(app: OpenAPI) -> dict[tuple[str, str], tuple[str, str]]:
    """Of every operation the scope that it needs, and whether it checks If-Match."""
    views = app.view_functions
    return {
        (_PLACE.sub(r"{\1}", rule.rule), method.lower()): (
            getattr(views[rule.endpoint], "needs", ""),
            getattr(views[rule.endpoint], "matched", ""),
        )
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    answers = operation.setdefault("responses", {})
    answers.pop("422", None)  # the framework's; ours is said where there is a body
    for status in _refusals(path, method):
        answers[status] = {"description": _WHY[status], "content": _PROBLEM}
    answers["default"] = {"description": "Why the request was refused.", "content": _PROBLEM}
    parameters = operation.setdefault("parameters", [])
    for one in parameters:
        if one["in"] == "path" and one["name"] in examples.PATHS:
            one["example"] = examples.PATHS[one["name"]]
    if method == "post" and path.removeprefix(PREFIX) not in NOT_REMEMBERED:
        parameters.append(_KEY)
    body = examples.BODIES.get((method, path))
    if body is not None:
        operation["requestBody"]["required"] = True
        operation["requestBody"]["content"]["application/json"]["example"] = body


def _refusals(path: str, method: str) -> set[str]:
    """The statuses with which an operation may refuse; what depends on If-Match is added with it."""
    found = {"400", "401", "403", "429", "503"}
    if "{" in path:
        found.add("404")
    if path.endswith("/{sha256}"):
        found.add("416")
    return found if method == "get" else found | {"408", "409", "413", "415", "422"}


def _add_scope(operation: dict[str, Any], scope: str) -> None:
    if scope in keys.SCOPES:
        operation["security"] = [{"key": []}, {"oauth": [scope]}]
        operation["x-scope"] = scope
        operation["description"] = f"Needs the scope `{scope}`: {keys.SCOPES[scope]}."


def _add_condition(operation: dict[str, Any], matched: str) -> None:
    if not matched:
        return
    operation["parameters"].append(_CONDITION | {"required": matched == REQUIRED})
    operation["responses"]["412"] = {"description": "It changed since it was read.", "content": _PROBLEM}
    if matched == REQUIRED:
        operation["responses"]["428"] = {"description": "If-Match is missing.", "content": _PROBLEM}


def _resolved(document: dict[str, Any], schema: dict[str, Any] | None) -> tuple[str, dict[str, Any]]:
    """A schema's name, empty where it has none, and the schema itself."""
    reference = str((schema or {}).get("$ref", ""))
    name = reference.rsplit("/", 1)[-1]
    return name, document["components"]["schemas"].get(name, schema or {})
