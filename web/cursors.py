"""Opaque cursors: where a list goes on, signed, and bound to the list and the filter that they were issued for."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import request
from itsdangerous import BadSignature, URLSafeSerializer

from engine import errors
from engine.queries.sorting import Place
from web.container import Container

MAX_LIMIT = 200
DEFAULT_LIMIT = 50


def write(container: Container, after: int, bound_to: Mapping[str, object]) -> str:
    """The cursor of the page that begins after the row with the id *after*."""
    return str(_signer(container).dumps([after, _filter(bound_to)]))


def write_place(container: Container, place: Place, bound_to: Mapping[str, object]) -> str:
    """The cursor of the page that begins beyond *place*, where the last row stood when it was shown."""
    return str(_signer(container).dumps([list(place), _filter(bound_to)]))


def read_place(container: Container, cursor: str | None, bound_to: Mapping[str, object]) -> Place | None:
    """The place beyond which to go on; None for the first page. Raises: CursorInvalid."""
    if cursor is None:
        return None
    place = _opened(container, cursor, bound_to)
    if not isinstance(place, list):
        raise errors.CursorInvalid(reason="it was not issued here")
    return place


def read(container: Container, cursor: str | None, bound_to: Mapping[str, object]) -> int | None:
    """The id after which to go on; None for the first page.

    Raises:
        CursorInvalid: not issued by us, or for another list or filter.
    """
    if cursor is None:
        return None
    return int(_opened(container, cursor, bound_to))


def _opened(container: Container, cursor: str, bound_to: Mapping[str, object]) -> Any:  # as it was written
    try:
        after, bound = _signer(container).loads(cursor)
    except (BadSignature, ValueError, TypeError):
        raise errors.CursorInvalid(reason="it was not issued here") from None
    if bound != _filter(bound_to):
        raise errors.CursorInvalid(reason="it was issued for another filter")
    return after


def next_link(cursor: str) -> str:
    """The address of the next page: this request's, with another cursor."""
    query = [(name, value) for name, value in request.args.items(multi=True) if name != "cursor"]
    return f"{request.path}?{urlencode([*query, ('cursor', cursor)])}"


def _filter(bound_to: Mapping[str, object]) -> list[list[str]]:
    given = {name: str(value) for name, value in bound_to.items() if value is not None}
    return [[name, given[name]] for name in sorted(given)]


def _signer(container: Container) -> URLSafeSerializer:
    return URLSafeSerializer(container.secret, salt=f"cursor:{request.endpoint}")
