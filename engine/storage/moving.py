"""What moving a token by hand looks at: the stored instance, and what is open for some of its tasks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

_READ = text(
    """
    SELECT d.id, d.status, i.deployment_id AS deployment, i.version, i.state, i.status = 'running' AS running
    FROM dossier d LEFT JOIN instance i ON i.dossier_id = d.id WHERE d.code = :code
    """
)

_OPEN = text(
    """
    SELECT 'call' AS kind, element, partner || '.' || operation AS what, status AS state, id,
        CAST(NULL AS timestamptz) AS until, status IN ('sending', 'unknown') OR status = 'incident' AND attempt > 0 AS unsure
    FROM call WHERE dossier_id = :dossier AND task = ANY(CAST(:tasks AS text[])) AND status NOT IN ('done', 'withdrawn')
    UNION ALL
    SELECT 'work-item', element, name, coalesce(claimed_by, status), id, NULL, false
    FROM work_item WHERE dossier_id = :dossier AND task = ANY(CAST(:tasks AS text[])) AND status IN ('open', 'taken')
    UNION ALL
    SELECT 'wait', element, name, CASE WHEN message_id IS NULL THEN 'open' ELSE 'met' END, NULL, NULL, false
    FROM wait WHERE dossier_id = :dossier AND task = ANY(CAST(:tasks AS text[]))
    UNION ALL
    SELECT 'timer', element, '', '', NULL, due_at, false
    FROM timer WHERE dossier_id = :dossier AND task = ANY(CAST(:tasks AS text[])) AND NOT fired
    UNION ALL
    SELECT 'incident', coalesce(element, ''), title, status, id, NULL, false
    FROM incident WHERE dossier_id = :dossier AND task = ANY(CAST(:tasks AS text[])) AND status <> 'closed'
    ORDER BY kind, id
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningInstance:
    """An instance as stored; all but *id* and *status* None while the dossier has none yet."""

    id: int
    status: int
    deployment: int | None
    version: int | None
    state: bytes | None
    running: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenThing:
    """One thing that ends with a task: a call, a work item, a wait, a timer or an incident.

    *state*: of a work item the officer who has it, if one has; *unsure*: a call that may be carried out, or may have been.
    """

    kind: str
    element: str
    what: str
    state: str
    id: int | None
    until: datetime | None
    unsure: bool


def read(connection: Connection, code: str) -> RunningInstance | None:
    """None: there is no dossier of this code."""
    row = connection.execute(_READ, {"code": code}).mappings().one_or_none()
    if row is None:
        return None
    return RunningInstance(**{**row, "state": bytes(row["state"]) if row["state"] is not None else None})


def open_for(connection: Connection, dossier: int, tasks: Sequence[str]) -> list[OpenThing]:
    """Everything that is open for *tasks*."""
    rows = connection.execute(_OPEN, {"dossier": dossier, "tasks": list(tasks)})
    return [OpenThing(**row) for row in rows.mappings()]
