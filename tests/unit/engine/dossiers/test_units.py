from datetime import date

import pytest

from engine import errors
from engine.dossiers.units import Unit, UnitRegister

BEFORE = Unit(id=1, code="H56", name="Tỉnh cũ", valid_from=date(2020, 1, 1), valid_to=date(2025, 7, 1))
AFTER = Unit(id=2, code="H56", name="Tỉnh mới", valid_from=date(2025, 7, 1))


def test_a_code_names_the_unit_that_it_means_on_that_day() -> None:
    register = UnitRegister([AFTER, BEFORE])
    assert register.resolve("H56", date(2025, 6, 30)) is BEFORE
    assert register.resolve("H56", date(2025, 7, 1)) is AFTER


def test_a_code_that_is_unknown_or_not_yet_valid_is_refused() -> None:
    register = UnitRegister([BEFORE])
    assert register.find("H56", date(2019, 12, 31)) is None
    for code, day in [("H99", date(2025, 1, 1)), ("H56", date(2025, 7, 1))]:
        with pytest.raises(errors.UnitUnknown):
            register.resolve(code, day)


def test_two_units_with_one_code_at_the_same_time_are_refused() -> None:
    with pytest.raises(errors.UnitAmbiguous):
        UnitRegister([AFTER, Unit(id=3, code="H56", name="x", valid_from=date(2026, 1, 1))])
