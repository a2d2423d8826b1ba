"""Unit by period over a programme's years, one year at a time: a page and a spreadsheet."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from chalicelib.edges.ports import Site
from chalicelib.messages.frame import dates
from chalicelib.messages.reports import progress as words
from chalicelib.messages.reports import tables
from chalicelib.pages.frame import render
from chalicelib.pages.frame.address import programme_of
from chalicelib.pages.frame.web import Request, Response
from chalicelib.pages.reports.progress import STYLES, sent_as
from chalicelib.rules.files.table_writer import Cell, Sheet
from chalicelib.rules.programmes.period import Period, in_use
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.progress import progress, years
from chalicelib.rules.progress.years import Column, Line
from chalicelib.rules.texts import text
from chalicelib.rules.texts.clock import today
from chalicelib.store import exempt_or_extended, programmes, reports


class _Asked(NamedTuple):
    """What a query asks to see of a programme: one year, one bloc, some words."""

    programme: Programme
    choices: list[int]  # the years that have a period
    year: int
    periods: list[Period]  # of that year, begun
    wanted: progress.Wanted
    wrong: list[str]


def show(site: Site, request: Request) -> Response:
    asked = _asked(site, request)
    return render.page(
        site,
        request,
        "reports/years.html",
        status=422 if asked.wrong else 200,
        styles=STYLES,
        asked=asked,
        programme=asked.programme,
        lines=_lines(site, request, asked),
        words=words,
        now=request.now,
    )


def xlsx(site: Site, request: Request) -> Response:
    """303 to a link made now, to the lines that the page shows for the same query."""
    asked = _asked(site, request)
    title = [
        asked.programme.name,
        tables.YEARS_TITLE.format(year=asked.year, moment=dates.moment(request.now)),
        tables.YEARS_NOTE,
    ]
    periods = ((period.label, 18) for period in asked.periods)
    heads = [*tables.YEARS_HEADS, *periods, tables.FORMER_NAMES]
    cells = _cells(asked.programme, _lines(site, request, asked))
    sheet = Sheet(tables.YEARS_SHEET.format(year=asked.year), title, heads, cells, 2)
    save_as = tables.YEARS_FILE.format(programme=asked.programme.key, year=asked.year)
    return sent_as(site, request, asked.programme, [sheet], save_as, "years")


def _asked(site: Site, request: Request) -> _Asked:
    programme = programme_of(site, request)
    periods = programmes.periods(site.table, programme.key)
    choices = sorted({years.year_of(period) for period in periods})
    wanted, wrong = progress.wanted(request.query, programme.blocs)
    wrong = [name for name in wrong if name in ("q", "bloc")]
    now_used = in_use(periods, request.now)
    usual = years.year_of(now_used) if now_used else today(request.now).year
    given = request.query.get("year", str(usual))
    year = next((one for one in choices if str(one) == given), usual)
    if given != str(year):
        wrong.append("year")
    shown = [p for p in periods if years.year_of(p) == year and p.has_begun(request.now)]
    return _Asked(programme, choices, year, shown, wanted, wrong)


def _lines(site: Site, request: Request, asked: _Asked) -> list[Line]:
    p = asked.programme.key
    columns = [
        Column(
            period,
            {head.unit: head for head in reports.all_standing(site.table, p, period.key)},
            exempt_or_extended.terms(site.table, p, period.key),
        )
        for period in asked.periods
    ]
    versions = programmes.units(site.table, asked.programme)
    found = years.lines(versions, columns, request.now, today(request.now))
    sought = text.fold(asked.wanted.words).split()
    return [
        line
        for line in found
        if asked.wanted.bloc in ("", line.unit.bloc) and progress.matches(line.unit, sought)
    ]


def _cells(programme: Programme, lines: Iterable[Line]) -> Iterator[list[Cell]]:
    for line in lines:
        unit = line.unit
        named = (unit.code, unit.name, programme.blocs[unit.bloc])
        ended = dates.day(line.ended) if line.ended else None
        said = [words.cell(one.kind, late=one.late) for one in line.cells]
        yield [*named, ended, *said, "; ".join(line.former)]
