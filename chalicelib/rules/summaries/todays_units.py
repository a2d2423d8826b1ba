"""One indicator of one period by unit: as reported, and gathered under today's units."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib.rules.forms.form import Indicator
from chalicelib.rules.summaries.aggregate import Aggregate
from chalicelib.rules.units.unit import Unit, official

MISSING: Final = object()  # the answer of a unit that gave none, or whose report is being returned


@dataclass(slots=True)
class Gathered:
    """What some units of the period reported, under one of today's; `unit` is today's."""

    unit: Unit
    sources: list[Unit] = field(default_factory=list)
    total: Aggregate = field(default_factory=Aggregate)


@dataclass(slots=True)
class Apart:
    """What one unit reported that no single unit of today can be given.

    It was split among `heirs`, and nobody knows in which parts; or it ended and has none.
    """

    unit: Unit
    heirs: tuple[str, ...]
    total: Aggregate


@dataclass(frozen=True, slots=True)
class Regrouped:
    gathered: tuple[Gathered, ...]
    apart: tuple[Apart, ...]
    total: Aggregate  # of all units, however they are grouped


def answer(figures: Mapping[str, Any], code: str) -> object:
    return figures.get(code, MISSING)


def alone(indicator: Indicator, given: object) -> Aggregate:
    """One unit's answer as a total."""
    one = Aggregate(expected=1)
    if given is not MISSING:
        one.add(indicator, [given])
    return one


def by_todays_units(
    indicator: Indicator,
    answers: Iterable[tuple[Unit, object]],
    heirs: Callable[[Unit], Collection[str]],
    today: Mapping[str, Unit],
) -> Regrouped:
    """Merged units are added by the indicator's own rule; what was split stands apart."""
    gathered: dict[str, Gathered] = {}
    apart: list[Apart] = []
    total = Aggregate()
    for unit, given in answers:
        one = alone(indicator, given)
        total.include(one)
        found = sorted(code for code in heirs(unit) if code in today)
        if len(found) == 1:
            group = gathered.setdefault(found[0], Gathered(today[found[0]]))
            group.sources.append(unit)
            group.total.include(one)
        else:
            apart.append(Apart(unit, tuple(found), one))
    in_order = sorted(gathered.values(), key=lambda group: official(group.unit))
    return Regrouped(tuple(in_order), tuple(apart), total)


def as_reported(
    indicator: Indicator, answers: Sequence[tuple[Unit, object]]
) -> tuple[list[tuple[Unit, Aggregate]], Aggregate]:
    """Each unit under the name that it had, and the total."""
    rows = [(unit, alone(indicator, given)) for unit, given in answers]
    total = Aggregate()
    for _, one in rows:
        total.include(one)
    return rows, total
