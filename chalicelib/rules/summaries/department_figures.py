"""Figures that the department itself enters for a period: told and judged, never summed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import EllipsisType
from typing import Any, NamedTuple, TypeAlias

from chalicelib.rules.forms import value
from chalicelib.rules.forms.form import Indicator, Section, indicators
from chalicelib.rules.forms.value import Figure, Text
from chalicelib.rules.summaries.aggregate import Aggregate


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


Found: TypeAlias = Figure | Text | EllipsisType  # ... where nothing was entered


class Change(NamedTuple):
    """What was entered of one indicator before, and what is now."""

    indicator: Indicator
    before: Found
    after: Found


def changes(asked: Iterable[Indicator], before: Entered, after: Entered) -> list[Change]:
    """What differs."""
    then, now = before.values(), after.values()
    both = (Change(one, then.get(one.code, ...), now.get(one.code, ...)) for one in asked)
    return [change for change in both if _differ(change.before, change.after)]


def _differ(before: Found, after: Found) -> bool:
    """Not applicable is kept as False, which is equal to 0 and none the less another answer."""
    return type(before) is not type(after) or before != after


def as_json(indicator: Indicator, entered: Entered) -> dict[str, Any]:
    """A line's value and whether it meets its target; it stands on no unit."""
    found = entered.values().get(indicator.code, ...)
    state = _state(found)
    said = _judged(indicator, found) | {"state": state, "shown": _shown(indicator, found)}
    if indicator.is_text:
        lines = found if isinstance(found, list) else [found]
        said["value"] = [{"lines": lines, "name": "", "unit": ""}] if state == "value" else []
    elif indicator.kind == "choice":
        said["value"] = said["shown"] or None
    return said


def _judged(indicator: Indicator, found: Found) -> dict[str, Any]:
    """As one unit's figure is; but a single figure is met or missed, and nothing comes to it."""
    alone, read_as = Aggregate(1), _as_a_number(indicator)
    if found is not ... and not indicator.is_text and indicator.kind != "choice":
        # Nil of a count is none of it, and is judged; no rank is not the best one.
        is_no_rank = found is value.NIL and indicator.kind == "rank"
        alone.add(read_as, [value.NOT_APPLICABLE if is_no_rank else found])
    kept = alone.as_json(read_as)
    said = {name: kept[name] for name in ("value", "numerator", "denominator", "met", "verdict")}
    return said | ({"verdict": "missed"} if said["verdict"] == "breached" else {})


def _as_a_number(indicator: Indicator) -> Indicator:
    """A rank is judged as any count is: nothing is added to it here."""
    kind = "count" if indicator.kind == "rank" else indicator.kind
    rule = "sum" if kind in ("count", "amount") else indicator.aggregate
    return indicator.model_copy(update={"kind": kind, "aggregate": rule})


def _state(found: object) -> str:
    if found is ...:
        return "missing"
    return "nil" if found is value.NIL else "na" if found is value.NOT_APPLICABLE else "value"


def _shown(indicator: Indicator, found: Found) -> str:
    """Empty where the state says it all."""
    if isinstance(found, EllipsisType) or found is value.NIL or found is value.NOT_APPLICABLE:
        return ""
    return value.shown(indicator, found)
