"""`lienthong simulate`: walks through a model on a virtual clock, without database or partners."""

from pathlib import Path

import click
import orjson

from engine.exchange.ports import Json
from engine.models.deployment import Deployment, read_folder
from engine.models.findings import errors_in
from engine.models.linting import lint
from engine.models.timing import parse
from engine.runtime.scenarios import letters
from engine.runtime.simulation import START, Simulation, Walked, World, dossier_of
from lienthong.printing import as_json_option

_WORLD = ("took", "replies", "faults", "messages", "forms")
_EXAMPLE = """Example: lienthong simulate model.bpmn --data '{"amount": 5}' --world '{"took": {"Assess": "P2D"}}' --json"""


@click.command(epilog=_EXAMPLE)
@click.argument("model", type=click.Path(exists=True, path_type=Path))
@click.option("--data", default="{}", help="The dossier's data, as a JSON object; also the first variables.")
@click.option("--world", default="{}", help="What happens outside: took, replies, faults, messages, forms.")
@click.option(
    "--process", default=None, help="The process to walk; else the procedure's, or the first executable."
)
@as_json_option
def command(model: Path, data: str, world: str, process: str | None, as_json: bool) -> int:
    """Walk through MODEL (a .bpmn file or a deployment's folder) and print what completes, in order."""
    given, outside = _object(data, "--data"), _world(_object(world, "--world"))
    deployment = read_folder(model)
    refused = errors_in(lint(deployment, given))
    if refused:
        _print({"refused": [finding.as_json() for finding in refused]}, as_json=as_json)
        return 1
    key = process or first_process(deployment)
    if key not in deployment.processes:
        raise click.UsageError(f"there is no process `{key}` in {model}")
    walk = Simulation(
        deployment, key, dossier=dossier_of(deployment, given), variables=given, world=outside
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


def _world(body: dict[str, Json]) -> World:
    for key in body:
        if key not in _WORLD:
            raise click.BadParameter(
                f"`{key}` is unknown; known are {', '.join(_WORLD)}", param_hint="--world"
            )
    parts = {key: _mapping(key, value) for key, value in body.items() if key != "messages"}
    _check_messages(body.get("messages") or [])
    took = {key: str(value) for key, value in _part(parts, "took").items()}
    times = [*took.items(), *(("messages", letter.at) for letter in letters(body.get("messages")))]
    for name, text in times:
        if not text.startswith("P") or parse(text, START) is None:
            raise click.BadParameter(f"{name}: `{text}` is no ISO duration", param_hint="--world")
    replies = {key: [value] for key, value in _part(parts, "replies").items()}
    forms = {key: [value] for key, value in _part(parts, "forms").items()}
    return World(
        took=took,
        replies=replies,
        faults={key: [None if one is None else str(one)] for key, one in _part(parts, "faults").items()},
        forms={**replies, **forms},
        letters=letters(body.get("messages")),
    )


def _mapping(key: str, value: Json) -> dict[str, Json]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise click.BadParameter(f"`{key}` must be an object by element id", param_hint="--world")
    return value


def _check_messages(value: Json) -> None:
    if not isinstance(value, list) or not all(isinstance(one, dict) and "name" in one for one in value):
        raise click.BadParameter(
            "`messages` must be a list of objects with name, at, key, data", param_hint="--world"
        )


def _part(parts: dict[str, dict[str, Json]], key: str) -> dict[str, Json]:
    return parts.get(key, {})
