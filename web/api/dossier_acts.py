"""What an operator does about one dossier, as a program: let its calls go on, correct a value, extend its due date, move it.

Each is done to the dossier as its caller saw it: If-Match is looked at under its lock. Holding it still and letting it go on
are in `web.api.dossiers`, with withdrawing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING

import orjson
from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from pydantic import Field, JsonValue

from engine import errors
from engine.actions import by_hand, correct, extend
from engine.actions.deploy import DeploymentShelf
from engine.actions.lengthen import MOST_GROUND
from engine.queries.clock import Clocks
from web import conditions
from web.api.dossier_models import DossierPath
from web.api.dossiers import find, seen_now
from web.api.models import Done, ReasonRequest, Told, answer, blueprint
from web.auth import needs, principal
from web.container import Container
from web.idempotency import idempotent

if TYPE_CHECKING:
    from engine.actions.move import Places
    from engine.runtime.moving import Stand

MOST_VALUE = 20_000
"""How long a corrected value may be, in bytes of JSON."""


class CorrectionRequest(ReasonRequest):
    """A value of the dossier's data, by its path with dots, and what it is to be; null takes it away."""

    field: str = Field(min_length=1, max_length=500, examples=["deed.kind"])
    value: JsonValue


class ExtensionRequest(ReasonRequest):
    """The new due day, until its working time ends (or of the next working day), and the law that allows it."""

    day: date
    ground: str = Field(min_length=1, max_length=MOST_GROUND)


class MoveRequest(ReasonRequest):
    """From the step `origin` to the step `target`, by their ids in the model; `task` says which token where several stand
    at one step."""

    origin: str = Field(min_length=1, max_length=200)
    target: str = Field(min_length=1, max_length=200)
    task: str | None = Field(default=None, min_length=1, max_length=64)


class Extended(Told):
    """What was asked for: a worker moves the date."""

    due_before: datetime
    due_after: datetime


class Target(Told):
    element: str
    name: str


class Place(Told):
    """A token and where it may go."""

    task: str
    element: str
    name: str
    targets: list[Target]


class PlacesOfDossier(Told):
    items: list[Place]


def routes(container: Container) -> APIBlueprint:
    """The part of the interface about what operators do with dossiers."""
    api = blueprint("dossier acts", "What an operator does about one dossier.")
    clocks, shelf = Clocks(), DeploymentShelf(container.store)
    _add_retrying(api, container)
    _add_amending(api, container, clocks)
    _add_places(api, container, shelf)
    _add_moving(api, container, shelf)
    return api


def _add_retrying(api: APIBlueprint, container: Container) -> None:
    @api.post(
        "/dossiers/<string:code>/retry",
        summary="Let every call of a dossier that waits go on now",
        responses={200: Done},
    )
    @needs("calls")
    @conditions.matched(conditions.REQUIRED)
    @idempotent(container)
    def retry_dossier(path: DossierPath, body: ReasonRequest) -> Response:
        find(container, path.code)
        by_hand.retry_dossier(
            container.store, path.code, by=principal().name, reason=body.reason, seen=seen_now(path.code)
        )
        return answer(Done())


def _add_amending(api: APIBlueprint, container: Container, clocks: Clocks) -> None:
    @api.post(
        "/dossiers/<string:code>/correction",
        summary="Correct a value of a dossier's data",
        responses={202: Done},
    )
    @needs("dossiers:amend")
    @conditions.matched(conditions.REQUIRED)
    @idempotent(container)
    def correct_dossier(path: DossierPath, body: CorrectionRequest) -> Response:
        find(container, path.code)
        if len(orjson.dumps(body.value)) > MOST_VALUE:
            raise _wrong("value", f"is longer than {MOST_VALUE} characters")
        wanted = correct.propose(
            container.store, path.code, body.field, lambda _: body.value, clocks.procedure
        )
        correct.correct(
            container.store,
            path.code,
            wanted.path,
            wanted.after,
            seen=wanted.tag,
            by=principal().name,
            reason=body.reason,
            look=seen_now(path.code),
        )
        return answer(Done(), 202)

    @api.post(
        "/dossiers/<string:code>/extension",
        summary="Give a dossier a later due date",
        responses={202: Extended},
    )
    @needs("dossiers:amend")
    @conditions.matched(conditions.REQUIRED)
    @idempotent(container)
    def extend_dossier(path: DossierPath, body: ExtensionRequest) -> Response:
        find(container, path.code)
        with _told_of("day"):
            wanted = extend.propose(container.store, clocks, path.code, body.day)
        extend.extend(
            container.store,
            path.code,
            wanted,
            ground=body.ground,
            by=principal().name,
            reason=body.reason,
            look=seen_now(path.code),
        )
        return answer(Extended(due_before=wanted.before, due_after=wanted.after), 202)


def _add_places(api: APIBlueprint, container: Container, shelf: DeploymentShelf) -> None:
    @api.get(
        "/dossiers/<string:code>/places",
        summary="Read where a dossier's tokens stand, and where each may be moved",
        responses={200: PlacesOfDossier},
    )
    @needs("dossiers:move")
    def get_places(path: DossierPath) -> Response:
        find(container, path.code)
        return answer(
            PlacesOfDossier(items=[_told(one) for one in _places(container, shelf, path.code).stands])
        )


def _add_moving(api: APIBlueprint, container: Container, shelf: DeploymentShelf) -> None:
    @api.post(
        "/dossiers/<string:code>/move",
        summary="Have a dossier go on at another step",
        responses={202: Done},
    )
    @needs("dossiers:move")
    @conditions.matched(conditions.REQUIRED)
    @idempotent(container)
    def move_dossier(path: DossierPath, body: MoveRequest) -> Response:
        from engine.actions import move  # brings the interpreter, which nothing else here needs

        find(container, path.code)
        stand = _chosen(_places(container, shelf, path.code), body)
        with _told_of("target"):
            wanted = move.propose(container.store, shelf, path.code, stand.task, body.target)
        move.move(
            container.store,
            shelf,
            path.code,
            wanted,
            seen=wanted.version,
            by=principal().name,
            reason=body.reason,
            look=seen_now(path.code),
        )
        return answer(Done(), 202)


def _places(container: Container, shelf: DeploymentShelf, code: str) -> "Places":
    from engine.actions import move

    return move.places(container.store, shelf, code)


def _chosen(places: "Places", body: MoveRequest) -> "Stand":
    """The token that is to be moved. Raises: ActionNotNow: none stands there. BodyInvalid: several do."""
    there = [one for one in places.stands if one.element == body.origin and body.task in (None, one.task)]
    if not there:
        raise errors.ActionNotNow(what="the step is over: the dossier went on")
    if len(there) > 1:
        raise _wrong("task", f"must say which of the {len(there)} tokens at {body.origin}")
    return there[0]


def _told(stand: "Stand") -> Place:
    targets = [Target(element=element, name=name) for element, name in stand.targets.items()]
    return Place(task=stand.task, element=stand.element, name=stand.name, targets=targets)


@contextmanager
def _told_of(field: str) -> Iterator[None]:
    """What is refused as a request is told of a member of the body."""
    try:
        yield
    except errors.RequestInvalid as error:
        reason = str(error.facts["reason"])
        raise errors.BodyInvalid(reason=reason, fields=[{"field": field, "reason": reason}]) from error


def _wrong(field: str, reason: str) -> errors.BodyInvalid:
    return errors.BodyInvalid(reason=f"{field} {reason}", fields=[{"field": field, "reason": reason}])
