"""Who carries on what a unit was: successions n:m over time, followed by their dates."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import NamedTuple

from chalicelib.rules.units.unit import Unit, in_force

_NEXT_DAY = timedelta(days=1)


class Misfit(NamedTuple):
    """What no list may hold; `problem` is a key of messages.units.units.FAULTS."""

    unit: Unit
    column: str
    problem: str


class Lines:
    """The dated versions of all units, by code, for following what became of one."""

    def __init__(self, versions: Iterable[Unit]) -> None:
        self._of: dict[str, list[Unit]] = defaultdict(list)
        for unit in sorted(versions, key=lambda one: one.valid_from):
            self._of[unit.code].append(unit)

    def heirs(self, code: str, since: date, day: date) -> frozenset[str]:
        """The units of `day` that carry on this unit as it was on `since`; itself, if it lives.

        A successor takes over on the day after the end and must hold then, so every step goes
        forward in time and no circle is possible.
        """
        found: set[str] = set()
        seen: set[tuple[str, date]] = set()
        open_ends = [(code, since)]
        while open_ends:
            step = open_ends.pop()
            if step in seen:
                continue
            seen.add(step)
            last = self._last(*step, day)
            if last is None:
                continue
            if last.valid_to is None or last.valid_to >= day:
                found.add(last.code)
            else:
                after = last.valid_to + _NEXT_DAY
                open_ends += [(one, after) for one in last.successors if self._held(one, after)]
        return frozenset(found)

    def _held(self, code: str, day: date) -> bool:
        return bool(in_force(self._of.get(code, ()), day))

    def _last(self, code: str, since: date, day: date) -> Unit | None:
        """The version in which this unit stands on `day`, or in which it was succeeded before."""
        begun = [unit for unit in self._of.get(code, ()) if unit.valid_from <= day]
        held = [place for place, unit in enumerate(begun) if unit.valid_from <= since]
        if not held:
            return None
        for unit, following in zip(begun[held[-1] :], begun[held[-1] + 1 :], strict=False):
            ended = unit.valid_to is not None and unit.valid_to < following.valid_from
            if ended and unit.successors:
                return unit
        return begun[-1]

    def predecessors(self, code: str) -> list[Unit]:
        """The ended versions that name this unit, the earliest end first."""
        named = [unit for its in self._of.values() for unit in its if code in unit.successors]
        return sorted(named, key=lambda unit: (unit.valid_to or date.max, unit.code))

    def misfits(self) -> Iterator[Misfit]:
        """Every fault that only the whole list can show."""
        for its in self._of.values():
            for unit in its:
                yield from self._misfits(unit)

    def _misfits(self, unit: Unit) -> Iterator[Misfit]:
        if unit.valid_to and unit.valid_to < unit.valid_from:
            yield Misfit(unit, "valid_to", "ends_before_it_begins")
            return
        if not unit.successors:
            return
        if unit.valid_to is None:
            yield Misfit(unit, "successors", "successors_without_end")
            return
        if len(set(unit.successors)) < len(unit.successors):
            yield Misfit(unit, "successors", "successor_twice")
        after = unit.valid_to + _NEXT_DAY
        if not all(one in self._of for one in unit.successors):
            yield Misfit(unit, "successors", "unknown_successor")
        elif not all(self._held(one, after) for one in unit.successors):
            yield Misfit(unit, "successors", "successor_not_there")
