"""`lienthong simulators`: plays every partner from its contract, on loopback."""

import click

from lienthong.roles import asked_to_stop


@click.command(epilog="Example: lienthong simulators --port 8090 --callback-url http://127.0.0.1:8080")
@click.option("--port", default=0, help="Port on 127.0.0.1; 0: any free one.", type=click.IntRange(0, 65535))
@click.option("--callback-url", help="Where the partners send their own messages, such as late replies.")
def command(port: int, callback_url: str | None) -> None:
    """Play all partners until Ctrl-C or SIGTERM; prints the address. Needs no database."""
    from engine import settings as all_settings
    from engine.environment import process_environment
    from lienthong.assembly import System
    from lienthong.logs import configure_logs

    stop = asked_to_stop()
    settings = all_settings.read(process_environment())
    configure_logs(settings, "simulators")
    simulators = System(settings, "unused").simulators(port, callback_url)
    try:
        click.echo(f"simulators: {simulators.url}, journal {simulators.journal}")
        stop.wait()
    finally:
        simulators.close()
