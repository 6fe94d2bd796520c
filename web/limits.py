"""What is refused before a view runs: too many requests of one caller, a query or a condition that nobody looks at.

A caller is its key; who has none that counts is its address. Sizes and depths are looked at in `web.app` and `web.bodies`,
how long a request may take to arrive in `web.server`.
"""

import inspect

from flask import Flask, Response, g, request

from engine import errors
from engine.actions.keys import Principal
from web import problems
from web.api.models import PREFIX
from web.conditions import IF_MATCH
from web.container import Container
from web.rates import Buckets

EXTENSION = "lienthong_rates"
_FOR_MACHINES = (
    f"{PREFIX}/",
    "/health/",
    "/metrics",
)  # pages read their own queries (`web.console.rendering.read`)
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Limits:
    """The buckets of one application: of callers, and of addresses that nobody knows."""

    def __init__(self, container: Container) -> None:
        self._callers = Buckets(container.rate) if container.rate else None
        self._strangers = Buckets(container.stranger_rate) if container.stranger_rate else None

    def count(self, caller: Principal) -> None:
        """Raises: RateExceeded."""
        wait_s = self._callers.take(caller.id) if self._callers else 0.0
        if wait_s:
            raise errors.RateExceeded(retry_after_s=wait_s)

    def note(self, response: Response) -> Response:
        """Count a refused key on its address's account; too many of them are told to wait.

        A key that counts is never made to wait for what others try from its address, which may be a proxy's.
        """
        if response.status_code != 401 or not self._strangers or not _shows_a_secret():
            return response
        wait_s = self._strangers.take(request.remote_addr or "")
        return problems.respond(errors.RateExceeded(retry_after_s=wait_s)) if wait_s else response


def _shows_a_secret() -> bool:
    return "Authorization" in request.headers or request.endpoint == "oauth.token"


def count(caller: Principal, app: Flask) -> None:
    """Count a request of *caller*. Raises: RateExceeded."""
    limits: Limits = app.extensions[EXTENSION]
    limits.count(caller)


def before_keys(app: Flask, container: Container) -> None:
    """Count refused keys by their address; to be called before keys are looked at."""
    limits = app.extensions[EXTENSION] = Limits(container)
    app.after_request(limits.note)


def init_app(app: Flask) -> None:
    """Check every request of *app* whose caller is known by now."""
    asking: dict[str, bool] = {}

    def count_caller() -> None:
        caller = g.get("principal")
        if isinstance(caller, Principal) and caller.id.startswith("key:"):
            count(caller, app)

    def refuse_unasked() -> None:
        """A view without a query would ignore one; a list that ignores its filter shows what it should not."""
        endpoint = request.endpoint
        if endpoint is None or not request.args or not request.path.startswith(_FOR_MACHINES):
            return
        _refuse_twice()
        if endpoint not in asking:
            asking[endpoint] = "query" in inspect.signature(app.view_functions[endpoint]).parameters
        if not asking[endpoint]:
            raise errors.RequestInvalid(reason=f"{next(iter(request.args))} is not known here")

    app.before_request(count_caller)
    app.before_request(refuse_unasked)
    app.before_request(lambda: _refuse_unchecked(app))


def _refuse_twice() -> None:
    """Raises: RequestInvalid: a parameter is there more than once, and one of them would count for nothing."""
    for name, values in request.args.lists():
        if len(values) > 1:
            raise errors.RequestInvalid(reason=f"{name} is there twice")


def _refuse_unchecked(app: Flask) -> None:
    """A change that has no ETag to hold If-Match against would be made whatever the caller has seen."""
    endpoint = request.endpoint
    if endpoint is None or IF_MATCH not in request.headers or not request.path.startswith(f"{PREFIX}/"):
        return
    if request.method not in _READING and not hasattr(app.view_functions[endpoint], "matched"):
        raise errors.RequestInvalid(reason=f"{IF_MATCH} is not known here: nothing with an ETag is changed")
