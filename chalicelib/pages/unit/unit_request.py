"""The unit's requests: more time, or its report reopened; and what the department answered."""

from collections.abc import Mapping
from typing import Any

from chalicelib.edges.ports import Site
from chalicelib.messages.reports import moves as words
from chalicelib.pages.frame import render
from chalicelib.pages.frame.web import Problem, Request, Response, redirect
from chalicelib.pages.unit import keeping, owed_report
from chalicelib.pages.unit.owed_report import OwedReport
from chalicelib.rules.reports import unit_request
from chalicelib.rules.reports.obligation import Asking
from chalicelib.rules.reports.unit_request import UnitRequest
from chalicelib.rules.review.act import UNIT, Act
from chalicelib.rules.texts.comment import Faults
from chalicelib.store import typed as store_typed
from chalicelib.store import unit_requests
from chalicelib.store.access import Ended

_BOXES = ("kind", "reason", "wanted")


def form(site: Site, request: Request) -> Response:
    """With ?check=1 what was typed and not taken, and what is wrong with it."""
    owed = owed_report.load(site, request)
    kind = _kind(owed, request)
    check = request.query.get("check")
    typed = store_typed.of(site.table, _here(owed), request.who) if check else {}
    if not typed:
        return _page(site, request, owed, kind)
    if kind is None or typed.get("kind", kind) != kind:
        return _page(site, request, owed, kind, status=409, typed=typed)
    after = owed.obligation.due
    _, faults = unit_request.read(kind, owed.unit.code, typed, request.now, after)
    status = 422 if faults else 200
    return _page(site, request, owed, kind, status=status, faults=faults, typed=typed)


def _here(owed: OwedReport) -> store_typed.Page:
    return store_typed.of_request(owed.programme.key, owed.period.key, owed.unit.code)


def _kind(owed: OwedReport, request: Request) -> Asking | None:
    return owed.obligation.may_ask(request.now)


def _page(
    site: Site,
    request: Request,
    owed: OwedReport,
    kind: Asking | None,
    *,
    status: int = 200,
    faults: Faults | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    p, key, code = owed.programme.key, owed.period.key, owed.unit.code
    found = unit_requests.of_unit(site.table, p, key, code)
    waiting = next((one for one in found if one.kind == kind and one.state == "open"), None)
    given: dict[str, Any] = {"reason": "", "wanted": ""}
    if waiting:
        wanted = waiting.wanted.isoformat() if waiting.wanted else ""
        given = {"reason": waiting.reason, "wanted": wanted}
    given |= typed or {}
    return render.page(
        site,
        request,
        "unit/unit_request.html",
        status=status,
        styles=("base", "form"),
        owed=owed,
        kind=kind,
        unit_requests=found,
        waiting=waiting,
        given=given,
        faults={box: words.fault(box, wrong) for box, wrong in (faults or {}).items()},
        due=owed.obligation.due,
        now=request.now,
        words=words,
    )


def ask(site: Site, request: Request) -> Response:
    owed = owed_report.load(site, request)
    kind = _kind(owed, request)
    if kind is None or request.form.get("kind", kind) != kind:
        return _not_taken(site, request, owed)
    after = owed.obligation.due
    made, faults = unit_request.read(kind, owed.unit.code, request.form, request.now, after)
    if faults:
        return _not_taken(site, request, owed)
    _keep(site, request, owed, made)
    store_typed.empty(site.table, _here(owed), request.who, request.now)
    return redirect(site, "report", owed.period.key, "ask")


def _not_taken(site: Site, request: Request, owed: OwedReport) -> Response:
    """What was typed is kept, and read again behind the redirect. Raises Problem."""
    typed = {name: request.form[name] for name in _BOXES if name in request.form}
    keeping.aside(site, request, _here(owed), typed)
    return redirect(site, "report", owed.period.key, "ask", check="1")


def _keep(site: Site, request: Request, owed: OwedReport, made: UnitRequest) -> None:
    """Once, however often it is sent. Raises Problem where the session has ended meanwhile."""
    p, key, unit = owed.programme.key, owed.period.key, owed.unit.code
    wanted = made.wanted.isoformat() if made.wanted else ""
    detail = {"reason": made.reason, "wanted": wanted}
    act = Act(request.now, UNIT, f"ask_{made.kind}", p, key, unit, detail)

    try:
        unit_requests.ask(site.table, request.who, act, made)
    except Ended:
        raise Problem(401, "signed_out") from None
