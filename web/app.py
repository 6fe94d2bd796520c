"""The web application: every part put together. Importing it does nothing; the composition root calls `create_app`."""

from flask import Flask, request
from flask_openapi3.openapi import OpenAPI

from engine import errors
from engine.storage import access as audited
from engine.storage import messages as messages_stored
from web import (
    auth,
    away,
    denials,
    error_pages,
    health,
    limits,
    metrics,
    oauth,
    partners,
    problems,
    security,
    tracing,
)
from web.api import (
    batches,
    calls,
    catalogue,
    deployments,
    description,
    documents,
    dossier_acts,
    dossiers,
    incident_causes,
    incidents,
    keys,
    mailbox,
    messages,
    schedules,
    work_items,
)
from web.api import partners as partners_api
from web.api.models import Problem
from web.bodies import JsonRequest
from web.console import access, pages, rendering
from web.container import Container

_API = (
    dossiers,
    dossier_acts,
    documents,
    work_items,
    incidents,
    incident_causes,
    calls,
    messages,
    batches,
    catalogue,
    deployments,
    partners_api,
    schedules,
    mailbox,
    keys,
)


class App(OpenAPI):
    """Flask with our requests."""

    request_class = JsonRequest


def create_app(container: Container) -> Flask:
    """The whole HTTP side over *container*."""
    app = App(
        "web",
        info=description.INFO,
        security_schemes=description.SECURITY_SCHEMES,
        doc_ui=False,
        validation_error_callback=_raise_ours,
        validation_error_model=Problem,
    )
    app.config["MAX_CONTENT_LENGTH"] = container.max_body_bytes
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 3600
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's own provider has it
    tracing.init_app(app)
    metrics.init_app(app, container)
    security.init_app(app)
    denials.init_app(app, container)
    away.init_app(app)
    problems.init_app(app)
    app.before_request(_say_from_where)
    app.before_request(_refuse_nul)
    limits.before_keys(app, container)
    auth.init_app(app, container, access.admitting(container))
    rendering.init_app(app, container)
    pages.init_app(app)
    app.before_request(_refuse_large)
    limits.init_app(app)
    for part in _API:
        app.register_api(part.routes(container))
    description.init_app(app)
    for blueprint in (
        health.routes(container),
        oauth.routes(container),
        partners.routes(container),
        pages.routes(container),
        error_pages.routes(container),
    ):
        app.register_blueprint(blueprint)
    return app


def _raise_ours(error: object) -> object:
    """pydantic's refusal of a request, as one of ours."""
    raise problems.from_validation(error)  # type: ignore[arg-type]  # flask-openapi3 hands a ValidationError


def _say_from_where() -> None:
    """What this request does is audited with the address that it comes from, and what it brings kept with its trace."""
    audited.ASKED_FROM.set(request.remote_addr or "")
    messages_stored.CAME_UNDER.set(tracing.traceparent() or None)


def _refuse_nul() -> None:
    """No text that we store or look for may have a NUL, so none is looked for."""
    if "\0" in request.path or any("\0" in value for _, value in request.args.items(multi=True)):
        raise errors.RequestInvalid(reason="the address has a NUL character, which no text may have")


def _refuse_large() -> None:
    """A body that is too large is refused by its announced length, before a byte of it is looked at."""
    most = request.max_content_length
    if most is not None and (request.content_length or 0) > most:
        raise errors.BodyTooLarge(limit_bytes=most)
