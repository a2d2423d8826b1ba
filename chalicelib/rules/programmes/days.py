"""Days as people pick or type them, and the instants at which they end."""

from datetime import date, datetime, timedelta

from chalicelib.rules.programmes.period import end_of
from chalicelib.rules.texts.clock import today
from chalicelib.rules.texts.day import day_of

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
