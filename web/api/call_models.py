"""What goes in and out about outgoing calls."""

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, Field, JsonValue

from engine.queries.call_list import CallFilter, CallLine
from engine.queries.exchange import Attempt
from web import choosing, masking
from web.api.models import Asked, Paged, Told

RENEW = "renew"
"""The act that takes a scope of its own."""


class CallsQuery(Paged):
    status: (
        Literal["pending", "held", "sending", "unknown", "incident", "refused", "done", "withdrawn"] | None
    ) = None
    partner: str | None = Field(default=None, max_length=64)
    operation: str | None = Field(default=None, max_length=100)
    dossier: str | None = Field(default=None, max_length=64)
    key: str | None = Field(default=None, max_length=300, description="The key that all its attempts carry.")
    procedure: str | None = Field(default=None, max_length=32)
    unit: str | None = Field(default=None, max_length=32, description="Of this unit's dossiers.")
    attempts: int | None = Field(default=None, ge=1, lt=2**31, description="Sent at least this often.")
    answer: int | None = Field(default=None, ge=100, le=599, description="HTTP status of the last attempt.")
    outcome: Literal["ok", "fault", "not_sent", "unknown", "refused", "invalid", "found", "absent"] | None = (
        Field(default=None, description="What the last attempt came to.")
    )
    size_bytes: int | None = Field(default=None, ge=1, lt=2**31, description="The larger body's, at least.")
    created_from: AwareDatetime | None = None
    created_before: AwareDatetime | None = None
    due_from: AwareDatetime | None = None
    due_before: AwareDatetime | None = None

    def wanted(self, unit: str | None) -> CallFilter:
        """What it narrows to, *unit* being the one that counts."""
        return CallFilter(
            unit=unit,
            since=self.created_from,
            until=self.created_before,
            due_until=self.due_before,
            **self.model_dump(
                exclude={"limit", "cursor", "unit", "created_from", "created_before", "due_before"}
            ),
        )


class CallPath(Asked):
    id: int = Field(ge=1, lt=2**63)


class CallActRequest(Asked):
    """One of the call's `actions`, and why. `renew` takes the scope `calls:renew`, and the code of the call's dossier."""

    action: Literal["now", "ask", "resend", "hold", "release", "withdraw", "renew"]
    reason: str = Field(min_length=1, max_length=2000)
    dossier: str | None = Field(default=None, max_length=64)


class Call(Told):
    """`status` is `held` while an operator holds it. `behind`: the call of its lane that it waits for. `certain`: no
    attempt can have had an effect. `answer`, `outcome`, `sent_bytes` and `got_bytes` are of the last attempt."""

    id: int
    dossier: str
    partner: str
    operation: str
    key: str
    element: str
    report_seq: int | None
    step: str | None
    repeat: str
    status: str
    actions: list[str]
    attempt: int
    sends: int
    asks: int
    due_at: datetime | None
    lease_until: datetime | None
    sent_at: datetime | None
    created_at: datetime
    settled_at: datetime | None
    fault: str | None
    detail: str
    trace: str | None
    incident: int | None
    held_at: datetime | None
    held_by: str | None
    held_reason: str | None
    behind: int | None
    certain: bool
    answer: int | None
    outcome: str | None
    sent_bytes: int | None
    got_bytes: int | None


class Tried(Told):
    """One sending or asking. `request` and `reply` show the shape of what went over the wire, every value hidden."""

    ask: bool
    number: int
    worker: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    http_status: int | None
    detail: str
    contract_hash: str
    request: str
    reply: str


class CallWhole(Call):
    """With its attempts, oldest first; `inputs` and `reply` with every value hidden: they are personal data."""

    inputs: JsonValue
    reply: JsonValue
    attempts: list[Tried]


class Calls(Told):
    """`searched`: only so many of the newest calls were looked through for what the last attempt came to; null: all."""

    items: list[Call]
    next: str | None
    searched: int | None


def told(line: CallLine) -> Call:
    """The call as the list tells it."""
    return Call.model_validate(_members(line))


def whole(line: CallLine, attempts: list[Attempt], inputs: JsonValue, reply: JsonValue) -> CallWhole:
    """The call with what it carried, hidden."""
    bodies: dict[str, object] = {
        "inputs": masking.masked(inputs),
        "reply": masking.masked(reply),
        "attempts": [_tried(one) for one in attempts],
    }
    return CallWhole.model_validate(_members(line) | bodies)


def _members(line: CallLine) -> dict[str, object]:
    acts = (*choosing.acts_on_call(line), *((RENEW,) if choosing.is_renewable(line) else ()))
    found = {name: getattr(line, name) for name in Call.model_fields if name not in ("status", "actions")}
    return {**found, "status": line.state, "actions": list(acts)}


def _tried(one: Attempt) -> Tried:
    found = {name: getattr(one, name) for name in Tried.model_fields}
    bodies = {"request": masking.masked_text(one.request), "reply": masking.masked_text(one.reply)}
    return Tried.model_validate(found | bodies)
