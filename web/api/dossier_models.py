"""What goes in and out about dossiers."""

import base64
from datetime import datetime
from typing import Annotated, Literal

from pydantic import (
    AwareDatetime,
    BeforeValidator,
    Field,
    JsonValue,
    StrictBool,
    WithJsonSchema,
    model_validator,
)

from engine.dossiers.statuses import Status
from engine.queries.dossiers import DossierBrief, Held
from web.api.models import Asked, Names, Paged, Told
from web.variables import Variables, gathered

Code = Annotated[str, Field(min_length=1, max_length=64, json_schema_extra={"example": "H56.14-261122-0001"})]
UnitCode = Annotated[str, Field(min_length=1, max_length=32, examples=["H56.14"])]


def _decoded(value: object) -> bytes:
    """Base64 in the standard alphabet and nothing else."""
    try:
        return base64.b64decode(str(value), validate=True)
    except ValueError:
        raise ValueError("is not base64") from None


Base64 = Annotated[
    bytes, BeforeValidator(_decoded), WithJsonSchema({"type": "string", "contentEncoding": "base64"})
]

Base64Text = Annotated[str, WithJsonSchema({"type": "string", "contentEncoding": "base64"})]


class DossierPath(Asked):
    code: Code


class DossiersQuery(Paged):
    status: int | None = Field(default=None, ge=1, le=10, description="1 to 10, as the portal counts.")
    procedure: str | None = Field(default=None, max_length=32)
    code: str | None = Field(
        default=None, min_length=2, max_length=64, description="A part of the dossier's code."
    )
    unit: str | None = Field(default=None, max_length=32, description="Receiving, competent or returning.")
    channel: Literal["counter", "online", "post"] | None = None
    name: str | None = Field(
        default=None,
        min_length=2,
        max_length=100,
        description="A part of the applicant's name; accents are not needed.",
    )
    reference: str | None = Field(
        default=None, min_length=1, max_length=100, description="An agency's own number for the dossier."
    )
    partner: str | None = Field(default=None, max_length=64, description="Waits for a call to this partner.")
    has_incident: bool | None = Field(default=None, description="Whether an incident is open.")
    is_over: bool | None = Field(default=None, description="Whether it has reached a final status.")
    is_suspended: bool | None = Field(default=None, description="Whether an operator holds it still.")
    submitted_from: AwareDatetime | None = None
    submitted_before: AwareDatetime | None = None
    due_from: AwareDatetime | None = None
    due_before: AwareDatetime | None = None
    changed_from: AwareDatetime | None = None
    variables: Variables = Field(
        default_factory=dict,
        description="`var.<path>=<value>` for each indexed variable of the procedure (its `indexed`), which must be given, too:"
        " the value without accents or capitals, ending in `*` for a beginning.",
        json_schema_extra={"propertyNames": {"pattern": "^var\\.[A-Za-z][A-Za-z0-9_.]*$"}},
    )

    _gathered = model_validator(mode="before")(gathered)


class DossierQuery(Asked):
    include: Literal["data"] | None = Field(
        default=None,
        description="`data` adds applicant and data; that reading is written to the audit trail.",
    )


class NewDocument(Asked):
    """A paper with its content."""

    code: str = Field(min_length=1, max_length=64, description="Which paper of the procedure's list it is.")
    name: str = Field(default="", max_length=255, description="The file's name.")
    media_type: str = Field(default="application/pdf", max_length=100)
    content: Base64 = Field(description="Base64; at most 25 MiB when decoded.")


class NewDossierRequest(Asked):
    """A dossier to hand in. The fields of applicant and data are what the procedure declares."""

    procedure: str = Field(min_length=1, max_length=32, examples=["2.002621"])
    channel: str = Field(max_length=16, description="counter, online or post.", examples=["online"])
    delivery: Literal["counter", "online", "post"] = "counter"
    receiving_unit: UnitCode
    competent_unit: UnitCode | None = Field(default=None, description="Without it: the receiving unit.")
    returning_unit: UnitCode | None = Field(default=None, description="Without it: the receiving unit.")
    applicant: dict[str, JsonValue]
    data: dict[str, JsonValue] = Field(default_factory=dict)
    documents: list[NewDocument] = Field(default_factory=list, max_length=100)


class DocumentsRequest(Asked):
    documents: list[NewDocument] = Field(min_length=1, max_length=100)


class SupplementRequest(Asked):
    """What was asked for later: papers, data, or both."""

    documents: list[NewDocument] = Field(default_factory=list, max_length=100)
    data: dict[str, JsonValue] = Field(default_factory=dict)


class DraftConfirmationRequest(Asked):
    """What the applicant says of a draft of the result. Only `confirmed: true` is a yes."""

    confirmed: StrictBool
    draft: int = Field(
        ge=1, le=9999, description="Number of the draft that was read: `draft.draft` in the data."
    )
    note: str = Field(default="", max_length=4000, description="What is wrong with it.")


class WithdrawalRequest(Asked):
    reason: str = Field(min_length=1, max_length=4000)


class SuspensionRequest(Asked):
    """Why the dossier is held still, or may go on."""

    reason: str = Field(min_length=1, max_length=2000)


class Accepted(Told):
    """A dossier that is now ours. `access_code` is told once, for the applicant's receipt."""

    code: str
    status: int
    access_code: str
    href: str


class DossierLine(Told):
    """A dossier in a list; nothing of it is personal data."""

    code: str
    procedure: str
    status: int
    status_name: Names
    phase: str
    channel: str
    receiving_unit: str
    competent_unit: str
    returning_unit: str
    submitted_at: datetime
    received_at: datetime | None
    due_at: datetime | None
    finished_at: datetime | None
    changed_at: datetime
    suspended_at: datetime | None = Field(
        description="Since when an operator holds it still: nothing of it is applied or sent, its clock goes on."
    )
    href: str


class Holder(Told):
    """Something that the dossier waits for. `who` is a unit for a work item, a partner for a call, else empty."""

    kind: Literal["work-item", "call", "wait", "timer", "incident", "event"]
    who: str
    what: str
    state: str
    element: str = Field(description="The id of the element in the model where the token waits.")
    since: datetime | None
    until: datetime | None
    id: int | None


class Dossier(DossierLine):
    """A dossier with who holds it now."""

    held_by: list[Holder]
    open_waits: int
    calls_waiting: int
    open_incidents: int
    applicant: dict[str, JsonValue] | None = None
    data: dict[str, JsonValue] | None = None


class Entry(Told):
    """A line of the history; `hash` chains it to the one before."""

    seq: int
    at: str
    kind: str
    facts: dict[str, JsonValue]
    hash: str


class ChainLink(Told):
    """An entry as stored: the bytes that were hashed, in base64, and SHA-256(hash before + bytes)."""

    seq: int
    body: Base64Text
    hash: str


class ChainBreak(Told):
    seq: int
    reason: str


class PathStep(Told):
    side: Literal["left", "right"]
    hash: str


class AnchorProof(Told):
    """A head of this dossier as a night wrote it down, and the way from it to the anchor's hash.

    The leaf is SHA-256(0x00 + "code seq head"); each step joins SHA-256(0x01 + left + right) and ends at the `root` in
    `body`; `hash` is SHA-256(previous + body).
    """

    number: int
    at: str
    seq: int
    head: str
    path: list[PathStep]
    body: Base64Text
    previous: str
    hash: str


class Evidence(Told):
    """The whole chain of a dossier's history, so that anybody can check it without us.

    `genesis` stands before the first entry; `head` is the number and hash that the dossier itself remembers; `anchors`
    are the heads written down nightly, which a chain that was rewritten whole does not pass.
    """

    dossier: str
    algorithm: Literal["sha256"]
    genesis: str
    head_seq: int
    head: str
    holds: bool
    breaks: list[ChainBreak]
    links: list[ChainLink]
    anchors: list[AnchorProof]


class Document(Told):
    code: str
    name: str
    media_type: str
    sha256: str
    size_bytes: int
    href: str


class DocumentPath(DossierPath):
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Documents(Told):
    items: list[Document]


class Dossiers(Told):
    items: list[DossierLine]
    next: str | None


class Timeline(Told):
    items: list[Entry]
    next: str | None


def line(brief: DossierBrief) -> DossierLine:
    """A list's line about *brief*."""
    return DossierLine.model_validate(facts(brief))


def facts(brief: DossierBrief) -> dict[str, object]:
    """What every answer says about a dossier."""
    names = Status(brief.status)
    told: dict[str, object] = {name: getattr(brief, name) for name in DossierBrief.__dataclass_fields__}
    return told | {
        "status_name": {"vi": names.name_vi, "en": names.name_en},
        "href": f"/api/v1/dossiers/{brief.code}",
    }


def whole(brief: DossierBrief, held: list[Held], **more: object) -> Dossier:
    """The full answer about *brief*."""
    counts = {
        "open_waits": sum(one.kind == "wait" for one in held),
        "calls_waiting": sum(one.kind == "call" for one in held),
        "open_incidents": sum(one.kind == "incident" for one in held),
    }
    holders = [Holder.model_validate(one) for one in held]
    return Dossier.model_validate(facts(brief) | counts | {"held_by": holders} | more)
