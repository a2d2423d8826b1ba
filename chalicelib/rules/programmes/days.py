"""Days as people pick or type them, and the instants at which they end."""

from collections.abc import Collection
from datetime import date, datetime, timedelta

from chalicelib.rules.programmes.period import Period, end_of, working_day
from chalicelib.rules.texts.clock import today
from chalicelib.rules.texts.day import day_of

_TO_ANSWER = timedelta(days=3)
FURTHEST = timedelta(days=366)  # a date beyond that is a slip of the pen


class Unfit(Exception):
    """The day is not taken; `problem` is a key of messages.reports.moves.FAULTS."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def read(typed: str) -> date:
    """Such a day. Raises Unfit."""
    if not typed:
        raise Unfit("no_day")
    if (day := day_of(typed)) is None:
        raise Unfit("bad_day")
    return day


def end_to_come(typed: str, now: datetime, after: datetime | None = None) -> datetime:
    """The end of a day that is not over, and that is later than `after`. Raises Unfit."""
    day = read(typed)
    if day < today(now):
        raise Unfit("day_past")
    if day > today(now) + FURTHEST:
        raise Unfit("day_far")
    if after is not None and end_of(day) <= after:
        raise Unfit("day_not_later")
    return end_of(day)


def to_answer(now: datetime, days_off: Collection[date]) -> date:
    """Until when a unit has time to answer, unless the officer says otherwise."""
    return working_day(today(now) + _TO_ANSWER, days_off)


def reopened_until(period: Period, now: datetime, days_off: Collection[date]) -> date:
    """The same of a reopening: until the lock at least, which would have held for it anyway."""
    return max(to_answer(now, days_off), today(period.locks))
