"""`lienthong accounts`: the people who may sign in to the console."""

import click

from lienthong.assembly import System
from lienthong.printing import as_json_option, print_json, print_table
from lienthong.roles import opened


@click.group(epilog="Example: lienthong accounts list")
def command() -> None:
    """Create and list the console's accounts; everything else is done in the console."""


@command.command(epilog="Example: lienthong accounts create lan --role officer --unit H56.14")
@click.argument("name")
@click.option(
    "--role", "roles", multiple=True, required=True, help="viewer, officer, operator, engineer or admin."
)
@click.option("--unit", help="Only dossiers and work items of this unit; an officer needs one.")
@as_json_option
def create(*, name: str, roles: tuple[str, ...], unit: str | None, as_json: bool) -> None:
    """Create an account called NAME and print its first password, this once: only its hash is kept."""
    from engine.actions import accounts

    password = accounts.random_password()
    with opened("accounts") as system:
        accounts.create(system.store, name, password, roles=roles, unit=unit, by="command line")
    if as_json:
        print_json({"name": name, "password": password})
    else:
        click.echo(password)


@command.command(name="password", epilog="Example: lienthong accounts password lan")
@click.argument("name")
def new_password(name: str) -> None:
    """Give NAME a new password, print it once, and end all its sessions: the way back in for the last admin."""
    from engine.actions import accounts

    password = accounts.random_password()
    with opened("accounts") as system:
        accounts.set_password(system.store, _numbered(system, name), password, by="command line")
    click.echo(password)


@command.command(epilog="Example: lienthong accounts bind lan 4f1c2a90-sub-of-the-provider")
@click.argument("name")
@click.argument("subject", required=False)
def bind(*, name: str, subject: str | None) -> None:
    """Let NAME sign in as the identity provider's person SUBJECT (their `sub`); without SUBJECT, no longer."""
    from engine.actions import sign_on

    with opened("accounts") as system:
        sign_on.bind(system.store, _numbered(system, name), subject, by="command line")


@command.command(name="no-code", epilog="Example: lienthong accounts no-code lan")
@click.argument("name")
def no_code(*, name: str) -> None:
    """Ask NAME for no second factor any more: the way back in for whoever lost the telephone."""
    from engine.actions import second_factor

    with opened("accounts") as system:
        second_factor.remove(system.store, _numbered(system, name), by="command line")


@command.command(name="list", epilog="Example: lienthong accounts list --json")
@as_json_option
def list_(as_json: bool) -> None:
    """Show every account."""
    from engine.queries.accounts import list_accounts

    with opened("accounts") as system, system.store.reading() as connection:
        found = list_accounts(connection)
    if as_json:
        print_json(found)
        return
    print_table(
        ("NAME", "ROLES", "UNIT", "ENABLED", "CODE"),
        [
            (
                a.name,
                " ".join(a.roles),
                a.unit or "-",
                "yes" if a.enabled else "no",
                "yes" if a.second_factor else "no",
            )
            for a in found
        ],
    )


def _numbered(system: System, name: str) -> int:
    """The account's id. Raises: AccountNotFound."""
    from engine.errors import AccountNotFound
    from engine.queries.accounts import list_accounts

    with system.store.reading() as connection:
        found = {line.name: line.id for line in list_accounts(connection)}
    if name not in found:
        raise AccountNotFound(account=name)
    return found[name]
