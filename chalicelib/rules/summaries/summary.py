"""The summary of one period as one document: its totals, its lists, its JSON."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias, TypeGuard

from chalicelib.rules.forms.form import Indicator, Section
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.reports.report import compact
from chalicelib.rules.summaries import department_figures as department
from chalicelib.rules.summaries.department_figures import Entered
from chalicelib.rules.summaries.tally import State, Tally
from chalicelib.rules.texts import number
from chalicelib.rules.units.unit import Unit

# The summary as JSON: the contract of /desk/PROGRAMME/PERIOD/summary.json.
Document: TypeAlias = dict[str, Any]


SHAPE = 5  # of the document: a stored one of another shape is summed anew before it is shown

_TOGETHER = 500  # entries of a long list that are written in one go


class Listed:
    """A list of the document that grows with the units: made as it is read, as often as read."""

    def __init__(self, entries: Callable[[], Iterable[Document]]) -> None:
        self._entries = entries

    def __iter__(self) -> Iterator[Document]:
        return iter(self._entries())

    def pieces(self) -> Iterator[bytes]:
        """The list's JSON without its brackets, every entry behind a comma."""
        made: list[str] = []
        for entry in self:
            made.append(f",{compact(entry)}\n")
            if len(made) == _TOGETHER:
                yield "".join(made).encode()
                made.clear()
        yield "".join(made).encode()


class Written(Listed):
    """What units wrote on one indicator; the tally keeps it as lines of JSON."""

    def __init__(self, tally: Tally, code: str) -> None:
        super().__init__(lambda: map(json.loads, tally.texts[code]))
        self._tally, self._code = tally, code

    def pieces(self) -> Iterator[bytes]:
        kept = self._tally.texts[self._code].pieces()
        return (b"," + piece[:-1].replace(b"\n", b"\n,") + b"\n" for piece in kept)


def pieces(part: Any) -> Iterator[bytes]:
    """The document's compact JSON, piece by piece: names sorted, long lists an entry a line."""
    if isinstance(part, Listed):
        yield b"["
        begun = False
        for piece in part.pieces():
            yield piece if begun else piece[1:]
            begun = begun or bool(piece)
        yield b"]"
    elif isinstance(part, dict):
        for place, name in enumerate(sorted(part)):
            yield f"{',' if place else '{'}{compact(name)}:".encode()
            yield from pieces(part[name])
        yield b"}" if part else b"{}"
    elif isinstance(part, list):
        for place, one in enumerate(part):
            yield b"," if place else b"["
            yield from pieces(one)
        yield b"]" if part else b"[]"
    else:
        yield compact(part).encode()


def document(
    tally: Tally,
    programme: str,
    period: Period,
    as_of: datetime,
    entered: Entered = Entered(),  # noqa: B008 - frozen
    *,
    locks: datetime | None = None,
) -> Document:
    """The whole summary, units in official order. Lists that grow with them are `Listed`.

    After `locks` no report is awaited; without it, after the period's own.
    """
    is_locked = as_of > (locks or period.locks)
    states = Counter(tally.states)

    def named(wanted: Callable[[State], bool]) -> Listed:
        both = partial(zip, tally.units, tally.states, strict=True)
        return Listed(lambda: (_named(unit, period) for unit, state in both() if wanted(state)))

    lines = partial(_lines, tally, entered, is_locked)
    return {
        "shape": SHAPE,
        "programme": programme,
        "period": period.key,
        "label": period.label,
        "as_of": as_of.isoformat(),
        "due": period.due.isoformat(),
        "locked": is_locked,
        **_completeness(states),
        "nil": sum(number for state, number in states.items() if _is_received(state) and state[2]),
        "missing_units": named(lambda state: state is None),
        "late_units": named(lambda state: _is_received(state) and state[1]),
        "returned_units": named(lambda state: state is not None and state[0] == "returned"),
        "blocs": _by_bloc(tally),
        "forms": {str(version): tally.forms[version] for version in sorted(tally.forms)},
        "entered": entered.revision,
        "indicators": [line for s in tally.sections if s.code != "narratives" for line in lines(s)],
        "narratives": [line for s in tally.sections if s.code == "narratives" for line in lines(s)],
    }


def _by_bloc(tally: Tally) -> dict[str, Document]:
    counted = Counter(zip(tally.blocs, tally.states, strict=True))
    return {
        bloc: _completeness({s: n for (its, s), n in counted.items() if its == bloc})
        for bloc in sorted(set(tally.blocs))
    }


def _is_received(state: State) -> TypeGuard[tuple[str, bool, bool]]:
    return state is not None and state[0] != "returned"


def _named(unit: Unit, period: Period) -> Document:
    return {
        "code": unit.code,
        "name": unit.name,
        "bloc": unit.bloc,
        "phone": unit.phone,
        "due": period.due.isoformat(),
    }


def _completeness(states: Mapping[State, int]) -> Document:
    """Of how many units stand in which state."""
    expected = sum(states.values())
    received = sum(number for state, number in states.items() if _is_received(state))
    late = sum(number for state, number in states.items() if _is_received(state) and state[1])
    missing = states.get(None, 0)
    return {
        "expected": expected,
        "received": received,
        "on_time": received - late,
        "late": late,
        "returned": expected - received - missing,
        "missing": missing,
    }


def _defined(indicator: Indicator, section: Section) -> Document:
    """What the form says of it, before anybody has answered."""
    return {
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
    }


def _lines(tally: Tally, entered: Entered, is_locked: bool, section: Section) -> Iterator[Document]:
    for indicator in section.indicators:
        line = tally.lines[indicator.code]
        entry = {
            **_defined(indicator, section),
            **line.whole.as_json(indicator, is_locked=is_locked),
            "blocs": {
                bloc: part.as_json(indicator, is_locked=is_locked)
                for bloc, part in line.blocs.items()
            },
            "forms": tally.askers(indicator.code),
        }
        if indicator.entered_by == "department":
            entry |= department.as_json(indicator, entered)
        elif indicator.is_text:
            entry["value"] = Written(tally, line.indicator.code)
        if indicator.kind == "yesno":
            entry["answered_no"] = _units(tally, line.answered_no)
        if indicator.entered_by == "unit" and not indicator.is_text:
            entry["not_applicable_units"] = _units(tally, line.not_applicable)
        yield entry


def _units(tally: Tally, places: Iterable[int]) -> Listed:
    """Those at these places, in official order."""
    units = tally.units
    return Listed(lambda: ({"unit": units[n].code, "name": units[n].name} for n in sorted(places)))


def totals(whole: Document) -> Document:
    """The summary without what grows with the units: small enough to keep as an item."""
    kept = {n: part for n, part in whole.items() if n != "narratives" and _is_short(part)}
    kept["indicators"] = [
        {n: part if _is_short(part) else None for n, part in line.items()}
        for line in whole["indicators"]
    ]
    return kept


def earlier_lines(kept: Mapping[str, Any]) -> dict[str, Document]:
    """Kept totals by code, of whatever shape: before 4, a yes was shared among all asked."""
    found = {line["code"]: dict(line) for line in kept["indicators"]}
    for line in found.values():
        is_old = kept.get("shape", 0) < 4 and line["entered_by"] == "unit"
        if is_old and line["kind"] == "yesno" and line["with_value"]:
            line["denominator"] = line["with_value"]
            line["value"] = str(number.percent(line["numerator"], line["with_value"]))
    return found


def _is_short(part: Any) -> bool:
    return not isinstance(part, Listed)


def changed_since(
    seen: Mapping[str, int], revisions: Iterable[tuple[str, int]], owing: Iterable[Unit]
) -> int:
    """How many of the owing units' reports are not what the summary was made of."""
    codes = {unit.code for unit in owing}
    return sum(unit in codes and seen.get(unit) != revision for unit, revision in revisions)
