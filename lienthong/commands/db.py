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
    """Bring the database to the newest schema; dossiers keep running. Does nothing when it is there."""
    from engine.storage import migrations
    from engine.storage.embedded import attach_or_start

    settings = all_settings.read(process_environment())
    configure_logs(settings, "db")
    with attach_or_start(settings) as url:
        migrations.upgrade(url)
    click.echo(f"database: schema {migrations.newest()}")
