"""`lienthong db`: the schema of the database, its backups, and what comes back from one."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.errors import SettingsError
from lienthong.printing import as_json_option, print_json
from lienthong.roles import interruptible, opened

if TYPE_CHECKING:
    from engine.actions.backups import Backup

_BY = "command line"
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


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


@command.command(epilog="Example: lienthong db backup /var/backups/lienthong --keep 30")
@click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option("--keep", type=click.IntRange(1), help="How many stay in the folder; by default the setting's.")
@click.option("--no-verify", is_flag=True, help="Do not restore it into a scratch database to compare.")
@as_json_option
def backup(folder: Path | None, keep: int | None, *, no_verify: bool, as_json: bool) -> None:
    """Write a backup into FOLDER (by default LIENTHONG_BACKUP_FOLDER) while dossiers keep running, and check it.

    Beside the file stands its manifest. Both are for their owner's eyes only.
    """
    from engine.actions import backups

    with interruptible() as stop, opened("db") as system:
        policy = system.backup_policy(folder.absolute() if folder else None)
        if policy is None:
            raise SettingsError(name="LIENTHONG_BACKUP_FOLDER", reason="it is empty and no FOLDER is given")
        policy = replace(policy, keep=keep or policy.keep, verify=policy.verify and not no_verify)
        made = backups.take(system.store, policy, by=_BY, stop=stop, tell=_tell)
    if as_json:
        print_json(_told(made))
        return
    click.echo(f"{made.file}: {_what(made)}")
    for name in made.removed:
        click.echo(f"removed {name}")


@command.command(epilog="Example: lienthong db verify lienthong-production-20261128T193000123Z-1a2b3c4d.dump")
@click.argument("file", type=_FILE)
@as_json_option
def verify(file: Path, *, as_json: bool) -> None:
    """Restore FILE into a scratch database, compare it with its manifest, check its evidence, and drop it again."""
    from engine.actions import backups

    with interruptible() as stop, opened("db") as system:
        wanted = system.settings.database.postgres_bin
        made = backups.verify(system.store, file.absolute(), wanted=wanted, stop=stop, tell=_tell)
    if as_json:
        print_json(_told(made))
    else:
        click.echo(f"{made.file}: {_what(made)}")


@command.command(
    epilog="Example: lienthong db restore lienthong-production-20261128T193000123Z-1a2b3c4d.dump"
)
@click.argument("file", type=_FILE)
@click.option(
    "--ahead",
    default=1_000,
    show_default=True,
    type=click.IntRange(0, 1_000_000),
    help="By how much running numbers of dossiers skip those that were given out since.",
)
@as_json_option
def restore(file: Path, ahead: int, *, as_json: bool) -> None:
    """Fill an empty database from FILE. Nothing is sent until `lienthong db release`.

    What was done after the backup is not in it: calls that were open are unknown, for they may have been sent since.
    """
    from engine.actions import restore as restoring

    with interruptible() as stop, opened("db") as system:
        wanted, ours = system.settings.database.postgres_bin, system.settings.environment_name
        done = restoring.restore(
            system.store, file.absolute(), by=_BY, wanted=wanted, ahead=ahead, stop=stop, tell=_tell
        )
    made = done.manifest
    if as_json:
        print_json({"manifest": asdict(made), "unknown": done.unknown, "sending": "paused"})
    else:
        click.echo(
            f"restored {made.dossiers} dossiers as they were at {made.taken_at.isoformat(' ', 'seconds')}"
        )
        click.echo(f"{done.unknown} open calls are unknown; sending is paused")
    if made.environment != ours:
        _tell(f"it is a database of {made.environment}: started as {ours}, it sends nothing at all")


@command.command(name="release", epilog='Example: lienthong db release --reason "all was looked at"')
@click.option("--reason", required=True, help="Why it may; stands in the audit trail.")
@as_json_option
def release(reason: str, *, as_json: bool) -> None:
    """Let a restored installation send again."""
    from engine.actions import restore as restoring

    with opened("db") as system:
        unknown = restoring.resume_sending(system.store, by=_BY, reason=reason)
    if as_json:
        print_json({"sending": "on", "unknown": unknown})
    else:
        click.echo(f"calls are sent again; {unknown} that were written meanwhile are unknown")


def _tell(said: str) -> None:
    click.echo(said, err=True)


def _told(made: "Backup") -> dict[str, object]:
    return {
        "file": made.file,
        "manifest": asdict(made.manifest),
        "verified": made.checked is not None,
        "evidence_checked": made.checked,
        "removed": list(made.removed),
    }


def _what(made: "Backup") -> str:
    seen = made.manifest
    size = f"{seen.dossiers} dossiers, {seen.size_bytes} bytes"
    if made.checked is None:
        return f"{size}, not verified"
    return f"{size}, verified: restored and compared, the evidence of {made.checked} dossiers holds"
