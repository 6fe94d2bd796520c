"""`lienthong dossier`: where one dossier stands, who holds it, what happened, and whether its history is unaltered."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import click

from engine.clock import VIETNAM
from lienthong.printing import as_json_option, print_json, print_table
from lienthong.roles import opened

if TYPE_CHECKING:
    from engine.exchange.ports import Json
    from engine.queries.dossiers import DossierBrief, Held
    from engine.queries.evidence import Proof
    from engine.queries.timelines import TimelineEntry

_ALL = 1_000_000


@click.command(epilog="Example: lienthong dossier H56.14-261122-0001 --verify")
@click.argument("code")
@click.option(
    "--verify",
    is_flag=True,
    help="Check the history's hash chain and its anchors; exit code 1 where one breaks.",
)
@as_json_option
def command(code: str, verify: bool, as_json: bool) -> int:
    """Show the dossier CODE: status, due date, who holds it, timeline."""
    from engine.queries import dossiers, evidence, timelines

    with opened("dossier") as system, system.store.reading() as connection:
        brief = dossiers.get_brief(connection, code)
        held = dossiers.held_by(connection, brief.id)
        history = timelines.entries(connection, brief.id, limit=_ALL)
        proof = evidence.prove(connection, code, brief.id) if verify else None
    breaks = [{"seq": one.seq, "reason": one.reason} for one in proof.breaks] if proof else []
    if as_json:
        told: dict[str, object] = {"dossier": brief, "held_by": held, "timeline": history}
        print_json(told | ({"verified": not breaks, "breaks": breaks} if verify else {}))
    else:
        _print(brief, held, history)
        if proof is not None and not breaks:
            click.echo(_verified(proof))
    for one in breaks:
        click.echo(f"lienthong: entry {one['seq']}: {one['reason']} -> compare with a backup", err=True)
    return int(bool(breaks))


def _verified(proof: "Proof") -> str:
    """That the chain holds, and which anchors say the same."""
    said = f"verified: {len(proof.links)} entries, the chain holds"
    if not proof.anchored:
        return f"{said}; not anchored yet"
    newest = proof.anchored[-1]
    return (
        f"{said}; it passes {len(proof.anchored)} anchors, the newest is {newest.anchor.number}"
        f" ({newest.anchor.hash.hex()})"
    )


def _print(brief: "DossierBrief", held: list["Held"], history: list["TimelineEntry"]) -> None:
    from engine.dossiers.statuses import Status

    click.echo(f"{brief.code}  {brief.status} {Status(brief.status).name_vi}  {brief.phase}")
    if brief.suspended_at is not None:
        click.echo(f"suspended since {_local(brief.suspended_at)}: nothing of it is applied or sent")
    click.echo(f"procedure {brief.procedure}, {brief.channel}, due {_local(brief.due_at)}")
    click.echo("")
    print_table(
        ("WAITS FOR", "WHO", "WHAT", "STATE", "ELEMENT", "SINCE"),
        [(h.kind, h.who or "-", h.what or "-", h.state, h.element or "-", _local(h.since)) for h in held],
    )
    click.echo("")
    print_table(
        ("#", "AT", "KIND", "ELEMENT", "WHAT"),
        [
            (
                e.seq,
                _local(datetime.fromisoformat(e.at)),
                e.kind,
                e.facts.get("element") or "",
                _what(e.facts),
            )
            for e in history
        ],
    )


def _local(at: datetime | None) -> str:
    """*at* as a clock in Vietnam shows it; the zone is named by its offset."""
    return at.astimezone(VIETNAM).isoformat(" ", "seconds") if at else "-"


def _what(facts: Mapping[str, "Json"]) -> str:
    """The facts that a reader looks for first: the new status, whom a call or message concerns, who decided."""
    partner, operation = facts.get("partner"), facts.get("operation")
    told = (
        f"status {facts['status']}" if facts.get("status") else None,
        f"{partner}.{operation}" if partner and operation else None,
        f"fault {facts['fault']}" if facts.get("fault") else None,
        facts.get("name"),
        f"by {facts['by']}" if facts.get("by") else None,
    )
    return ", ".join(str(one) for one in told if one)
