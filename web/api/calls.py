"""Outgoing calls over REST: how each stands, with every attempt, and the acts of an operator."""

from collections.abc import Callable

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from engine import errors
from engine.actions import by_hand, renew
from engine.queries import call_list, exchange
from engine.queries.call_list import CallLine
from engine.storage.database import Connection
from web import conditions, cursors
from web.api import call_models as shapes
from web.api.models import answer, blueprint, conditional, listing, page
from web.auth import check_own, narrowed, needs, principal
from web.container import Container
from web.idempotency import idempotent


def routes(container: Container) -> APIBlueprint:
    """The part of the interface about calls."""
    api = blueprint("calls", "What goes to partners, each with its attempts.")
    _add_reading(api, container)
    _add_acting(api, container)
    return api


def _add_reading(api: APIBlueprint, container: Container) -> None:
    @api.get("/calls", summary="List calls, newest first", responses={200: shapes.Calls})
    @needs("calls")
    def list_calls(query: shapes.CallsQuery) -> Response:
        bound: dict[str, object] = query.model_dump(exclude={"limit", "cursor"})
        wanted = query.wanted(narrowed(query.unit, "calls"))
        after = cursors.read(container, query.cursor, bound)
        with container.store.reading() as connection:
            found = call_list.find_calls(connection, wanted, after=after, limit=query.limit + 1)
            bounded = call_list.is_bounded(connection, wanted)
        rows, more = page(found, query.limit)
        return listing(
            container,
            [shapes.told(row) for row in rows],
            last=rows[-1].id if more else None,
            bound_to=bound,
            searched=call_list.SEARCHED if bounded else None,
        )

    @api.get("/calls/<int:id>", summary="Read a call with its attempts", responses={200: shapes.CallWhole})
    @needs("calls")
    def get_call(path: shapes.CallPath) -> Response:
        line = _find(container, path.id)
        with container.store.reading() as connection:
            attempts = exchange.attempts(connection, path.id)
            inputs, reply = exchange.call_bodies(connection, path.id)
        told = shapes.whole(line, attempts, inputs, reply)
        return conditional(conditions.tagged(answer(told), _tag(line)))


def _add_acting(api: APIBlueprint, container: Container) -> None:
    @api.post("/calls/<int:id>/act", summary="Do one of a call's actions", responses={200: shapes.Call})
    @needs("calls")
    @conditions.matched(conditions.REQUIRED)
    @idempotent(container)
    def act_on_call(path: shapes.CallPath, body: shapes.CallActRequest) -> Response:
        line, by = _find(container, path.id), principal().name
        if body.action == shapes.RENEW:
            principal().require("calls:renew")
            _check_typed(line, body.dossier)
            renew.send_with_new_key(container.store, path.id, by=by, reason=body.reason, seen=_seen(path.id))
        else:
            by_hand.act_on_call(
                container.store, path.id, body.action, by=by, reason=body.reason, seen=_seen(path.id)
            )
        now = _find(container, path.id)
        return conditions.tagged(answer(shapes.told(now)), _tag(now))


def _find(container: Container, call: int) -> CallLine:
    """The call, if the caller's unit has to do with its dossier. Raises: CallNotFound, also where it has not."""
    with container.store.reading() as connection:
        line = call_list.get_call(connection, call)
    check_own(frozenset(line.units), errors.CallNotFound(call=call))
    return line


def _check_typed(line: CallLine, typed: str | None) -> None:
    """Raises: BodyInvalid: the code of the call's dossier, which confirms what may have two effects, is not there."""
    if typed != line.dossier:
        raise errors.BodyInvalid(
            reason=f"type the code {line.dossier} to confirm",
            fields=[{"field": "dossier", "reason": "is not the code of the call's dossier"}],
        )


def _seen(call: int) -> Callable[[Connection], None]:
    """Raises PreconditionMissing or PreconditionFailed where the caller has not seen the call as it is once it is locked."""
    return lambda connection: conditions.check(_tag(call_list.get_call(connection, call)), required=True)


def _tag(line: CallLine) -> str:
    return conditions.tag(shapes.told(line).model_dump(mode="json"))
