"""Who has reported, live: the grid of a period on a page and as a spreadsheet."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from urllib.parse import urlencode

from chalicelib.edges.ports import Site
from chalicelib.messages.frame import dates
from chalicelib.messages.own_words import filled
from chalicelib.messages.reports import progress as words
from chalicelib.messages.reports import states as state_words
from chalicelib.messages.reports import tables
from chalicelib.messages.unit.report import ANSWERS
from chalicelib.pages.frame import downloads, render
from chalicelib.pages.frame.address import period_of
from chalicelib.pages.frame.web import Request, Response
from chalicelib.rules.files import table_writer
from chalicelib.rules.files.table_writer import Cell, Sheet
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.programmes.programme import Department, Programme
from chalicelib.rules.progress import progress
from chalicelib.rules.progress.progress import Counts, Row, Timing, Wanted
from chalicelib.rules.reports.report import Head
from chalicelib.rules.texts.number import Percent
from chalicelib.rules.texts.text import slug
from chalicelib.rules.units.contact import mailbox, unit_phone
from chalicelib.rules.units.unit import owing
from chalicelib.store import contacts, exempt_or_extended, programmes, reports, unit_requests

STYLES = ("base", "desk", "progress")


def rows_of(site: Site, programme: Programme, period: Period) -> tuple[list[Row], list[Head]]:
    """Every unit of the period with its report as it stands, in official order; and the rest."""
    units = owing(programmes.units(site.table, programme), period.end)
    return progress.rows(
        units,
        reports.heads(site.table, programme.key, period.key),
        exempt_or_extended.terms(site.table, programme.key, period.key),
        dict(contacts.contacts(site.table, programme.key)),
        period,
    )


def show(site: Site, request: Request) -> Response:
    programme, period = period_of(site, request)
    rows, others = rows_of(site, programme, period)
    wanted, wrong = progress.wanted(request.query, programme.blocs)
    by_bloc = progress.by_bloc(rows)
    now = request.now
    shown = progress.chosen(rows, wanted, now)
    acts = request.who.role == "officer"
    return render.page(
        site,
        request,
        "reports/progress.html",
        status=422 if wrong else 200,
        styles=STYLES,
        programme=programme,
        period=period,
        entries=[_entry(row, now) for row in shown],
        everyone=len(rows),
        others=others,
        blocs=[
            (bloc, name, by_bloc[bloc]) for bloc, name in programme.blocs.items() if bloc in by_bloc
        ],
        whole=progress.total(by_bloc.values()),
        queries=progress.queries(rows),
        answers=ANSWERS,
        wanted=wanted,
        wrong=wrong,
        query=urlencode(wanted.query),
        acts=acts,
        ticked=acts and request.query.get("tick") == "all",
        seen=_seen(shown),
        open_requests=unit_requests.open_count(site.table, programme.key, period.key),
        mailbox=mailbox,
        words=words,
        now=now,
    )


def _seen(rows: Iterable[Row]) -> str:
    """The versions that can be taken in, in one field: a box for each would double the fields."""
    heads = (row.head for row in rows if row.head and row.head.state in ("submitted", "reopened"))
    return " ".join(f"{head.unit}:{head.version}" for head in heads)


def _entry(row: Row, now: datetime) -> tuple[Row, Timing, str, str]:
    """A row, where it stands in time, its phone as people read it and as it dials."""
    shown = unit_phone(row.contact, row.unit)
    return row, progress.timing(row, now), shown, shown.replace(" ", "")


def xlsx(site: Site, request: Request) -> Response:
    """303 to a link made now, to the rows that the page shows for the same query."""
    programme, period = period_of(site, request)
    rows, _ = rows_of(site, programme, period)
    wanted, _ = progress.wanted(request.query, programme.blocs)
    shown = progress.chosen(rows, wanted, request.now)
    title = [
        programme.name,
        tables.TITLE.format(period=period.label, moment=dates.moment(request.now)),
        _narrowed(programme, wanted, len(shown), len(rows)),
    ]
    sheets = [
        Sheet(tables.SHEETS[0], title, tables.HEADS, _cells(programme, shown, request.now), 3),
        Sheet(tables.SHEETS[1], title[:2], _count_heads(), _counts(programme, rows), 1),
    ]
    name = tables.FILE.format(programme=programme.key, period=slug(period.label))
    return sent_as(site, request, programme, sheets, name, period.key)


def sent_as(
    site: Site,
    request: Request,
    programme: Programme,
    sheets: Sequence[Sheet],
    save_as: str,
    under: str,
) -> Response:
    """The sheets as a file of their own content, and the way to it; the link ends soon."""
    told = [_in_its_words(sheet, programme.department) for sheet in sheets]
    return downloads.made(
        site,
        request,
        f"exports/{programme.key}/{under}",
        save_as,
        lambda file: table_writer.as_xlsx(file, sheets[0].title[1], request.now, told),
    )


def _in_its_words(sheet: Sheet, department: Department) -> Sheet:
    heads = [(filled(word, department), width) for word, width in sheet.heads]
    title = [filled(line, department) for line in sheet.title]
    return sheet._replace(name=filled(sheet.name, department), title=title, heads=heads)


def _narrowed(programme: Programme, wanted: Wanted, shown: int, everyone: int) -> str:
    given = {
        "bloc": programme.blocs[wanted.bloc] if wanted.bloc else "",
        "state": words.CHOICES[wanted.state] if wanted.state else "",
        "words": wanted.words,
    }
    said = [tables.NARROWED_BY[name].format(given=one) for name, one in given.items() if one]
    if not said:
        return tables.EVERYONE.format(count=everyone)
    return tables.NARROWED.format(shown=shown, count=everyone, by=", ".join(said))


def _cells(programme: Programme, rows: Iterable[Row], now: datetime) -> Iterator[list[Cell]]:
    for place, row in enumerate(rows, start=1):
        yield [place, *_unit_cells(programme, row, now)]


def _unit_cells(programme: Programme, row: Row, now: datetime) -> list[Cell]:
    head, unit, timing = row.head, row.unit, progress.timing(row, now)
    late = timing.name in ("late", "overdue") and timing.by is not None
    return [
        unit.code,
        unit.name,
        programme.blocs[unit.bloc],
        words.EXEMPT if row.exempt else state_words.STATES[row.owed.stands(now)],
        words.told(timing),
        timing.by // words.HOUR if late and timing.by else None,
        row.owed.own_due,
        head.first_sent if head else None,
        head.last_sent if head else None,
        head.version if head else None,
        head.return_due if head else None,
        row.exempt,
        row.contact.preparer,
        unit_phone(row.contact, unit),
        mailbox(row.contact, unit),
    ]


def _count_heads() -> list[tuple[str, int]]:
    named = (*words.COUNTS.values(), *tables.RATES)
    return [tables.BLOC_HEAD, *((word, 12) for word in named)]


def _counts(programme: Programme, rows: Iterable[Row]) -> list[list[Cell]]:
    parts: Mapping[str, Counts] = progress.by_bloc(rows)
    named = [(name, parts[bloc]) for bloc, name in programme.blocs.items() if bloc in parts]
    named.append((tables.ALL, progress.total(parts.values())))
    return [[name, *_count_cells(counts)] for name, counts in named]


def _count_cells(counts: Counts) -> list[Cell]:
    rates = (counts.completeness, counts.timeliness)
    shares = [None if rate is None else Percent(rate) for rate in rates]
    return [*counts[:6], *shares, counts.exempt]
