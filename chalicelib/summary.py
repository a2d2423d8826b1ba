"""The summary of one period: every figure added up over the units that owe a report."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Context, Decimal, Inexact
from typing import Any, TypeAlias

from chalicelib import number, target
from chalicelib.period import Period
from chalicelib.programme import Indicator, Section
from chalicelib.report import Head, compact
from chalicelib.unit import Unit

# The summary as JSON: the contract of /desk/PROGRAMME/PERIOD/summary.json.
Document: TypeAlias = dict[str, Any]


SHAPE = 1  # of the document: a stored one of another shape is summed anew before it is shown

# Exact over any number of units: 15 digits before the point and 14 after it need 29 already.
_EXACT = Context(prec=60, traps=[Inexact])


@dataclass(slots=True)
class Aggregate:
    """One indicator over some units. `expected` = units asked; missing is what remains."""

    expected: int = 0
    with_value: int = 0
    nil: int = 0
    not_applicable: int = 0
    total: int | Decimal = 0
    numerator: int = 0
    denominator: int = 0

    def add(self, indicator: Indicator, figure: Any) -> None:
        if figure is None:
            self.nil += 1
            return
        if figure is False:
            self.not_applicable += 1
            return
        self.with_value += 1
        match indicator.kind:
            case "count":
                self.total += figure
            case "amount":
                self.total = _EXACT.add(Decimal(self.total), Decimal(figure))
            case "ratio":
                self.numerator += figure[0]
                self.denominator += figure[1]
            case "yesno":
                self.numerator += figure == "yes"

    def as_json(self, indicator: Indicator) -> Document:
        """Counts are integers, amounts strings, a ratio's value a percentage string."""
        numerator = denominator = None
        if indicator.kind == "ratio":
            numerator, denominator = self.numerator, self.denominator
        elif indicator.kind == "yesno":
            numerator, denominator = self.numerator, self.expected
        return {
            "expected": self.expected,
            "value": self._value(indicator, numerator, denominator),
            "numerator": numerator,
            "denominator": denominator,
            "with_value": self.with_value,
            "nil": self.nil,
            "not_applicable": self.not_applicable,
            "missing": self.expected - self.with_value - self.nil - self.not_applicable,
            "met": self.met(indicator),
        }

    def _value(
        self, indicator: Indicator, numerator: int | None, denominator: int | None
    ) -> int | str | None:
        if not self.with_value:
            return None
        if numerator is not None and denominator is not None:
            share = number.percent(numerator, denominator)
            return None if share is None else str(share)
        if indicator.kind == "count" and indicator.aggregate != "none":
            return int(self.total)
        if indicator.kind == "amount" and indicator.aggregate != "none":
            return number.plain(Decimal(self.total))
        return None

    def met(self, indicator: Indicator) -> bool | None:
        """Judged on exact figures, never on the rounded percentage; None where it can't be."""
        goal = target.parse(indicator.target)
        if goal is None:
            return None
        if indicator.kind in ("count", "amount") and self.nil and not self.with_value:
            # Every answer says that nothing of it occurred: what is judged is none.
            return None if goal.percent else goal.met_by(Decimal(0))
        if not self.with_value:
            return None
        if indicator.kind in ("ratio", "yesno"):
            whole = self.denominator if indicator.kind == "ratio" else self.expected
            return goal.met_by_share(self.numerator, whole) if goal.percent and whole else None
        if indicator.kind in ("count", "amount") and indicator.aggregate != "none":
            return goal.met_by(Decimal(self.total))
        return None


@dataclass(slots=True)
class Line:
    """An indicator's total, its blocs, and what each unit wrote or answered no to."""

    indicator: Indicator
    whole: Aggregate
    blocs: dict[str, Aggregate]
    texts: list[tuple[str, list[str]]] = field(default_factory=list)
    answered_no: list[str] = field(default_factory=list)


class Tally:
    """Adds up one period, report by report; only one report is in memory at a time.

    `units` are those that owe a report; a report of any other unit is left out.
    """

    def __init__(self, sections: Sequence[Section], units: Sequence[Unit]) -> None:
        self.units = {unit.code: unit for unit in units}
        self.sections = sections
        self.states: dict[str, tuple[str, bool, bool]] = {}  # unit -> state, late, nil
        self.seen: dict[str, int] = {}  # unit -> revision of the head that was added
        self.lines: dict[str, Line] = {}
        blocs = sorted({unit.bloc for unit in units})
        for section in sections:
            for indicator in section.indicators:
                asked = {b: Aggregate() for b in blocs if indicator.asks(b)}
                line = Line(indicator, Aggregate(), asked)
                for unit in units:
                    if unit.bloc in asked:
                        line.whole.expected += 1
                        asked[unit.bloc].expected += 1
                self.lines[indicator.code] = line
        self._by_bloc = {
            bloc: [line for line in self.lines.values() if bloc in line.blocs] for bloc in blocs
        }

    def add(self, head: Head, texts: Mapping[str, Any]) -> None:
        """Take in the current report of one unit; `texts` is empty where it has none."""
        unit = self.units.get(head.unit)
        if unit is None:
            return
        self.states[head.unit] = (head.state, head.late, head.nil)
        self.seen[head.unit] = head.revision
        if not head.counts:
            return
        figures = json.loads(head.figures)
        for line in self._by_bloc[unit.bloc]:
            code = line.indicator.code
            values = texts if line.indicator.is_text else figures
            if code not in values:
                continue
            found = values[code]
            line.whole.add(line.indicator, found)
            line.blocs[unit.bloc].add(line.indicator, found)
            if line.indicator.is_text and found:
                line.texts.append((head.unit, found if isinstance(found, list) else [found]))
            elif found == "no":
                line.answered_no.append(head.unit)

    def fingerprint(self, *more: str) -> str:
        """Equal when nothing that the summary rests on has changed."""
        units = [unit.model_dump_json() for unit in self.units.values()]
        data = compact([self.seen, units, *more])
        return hashlib.sha256(data.encode()).hexdigest()


def document(tally: Tally, programme: str, period: Period, as_of: datetime) -> Document:
    """The whole summary as JSON, units in official order."""
    units = tally.units.values()
    received = [
        u for u in units if u.code in tally.states and tally.states[u.code][0] != "returned"
    ]
    late = [unit for unit in received if tally.states[unit.code][1]]
    returned = [
        u for u in units if u.code in tally.states and tally.states[u.code][0] == "returned"
    ]
    missing = [unit for unit in units if unit.code not in tally.states]
    return {
        "shape": SHAPE,
        "programme": programme,
        "period": period.key,
        "label": period.label,
        "as_of": as_of.isoformat(),
        "due": period.due.isoformat(),
        "expected": len(tally.units),
        "received": len(received),
        "on_time": len(received) - len(late),
        "late": len(late),
        "returned": len(returned),
        "nil": sum(tally.states[unit.code][2] for unit in received),
        "missing": len(missing),
        "missing_units": [_named(unit, period) for unit in missing],
        "late_units": [_named(unit, period) for unit in late],
        "returned_units": [_named(unit, period) for unit in returned],
        "blocs": {bloc: _completeness(tally, bloc) for bloc in sorted({u.bloc for u in units})},
        "indicators": [line for s in tally.sections for line in _lines(tally, s, narrative=False)],
        "narratives": [line for s in tally.sections for line in _lines(tally, s, narrative=True)],
    }


def _named(unit: Unit, period: Period) -> Document:
    return {
        "code": unit.code,
        "name": unit.name,
        "bloc": unit.bloc,
        "phone": unit.phone,
        "due": period.due.isoformat(),
    }


def _completeness(tally: Tally, bloc: str) -> Document:
    codes = [unit.code for unit in tally.units.values() if unit.bloc == bloc]
    states = [tally.states[code] for code in codes if code in tally.states]
    received = [(late, nil) for state, late, nil in states if state != "returned"]
    late = sum(is_late for is_late, _ in received)
    return {
        "expected": len(codes),
        "received": len(received),
        "on_time": len(received) - late,
        "late": late,
        "returned": len(states) - len(received),
        "missing": len(codes) - len(states),
    }


def _lines(tally: Tally, section: Section, *, narrative: bool) -> Iterator[Document]:
    if (section.code == "narratives") is not narrative:
        return
    order = {code: place for place, code in enumerate(tally.units)}
    for indicator in section.indicators:
        line = tally.lines[indicator.code]
        entry = {
            "code": indicator.code,
            "label": indicator.label,
            "section": section.code,
            "section_label": section.label,
            "kind": indicator.kind,
            "measured_in": indicator.measured_in,
            "aggregate": indicator.aggregate,
            "direction": indicator.direction,
            "decimals": indicator.decimals,
            "target": indicator.target,
            "as_of": indicator.as_of,
            "entered_by": indicator.entered_by,
            **line.whole.as_json(indicator),
            "blocs": {b: part.as_json(indicator) for b, part in line.blocs.items()},
        }
        if indicator.is_text:
            entry["value"] = [
                {"unit": unit, "name": tally.units[unit].name, "lines": lines}
                for unit, lines in sorted(line.texts, key=lambda text: order[text[0]])
            ]
        if indicator.kind == "yesno":
            entry["answered_no"] = [
                {"unit": unit, "name": tally.units[unit].name}
                for unit in sorted(line.answered_no, key=order.__getitem__)
            ]
        yield entry


def totals(whole: Document) -> Document:
    """The summary without its lists of units and texts: small enough to keep as an item."""
    lists = ("missing_units", "late_units", "returned_units", "narratives")
    kept = {name: part for name, part in whole.items() if name not in lists}
    kept["indicators"] = [
        line | {"value": None if line["kind"] in ("text", "list") else line["value"]}
        for line in whole["indicators"]
    ]
    return kept


def changed_since(seen: Mapping[str, int], heads: Iterable[Head], owing: Iterable[Unit]) -> int:
    """How many of the owing units' reports are not what the summary was made of."""
    codes = {unit.code for unit in owing}
    return sum(head.unit in codes and seen.get(head.unit) != head.revision for head in heads)
