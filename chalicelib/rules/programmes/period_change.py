"""What an officer may change of a reporting period: opening, due day, lock; and a new one."""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, timedelta

from chalicelib.rules.programmes import period as calendar
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.texts import text
from chalicelib.rules.texts.clock import today
from chalicelib.rules.texts.day import day_of

LONGEST_LABEL = 120
LONGEST_REASON = 300
LONGEST_KEY = 40
_YEARS = range(2000, 2100)


class Wrong(Exception):
    """Nothing may be changed; `faults` says of each box what is wrong: keys of PERIOD_FAULTS."""

    def __init__(self, **faults: str) -> None:
        super().__init__(", ".join(faults.values()))
        self.faults = faults


def read_day(typed: str) -> date | None:
    """A day as people type it, of a year that periods are of; None for what is none."""
    found = day_of(typed)
    return found if found and found.year in _YEARS else None


def opened(period: Period, now: datetime) -> Period:
    """Opened at this moment. Raises Wrong."""
    if period.has_begun(now):
        raise Wrong(opens="already_open")
    if period.locks <= now:
        raise Wrong(opens="locks_before_opening")
    return period.model_copy(update={"opens": now})


def locked(period: Period, now: datetime, reason: str) -> Period:
    """Locked at this moment; nothing can be due later than that. Raises Wrong."""
    if not period.has_begun(now):
        raise Wrong(locks="not_open")
    if period.locks < now:
        raise Wrong(locks="already_locked")
    _need_reason(reason)
    return period.model_copy(update={"locks": now, "due": min(period.due, now)})


def with_days(
    period: Period,
    typed: Mapping[str, str],
    reason: str,
    *,
    holidays: Collection[date],
    now: datetime,
) -> Period:
    """With the days that were typed for opens, due and locks. Raises Wrong.

    A day that was not changed keeps its instant. Due and lock move to the next working day,
    and units have at least one after the cut-off (Nghị định 09/2019/NĐ-CP, Điều 8.5).
    """
    days = {name: read_day(typed.get(name, "")) for name in ("opens", "due", "locks")}
    faults = {name: "bad_day" for name, day in days.items() if day is None}
    if faults:
        raise Wrong(**faults)
    new = {name: day for name, day in days.items() if day and day != _day(period, name)}
    instants = _instants(period, new, holidays)
    faults = dict.fromkeys(_days_gone(period, new, now), "in_the_past")
    if "opens" in new and period.has_begun(now):
        faults["opens"] = "already_open"
    faults = _out_of_order(days["due"] or period.end, new, instants) | faults
    if not new:
        faults["due"] = "nothing_changed"
    if faults:
        raise Wrong(**faults)
    _need_reason(reason)
    return period.model_copy(update=instants)


def _instants(
    period: Period, new: Mapping[str, date], holidays: Collection[date]
) -> dict[str, datetime]:
    """When it opens, is due and locks with these new days."""
    instants = {name: getattr(period, name) for name in ("opens", "due", "locks")}
    if "opens" in new:
        instants["opens"] = calendar.start_of(new["opens"])
    if "due" in new:
        instants["due"] = calendar.end_of(_due(period.end, new["due"], holidays))
    if "locks" in new:
        working = calendar.end_of(calendar.working_day(new["locks"], holidays))
        instants["locks"] = max(instants["due"], working)
    return instants


def _out_of_order(
    due: date, new: Mapping[str, date], instants: Mapping[str, datetime]
) -> dict[str, str]:
    faults = {}
    if "locks" in new and due > new["locks"]:
        faults["locks"] = "locks_before_due"
    elif instants["locks"] < instants["due"]:
        faults["due"] = "due_after_lock"
    if instants["opens"] > instants["due"]:
        faults["opens"] = "opens_after_due"
    return faults


def _day(period: Period, name: str) -> date:
    return today(getattr(period, name))


def _days_gone(period: Period, new: Mapping[str, date], now: datetime) -> Iterator[str]:
    """The boxes whose new day is no day to come."""
    for name, day in new.items():
        if name == "opens" and period.has_begun(now):
            continue  # said in its own words
        if day < today(now):
            yield name


def _due(cut_off: date, day: date, holidays: Collection[date]) -> date:
    first = calendar.working_day(cut_off + timedelta(days=1), holidays)
    return max(first, calendar.working_day(day, holidays))


def _need_reason(reason: str) -> None:
    if not reason:
        raise Wrong(reason="no_reason")
    if len(reason) > LONGEST_REASON:
        raise Wrong(reason="reason_too_long")
    if text.forbidden(reason):
        raise Wrong(reason="forbidden_character")


def new_period(
    typed: Mapping[str, str],
    taken: Collection[str],
    forms: Collection[int],
    *,
    holidays: Collection[date],
    now: datetime,
) -> Period:
    """A thematic or special period (chuyên đề, đột xuất) as it was typed. Raises Wrong."""
    label = " ".join(typed.get("label", "").split())  # it stands in subjects of mails
    key = f"x-{typed.get('slug', '') or text.slug(label)}"
    days, faults = _days_of(typed)
    if not re.fullmatch(r"x-[a-z0-9]+(-[a-z0-9]+)*", key) or len(key) > LONGEST_KEY:
        faults["slug"] = "bad_slug"
    elif key in taken:
        faults["slug"] = "slug_taken"
    if not label or len(label) > LONGEST_LABEL or text.forbidden(label):
        faults["label"] = "bad_label" if label else "empty"
    if typed.get("form", "") not in map(str, forms):
        faults["form"] = "no_such_form"
    if not faults:
        faults = _order_of(days, now)
    if faults:
        raise Wrong(**faults)
    return calendar.custom(
        key,
        label,
        days=(days["start"], days["end"]),
        due=days["due"],
        locks=days["locks"],
        holidays=holidays,
        form=int(typed["form"]),
        opens=days.get("opens"),
    )


def _days_of(typed: Mapping[str, str]) -> tuple[dict[str, date], dict[str, str]]:
    """The days of a new period, and what is wrong with those that are none; it may open unsaid."""
    days, faults = dict[str, date](), dict[str, str]()
    for name in ("start", "end", "opens", "due", "locks"):
        given = typed.get(name, "")
        day = read_day(given)
        if day is not None:
            days[name] = day
        elif given or name != "opens":
            faults[name] = "bad_day" if given else "empty"
    return days, faults


def _order_of(days: Mapping[str, date], now: datetime) -> dict[str, str]:
    faults = {}
    if days["end"] < days["start"]:
        faults["end"] = "ends_before_start"
    if days["due"] <= days["end"]:
        faults["due"] = "due_before_end"
    if days["due"] < today(now):
        faults["due"] = "in_the_past"
    if days["locks"] < days["due"]:
        faults["locks"] = "locks_before_due"
    if days.get("opens", days["start"]) > days["due"]:
        faults["opens"] = "opens_after_due"
    return faults
