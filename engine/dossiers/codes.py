"""The codes that a dossier carries: its own, its procedure's, its agency's and its people's.

Grammar only (wire-contracts §2): whether a code exists is asked elsewhere, and the running number of a day comes from
the storage, which counts under a lock.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from engine.clock import VIETNAM

_OLD_UNIT = r"\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}"
_NEW_UNIT = r"[A-Z]\d{2}(?:\.\d{1,3}){0,3}"
_UNIT = re.compile(rf"(?:{_OLD_UNIT}|{_NEW_UNIT})", re.ASCII)
_DOSSIER = re.compile(rf"(?P<unit>{_OLD_UNIT}|{_NEW_UNIT})-(?P<day>\d{{6}})-(?P<number>\d{{4,}})", re.ASCII)
_PROCEDURE = re.compile(r"(?P<national>\d\.\d{6})(?:\.000\.00\.00)?(?:\.[A-Z]\d{2})?", re.ASCII)
_NATIONAL = re.compile(r"\d\.\d{6}", re.ASCII)
_CCCD = re.compile(r"\d{12}", re.ASCII)
_CMND = re.compile(r"\d{9}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierCode:
    """A dossier code taken apart: whose, of which day (Asia/Ho_Chi_Minh), the how-manieth of that day."""

    unit: str
    day: date
    number: int

    def __str__(self) -> str:
        return f"{self.unit}-{self.day:%y%m%d}-{self.number:04d}"


class IdentityKind(StrEnum):
    """The portal's LoaiDinhDanh."""

    CITIZEN = "1"  # 12-digit CCCD / personal identification number
    OLD_CARD = "2"  # 9-digit CMND


def format_dossier_code(unit: str, received_at: datetime, number: int) -> str:
    """The code of the *number*-th dossier that *unit* received on the local day of *received_at*.

    Raises:
        ValueError: *unit* is no agency code, or *number* is not positive.
    """
    if not is_unit_code(unit):
        raise ValueError(f"{unit!r} is no agency code")
    if number < 1:
        raise ValueError("running numbers start at 1")
    return str(DossierCode(unit=unit, day=local_day(received_at), number=number))


def parse_dossier_code(text: str) -> DossierCode | None:
    """The parts of a dossier code in the old or the new style; None when *text* is none."""
    found = _DOSSIER.fullmatch(text)
    if found is None:
        return None
    two_digit_year, month, day = (int(found["day"][at : at + 2]) for at in (0, 2, 4))
    try:
        received = date(2000 + two_digit_year, month, day)
    except ValueError:
        return None
    return DossierCode(unit=found["unit"], day=received, number=int(found["number"]))


def local_day(moment: datetime) -> date:
    """The calendar day of *moment* in Asia/Ho_Chi_Minh, by which running numbers are counted."""
    return moment.astimezone(VIETNAM).date()


def is_unit_code(text: str) -> bool:
    """Whether *text* is an agency code, of QCVN 102:2016 (`000.00.14.H20`) or QĐ 20/2020 (`H56.14`)."""
    return _UNIT.fullmatch(text) is not None


def is_procedure_code(text: str) -> bool:
    """Whether *text* is a national procedure code such as `2.002621`."""
    return _NATIONAL.fullmatch(text) is not None


def national_procedure_code(text: str) -> str | None:
    """The national code of a procedure code, whose local suffix (`.H56`, `.000.00.00.H56`) is dropped; else None."""
    found = _PROCEDURE.fullmatch(text)
    return found["national"] if found else None


def identity_kind(number: str) -> IdentityKind | None:
    """What kind of identity number this is by its form; None when it is neither."""
    if _CCCD.fullmatch(number):
        return IdentityKind.CITIZEN
    if _CMND.fullmatch(number):
        return IdentityKind.OLD_CARD
    return None
