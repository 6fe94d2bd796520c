"""Drift rows: each comparison of a partner's contract or description with what it was, as it stands since when.

What could not be looked at this time keeps what it came to before; the trouble is told beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from engine.exchange.drift import Kind, Standing
from engine.exchange.ports import Json
from engine.storage.database import json_text, plain_text

_ALIVE_S = 30
_NEWEST = 2_000
_SEEN = (Standing.SAME, Standing.DIFFERS)

_HELD = text(
    f"""
    WITH held AS (
        SELECT c.key AS partner, c.value AS hash, count(*) AS workers
        FROM presence p CROSS JOIN LATERAL jsonb_each_text(p.contracts) c
        WHERE p.role = 'worker' AND NOT p.draining AND p.seen_at > now() - make_interval(secs => {_ALIVE_S})
        GROUP BY c.key, c.value)
    SELECT h.partner, jsonb_object_agg(h.hash, h.workers) AS held, max(p.accepted_hash) AS accepted,
        (SELECT contract_hash FROM (
            SELECT contract_hash, outcome, started_at FROM attempt WHERE partner = h.partner
            ORDER BY started_at DESC LIMIT {_NEWEST}) a
        WHERE outcome IN ('ok', 'fault', 'found') AND contract_hash <> '' ORDER BY started_at DESC LIMIT 1) AS last_good
    FROM held h LEFT JOIN partner p ON p.name = h.partner GROUP BY h.partner
    """
)

_BEHIND = text(
    f"""
    SELECT p.name AS partner, coalesce(jsonb_object_agg(w.name, coalesce(s.value ->> 'trouble', ''))
        FILTER (WHERE CAST(s.value ->> 'revision' AS integer) < p.secret_revision), '{{}}') AS behind
    FROM partner p JOIN presence w ON w.secrets ? p.name
    CROSS JOIN LATERAL (SELECT w.secrets -> p.name AS value) s
    WHERE p.secret_revision > 0 AND w.role = 'worker' AND NOT w.draining
        AND w.seen_at > now() - make_interval(secs => {_ALIVE_S})
    GROUP BY p.name
    """
)

_KEEP = text(
    """
    INSERT INTO drift (partner, kind, about, standing, facts, trouble, looked_at)
    VALUES (:partner, :kind, :about, :standing, CAST(:facts AS jsonb), :trouble, CASE WHEN :seen THEN now() END)
    ON CONFLICT (partner, kind, about) DO UPDATE SET tried_at = now(), trouble = excluded.trouble,
        since = CASE WHEN NOT :seen OR drift.standing = excluded.standing AND drift.facts = excluded.facts
            THEN drift.since ELSE now() END,
        looked_at = CASE WHEN :seen THEN now() ELSE drift.looked_at END,
        standing = CASE WHEN :seen OR drift.looked_at IS NULL THEN excluded.standing ELSE drift.standing END,
        facts = CASE WHEN :seen THEN excluded.facts ELSE drift.facts END
    """
)
_FORGET = text(
    "DELETE FROM drift WHERE kind = :kind AND partner = :partner AND NOT about = ANY(CAST(:abouts AS text[]))"
)
_FORGET_PARTNERS = text(
    "DELETE FROM drift WHERE kind = ANY(CAST(:kinds AS text[])) AND NOT partner = ANY(CAST(:partners AS text[]))"
)
_ACCEPT = text(
    "UPDATE partner SET accepted_hash = :hash, changed_at = now(), revision = revision + 1 WHERE name = :name"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldContract:
    """What the workers that run hold of a partner: hash → how many; and what that may be."""

    partner: str
    held: Mapping[str, int]
    accepted: str | None
    last_good: str | None  # what its newest good answer was had by


def held(connection: Connection) -> list[HeldContract]:
    """Every partner that a running worker holds a contract of."""
    return [HeldContract(**row) for row in connection.execute(_HELD).mappings()]


def behind(connection: Connection) -> dict[str, dict[str, str]]:
    """Partner → the workers that do not hold the secret that was put in force, each with its trouble."""
    return {row[0]: row[1] for row in connection.execute(_BEHIND)}


def keep(
    connection: Connection,
    partner: str,
    kind: Kind,
    standing: Standing,
    *,
    about: str = "",
    facts: Mapping[str, Json] | None = None,
    trouble: str | None = None,
) -> None:
    """What a comparison came to now; its time begins anew only where that is not what it was."""
    what = {"partner": partner, "kind": kind.value, "about": about, "seen": standing in _SEEN}
    said = plain_text(trouble, 500) if trouble is not None else None
    given = {"standing": standing.value, "facts": json_text(dict(facts or {})), "trouble": said}
    connection.execute(_KEEP, {**what, **given})


def forget(connection: Connection, partner: str, kind: Kind, but: Sequence[str]) -> None:
    """Drop comparisons of a *kind* that are not made any more: all *but* those about these."""
    connection.execute(_FORGET, {"partner": partner, "kind": kind.value, "abouts": list(but)})


def forget_partners(connection: Connection, kinds: Sequence[Kind], but: Sequence[str]) -> None:
    """Drop what was compared of partners that are gone."""
    given = {"kinds": [kind.value for kind in kinds], "partners": list(but)}
    connection.execute(_FORGET_PARTNERS, given)


def accept(connection: Connection, name: str, contract_hash: str) -> None:
    """Take a contract's content for good, whatever calls were tried with before."""
    connection.execute(_ACCEPT, {"name": name, "hash": contract_hash})
