"""Incoming messages: the list with those that nobody took, and one that can be given to a dossier by hand."""

from typing import Literal

from flask import Blueprint, Response, request
from pydantic import Field

from engine import errors
from engine.actions import by_hand, reveal, untaken
from engine.exchange.ports import SIGNED
from engine.queries import candidates, dossiers, exchange
from engine.queries.exchange import MESSAGE_STATES, MessageFilter, MessageLine
from web import choosing, cursors, masking
from web.console import rendering, revealing
from web.console.access import right, visitor
from web.console.dossier import find as find_dossier
from web.console.exports import Column, Exported, Listed, plain
from web.console.rendering import ROWS, View, back, page, read
from web.container import Container


class MessagesView(View):
    """The list's address."""

    status: Literal["", "untaken", "kept", "met", "delivered", "unclaimed", "ambiguous", "rejected"] = ""
    source: str = Field(default="", max_length=64)
    name: str = Field(default="", max_length=100)
    dossier: str = Field(default="", max_length=64)
    since: str = Field(default="", max_length=10)
    until: str = Field(default="", max_length=10)
    repeated: Literal["", "yes", "no"] = ""
    signature: Literal["", "good", "none"] = ""
    cursor: str | None = Field(default=None, max_length=2000)


class MessageView(View):
    seen: str | None = Field(default=None, max_length=500)


def add(blueprint: Blueprint, container: Container) -> None:
    """``/thong-diep`` and ``/thong-diep/<id>``."""
    _add_list(blueprint, container)
    _add_one(blueprint, container)
    _add_deciding(blueprint, container)
    _add_reading(blueprint, container)


def _add_list(blueprint: Blueprint, container: Container) -> None:
    @blueprint.get("/thong-diep")
    @right("see")
    def message_list() -> str:
        view = read(MessagesView)
        wanted = _wanted(view)
        after = cursors.read(container, view.cursor, view.bound)
        with container.store.reading() as connection:
            found = exchange.find_messages(connection, wanted, after=after, limit=ROWS + 1)
            unmatched, repeats = exchange.count_untaken(connection, wanted)
        rows, following = rendering.rows_of(container, found, view.bound)
        return page(
            "messages.html",
            container,
            view=view,
            rows=rows,
            following=following,
            states=("untaken", *MESSAGE_STATES),
            unmatched=unmatched,
            repeats=repeats,
            filtered=any(value for value in view.bound.values()),
        )


def _add_one(blueprint: Blueprint, container: Container) -> None:
    @blueprint.get("/thong-diep/<int:id>")
    @right("see")
    def message_page(id: int) -> str:  # noqa: A002
        read(MessageView)
        return _shown(container, id)

    @blueprint.post("/thong-diep/<int:id>")
    @right("act")
    def deliver(id: int) -> Response:  # noqa: A002
        _find(container, id)
        dossier = request.form.get("dossier", "").strip()[:64]
        try:
            why = rendering.reason()
            find_dossier(container, dossier)
            by_hand.deliver(container.store, id, dossier, by=visitor().name, reason=why)
        except (errors.RequestInvalid, errors.ActionNotNow, errors.DossierNotFound) as problem:
            return Response(
                _shown(container, id, problem), status=problem.status, content_type="text/html; charset=utf-8"
            )
        return back(f"/thong-diep/{id}", "done")


def _add_deciding(blueprint: Blueprint, container: Container) -> None:
    @blueprint.post("/thong-diep/<int:id>/xu-ly")
    @right("act")
    def decide_on_message(id: int) -> Response:  # noqa: A002
        _find(container, id)
        try:
            _decide(container, id)
        except (errors.RequestInvalid, errors.ActionNotNow) as problem:
            return Response(
                _shown(container, id, problem), status=problem.status, content_type="text/html; charset=utf-8"
            )
        return back(f"/thong-diep/{id}", "done")


def _decide(container: Container, message: int) -> None:
    """Raises: RequestInvalid: no act, or no reason. ActionNotNow: not as the message stands."""
    action, why, by = request.form.get("action", ""), rendering.reason(), visitor().name
    if action == "offer":
        untaken.offer_again(container.store, message, by=by, reason=why)
    elif action == "reject":
        untaken.reject(container.store, message, by=by, reason=why, now=container.clock.now())
    else:
        raise errors.RequestInvalid(reason="this is no act on a message")


def _add_reading(blueprint: Blueprint, container: Container) -> None:
    """What shows personal data: with a reason, which is written down first."""

    @blueprint.post("/thong-diep/<int:id>/goc")
    @right("reveal")
    def original_message(id: int) -> Response:  # noqa: A002
        _write_down(container, id, f"message:{id}, as it came")
        with container.store.reading() as connection:
            _, body = exchange.message_body(connection, id)
        response = Response(body or b"", content_type="application/octet-stream")
        response.headers["Content-Disposition"] = f'attachment; filename="message-{id}.bin"'
        return response

    @blueprint.post("/thong-diep/<int:id>/mo")
    @right("reveal")
    def reveal_message(id: int) -> Response:  # noqa: A002
        what = f"message:{id}"
        _write_down(container, id, what)
        return back(f"/thong-diep/{id}?seen={revealing.permit(container, visitor(), what)}")


def _write_down(container: Container, message: int, what: str) -> None:
    """Have it in the audit trail that the visitor sees *what*, and why. Raises: RequestInvalid: without a reason."""
    found = _find(container, message)
    dossier = None
    if found.dossier is not None:
        with container.store.reading() as connection:
            dossier = dossiers.get_brief(connection, found.dossier).id
    reveal.write_down(container.store, visitor().name, dossier=dossier, what=what, reason=rendering.reason())


def _shown(container: Container, id_: int, problem: errors.LienthongError | None = None) -> str:
    """The page of one message, with what was wrong with an act on it."""
    message = _find(container, id_)
    acts = choosing.acts_on_message(message)
    with container.store.reading() as connection:
        payload, body = exchange.message_body(connection, id_)
        near = (
            candidates.nearest(connection, message.name, message.key, unit=visitor().unit)
            if "deliver" in acts
            else []
        )
    is_open = revealing.permitted(container, visitor()) == f"message:{id_}"
    return page(
        "message.html",
        container,
        message=message,
        untaken="deliver" in acts,
        acts=[act for act in acts if act != "deliver"],
        near=near,
        payload=masking.plain_json(payload) if is_open else masking.masked_json(payload),
        body=masking.plain_text(body) if is_open else masking.masked_text(body),
        has_body=body is not None,
        is_open=is_open,
        problem=problem,
        typed=request.form if problem else {},
    )


def _wanted(view: MessagesView) -> MessageFilter:
    return MessageFilter(
        status=view.status or None,
        source=view.source or None,
        name=view.name or None,
        dossier=view.dossier or None,
        since=rendering.day_begins(view.since),
        until=rendering.day_ends(view.until),
        repeated=None if not view.repeated else view.repeated == "yes",
        signature={"": None, "good": SIGNED, "none": ""}[view.signature],
        unit=visitor().unit,
    )


def _listed(_container: Container) -> Listed:
    view = read(MessagesView)
    wanted = _wanted(view)
    return Listed(
        find=lambda connection, after, limit: exchange.find_messages(
            connection, wanted, after=after, limit=limit
        ),
        bound=view.bound,
    )


_COLUMNS = (
    *plain("id", "dossier", "source", "name", "message_id"),
    Column("status", "message_state"),
    *plain("received_at", "keep_until", "delivered_at", "repeats", "repeated_at", "signature"),
)
EXPORT = Exported(path="/thong-diep", right="see", columns=_COLUMNS, listed=_listed)


def _find(container: Container, message: int) -> MessageLine:
    """Raises: MessageNotFound, also where it is of another unit's dossier, or of none."""
    with container.store.reading() as connection:
        found = exchange.get_message(connection, message)
    units = frozenset(unit for unit in found.units if unit)
    visitor().check_own(units, errors.MessageNotFound(message=message))
    return found
