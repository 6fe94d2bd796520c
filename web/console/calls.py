"""Outgoing calls: the list, and one with every attempt; what may be done about it by hand."""

from collections.abc import Mapping
from typing import Annotated, Literal

from flask import Blueprint, Response, request
from pydantic import Field

from engine import errors
from engine.actions import by_hand, renew, reveal
from engine.exchange.ports import Outcome
from engine.queries import call_list, dossiers, exchange, partners
from engine.queries.call_list import CallFilter, CallLine
from engine.queries.exchange import CALL_STATES
from web import choosing, cursors, masking
from web.console import bulk, rendering, revealing
from web.console.access import right, visitor
from web.console.exports import Column, Exported, Listed, chosen_by, plain
from web.console.rendering import ROWS, View, back, counted, page, read
from web.container import Container

OUTCOMES = tuple(one.value for one in Outcome)
Number = Annotated[int, Field(ge=1, lt=2**31)] | Literal[""]


class CallsView(View):
    """The list's address."""

    status: Literal[
        "", "pending", "held", "sending", "unknown", "incident", "refused", "done", "withdrawn"
    ] = ""
    partner: str = Field(default="", max_length=64)
    operation: str = Field(default="", max_length=100)
    dossier: str = Field(default="", max_length=64)
    key: str = Field(default="", max_length=300)
    procedure: str = Field(default="", max_length=32)
    unit: str = Field(default="", max_length=32)
    attempts: Number = ""
    answer: Annotated[int, Field(ge=100, le=599)] | Literal[""] = ""
    outcome: Literal["", "ok", "fault", "not_sent", "unknown", "refused", "invalid", "found", "absent"] = ""
    size: Number = ""
    since: str = Field(default="", max_length=10)
    until: str = Field(default="", max_length=10)
    due_since: str = Field(default="", max_length=10)
    due_until: str = Field(default="", max_length=10)
    cursor: str | None = Field(default=None, max_length=2000)


class CallView(View):
    seen: str | None = Field(default=None, max_length=500)


def add(blueprint: Blueprint, container: Container) -> None:
    """``/cuoc-goi`` and ``/cuoc-goi/<id>``."""
    _add_list(blueprint, container)
    _add_one(blueprint, container)
    _add_acts(blueprint, container)
    _add_reveal(blueprint, container)


def _add_list(blueprint: Blueprint, container: Container) -> None:
    @blueprint.get("/cuoc-goi")
    @right("see")
    def calls_page() -> str:
        view = read(CallsView)
        wanted = wanted_by(view)
        after = cursors.read(container, view.cursor, view.bound)
        with container.store.reading() as connection:
            found = call_list.find_calls(connection, wanted, after=after, limit=ROWS + 1)
            count, exact = call_list.count_calls(connection, wanted)
            bounded = call_list.is_bounded(connection, wanted)
        rows, following = rendering.rows_of(container, found, view.bound)
        return page(
            "calls.html",
            container,
            view=view,
            rows=rows,
            following=following,
            states=CALL_STATES,
            outcomes=OUTCOMES,
            most=most_attempts(container),
            partner_names=rendering.partner_names(container),
            acts=by_hand.CALL_ACTS,
            count=counted(count, exact),
            exact=exact,
            searched=counted(call_list.SEARCHED, True) if bounded else "",
            filtered=any(value != "" for value in view.bound.values()),
        )


def most_attempts(container: Container) -> Mapping[tuple[str, str], int]:
    """How often a call of (partner, operation) is sent before a person is asked."""
    with container.store.reading() as connection:
        by_hand = partners.attempts_by_hand(connection)
    return {
        (card.name, operation): by_hand.get(card.name, most)
        for card in container.partners.cards()
        for operation, most in card.attempts.items()
    }


def _add_one(blueprint: Blueprint, container: Container) -> None:
    @blueprint.get("/cuoc-goi/<int:id>")
    @right("see")
    def call_page(id: int) -> str:  # noqa: A002
        read(CallView)
        return _shown(container, id)


def _add_acts(blueprint: Blueprint, container: Container) -> None:
    @blueprint.post("/cuoc-goi/<int:id>")
    @right("act")
    def act_on_call(id: int) -> Response:  # noqa: A002
        find(container, id)
        try:
            action = request.form.get("action", "")[:64]
            by_hand.act_on_call(container.store, id, action, by=visitor().name, reason=rendering.reason())
        except (errors.RequestInvalid, errors.ActionNotNow) as problem:
            return Response(
                _shown(container, id, problem), status=problem.status, content_type="text/html; charset=utf-8"
            )
        return back(f"/cuoc-goi/{id}", "done")

    @blueprint.post("/cuoc-goi/<int:id>/khoa-moi")
    @right("renew")
    def renew_call(id: int) -> Response:  # noqa: A002
        call = find(container, id)
        try:
            _check_typed(call)
            renew.send_with_new_key(container.store, id, by=visitor().name, reason=rendering.reason())
        except (errors.RequestInvalid, errors.ActionNotNow) as problem:
            return Response(
                _shown(container, id, problem), status=problem.status, content_type="text/html; charset=utf-8"
            )
        return back(f"/cuoc-goi/{id}", "done")


def _add_reveal(blueprint: Blueprint, container: Container) -> None:
    @blueprint.post("/cuoc-goi/<int:id>/mo")
    @right("reveal")
    def reveal_call(id: int) -> Response:  # noqa: A002
        call, what = find(container, id), f"call:{id}"
        with container.store.reading() as connection:
            dossier = dossiers.get_brief(connection, call.dossier).id
        reveal.write_down(
            container.store, visitor().name, dossier=dossier, what=what, reason=rendering.reason()
        )
        return back(f"/cuoc-goi/{id}?seen={revealing.permit(container, visitor(), what)}")


def _shown(container: Container, id_: int, problem: errors.LienthongError | None = None) -> str:
    call = find(container, id_)
    with container.store.reading() as connection:
        attempts = exchange.attempts(connection, id_)
        inputs, reply = exchange.call_bodies(connection, id_)
    is_open = revealing.permitted(container, visitor()) == f"call:{id_}"
    as_json = masking.plain_json if is_open else masking.masked_json
    as_text = masking.plain_text if is_open else masking.masked_text
    read_ = [(one, as_text(one.request), as_text(one.reply)) for one in attempts]
    return page(
        "call.html",
        container,
        call=call,
        attempts=read_,
        last=read_[-3:] if call.status in ("incident", "refused") else [],
        most=most_attempts(container),
        inputs=as_json(inputs),
        reply=as_json(reply),
        is_open=is_open,
        acts=choosing.acts_on_call(call),
        renewable=choosing.is_renewable(call),
        problem=problem,
        typed=request.form if problem else {},
    )


def _check_typed(call: CallLine) -> None:
    """Raises: RequestInvalid: the code of the call's dossier was not typed."""
    if request.form.get("dossier", "").strip() != call.dossier:
        raise errors.RequestInvalid(reason=f"type the code {call.dossier} to confirm")


def wanted_by(view: CallsView) -> CallFilter:
    """What the address narrows to, for this visitor. Raises: RequestInvalid."""
    return CallFilter(
        status=view.status or None,
        partner=view.partner or None,
        operation=view.operation or None,
        dossier=view.dossier or None,
        key=view.key or None,
        unit=visitor().narrowed(view.unit),
        procedure=view.procedure or None,
        attempts=view.attempts or None,
        answer=view.answer or None,
        outcome=view.outcome or None,
        size_bytes=view.size or None,
        since=rendering.day_begins(view.since),
        until=rendering.day_ends(view.until),
        due_from=rendering.day_begins(view.due_since),
        due_until=rendering.day_ends(view.due_until),
    )


def _listed(_container: Container) -> Listed:
    return _listed_by(read(CallsView))


def _chosen(_container: Container) -> Listed:
    return chosen_by(
        "call",
        lambda connection, ids: call_list.chosen(connection, ids, unit=visitor().unit)[::-1],
        lambda: _listed_by(bulk.filter_of(CallsView)),
    )


def _listed_by(view: CallsView) -> Listed:
    wanted = wanted_by(view)
    return Listed(
        find=lambda connection, after, limit: call_list.find_calls(
            connection, wanted, after=after, limit=limit
        ),
        bound=view.bound,
    )


_COLUMNS = (
    *plain("id", "dossier", "partner", "operation"),
    Column("state", "call_state"),
    *plain("sends", "attempt", "key", "created_at", "sent_at", "due_at", "settled_at", "answer"),
    Column("outcome", "answer"),
    *plain("sent_bytes", "got_bytes", "fault", "detail", "held_by", "held_reason"),
)
EXPORT = Exported(path="/cuoc-goi", right="see", columns=_COLUMNS, listed=_listed, chosen=_chosen)


def find(container: Container, call: int) -> CallLine:
    """Raises: CallNotFound, also where it is of another unit's dossier."""
    with container.store.reading() as connection:
        found = call_list.get_call(connection, call)
    visitor().check_own(frozenset(found.units), errors.CallNotFound(call=call))
    return found
