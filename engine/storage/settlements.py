"""What attempts came to, written for a group of calls in one statement: calls, attempts, the events that tell of them.

A settlement counts only for the attempt that it belongs to; what comes too late is kept with its attempt and changes
nothing. What would be sent once more, and was surely not done yet, is withdrawn where its task is gone: nobody wants it.
The event has the time at which the answer came, on the installation's own clock: it may be applied much later.
Calls are locked in the order of their ids, and nothing here touches a row of a dossier.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from engine.exchange.ports import Answer
from engine.storage import calls, events
from engine.storage.calls import ClaimedCall
from engine.storage.database import json_text, plain_text
from engine.storage.statements import Statement, array


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What a call becomes: the new state of its row, in the database's own time. *told*: its instance hears of it."""

    call: ClaimedCall
    answer: Answer
    status: str
    holds: bool
    wait_s: float = 0.0
    absents: int = 0
    spent: bool = True  # the attempt may have reached the partner: it counts
    told: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledCall:
    """Whose call it was. *wanted*: its task still is. *lets_go*: the next call of its lane may be claimed now."""

    dossier: int
    task: str | None
    partner: str
    operation: str
    element: str
    wanted: bool
    lets_go: bool


_SETTLE = Statement(
    """
    WITH given AS MATERIALIZED (
        SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:attempts AS integer[]), CAST(:ask AS boolean[]),
            CAST(:asks AS integer[]), CAST(:statuses AS text[]), CAST(:holds AS boolean[]), CAST(:waits AS float8[]),
            CAST(:absents AS smallint[]), CAST(:spent AS boolean[]), CAST(:told AS boolean[]), CAST(:replies AS text[]),
            CAST(:faults AS text[]), CAST(:details AS text[]), CAST(:outcomes AS text[]), CAST(:http AS smallint[]),
            CAST(:requests AS bytea[]), CAST(:bodies AS bytea[]), CAST(:contracts AS text[]))
        AS g(id, attempt, ask, asks, status, holds, wait_s, absents, spent, told, reply, fault, detail, outcome,
            http_status, request, body, contract)),
    locked AS MATERIALIZED (
        SELECT c.id FROM call c WHERE c.id = ANY(CAST(:ids AS bigint[])) ORDER BY c.id FOR NO KEY UPDATE),
    settled AS (
        UPDATE call c
        SET status = CASE WHEN g.status = 'pending' AND NOT c.wanted THEN 'withdrawn' ELSE g.status END,
            holds = g.holds AND (c.wanted OR g.status NOT IN ('pending', 'refused')),
            due_at = now() + make_interval(secs => g.wait_s), lease_until = NULL, worker = NULL, absents = g.absents,
            sends = c.sends - CASE WHEN g.spent THEN 0 ELSE 1 END, reply = CAST(g.reply AS jsonb),
            fault = g.fault, detail = g.detail,
            settled_at = CASE WHEN g.status IN ('done', 'refused') OR g.status = 'pending' AND NOT c.wanted THEN now() END
        FROM given g
        WHERE (SELECT count(*) FROM locked) > 0 AND c.id = g.id AND c.attempt = g.attempt
          AND c.status IN ('sending', 'unknown', 'incident')
          AND (NOT g.ask OR c.earlier_asks + c.asks = g.asks)
        RETURNING c.id, c.dossier_id, c.task, c.partner, c.operation, c.element, c.trace, g.told, c.holds, c.wanted),
    ended AS (
        UPDATE attempt a SET ended_at = now(), outcome = g.outcome, http_status = g.http_status, detail = g.detail,
            request = g.request, reply = g.body, contract_hash = g.contract
        FROM given g
        WHERE a.call_id = g.id AND a.ask = g.ask AND a.number = CASE WHEN g.ask THEN g.asks ELSE g.attempt END),
    answered AS (
        UPDATE incident i SET status = 'closed', closed_at = now(), closed_by = 'system', resolution = 'answered'
        FROM settled s WHERE i.call_id = s.id AND i.status <> 'closed'),
    happened AS (
        INSERT INTO event (dossier_id, kind, payload, trace)
        SELECT dossier_id, 'call-settled', jsonb_build_object('call', id, 'at', now() + make_interval(secs => coalesce((
            SELECT CAST(value AS float8) FROM installation
            WHERE name = 'demo_offset_s' AND jsonb_typeof(value) = 'number'), 0))), trace
        FROM settled WHERE told ORDER BY id)
    SELECT id, dossier_id, task, partner, operation, element, wanted, lets_go
    FROM settled CROSS JOIN LATERAL (
        SELECT NOT holds AND EXISTS (
            SELECT 1 FROM call n WHERE n.partner = settled.partner AND n.dossier_id = settled.dossier_id AND n.holds
                AND n.id > settled.id) AS lets_go) s
    """
)


def settle(connection: Connection, group: Sequence[Settlement]) -> dict[int, SettledCall]:
    """Write a group, in which no call is twice; those that counted by call. The others went on without this attempt.

    Whoever called it wakes `listeners`.
    """
    return {row[0]: _settled(row) for row in _SETTLE.send(connection, _columns(group)).fetchall()}


def listeners(group: Sequence[Settlement], settled: Mapping[int, SettledCall]) -> list[str]:
    """The channels of those who have to do with what became of *group*."""
    appliers = [events.CHANNEL] if any(one.told and one.call.id in settled for one in group) else []
    return appliers + ([calls.CHANNEL] if any(one.lets_go for one in settled.values()) else [])


def _settled(row: Sequence[Any]) -> SettledCall:
    return SettledCall(
        dossier=row[1],
        task=row[2],
        partner=row[3],
        operation=row[4],
        element=row[5],
        wanted=row[6],
        lets_go=row[7],
    )


def _columns(group: Sequence[Settlement]) -> dict[str, object]:
    claimed, answers = [one.call for one in group], [one.answer for one in group]
    return {
        "ids": array(call.id for call in claimed),
        "attempts": array(call.attempt for call in claimed),
        "ask": array(call.ask for call in claimed),
        "asks": array(call.earlier_asks + call.asks for call in claimed),
        "statuses": [one.status for one in group],
        "holds": array(one.holds for one in group),
        "waits": array(one.wait_s for one in group),
        "absents": array(one.absents for one in group),
        "spent": array(one.spent or one.call.ask for one in group),
        "told": array(one.told for one in group),
        "replies": [json_text(answer.reply) for answer in answers],
        "faults": [answer.fault for answer in answers],
        "details": [plain_text(answer.detail) for answer in answers],
        "outcomes": [answer.outcome.value for answer in answers],
        "http": array(answer.http_status for answer in answers),
        "requests": [answer.request_bytes for answer in answers],
        "bodies": [answer.reply_bytes for answer in answers],
        "contracts": [answer.contract_hash for answer in answers],
    }
