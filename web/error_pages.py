"""A page for every code that a problem can have, made from the error classes themselves."""

import inspect

from flask import Blueprint

from engine import errors
from engine.errors import LienthongError
from web import problems, telling
from web.auth import OPEN, needs
from web.console.rendering import View, language, page, read
from web.container import Container


def routes(container: Container) -> Blueprint:
    """``/errors/<code>``, to which a problem's ``type`` leads."""
    blueprint = Blueprint("error_pages", __name__)

    @blueprint.get("/errors/<string:code>")
    @needs(OPEN)
    def error_page(code: str) -> str:
        read(View)
        found = telling.known().get(code)
        if found is None:
            raise errors.AddressUnknown(path=f"/errors/{code}")
        return page(
            "error_page.html",
            container,
            code=code,
            said=telling.entry(code, found, language()),
            status=found.status,
            about=about(found),
        )

    return blueprint


def about(error: type[LienthongError]) -> str:
    """The class's own words about itself, empty when it has none."""
    own = error.__dict__.get("__doc__")
    return inspect.cleandoc(own).split("\n\n")[0].replace("\n", " ") if own else ""


def markdown(error: type[LienthongError]) -> str:
    """The page as it stands in docs/errors."""
    parts = [
        f"# {problems.title(error.code)}",
        f"- code: `{error.code}`\n- HTTP status: {error.status}\n- detail: `{error.text}`",
        about(error),
        f"What to do: {error.remedy}." if error.remedy else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
