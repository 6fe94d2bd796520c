"""`lienthong deploy`: stores procedures as new versions."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.errors import RequestInvalid
from engine.exchange.ports import Json
from lienthong.printing import as_json_option, print_json
from lienthong.roles import opened

if TYPE_CHECKING:
    from engine.models.origin import Origin


@click.command(epilog="Example: lienthong deploy bpmn/khai-sinh-lien-thong")
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH…"
)
@click.option(
    "--commit",
    default="",
    help="The commit that the folders came from; else LIENTHONG_COMMIT, else what git says of each.",
)
@as_json_option
def command(paths: tuple[Path, ...], commit: str, as_json: bool) -> None:
    """Check each folder and make it the version that new dossiers start with; running ones keep theirs.

    What is wrong is refused as `lienthong lint` says it, and then nothing of that folder is stored. The version remembers the
    commit of its folder, and whether it had changes in none, where there is a checkout.
    """
    from engine.actions.deploy import deploy
    from engine.models.deployment import read_folder
    from engine.models.linting import refuse
    from lienthong.checkout import origin_of
    from lienthong.offers import offers

    told = _commit(commit, "--commit")
    deployments = [read_folder(path) for path in paths]
    with opened("deploy") as system:
        told = told or _commit(system.settings.commit, "LIENTHONG_COMMIT")
        offered = offers(system.settings.partners_path)
        warnings = [len(refuse(one, offered=offered)) for one in deployments]
        stored: list[dict[str, Json]] = []
        for path, one, count in zip(paths, deployments, warnings, strict=True):
            origin = told or origin_of(path)
            number = deploy(system.store, one, by="command line", findings=count, origin=origin)
            found = origin.commit if origin else None
            stored.append({"deployment": number, "procedure": one.code, "warnings": count, "commit": found})
    if as_json:
        print_json(stored)
        return
    for path, line in zip(paths, stored, strict=True):
        of = f" of {str(line['commit'])[:12]}" if line["commit"] else ""
        said = f" ({line['warnings']} warnings: lienthong lint {path})" if line["warnings"] else ""
        click.echo(f"{line['procedure']}: deployment {line['deployment']}{of}{said}")


def _commit(text: str, named: str) -> "Origin | None":
    """What the option or the setting *named* says."""
    from engine.models.origin import origin

    try:
        return origin(text)
    except RequestInvalid as exc:
        raise click.BadParameter(str(exc.facts["reason"]), param_hint=named) from exc
