"""How fast and how well each partner answered in the last 24 hours, from the attempts of the newest 20,000 calls."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

_TIMES = text(
    """
    SELECT c.partner, count(*) AS attempts, count(*) FILTER (WHERE a.outcome IN ('ok', 'fault', 'found')) AS good,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM a.ended_at - a.started_at)) AS p50_s,
        percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM a.ended_at - a.started_at)) AS p95_s,
        max(a.ended_at) FILTER (WHERE a.outcome IN ('ok', 'fault', 'found')) AS good_at
    FROM (SELECT id, partner, sent_at FROM call ORDER BY id DESC LIMIT 20000) c JOIN attempt a ON a.call_id = c.id
    WHERE c.sent_at > now() - interval '24 hours' AND a.ended_at IS NOT NULL GROUP BY c.partner
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerTimes:
    """Attempts that ended, and the time from sending to the end of the answer, in seconds."""

    partner: str
    attempts: int
    good: int
    p50_s: float
    p95_s: float
    good_at: datetime | None


def of_the_last_day(connection: Connection) -> dict[str, PartnerTimes]:
    """By partner; none that was not called."""
    rows = connection.execute(_TIMES).mappings()
    return {
        row["partner"]: PartnerTimes(**{**row, "p50_s": float(row["p50_s"]), "p95_s": float(row["p95_s"])})
        for row in rows
    }


STEP_S = 900
"""The length of a stretch of `course`, in seconds."""

_COURSE = text(
    """
    SELECT CAST(floor(extract(epoch FROM a.ended_at) / :step) * :step AS bigint) AS at,
        count(*) FILTER (WHERE a.outcome IN ('ok', 'fault', 'found')) AS good,
        count(*) FILTER (WHERE a.outcome NOT IN ('ok', 'fault', 'found')) AS bad,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM a.ended_at - a.started_at)) AS p50_s,
        percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM a.ended_at - a.started_at)) AS p95_s
    FROM (SELECT id FROM call WHERE partner = :partner AND sent_at > now() - interval '24 hours'
        ORDER BY id DESC LIMIT 20000) c JOIN attempt a ON a.call_id = c.id
    WHERE a.ended_at > now() - interval '24 hours' GROUP BY 1 ORDER BY 1
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A quarter of an hour of a partner's answers. *at*: its beginning, in seconds since 1970; times in seconds."""

    at: int
    good: int
    bad: int
    p50_s: float
    p95_s: float


def course(connection: Connection, partner: str) -> list[Stretch]:
    """The last 24 hours, oldest first; stretches without an answer are left out."""
    rows = connection.execute(_COURSE, {"partner": partner, "step": STEP_S}).mappings()
    return [Stretch(**{**row, "p50_s": float(row["p50_s"]), "p95_s": float(row["p95_s"])}) for row in rows]
