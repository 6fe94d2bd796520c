"""`lienthong units`: the offices at which dossiers are handed in, decided on and fetched."""

from datetime import date, datetime

import click

from lienthong.printing import as_json_option, print_json, print_table
from lienthong.roles import opened

_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group(epilog='Example: lienthong units add H56.14 "Trung tâm Phục vụ hành chính công"')
def command() -> None:
    """List and set up offices."""


@command.command("list", epilog="Example: lienthong units list --json")
@as_json_option
def list_units(as_json: bool) -> None:
    """List every office with its calendar and the days for which its code holds."""
    from engine.actions import units

    with opened("units") as system:
        found = units.list_all(system.store)
    if as_json:
        names = ("code", "name", "calendar", "valid_from", "valid_to")
        print_json([{name: _plain(getattr(one, name)) for name in names} for one in found])
        return
    rows = [(one.code, one.calendar, one.valid_from, one.valid_to or "", one.name) for one in found]
    print_table(("CODE", "CALENDAR", "FROM", "UP TO", "NAME"), rows)


@command.command(
    "add", epilog='Example: lienthong units add H56.14 "Trung tâm Phục vụ hành chính công" --from 2026-01-01'
)
@click.argument("code")
@click.argument("name")
@click.option(
    "--calendar", default="default", show_default=True, help="The working calendar that counts its terms."
)
@click.option(
    "--from", "valid_from", type=_DAY, default="2000-01-01", show_default=True, help="First day of the code."
)
@click.option("--until", "valid_to", type=_DAY, help="The day from which on the code no longer holds.")
def add(code: str, name: str, calendar: str, valid_from: datetime, valid_to: datetime | None) -> None:
    """Add the office CODE called NAME, or change what is said of it."""
    from engine.actions import units
    from engine.storage.units import StoredUnit

    unit = StoredUnit(
        code=code,
        name=name,
        calendar=calendar,
        valid_from=valid_from.date(),
        valid_to=valid_to.date() if valid_to else None,
    )
    with opened("units") as system:
        units.put(system.store, unit, by="command line")
    click.echo(f"{code}: {name}")


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
