"""Offices and the time for which their codes hold.

Agencies merge and codes are used again, so a code alone names no unit: a code on a day does. Reading the rows is the
storage's business, a unit's working hours are its calendar's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from engine import errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """An office under the code that it has from *valid_from* up to, not with, *valid_to*."""

    id: int
    code: str
    name: str
    valid_from: date
    valid_to: date | None = None
    level: str = ""  # ministry | province | commune
    parent: str | None = None  # the parent's code
    calendar: int | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the code means this unit on *day*."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


class UnitRegister:
    """All units that are known, by code and day."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self._by_code: dict[str, list[Unit]] = {}
        for unit in units:
            others = self._by_code.setdefault(unit.code, [])
            if any(_overlap(unit, other) for other in others):
                raise errors.UnitAmbiguous(unit=unit.code)
            others.append(unit)

    def find(self, code: str, on: date) -> Unit | None:
        """The unit that *code* means on day *on*, if any."""
        return next((unit for unit in self._by_code.get(code, ()) if unit.holds_on(on)), None)

    def resolve(self, code: str, on: date) -> Unit:
        """The unit that *code* means on day *on*.

        Raises:
            UnitUnknown: the code is not known, or not on that day.
        """
        unit = self.find(code, on)
        if unit is None:
            raise errors.UnitUnknown(unit=code, day=on.isoformat())
        return unit


def _overlap(one: Unit, other: Unit) -> bool:
    first, second = sorted((one, other), key=lambda unit: unit.valid_from)
    return first.valid_to is None or second.valid_from < first.valid_to
