"""`procedure.yaml`: what the law and the people need to know of a procedure beside its model.

The file's schema, its validation with findings that name path and line, and the value that the rest reads. What
an applicant's data must look like is declared here as fields; checking a submission is `engine.dossiers`' work.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from engine.exchange.ports import Json


class Channel(StrEnum):
    """How a dossier came in; deadlines may differ."""

    COUNTER = "counter"
    ONLINE = "online"
    POST = "post"


class Unit(StrEnum):
    """What a deadline counts: working days, calendar days (rolled off days off), working hours (8 a day)."""

    DAYS = "days"
    CALENDAR_DAYS = "calendar_days"
    HOURS = "hours"


MOST_INDEXED = 8
"""By how many values the dossiers of a procedure are searched, at most."""
FIELD_TYPES = ("string", "date", "integer", "number", "boolean", "identity", "object", "list", "code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Words in both languages."""

    vi: str
    en: str

    def as_json(self) -> dict[str, Json]:
        return {"vi": self.vi, "en": self.en}


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """A thing of a national code list."""

    code: str
    name: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A legal deadline: *amount* of *unit*; none of days is the same day."""

    unit: Unit
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarRule:
    """A dossier accepted after *accepted_after* (local ``HH:MM``) counts from the next working day."""

    accepted_after: str
    then: str = "next_working_day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """In đồng; *channel* None means every channel."""

    code: str
    name: Text
    amount: int
    channel: Channel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRule:
    """A paper that belongs to the dossier."""

    code: str
    name: Text
    required: bool
    media_types: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRule:
    """One field of what the applicant hands in. *pattern* is a regular expression for the whole text."""

    name: str
    type: str
    required: bool
    label: Text
    pattern: str | None = None
    codes: tuple[str, ...] = ()  # of type ``code``: the values allowed
    fields: tuple["FieldRule", ...] = ()  # of type ``object``, or of a ``list``'s items


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed:
    """A value of the data that dossiers are searched by; *path* leads to it, with dots.

    *personal* False: its author says that it is nothing of a person, whatever it is called.
    """

    path: str
    label: Text
    personal: bool | None = None

    @property
    def root(self) -> str:
        """The field of the data that it lies in."""
        return self.path.partition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """A procedure as declared; *process* is the id of the process that a new dossier starts."""

    code: str
    name: Text
    process: str
    field: Coded
    deadline: Mapping[Channel, Term]
    calendar_rule: CalendarRule | None
    fees: tuple[Fee, ...]
    documents: tuple[DocumentRule, ...]
    applicant: tuple[FieldRule, ...]
    data: tuple[FieldRule, ...]
    result: Coded | None
    reports: tuple[str, ...]
    description: Text | None = None
    indexed: tuple[Indexed, ...] = ()

    def term(self, channel: str) -> Term | None:
        """The deadline for *channel*, or for the counter where that channel names none of its own."""
        terms = {str(name): term for name, term in self.deadline.items()}
        return terms.get(channel) or terms.get(Channel.COUNTER)
