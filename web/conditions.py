"""Conditions of a change (RFC 9110): the ETag of what a caller read, and the check that it still is so.

A tag is made from what can be changed of a thing, not from counts that move by themselves. Where two callers could undo
each other's work without noticing, If-Match is required; elsewhere it is honoured when it comes.
"""

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

import orjson
from flask import Response, request

from engine import errors
from engine.actions.conditions import Seen
from engine.storage.database import Connection

IF_MATCH = "If-Match"
HONOURED, REQUIRED = "honoured", "required"

View = TypeVar("View", bound=Callable[..., Any])


def matched(how: str) -> Callable[[View], View]:
    """Marks a view that checks If-Match against what it changes, by `check`: `HONOURED` where it comes, or `REQUIRED`.

    A change without this mark is refused when If-Match comes along (`web.limits`): no condition is ever ignored.
    """

    def mark(view: View) -> View:
        view.matched = how  # type: ignore[attr-defined]
        return view

    return mark


def tag(*parts: object) -> str:
    """The strong ETag, without its quotes, of what *parts* say."""
    body = orjson.dumps(parts, default=_plain, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return hashlib.sha256(body).hexdigest()[:32]


def tagged(response: Response, value: str) -> Response:
    """*response* with its ETag."""
    response.set_etag(value)
    return response


def check(*current: str, required: bool = False) -> None:
    """Return when the caller's If-Match names one of the tags that the thing has now.

    Raises:
        PreconditionMissing: *required*, and none came. PreconditionFailed: it changed since.
        RequestInvalid: the header is no list of strong tags.
    """
    text = request.headers.get(IF_MATCH, "").strip()
    if not text:
        if required:
            raise errors.PreconditionMissing()
        return
    wanted = request.if_match
    if not wanted.star_tag and not wanted.as_set():
        raise errors.RequestInvalid(reason='If-Match must be a strong ETag in quotes, such as "5f3a…"')
    if not any(wanted.contains(one) for one in current):
        raise errors.PreconditionFailed(etag=current[0])


def seen(current: Callable[[Connection], tuple[str, ...]], *, required: bool = False) -> Seen | None:
    """What looks at a thing once it is locked, by the tags that *current* reads; None: the caller sets no condition.

    It raises as `check`.
    """
    if not required and not request.headers.get(IF_MATCH, "").strip():
        return None
    return seen_now(current, required=required)


def seen_now(current: Callable[[Connection], tuple[str, ...]], *, required: bool = True) -> Seen:
    """`seen` where a condition is asked for in any case."""
    return lambda connection: check(*current(connection), required=required)


def _plain(value: object) -> object:
    """Sets and the like, in an order."""
    if isinstance(value, frozenset | set | tuple):
        return sorted(value, key=str) if not isinstance(value, tuple) else list(value)
    return str(value)
