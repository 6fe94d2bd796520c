"""`lienthong db`: the schema of the database."""

import click

from lienthong.roles import opened


@click.group(epilog="Example: DATABASE_URL=postgresql://app@db/lienthong lienthong db upgrade")
def command() -> None:
    """Look after the database."""


@command.command(epilog="Example: DATABASE_URL=postgresql://app@db/lienthong lienthong db upgrade")
def upgrade() -> None:
    """Bring the database to the newest schema, with calendar and shipped procedures; dossiers keep running."""
    from engine.storage import migrations
    from lienthong.seeding import settle_in

    with opened("db") as system:
        migrations.upgrade(system.url)
        settle_in(system)
    click.echo(f"database: schema {migrations.newest()}")
