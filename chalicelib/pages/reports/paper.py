"""A paper report that an officer enters on a unit's behalf, dated the day it arrived."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from chalicelib.edges.ports import Site
from chalicelib.messages.frame import problems
from chalicelib.messages.reports import moves as words
from chalicelib.messages.unit import report as report_words
from chalicelib.pages.frame import render
from chalicelib.pages.frame.web import Request, Response, redirect, whole_number
from chalicelib.pages.reports import one_report
from chalicelib.pages.unit import owed_report, queries
from chalicelib.pages.unit.fields import differences, faults, sections
from chalicelib.pages.unit.owed_report import OwedReport
from chalicelib.pages.unit.queries import Query
from chalicelib.rules.forms import value
from chalicelib.rules.forms.form import Indicator
from chalicelib.rules.programmes import days
from chalicelib.rules.programmes.period import start_of
from chalicelib.rules.reports import report, sender
from chalicelib.rules.reports.report import Fault, Head, Reading, Sender
from chalicelib.rules.reports.states import Refused
from chalicelib.rules.review.act import Act
from chalicelib.rules.texts.clock import today
from chalicelib.store import reports
from chalicelib.store.reports import Clash, Sending

_STYLES = ("base", "form", "desk", "paper")
# What this form holds besides the report and what every form of a unit holds.
_OWN_FIELDS = {"arrived", "fill", "odd"}


def form(site: Site, request: Request) -> Response:
    owed = one_report.owed_by(site, request)
    _check_may(owed)
    return _page(site, request, owed, _sent_before(site, owed))


def _check_may(owed: OwedReport) -> None:
    """Raises Refused where the unit has sent its report itself, or owes none."""
    if owed.terms.exempt:
        raise Refused("paper_exempt")
    if owed.head and owed.head.state in ("submitted", "accepted"):
        raise Refused("paper_from_submitted")


def _sent_before(site: Site, owed: OwedReport) -> Mapping[str, str]:
    """An answer to a return begins with what was returned."""
    sent = owed_report.newest(site, owed)
    return report.typed(owed.asked, report.parse(sent.content)) if sent else {}


def _page(
    site: Site,
    request: Request,
    owed: OwedReport,
    typed: Mapping[str, str],
    *,
    status: int = 200,
    found: tuple[Fault, ...] = (),
    empty: tuple[Fault, ...] = (),
    wrong: list[tuple[str, str]] | None = None,
    odd: Sequence[Query] = (),
    **context: Any,
) -> Response:
    last = owed_report.last_values(site, owed)
    return render.page(
        site,
        request,
        "reports/paper.html",
        status=status,
        styles=_STYLES,
        programme=owed.programme,
        period=owed.period,
        owed=owed,
        sections=sections(owed, typed, last, (*found, *empty)),
        faults=faults(owed, found) + (wrong or []),
        odd={one.indicator.code: one for one in odd},
        odd_shown=" ".join(map(_named, odd)),
        typed=typed,
        given=request.form,
        nil=typed.get("nil") == "1",
        **({"refused": "", "newest": None, "other": ()} | context),
    )


def enter(site: Site, request: Request) -> Response:
    owed = one_report.owed_by(site, request)
    typed = owed_report.typed_from(owed, request.form)
    read = owed_report.read(owed, _filled(owed, typed, request))
    if owed.head and owed.head.state == "submitted" and owed.head.hash == read.content.hash():
        return _kept(site, owed)  # a double tap, a lost reply, Back: it stands already
    before = owed.head if whole_number(request.form.get("base", "")) else None
    arrived, wrong = _arrival(owed, request, before)
    empty = _empties(owed, read)
    wrong += _form_faults(owed, request.form, empty, again=before is not None)
    odd = queries.of(site, owed, read.content, owed_report.last_values(site, owed))
    unseen = set(map(_named, odd)) - set(request.form.get("odd", "").split())
    found = read.faults
    if found or wrong or unseen or arrived is None:
        shown = {"status": 422, "found": found, "empty": empty, "wrong": wrong, "odd": odd}
        return _page(site, request, owed, typed, **shown)  # type: ignore[arg-type]
    sending = _sending(owed, request, read, odd, arrived)
    return _keep(site, request, owed, typed, sending, arrived)


def _filled(owed: OwedReport, typed: Mapping[str, str], request: Request) -> Mapping[str, str]:
    """ "Ô bỏ trống là không phát sinh": the paper left them empty, too."""
    if request.form.get("fill") != "1":
        return typed
    left = owed_report.read(owed, typed).empties
    nil = [one.code for one in owed.asked if one.code in left and one.occurs]
    return {**typed, **{f"{code}.state": "nil" for code in nil}}


def _named(one: Query) -> str:
    """The very value, so that another number in the same box is asked about anew."""
    return f"{one.indicator.code}={one.new}".replace(" ", "_")


def _empties(owed: OwedReport, read: Reading) -> tuple[Fault, ...]:
    by_code: Mapping[str, Indicator] = {one.code: one for one in owed.asked}
    found = (by_code[code] for code in read.empties)
    return tuple(Fault(value.fields(one)[0], one.code, "left_empty") for one in found)


def _arrival(
    owed: OwedReport, request: Request, before: Head | None
) -> tuple[datetime | None, list[tuple[str, str]]]:
    """The instant that a paper of this day is taken to have arrived: the day's first.

    Not before the period opened, nor before the sending that it follows.
    """
    floor = before.last_sent if before else owed.period.opens
    try:
        day = days.read(request.form.get("arrived", ""))
        _check_day(day, today(floor), request.now, again=before is not None)
    except days.Unfit as wrong:
        return None, [("arrived", words.fault("arrived", wrong.problem))]
    return max(floor, start_of(day)), []


def _check_day(day: date, earliest: date, now: datetime, *, again: bool) -> None:
    if day > today(now):
        raise days.Unfit("day_to_come")
    if day < earliest:
        raise days.Unfit("day_before_last" if again else "day_before_opening")


def _form_faults(
    owed: OwedReport, form: Mapping[str, str], empty: tuple[Fault, ...], *, again: bool
) -> list[tuple[str, str]]:
    """What this form asks beyond what a unit's asks: who prepared it, and that no box is empty."""
    found = _sender_faults(form, again=again)
    if empty:
        found.append((empty[0].field, words.LEFT_EMPTY.format(n=len(empty))))
    if owed_report.unknown(owed, form, _OWN_FIELDS):
        found.append(("form", report_words.FAULTS["unknown_field"]))
    return found


def _sender_faults(form: Mapping[str, str], *, again: bool) -> list[tuple[str, str]]:
    """The paper names who prepared it; post and telephone may be missing there."""
    found = sender.faults(form, ("by.name",), again=again)
    return [(one.field, _sentence(one)) for one in found]


def _sentence(found: Fault) -> str:
    unsigned = found.problem == "not_approved"
    return words.NOT_SIGNED if unsigned else report_words.sender_fault(found)


def _sending(
    owed: OwedReport, request: Request, read: Reading, odd: list[Query], arrived: datetime
) -> Sending:
    form = request.form
    base = whole_number(form.get("base", "")) if owed.head else 0
    where = owed.programme.key, owed.period.key, owed.unit.code
    detail = {"version": base + 1, "arrived": today(arrived).isoformat()}
    act = Act(request.now, request.who.email, "paper", *where, detail)
    return Sending(
        programme=owed.programme.key,
        period=owed.period,
        unit=owed.unit.code,
        content=read.content,
        base=base,
        form=owed.form,
        sender=Sender(
            form["by.name"], form.get("by.post", ""), form.get("by.phone", ""), approved=True
        ),
        reason=form.get("reason", ""),
        terms=owed.terms,
        actor=request.who.email,
        entered=request.now,
        act=act,
        queries=queries.answers(odd),
    )


def _keep(
    site: Site,
    request: Request,
    owed: OwedReport,
    typed: Mapping[str, str],
    sending: Sending,
    arrived: datetime,
) -> Response:
    try:
        reports.send_in(site.table, request.who, sending, request.now, arrived)
    except Refused as refused:
        why = words.PAPER_REFUSALS.get(refused.reason) or problems.REFUSALS[refused.reason]
        return _page(site, request, owed, typed, status=409, refused=why)
    except Clash as clash:
        theirs = report.typed(owed.asked, report.parse(clash.newest.content))
        other = differences(owed, typed, theirs)
        owed = one_report.owed_by(site, request)
        shown = {"status": 409, "newest": clash.newest, "other": other}
        return _page(site, request, owed, typed, **shown)  # type: ignore[arg-type]
    return _kept(site, owed)


def _kept(site: Site, owed: OwedReport) -> Response:
    where = owed.programme.key, owed.period.key, "reports", owed.unit.code
    return redirect(site, "desk", *where)
