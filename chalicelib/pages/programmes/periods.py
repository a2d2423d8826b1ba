"""Reporting periods on the desk: opened, locked, moved, added."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from chalicelib.edges.ports import Site
from chalicelib.edges.table import Conflict
from chalicelib.messages.frame import dates
from chalicelib.messages.programmes.programme import DAYS, PERIOD_FAULTS, PERIOD_STATES
from chalicelib.pages.frame import render
from chalicelib.pages.frame.address import period_of, programme_of
from chalicelib.pages.frame.web import Request, Response, redirect, whole_number
from chalicelib.rules.programmes import period_change
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.programmes.period_change import Wrong, read_day
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.review.act import Act
from chalicelib.rules.texts.clock import iso
from chalicelib.store import acts, authoring, programmes

_STYLES = ("base", "desk", "programme")
_MOVED = ("opens", "due", "locks")
_AT_ONCE = {"open": "open_period", "lock": "lock_period"}  # the rest of the buttons move days


def periods(site: Site, request: Request) -> Response:
    programme = programme_of(site, request)
    found = programmes.periods(site.table, programme.key)
    return render.page(
        site,
        request,
        "programmes/periods.html",
        styles=_STYLES,
        programme=programme,
        periods=[(one, _state(one, request.now)) for one in found],
        states=PERIOD_STATES,
        now=request.now,
    )


def _state(period: Period, now: datetime) -> str:
    """A key of PERIOD_STATES."""
    if period.locks < now:
        return "locked"
    if not period.has_begun(now):
        return "soon"
    return "overdue" if period.due < now else "open"


def period(site: Site, request: Request) -> Response:
    programme, found = period_of(site, request)
    return _period_page(site, request, programme, found)


def _period_page(
    site: Site,
    request: Request,
    programme: Programme,
    period: Period,
    *,
    status: int = 200,
    faults: Mapping[str, str] | None = None,
    problem: str = "",
) -> Response:
    days = {name: dates.day(getattr(period, name)) for name in _MOVED}
    return render.page(
        site,
        request,
        "programmes/period.html",
        status=status,
        styles=_STYLES,
        programme=programme,
        period=period,
        state=_state(period, request.now),
        states=PERIOD_STATES,
        days=DAYS,
        typed=days | {n: t for n, t in request.form.items() if n in (*_MOVED, "reason", "do")},
        faults=faults or {},
        problem=problem,
        words=PERIOD_FAULTS,
        pushed=_pushed(request, period),
        done=request.query.get("done", ""),
        now=request.now,
    )


def _pushed(request: Request, period: Period) -> list[tuple[str, str, datetime]]:
    """Days that were asked for and became another: the box, what was typed, what it is now."""
    asked = {name: request.query.get(name, "") for name in ("due", "locks")}
    return [
        (DAYS[name], dates.day(day), getattr(period, name))
        for name, typed in asked.items()
        if (day := read_day(typed)) and dates.day(day) != dates.day(getattr(period, name))
    ]


def change(site: Site, request: Request) -> Response:
    """One act on one period; of two officers one wins and the other sees what is new."""
    programme, found = period_of(site, request)
    if whole_number(request.form.get("revision", "")) != found.revision:
        return _overtaken(site, request)
    try:
        verb, after = _changed(programme, found, request)
        _keep(site, request, verb, programme, found, after)
    except Wrong as wrong:
        fresh = period_of(site, request)
        return _period_page(site, request, *fresh, status=422, faults=wrong.faults)
    except Conflict:
        return _overtaken(site, request)
    return _done(site, request, found.key)


def _done(site: Site, request: Request, key: str) -> Response:
    """On to the period; where days were given, with those that were asked for."""
    p, form = request.params["programme"], request.form
    given = form.get("do") not in _AT_ONCE
    asked = {name: form[name] for name in ("due", "locks") if given}
    return redirect(site, "desk", p, "periods", key, done="1", **asked)


def _overtaken(site: Site, request: Request) -> Response:
    """The period as it is by now, unless it is this very act that made it so."""
    fresh = period_of(site, request)
    if _stands(site, request, *fresh):
        return _done(site, request, fresh[1].key)
    problem = PERIOD_FAULTS["changed_meanwhile"]
    return _period_page(site, request, *fresh, status=409, problem=problem)


def _stands(site: Site, request: Request, programme: Programme, period: Period) -> bool:
    """Whether this very act was the last one: a double tap, a lost reply."""
    do, reason = request.form.get("do", ""), request.form.get("reason", "")
    last = acts.newest(site.table, programme.key, request.now, lambda act: act.period == period.key)
    this = (request.who.email, _AT_ONCE.get(do, "move_period"), reason)
    if last is None or (last.who, last.verb, last.detail.get("reason", "")) != this:
        return False
    if do in _AT_ONCE:
        return True
    try:
        return _changed(programme, period, request)[1] == period
    except Wrong as wrong:
        return "nothing_changed" in wrong.faults.values()


def _changed(programme: Programme, period: Period, request: Request) -> tuple[str, Period]:
    """What the button that was pressed makes of the period, and what that is called."""
    now, reason = request.now, request.form.get("reason", "")
    match request.form.get("do"):
        case "open":
            return "open_period", period_change.opened(period, now)
        case "lock":
            return "lock_period", period_change.locked(period, now, reason)
        case _:
            days = programme.days_off
            return "move_period", period_change.with_days(
                period, request.form, reason, holidays=days, now=now
            )


def _keep(
    site: Site, request: Request, verb: str, programme: Programme, before: Period, after: Period
) -> None:
    detail: dict[str, Any] = {
        name: [iso(getattr(before, name)), iso(getattr(after, name))]
        for name in _MOVED
        if getattr(before, name) != getattr(after, name)
    }
    if reason := request.form.get("reason", ""):
        detail["reason"] = reason
    who = request.who.email
    act = Act(request.now, who, verb, programme.key, before.key, detail=detail)
    authoring.keep_period(site.table, act, after)


def new(site: Site, request: Request) -> Response:
    return _new_page(site, request, programme_of(site, request))


def _new_page(
    site: Site,
    request: Request,
    programme: Programme,
    *,
    status: int = 200,
    faults: Mapping[str, str] | None = None,
) -> Response:
    forms = programmes.forms(site.table, programme.key)
    return render.page(
        site,
        request,
        "programmes/period_new.html",
        status=status,
        styles=_STYLES,
        programme=programme,
        versions=[form.version for form in reversed(forms)],
        days=DAYS,
        typed=request.form,
        faults=faults or {},
        words=PERIOD_FAULTS,
    )


def add(site: Site, request: Request) -> Response:
    """A thematic or special period."""
    programme = programme_of(site, request)
    p = programme.key
    taken = {one.key for one in programmes.periods(site.table, p)}
    try:
        made = _as_typed(site, request, programme, taken)
        detail = {"label": made.label, "due": iso(made.due), "locks": iso(made.locks)}
        detail |= {"form": str(made.form)}
        act = Act(request.now, request.who.email, "add_period", p, made.key, detail=detail)
        authoring.keep_period(site.table, act, made)
    except Wrong as wrong:
        return _not_added(site, request, programme, 422, wrong.faults)
    except Conflict:
        return _not_added(site, request, programme, 409, {"slug": "slug_taken"})
    return _done(site, request, made.key)


def _not_added(
    site: Site, request: Request, programme: Programme, status: int, faults: Mapping[str, str]
) -> Response:
    """The form again, unless it is this very form that has added the period before."""
    if key := _added(site, request, programme):
        return _done(site, request, key)
    return _new_page(site, request, programme, status=status, faults=faults)


def _as_typed(site: Site, request: Request, programme: Programme, taken: Collection[str]) -> Period:
    """Raises Wrong."""
    versions = [one.version for one in programmes.forms(site.table, programme.key)]
    days_off, now = programme.days_off, request.now
    return period_change.new_period(request.form, taken, versions, holidays=days_off, now=now)


def _added(site: Site, request: Request, programme: Programme) -> str:
    """The key of the period that this very form has added: a double tap, a lost reply."""
    try:
        made = _as_typed(site, request, programme, ())
    except Wrong:
        return ""
    kept = programmes.periods(site.table, programme.key)
    if made not in [one.model_copy(update={"revision": made.revision}) for one in kept]:
        return ""
    last = acts.newest(site.table, programme.key, request.now, lambda act: act.period == made.key)
    mine = last is not None and (last.who, last.verb) == (request.who.email, "add_period")
    return made.key if mine else ""
