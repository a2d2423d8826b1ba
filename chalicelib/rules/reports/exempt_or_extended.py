"""What holds for one unit in one period: exempt or not, and until when it may report."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from chalicelib.rules.programmes.period import Period
from chalicelib.rules.units.unit import Unit


class Terms(NamedTuple):
    """The department's decision for one unit. `revision` is the stored item's version."""

    unit: str
    exempt: str = ""  # the reason, where the unit owes no report
    due: datetime | None = None  # an extension
    revision: int = 0

    def due_in(self, period: Period) -> datetime:
        """The last instant that is on time for this unit."""
        return self.extension_in(period) or period.due

    def extension_in(self, period: Period) -> datetime | None:
        """The extension, where all units have less time: the period's own days may move past it."""
        return self.due if self.due and self.due > period.due else None

    def locks_in(self, period: Period) -> datetime:
        """An extension past the lock moves the lock for this unit alone."""
        return max(period.locks, self.due) if self.due else period.locks

    def against_asking_back(self) -> str:
        """Why a report can't be returned or reopened: who is exempt could not send it."""
        return "asked_of_exempt" if self.exempt else ""

    def with_at_least(self, due: datetime) -> "Terms":
        """What giving a whole bloc until then leaves: nobody loses time, the exempt need none."""
        enough = self.exempt or (self.due and self.due >= due)
        return self if enough else self._replace(due=due)


NO_TERMS = Terms("")


def without_exempt(units: Iterable[Unit], terms: Mapping[str, Terms]) -> list[Unit]:
    """The units that still owe a report."""
    return [unit for unit in units if unit.code not in terms or not terms[unit.code].exempt]


def locks_for_all(period: Period, units: Iterable[Unit], terms: Mapping[str, Terms]) -> datetime:
    """The last instant at which any of these units may still report without being asked back."""
    own = (terms[unit.code].locks_in(period) for unit in units if unit.code in terms)
    return max(own, default=period.locks)
