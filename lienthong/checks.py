"""What `lienthong doctor` looks at: each check gives one finding, and none of them changes anything that is stored."""

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from engine.errors import LienthongError
from engine.queries import backups
from engine.settings import Settings
from engine.storage import migrations
from engine.storage.database import Store
from engine.storage.embedded.binaries import find_binaries
from engine.storage.embedded.place import find_place
from engine.storage.probing import probe
from lienthong.assembly import System
from lienthong.ports import next_free_port
from lienthong.printing import told

_LEAST_FREE_BYTES = 1024**3
_MOST_SKEW_S = 2.0
_BACKUPS = {
    "failed": "the last one failed",
    "old": "there is no new one",
    "unverified": "the newest was never verified",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check saw; *remedy* is what to do when it is not *ok*."""

    check: str
    ok: bool
    saw: str
    remedy: str = ""


def examine(system: System) -> Iterator[Finding]:
    """Every check in turn; a check that fails with one of our errors is a finding, not the end."""
    settings = system.settings
    checks: tuple[tuple[str, Callable[[], Finding]], ...] = (
        ("python", _python),
        ("disk", lambda: _disk(settings.data_dir)),
        ("server programs", lambda: _programs(settings)),
        ("web port", lambda: _port(settings)),
        ("schema", lambda: _schema(system.store)),
        ("durability", lambda: _durability(system.store)),
        ("clocks", lambda: _clocks(system.store)),
        ("backups", lambda: _backups(system)),
        ("partners", lambda: _partners(system)),
    )
    for name, check in checks:
        try:
            yield check()
        except LienthongError as exc:
            yield Finding(check=name, ok=False, saw=told(exc), remedy=exc.remedy)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    ok = (3, 11) <= sys.version_info[:2] < (3, 15)
    return Finding(check="python", ok=ok, saw=version, remedy="use Python 3.11 to 3.14")


def _disk(data_dir: Path) -> Finding:
    folder = next(path for path in (data_dir, *data_dir.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    return Finding(
        check="disk",
        ok=free >= _LEAST_FREE_BYTES,
        saw=f"{free / 1024**3:.1f} GiB free at {folder}",
        remedy="make room, or set LIENTHONG_DATA_DIR to another disk",
    )


def _programs(settings: Settings) -> Finding:
    if settings.database.url:
        return Finding(check="server programs", ok=True, saw="not needed: DATABASE_URL is set")
    place = find_place(settings.data_dir, settings.database.os_user)
    found = find_binaries(settings.database.postgres_bin, place.account)
    saw = f"PostgreSQL {found.major} in {found.folder}, run by {place.account.name}, data in {place.home}"
    return Finding(check="server programs", ok=True, saw=saw)


def _port(settings: Settings) -> Finding:
    port = next_free_port(settings.web.host, settings.web.port)
    ok = port == settings.web.port
    saw = f"{port} is free" if ok else f"{settings.web.port} is taken; `run` would use {port}"
    return Finding(check="web port", ok=True, saw=saw)


def _schema(store: Store) -> Finding:
    with store.reading() as connection:
        found = migrations.current(connection)
    ok = found == migrations.newest()
    saw = f"{found or 'none'}, this code expects {migrations.newest()}"
    return Finding(check="schema", ok=ok, saw=saw, remedy="run `lienthong db upgrade`")


def _durability(store: Store) -> Finding:
    with store.reading() as connection:
        seen = probe(connection)
    remedy = "set fsync = on, full_page_writes = on and synchronous_commit = on in PostgreSQL"
    return Finding(check="durability", ok=seen.durable, saw=f"PostgreSQL {seen.version}", remedy=remedy)


def _clocks(store: Store) -> Finding:
    with store.reading() as connection:
        skew_s = abs((probe(connection).now - datetime.now(UTC)).total_seconds())
    remedy = "synchronise the machines' clocks (NTP)"
    return Finding(check="clocks", ok=skew_s <= _MOST_SKEW_S, saw=f"{skew_s:.3f} s apart", remedy=remedy)


def _backups(system: System) -> Finding:
    with system.store.reading() as connection:
        standing = backups.standing(connection)
        troubles = backups.troubles(connection, system.settings.backup.old_h)
    found = [_BACKUPS[name] for name in troubles]
    of = standing.verified_of
    newest = f"the newest that was verified is of {of.isoformat(' ', 'seconds')}" if of else ""
    if not standing.planned and not newest:
        found.append("the timetable makes none: LIENTHONG_BACKUP_FOLDER is empty")
    return Finding(
        check="backups",
        ok=not troubles,
        saw="; ".join(one for one in (*found, newest) if one),
        remedy="see the console's page of backups, mend what it says, and run `lienthong db backup`",
    )


def _partners(system: System) -> Finding:
    names = [contract.partner for contract in system.partners.contracts()]
    return Finding(check="partners", ok=True, saw=f"{len(names)}: {', '.join(names)}")
