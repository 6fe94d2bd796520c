"""`lienthong dossier`: where a dossier is, who holds it, and whether its history holds."""

from dataclasses import asdict

import click

from lienthong.printing import as_json_option, print_json, print_table
from lienthong.roles import opened


@click.command(epilog="Example: lienthong dossier H56.14-261122-0001 --verify")
@click.argument("code")
@click.option("--verify", is_flag=True, help="Check the hash chain of its history; exit 1 when it is broken.")
@as_json_option
@click.pass_context
def command(ctx: click.Context, code: str, verify: bool, as_json: bool) -> None:
    """Tell status, due date, who holds the dossier now, and its timeline. Shows no personal data."""
    from engine.dossiers import timeline
    from engine.queries import dossiers, timelines

    with opened("dossier") as system, system.store.reading() as connection:
        brief = dossiers.get_brief(connection, code)
        held = dossiers.held_by(connection, brief.id)
        entries = timelines.entries(connection, brief.id, limit=10_000)
        links, head = timelines.links(connection, brief.id), timelines.head(connection, brief.id)
    breaks = timeline.verify(code, links, head) if verify else []
    if as_json:
        found = {"dossier": asdict(brief), "held_by": [asdict(one) for one in held]}
        found["timeline"] = [asdict(entry) for entry in entries]
        print_json({**found, **({"breaks": [asdict(one) for one in breaks]} if verify else {})})
    else:
        click.echo(f"{brief.code}  {brief.procedure}  status {brief.status}  {brief.phase}")
        click.echo(f"due {brief.due_at or '-'}  finished {brief.finished_at or '-'}")
        rows = [(one.kind, one.who, one.what, one.state, one.since or "", one.until or "") for one in held]
        print_table(("HELD BY", "WHO", "WHAT", "STATE", "SINCE", "UNTIL"), rows)
        print_table(("NO", "AT", "WHAT", "FACTS"), [(e.seq, e.at, e.kind, e.facts) for e in entries])
        if verify:
            click.echo(f"history: {len(links)} entries, {len(breaks)} breaks")
            for one in breaks:
                click.echo(f"  {one}")
    ctx.exit(1 if breaks else 0)
