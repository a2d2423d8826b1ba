"""A day as people write it, with strokes, dots or hyphens, and as computers do."""

import re
from datetime import date

_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})|(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_YEARS = range(1901, 2200)


def day_of(typed: str) -> date | None:
    """20/12/2026 as people type it, 2026-12-20 as a date box sends it; None for what is none."""
    match = _DAY.fullmatch(typed)
    if not match:
        return None
    day, month, year = map(int, match.group(1, 2, 3) if match[1] else match.group(6, 5, 4))
    try:
        return date(year, month, day) if year in _YEARS else None
    except ValueError:
        return None
