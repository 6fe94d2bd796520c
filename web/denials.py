"""What somebody tried and may not: a line in the audit trail, at most one a minute for each person, key and address.
That another unit has what was asked for is not told (`g.hidden`), but written down.

Only for those whom we know: strangers are answered, counted by /metrics, and write nothing.
"""

import structlog
from flask import Flask, Response, g, request

from engine import errors
from engine.storage import access
from web.container import Container

log = structlog.get_logger()


def init_app(app: Flask, container: Container) -> None:
    """Write down every refusal with status 403 of *app*, and every one that hides what another unit has."""

    def note(response: Response) -> Response:
        who = _who()
        denied = response.status_code == 403 or g.get("hidden", False)
        if denied and who and request.url_rule is not None:
            try:
                with container.store.transaction() as connection:
                    access.audit_denied(connection, who, request.method, request.url_rule.rule)
            except errors.StoreError:
                log.warning("denial_not_written", who=who, route=request.url_rule.rule)
        return response

    app.after_request(note)


def _who() -> str:
    """The name of the person or key that asks; empty for a stranger and for whoever only looks at an open console."""
    visitor, principal = g.get("visitor"), g.get("principal")
    if visitor is not None:
        return str(visitor.name) if visitor.signed_in else ""
    return str(principal.name) if principal is not None else ""
