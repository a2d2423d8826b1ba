"""Figures that the department itself enters for a period: told and judged, never summed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib import value
from chalicelib.aggregate import Aggregate
from chalicelib.messages import VALUE_STATES
from chalicelib.programme import Indicator, Section, indicators
from chalicelib.value import Figure, Text

BY_DEPARTMENT = "Sở nhập"


@dataclass(frozen=True, slots=True)
class Entered:
    """What was entered last. `revision` is the stored item's version, for expecting."""

    figures: Mapping[str, Figure] = field(default_factory=dict)
    texts: Mapping[str, Text] = field(default_factory=dict)
    at: datetime | None = None
    who: str = ""
    revision: int = 0

    def values(self) -> dict[str, Figure | Text]:
        return {**self.figures, **self.texts}


def asked(sections: Iterable[Section]) -> tuple[Indicator, ...]:
    """What the department itself is asked."""
    return tuple(one for one in indicators(sections) if one.entered_by == "department")


def shown(indicator: Indicator, found: Figure | Text) -> str:
    """A value in words, also the states that are none."""
    if found is value.NIL:
        return VALUE_STATES["nil"]
    if found is value.NOT_APPLICABLE:
        return VALUE_STATES["na"]
    return value.shown(indicator, found)


def changes(
    asked: Iterable[Indicator], before: Entered, after: Entered
) -> dict[str, tuple[str, str]]:
    """Code -> both values in words, of what differs; empty where there is none."""
    then, now = before.values(), after.values()

    def words(one: Indicator, its: Mapping[str, Figure | Text]) -> str:
        return shown(one, its[one.code]) if one.code in its else ""

    return {
        one.code: (words(one, then), words(one, now))
        for one in asked
        if words(one, then) != words(one, now)
    }


def as_json(indicator: Indicator, entered: Entered) -> dict[str, Any]:
    """A line's value and whether it meets its target; it stands on no unit."""
    found = entered.values().get(indicator.code, ...)
    said: dict[str, Any] = {"value": None, "numerator": None, "denominator": None, "met": None}
    words = "" if found is ... else shown(indicator, found)
    said |= {"state": _state(found), "shown": words}
    if indicator.is_text:
        lines = found if isinstance(found, list) else [found]
        told = said["state"] == "value"
        said["value"] = [{"lines": lines, "name": BY_DEPARTMENT, "unit": ""}] if told else []
    elif indicator.kind == "choice":
        said["value"] = words if said["state"] == "value" else None
    elif found is not ... and (found is not value.NIL or indicator.kind != "rank"):
        # Nil of a count is none of it, and is judged; no rank is not the best one.
        alone, read_as = Aggregate(1), _as_a_number(indicator)
        alone.add(read_as, [found])
        said |= {name: part for name, part in alone.as_json(read_as).items() if name in said}
    return said


def _as_a_number(indicator: Indicator) -> Indicator:
    """A rank is judged as any count is: nothing is added to it here."""
    kind = "count" if indicator.kind == "rank" else indicator.kind
    rule = "sum" if kind in ("count", "amount") else indicator.aggregate
    return indicator.model_copy(update={"kind": kind, "aggregate": rule})


def _state(found: object) -> str:
    if found is ...:
        return "missing"
    return "nil" if found is value.NIL else "na" if found is value.NOT_APPLICABLE else "value"
