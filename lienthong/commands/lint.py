"""`lienthong lint`: what is wrong with procedures, file by file and line by line."""

from collections.abc import Mapping
from pathlib import Path

import click

from engine.models.deployment import deployments_in
from engine.models.findings import Finding, Severity
from engine.models.linting import lint
from lienthong.printing import as_json_option, print_json


@click.command(epilog="Example: lienthong lint bpmn/khai-sinh-lien-thong --json")
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH…"
)
@as_json_option
def command(paths: tuple[Path, ...], as_json: bool) -> int:
    """Judge deployments (folders) and single models; exit code 1 when something must be mended."""
    deployments = [one for path in paths for one in deployments_in(path)]
    known = _offers() if any(one.procedure for one in deployments) else None
    findings = [
        finding for one in deployments for finding in lint(one, offered=known if one.procedure else None)
    ]
    if as_json:
        print_json({"findings": [finding.as_json() for finding in findings]})
    else:
        for finding in findings:
            _print(finding)
        errors = sum(finding.severity is Severity.ERROR for finding in findings)
        click.echo(f"{errors} errors, {len(findings) - errors} warnings")
    return int(any(finding.severity is Severity.ERROR for finding in findings))


def _offers() -> Mapping[str, frozenset[str]]:
    from engine import settings
    from engine.environment import process_environment
    from lienthong.offers import offers

    return offers(settings.read(process_environment()).partners_path)


def _print(finding: Finding) -> None:
    click.echo(f"{finding.file}:{finding.line}  {finding.severity}  {finding.rule}  {finding.element}")
    click.echo(f"    {finding.message}")
    click.echo(f"    → {finding.remedy}")
