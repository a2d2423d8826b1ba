"""An officer's moves: take a report in, or many; return it with comments; reopen it."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from chalicelib.edges.ports import Site
from chalicelib.edges.table import Busy
from chalicelib.messages.reports import moves as words
from chalicelib.pages.frame import address, render
from chalicelib.pages.frame.web import Problem, Request, Response, redirect, whole_number
from chalicelib.pages.reports import decision_notice, one_report
from chalicelib.pages.unit.owed_report import OwedReport
from chalicelib.rules.programmes import days
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.reports.states import Move, Refused
from chalicelib.rules.review import remarks
from chalicelib.rules.review.act import Act
from chalicelib.rules.review.notice import Notice
from chalicelib.rules.texts import comment
from chalicelib.rules.texts.clock import PATIENCE, iso
from chalicelib.rules.units.unit import Unit, owing
from chalicelib.store import acts, moves, programmes, reports, unit_requests

_NONE = -1  # no version has this number


def decide(site: Site, request: Request) -> Response:
    """One report, as the button says."""
    decided = _DECISIONS.get(request.form.get("do", ""))
    if decided is None:
        raise Problem(400, "unreadable_form")
    return decided(site, request, one_report.owed_by(site, request))


def _accept(site: Site, request: Request, owed: OwedReport) -> Response:
    return _moved(site, request, owed, _act(request, owed, "accept"))


def _return(site: Site, request: Request, owed: OwedReport) -> Response:
    codes = (section.code for section in owed.sections)
    said, faults = remarks.read(codes, request.form, request.now)
    if faults:
        return one_report.page(site, request, owed, status=422, faults=faults)
    act = _act(request, owed, "return", remarks.detail(said))
    return _moved(
        site, request, owed, act, decision_notice.about(site, _where(owed), act, said.due)
    )


def _reopen(site: Site, request: Request, owed: OwedReport) -> Response:
    reason = request.form.get("reason", "")
    faults = comment.unfit("reason", reason) if reason else {"reason": "no_reason_given"}
    until = None
    try:
        until = days.end_to_come(request.form.get("until", ""), request.now)
    except days.Unfit as wrong:
        faults["until"] = wrong.problem
    if faults or until is None:
        return one_report.page(site, request, owed, status=422, faults=faults)
    act = _act(request, owed, "reopen", {"reason": reason, "until": iso(until)})
    return _moved(site, request, owed, act, decision_notice.about(site, _where(owed), act, until))


_DECISIONS: Mapping[str, Callable[[Site, Request, OwedReport], Response]] = {
    "accept": _accept,
    "return": _return,
    "reopen": _reopen,
}


def _act(
    request: Request, owed: OwedReport, verb: Move, detail: Mapping[str, object] | None = None
) -> Act:
    return Act(
        at=request.now,
        who=request.who.email,
        verb=verb,
        programme=owed.programme.key,
        period=owed.period.key,
        unit=owed.unit.code,
        detail=detail or {},
    )


def _where(owed: OwedReport) -> decision_notice.Where:
    return owed.programme, owed.period, owed.unit


def _moved(
    site: Site, request: Request, owed: OwedReport, act: Act, notice: Notice | None = None
) -> Response:
    """Make the move that the act names, on the version that the officer has read.

    The unit is told of it by whoever made it: of a second tap nobody is.
    """
    seen, due = whole_number(request.form.get("version", "")), notice.until if notice else None
    verb: Move = act.verb  # type: ignore[assignment]
    try:
        moves.move(site.table, act, verb, seen=seen, return_due=due, notice=notice)
    except Refused as refused:
        before = newest(site, act)
        if before is None or not same(before, act, seen):
            why, fresh = words.refusal(refused.reason, before), one_report.owed_by(site, request)
            return one_report.page(site, request, fresh, status=409, refused=why)
    else:
        if notice:
            decision_notice.tell(site, request, _where(owed), notice)
    return _to_the_next(site, request, owed)


def _to_the_next(site: Site, request: Request, owed: OwedReport) -> Response:
    """On to the report that waits after this one, where the officer goes through them in a row."""
    unit = owed.unit.code
    if request.form.get("then") == "next":
        unit = _waiting(site, owed) or unit
    return redirect(site, "desk", owed.programme.key, owed.period.key, "reports", unit)


def newest(site: Site, act: Act) -> Act | None:
    """What was done last about the report of this act."""
    head = reports.head(site.table, act.programme, act.period, act.unit)
    if head is None or not head.event:
        return None
    return acts.event(site.table, act.programme, act.period, act.unit, head.event)


def same(before: Act, act: Act, seen: int) -> bool:
    """Whether this very move was made already: a double tap, a lost reply, Back."""
    if (before.who, before.verb) != (act.who, act.verb):
        return False
    detail = {**act.detail, "version": seen or before.detail["version"]}
    return dict(before.detail) == detail


def _waiting(site: Site, owed: OwedReport) -> str:
    """The next unit, in official order and then from the first on, whose report waits."""
    p, key = owed.programme.key, owed.period.key
    sent = {
        one.unit for one in reports.all_standing(site.table, p, key) if one.state == "submitted"
    }
    units = owing(programmes.units(site.table, p), owed.period.end)
    codes = [unit.code for unit in units]
    place = codes.index(owed.unit.code) + 1 if owed.unit.code in codes else 0
    return next((code for code in codes[place:] + codes[:place] if code in sent), "")


# ------------------------------------------------------------------ many


class Outcome(NamedTuple):
    """What became of one unit of many."""

    unit: Unit
    done: bool
    sentence: str


class Ticked(NamedTuple):
    """What became of the units that an officer ticked."""

    outcomes: list[Outcome]
    left: list[Unit]  # those that the time did not suffice for
    unknown: list[str]  # codes that owe no report here


def accept_many(site: Site, request: Request) -> Response:
    """ "Tiếp nhận" for every ticked unit. Each is done by itself: it may be tried again.

    Those that the time does not suffice for are told, with a button that goes on with them.
    """
    where = programme, period = address.period_of(site, request)
    units = owing(programmes.units(site.table, programme.key), period.end)
    ticked, known = _ticked(request.form), {unit.code for unit in units}
    outcomes, left = [], [unit for unit in units if unit.code in ticked]
    while left and site.clock() - request.now <= PATIENCE:
        outcomes.append(_taken_in(site, request, where, left.pop(0)))
    became = Ticked(outcomes, left, [code for code in ticked if code not in known])
    return _accepted(site, request, where, became)


def _ticked(form: Mapping[str, str]) -> list[str]:
    boxes = (name for name, said in form.items() if name.startswith("unit.") and said == "1")
    return [name.removeprefix("unit.") for name in boxes]


def _accepted(
    site: Site, request: Request, where: tuple[Programme, Period], became: Ticked
) -> Response:
    programme, period = where
    outcomes, left, unknown = became
    return render.page(
        site,
        request,
        "reports/accepted.html",
        status=200 if outcomes or left or unknown else 422,  # nobody was ticked
        styles=one_report.STYLES,
        programme=programme,
        period=period,
        outcomes=outcomes,
        left=left,
        seen=" ".join(f"{unit.code}:{_seen(request.form, unit.code)}" for unit in left),
        open_requests=unit_requests.open_count(site.table, programme.key, period.key),
        unknown=unknown,
        words=words,
    )


def _seen(form: Mapping[str, str], code: str) -> int:
    """The version that stood on the officer's page; 0 where the page did not say.

    One page names each in a box, the grid all in `seen`, as T01:2: what is not there had nothing
    that could be taken in, so that whatever stands now is newer.
    """
    if "seen" in form:
        named = dict(one.partition(":")[::2] for one in form["seen"].split())
        return whole_number(named.get(code, "")) or _NONE
    return whole_number(form.get(f"version.{code}", ""))


def _taken_in(site: Site, request: Request, where: tuple[Programme, Period], unit: Unit) -> Outcome:
    programme, period = where
    act = Act(request.now, request.who.email, "accept", programme.key, period.key, unit.code)
    seen = _seen(request.form, unit.code)
    try:
        moves.move(site.table, act, "accept", seen=seen)
    except Refused as refused:
        before = newest(site, act)
        if before is not None and same(before, act, seen):
            return Outcome(unit, True, words.told(before))
        return Outcome(unit, False, words.refusal(refused.reason, before))
    except Busy:
        return Outcome(unit, False, words.BUSY)
    return Outcome(unit, True, words.TAKEN_IN)
