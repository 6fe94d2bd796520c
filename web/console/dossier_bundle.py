"""What somebody needs to help with a dossier from afar: its whole course as JSON, and nothing that is personal.

Only what is named here goes in: codes, states, moments, digests. Free words (reasons, details, titles) and bodies may tell
of people and stay out; so do applicant, data and the names of whoever acted.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import orjson
from flask import Blueprint, Response

from engine.exchange.ports import Json
from engine.queries import (
    call_list,
    dossier_list,
    dossiers,
    evidence,
    exchange,
    incidents,
    operations,
    timelines,
)
from engine.queries.call_list import CallFilter
from engine.queries.clock import Clocks
from engine.queries.dossiers import DossierBrief
from engine.queries.exchange import MessageFilter
from engine.queries.incidents import IncidentFilter
from engine.queries.operations import AuditFilter
from engine.storage import access
from engine.storage.database import Connection
from web.console import dossier, rendering
from web.console.access import right, visitor
from web.console.rendering import View, read
from web.container import Container

_MOST = 1_000
# What the timeline's facts may tell: codes and numbers that the system gave.
_FACTS = frozenset(
    ("element", "type", "task", "status", "from", "to", "partner", "operation", "call", "message", "fault", "act",
     "incident", "work_item", "code", "procedure", "channel", "process", "applicant", "data", "before", "after")
)  # fmt: skip
_CALL = (
    "id", "partner", "operation", "element", "report_seq", "step", "repeat", "status", "holds", "attempt", "sends", "asks",
    "due_at", "lease_until", "sent_at", "created_at", "settled_at", "fault", "trace", "incident",
)  # fmt: skip
_ATTEMPT = ("ask", "number", "worker", "started_at", "ended_at", "outcome", "http_status", "contract_hash")
_MESSAGE = ("id", "source", "name", "status", "received_at", "keep_until", "delivered_at")
_HELD = ("kind", "who", "state", "element", "since", "until", "id")
_LEDGER = ("kind", "at", "task", "due_before", "due_after")
_AUDIT = ("id", "at", "what")
_INCIDENT = ("id", "cause", "partner", "call", "element", "status", "opened_at", "closed_at", "actions")


def add(blueprint: Blueprint, container: Container) -> None:
    """``/ho-so/<code>/ho-tro.json``; that it was taken is in the audit trail."""
    clocks = Clocks()

    @blueprint.get("/ho-so/<string:code>/ho-tro.json")
    @right("see")
    def support_bundle(code: str) -> Response:
        read(View)
        brief = dossier.find(container, code)
        with container.store.transaction() as connection:
            access.audit(connection, visitor().name, "support-bundle", dossier=brief.id)
            told = _bundle(connection, brief, clocks, container.clock.now())
        told |= {"version": container.version, "made_at": container.clock.now()}
        content = orjson.dumps(told, default=_plain, option=orjson.OPT_INDENT_2).decode()
        return rendering.attached(content, f"support-{code}.json")


def _bundle(connection: Connection, brief: DossierBrief, clocks: Clocks, now: datetime) -> dict[str, object]:
    proof = evidence.prove(connection, brief.code, brief.id)
    calls = call_list.find_calls(connection, CallFilter(dossier=brief.code), after=None, limit=_MOST)
    messages = exchange.find_messages(connection, MessageFilter(dossier=brief.code), after=None, limit=_MOST)
    audit = operations.find_audit(connection, AuditFilter(dossier=brief.code), after=None, limit=_MOST)
    trouble = incidents.find_incidents(
        connection, IncidentFilter(dossier=brief.code), after=None, limit=_MOST
    )
    line = dossier_list.get_line(connection, brief.id)
    clock = clocks.read(connection, brief.id, now)
    return {
        "dossier": {name: getattr(brief, name) for name in DossierBrief.__dataclass_fields__ if name != "id"},
        "situation": line.situation,
        "model_version": line.version,
        "clock": {name: getattr(clock, name) for name in ("budget", "consumed", "left", "stopped")},
        "held_by": _only(dossiers.held_by(connection, brief.id), _HELD),
        "timeline": [
            {"seq": one.seq, "at": one.at, "kind": one.kind, "facts": _harmless(one.facts), "hash": one.hash}
            for one in timelines.every_entry(connection, brief.id)
        ],
        "evidence": {
            "holds": not proof.breaks,
            "breaks": [{"seq": one.seq, "reason": one.reason} for one in proof.breaks],
            "anchors": [one.anchor.number for one in proof.anchored],
        },
        "calls": [
            {**call, "attempts": _only(exchange.attempts(connection, int(str(call["id"]))), _ATTEMPT)}
            for call in _only(calls, _CALL)
        ],
        "messages": _only(messages, _MESSAGE),
        "incidents": _only(trouble, _INCIDENT),
        "ledger": _only(operations.ledger(connection, brief.id), _LEDGER),
        "audit": _only(audit, _AUDIT),
    }


def _only(rows: object, names: tuple[str, ...]) -> list[dict[str, object]]:
    return [{name: getattr(row, name) for name in names} for row in rows]  # type: ignore[attr-defined]


def _harmless(facts: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in facts.items() if name in _FACTS}


def _plain(value: object) -> object:
    if isinstance(value, timedelta):
        return value.total_seconds()
    return sorted(value) if isinstance(value, frozenset | set) else str(value)
