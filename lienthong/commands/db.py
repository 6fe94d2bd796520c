"""`lienthong db`: the schema of the database."""

import click

from engine import settings as all_settings
from engine.environment import process_environment
from lienthong.logs import configure_logs


@click.group()
def command() -> None:
    """Look after the database."""


@command.command(epilog="Example: DATABASE_URL=postgresql://app@db/lienthong lienthong db upgrade")
def upgrade() -> None:
    """Bring the database to the newest schema, with calendar and shipped procedures; dossiers keep running."""
    from engine.storage import migrations
    from engine.storage.embedded import attach_or_start
    from lienthong.assembly import System
    from lienthong.seeding import settle_in

    settings = all_settings.read(process_environment())
    configure_logs(settings, "db")
    with attach_or_start(settings) as url:
        migrations.upgrade(url)
        system = System(settings, url)
        settle_in(system)
        system.close()
    click.echo(f"database: schema {migrations.newest()}")
