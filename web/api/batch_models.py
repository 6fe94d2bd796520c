"""What goes in and out about batches."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, JsonValue, model_validator

from engine.actions import batch_control, lengthen
from engine.actions.batches import EXTEND
from engine.queries.batches import BatchLine
from web import freezing
from web.api.models import Asked, Paged, Told

Subject = Literal["incident", "dossier", "call"]
Number = Annotated[int, Field(ge=1, lt=2**63, strict=True)]
Code = Annotated[str, Field(min_length=1, max_length=64)]


class BatchesQuery(Paged):
    action: str | None = Field(default=None, max_length=64)
    subject: Subject | None = None
    who: str | None = Field(default=None, max_length=100)
    standing: Literal["running", "paused", "cancelled", "finished"] | None = None
    created_from: AwareDatetime | None = None
    created_before: AwareDatetime | None = None


class BatchPath(Asked):
    id: int = Field(ge=1, lt=2**63)


class ManyDueRequest(Asked):
    """A later due date: the same `day` for all, or working `days` more for each, and the law that allows it."""

    day: date | None = None
    days: int | None = Field(default=None, ge=1, le=lengthen.MOST_DAYS, strict=True)
    ground: str = Field(min_length=1, max_length=lengthen.MOST_GROUND)

    @model_validator(mode="after")
    def _one_way(self) -> "ManyDueRequest":
        if (self.day is None) == (self.days is None):
            raise ValueError("takes either day or days")
        return self


class PreviewRequest(Asked):
    """An act about many: either `items` (ids of incidents or calls, codes of dossiers), or all that match `filter`, whose
    members are those of the subject's own list."""

    subject: Subject
    action: str = Field(min_length=1, max_length=64)
    items: list[Number | Code] | None = Field(default=None, min_length=1, max_length=freezing.MOST)
    filter: dict[str, JsonValue] | None = None
    due: ManyDueRequest | None = Field(default=None, description="What `extend` takes, and no other act.")

    @model_validator(mode="after")
    def _one_way(self) -> "PreviewRequest":
        if (self.due is None) == ((self.subject, self.action) == ("dossier", EXTEND)):
            raise ValueError("takes due where the action is extend, and only there")
        if (self.items is None) == (self.filter is None):
            raise ValueError("takes either items or filter")
        return self


class BatchRequest(Asked):
    """The preview that was seen, and the number of its items, to confirm."""

    frozen: str = Field(min_length=1, max_length=1_000_000)
    count: int = Field(ge=1, le=freezing.MOST)
    reason: str = Field(min_length=1, max_length=2000)


class BatchActRequest(Asked):
    """`again`: try once more what failed."""

    action: Literal["pause", "resume", "cancel", "again"]
    reason: str = Field(min_length=1, max_length=2000)


class Sample(Told):
    """One of the items, by name."""

    id: int
    dossier: str | None
    title: str
    state: str
    due_before: datetime | None = None
    due_after: datetime | None = None


class Preview(Told):
    """What exactly would be done. `count` can be done; `ignored` were chosen, but nothing can be done about them; `matched`
    fit, of which a batch holds the oldest 10,000 (`cut`). `frozen` is this very list, for half an hour and this key; null:
    nothing can be done. `cannot_be_undone`: think twice."""

    subject: str
    action: str
    count: int
    ignored: int
    matched: int
    cut: bool
    by_state: dict[str, int]
    by_partner: dict[str, int]
    samples: list[Sample]
    about_s: int
    cannot_be_undone: bool
    frozen: str | None


class Batch(Told):
    """`total` is the sum of `done`, `skipped`, `failed` and `waiting` at every moment. `left_s`: about how long the rest
    takes at the pace of the last minute."""

    id: int
    action: str
    subject: str
    reason: str
    who: str
    target: str
    created_at: datetime
    standing: str
    total: int
    done: int
    skipped: int
    failed: int
    waiting: int
    percent: int
    left_s: int | None
    actions: list[str]


class BatchWhole(Batch):
    """`outcomes`: of what was done, how many really ran (`verified`), failed again or still wait."""

    outcomes: dict[str, int]


class Batches(Told):
    items: list[Batch]
    next: str | None


class Item(Told):
    """`item` is the id of the incident or call, or the dossier's number in the order of reception; `detail` says why it
    was skipped or failed."""

    item: int
    title: str
    dossier: str | None
    status: str
    detail: str
    done_at: datetime | None
    outcome: str


class Items(Told):
    items: list[Item]
    next: str | None


def members(line: BatchLine) -> dict[str, object]:
    """A batch as it is told."""
    found = {name: getattr(line, name) for name in Batch.model_fields if name != "actions"}
    acts = batch_control.possible(line.state, waiting=line.waiting, failed=line.failed)
    return {**found, "actions": acts}
