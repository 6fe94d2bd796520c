"""How fast and how well each partner answered in the last 24 hours: of every partner its own newest attempts."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

NEWEST = 2000
"""Of each partner's attempts of 24 hours, the newest so many are counted."""
_COURSE_MOST = 20_000

_GOOD = "('ok', 'fault', 'found')"
_TOOK = "(ORDER BY extract(epoch FROM a.ended_at - a.started_at))"
_QUANTILES = (
    f"CAST(percentile_cont(0.5) WITHIN GROUP {_TOOK} AS float8) AS p50_s,"
    f" CAST(percentile_cont(0.95) WITHIN GROUP {_TOOK} AS float8) AS p95_s"
)
# One look into the index for each partner: what others are called how often costs it nothing.
_TIMES = text(
    f"""
    SELECT p.name AS partner, t.attempts, t.good, t.p50_s, t.p95_s, g.good_at
    FROM partner p
    CROSS JOIN LATERAL (
        SELECT count(*) AS attempts, count(*) FILTER (WHERE a.outcome IN {_GOOD}) AS good, {_QUANTILES}
        FROM (
            SELECT outcome, started_at, ended_at FROM attempt
            WHERE partner = p.name AND started_at > now() - interval '24 hours' AND ended_at IS NOT NULL
            ORDER BY started_at DESC LIMIT :newest) a) t
    LEFT JOIN LATERAL (
        SELECT a.ended_at AS good_at FROM (
            SELECT outcome, started_at, ended_at FROM attempt WHERE partner = p.name
            ORDER BY started_at DESC LIMIT :most) a
        WHERE a.outcome IN {_GOOD} ORDER BY a.started_at DESC LIMIT 1) g ON true
    WHERE CAST(:name AS text) IS NULL OR p.name = :name
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerTimes:
    """Attempts that ended, and the time from sending to the end of the answer, in seconds: None where there is none.

    *good_at*: when it last answered well, however long ago; looked for in its newest 20,000 attempts.
    """

    partner: str
    attempts: int
    good: int
    p50_s: float | None
    p95_s: float | None
    good_at: datetime | None


def of_the_last_day(connection: Connection, name: str | None = None) -> dict[str, PartnerTimes]:
    """By partner, of all or of one."""
    rows = connection.execute(_TIMES, {"newest": NEWEST, "most": _COURSE_MOST, "name": name}).mappings()
    return {row["partner"]: PartnerTimes(**row) for row in rows}


STEP_S = 900
"""The length of a stretch of `course`, in seconds."""

_COURSE = text(
    f"""
    SELECT CAST(floor(extract(epoch FROM a.ended_at) / :step) * :step AS bigint) AS at,
        count(*) FILTER (WHERE a.outcome IN {_GOOD}) AS good,
        count(*) FILTER (WHERE a.outcome NOT IN {_GOOD}) AS bad, {_QUANTILES}
    FROM (SELECT outcome, started_at, ended_at FROM attempt
        WHERE partner = :partner AND started_at > now() - interval '24 hours' AND ended_at IS NOT NULL
        ORDER BY started_at DESC LIMIT :most) a
    GROUP BY 1 ORDER BY 1
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
    """The newest 20,000 attempts of the last 24 hours, oldest first; stretches without an answer are left out."""
    wanted = {"partner": partner, "step": STEP_S, "most": _COURSE_MOST}
    return [Stretch(**row) for row in connection.execute(_COURSE, wanted).mappings()]
