"""What every part of the interface shares: the shape of requests, answers, lists and problems."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import orjson
from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from engine import errors
from web import cursors
from web.container import Container

PREFIX = "/api/v1"
SECURITY: list[dict[str, list[Any]]] = [{"key": []}]


class Asked(BaseModel):
    """Input: nothing that is not known. Models of bodies are named ``…Request``."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(BaseModel):
    """Output, made from our values by attribute."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class Paged(Asked):
    """A list's query."""

    limit: int = Field(
        default=cursors.DEFAULT_LIMIT, ge=1, le=cursors.MAX_LIMIT, description="Rows of a page."
    )
    cursor: str | None = Field(
        default=None, max_length=2000, description="From the Link header of the page before."
    )


class ReasonRequest(Asked):
    """Why; it stands in the audit trail."""

    reason: str = Field(min_length=1, max_length=2000)


class Names(Told):
    """Words in both languages."""

    vi: str
    en: str


class ProblemField(Told):
    pointer: str = Field(description="JSON Pointer to the member that is wrong.")
    detail: str


class Problem(Told):
    """RFC 9457: why a request was refused. `code` is stable; `type` leads to its page."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    trace_id: str
    remedy: str | None = None
    errors: list[ProblemField] | None = None


class Done(Told):
    """Accepted: it is committed, and a worker applies it."""

    accepted: bool = True


def blueprint(name: str, about: str) -> APIBlueprint:
    """A part of the interface, with its heading in the description."""
    return APIBlueprint(
        f"api {name}",  # pages have blueprints of the same names
        __name__,
        url_prefix=PREFIX,
        abp_tags=[Tag(name=name, description=about)],
        abp_security=SECURITY,
    )


def answer(body: BaseModel, status: int = 200, **headers: str) -> Response:
    """*body* as JSON; header names are written with underscores."""
    response = Response(
        body.model_dump_json(exclude_none=False), status=status, content_type="application/json"
    )
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    return response


Row = TypeVar("Row")


def page(rows: list[Row], limit: int) -> tuple[list[Row], bool]:
    """The rows of a page that was read one row too long, and whether there are more."""
    return rows[:limit], len(rows) > limit


def listing(
    container: Container,
    items: Sequence[BaseModel],
    *,
    last: int | None,
    bound_to: Mapping[str, object],
    **told: object,
) -> Response:
    """A list; *last* is the id after which the next page begins, None on the last page. *told* is what else it says."""
    cursor = cursors.write(container, last, bound_to) if last is not None else None
    body = {"items": [item.model_dump(mode="json") for item in items], "next": cursor, **told}
    response = Response(orjson.dumps(body), content_type="application/json")
    if cursor is not None:
        response.headers["Link"] = f'<{cursors.next_link(cursor)}>; rel="next"'
    return response


def conditional(response: Response, size_bytes: int | None = None) -> Response:
    """The answer as the request's conditions want it: 304, or with a size, the one range asked for.

    Raises:
        RangeUnsatisfiable: no range that is asked for begins before the end.
    """
    if size_bytes is None:
        response.make_conditional(request)
        return response
    response.headers["Accept-Ranges"] = "bytes"
    asked = request.range
    whole = asked is None or asked.units != "bytes" or len(asked.ranges) > 1
    try:
        response.make_conditional(request, accept_ranges=not whole, complete_length=size_bytes)
    except RequestedRangeNotSatisfiable:
        raise errors.RangeUnsatisfiable(size_bytes=size_bytes) from None
    return response
