"""`lienthong simulate`: walks through a model on a virtual clock, without database or partners."""

from pathlib import Path

import click
import orjson

from engine.errors import RequestInvalid
from engine.exchange.ports import Json
from engine.models.deployment import Deployment, read_folder
from engine.models.findings import errors_in
from engine.models.linting import lint
from engine.runtime import worlds
from engine.runtime.simulation import Simulation, Walked, World, dossier_of
from lienthong.printing import as_json_option

_EXAMPLE = """Example: lienthong simulate model.bpmn --data '{"amount": 5}' --world '{"took": {"Assess": "P2D"}}' --json"""


@click.command(epilog=_EXAMPLE)
@click.argument("model", type=click.Path(exists=True, path_type=Path))
@click.option("--data", default="{}", help="The dossier's data, as a JSON object; also the first variables.")
@click.option(
    "--world",
    default="{}",
    help="What happens outside: took, replies, faults, messages, forms (docs/models.md).",
)
@click.option(
    "--process", default=None, help="The process to walk; else the procedure's, or the first executable."
)
@as_json_option
def command(model: Path, data: str, world: str, process: str | None, as_json: bool) -> int:
    """Walk through MODEL (a .bpmn file or a deployment's folder) and print what completes, in order."""
    given = _object(data, "--data")
    outside, more = _world(_object(world, "--world"))
    deployment = read_folder(model)
    refused = errors_in(lint(deployment, given))
    if refused:
        _print({"refused": [finding.as_json() for finding in refused]}, as_json=as_json)
        return 1
    key = process or first_process(deployment)
    if key not in deployment.processes:
        raise click.UsageError(f"there is no process `{key}` in {model}")
    walk = Simulation(
        deployment, key, dossier=dossier_of(deployment, given) | more, variables=given, world=outside
    ).run()
    _print(_walked(walk), as_json=as_json)
    return 0


def first_process(deployment: Deployment) -> str:
    """The process to walk when none is named: executable, and called by no other."""
    if deployment.procedure is not None:
        return deployment.procedure.process
    called = {node.binding.called for one in deployment.drawn.values() for node in one.nodes()}
    free = [one.id for one in deployment.drawn.values() if one.executable and one.id not in called]
    return free[0] if free else deployment.main or next(iter(deployment.drawn), "")


def _walked(walk: Walked) -> dict[str, Json]:
    return {
        "completed": list(walk.completed),
        "ended": walk.ended,
        "waiting": list(walk.waiting),
        "error": walk.error,
    }


def _print(body: dict[str, Json] | dict[str, list[dict[str, object]]], *, as_json: bool) -> None:
    option = 0 if as_json else orjson.OPT_INDENT_2
    click.echo(orjson.dumps(body, option=option).decode())


def _object(text: str, option: str) -> dict[str, Json]:
    """The JSON object in *text*, or in the file that ``@name`` names."""
    try:
        value = orjson.loads(Path(text[1:]).read_bytes() if text.startswith("@") else text)
    except orjson.JSONDecodeError as exc:
        raise click.BadParameter(f"not JSON: {exc}", param_hint=option) from exc
    except OSError as exc:
        raise click.BadParameter(f"{text[1:]}: {exc.strerror}", param_hint=option) from exc
    if not isinstance(value, dict):
        raise click.BadParameter("must be a JSON object", param_hint=option)
    return value


def _world(body: dict[str, Json]) -> tuple[World, dict[str, Json]]:
    """The world, and what the dossier is beside its data."""
    try:
        return worlds.world(body), worlds.dossier(body)
    except RequestInvalid as exc:
        raise click.BadParameter(str(exc.facts["reason"]), param_hint="--world") from exc
