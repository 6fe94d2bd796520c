"""Where a new calendar's days off come from: the national holidays and the swaps that the government decreed.

Seed only: what is stored may be edited, and an edit wins. The library that is asked is loaded inside the function,
since it is slow to load and needed once per set-up.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDay:
    """A day that is worth a row: off, or worked although it is a Saturday or Sunday."""

    day: date
    working: bool
    name: str
    source: str


# Swapped days that the library does not know (checked with 0.109); decided by the government on 2025-12-25.
_DECREED = (
    CalendarDay(
        day=date(2026, 1, 2),
        working=False,
        name="Nghỉ Tết Dương lịch (hoán đổi với thứ Bảy 10/01/2026)",
        source="Chính phủ, 25/12/2025",
    ),
    CalendarDay(
        day=date(2026, 1, 10),
        working=True,
        name="Làm bù cho thứ Sáu 02/01/2026",
        source="Chính phủ, 25/12/2025",
    ),
)


def seed_days(first_year: int, last_year: int) -> list[CalendarDay]:
    """The days off and the worked weekends of these years, in order.

    Known gap: days swapped by decree are known only once decreed and entered, so next year's list is provisional; the
    swap of 2026-01-02 for 2026-01-10, which the library misses, is added here.
    """
    import holidays

    years = range(first_year, last_year + 1)
    known = holidays.VN(years=years, language="vi")  # type: ignore[attr-defined]
    days = {day: _day_off(day, name) for day, name in known.items()}
    for day in known.weekend_workdays:
        if day.year in years:
            days[day] = CalendarDay(day=day, working=True, name="Làm bù", source="holidays")
    days |= {decreed.day: decreed for decreed in _DECREED if decreed.day.year in years}
    return [days[day] for day in sorted(days)]


def _day_off(day: date, name: str) -> CalendarDay:
    return CalendarDay(day=day, working=False, name=name, source="holidays")
