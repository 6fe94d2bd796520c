"""`lienthong keys`: API keys for agencies, desks and partners."""

from datetime import UTC, datetime, timedelta

import click

from lienthong.printing import as_json_option, print_json, print_table
from lienthong.roles import opened


@click.group(epilog="Example: lienthong keys list")
def command() -> None:
    """Issue, list and revoke API keys."""


@command.command(
    epilog="Example: lienthong keys create desk --scope dossiers:read --scope dossiers:write --unit H56.14"
)
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    help="What the key may do; may be repeated. A wrong one lists them all.",
)
@click.option("--unit", help="Only dossiers and work items of this unit.")
@click.option("--partner", help="The partner that it belongs to; needed for `messages` and `mailbox`.")
@click.option("--days", type=click.IntRange(1), help="Days that it is good for; without it, until revoked.")
@as_json_option
def create(
    *,
    name: str,
    scopes: tuple[str, ...],
    unit: str | None,
    partner: str | None,
    days: int | None,
    as_json: bool,
) -> None:
    """Issue a key called NAME and print it, this once: only its digest is kept."""
    from engine.actions import keys

    for scope in scopes:
        if scope not in keys.SCOPES:
            raise click.BadParameter(f"`{scope}` is none of {', '.join(keys.SCOPES)}", param_hint="--scope")
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    with opened("keys") as system:
        if partner:
            system.partners.contract(partner)  # there is one of this name
        issued = keys.create(
            system.store, name, scopes=scopes, unit=unit, partner=partner, expires_at=expires_at
        )
    if as_json:
        print_json({"name": issued.name, "prefix": issued.prefix, "key": issued.text})
    else:
        click.echo(issued.text)


@command.command(name="list", epilog="Example: lienthong keys list --json")
@as_json_option
def list_(as_json: bool) -> None:
    """Show every key without its secret."""
    from engine.queries.keys import list_keys

    with opened("keys") as system, system.store.reading() as connection:
        found = list_keys(connection)
    if as_json:
        print_json(found)
        return
    print_table(
        ("PREFIX", "NAME", "STATE", "SCOPES", "UNIT", "PARTNER"),
        [(k.prefix, k.name, k.state, " ".join(k.scopes), k.unit or "-", k.partner or "-") for k in found],
    )


@command.command(epilog="Example: lienthong keys rotate k3x9p2mq7a --overlap-hours 48")
@click.argument("prefix")
@click.option(
    "--overlap-hours", type=click.FloatRange(0, 720), default=24.0, help="How long the old key still works."
)
def rotate(prefix: str, overlap_hours: float) -> None:
    """Print a new key like the one with PREFIX, which ends after the overlap."""
    from engine.actions import keys

    with opened("keys") as system:
        made = keys.rotate(system.store, prefix, overlap_s=overlap_hours * 3600, by="command line")
    click.echo(made.key.text)
    click.echo(f"the old key ends at {made.old_expires_at.isoformat()}", err=True)


@command.command(epilog="Example: lienthong keys revoke k3x9p2mq7a")
@click.argument("prefix")
def revoke(prefix: str) -> None:
    """End the key with PREFIX at once."""
    from engine.actions import keys

    with opened("keys") as system:
        name = keys.revoke(system.store, prefix, by="command line")
    click.echo(f"revoked: {name}", err=True)
