"""The department's inbox of what units ask for: granted with a date, or refused with a reason."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.edges.ports import Site
from chalicelib.edges.table import Conflict
from chalicelib.messages.reports import decision_notice as told_words
from chalicelib.messages.reports import moves as words
from chalicelib.pages.frame import address, render
from chalicelib.pages.frame.web import Problem, Request, Response, redirect, whole_number
from chalicelib.pages.reports import decision_notice
from chalicelib.pages.reports.one_report import STYLES
from chalicelib.rules.programmes import days
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.reports import unit_request as rules
from chalicelib.rules.reports.obligation import Asking, Obligation
from chalicelib.rules.reports.states import Refused
from chalicelib.rules.reports.unit_request import State, UnitRequest
from chalicelib.rules.review.act import Act
from chalicelib.rules.review.notice import Notice
from chalicelib.rules.texts import comment
from chalicelib.rules.texts.clock import iso
from chalicelib.rules.units.unit import Unit, known_as, owing
from chalicelib.store import exempt_or_extended, notices, programmes, reports, unit_requests

_KINDS: Mapping[str, Asking] = {"extend": "extend", "reopen": "reopen"}
_STATES: Mapping[str, State] = {"grant": "granted", "refuse": "refused", "close": "closed"}


class Waiting(NamedTuple):
    """One open request with the report as it stands now."""

    unit_request: UnitRequest
    unit: Unit | None
    owed: Obligation
    now: datetime

    @property
    def against(self) -> str:
        """Why nothing can be granted: a key of messages.reports.moves.NO_LONGER_NEEDED."""
        return self.owed.against_granting(self.unit_request.kind, self.now)


class _Refused(Exception):
    """Not done, and why: a whole sentence."""


def inbox(site: Site, request: Request) -> Response:
    return _page(site, request, *address.period_of(site, request))


def _page(
    site: Site,
    request: Request,
    programme: Programme,
    period: Period,
    *,
    status: int = 200,
    refused: str = "",
    faults: Mapping[str, str] | None = None,
) -> Response:
    return render.page(
        site,
        request,
        "reports/unit_requests.html",
        status=status,
        styles=STYLES,
        programme=programme,
        period=period,
        **_all(site, programme, period, request),
        acts=request.who.role == "officer",
        given=request.form,
        refused=refused,
        faults=words.of_request(request.form.get("kind", ""), faults or {}),
        suggested=days.reopened_until(period, request.now, programme.days_off),
        words=words,
    )


def _all(site: Site, programme: Programme, period: Period, request: Request) -> dict[str, Any]:
    """What waits, the oldest first; what was answered, the newest first, and what was then told."""
    p, key, now = programme.key, period.key, request.now
    units = {unit.code: unit for unit in owing(programmes.units(site.table, p), period.end)}
    found = sorted(unit_requests.of_period(site.table, p, key), key=lambda one: one.asked)
    waiting = [
        Waiting(one, units.get(one.unit), _owed(site, p, period, one.unit), now)
        for one in found
        if one.state == "open"
    ]
    answered = [one for one in found if one.state != "open"]
    notes = {(one.unit, one.at): one for one in notices.of_period(site.table, p, key)}

    def told(one: UnitRequest) -> str:
        note = notes.get((one.unit, one.answered)) if one.answered else None
        return told_words.ended(note, now, site.mail_end) if note else ""

    just = request.query.get("answered")
    return {
        "units": units,
        "waiting": waiting,
        "open_requests": len(waiting),
        "answered": sorted(answered, key=lambda one: one.answered or one.asked, reverse=True),
        "just": next((one for one in answered if _named(one) == just), None),
        "told": told,
    }


def _owed(site: Site, p: str, period: Period, unit: str) -> Obligation:
    head = reports.head(site.table, p, period.key, unit)
    return Obligation(period, exempt_or_extended.of(site.table, p, period.key, unit), head)


# ------------------------------------------------------------------ answering


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the officer has decided about one request."""

    unit_request: UnitRequest
    state: State
    said: str
    act: Act
    where: decision_notice.Where


def answer(site: Site, request: Request) -> Response:
    programme, period = address.period_of(site, request)
    form, p = request.form, programme.key
    kind, state = _KINDS.get(form.get("kind", "")), _STATES.get(form.get("do", ""))
    unit_request = (
        unit_requests.one(site.table, p, period.key, form.get("unit", ""), kind) if kind else None
    )
    if unit_request is None or state is None:
        raise Problem(404, "no_request_of_unit")
    said = form.get("answer", "")
    faults = comment.unfit("answer", said)
    if state == "refused" and not said:
        faults["answer"] = "no_answer"
    if faults:
        return _page(site, request, programme, period, status=422, faults=faults)
    act = Act(
        request.now, request.who.email, f"{form['do']}_{kind}", p, period.key, unit_request.unit
    )
    told = None
    try:
        if not _answered_so(unit_request, state, request):
            where = programme, period, _unit(site, programme, period, unit_request.unit)
            told = _answer(site, request, _Answer(unit_request, state, said, act, where))
    except days.Unfit as wrong:
        if not _overtaken(site, act, unit_request):
            faults = {"until": wrong.problem}
            return _page(site, request, programme, period, status=422, faults=faults)
        return _not_done(
            site, request, (programme, period), unit_request, state, words.REQUEST_CHANGED
        )
    except (_Refused, Refused, Conflict) as refused:
        why = str(refused) if isinstance(refused, _Refused) else words.REQUEST_CHANGED
        return _not_done(site, request, (programme, period), unit_request, state, why)
    if told:
        decision_notice.tell(site, request, where, told)
    return _done(site, p, period.key, unit_request)


def _named(unit_request: UnitRequest) -> str:
    return f"{unit_request.unit}-{unit_request.kind}"


def _done(site: Site, p: str, k: str, unit_request: UnitRequest) -> Response:
    return redirect(site, "desk", p, k, "requests", answered=_named(unit_request))


def _unit(site: Site, programme: Programme, period: Period, code: str) -> Unit:
    return known_as(programmes.unit_versions(site.table, programme, code), period.end)


def _overtaken(site: Site, act: Act, unit_request: UnitRequest) -> bool:
    fresh = unit_requests.one(
        site.table, act.programme, act.period, unit_request.unit, unit_request.kind
    )
    return fresh is None or fresh.revision != unit_request.revision


def _not_done(
    site: Site,
    request: Request,
    where: tuple[Programme, Period],
    unit_request: UnitRequest,
    state: State,
    why: str,
) -> Response:
    """Why not; where another officer was faster, who said what. One's own second tap is done."""
    programme, period = where
    fresh = unit_requests.one(
        site.table, programme.key, period.key, unit_request.unit, unit_request.kind
    )
    if fresh is not None and fresh.state != "open":
        try:
            _answered_so(fresh, state, request)
            return _done(site, programme.key, period.key, fresh)
        except _Refused as refused:
            why = str(refused)
    return _page(site, request, programme, period, status=409, refused=why)


def _answered_so(unit_request: UnitRequest, state: State, request: Request) -> bool:
    """Whether this officer has said just this before: a double tap, Back. Raises _Refused."""
    if unit_request.state != "open":
        mine = (unit_request.officer, unit_request.state, unit_request.answer)
        if mine == (request.who.email, state, request.form.get("answer", "")):
            return True
        raise _Refused(words.answered_before(unit_request))
    if unit_request.revision != whole_number(request.form.get("revision", "")):
        raise _Refused(words.REQUEST_CHANGED)
    return False


def _answer(site: Site, request: Request, given: _Answer) -> Notice | None:
    """What the unit is to be told of it. Raises Conflict, Unfit, _Refused, Refused."""
    unit_request, act, until = given.unit_request, given.act, None
    _, period, _ = given.where
    owed = _owed(site, act.programme, period, act.unit)
    if given.state == "granted":
        if against := owed.against_granting(unit_request.kind, request.now):
            raise _Refused(words.NO_LONGER_NEEDED[against])
        after = owed.due if unit_request.kind == "extend" else None
        until = days.end_to_come(request.form.get("until", ""), request.now, after)
    detail = {"answer": given.said, "until": iso(until) if until else ""}
    made = rules.answered(unit_request, given.state, act.who, act.at, given.said, until)
    act, told = replace(act, detail=detail), None
    if given.state != "closed":  # nobody waits for an answer to what was closed
        due = until or (owed.due if unit_request.kind == "extend" else None)
        told = decision_notice.about(site, given.where, act, due)
    unit_requests.answer(site.table, act, made, owed, told)
    return told
