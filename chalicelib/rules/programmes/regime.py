"""The periods that a programme's regime makes, and what other holidays make of them."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.rules.programmes import period as calendar
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.texts.clock import today


def periods(programme: Programme, form: int, label: Callable[[str], str]) -> Iterator[Period]:
    """Every period of the regime, each with its key's label, and the settings' thematic ones."""
    regime, holidays = programme.regime, programme.days_off
    for key in calendar.keys(regime.collects, regime.first_year, regime.last_year):
        yield calendar.build(
            key,
            label(key),
            days=calendar.window(key),
            due_day=regime.due_day,
            lock_day=regime.lock_day,
            holidays=holidays,
            form=form,
        )
    for own in regime.custom:
        yield calendar.custom(
            own.key,
            own.label,
            days=(own.start, own.end),
            due=own.due,
            locks=own.locks,
            holidays=holidays,
            form=form,
            opens=own.opens,
        )


@dataclass(frozen=True, slots=True)
class Moved:
    """A period that has not begun, before and after other holidays."""

    before: Period
    after: Period


def moved_by_holidays(
    old: Programme, new: Programme, kept: Sequence[Period], now: datetime
) -> list[Moved]:
    """What the regime makes of the periods that have not begun, under the new holidays.

    A deadline that somebody set by hand, and one of a period that is none of the regime's, only
    moves where it now falls on a day off.
    """
    then = {one.key: one for one in periods(old, 0, str)}
    soon = {one.key: one for one in periods(new, 0, str)}
    found = []
    for one in kept:
        if one.has_begun(now):
            continue
        made = then.get(one.key)
        as_made = made is not None and (made.due, made.locks) == (one.due, one.locks)
        if as_made and one.key in soon:
            days = {"due": soon[one.key].due, "locks": soon[one.key].locks}
        else:
            days = _on_working_days(one, new.days_off)
        after = one.model_copy(update=days)
        if after != one:
            found.append(Moved(one, after))
    return found


def _on_working_days(period: Period, holidays: Collection[date]) -> dict[str, datetime]:
    due = _pushed(period.due, holidays)
    return {"due": due, "locks": max(due, _pushed(period.locks, holidays))}


def _pushed(instant: datetime, holidays: Collection[date]) -> datetime:
    """The instant itself, or the end of the next working day."""
    day = today(instant)
    working = calendar.working_day(day, holidays)
    return instant if working == day else calendar.end_of(working)
