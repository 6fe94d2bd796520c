"""`make bench`: measures, prints a table, writes `bench.json`. Names of measurements run only those: `… feel soap`."""

import os
import time
from pathlib import Path

import click
import orjson
import structlog

from tests.benchmarks import place, subject
from tests.benchmarks.budgets import BUDGETS, MEASUREMENTS


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(sorted(MEASUREMENTS)))
@click.option("--output", default="bench.json", type=click.Path(path_type=Path), help="Where the figures go.")
def main(names: tuple[str, ...], output: Path) -> None:
    """Measure NAMES, or everything; at most six minutes on a free machine."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    free = subject.free_cores()
    load = os.getloadavg()
    figures: dict[str, float] = {}
    failed: dict[str, str] = {}
    with place.opened() as here:
        run = subject.describe(here, free_cores=free)
        for name in names or MEASUREMENTS:
            start = time.perf_counter()
            try:
                found = MEASUREMENTS[name](here)
            except Exception as error:  # noqa: BLE001  # one that fails must not hide the others
                failed[name] = f"{type(error).__name__}: {error}"
                click.echo(f"{name:<26} failed: {failed[name]}", err=True)
                continue
            figures |= found
            for key, value in found.items():
                click.echo(_line(key, value))
            click.echo(f"  ({name}: {time.perf_counter() - start:.1f} s)", err=True)
    run |= {"load_before": load, "load_after": os.getloadavg()}
    missed = [key for key, value in figures.items() if key in BUDGETS and not BUDGETS[key].met(value)]
    report = {"figures": figures, "missed": missed, "failed": failed, "run": run}
    output.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    click.echo(f"bench: {len(figures)} figures, {len(missed)} budgets missed, {len(failed)} failed; {output}")
    raise SystemExit(1 if failed else 0)


def _line(key: str, value: float) -> str:
    budget = BUDGETS.get(key)
    verdict = "" if budget is None else "met" if budget.met(value) else "MISSED"
    return f"{key:<26} {value:>12.3f}   {budget or ''!s:<10} {verdict}"


if __name__ == "__main__":
    main()
