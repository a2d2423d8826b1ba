"""One report's figures line by line, beside the last ones, with what is striking about each."""

from collections.abc import Mapping
from typing import NamedTuple

from chalicelib.edges.ports import Site
from chalicelib.pages.unit import owed_report, queries
from chalicelib.pages.unit.fields import shown
from chalicelib.pages.unit.owed_report import Last, OwedReport
from chalicelib.pages.unit.queries import Query
from chalicelib.rules.forms import value
from chalicelib.rules.forms.form import Indicator
from chalicelib.rules.reports import note
from chalicelib.rules.reports.note import Answer
from chalicelib.rules.reports.report import Content


class Line(NamedTuple):
    """One indicator: what was sent, what the last report said, what is striking."""

    label: str
    said: str
    measured_in: str
    last: str
    last_period: str
    query: Query | None  # where it is odd
    note: Answer
    unchanged: int  # in how many earlier reports it stood as it stands


class Marks(NamedTuple):
    """What is striking among the figures, by code."""

    odd: Mapping[str, Query]
    unchanged: Mapping[str, int]


class Part(NamedTuple):
    code: str
    label: str
    lines: list[Line]  # figures
    texts: list[tuple[str, str]]


def marks(site: Site, owed: OwedReport, content: Content, last: Mapping[str, Last]) -> Marks:
    odd = queries.of(site, owed, content, last)
    standing = owed_report.unchanged(site, owed, content.figures)
    return Marks({one.indicator.code: one for one in odd}, standing)


def parts(owed: OwedReport, content: Content, last: Mapping[str, Last], marks: Marks) -> list[Part]:
    found = []
    for section in owed.sections:
        lines = [
            _line(one, content, last.get(one.code), marks)
            for one in section.indicators
            if not one.is_text and one.code in content.figures
        ]
        texts = [
            (one.label, shown(one, content.texts[one.code]))
            for one in section.indicators
            if one.is_text and one.code in content.texts
        ]
        found.append(Part(section.code, section.label, lines, texts))
    return found


def _line(one: Indicator, content: Content, last: Last | None, marks: Marks) -> Line:
    figure = content.figures[one.code]
    is_value = figure is not value.NIL and figure is not value.NOT_APPLICABLE
    counted = is_value and one.kind in ("count", "amount", "rank")
    return Line(
        one.label,
        shown(one, figure),
        one.measured_in if counted else "",
        shown(one, last.figure) if last else "",
        last.period if last else "",
        marks.odd.get(one.code),
        note.answer(content.notes.get(one.code, "")),
        marks.unchanged.get(one.code, 0),
    )
