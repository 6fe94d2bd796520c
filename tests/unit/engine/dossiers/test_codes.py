from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dossiers import codes
from engine.dossiers.codes import IdentityKind


def test_a_code_counts_by_the_local_day_not_by_utc() -> None:
    late_evening_utc = datetime(2026, 11, 21, 17, 30, tzinfo=UTC)  # 00:30 on the 22nd in Hà Nội
    assert codes.format_dossier_code("H56.14", late_evening_utc, 1) == "H56.14-261122-0001"


def test_a_busy_day_overflows_four_digits() -> None:
    code = codes.format_dossier_code("H56", datetime(2026, 11, 21, tzinfo=UTC), 12345)
    assert code == "H56-261121-12345"
    parsed = codes.parse_dossier_code(code)
    assert parsed is not None
    assert parsed.number == 12345


@pytest.mark.parametrize(
    ("text", "unit", "day", "number"),
    [
        ("000.00.14.H20-200703-0002", "000.00.14.H20", date(2020, 7, 3), 2),
        ("H56.14-261122-0001", "H56.14", date(2026, 11, 22), 1),
        ("G17.1.22.333-261122-0099", "G17.1.22.333", date(2026, 11, 22), 99),
    ],
)
def test_old_and_new_codes_are_read(text: str, unit: str, day: date, number: int) -> None:
    parsed = codes.parse_dossier_code(text)
    assert parsed is not None
    assert (parsed.unit, parsed.day, parsed.number) == (unit, day, number)
    assert str(parsed) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "H56.14-261122-001",
        "h56.14-261122-0001",
        "H56.14-261322-0001",
        "H56.14-261122-0001\n",
        "H56.1.2.3.4-261122-0001",
        "H٥٦.14-261122-0001",
        "H56.14-261122-0001 ",
    ],
)
def test_what_is_no_dossier_code_is_not_read(text: str) -> None:
    assert codes.parse_dossier_code(text) is None


def test_a_unit_that_is_none_gets_no_code() -> None:
    with pytest.raises(ValueError, match="agency"):
        codes.format_dossier_code("56.14", datetime(2026, 1, 1, tzinfo=UTC), 1)
    with pytest.raises(ValueError, match="start at 1"):
        codes.format_dossier_code("H56.14", datetime(2026, 1, 1, tzinfo=UTC), 0)


@given(
    unit=st.sampled_from(["H56", "H56.14", "H56.1.2.3", "000.00.00.H56"]),
    day=st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    number=st.integers(1, 10**6),
)
def test_reading_undoes_writing(unit: str, day: date, number: int) -> None:
    code = codes.DossierCode(unit=unit, day=day, number=number)
    assert codes.parse_dossier_code(str(code)) == code


@pytest.mark.parametrize(
    ("text", "national"),
    [
        ("2.002621", "2.002621"),
        ("2.002621.H56", "2.002621"),
        ("1.006714.000.00.00.H56", "1.006714"),
        ("1.006714.01", None),
        ("1.00671", None),
        ("", None),
    ],
)
def test_local_suffixes_are_stripped_to_the_national_code(text: str, national: str | None) -> None:
    assert codes.national_procedure_code(text) == national
    assert codes.is_procedure_code(text) is (text == "2.002621")


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("001099000001", IdentityKind.CITIZEN),
        ("012345678", IdentityKind.OLD_CARD),
        ("0010990000012", None),
        ("00109900000x", None),
        ("٠٠١٠٩٩٠٠٠٠٠١", None),
    ],
)
def test_identity_numbers_are_told_apart_by_their_form(number: str, kind: IdentityKind | None) -> None:
    assert codes.identity_kind(number) is kind
