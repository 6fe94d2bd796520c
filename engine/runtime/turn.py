"""One event while it is applied: what expressions see, what came about so far, what may still be used up."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal

from engine.exchange.ports import Json
from engine.feel import WorkingCalendar
from engine.models.expressions import Expression, Moment
from engine.runtime.limits import Budget
from engine.runtime.progress import Calendar, Change, View


class Turn:
    """The outside of an instance during one event; a new one for each.

    *held* names elements that wait although they would pass (a simulated walk gives them a duration); *trace*
    is told each element that completes, *taken* each flow.
    """

    __slots__ = (
        "_calendar",
        "_dossier",
        "_view",
        "budget",
        "changes",
        "held",
        "moment",
        "taken",
        "trace",
        "writes",
    )

    def __init__(
        self,
        view: View,
        budget: Budget,
        *,
        held: frozenset[str] = frozenset(),
        trace: Callable[[str], None] | None = None,
        taken: Callable[[str], None] | None = None,
    ) -> None:
        self._view = view
        self._calendar = _Recorder(view.calendar) if view.calendar is not None else None
        self._dossier: Mapping[str, object] = view.dossier
        self.moment = Moment(self._now, self._calendar)
        self.budget = budget
        self.changes: list[Change] = []
        self.writes: dict[str, Json] = {}
        self.held = held
        self.trace = trace
        self.taken = taken

    def _now(self) -> datetime:
        return self._view.now

    @property
    def now(self) -> datetime:
        """The moment of the event; it stands still while the event is applied."""
        return self._view.now

    def json(self, expression: Expression, values: Mapping[str, Json], extra: Mapping[str, object]) -> Json:
        """*expression* over the variables, the dossier and *extra* names.

        Raises:
            FeelError: a misuse of types, an exhausted budget.
        """
        if expression.literal:
            return expression.text
        return expression.json(self.context(values, extra), self.moment)

    def raw(self, expression: Expression, values: Mapping[str, Json]) -> object:
        """As `json`, but the FEEL value itself."""
        return expression.raw(self.context(values, {}), self.moment)

    def counted(self) -> tuple[datetime, int] | None:
        """From when and how many working days the last legal expression counted; forgotten once told."""
        if self._calendar is None:
            return None
        last, self._calendar.last = self._calendar.last, None
        return last

    def write(self, key: str, value: Json) -> None:
        """Set a top-level key of the dossier's data; later expressions see it at once."""
        self.writes[key] = value
        self._dossier = _Written(self._view.dossier, self.writes)

    def context(self, values: Mapping[str, Json], extra: Mapping[str, object]) -> dict[str, object]:
        """All names that an expression may read."""
        return {**values, "dossier": self._dossier, **extra}


class _Written(dict[str, Json]):
    """A dossier with what was written to its data; the data, which may be large, is read when it is named."""

    def __init__(self, dossier: Mapping[str, Json], writes: Mapping[str, Json]) -> None:
        super().__init__(dossier)
        self._dossier, self._writes = dossier, writes

    def __getitem__(self, key: str) -> Json:
        value = self._dossier[key]
        if key != "data":
            return value
        return {**(value if isinstance(value, dict) else {}), **self._writes}


class _Recorder:
    """A calendar that remembers what it was asked last."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._working: WorkingCalendar = calendar  # type: ignore[assignment]
        self.last: tuple[datetime, int] | None = None

    def add_working_days(self, start: datetime, days: int) -> datetime:
        self.last = (start, days)
        return self._calendar.add_working_days(start, days)

    def working_days_between(self, a: datetime, b: datetime) -> int:
        return self._working.working_days_between(a, b)

    def add_working_hours(self, start: datetime, hours: Decimal) -> datetime:
        return self._working.add_working_hours(start, hours)
