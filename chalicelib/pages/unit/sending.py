"""The unit's side from the check page to the receipt: what was seen is what is sent, once."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.edges.ports import Site
from chalicelib.messages.frame import dates, problems
from chalicelib.messages.own_words import filled
from chalicelib.messages.unit import report as report_words
from chalicelib.pages.frame import render
from chalicelib.pages.frame.web import (
    Problem,
    Request,
    Response,
    as_json,
    redirect,
    wants_json,
    whole_number,
)
from chalicelib.pages.unit import changes, empties, keeping, owed_report, queries, reasons
from chalicelib.pages.unit.fields import faults, understood
from chalicelib.pages.unit.form import STYLES, closed, shown
from chalicelib.pages.unit.owed_report import Last, OwedReport
from chalicelib.rules.forms.form import Indicator
from chalicelib.rules.reports import report, sender
from chalicelib.rules.reports.draft import BESIDE
from chalicelib.rules.reports.report import Content, Fault, Reading, Sender, Version
from chalicelib.rules.reports.states import Refused
from chalicelib.rules.texts.clock import today
from chalicelib.store import reports
from chalicelib.store.access import Ended
from chalicelib.store.reports import Clash, Sending

# Why a send was not taken, where a later look can't tell any more.
_MEANWHILE = {
    "unknown_field": report_words.FAULTS["unknown_field"],
    "period_changed": problems.REFUSALS["period_changed"],
    "try_again": problems.REFUSALS["try_again"],
}


def check(site: Site, request: Request) -> Response:
    """With ?send=1 what stands in the way of a send that was tried, and what was typed for it."""
    owed = owed_report.load(site, request)
    tried, draft = bool(request.query.get("send")), owed.current
    if not owed.obligation.may_send(request.now) and not (tried and draft):
        return closed(site, owed, request.now)
    typed, _ = shown(site, owed)
    given = {name: typed[name] for name in BESIDE if name in typed}
    if not tried:
        given.pop("approved", "")  # said anew each time
        return _check_page(site, request, owed, typed, given)
    read = owed_report.read(owed, typed)
    found, why = _in_the_way(site, request, owed, given)
    found += reasons.lacking(owed, read.content, owed_report.last_values(site, owed))
    wrong = found or read.faults or read.empties or why == report_words.FAULTS["unknown_field"]
    status = 422 if wrong else 409 if why else 200
    return _check_page(site, request, owed, typed, given, status=status, found=found, refused=why)


def _in_the_way(
    site: Site, request: Request, owed: OwedReport, given: Mapping[str, str]
) -> tuple[tuple[Fault, ...], str]:
    """What a send of what is given would meet: faults by box, and a sentence."""
    found = sender.faults(given, again=owed.head is not None)
    if not owed.obligation.may_send(request.now):
        return found, problems.REFUSALS[owed.obligation.against_sending(request.now)]
    again = reports.may_send_from(site.table, owed.programme.key, owed.head, request.now)
    if again:
        moment = dates.moment(dates.whole_minute(again))
        return found, report_words.SENT_OFTEN.format(moment=moment)
    return found, _MEANWHILE.get(request.query.get("why", ""), "")


def _check_page(
    site: Site,
    request: Request,
    owed: OwedReport,
    typed: Mapping[str, str],
    given: Mapping[str, str],
    *,
    status: int = 200,
    found: tuple[Fault, ...] = (),
    refused: str = "",
) -> Response:
    read = owed_report.read(owed, typed)
    labels = {indicator.code: indicator for indicator in owed.asked}
    asked = _asked(site, owed, typed, read)
    by = {"by.name": request.who.name, "by.post": request.who.post}
    return render.page(
        site,
        request,
        "unit/check.html",
        status=status,
        styles=(*STYLES, "queries"),
        owed=owed,
        typed=typed,
        read=read,
        labels=labels,
        faults=faults(owed, read.faults),
        sender_faults={fault.field: _sentence(fault, labels) for fault in found},
        understood=understood(owed, read.content),
        changes=changes.since_sent(site, owed, read, typed),
        given={**by, **asked["reasons"], **given},
        refused=refused,
        overdue=request.now > owed.obligation.due,
        until=_until(owed, request.now),
        tried=bool(request.query.get("send")),
        parked=[one for one in owed.parked.values() if one.typed],
        page=secrets.token_hex(8),
        **asked,
    )


def _asked(site: Site, owed: OwedReport, typed: Mapping[str, str], read: Reading) -> dict[str, Any]:
    """What the page asks beside faults: of odd values, for reasons, for what is empty. All else
    that was typed is hidden in the form.
    """
    last = owed_report.last_values(site, owed)
    odd = [one for one in queries.of(site, owed, read.content, last) if one.asked]
    boxes = reasons.boxes(site, owed, read.content, last)
    shown_there = {name for one in odd for name in queries.names(one)} | set(BESIDE) | set(boxes)
    return {
        "queries": odd,
        "answers": report_words.ANSWERS,
        "reasons": boxes,
        "empties": empties.groups(site, owed, read.empties, last),
        "hidden": {name: text for name, text in typed.items() if name not in shown_there},
    }


def _sentence(found: Fault, by_code: Mapping[str, Indicator]) -> str:
    """Of a box for a reason, or of one for the sender."""
    if found.code:
        return report_words.fault(found, by_code[found.code])
    return report_words.sender_fault(found)


def _until(owed: OwedReport, now: datetime) -> str:
    """The last day that figures are still to come of; empty where none are."""
    here, end = today(now), owed.period.end
    return dates.near_day(end, here) if here <= end else ""


def send(site: Site, request: Request) -> Response:
    """Everything that is sent stands in the form itself: what was seen is what is kept."""
    owed = owed_report.load(site, request)
    typed = owed_report.typed_from(owed, request.form)
    read, why = owed_report.read(owed, typed), ""
    last = owed_report.last_values(site, owed)
    lacking = (*sender.faults(request.form), *reasons.lacking(owed, read.content, last))
    if owed_report.unknown(owed, request.form, typed):
        why = "unknown_field"
    elif not (read.faults or read.empties or lacking):
        try:
            kept = _sent(site, request, owed, read.content, last)
        except Ended:
            return _ended(site, request, owed, typed)
        except Refused as refused:
            why = refused.reason
        except Clash:
            owed = owed_report.load(site, request)
        else:
            return redirect(site, "report", owed.period.key, "receipt", str(kept.number))
    return _not_sent(site, request, owed, why)


def _not_sent(site: Site, request: Request, owed: OwedReport, why: str) -> Response:
    """What can't be sent becomes the draft, who sends it and why included, and the page behind
    the redirect reads that.
    """
    whole = keeping.with_the_sender(owed, request.form)
    unsent = keeping.keep(site, request, owed, whole, meant=True)
    if asking := keeping.question(site, owed, unsent):
        return asking
    more = {"why": why} if why in _MEANWHILE else {}
    return redirect(site, "report", owed.period.key, "check", send="1", **more)


def _sent(
    site: Site, request: Request, owed: OwedReport, content: Content, last: Mapping[str, Last]
) -> Version:
    """Raises Refused, Clash, Ended."""
    form = request.form
    sending = Sending(
        programme=owed.programme.key,
        period=owed.period,
        unit=owed.unit.code,
        content=content,
        base=whole_number(form.get("base", "")),
        form=owed.form,
        sender=Sender(form["by.name"], form["by.post"], form["by.phone"], True),
        reason=form.get("reason", ""),
        terms=owed.terms,
        queries=queries.answers(queries.of(site, owed, content, last)),
    )
    return reports.send_in(site.table, request.who, sending, request.now)


def _ended(site: Site, request: Request, owed: OwedReport, typed: Mapping[str, str]) -> Response:
    """Nobody may keep anything for this unit in a session that has ended: it stays on the page."""
    why = problems.REFUSALS["session_ended"]
    if wants_json(request):
        return as_json({"problem": filled(why, owed.programme.department)}, 409)
    return _check_page(site, request, owed, typed, request.form, status=409, refused=why)


def receipt(site: Site, request: Request) -> Response:
    owed = owed_report.load(site, request, to_read=True)
    version = _version(site, request, owed)
    from chalicelib.messages.reports import moves
    from chalicelib.pages.unit import department_said, parked

    kind, unit_request = department_said.about(site, owed, request.now)
    return render.page(
        site,
        request,
        "unit/receipt.html",
        styles=STYLES,
        owed=owed,
        version=version,
        understood=understood(owed, report.parse(version.content)),
        can_send=owed.obligation.may_send(request.now),
        unsent=parked.unsent(site, owed, request.now),
        said=department_said.comments(site, owed.programme.key, owed.head),
        section_labels={one.code: one.label for one in owed.sections},
        stands=owed.obligation.stands(request.now),
        kind=kind,
        unit_request=unit_request,
        words=moves,
    )


def _version(site: Site, request: Request, owed: OwedReport) -> Version:
    """By its number in the address. Raises Problem."""
    number = whole_number(request.params["version"])
    p, key, code = owed.programme.key, owed.period.key, owed.unit.code
    version = reports.version(site.table, p, key, code, number)
    if version is None:
        raise Problem(404, "no_receipt")
    return version
