"""The Idempotency-Key of a POST: required, remembered, answered alike when it comes again."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import ParamSpec

from flask import Response, g, make_response, request
from flask.typing import ResponseReturnValue

from engine import errors
from engine.actions import idempotency
from engine.actions.receive import Reply
from engine.storage.access import StoredAnswer
from web.auth import principal
from web.container import Container

HEADER = "Idempotency-Key"

P = ParamSpec("P")


def idempotent(
    container: Container, *, kept_within: bool = False
) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, Response]]:
    """Makes a view run once for each key of each caller; the same request again gets the first answer, byte by byte.

    *kept_within*: the view's own transaction keeps the answer, see `reply` and `replay`.
    """

    def wrap(view: Callable[P, ResponseReturnValue]) -> Callable[P, Response]:
        @wraps(view)
        def once(*args: P.args, **kwargs: P.kwargs) -> Response:
            key, who = _key(), principal().id
            g.idempotency_key, g.external_id, g.request_digest = key, f"{who}:{key}", _fingerprint()
            look = idempotency.answered if kept_within else idempotency.begin
            stored = look(container.store, who, key, g.request_digest)
            if stored is not None:
                return replay(stored)
            if kept_within:
                return make_response(view(*args, **kwargs))
            response = None
            try:
                response = make_response(view(*args, **kwargs))
            finally:
                if response is None:
                    _free(container, who, key)
            idempotency.finish(container.store, who, key, _kept(response))
            return response

        return once

    return wrap


def reply(told: Callable[[str, str], Response]) -> Reply:
    """What the transaction that takes a dossier in keeps as this request's answer: what *told* says of its code and access
    code. So neither is there without the other, and no message tells the database that the request began."""
    return Reply(
        principal=principal().id,
        key=str(g.idempotency_key),
        telling=lambda code, access_code: _kept(told(code, access_code)),
    )


def external_id() -> str:
    """The id of what this request does, fixed before it is done: the caller and its key."""
    return str(g.external_id)


def request_digest() -> str:
    """What tells this request from others under the same key, for as long as what it made is there."""
    return str(g.request_digest)


def _free(container: Container, who: str, key: str) -> None:
    """Let the request come again: a refusal changed nothing, and what a failing database did is found by its id."""
    with suppress(errors.StoreError):
        idempotency.release(container.store, who, key)


def _key() -> str:
    key = request.headers.get(HEADER, "").strip()
    if not key:
        raise errors.IdempotencyKeyMissing(reason="the header is missing")
    if len(key) > 255 or not key.isascii() or not key.isprintable():
        raise errors.IdempotencyKeyMissing(reason="it must be 1 to 255 printable ASCII characters")
    return key


def _fingerprint() -> str:
    whole = hashlib.sha256(f"{request.method} {request.full_path}\n".encode())
    if request.mimetype != "multipart/form-data":
        whole.update(request.get_data(cache=True))
        return whole.hexdigest()
    for name, value in request.form.items(multi=True):
        whole.update(f"{name}\0{hashlib.sha256(value.encode()).hexdigest()}\n".encode())
    uploads = [one for same in request.files.listvalues() for one in same]
    for upload in uploads:  # a client draws another boundary for each sending
        whole.update(f"{upload.filename}\0{hashlib.sha256(upload.read()).hexdigest()}\n".encode())
        upload.seek(0)
    return whole.hexdigest()


def _kept(response: Response) -> StoredAnswer:
    return StoredAnswer(
        status=response.status_code,
        body=response.get_data(),
        content_type=response.content_type or "",
        location=response.headers.get("Location"),
        etag=response.headers.get("ETag"),
    )


def replay(stored: StoredAnswer) -> Response:
    """An answer that was kept, and that it is one."""
    response = Response(stored.body, status=stored.status, content_type=stored.content_type)
    if stored.location:
        response.headers["Location"] = stored.location
    if stored.etag:
        response.headers["ETag"] = stored.etag
    response.headers["Idempotency-Replayed"] = "true"
    return response
