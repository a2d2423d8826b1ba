"""One report as the department reads it: figures beside the last ones, versions, events."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.edges.ports import Site
from chalicelib.messages.reports import decision_notice
from chalicelib.messages.reports import moves as words
from chalicelib.messages.unit import report as report_words
from chalicelib.pages.frame import render
from chalicelib.pages.frame.web import Problem, Request, Response, whole_number
from chalicelib.pages.reports import report_lines
from chalicelib.pages.unit import changes, owed_report
from chalicelib.pages.unit.changes import Change
from chalicelib.pages.unit.owed_report import OwedReport
from chalicelib.rules.programmes import days
from chalicelib.rules.reports import report
from chalicelib.rules.reports.report import Content, Version
from chalicelib.rules.review import remarks
from chalicelib.rules.review.act import Act
from chalicelib.rules.review.remarks import Remarks
from chalicelib.rules.units.contact import mailbox, unit_phone
from chalicelib.rules.units.unit import Unit, owing
from chalicelib.store import acts, contacts, notices, programmes, reports, unit_requests

STYLES = ("base", "desk", "one_report")


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened to the report, as a sentence with what was said then."""

    at: datetime
    sentence: str
    more: tuple[tuple[str, str], ...] = ()
    number: int = 0  # of the version, where it is one
    told: str = ""  # what became of the mail to the unit, where an act is told


def read(site: Site, request: Request) -> Response:
    return page(site, request, owed_by(site, request, to_read=True))


def owed_by(site: Site, request: Request, *, to_read: bool = False) -> OwedReport:
    """What the unit of the address owes. Raises Problem in the desk's words."""
    p, code = request.params["programme"], request.params["unit"]
    try:
        key = request.params["period"]
        return owed_report.of(site, p, code, key, request.now, to_read=to_read)
    except Problem as problem:
        name = "unit_not_owing" if problem.name == "not_owed" else problem.name
        raise Problem(problem.status, name) from None


def page(
    site: Site,
    request: Request,
    owed: OwedReport,
    *,
    status: int = 200,
    refused: str = "",
    faults: Mapping[str, str] | None = None,
) -> Response:
    """The whole page; after a move that failed also why, with what was typed."""
    return render.page(
        site,
        request,
        "reports/one_report.html",
        status=status,
        styles=STYLES,
        **_as_it_stands(site, request, owed),
        given=request.form,
        now=request.now,
        refused=refused,
        faults=_sentences(owed, faults or {}),
        answered=report_words.answer,
        words=words,
    )


def _as_it_stands(site: Site, request: Request, owed: OwedReport) -> dict[str, Any]:
    """All that the page tells of the report, whatever was tried with it."""
    p, key, code = owed.programme.key, owed.period.key, owed.unit.code
    units = owing(programmes.units(site.table, p), owed.period.end)
    before, after, place = _neighbours(units, code)
    contact = contacts.contact(site.table, p, code)
    return {
        "programme": owed.programme,
        "period": owed.period,
        "owed": owed,
        "unit": owed.unit,
        "contact": contact,
        "phone": unit_phone(contact, owed.unit),
        "mailbox": mailbox(contact, owed.unit),
        **_sent_and_done(site, request, owed),
        "unit_requests": unit_requests.of_unit(site.table, p, key, code),
        "before": before,
        "after": after,
        "place": place,
        "total": len(units),
        "open_requests": unit_requests.open_count(site.table, p, key),
        "allowed": moves(owed, request),
        "suggested": days.to_answer(request.now, owed.programme.days_off),
        "reopened_until": days.reopened_until(owed.period, request.now, owed.programme.days_off),
    }


def _sent_and_done(site: Site, request: Request, owed: OwedReport) -> dict[str, Any]:
    """Every version, and what was done about them; for the page."""
    p, key, code = owed.programme.key, owed.period.key, owed.unit.code
    versions = reports.versions(site.table, p, key, code)
    content = report.parse(versions[-1].content) if versions else Content()
    last = owed_report.last_values(site, owed) if versions else {}
    events = acts.events(site.table, p, key, code)
    told = {
        one.act: decision_notice.ended(one, request.now, site.mail_end)
        for one in notices.of_unit(site.table, p, key, code)
    }
    return {
        "sections": report_lines.parts(
            owed, content, last, report_lines.marks(site, owed, content, last)
        ),
        "version": versions[-1] if versions else None,
        "why_nil": content.notes.get(report.NIL_NOTE, ""),
        "versions": versions,
        "compared": _compared(owed, versions, request.query),
        "moments": _moments(owed, versions, events, told),
        "earlier": _last_return(events),
    }


def moves(owed: OwedReport, request: Request) -> frozenset[str]:
    """What this visitor may do with the report as it stands."""
    if request.who.role != "officer" or not owed.owes:
        return frozenset()
    state = owed.head.state if owed.head else "missing"
    exempt = {"paper", "return", "reopen"} if owed.terms.exempt else set()
    return frozenset(_MOVES[state]) - exempt


_MOVES: Mapping[str, tuple[str, ...]] = {
    "missing": ("paper",),
    "submitted": ("accept", "return"),
    "accepted": ("reopen",),
    "returned": ("paper",),
    "reopened": ("accept", "paper"),
}


def _sentences(owed: OwedReport, faults: Mapping[str, str]) -> dict[str, str]:
    labels = {f"comment.{section.code}": section.label for section in owed.sections}
    labels["until"] = words.REOPENED_UNTIL
    return {box: words.fault(box, problem, labels.get(box, "")) for box, problem in faults.items()}


def _neighbours(units: list[Unit], code: str) -> tuple[Unit | None, Unit | None, int]:
    """The units before and after this one in official order, and its place."""
    place = next((n for n, unit in enumerate(units) if unit.code == code), None)
    if place is None:
        return None, None, 0
    before = units[place - 1] if place else None
    after = units[place + 1] if place + 1 < len(units) else None
    return before, after, place + 1


# ------------------------------------------------------------------ the content


class Compared(NamedTuple):
    older: Version
    newer: Version
    rows: list[Change]


def _compared(
    owed: OwedReport, versions: list[Version], query: Mapping[str, str]
) -> Compared | None:
    """Two versions as the address names them; None where it names none."""
    if "from" not in query and "to" not in query:
        return None
    by_number = {version.number: version for version in versions}
    numbers = (whole_number(query.get(name, "")) for name in ("from", "to"))
    older, newer = (by_number.get(number) for number in numbers)
    if older is None or newer is None:
        raise Problem(404, "no_version")
    then, now = (report.parse(version.content) for version in (older, newer))
    return Compared(older, newer, changes.between(owed.asked, then, now))


# ------------------------------------------------------------------ what happened


def _last_return(events: list[Act]) -> tuple[int, Remarks] | None:
    """What was said when it was returned last, and of which version."""
    act = next((act for act in reversed(events) if act.verb == "return"), None)
    return (int(act.detail["version"]), remarks.of(act.detail)) if act else None


def _moments(
    owed: OwedReport,
    versions: list[Version],
    events: list[Act],
    told: Mapping[str, str],
) -> list[Moment]:
    """Sendings and acts together, the newest first; `told` is what became of the mails of acts."""
    labels = {section.code: section.label for section in owed.sections}
    found = [_sending(version) for version in versions]
    for act in events:
        if act.verb != "paper":  # the version itself says it
            said = words.said(act, labels)
            found.append(Moment(act.at, words.event(act), said, told=told.get(act.name, "")))
    return sorted(found, key=lambda moment: moment.at, reverse=True)


def _sending(version: Version) -> Moment:
    more = ((report_words.SENDER["reason"], version.reason),) if version.reason else ()
    return Moment(version.entered or version.sent, words.sending(version), more, version.number)
