"""A cell of a workbook as the person sees it who made it: by its kind and its number format."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TypeAlias

from chalicelib.rules.texts import number

_MOST_WHOLE = 10**15  # further on, a workbook's numbers are no longer exact
_DIGITS = 15  # that a spreadsheet shows of a number; what it stores beyond them is noise
_MOST_SIGNS = 400  # of a number as it is stored; Excel writes 24 at most
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")  # a sign that XML can't hold, or that looks like one
_QUIET = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.')  # of a format: what is no digit and no day
_A_DAY = re.compile(r"[dmyh]|s(?!tandard)", re.IGNORECASE)
_FILLED = re.compile(r"0[0 -]*0")  # 000, 0000 000 000: a code or a phone, no quantity
_PARTED = re.compile(r"\\(?=[ -])|\"")


@dataclass(frozen=True, slots=True)
class BadCell:
    """A cell that can't be taken; `problem` is a key of the messages, `said` what it shows."""

    problem: str
    said: str = ""


Cell: TypeAlias = str | int | date | BadCell


class Stored:
    """A cell as its sheet stores it: its texts come in pieces."""

    __slots__ = ("formula", "inline", "kind", "style", "value")

    def __init__(self, kind: str, style: str) -> None:
        self.kind = kind
        self.style = style
        self.value: list[str] | None = None
        self.formula: list[str] | None = None
        self.inline: list[str] | None = None

    def begin(self, name: str) -> list[str]:
        """Where the pieces of this element go."""
        if name == "t":
            self.inline = self.inline or []
            return self.inline
        if name == "v":
            self.value = []
            return self.value
        self.formula = []
        return self.formula

    @property
    def is_blank(self) -> bool:
        """A cell that holds nothing but a format, as most of a long sheet do."""
        return self.value is self.formula is self.inline is None


def seen(stored: Stored, texts: Sequence[str], formats: Sequence[str], *, from_1904: bool) -> Cell:
    """Raises ValueError or IndexError for what no writer stores."""
    kind, value = stored.kind, "".join(stored.value or ())
    if kind == "e":
        return BadCell("error_cell", value)
    if not value and stored.formula is not None and (kind != "str" or stored.value is None):
        return BadCell("formula", f"={''.join(stored.formula)}")
    if kind in ("s", "inlineStr", "str"):
        shared = texts[int(value)] if kind == "s" and value else ""
        return unescaped(value if kind == "str" else shared or "".join(stored.inline or ()))
    if not value.strip():
        return ""
    if kind == "b":
        return "TRUE" if value.strip() in ("1", "true") else "FALSE"
    if kind == "d":
        return _day(datetime.fromisoformat(value.strip()))
    place = int(stored.style or 0)
    return _number(value.strip(), formats[place] if place < len(formats) else "", from_1904)


def unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _number(stored: str, pattern: str, from_1904: bool) -> Cell:
    if len(stored) > _MOST_SIGNS:
        raise ValueError("no number is as long")
    found = float(stored)
    if not math.isfinite(found):
        raise ValueError("no number that a cell holds")
    shows = _shows(pattern)
    if shows == "day":
        return _dated(found, from_1904)
    if shows == "percent":
        return f"{_decimal(_exact(found) * 100)}%"
    if found.is_integer() and abs(found) < _MOST_WHOLE:
        return _filled(int(found), shows)
    return _decimal(_exact(found))


@lru_cache(256)
def _shows(pattern: str) -> str:
    """A day, a percent, or the places of a code such as 000; empty for a plain number."""
    section = pattern.partition(";")[0]
    plain = _QUIET.sub("", section)
    if _A_DAY.search(plain) and "general" not in plain.lower():
        return "day"
    if "%" in plain:
        return "percent"
    places = _PARTED.sub("", section)
    return places if _FILLED.fullmatch(places) else ""


def _exact(found: float) -> Decimal:
    return Decimal(f"{found:.{_DIGITS}g}")


def _decimal(found: Decimal) -> str:
    """With one reading: a zero more, where three places could be taken for thousands."""
    whole, point, part = number.plain(found).partition(".")
    return f"{whole}{point}{part}0" if len(part) == 3 else f"{whole}{point}{part}"


def _filled(found: int, pattern: str) -> str | int:
    """The number with the zeros before it that its format shows."""
    if found < 0 or not pattern:
        return found
    places = pattern.count("0")
    digits = list(str(found).zfill(places))
    head, tail = digits[: len(digits) - places], iter(digits[len(digits) - places :])
    return "".join(head) + "".join(next(tail) if sign == "0" else sign for sign in pattern)


def _dated(serial: float, from_1904: bool) -> Cell:
    """Days are counted from the end of 1899, so that the 29th of February 1900, which Excel has
    and no calendar, comes out right from March on."""
    origin = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30)  # noqa: DTZ001 - a day
    try:
        return _day(origin + timedelta(seconds=round(serial * 86_400)))
    except OverflowError:
        return BadCell("not_a_day", str(serial))


def _day(found: datetime) -> date | BadCell:
    if not (found.hour or found.minute or found.second):
        return found.date()
    return BadCell("not_a_day", found.strftime("%d/%m/%Y %H:%M"))


def day_of(serial: int, *, from_1904: bool) -> date | None:
    """The day that Excel means by a number; None for what is no day of our time."""
    origin = date(1904, 1, 1) if from_1904 else date(1899, 12, 30)
    if not 20_000 <= serial <= 80_000:  # 1954 to 2119, or a little later where it counts from 1904
        return None
    return date.fromordinal(origin.toordinal() + serial)
