"""Working days off on the desk: changed for a year, with what that does to deadlines to come."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from chalicelib.edges.ports import Site
from chalicelib.edges.table import Conflict
from chalicelib.messages.programmes.programme import PERIOD_FAULTS
from chalicelib.pages.frame import render
from chalicelib.pages.frame.address import programme_of
from chalicelib.pages.frame.web import Problem, Request, Response, redirect, whole_number
from chalicelib.rules.programmes.period_change import read_day
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.programmes.regime import Moved, moved_by_holidays
from chalicelib.rules.review.act import Act
from chalicelib.rules.texts.clock import iso
from chalicelib.store import authoring, programmes

_STYLES = ("base", "desk", "programme")
_MOST = 60  # of one year


def holidays(site: Site, request: Request) -> Response:
    """The list by year; with a year and its days, what they would change."""
    programme = programme_of(site, request)
    given = request.query
    if "year" not in given:
        return _page(site, request, programme)
    year = whole_number(given["year"])
    if year not in _years(programme):
        return _page(site, request, programme, status=422, fault="bad_year")
    if "days" not in given:
        return _page(site, request, programme, year=year)
    return _preview(site, request, programme, year, given["days"])


def _years(programme: Programme) -> list[int]:
    """A year's last deadlines may fall into the next one."""
    own = range(programme.valid_from.year, programme.valid_to.year + 2)
    return sorted({*own, *programme.holidays})


def _page(
    site: Site,
    request: Request,
    programme: Programme,
    *,
    status: int = 200,
    fault: str = "",
    given: str = "",
    **context: Any,
) -> Response:
    nothing: dict[str, Any] = {"year": 0, "typed": None, "moved": None, "new_days": ()}
    return render.page(
        site,
        request,
        "programmes/holidays.html",
        status=status,
        styles=_STYLES,
        programme=programme,
        revision=programme.revision,
        years=_years(programme),
        fault=PERIOD_FAULTS[fault].format(given=given) if fault else "",
        done=whole_number(request.query.get("done", "")),
        **(nothing | context),
    )


def _preview(site: Site, request: Request, programme: Programme, year: int, typed: str) -> Response:
    days, wrong = _read(typed, year)
    if wrong or len(days) > _MOST:
        more: dict[str, Any] = {"year": year, "typed": typed, "given": "; ".join(wrong[:5])[:200]}
        fault = "bad_holiday" if wrong else "too_many_days"
        return _page(site, request, programme, status=422, fault=fault, **more)
    return _page(
        site,
        request,
        programme,
        year=year,
        typed=typed,
        new_days=days,
        moved=_moved(site, request, programme, _with(programme, year, days)),
    )


def _read(typed: str, year: int) -> tuple[list[date], list[str]]:
    """The days in order, and the lines that are none of this year."""
    lines = [line.strip() for line in typed.replace(",", "\n").splitlines() if line.strip()]
    read = {line: read_day(line) for line in lines}
    wrong = [line for line, day in read.items() if day is None or day.year != year]
    return sorted({day for day in read.values() if day}), wrong


def _with(programme: Programme, year: int, days: list[date]) -> Programme:
    all_days: Mapping[int, tuple[date, ...]] = {**programme.holidays, year: tuple(days)}
    return programme.model_copy(update={"holidays": dict(sorted(all_days.items()))})


def _moved(site: Site, request: Request, old: Programme, new: Programme) -> list[Moved]:
    kept = programmes.periods(site.table, old.key)
    return moved_by_holidays(old, new, kept, request.now)


def keep(site: Site, request: Request) -> Response:
    """The days as previewed, and of the deadlines that they move those that were ticked."""
    programme = programme_of(site, request)
    form = request.form
    year, typed = whole_number(form.get("year", "")), form.get("days", "")
    days, wrong = _read(typed, year)
    if year not in _years(programme) or wrong or len(days) > _MOST:
        raise Problem(400, "unreadable_form")  # the preview has read them before
    new = _with(programme, year, days)
    moved = _moved(site, request, programme, new)
    if not _as_seen(form, programme, moved):
        return _overtaken(site, request, year, typed)
    ticked = {name.removeprefix("period.") for name in form if name.startswith("period.")}
    chosen = [one for one in moved if one.before.key in ticked]
    detail = _detail(year, programme.holidays.get(year, ()), days, chosen)
    act = Act(request.now, request.who.email, "change_holidays", programme.key, detail=detail)
    try:
        authoring.keep_settings(site.table, act, new, [one.after for one in chosen])
    except Conflict:
        return _overtaken(site, request, year, typed)
    return redirect(site, "desk", programme.key, "periods", "holidays", done=str(year))


def _as_seen(form: Mapping[str, str], programme: Programme, moved: list[Moved]) -> bool:
    """Whether the preview that this comes from showed what would be moved now."""
    seen = {f"{m.before.key}:{m.before.revision}" for m in moved}
    as_seen = form.get("seen", "").split() == sorted(seen)
    return as_seen and whole_number(form.get("revision", "")) == programme.revision


def _detail(
    year: int, before: Collection[date], after: Collection[date], moved: list[Moved]
) -> dict[str, Any]:
    """For the record of acts."""
    return {
        "year": year,
        "added": [day.isoformat() for day in after if day not in before],
        "removed": [day.isoformat() for day in before if day not in after],
        "periods": {m.before.key: [iso(m.before.due), iso(m.after.due)] for m in moved},
    }


def _overtaken(site: Site, request: Request, year: int, typed: str) -> Response:
    programme = programme_of(site, request)
    more: dict[str, Any] = {"year": year, "typed": typed}
    return _page(site, request, programme, status=409, fault="changed_meanwhile", **more)
