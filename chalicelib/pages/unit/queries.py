"""Odd values of one report: what the unit is asked about them, and what it answered."""

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.edges.ports import Site
from chalicelib.pages.unit import owed_report
from chalicelib.pages.unit.fields import shown
from chalicelib.pages.unit.owed_report import Last, OwedReport
from chalicelib.rules.forms import value
from chalicelib.rules.forms.form import Indicator
from chalicelib.rules.forms.value import Figure
from chalicelib.rules.programmes import period as calendar
from chalicelib.rules.reports import note, odd_value
from chalicelib.rules.reports.note import Answer
from chalicelib.rules.reports.odd_value import MOST_ASKED, Odd
from chalicelib.rules.reports.report import Content


@dataclass(frozen=True, slots=True)
class Query:
    """One odd value beside what it is compared with, in words; `asked`: also of the unit."""

    indicator: Indicator
    field: str
    new: str
    last: str
    last_period: str  # empty for the period just before
    year_before: str  # empty where there is none, or it is the last one
    asked: bool
    answer: Answer


def of(site: Site, owed: OwedReport, content: Content, last: Mapping[str, Last]) -> list[Query]:
    """Every odd value, the gravest first. A report that is nil as a whole is asked about as one."""
    compared = {code: one.figure for code, one in last.items() if one.comparable}
    odd = odd_value.found(owed.asked, content.figures, compared, {})
    if not odd:  # nearly always: last year is not read then
        return []
    period = calendar.year_before(owed.periods, owed.period.key)
    year = (owed_report.figures_of(site, owed, period) if period else None) or {}
    key = period.key if period else ""
    odd = odd_value.found(owed.asked, content.figures, compared, year)
    most = 0 if content.nil else MOST_ASKED
    by_code = {one.code: one for one in owed.asked}
    return [
        _query(
            one,
            by_code[one.code],
            content,
            last[one.code],
            {} if last[one.code].key == key else year,
            place < most,
        )
        for place, one in enumerate(odd)
    ]


def _query(
    odd: Odd,
    indicator: Indicator,
    content: Content,
    last: Last,
    year: Mapping[str, Figure],
    asked: bool,
) -> Query:
    code = odd.code
    return Query(
        indicator=indicator,
        field=odd.field,
        new=shown(indicator, content.figures[code]),
        last=shown(indicator, last.figure),
        last_period=last.period,
        year_before=_shown(indicator, year.get(code, value.NOT_APPLICABLE)),
        asked=asked,
        answer=note.answer(content.notes.get(code, "")),
    )


def _shown(indicator: Indicator, figure: Figure) -> str:
    return "" if figure is value.NOT_APPLICABLE else shown(indicator, figure)


def names(one: Query) -> tuple[str, str]:
    """The fields that its answer is typed in."""
    return f"{one.indicator.code}.why", f"{one.indicator.code}.note"


def answers(found: list[Query]) -> dict[str, str]:
    """What was asked, each with the kind of its answer, or nothing: a head keeps it."""
    return {one.indicator.code: one.answer.kind for one in found if one.asked}
