"""`lienthong procedures`: what is deployed."""

from typing import TYPE_CHECKING

import click

from lienthong.printing import as_json_option, print_json, print_table
from lienthong.roles import opened

if TYPE_CHECKING:
    from engine.queries.procedures import DeployedProcedure


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
            "commit",
            "commit_changed",
        )
        print_json([{name: getattr(one, name) for name in names} for one in found])
        return
    print_table(
        ("CODE", "VERSION", "DEPLOYED", "COMMIT", "NAME"),
        [
            (one.code, one.version, f"{one.deployed_at:%Y-%m-%d %H:%M}", _commit(one), one.name_vi)
            for one in found
        ],
    )


def _commit(one: "DeployedProcedure") -> str:
    """Its first twelve characters, with a + where the folder had changes that are in none."""
    return f"{one.commit[:12]}{'+' if one.commit_changed else ''}" if one.commit else "-"
