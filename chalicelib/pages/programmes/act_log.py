"""The log of acts for staff to read: filtered, by pages, as XLSX. Nothing here writes to it."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import IO, Any

from chalicelib.edges.ports import Site
from chalicelib.messages.own_words import filled
from chalicelib.messages.programmes import act_log as words
from chalicelib.messages.reports.acts import ACTS
from chalicelib.pages.frame import downloads, render, whose
from chalicelib.pages.frame.address import programme_of
from chalicelib.pages.frame.web import Request, Response, url
from chalicelib.rules.files import table_writer
from chalicelib.rules.files.table_writer import Sheet
from chalicelib.rules.programmes.programme import Department, Programme
from chalicelib.rules.review import act_log
from chalicelib.rules.review.act import Act
from chalicelib.rules.review.act_log import Wanted
from chalicelib.rules.texts.clock import today
from chalicelib.rules.texts.text import alphabetical
from chalicelib.rules.units.unit import Unit, known_as
from chalicelib.store import acts, programmes

_WIDTHS = (20, 34, 44, 14, 44, 80)  # of the columns, in letters
_SETTING_UP = timedelta(days=366)
_STAFF_LOG = timedelta(days=5 * 366)  # how far back its months are offered


def log(site: Site, request: Request) -> Response:
    return _page(site, request, programme_of(site, request))


def staff_log(site: Site, request: Request) -> Response:
    """Acts that belong to no programme: those about the accounts."""
    return _page(site, request, None)


def log_xlsx(site: Site, request: Request) -> Response:
    return _download(site, request, programme_of(site, request))


def staff_log_xlsx(site: Site, request: Request) -> Response:
    return _download(site, request, None)


def _months(programme: Programme | None, request: Request) -> list[str]:
    """A programme is set up before it begins: a year of that is offered too."""
    first = programme.valid_from - _SETTING_UP if programme else today(request.now - _STAFF_LOG)
    return act_log.months(first, request.now)


def _asked(programme: Programme | None, request: Request) -> tuple[str, Wanted]:
    """The month and the filter of the address; a month that can't be is this one."""
    months, month = _months(programme, request), request.query.get("month", "")
    wanted = {name: request.query.get(name, "") for name in ("who", "unit", "verb")}
    return month if month in months else months[0], Wanted(**wanted)


def _page(site: Site, request: Request, programme: Programme | None) -> Response:
    month, wanted = _asked(programme, request)
    everything = list(acts.of_month(site.table, programme.key if programme else "", month))
    found = [act for act in everything if wanted.takes(act)]
    shown, older = act_log.page(found, request.query.get("before", ""))
    names = _names(site, programme, request)
    return render.page(
        site,
        request,
        "programmes/act_log.html",
        styles=("base", "desk", "urging"),
        programme=programme,
        department=programme.department if programme else whose.department(site),
        **_ways_on(site, programme, month, wanted, older),
        months=_months(programme, request),
        **_filters(everything, wanted, names),
        month=month,
        wanted=wanted,
        names=names,
        shown=shown,
        total=len(found),
        words=words,
    )


def _ways_on(
    site: Site, programme: Programme | None, month: str, wanted: Wanted, older: str
) -> dict[str, Any]:
    """Where the page leads: to itself for another filter, to the workbook, to older acts."""
    here = ("desk", programme.key if programme else "staff")
    query = {"month": month, "who": wanted.who, "unit": wanted.unit, "verb": wanted.verb}
    return {
        "here": url(site, *here, "audit"),
        "xlsx": url(site, *here, "audit.xlsx", **query),
        "older": older and url(site, *here, "audit", before=older, **query),
    }


def _filters(
    everything: Collection[Act], wanted: Wanted, names: Mapping[str, str]
) -> dict[str, Any]:
    """What each box of the filter offers."""
    units = _choices((act.unit for act in everything), wanted.unit)
    verbs = _choices((act.verb for act in everything), wanted.verb)
    return {
        "people": _choices((act.who for act in everything), wanted.who),
        "units": sorted(units, key=lambda code: alphabetical(names.get(code, code))),
        "verbs": [(verb, ACTS.get(verb, verb)) for verb in verbs],
    }


def _choices(found: Iterable[str], wanted: str) -> list[str]:
    """What occurs in the month, and what is asked for whether it does or not."""
    return sorted({*found, wanted} - {""})


def _names(site: Site, programme: Programme | None, request: Request) -> dict[str, str]:
    """As the units are called today."""
    versions: dict[str, list[Unit]] = {}
    for unit in programmes.units(site.table, programme) if programme else ():
        versions.setdefault(unit.code, []).append(unit)
    day = today(request.now)
    return {code: known_as(found, day).name for code, found in versions.items()}


def _download(site: Site, request: Request, programme: Programme | None) -> Response:
    """303 to a link made now. The filtered month, the oldest first."""
    month, wanted = _asked(programme, request)
    p = programme.key if programme else ""
    found = (act for act in acts.of_month(site.table, p, month) if wanted.takes(act))
    names, department = (
        _names(site, programme, request),
        programme.department if programme else whose.department(site),
    )
    save_as = words.FILE.format(about=p or words.ACCOUNTS, month=month)
    return downloads.made(
        site,
        request,
        f"audit/{p or 'staff'}",
        save_as,
        lambda file: as_xlsx(file, found, names, department, request.now),
    )


def as_xlsx(
    file: IO[bytes],
    acts: Iterable[Act],
    names: Mapping[str, str],
    department: Department | None,
    now: datetime,
) -> None:
    """One row an act; no text of it is ever a formula, a link or a number."""
    rows = (
        (
            act.at,
            words.who(act),
            filled(words.what(act), department),
            act.period,
            names.get(act.unit, act.unit),
            filled(words.detail(act), department),
        )
        for act in acts
    )
    heads = tuple(zip(words.HEADS, _WIDTHS, strict=True))
    table_writer.as_xlsx(file, words.TITLE, now, [Sheet(words.TITLE, (), heads, rows)])
