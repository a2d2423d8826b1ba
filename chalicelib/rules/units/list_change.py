"""What a newer list makes of the present one: what is new, renamed, moved, ended, as it was."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from chalicelib.rules.programmes.period import Period
from chalicelib.rules.units.successions import Lines
from chalicelib.rules.units.unit import Unit, in_force

Kind = Literal["new", "ended", "renamed", "moved", "changed"]
KINDS: tuple[Kind, ...] = ("new", "ended", "renamed", "moved", "changed")

# Columns of a list that may be left out of it: what they say then stays as it is.
_CARRIED_ON = ("parent", "order", "aliases", "email", "phone")
_OF_ITS_END = ("valid_to", "successors")
COMPARED = ("name", "bloc", *_CARRIED_ON, "valid_from", *_OF_ITS_END)


class Change(NamedTuple):
    """One dated version that is new or different; `before` is what it is compared with."""

    after: Unit
    before: Unit | None
    kinds: tuple[Kind, ...]

    @property
    def different(self) -> list[str]:
        """The fields that differ from before."""
        if self.before is None:
            return []
        return [n for n in COMPARED if getattr(self.before, n) != getattr(self.after, n)]


class Fault(NamedTuple):
    """`line` is 0 where the version stands in the present list and not in the file."""

    line: int
    column: str
    problem: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """The list as it would be: every version, and what differs from the present one."""

    units: tuple[Unit, ...]
    changes: tuple[Change, ...]
    unchanged: int
    faults: tuple[Fault, ...]

    def counts(self) -> Mapping[Kind, int]:
        return {kind: sum(kind in change.kinds for change in self.changes) for kind in KINDS}


def draft(
    present: Sequence[Unit],
    rows: Iterable[tuple[int, Unit]],
    columns: Collection[str],
) -> Draft:
    """The present list with these rows (line, version) taken in. What is not named stays."""
    known = {unit.code for unit in present}
    listed = {(unit.code, unit.valid_from): unit for unit in present}
    versions = _by_code(present)
    taken: list[tuple[int, Unit, Unit | None]] = []
    for line, row in sorted(rows, key=lambda one: (one[1].valid_from, one[0])):
        key = row.code, row.valid_from
        same = listed.get(key)
        before = same or _before(versions[row.code], row.valid_from)
        after = _carried_on(row, before, columns, is_same=same is not None)
        listed[key] = after
        versions[row.code].append(after)
        taken.append((line, after, before))
    whole = tuple(listed.values())
    last = {code: max(one.valid_from for one in its) for code, its in versions.items()}
    changes = [
        Change(after, before, _kinds(after, before, known, last=last[after.code]))
        for _, after, before in sorted(taken, key=lambda one: one[0])
        if after != before
    ]
    lines = {(after.code, after.valid_from): line for line, after, _ in taken}
    faults = [*_misfits(whole, lines), *_other_case(known, taken)]
    return Draft(whole, tuple(changes), len(taken) - len(changes), tuple(sorted(faults)))


def _misfits(whole: Sequence[Unit], lines: Mapping[tuple[str, date], int]) -> Iterator[Fault]:
    for unit, column, problem in Lines(whole).misfits():
        yield Fault(lines.get((unit.code, unit.valid_from), 0), column, problem, unit.code)


def _other_case(
    known: Collection[str], taken: Iterable[tuple[int, Unit, Unit | None]]
) -> Iterator[Fault]:
    """Codes are told apart by their case, and nobody means it so."""
    first = {code.lower(): code for code in known}
    for line, unit, _ in taken:
        if first.setdefault(unit.code.lower(), unit.code) != unit.code:
            yield Fault(line, "code", "code_in_other_case", unit.code)


def _by_code(units: Iterable[Unit]) -> dict[str, list[Unit]]:
    found: dict[str, list[Unit]] = defaultdict(list)
    for unit in sorted(units, key=lambda one: one.valid_from):
        found[unit.code].append(unit)
    return found


def _before(versions: Iterable[Unit], day: date) -> Unit | None:
    """The version that a new one takes the place of; of a unit that only begins later, none."""
    begun = (unit for unit in versions if unit.valid_from < day)
    return max(begun, key=lambda unit: unit.valid_from, default=None)


def _carried_on(row: Unit, before: Unit | None, columns: Collection[str], *, is_same: bool) -> Unit:
    if before is None:
        return row
    may_stay = (*_CARRIED_ON, *_OF_ITS_END) if is_same else _CARRIED_ON
    kept = {name: getattr(before, name) for name in may_stay if name not in columns}
    return row.model_copy(update=kept)


def _kinds(
    after: Unit, before: Unit | None, known: Collection[str], *, last: date
) -> tuple[Kind, ...]:
    """What a change is called; an end only where it is the unit's and not a version's."""
    if before is None:
        return ("changed",) if after.code in known else ("new",)
    kinds: list[Kind] = []
    if last == after.valid_from and after.valid_to and after.valid_to != before.valid_to:
        kinds.append("ended")
    if after.name != before.name:
        kinds.append("renamed")
    if (after.bloc, after.parent) != (before.bloc, before.parent):
        kinds.append("moved")
    return tuple(kinds) or ("changed",)


# ------------------------------------------------------------------ one unit, by hand


def altered(
    versions: Sequence[Unit], since: date, *, name: str, bloc: str, parent: str
) -> list[Unit]:
    """The versions to write so that a unit has this name, bloc and parent from a day on.

    The version of the day ends on the day before, so that older periods keep what they know.
    """
    held = in_force(versions, since).get(versions[0].code)
    if held is None:
        return []
    new = held.model_copy(update={"name": name, "bloc": bloc, "parent": parent})
    if new == held:
        return []
    if held.valid_from == since:
        return [new]
    eve = date.fromordinal(since.toordinal() - 1)
    closed = held.model_copy(update={"valid_to": eve, "successors": ()})
    return [closed, new.model_copy(update={"valid_from": since})]


def ended(versions: Sequence[Unit], last_day: date | None, successors: tuple[str, ...]) -> Unit:
    """The unit's last version, ended on this day; without a day its end is taken back."""
    newest = max(versions, key=lambda unit: unit.valid_from)
    return newest.model_copy(update={"valid_to": last_day, "successors": successors})


def replaced(present: Iterable[Unit], written: Iterable[Unit]) -> list[Unit]:
    """The list with these versions in it."""
    listed = {(unit.code, unit.valid_from): unit for unit in present}
    listed |= {(unit.code, unit.valid_from): unit for unit in written}
    return list(listed.values())


# ------------------------------------------------------------------ what it does to periods


class Touched(NamedTuple):
    """A period whose expected list a change alters, by how many units."""

    period: Period
    added: tuple[str, ...]
    dropped: tuple[str, ...]
    otherwise: tuple[str, ...]  # another name or bloc


def touched(
    present: Sequence[Unit], newer: Sequence[Unit], periods: Iterable[Period]
) -> Iterator[Touched]:
    """The periods of which other units owe a report, or owe it under another name or bloc."""
    for period in periods:
        before, after = in_force(present, period.end), in_force(newer, period.end)
        added = tuple(sorted(after.keys() - before.keys()))
        dropped = tuple(sorted(before.keys() - after.keys()))
        both = before.keys() & after.keys()
        otherwise = tuple(sorted(c for c in both if _known(before[c]) != _known(after[c])))
        if added or dropped or otherwise:
            yield Touched(period, added, dropped, otherwise)


def _known(unit: Unit) -> tuple[str, str]:
    return unit.name, unit.bloc
