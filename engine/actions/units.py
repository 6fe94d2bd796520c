"""Setting up offices: the row and its audit line in one transaction."""

from engine import errors
from engine.dossiers import codes
from engine.storage import access, units
from engine.storage.database import Store
from engine.storage.units import StoredUnit


def put(store: Store, unit: StoredUnit, *, by: str) -> None:
    """Add an office, or change its name, calendar and validity.

    Raises:
        UnitCodeInvalid: not a code of QCVN 102:2016 or QĐ 20/2020; CalendarUnknown.
    """
    if not codes.is_unit_code(unit.code):
        raise errors.UnitCodeInvalid(unit=unit.code)
    with store.transaction() as connection:
        units.put(connection, unit)
        access.audit(connection, by, "unit-put", facts={"unit": unit.code, "calendar": unit.calendar})


def list_all(store: Store) -> list[StoredUnit]:
    """Every office, by code."""
    with store.reading() as connection:
        return units.list_all(connection)
