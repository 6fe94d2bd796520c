"""What citizens see without an account: the procedures, and where a dossier stands for whoever has its receipt."""

import hmac
import threading
import time

from flask import Blueprint, Response, request

from engine import errors
from engine.dossiers import timeline
from engine.queries import phases, procedures, tracking, wanted
from web.auth import OPEN, needs
from web.console.access import check_origin
from web.console.rendering import View, language, page, read
from web.container import Container

_TRIES, _WINDOW_S, _MOST_ADDRESSES = 10, 60.0, 10_000


class Tries:
    """How often each address tried lately, in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, list[float]] = {}

    def check(self, address: str) -> None:
        """Raises: SignInTooSoon after ten tries a minute."""
        now = time.monotonic()
        with self._lock:
            if len(self._seen) > _MOST_ADDRESSES:
                self._seen.clear()
            recent = [at for at in self._seen.get(address, []) if at > now - _WINDOW_S]
            self._seen[address] = [*recent, now][-_TRIES:]
        if len(recent) >= _TRIES:
            raise errors.SignInTooSoon(wait_s=int(_WINDOW_S))


def add(blueprint: Blueprint, container: Container) -> None:
    """``/thu-tuc``, ``/thu-tuc/<code>`` and ``/tra-cuu``."""
    _add_procedures(blueprint, container)
    _add_tracking(blueprint, container, Tries())


def _add_procedures(blueprint: Blueprint, container: Container) -> None:
    @blueprint.get("/thu-tuc")
    @needs(OPEN)
    def public_procedures() -> str:
        read(View)
        with container.store.reading() as connection:
            offered = procedures.list_procedures(connection)
        return page("public_procedures.html", container, rows=offered)

    @blueprint.get("/thu-tuc/<string:code>")
    @needs(OPEN)
    def public_procedure(code: str) -> str:
        read(View)
        with container.store.reading() as connection:
            found = {one.code: one for one in procedures.list_procedures(connection)}.get(code)
            steps = phases.steps(connection, found.deployment) if found is not None else []
        if found is None or found.rules is None:
            raise errors.ProcedureNotFound(procedure=code)
        return page("public_procedure.html", container, procedure=found, rules=found.rules, steps=steps)


def _add_tracking(blueprint: Blueprint, container: Container, tries: Tries) -> None:
    @blueprint.get("/tra-cuu")
    @needs(OPEN)
    def track() -> str:
        read(View)
        return page("public_tracking.html", container, found=None, problem=None, typed={})

    @blueprint.post("/tra-cuu")
    @needs(OPEN)
    def tracked() -> Response:
        check_origin()
        try:
            tries.check(request.remote_addr or "")
            found = _find(container, request.form.get("code", ""), request.form.get("access", ""))
        except (errors.TrackingRefused, errors.SignInTooSoon) as problem:
            again = page("public_tracking.html", container, found=None, problem=problem, typed=request.form)
            return Response(again, status=problem.status, content_type="text/html; charset=utf-8")
        return Response(_shown(container, found), content_type="text/html; charset=utf-8")


def _shown(container: Container, found: tracking.Tracked) -> str:
    titles = {card.name: card.called(language()) for card in container.partners.cards()}
    with container.store.reading() as connection:
        moves = tracking.clock_moves(connection, found.code)
        waits = tracking.holders(connection, found.code)
        steps = phases.passed(connection, found.code)
        asked = wanted.wanted(connection, found.code, now=container.clock.now())
    return page(
        "public_tracking.html",
        container,
        found=found,
        steps=steps,
        papers=asked.papers,
        fees=asked.fees,
        moves=moves,
        holders=[(kind, titles.get(name, name)) for kind, name in waits],
        problem=None,
        typed={},
    )


def _find(container: Container, code: str, access: str) -> tracking.Tracked:
    """Raises: TrackingRefused, in the same words and time for a wrong code and a wrong access code."""
    with container.store.reading() as connection:
        found = tracking.find(connection, code.strip()[:64].replace("\0", ""))
    salt = found.salt if found is not None else b"nobody's salt..."
    expected = (found.access_code or "" if found is not None else "") or "none"
    given = timeline.digest(salt, access.strip()[:64])
    if not hmac.compare_digest(given.encode(), expected.encode()) or found is None:
        raise errors.TrackingRefused
    return found
