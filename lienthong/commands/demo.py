"""`lienthong demo`: a batch of dossiers end to end against simulated partners, counted by an independent witness."""

from dataclasses import replace

import click

from lienthong.printing import as_json_option, print_json


@click.command(epilog="Example: lienthong demo --dossiers 500")
@click.option("--dossiers", default=20, show_default=True, type=click.IntRange(1, 100_000), help="How many.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Worker processes.")
@click.option("--with-parent", is_flag=True, help="End when the process that started this one ends.")
@as_json_option
def command(*, dossiers: int, workers: int, with_parent: bool, as_json: bool) -> int:
    """Start the whole system, let a desk, officers and applicants work on dossiers, and count what was lost or doubled.

    Exit code 0 only if every dossier finished as planned and nothing was lost, doubled or left open. A further run goes
    on with the same data.
    """
    from engine import parent
    from engine import settings as all_settings
    from engine.environment import process_environment
    from lienthong.assembly import System
    from lienthong.demo import show
    from lienthong.demo.run import play, refuse_real_data
    from lienthong.house import House
    from lienthong.logs import configure_logs

    if with_parent:
        parent.follow()
    environment = {**DEFAULTS, **process_environment()}
    settings = all_settings.read(environment)
    configure_logs(replace(settings, log_level=environment["LIENTHONG_LOG_LEVEL"]), "demo")
    refuse_real_data(settings)
    house = House(settings, environment, simulate=True, workers=workers, port=settings.web.port)
    with house.opened():
        click.echo(f"console: {house.address}", err=True)
        if house.admin_password:
            click.echo(f"sign in as: admin, password {house.admin_password} (told this once)", err=True)
        system = System(settings, house.database_url)
        try:
            result = play(house, system, dossiers, environment, quiet=as_json)
        finally:
            system.close()
    rows = show.table(result.batch)
    wrong = [f"{case.title} {case.wrong}" for case in result.batch.cases if case.wrong]
    if as_json:
        print_json(
            {
                "line": result.line,
                "holds": result.holds,
                "outcomes": rows,
                "wrong": wrong,
                "stalled": result.stalled,
                "lost": result.lost,
                "doubled": result.doubled,
                "incidents": result.incidents,
                "calls": result.calls,
                "seconds": round(result.seconds, 1),
            }
        )
        return int(not result.holds)
    show.print_outcomes(rows)
    show.print_findings(result)
    click.echo(result.line)
    return int(not result.holds)


DEFAULTS = {"LIENTHONG_LOG_LEVEL": "error", "LIENTHONG_BREAKER_OPEN_S": "2"}
"""What the demo sets where nobody else did: its outages are short, and partners' failures are meant."""
