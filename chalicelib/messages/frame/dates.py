"""Periods, days and moments as people in Việt Nam write them, by their clock."""

from datetime import date, datetime, timedelta

from chalicelib.rules.texts.clock import VIETNAM
from chalicelib.rules.texts.period_key import kind

_QUARTERS = {"Q1": "I", "Q2": "II", "Q3": "III", "Q4": "IV"}
_HALVES = {"H1": "6 tháng đầu", "H2": "6 tháng cuối", "9M": "9 tháng"}


def period_label(key: str) -> str:
    """2026-Q4 is "Quý IV năm 2026". Custom periods carry a label of their own."""
    year, _, part = key.partition("-")
    match kind(key):
        case "M":
            return f"Tháng {part[1:]} năm {year}"
        case "Q":
            return f"Quý {_QUARTERS[part]} năm {year}"
        case "Y":
            return f"Năm {year}"
        case _:
            return f"{_HALVES[part]} năm {year}"


def day(instant: datetime | date) -> str:
    """dd/MM/yyyy in Việt Nam."""
    if isinstance(instant, datetime):
        instant = instant.astimezone(VIETNAM).date()
    return instant.strftime("%d/%m/%Y")


def near_day(day: date, today: date) -> str:
    """As "14/12"; with its year where that is not this one."""
    return day.strftime("%d/%m" if day.year == today.year else "%d/%m/%Y")


def moment(instant: datetime) -> str:
    """As "16:05 ngày 17/12/2026", in Việt Nam."""
    return instant.astimezone(VIETNAM).strftime("%H:%M ngày %d/%m/%Y")


def lately(instant: datetime, now: datetime) -> str:
    """As "16:05" on the same day, else as "16:05 17/12": where there is little room."""
    same = day(instant) == day(now)
    return instant.astimezone(VIETNAM).strftime("%H:%M" if same else "%H:%M %d/%m")


def minute(instant: datetime) -> str:
    """As "16:05", in Việt Nam: the first whole minute that is not before the instant."""
    return whole_minute(instant).astimezone(VIETNAM).strftime("%H:%M")


def whole_minute(instant: datetime) -> datetime:
    """The first that is not before the instant: from when something may be done again."""
    begun = instant.replace(second=0, microsecond=0)
    return begun if begun == instant else begun + timedelta(minutes=1)
