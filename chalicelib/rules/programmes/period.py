"""Reporting periods: windows fixed by Nghị định 09/2019/NĐ-CP, deadlines on working days."""

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chalicelib.rules.texts.clock import VIETNAM
from chalicelib.rules.texts.period_key import PATTERN, kind

CUT_OFF_DAY = 14  # Điều 12: every window ends on the 14th and the next begins on the 15th
_LAST_MONTH = {"H1": 6, "H2": 12, "9M": 9, "Q1": 3, "Q2": 6, "Q3": 9, "Q4": 12}
_LENGTH = {"M": 1, "Q": 3, "H": 6, "9": 9}


class Period(BaseModel):
    """One reporting period. It keeps its instants; nothing derives them from the clock."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    key: str
    label: str
    start: date
    end: date  # the cut-off, inclusive
    opens: AwareDatetime
    due: AwareDatetime
    locks: AwareDatetime
    form: int  # the version of the form that reports begin with
    # When it came in here, where its lock was behind already; left out elsewhere.
    taken_in: AwareDatetime | None = Field(default=None, exclude_if=lambda at: at is None)
    revision: int = Field(default=0, exclude=True)  # the stored item's version, for expecting

    def is_open(self, now: datetime) -> bool:
        return self.opens <= now <= self.locks

    def has_begun(self, now: datetime) -> bool:
        return self.opens <= now

    @property
    def was_over(self) -> bool:
        """It locked before the programme began here: nobody could send, nobody is blamed."""
        return self.taken_in is not None and self.locks < self.taken_in

    def came_in(self, now: datetime) -> "Period":
        """As it is kept by whoever makes it now."""
        return self.model_copy(update={"taken_in": now}) if self.locks < now else self


def window(key: str) -> tuple[date, date]:
    """First and last day of the data, both inclusive (Nghị định 09/2019/NĐ-CP, Điều 12)."""
    match = PATTERN.fullmatch(key)
    if not match or key.startswith("x-"):
        raise ValueError(f"{key!r} has no window of its own")
    year, part = int(match["year"]), match["part"] or ""
    last_month = int(part[1:]) if part.startswith("M") else _LAST_MONTH.get(part, 12)
    months = _LENGTH.get(part[:1], 12)
    return _day(year, last_month - months, CUT_OFF_DAY + 1), _day(year, last_month, CUT_OFF_DAY)


def _day(year: int, month: int, day: int) -> date:
    return date(year - 1, month + 12, day) if month < 1 else date(year, month, day)


def working_day(day: date, holidays: Collection[date]) -> date:
    """The day itself, or the next that is neither a weekend nor a holiday."""
    while day.weekday() >= 5 or day in holidays:
        day += timedelta(days=1)
    return day


def end_of(day: date) -> datetime:
    """The last second of a day in Việt Nam: ngày 17 ends at 16:59:59Z."""
    return datetime.combine(day, time(23, 59, 59), VIETNAM).astimezone(UTC)


def start_of(day: date) -> datetime:
    return datetime.combine(day, time(0), VIETNAM).astimezone(UTC)


def build(
    key: str,
    label: str,
    *,
    days: tuple[date, date],
    due_day: int,
    lock_day: int,
    holidays: Collection[date],
    form: int,
) -> Period:
    """A period of the regime: units by `due_day`, the department locks by `lock_day`, both
    counted from the cut-off.
    """
    due, locks = (_later(days[1], day) for day in (due_day, lock_day))
    return custom(key, label, days=days, due=due, locks=locks, holidays=holidays, form=form)


def custom(
    key: str,
    label: str,
    *,
    days: tuple[date, date],
    due: date,
    locks: date,
    holidays: Collection[date],
    form: int,
    opens: date | None = None,
) -> Period:
    """A period with days of its own (chuyên đề, đột xuất).

    Deadlines move to the next working day, and units have at least one working day after
    the cut-off (Nghị định 09/2019/NĐ-CP, Điều 8.5).
    """
    start, end = days
    first = working_day(end + timedelta(days=1), holidays)
    due = max(first, working_day(due, holidays))
    return Period(
        key=key,
        label=label,
        start=start,
        end=end,
        opens=start_of(opens or start),
        due=end_of(due),
        locks=end_of(max(due, working_day(locks, holidays))),
        form=form,
    )


def _later(end: date, day: int) -> date:
    """The first such day of a month that comes after the cut-off."""
    if day > end.day:
        return end.replace(day=day)
    return _day(end.year + end.month // 12, end.month % 12 + 1, day)


def keys(collects: Collection[str], first_year: int, last_year: int) -> Iterator[str]:
    """The period keys of a regime such as H1 H2 Y, year by year, as they fall due."""
    found = []
    for year in range(first_year, last_year + 1):
        for part in collects:
            key = str(year) if part == "Y" else f"{year}-{part}"
            start, end = window(key)
            found.append((end, -start.toordinal(), key))
    return (key for _, _, key in sorted(found))


def previous(periods: Collection[Period], key: str) -> list[Period]:
    """Earlier periods of the same kind, the newest first."""
    this = next(period for period in periods if period.key == key)
    same = [p for p in periods if p.end < this.end and kind(p.key) == kind(key)]
    return sorted(same, key=lambda p: p.end, reverse=True)


def year_before(periods: Collection[Period], key: str) -> Period | None:
    """The same period of last year, where there is one and a year is in its key."""
    match = PATTERN.fullmatch(key)
    if not match or not match["year"]:
        return None
    wanted = f"{int(match['year']) - 1}{key[4:]}"
    return next((period for period in periods if period.key == wanted), None)


def in_use(periods: Collection[Period], now: datetime) -> Period | None:
    """The open period that falls due first, else the one that began last."""
    is_open = [period for period in periods if period.is_open(now)]
    if is_open:
        return min(is_open, key=lambda p: (p.due, p.start))
    begun = [period for period in periods if period.has_begun(now)]
    return max(begun, key=lambda p: (p.due, p.start)) if begun else None
