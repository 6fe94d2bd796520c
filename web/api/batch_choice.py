"""What an act about many would be done about: chosen one by one or by the filter of a list, and sifted by what is possible.

Each subject has its own list, filter and acts; what they have in common is an `Able`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from pydantic import ValidationError

from engine import errors
from engine.actions import batches as acts
from engine.actions import by_hand
from engine.actions.lengthen import Lengthening
from engine.exchange.ports import Json
from engine.queries import call_list, dossier_list, dossiers, incident_groups
from engine.queries.clock import Clocks
from engine.queries.dossier_list import Line
from engine.storage.database import Connection
from web import choosing, freezing
from web.api import dossiers as dossiers_api
from web.api import incidents as incidents_api
from web.api.call_models import CallsQuery
from web.api.dossier_models import DossiersQuery
from web.api.models import Paged
from web.auth import principal
from web.lengthening import moved

Query = TypeVar("Query", bound=Paged)
Found = tuple[list[int], int]
_DOSSIER_SCOPES = {
    "suspend": "dossiers:suspend",
    "resume": "dossiers:suspend",
    "cancel": "dossiers:write",
    "retry": "calls",
    "extend": "dossiers:amend",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Able:
    """A thing that the act can be done about."""

    id: int
    dossier: str | None
    title: str
    state: str
    partner: str
    due_before: datetime | None = None
    due_after: datetime | None = None


def require(subject: str, action: str) -> None:
    """Let only those do *action* about many who may do it about one.

    Raises: NotAllowed. BodyInvalid: no such act is done about many.
    """
    known = {"dossier": acts.DOSSIER_ACTS, "call": by_hand.CALL_ACTS}.get(subject, (action,))
    if action not in known or (subject == "incident" and action in choosing.NEEDS_DATA):
        fields = [{"field": "action", "reason": "cannot be done for many at once"}]
        raise errors.BodyInvalid(reason=f"the act {action} cannot be done for many at once", fields=fields)
    principal().require(_DOSSIER_SCOPES[action] if subject == "dossier" else f"{subject}s")


def chosen(connection: Connection, subject: str, items: Sequence[int | str]) -> Found:
    """The ids of *items* and how many these are. Raises: BodyInvalid: they are not of the kind that names *subject*."""
    kind = str if subject == "dossier" else int
    wrong = [at for at, one in enumerate(items) if not isinstance(one, kind)]
    if wrong:
        fields = [{"field": f"items.{wrong[0]}", "reason": "is no name of such a thing"}]
        raise errors.BodyInvalid(reason=f"items.{wrong[0]} is no name of such a thing", fields=fields)
    if subject == "dossier":
        found = dossiers.ids_of_codes(connection, [str(one) for one in items])
    else:
        found = sorted({int(one) for one in items})
    return found, len(set(items))


def matching(connection: Connection, subject: str, given: Mapping[str, Json]) -> Found:
    """The ids of all that match the filter, the oldest that a batch holds; and how many match. Raises: BodyInvalid."""
    return _MATCHING[subject](connection, given)


def able(
    connection: Connection, subject: str, action: str, ids: Sequence[int], due: Lengthening | None = None
) -> list[Able]:
    """Those of *ids* that *action* can be done about, in the order of reception; of `extend` those that *due* is later for."""
    if due is not None:
        return list(_able_later(connection, ids, due))
    return list(_ABLE[subject](connection, action, ids))


def _calls(connection: Connection, given: Mapping[str, Json]) -> Found:
    query = _read(CallsQuery, given)
    wanted = query.wanted(query.unit)
    return freezing.matching(
        partial(call_list.ids_of, connection, wanted), partial(call_list.count_calls, connection, wanted)
    )


def _incidents(connection: Connection, given: Mapping[str, Json]) -> Found:
    wanted = incidents_api.wanted_by(_read(incidents_api.IncidentsQuery, given))
    return freezing.matching(
        partial(incident_groups.ids_of, connection, wanted),
        partial(incident_groups.count_incidents, connection, wanted),
    )


def _dossiers(connection: Connection, given: Mapping[str, Json]) -> Found:
    query = _read(DossiersQuery, given)
    try:
        wanted = dossiers_api.wanted_by(connection, query)
    except errors.RequestInvalid as unknown:
        fields: list[Json] = [{"field": "filter", "reason": str(unknown.facts["reason"])}]
        raise errors.BodyInvalid(reason="the filter is not one of the list's", fields=fields) from unknown
    return freezing.matching(
        partial(dossiers.ids_of, connection, wanted), partial(dossiers.count_dossiers, connection, wanted)
    )


def _read(model: type[Query], given: Mapping[str, Json]) -> Query:
    """The filter of a list. Raises: BodyInvalid: something in it is unknown or malformed."""
    paging = [name for name in Paged.model_fields if name in given]
    problems = [(name, "is not known here") for name in paging]
    try:
        query = model.model_validate(given)
    except ValidationError as exc:
        problems += [
            (".".join(map(str, one["loc"])), one["msg"][:1].lower() + one["msg"][1:]) for one in exc.errors()
        ]
    if problems:
        fields: list[Json] = [{"field": f"filter.{name}", "reason": why} for name, why in problems]
        raise errors.BodyInvalid(reason="the filter is not one of the list's", fields=fields)
    return query


def _able_calls(connection: Connection, action: str, ids: Sequence[int]) -> Iterable[Able]:
    for one in call_list.chosen(connection, ids, unit=None):
        if action in choosing.acts_on_call(one):
            title = f"{one.partner}.{one.operation}"
            yield Able(id=one.id, dossier=one.dossier, title=title, state=one.state, partner=one.partner)


def _able_incidents(connection: Connection, action: str, ids: Sequence[int]) -> Iterable[Able]:
    for one in incident_groups.chosen(connection, ids, unit=None):
        if choosing.can_act_on_incident(one, action):
            yield Able(
                id=one.id, dossier=one.dossier, title=one.title, state=one.cause, partner=one.partner or ""
            )


def _able_later(connection: Connection, ids: Sequence[int], due: Lengthening) -> Iterable[Able]:
    able = [
        one
        for one in dossier_list.chosen(connection, ids, unit=None)
        if choosing.can_act_on_dossier(one, acts.EXTEND)
    ]
    for one, after in moved(connection, Clocks(), due, able):
        yield replace(_of_dossier(one), due_before=one.due_at, due_after=after)


def _of_dossier(one: Line) -> Able:
    partner = (one.call or "").split(".")[0]
    return Able(id=one.id, dossier=one.code, title=one.phase, state=one.situation, partner=partner)


def _able_dossiers(connection: Connection, action: str, ids: Sequence[int]) -> Iterable[Able]:
    for one in dossier_list.chosen(connection, ids, unit=None):
        if choosing.can_act_on_dossier(one, action):
            yield _of_dossier(one)


_MATCHING: Mapping[str, Callable[[Connection, Mapping[str, Json]], Found]] = {
    "call": _calls,
    "incident": _incidents,
    "dossier": _dossiers,
}
_ABLE: Mapping[str, Callable[[Connection, str, Sequence[int]], Iterable[Able]]] = {
    "call": _able_calls,
    "incident": _able_incidents,
    "dossier": _able_dossiers,
}
