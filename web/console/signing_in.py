"""Signing in and out. A form that was sent after its session ended is kept, and sent again by hand once signed in."""

import json

from flask import Blueprint, Response, jsonify, request

from engine import errors
from engine.actions import accounts
from web.auth import OPEN, needs
from web.console.access import COOKIE, check_origin, right, token_for
from web.console.rendering import View, back, own_path, page, read
from web.container import Container

_MOST_KEPT = 100


class SignInView(View):
    next: str = "/"


def add(blueprint: Blueprint, container: Container) -> None:
    """``/vao`` and ``/ra``."""

    @blueprint.get("/vao")
    @needs(OPEN)
    def sign_in() -> str:
        return page("sign_in.html", container, next=own_path(read(SignInView).next), kept="", problem=None)

    @blueprint.post("/vao")
    @needs(OPEN)
    def signed_in() -> Response:
        check_origin()
        form = request.form
        where, kept = own_path(form.get("next", "/")), form.get("kept", "")
        try:
            session = accounts.sign_in(
                container.store,
                form.get("name", ""),
                form.get("password", ""),
                address=request.remote_addr or "",
            )
        except (errors.SignInRefused, errors.SignInTooSoon) as problem:
            again = page(
                "sign_in.html", container, next=where, kept=kept, problem=problem, name=form.get("name", "")
            )
            return Response(again, status=problem.status, content_type="text/html; charset=utf-8")
        response = back(where) if not kept else resume(container, where, kept, token_for(container, session))
        return with_session(response, session)

    @blueprint.post("/phien")
    @right("see")
    def stay_signed_in() -> Response:
        session = request.cookies[COOKIE][:200]
        left_s = accounts.extend(container.store, session)
        if request.accept_mimetypes.best == "application/json":
            response = jsonify(seconds=left_s)
        else:
            response = back(own_path(request.form.get("next", "/")))
        return with_session(response, session)

    @blueprint.post("/ra")
    @needs(OPEN)
    def sign_out() -> Response:
        check_origin()
        if COOKIE in request.cookies:
            accounts.sign_out(container.store, request.cookies[COOKIE][:200])
        response = back("/vao")
        response.delete_cookie(COOKIE)
        return response


def with_session(response: Response, session: str) -> Response:
    """*response* with the session's cookie: our pages only, no script, over TLS where we are asked over TLS."""
    response.set_cookie(
        COOKIE,
        session,
        max_age=accounts.MOST_SESSION_S,
        httponly=True,
        secure=request.is_secure,
        samesite="Strict",
    )
    return response


def resume(container: Container, where: str, kept: str, token: str) -> Response:
    """A form with everything that was typed before the session ended."""
    try:
        fields = json.loads(kept)
    except ValueError:
        return back(where)
    if not isinstance(fields, dict):
        return back(where)
    told = [
        (str(name), str(value))
        for name, values in fields.items()
        if name != "csrf"
        for value in (values if isinstance(values, list) else [values])
    ]
    shown = page("resume.html", container, where=where, fields=told[:_MOST_KEPT], token=token)
    return Response(shown, content_type="text/html; charset=utf-8")
