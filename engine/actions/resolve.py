"""What an admin does about an incident: each act in one transaction with its audit line, closed only when it is dealt with.

``retry`` and ``skip`` of a parked token and of a report's call go through an event, like all that changes a dossier. Acts on
a call change the call and let the lane go on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine import errors
from engine.actions.by_hand import hand_over
from engine.actions.conditions import Seen, as_it_stands
from engine.exchange.ports import Json
from engine.storage import access, events, incidents, resolving
from engine.storage.database import Connection, Store
from engine.storage.resolving import ConcernedCall, OpenIncident


@dataclass(frozen=True, slots=True, kw_only=True)
class _Act:
    """One act under way."""

    connection: Connection
    incident: OpenIncident
    data: Mapping[str, Json]
    by: str
    reason: str

    @property
    def call(self) -> int:
        """The incident's call. Raises: ActionRefused: it has none."""
        if self.incident.call_id is None:
            raise errors.ActionRefused(incident=self.incident.id, action="this", known="those without a call")
        return self.incident.call_id

    def tell(self, act_: str, call: ConcernedCall | None = None) -> None:
        """Let the dossier hear of it."""
        body = call.body if call is not None else None
        payload: dict[str, Json] = {
            "act": act_,
            "task": self.incident.task,
            "data": dict(self.data),
            "by": self.by,
            "reason": self.reason,
            "incident": self.incident.id,
            "partner": self.incident.partner,
            "report_seq": call.report_seq if call is not None else None,
            "operation": call.operation if call is not None else None,
            "step": call.step if call is not None else None,
            "inputs": body.get("inputs") if isinstance(body, dict) else None,
        }
        events.append(self.connection, self.incident.dossier_id, "resolved", payload)


def act(
    store: Store,
    incident: int,
    action: str,
    data: Mapping[str, Json] | None = None,
    *,
    by: str,
    reason: str,
    seen: Seen = as_it_stands,
) -> None:
    """Do *action* about an open incident.

    ``done`` takes *data* as the partner's reply; ``skip`` goes on as if done, with *data* as variables; ``deliver``
    gives a message to the dossier whose code *data* holds as ``dossier``. *seen* looks at the incident once it is locked,
    and raises where its caller saw something else.

    Raises:
        IncidentNotFound; IncidentClosed; ActionRefused: not one of the incident's actions.
        ActionNotNow: its call went on by itself, its message was taken. DossierNotFound: there is none to deliver to.
    """
    with store.transaction() as connection:
        found = resolving.take(connection, incident)  # its dossier and its call with it
        if found is None:
            raise errors.IncidentNotFound(incident=incident)
        seen(connection)
        if found.status == "closed":
            raise errors.IncidentClosed(incident=incident)
        if action not in found.actions or action not in _ACTS:
            raise errors.ActionRefused(incident=incident, action=action, known=", ".join(found.actions))
        if found.call_id is not None and found.call_status not in resolving.HELD and action != "close":
            raise errors.ActionNotNow(what=f"call {found.call_id} is {found.call_status} by now")
        if action in ("resend", "retry") and not found.call_wanted:
            raise errors.ActionNotNow(what=f"the task of call {found.call_id} is gone: say what became of it")
        _ACTS[action](_Act(connection=connection, incident=found, data=data or {}, by=by, reason=reason))
        incidents.close(connection, incident, by=by, resolution=action)
        if found.call_id is not None and action != "close":
            incidents.close_of_call(connection, found.call_id, by=by, resolution=action)
        access.audit(
            connection,
            by,
            f"incident-{action}",
            dossier=found.dossier_id,
            facts={"incident": incident, "cause": found.cause},
            reason=reason,
        )


def _resend(one: _Act) -> None:
    resolving.send_again(one.connection, one.call, status="pending")


def _ask(one: _Act) -> None:
    resolving.send_again(one.connection, one.call, status="unknown")


def _done(one: _Act) -> None:
    resolving.end_call(one.connection, one.call, dict(one.data), "answered by an admin")
    payload: dict[str, Json] = {"call": one.call, "by": one.by}
    events.append(one.connection, one.incident.dossier_id, "call-settled", payload)


def _retry(one: _Act) -> None:
    if one.incident.call_id is not None:
        _resend(one)
    elif one.incident.event_id is not None:
        resolving.apply_again(one.connection, one.incident.event_id)
    else:
        one.tell("retry")


def _recompose(one: _Act) -> None:
    one.tell("retry", resolving.withdraw_unmade(one.connection, one.incident))


def _skip(one: _Act) -> None:
    if one.incident.call_id is None:
        one.tell("skip", resolving.withdraw_unmade(one.connection, one.incident))
        return
    call = resolving.concerned_call(one.connection, one.incident.call_id)
    resolving.end_call(one.connection, one.incident.call_id, None, f"skipped: {one.reason}")
    one.tell("skip", call)


def _deliver(one: _Act) -> None:
    hand_over(one.connection, int(str(one.incident.facts["message"])), str(one.data.get("dossier") or ""))


def _close(one: _Act) -> None:
    """Nothing to do but to say that it was seen."""


def _pause(one: _Act) -> None:
    resolving.pause(one.connection, one.incident.partner, one.reason)


_ACTS: Mapping[str, Callable[[_Act], None]] = {
    "resend": _resend,
    "ask": _ask,
    "done": _done,
    "accept": _done,
    "retry": _retry,
    "recompose": _recompose,
    "skip": _skip,
    "deliver": _deliver,
    "close": _close,
    "pause": _pause,
}
