"""More time for one unit or a whole bloc: which day it may be, and what that does to each."""

from datetime import date, datetime, timedelta
from typing import Literal

from chalicelib.rules.programmes.period import Period, end_of
from chalicelib.rules.reports.obligation import Obligation
from chalicelib.rules.texts import text
from chalicelib.rules.texts.clock import today

LONGEST_REASON = 500  # characters
FARTHEST = timedelta(days=366)  # a year's typing error is no extension

Outcome = Literal["extend", "done", "later", "exempt"]


def day_fault(day: date | None, period: Period, now: datetime, *, of_return: bool = False) -> str:
    """What is wrong, a key of messages.reports.progress.TERM_FAULTS; empty where nothing is.

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


def outcome(owed: Obligation, due: datetime) -> Outcome:
    """What giving a whole bloc until `due` does to one of its units: it takes no time away."""
    if owed.terms.exempt:
        return "exempt"
    if owed.due < due:
        return "extend"
    return "done" if owed.due == due else "later"
