"""How a version of a procedure stands: at which elements its dossiers wait, where they are in trouble, how long people take."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

_WAITING = (
    ("work_item", "x.status = 'open'"),
    ("wait", "true"),
    ("timer", "NOT x.fired AND x.host = ''"),
    ("call", "x.task IS NOT NULL AND x.status IN ('pending', 'sending', 'unknown', 'incident')"),
)
_STANDING = text(
    "SELECT element, CAST(sum(waiting) AS integer) AS waiting, CAST(sum(incidents) AS integer) AS incidents,"
    " max(median_s) AS median_s FROM ("
    + " UNION ALL ".join(
        f"SELECT x.element, 1 AS waiting, 0 AS incidents, CAST(NULL AS float8) AS median_s FROM {table} x"
        f" JOIN dossier d ON d.id = x.dossier_id WHERE d.deployment_id = :id AND {which}"
        for table, which in _WAITING
    )
    + " UNION ALL SELECT i.element, 0, 1, NULL FROM incident i JOIN dossier d ON d.id = i.dossier_id"
    " WHERE d.deployment_id = :id AND i.status <> 'closed' AND i.element IS NOT NULL"
    " UNION ALL SELECT w.element, 0, 0, percentile_cont(0.5) WITHIN GROUP ("
    " ORDER BY extract(epoch FROM w.closed_at - w.opened_at)) FROM work_item w JOIN dossier d ON d.id = w.dossier_id"
    " WHERE d.deployment_id = :id AND w.status = 'done' AND w.closed_at > now() - interval '30 days' GROUP BY w.element"
    ") found GROUP BY element ORDER BY 3 DESC, 2 DESC, 1"
)
_FILES = text("SELECT name, original FROM model WHERE deployment_id = :id")
_FILE = text("SELECT original FROM model WHERE deployment_id = :id AND name = :name")


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementStanding:
    """An element: tokens that wait there, open incidents, and the middle time of its work items of 30 days, in seconds."""

    element: str
    waiting: int
    incidents: int
    median_s: float | None

    @property
    def state(self) -> str:
        """How the element is marked on a drawing."""
        return "trouble" if self.incidents else "waiting" if self.waiting else "passed"


def of_deployment(connection: Connection, deployment: int) -> list[ElementStanding]:
    """Elements with something to tell, those in trouble first, then the fullest."""
    return [ElementStanding(**row) for row in connection.execute(_STANDING, {"id": deployment}).mappings()]


def file(connection: Connection, deployment: int, name: str) -> bytes | None:
    """The original bytes of a file of a version; None when it has none of this name."""
    found = connection.scalar(_FILE, {"id": deployment, "name": name})
    return None if found is None else bytes(found)


def files(connection: Connection, deployment: int) -> dict[str, bytes]:
    """Every file of a version as it came, by name."""
    return {row.name: bytes(row.original) for row in connection.execute(_FILES, {"id": deployment})}
