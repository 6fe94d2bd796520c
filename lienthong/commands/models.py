"""`lienthong models`: the files of every deployment."""

import click

from lienthong.printing import as_json_option, print_json, print_table
from lienthong.roles import opened


@click.command(epilog="Example: lienthong models --json")
@as_json_option
def command(as_json: bool) -> None:
    """List every stored file with its version and hash, the newest versions first."""
    from engine.queries.procedures import list_models

    with opened("models") as system, system.store.reading() as connection:
        found = list_models(connection)
    if as_json:
        names = ("procedure", "version", "active", "name", "kind", "sha256", "deployed_at")
        print_json([{name: getattr(one, name) for name in names} for one in found])
        return
    print_table(
        ("PROCEDURE", "VERSION", "", "KIND", "FILE", "SHA256"),
        [
            (one.procedure, one.version, "active" if one.active else "", one.kind, one.name, one.sha256[:12])
            for one in found
        ],
    )
