"""`lienthong scheduler`: defers what the timetable says is due."""

import click

from lienthong.roles import asked_to_stop, opened


@click.command(epilog="Example: DATABASE_URL=postgresql://app@db/lienthong lienthong scheduler")
def command() -> None:
    """Look at the timetable until Ctrl-C or SIGTERM. More than one may run; each row still fires once."""
    stop = asked_to_stop()
    with opened("scheduler", serving=True) as system:
        ticker = system.ticker()
        ticker.start()
        stop.wait()
        ticker.stop()
