"""`lienthong test`: runs the scenarios of deployments, without database or network."""

from pathlib import Path

import click

from engine.models.deployment import Deployment, deployments_in
from engine.models.findings import errors_in
from engine.models.linting import lint
from engine.runtime import scenarios
from lienthong.printing import as_json_option, print_json


@click.command(epilog="Example: lienthong test bpmn/khai-sinh-lien-thong")
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="PATH…",
)
@as_json_option
def command(paths: tuple[Path, ...], as_json: bool) -> int:
    """Run every scenario of each PATH (a deployment's folder); exit code 1 when one fails or a model is refused."""
    reports = [_report(one) for path in paths for one in deployments_in(path)]
    if as_json:
        print_json({"deployments": reports})
    else:
        for report in reports:
            _print(report)
    return int(any(report["failed"] or report["refused"] for report in reports))


def _report(deployment: Deployment) -> dict[str, object]:
    refused = [finding.as_json() for finding in errors_in(lint(deployment))]
    results = []
    if not refused:
        results = [
            scenarios.run(deployment, name, data) for name, data in sorted(deployment.scenarios.items())
        ]
    covered = scenarios.coverage(deployment, results)
    return {
        "procedure": deployment.code or deployment.main,
        "refused": refused,
        "scenarios": [
            {"file": one.file, "name": one.name, "passed": one.passed, "wrong": list(one.wrong)}
            for one in results
        ],
        "passed": sum(one.passed for one in results),
        "failed": sum(not one.passed for one in results),
        "coverage": {"flows": covered.flows, "taken": covered.taken, "missed": dict(covered.missed)},
    }


def _print(report: dict[str, object]) -> None:
    for finding in report["refused"]:  # type: ignore[attr-defined]
        click.echo(f"refused: {finding['file']}:{finding['line']} {finding['element']}: {finding['message']}")
    for one in report["scenarios"]:  # type: ignore[attr-defined]
        click.echo(f"{'ok  ' if one['passed'] else 'FAIL'}  {one['name']}")
        for wrong in one["wrong"]:
            click.echo(f"        {wrong}")
    if not report["scenarios"] and not report["refused"]:
        click.echo("no scenarios: write some into the folder scenarios/, see docs/models.md")
    coverage = report["coverage"]
    click.echo(
        f"{report['procedure']}: {report['passed']} passed, {report['failed']} failed, "
        f"{coverage['taken']} of {coverage['flows']} flows and boundary events taken"  # type: ignore[index]
    )
    for process, missed in coverage["missed"].items():  # type: ignore[index]
        click.echo(f"    never taken in {process}: {', '.join(missed)}")
