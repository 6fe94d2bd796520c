"""`lienthong keys`: API keys for those who talk to us."""

import click

from lienthong.printing import as_json_option, print_json
from lienthong.roles import opened


@click.group()
def command() -> None:
    """Issue and end API keys."""


@command.command(epilog="Example: lienthong keys create desk --scope dossiers:write --scope dossiers:read")
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, required=True, help="What the key may do; may be given several times."
)
@click.option("--unit", help="Only dossiers of this unit.")
@click.option("--partner", help="The key of this partner's system.")
@as_json_option
def create(name: str, scopes: tuple[str, ...], unit: str | None, partner: str | None, as_json: bool) -> None:
    """Issue a key and print it; it cannot be shown again."""
    from engine.actions import keys

    with opened("keys") as system:
        issued = keys.create(system.store, name, scopes=scopes, unit=unit, partner=partner)
    if as_json:
        print_json({"name": issued.name, "prefix": issued.prefix, "key": issued.text})
    else:
        click.echo(issued.text)


@command.command(epilog="Example: lienthong keys revoke k7x2mpq9ab")
@click.argument("prefix")
def revoke(prefix: str) -> None:
    """End the key with this prefix at once."""
    from engine.actions import keys

    with opened("keys") as system:
        name = keys.revoke(system.store, prefix, by="command line")
    click.echo(f"{name}: revoked")
