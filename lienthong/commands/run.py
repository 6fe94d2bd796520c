"""`lienthong run`: embedded database, web, workers, scheduler and, where asked, simulated partners in one command."""

import click

from engine import settings as all_settings
from engine.environment import process_environment
from lienthong.logs import configure_logs


@click.command(epilog="Example: lienthong run --simulate")
@click.option("--simulate", is_flag=True, help="Play all partners by simulators on loopback.")
@click.option("--workers", default=1, show_default=True, help="Worker processes.", type=click.IntRange(1, 64))
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port of the console; the next free one when it is taken."
)
@click.option("--with-parent", is_flag=True, help="End when the process that started this one ends.")
def command(*, simulate: bool, workers: int, port: int | None, with_parent: bool) -> None:
    """Serve until Ctrl-C. Ends within three seconds, and leaves no process behind even when it is killed."""
    from engine import parent
    from lienthong.house import House

    if with_parent:
        parent.follow()
    environment = process_environment()
    settings = all_settings.read(environment)
    configure_logs(settings, "run")
    house = House(
        settings,
        environment,
        simulate=simulate or settings.simulate,
        workers=workers,
        port=settings.web.port if port is None else port,
    )
    with house.opened():
        click.echo(f"console: {house.address}", err=False)
        if house.admin_password:
            click.echo(f"sign in as: admin, password {house.admin_password} (told this once)")
        house.serve()
