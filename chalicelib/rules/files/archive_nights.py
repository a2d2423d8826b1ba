"""When a night's archive is due, which of the older ones stay, and when one is missing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from chalicelib.rules.texts.clock import VIETNAM, today

DAYS, WEEKS, MONTHS = 7, 4, 12  # of each the newest archive stays
_AT = time(1, tzinfo=VIETNAM)  # with the nightly run
_PATIENCE = timedelta(hours=2)  # that a large one may take, or the machine to start


@dataclass(frozen=True, slots=True)
class Known:
    """When the newest archive was made, and when one last could not be made: each where any."""

    made: datetime | None = None
    failed: datetime | None = None


def due(now: datetime) -> datetime:
    """The last night's hour: an archive that is older is not of that night."""
    hour = datetime.combine(today(now), _AT)
    return hour if hour <= now else hour - timedelta(days=1)


def missed(known: Known, now: datetime) -> bool:
    """Whether the last night has no archive, and can't be waited for any more."""
    night = due(now)
    if _within(known.made, night, now):
        return False
    return _within(known.failed, night, now) or now - night > _PATIENCE


def _within(instant: datetime | None, night: datetime, now: datetime) -> bool:
    """What stands in the future was written under a wrong clock, and says nothing of a night."""
    return instant is not None and night <= instant <= now


def staying(made: Iterable[datetime]) -> set[datetime]:
    """The newest of each of the last days, weeks (from Monday) and months that have any."""
    newest = sorted(made, reverse=True)
    stay: set[datetime] = set()
    for most, spell in ((DAYS, _day), (WEEKS, _week), (MONTHS, _month)):
        first: dict[object, datetime] = {}
        for one in newest:
            first.setdefault(spell(one), one)
        stay |= set(list(first.values())[:most])
    return stay


def _day(instant: datetime) -> object:
    return today(instant)


def _week(instant: datetime) -> object:
    return today(instant).isocalendar()[:2]


def _month(instant: datetime) -> object:
    return today(instant).year, today(instant).month
