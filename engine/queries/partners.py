"""How the exchange with each partner stands: breaker, pause, what waits for it, and by which contract that was tried."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from engine.exchange import limits
from engine.exchange.limits import Limits

_STATES = text(
    """
    SELECT p.name, p.breaker, p.failures, p.probe_at, p.paused, p.paused_reason, p.opened_reason, p.revision,
        p.secret_revision, p.secret_at,
        p.settings -> 'limits' AS limits,
        p.changed_at, p.certificate_until,
        coalesce(p.certificate_until < now(), false) AS certificate_over,
        coalesce(p.certificate_until < now() + interval '30 days', false) AS certificate_soon,
        ARRAY(SELECT DISTINCT kind FROM drift d WHERE d.partner = p.name AND d.standing = 'differs' ORDER BY kind) AS drift,
        coalesce(c.waiting, 0) AS waiting, coalesce(c.sending, 0) AS sending,
        coalesce(c.unknown, 0) AS unknown, coalesce(c.incidents, 0) AS incidents, c.oldest_at
    FROM partner p LEFT JOIN (
        SELECT partner, count(*) FILTER (WHERE status = 'pending') AS waiting,
            count(*) FILTER (WHERE status = 'sending') AS sending,
            count(*) FILTER (WHERE status = 'unknown') AS unknown,
            count(*) FILTER (WHERE status = 'incident') AS incidents, min(created_at) AS oldest_at
        FROM call WHERE status IN ('pending', 'sending', 'unknown', 'incident') GROUP BY partner
    ) c ON c.partner = p.name
    ORDER BY p.name
    """
)


# Every open call holds its lane, whose index finds those of one partner.
_HASHES = text(
    """
    SELECT a.contract_hash AS hash, count(*) AS calls FROM call c
    CROSS JOIN LATERAL (
        SELECT contract_hash FROM attempt WHERE call_id = c.id AND contract_hash <> '' ORDER BY started_at DESC LIMIT 1) a
    WHERE c.partner = :partner AND c.holds AND c.status IN ('pending', 'sending', 'unknown', 'incident')
    GROUP BY a.contract_hash ORDER BY calls DESC
    """
)


_HELD_SECRETS = text(
    """
    SELECT name AS worker, CAST(secrets -> :partner ->> 'changed_at' AS timestamptz) AS changed_at,
        CAST(secrets -> :partner ->> 'revision' AS integer) AS revision, secrets -> :partner ->> 'trouble' AS trouble
    FROM presence WHERE role = 'worker' AND NOT draining AND seen_at > now() - interval '30 s' AND secrets ? :partner
    ORDER BY name
    """
)

_ATTEMPTS = text(
    "SELECT name, CAST(settings -> 'limits' ->> 'max_attempts' AS integer) AS most FROM partner"
    " WHERE settings -> 'limits' ? 'max_attempts'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerState:
    """A partner's row and the calls that are not over."""

    name: str
    breaker: str  # closed | open
    failures: int
    probe_at: datetime | None
    paused: bool
    paused_reason: str | None
    opened_reason: str | None  # a person opened the breaker; probe_at None: until a person closes it
    revision: int
    secret_revision: int
    secret_at: datetime | None  # when its secret was put in force by a person last
    limits: Limits  # as people set them in place of the contract's
    changed_at: datetime
    waiting: int
    sending: int
    unknown: int
    incidents: int
    oldest_at: datetime | None
    certificate_until: datetime | None
    certificate_over: bool
    certificate_soon: bool  # within 30 days, or over
    drift: list[str]  # what of it drifts: contract, workers, description


def partner_states(connection: Connection) -> list[PartnerState]:
    """Every partner that the workers know, by name."""
    rows = connection.execute(_STATES).mappings()
    return [PartnerState(**{**row, "limits": limits.stored(row["limits"])}) for row in rows]


def hashes_of_open_calls(connection: Connection, partner: str) -> dict[str, int]:
    """Contract hash → open calls that were last tried under it; calls that were never answered are not among them."""
    return {row.hash: row.calls for row in connection.execute(_HASHES, {"partner": partner})}


def attempts_by_hand(connection: Connection) -> dict[str, int]:
    """Partner → how often a call is sent before a person is asked, where a person set that."""
    return {row.name: row.most for row in connection.execute(_ATTEMPTS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSecret:
    """What a worker told of a partner's secret: *changed_at* is the age of the file that it read, *revision* when."""

    worker: str
    changed_at: datetime | None
    revision: int
    trouble: str | None


def held_secrets(connection: Connection, partner: str) -> list[HeldSecret]:
    """Of every worker that runs and has a file of the partner's secret."""
    rows = connection.execute(_HELD_SECRETS, {"partner": partner}).mappings()
    return [HeldSecret(**row) for row in rows]
