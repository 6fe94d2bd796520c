"""`lienthong procedures`: what is deployed."""

import click

from lienthong.printing import as_json_option, print_json, print_table
from lienthong.roles import opened


@click.command(epilog="Example: lienthong procedures --json")
@as_json_option
def command(as_json: bool) -> None:
    """List the procedures with the version that new dossiers start with."""
    from engine.queries.procedures import list_procedures

    with opened("procedures") as system, system.store.reading() as connection:
        found = list_procedures(connection)
    if as_json:
        names = (
            "code",
            "name_vi",
            "name_en",
            "deployment",
            "version",
            "process",
            "hash",
            "deployed_at",
            "deployed_by",
        )
        print_json([{name: getattr(one, name) for name in names} for one in found])
        return
    print_table(
        ("CODE", "VERSION", "DEPLOYED", "NAME"),
        [(one.code, one.version, f"{one.deployed_at:%Y-%m-%d %H:%M}", one.name_vi) for one in found],
    )
