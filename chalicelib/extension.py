"""More time for one unit or a whole bloc: which day it may be, and what that does to each."""

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Literal

from chalicelib import text
from chalicelib.clock import today
from chalicelib.grid import Row
from chalicelib.period import Period, end_of

LONGEST_REASON = 500  # characters
FARTHEST = timedelta(days=366)  # a year's typing error is no extension

Outcome = Literal["extend", "done", "later", "exempt"]

_DAY = re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})")
_TYPED = re.compile(r"(?P<day>\d{1,2})[/.-](?P<month>\d{1,2})[/.-](?P<year>\d{4})")


def read_day(typed: str) -> date | None:
    """A day as a date field sends it (2026-12-25) or as people write it (25/12/2026)."""
    found = _DAY.fullmatch(typed) or _TYPED.fullmatch(typed)
    if not found or not typed.isascii():
        return None
    try:
        return date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        return None


def day_fault(day: date | None, period: Period, now: datetime, *, of_return: bool = False) -> str:
    """What is wrong with it, a key of messages.grid.TERM_FAULTS; empty where nothing is.

    A return has a day of its own, that the period's says nothing about.
    """
    if day is None:
        return "no_day"
    if day < today(now):
        return "day_is_past"
    if end_of(day) <= period.due and not of_return:
        return "not_after_due"
    return "day_too_far" if end_of(day) > period.due + FARTHEST else ""


def reason_fault(reason: str) -> str:
    if not reason:
        return "no_reason"
    if text.forbidden(reason):
        return "forbidden_character"
    return "reason_too_long" if len(reason) > LONGEST_REASON else ""


def outcome(row: Row, due: datetime) -> Outcome:
    """What giving a whole bloc until `due` does to one of its units: it takes no time away."""
    if row.terms.exempt:
        return "exempt"
    if row.limit < due:
        return "extend"
    return "done" if row.limit == due else "later"


def outcomes(rows: Iterable[Row], due: datetime) -> list[tuple[Row, Outcome]]:
    return [(row, outcome(row, due)) for row in rows]
