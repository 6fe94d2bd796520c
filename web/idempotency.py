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
from engine.storage.access import KeyedAnswer, StoredAnswer
from web.auth import principal
from web.container import Container

HEADER = "Idempotency-Key"

P = ParamSpec("P")


def idempotent(
    container: Container,
) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, Response]]:
    """Makes a view run once for each key of each caller; the same request again gets the first answer, byte by byte."""

    def wrap(view: Callable[P, ResponseReturnValue]) -> Callable[P, Response]:
        @wraps(view)
        def once(*args: P.args, **kwargs: P.kwargs) -> Response:
            key, who = _key(), principal().id
            g.idempotency_key = key
            g.external_id, g.request_digest = f"{who}:{key}", _fingerprint()
            stored = idempotency.begin(container.store, who, key, g.request_digest)
            if stored is not None:
                return _replay(stored)
            response = None
            try:
                response = make_response(view(*args, **kwargs))
            finally:
                if response is None:
                    _free(container, who, key)
            if not g.pop("answer_kept", False):
                idempotency.finish(container.store, _kept(response))
            return response

        return once

    return wrap


def external_id() -> str:
    """The id of what this request does, fixed before it is done: the caller and its key."""
    return str(g.external_id)


def request_digest() -> str:
    """What tells this request from others under the same key, for as long as what it made is there."""
    return str(g.request_digest)


def kept_within(response: Response) -> KeyedAnswer:
    """*response* for the transaction of what it tells of, which keeps it for every repeat: then neither is without the other."""
    g.answer_kept = True
    return _kept(response)


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


def _kept(response: Response) -> KeyedAnswer:
    answer = StoredAnswer(
        status=response.status_code,
        body=response.get_data(),
        content_type=response.content_type or "",
        location=response.headers.get("Location"),
        etag=response.headers.get("ETag"),
    )
    return KeyedAnswer(principal=principal().id, key=g.idempotency_key, answer=answer)


def _replay(stored: StoredAnswer) -> Response:
    response = Response(stored.body, status=stored.status, content_type=stored.content_type)
    if stored.location:
        response.headers["Location"] = stored.location
    if stored.etag:
        response.headers["ETag"] = stored.etag
    response.headers["Idempotency-Replayed"] = "true"
    return response
