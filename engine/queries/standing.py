"""How a version of a procedure stands: at which elements its dossiers wait and for what, where they are in trouble, how long
people take in working time.
"""

import math
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from sqlalchemy import Connection, text

from engine.queries.clock import Clocks

NEWEST = 2000
"""Of each version's work items of the days looked at, the newest so many are counted."""
HOTTEST = 4

# What waits: (state, table, which of its rows).
_WAITING = (
    ("people", "work_item", "x.status = 'open'"),
    ("messages", "wait", "true"),
    ("timers", "timer", "NOT x.fired AND x.host = ''"),
    ("calls", "call", "x.task IS NOT NULL AND x.status IN ('pending', 'sending')"),
    ("unclear", "call", "x.task IS NOT NULL AND x.status IN ('unknown', 'incident')"),
)
STATES = tuple(state for state, _, _ in _WAITING)
_STANDING = text(
    "SELECT element, "
    + ", ".join(f"CAST(count(*) FILTER (WHERE state = '{state}') AS integer) AS {state}" for state in STATES)
    + ", CAST(count(*) FILTER (WHERE state = 'incidents') AS integer) AS incidents FROM ("
    + " UNION ALL ".join(
        f"SELECT x.element, '{state}' AS state FROM {table} x"
        f" JOIN dossier d ON d.id = x.dossier_id WHERE d.deployment_id = :id AND {which}"
        for state, table, which in _WAITING
    )
    + " UNION ALL SELECT i.element, 'incidents' FROM incident i JOIN dossier d ON d.id = i.dossier_id"
    " WHERE d.deployment_id = :id AND i.status <> 'closed' AND i.element IS NOT NULL"
    ") found GROUP BY element"
)
_WORKED = text(
    """
    SELECT w.element, w.opened_at, w.closed_at, coalesce(u.calendar_code, 'default') AS calendar,
        coalesce(k.version, 0) AS version
    FROM work_item w JOIN dossier d ON d.id = w.dossier_id
    LEFT JOIN unit u ON u.code = w.unit LEFT JOIN calendar k ON k.code = u.calendar_code
    WHERE d.deployment_id = :id AND w.status = 'done' AND w.closed_at > now() - make_interval(days => :days)
    ORDER BY w.id DESC LIMIT :newest
    """
)
_FILES = text("SELECT name, original FROM model WHERE deployment_id = :id")
_FILE = text("SELECT original FROM model WHERE deployment_id = :id AND name = :name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """The middle working time of people at an element, and the length of a working day there.

    *heat*, 1 to `HOTTEST`, holds it against the slowest element of the version.
    """

    time: timedelta
    day: timedelta
    heat: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementStanding:
    """An element: tokens that wait there, by what they wait for, open incidents, and how long people take."""

    element: str
    people: int
    messages: int
    timers: int
    calls: int
    unclear: int  # calls of unknown outcome, or given up to a person
    incidents: int
    took: Took | None

    @property
    def waiting(self) -> int:
        return self.people + self.messages + self.timers + self.calls + self.unclear

    @property
    def state(self) -> str:
        """How the element is marked on a drawing."""
        return "trouble" if self.incidents else "waiting" if self.waiting else "passed"


def of_deployment(
    connection: Connection, deployment: int, clocks: Clocks, *, days: int = 30
) -> list[ElementStanding]:
    """Elements with something to tell, those in trouble first, then the fullest; calendars are read by *clocks*.

    How long people take is told of the last *days*.
    """
    took = _took(connection, deployment, clocks, days)
    nothing = dict.fromkeys((*STATES, "incidents"), 0)
    counts: dict[str, dict[str, int]] = dict.fromkeys(took, nothing)
    for row in connection.execute(_STANDING, {"id": deployment}).mappings():
        counts[row["element"]] = {name: row[name] for name in nothing}
    found = [
        ElementStanding(element=element, took=took.get(element), **count) for element, count in counts.items()
    ]
    return sorted(found, key=lambda one: (-one.incidents, -one.waiting, one.element))


def _took(connection: Connection, deployment: int, clocks: Clocks, lately: int) -> dict[str, Took]:
    times: dict[str, list[timedelta]] = {}
    days: dict[str, timedelta] = {}
    for row in connection.execute(_WORKED, {"id": deployment, "newest": NEWEST, "days": lately}):
        calendar = clocks.calendar(connection, row.calendar, row.version)
        spent = calendar.working_time_between(row.opened_at, row.closed_at)
        times.setdefault(row.element, []).append(max(spent, timedelta()))
        days[row.element] = calendar.day_length
    middles = {element: _middle(spent) for element, spent in times.items()}
    most = max(middles.values(), default=timedelta())
    return {
        element: Took(
            time=middle,
            day=days[element],
            heat=max(1, math.ceil(HOTTEST * (middle / most))) if most else 1,
        )
        for element, middle in middles.items()
    }


def _middle(times: list[timedelta]) -> timedelta:
    return timedelta(seconds=median(one.total_seconds() for one in times))


def file(connection: Connection, deployment: int, name: str) -> bytes | None:
    """The original bytes of a file of a version; None when it has none of this name."""
    found = connection.scalar(_FILE, {"id": deployment, "name": name})
    return None if found is None else bytes(found)


def files(connection: Connection, deployment: int) -> dict[str, bytes]:
    """Every file of a version as it came, by name."""
    return {row.name: bytes(row.original) for row in connection.execute(_FILES, {"id": deployment})}
