"""What the demo prints: the mix, a bar while it runs, the table by procedure and outcome, and the last line."""

import sys
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

import click

from engine.clock import VIETNAM
from engine.dossiers.statuses import Status
from engine.exchange.ports import Json
from lienthong.demo.batch import Batch
from lienthong.demo.faults import OUTAGE_S
from lienthong.demo.plans import BIRTH, MIX, Plan
from lienthong.printing import print_table

if TYPE_CHECKING:
    from lienthong.demo.run import Result

_WIDTH = 30
_MOST_FINDINGS = 20


class Bar:
    """A progress bar on stderr; where that is no terminal, a line for each tenth."""

    def __init__(self, total: int, *, quiet: bool = False) -> None:
        self._total, self._quiet = total, quiet
        self._live = sys.stderr.isatty()
        self._last = ""

    def show(self, done: int, moment: datetime, waiting: str) -> None:
        """Say how many dossiers are *done* at the demo's *moment*, and for what the others wait."""
        if self._quiet:
            return
        day = moment.astimezone(VIETNAM).strftime("%a %d/%m/%Y %H:%M")
        filled = _WIDTH * done // self._total
        step = f"{10 * done // self._total}{waiting}"
        text = f"[{'#' * filled}{'.' * (_WIDTH - filled)}] {done}/{self._total} finished  {day}  {waiting}"
        if self._live:
            click.echo(f"\r{text[:118]:<118}", err=True, nl=False)
        elif step != self._last:
            click.echo(text, err=True)
        self._last = step

    def end(self) -> None:
        """Leave the bar's line."""
        if self._live and not self._quiet:
            click.echo("", err=True)


def mix(batch: Batch) -> None:
    """Print what is going to happen."""
    times = Counter(case.plan.name for case in batch.cases)
    click.echo(f"{len(batch.cases)} dossiers (run {batch.run} on this data):")
    rows = [(times[plan.name], plan.procedure, plan.name, plan.told) for plan in _plans() if times[plan.name]]
    print_table(("DOSSIERS", "PROCEDURE", "PLAN", "WHAT HAPPENS"), rows)
    click.echo(f"and for all of them: the portal is down for {OUTAGE_S:g} seconds, two feeds stumble.\n")


def table(batch: Batch) -> list[dict[str, Json]]:
    """The rows of the table: dossiers by procedure, outcome and plan."""
    rows = Counter((case.plan.procedure, case.status, case.plan.name) for case in batch.cases)
    order = {plan.name: number for number, plan in enumerate(_plans())}
    return [
        {
            "procedure": procedure,
            "status": status,
            "outcome": Status(status).name_en if status else "not handed in",
            "plan": name,
            "dossiers": number,
            "as_planned": sum(
                case.finished and not case.wrong
                for case in batch.cases
                if (case.status, case.plan.name) == (status, name)
            ),
        }
        for (procedure, status, name), number in sorted(
            rows.items(), key=lambda row: (row[0][0] != BIRTH, row[0][1], order[row[0][2]])
        )
    ]


def print_outcomes(rows: list[dict[str, Json]]) -> None:
    """The table by procedure and outcome."""
    cells = [
        (
            row["procedure"],
            f"{row['status']} {row['outcome']}",
            row["plan"],
            row["dossiers"],
            row["as_planned"],
        )
        for row in rows
    ]
    print_table(("PROCEDURE", "OUTCOME", "PLAN", "DOSSIERS", "AS PLANNED"), cells)


def print_findings(result: "Result") -> None:
    """What did not go as planned, one line each, and what was compared."""
    for case in result.batch.cases:
        if case.wrong:
            click.echo(f"unexpected: {case.title} {case.wrong}")
    if result.stalled:
        click.echo(f"stalled: {result.stalled}")
    for kind, found in (("lost", result.lost), ("doubled", result.doubled)):
        for one in found[:_MOST_FINDINGS]:
            click.echo(f"{kind}: {one}")
    for incident in result.incidents[:_MOST_FINDINGS]:
        click.echo(f"incident: {incident['dossier'] or '-'} {incident['cause']}: {incident['title']}")
    click.echo(
        f"\nThe witness compared {result.statuses} statuses that the desk saw with the portal's journal,"
        f" and counted {result.effects} effects.\n"
    )


def _plans() -> list[Plan]:
    return list({plan.name: plan for plan in MIX}.values())
