"""Unit by period: what each unit of a programme did about each period of a year."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Literal, NamedTuple

from chalicelib.rules.programmes.period import Period
from chalicelib.rules.reports.exempt_or_extended import NO_TERMS, Terms
from chalicelib.rules.reports.obligation import Obligation
from chalicelib.rules.reports.report import Standing
from chalicelib.rules.reports.states import State
from chalicelib.rules.texts import text
from chalicelib.rules.units.unit import Unit, known_as, owing

Kind = (
    State
    | Literal["missing", "overdue", "locked", "before", "exempt", "ended", "not_yet", "not_owed"]
)

_SHUT: Mapping[str, Kind] = {"locked": "locked", "before": "before"}


class Column(NamedTuple):
    """One period with what stands in it, by unit."""

    period: Period
    heads: Mapping[str, Standing]
    terms: Mapping[str, Terms]


class Cell(NamedTuple):
    kind: Kind
    late: bool = False  # only where a report has come


class Line(NamedTuple):
    """One unit as it is known today, and a cell for each period."""

    unit: Unit
    cells: tuple[Cell, ...]
    former: tuple[str, ...]  # other names that these periods have
    ended: date | None  # its last day, where that is behind today


def year_of(period: Period) -> int:
    """The year that a period is filed under: its key's, or that of the last day of its data."""
    start = period.key[:4]
    return int(start) if start.isdigit() else period.end.year


def lines(
    versions: Iterable[Unit], columns: Sequence[Column], now: datetime, today: date
) -> list[Line]:
    """Every unit that owes in one of the periods or has sent something, in official order."""
    every = list(versions)
    by_code: dict[str, list[Unit]] = {}
    for unit in every:
        by_code.setdefault(unit.code, []).append(unit)
    owed = [{unit.code: unit for unit in owing(every, c.period.end)} for c in columns]
    codes = {code for column in owed for code in column}
    codes |= {code for column in columns for code in column.heads if code in by_code}
    made = []
    for code in codes:
        its = by_code[code]
        unit = known_as(its, today)
        cells = tuple(
            _cell(its, owes.get(code), column, now)
            for owes, column in zip(owed, columns, strict=True)
        )
        named = {owes[code].name for owes in owed if code in owes} - {unit.name}
        ended = unit.valid_to if unit.valid_to and unit.valid_to < today else None
        made.append(Line(unit, cells, tuple(sorted(named, key=text.alphabetical)), ended))
    return sorted(made, key=lambda one: (one.unit.order, text.alphabetical(one.unit.name)))


def _cell(versions: Sequence[Unit], owes: Unit | None, column: Column, now: datetime) -> Cell:
    code = versions[0].code
    head = column.heads.get(code)
    terms = column.terms.get(code, NO_TERMS)
    if owes is None:
        if head is not None:
            return Cell("not_owed")  # sent while it owed: the list of units has changed since
        begun = [unit for unit in versions if unit.valid_from <= column.period.end]
        return Cell("ended" if begun else "not_yet")
    if terms.exempt:
        return Cell("exempt")
    if head is None:
        owed = Obligation(column.period, terms)
        shut: Kind = "overdue" if owed.is_overdue(now) else "missing"
        return Cell(_SHUT.get(owed.stands(now), shut))
    return Cell(head.state, head.late)
