"""`lienthong deploy`: stores procedures as new versions."""

from pathlib import Path

import click

from lienthong.printing import as_json_option, print_json
from lienthong.roles import opened


@click.command(epilog="Example: lienthong deploy bpmn/khai-sinh-lien-thong")
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH…"
)
@as_json_option
def command(paths: tuple[Path, ...], as_json: bool) -> None:
    """Check each folder and make it the version that new dossiers start with; running ones keep theirs.

    What is wrong is refused as `lienthong lint` says it, and then nothing of that folder is stored.
    """
    from engine.actions.deploy import deploy
    from engine.models.deployment import read_folder
    from engine.models.linting import refuse
    from lienthong.offers import offers

    deployments = [read_folder(path) for path in paths]
    with opened("deploy") as system:
        offered = offers(system.settings.partners_path)
        warnings = [len(refuse(one, offered=offered)) for one in deployments]
        stored = [
            {
                "deployment": deploy(system.store, one, by="command line", findings=count),
                "procedure": one.code,
                "warnings": count,
            }
            for one, count in zip(deployments, warnings, strict=True)
        ]
    if as_json:
        print_json(stored)
        return
    for path, one in zip(paths, stored, strict=True):
        said = f" ({one['warnings']} warnings: lienthong lint {path})" if one["warnings"] else ""
        click.echo(f"{one['procedure']}: deployment {one['deployment']}{said}")
