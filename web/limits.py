"""What is refused before a view runs: a query that nobody asked for."""

import inspect

from flask import Flask, request

from engine import errors
from web.api.models import PREFIX


def init_app(app: Flask) -> None:
    """Check every request of *app* whose caller is known by now."""
    asking: dict[str, bool] = {}

    def refuse_unasked() -> None:
        """A view without a query would ignore one; a list that ignores its filter shows what it should not."""
        endpoint = request.endpoint
        if endpoint is None or not request.args or not request.path.startswith(f"{PREFIX}/"):
            return
        if endpoint not in asking:
            asking[endpoint] = "query" in inspect.signature(app.view_functions[endpoint]).parameters
        if not asking[endpoint]:
            raise errors.RequestInvalid(reason=f"{next(iter(request.args))} is not known here")

    app.before_request(refuse_unasked)
