"""A key's own business over REST: what it may do, and changing it for a new one while the old still works."""

from datetime import datetime

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from pydantic import Field

from engine import errors
from engine.actions import keys
from web.api.models import Asked, Told, answer, blueprint
from web.auth import ANY, is_token, needs, principal
from web.container import Container


class RotationRequest(Asked):
    """How long the old key goes on working, so that every program can be given the new one."""

    overlap_hours: float = Field(default=24.0, ge=0, le=720)


class OwnKey(Told):
    """The key that asks."""

    name: str
    prefix: str
    scopes: list[str]
    unit: str | None
    partner: str | None


class NewKey(Told):
    """The new key, told this once; the one that asked ends at `old_expires_at`."""

    prefix: str
    key: str
    old_expires_at: datetime


def routes(container: Container) -> APIBlueprint:
    """The part of the interface about the caller's own key."""
    api = blueprint("keys", "The key that asks.")

    @api.get("/keys/self", summary="Read what the own key may do", responses={200: OwnKey})
    @needs(ANY)
    def own_key() -> Response:
        caller = principal()
        told = OwnKey(
            name=caller.name,
            prefix=caller.id.removeprefix("key:"),
            scopes=sorted(caller.scopes),
            unit=caller.unit,
            partner=caller.partner,
        )
        return answer(told)

    @api.post("/keys/self/rotate", summary="Change the own key for a new one", responses={201: NewKey})
    @needs(ANY)
    def rotate_key(body: RotationRequest) -> Response:
        if is_token(request):  # it may have less than its key, which the new key would have again
            raise errors.NotAllowed(what="change a key with a token: send the key itself")
        made = keys.rotate(
            container.store,
            principal().id.removeprefix("key:"),
            overlap_s=body.overlap_hours * 3600,
            by=principal().name,
        )
        return answer(
            NewKey(prefix=made.key.prefix, key=made.key.text, old_expires_at=made.old_expires_at), 201
        )

    return api
