"""A unit's own page: what it owes now, what it has sent, what it has begun to type."""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.edges.ports import Site
from chalicelib.messages.reports import moves
from chalicelib.pages.frame import render
from chalicelib.pages.frame.web import Problem, Request, Response
from chalicelib.pages.unit import department_said, parked
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.reports.exempt_or_extended import NO_TERMS
from chalicelib.rules.reports.obligation import Obligation
from chalicelib.rules.texts.clock import today
from chalicelib.rules.units.unit import Unit, known_as, owing
from chalicelib.store import drafts, exempt_or_extended, programmes, reports


def home(site: Site, request: Request) -> Response:
    """Open periods, the earliest due first; then past ones, the newest first.

    Among the past is what was sent although it turned out not to be owed: it can be read.
    """
    p, code = request.who.programme, request.who.unit
    programme = programmes.programme(site.table, p)
    versions = programmes.unit_versions(site.table, programme, code) if programme else []
    if programme is None or not versions:
        raise Problem(404, "unknown_link")
    begun = [one for one in programmes.periods(site.table, p) if one.has_begun(request.now)]
    every = (_owed(site, p, code, one, request.now, owing(versions, one.end)) for one in begun)
    its = {one.period.key: one for one in every if _is_told(one, request.now)}
    now = [one for one in its.values() if one.owes and one.is_open(request.now)]
    past = [one for one in its.values() if one not in now]
    silent = [one for one in its.values() if not one.head and (one in past or one.terms.exempt)]
    said, may_ask = department_said.on_home(site, p, its, code, request.now)
    saved = {one.period.key: _saved(site, p, code, one, request.now) for one in now}
    unsent = {
        one.period.key: parked.never_sent(site, p, one.period, code, request.now) for one in silent
    }
    return render.page(
        site,
        request,
        "unit/home.html",
        programme=programme,
        unit=known_as(versions, today(request.now)),
        open=sorted(now, key=lambda one: one.due),
        past=sorted(past, key=lambda one: one.period.due, reverse=True),
        said=said,
        section_labels={key: _labels(site, p, its[key]) for key in said},
        saved=saved,
        may_ask=may_ask,
        unsent=unsent,
        words=moves,
        now=request.now,
    )


def _is_told(one: Obligation, now: datetime) -> bool:
    """What it owes or has sent; nothing of a period that was over when the programme began."""
    return bool(one.head) or (one.owes and one.stands(now) != "before")


def _saved(site: Site, p: str, code: str, owed: Obligation, now: datetime) -> datetime | None:
    """When what is typed and not sent was saved, where it still can be sent."""
    if not owed.may_send(now):
        return None
    found = drafts.draft(site.table, p, owed.period.key, code)
    base = owed.head.version if owed.head else 0
    return found.saved if found and found.base == base and any(found.typed.values()) else None


def _labels(site: Site, p: str, owed: Obligation) -> dict[str, str]:
    """What the sections are called that a comment may be about."""
    version = owed.head.form if owed.head else owed.period.form
    return {one.code: one.label for one in programmes.form(site.table, p, version).sections}


def _owed(
    site: Site, p: str, code: str, period: Period, now: datetime, owes: Sequence[Unit]
) -> Obligation:
    """Nothing is waited for where nothing is owed, or was sent for a period that is over: the terms
    are not read.
    """
    head = reports.head(site.table, p, period.key, code)
    if not owes or (head is not None and now > period.locks):
        return Obligation(period, NO_TERMS, head, bool(owes))
    return Obligation(period, exempt_or_extended.of(site.table, p, period.key, code), head)
