"""Partner rows: the breaker that all workers share, and what people set: pauses, breakers opened by hand. Probes are claimed
with calls.

Never written in a dossier's transaction: an outage must not roll a dossier back, nor a dossier an outage.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, text

from engine.exchange import limits
from engine.exchange.limits import Limits
from engine.storage import incidents
from engine.storage.database import json_text

_ENSURE = text("INSERT INTO partner (name) SELECT unnest(CAST(:names AS text[])) ON CONFLICT DO NOTHING")

_FAILED = text(
    """
    UPDATE partner SET failures = failures + 1, changed_at = now(),
        breaker = CASE WHEN failures + 1 >= :limit THEN 'open' ELSE breaker END,
        opened_reason = CASE WHEN breaker = 'open' THEN opened_reason END,
        probe_at = CASE WHEN breaker = 'open' AND opened_reason IS NOT NULL THEN probe_at
            WHEN failures + 1 >= :limit OR breaker = 'open' THEN now() + make_interval(secs => :open_s) END
    WHERE name = :name RETURNING breaker = 'open' AND opened_reason IS NULL
    """
)

_WORKED = text(
    """
    UPDATE partner SET failures = 0, changed_at = now(),
        breaker = CASE WHEN opened_reason IS NULL THEN 'closed' ELSE breaker END,
        opened_reason = CASE WHEN breaker = 'open' THEN opened_reason END,
        probe_at = CASE WHEN breaker = 'open' AND opened_reason IS NOT NULL THEN probe_at END
    WHERE name = :name AND (failures > 0 OR (breaker = 'open' AND opened_reason IS NULL)) RETURNING name
    """
)

_CLOSE_OUTAGE = text(
    "UPDATE incident SET status = 'closed', closed_at = now(), closed_by = 'system', resolution = 'recovered'"
    " WHERE partner = :name AND cause = 'partner-outage' AND status = 'open'"
)

_HOLD = text(
    "SELECT name, paused, paused_reason, breaker, opened_reason, revision, settings -> 'limits' AS limits FROM partner"
    " WHERE name = :name FOR UPDATE"
)

_LIMIT = text(
    "UPDATE partner SET settings = (settings - 'limits') || CAST(:limits AS jsonb), changed_at = now(),"
    " revision = revision + 1 WHERE name = :name"
)

_USE_SECRET = text(
    "UPDATE partner SET secret_revision = secret_revision + 1, secret_at = now(), changed_at = now(),"
    " revision = revision + 1 WHERE name = :name RETURNING secret_revision"
)

_SECRETS = text("SELECT name, secret_revision FROM partner ORDER BY name")

_WINDOWS = text(
    "SELECT name, CAST(settings -> 'limits' ->> 'window' AS integer) FROM partner WHERE settings -> 'limits' ? 'window'"
)

_CERTIFICATES = text(
    "UPDATE partner p SET certificate_until = CAST(r.value AS timestamptz) FROM jsonb_each_text(CAST(:seen AS jsonb)) r"
    " WHERE p.name = r.key AND p.certificate_until IS DISTINCT FROM CAST(r.value AS timestamptz)"
)

_PAUSE = text(
    "UPDATE partner SET paused = :paused, paused_reason = :reason, changed_at = now(), revision = revision + 1"
    " WHERE name = :name"
)

_OPEN = text(
    """
    UPDATE partner SET breaker = 'open', opened_reason = :reason, probe_at = :until, changed_at = now(),
        revision = revision + 1
    WHERE name = :name AND (CAST(:until AS timestamptz) IS NULL
        OR :until > now() AND :until <= now() + make_interval(days => :days)) RETURNING name
    """
)

_CLOSE = text(
    "UPDATE partner SET breaker = 'closed', opened_reason = NULL, probe_at = NULL, changed_at = now(),"
    " revision = revision + 1 WHERE name = :name"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerPolicy:
    """When a partner counts as out of order, and how often one call tries again."""

    failures: int
    open_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPartner:
    """What people set of a partner whose row is locked; *revision* counts their changes."""

    name: str
    paused: bool
    paused_reason: str | None
    breaker: str  # closed | open
    opened_reason: str | None  # not None: a person opened it
    revision: int
    limits: Limits = field(default_factory=Limits)


def ensure(connection: Connection, names: Iterable[str]) -> None:
    """Have a row for each partner; new ones start closed and unpaused."""
    connection.execute(_ENSURE, {"names": list(names)})


def keep_certificates(connection: Connection, seen: Mapping[str, datetime | None]) -> None:
    """Until when the certificate of each of these partners is good; None: it shows none."""
    told = {name: until.isoformat() if until is not None else None for name, until in seen.items()}
    connection.execute(_CERTIFICATES, {"seen": json_text(told)})


def record_failure(connection: Connection, name: str, policy: BreakerPolicy) -> None:
    """Count a failure of the way to a partner; at the limit its breaker opens with one incident."""
    is_open = connection.scalar(_FAILED, {"name": name, "limit": policy.failures, "open_s": policy.open_s})
    if is_open:
        incidents.open_incident(
            connection,
            "partner-outage",
            f"partner {name} does not answer",
            partner=name,
            actions=["pause"],
        )


def record_success(connection: Connection, name: str) -> None:
    """Close the breaker of a partner that answered, and its outage's incident. One that a person opened stays open."""
    if connection.scalar(_WORKED, {"name": name}) is not None:
        connection.execute(_CLOSE_OUTAGE, {"name": name})


def hold(connection: Connection, name: str) -> HeldPartner:
    """Lock the row of a partner that exists, making it where it is new; what people set of it."""
    ensure(connection, [name])
    row = connection.execute(_HOLD, {"name": name}).mappings().one()
    return HeldPartner(**{**row, "limits": limits.stored(row["limits"])})


def pause(connection: Connection, name: str, reason: str | None) -> None:
    """Let nothing be sent to a partner for *reason*, or with None, let its lanes go on."""
    connection.execute(_PAUSE, {"name": name, "paused": reason is not None, "reason": reason})


def open_breaker(connection: Connection, name: str, reason: str, until: datetime | None, days: int) -> bool:
    """Send nothing to a partner, not even a probe, before *until* (None: until somebody closes it).

    False: that is over, or more than so many *days* away.

    At that time one call probes, as after an outage.
    """
    given = {"name": name, "reason": reason, "until": until, "days": days}
    return connection.scalar(_OPEN, given) is not None


def close_breaker(connection: Connection, name: str) -> None:
    """Let the lanes of a partner go on. Its failures stay counted: after an outage the very next one opens it again."""
    connection.execute(_CLOSE, {"name": name})


def limit(connection: Connection, name: str, wanted: Limits) -> None:
    """Set the limits of a partner; those that are None stand as its contract says."""
    kept = wanted.set()
    connection.execute(_LIMIT, {"name": name, "limits": json_text({"limits": kept} if kept else {})})


def windows(connection: Connection) -> dict[str, int]:
    """Partner → the window that a person set in place of its contract's."""
    return {row[0]: row[1] for row in connection.execute(_WINDOWS)}


def use_secret(connection: Connection, name: str) -> int:
    """Have every process read the file of a partner's secret anew; the number of this time."""
    return int(connection.scalar(_USE_SECRET, {"name": name}) or 0)


def secret_revisions(connection: Connection) -> dict[str, int]:
    """Partner → how often the file of its secret was put in force anew."""
    return {row[0]: row[1] for row in connection.execute(_SECRETS)}
