"""What a fresh database is given before anybody uses it: the national calendar and the procedures that ship.

Everything here may be repeated, and never changes what people edited.
"""

from collections.abc import Iterator
from pathlib import Path

import structlog

import bpmn
from engine.actions import accounts
from engine.actions.deploy import deploy
from engine.dossiers.holidays import CalendarDay, seed_days
from engine.models.deployment import read_folder
from engine.models.linting import refuse
from engine.models.procedure_reading import FILE
from engine.queries.accounts import list_accounts
from engine.queries.procedures import list_procedures
from engine.storage import calendars, units
from lienthong.assembly import System

log = structlog.get_logger(__name__)

SAMPLE_UNITS = {
    "H99.14": "Trung tâm Phục vụ hành chính công (mẫu)",
    "H99.15": "Điểm tiếp nhận số 2 (mẫu)",
}
"""Offices of a system whose partners are simulated, so that there is a desk to hand in at."""


def settle_in(system: System, *, renew: bool = False) -> None:
    """Have the calendar and the shipped procedures; with *renew* also sample offices, and the newest version of all.

    Raises:
        ModelInvalid: a shipped or configured procedure is wrong; names the finding.
    """
    year = system.clock.now().year
    with system.store.transaction() as connection:
        if calendars.seed(connection, calendars.DEFAULT, _days(year - 1, year + 2)):
            log.info("calendar_seeded", first_year=year - 1, last_year=year + 2)
        if renew:
            for code, name in SAMPLE_UNITS.items():
                units.ensure(connection, code, name, calendar=calendars.DEFAULT)
        known = {procedure.code for procedure in list_procedures(connection)}
    for folder in folders(system.settings.procedures_path):
        deployment = read_folder(folder)
        if renew or deployment.code not in known:
            warnings = refuse(deployment)
            identifier = deploy(system.store, deployment, by="system", findings=len(warnings))
            log.info("procedure_deployed", procedure=deployment.code, deployment=identifier)


def development_admin(system: System) -> str | None:
    """The password of a new account `admin` where there is no account at all; for systems with simulated partners."""
    with system.store.reading() as connection:
        if list_accounts(connection):
            return None
    password = accounts.random_password()
    accounts.create(system.store, "admin", password, roles=["admin"], by="system")
    return password


def folders(further: tuple[Path, ...] = ()) -> list[Path]:
    """The folders of the shipped procedures and of those in *further*."""
    roots = [*(Path(place) for place in bpmn.__path__), *further]
    return sorted(file.parent for root in roots if root.is_dir() for file in root.glob(f"*/{FILE}"))


def _days(first_year: int, last_year: int) -> Iterator[CalendarDay]:
    """Asked for only when the calendar is new: the library behind it is slow to load."""
    yield from seed_days(first_year, last_year)
