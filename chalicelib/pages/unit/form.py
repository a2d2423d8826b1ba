"""The unit's side until it sends: form, drafts, definitions."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

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
    url,
    whole_number,
)
from chalicelib.pages.unit import keeping, owed_report
from chalicelib.pages.unit.fields import faults, sections
from chalicelib.pages.unit.owed_report import OwedReport
from chalicelib.rules.forms import value
from chalicelib.rules.reports.draft import Draft, Merged
from chalicelib.rules.reports.report import Fault
from chalicelib.store.drafts import Kept

if TYPE_CHECKING:  # only what was returned needs that module
    from chalicelib.rules.review.remarks import Remarks

STYLES = ("base", "form")


def form(site: Site, request: Request) -> Response:
    """With ?check=1 read by the rules: its faults on the form, or on to the check page."""
    owed = owed_report.load(site, request)
    if request.query.get("parked"):
        from chalicelib.pages.unit import parked

        return parked.show(site, request, owed)
    checked, draft = bool(request.query.get("check")), owed.current
    if not owed.obligation.may_send(request.now):
        kept = checked and draft is not None
        return _refused_form(site, request, owed) if kept else closed(site, owed, request.now)
    typed, stale = shown(site, owed)
    if not checked:
        return _form_page(site, request, owed, typed, stale=stale)
    found = faults_of(owed, typed, stray=bool(request.query.get("stray")))
    if not found:
        return redirect(site, "report", owed.period.key, "check")
    return _form_page(site, request, owed, typed, status=422, found=found)


def shown(site: Site, owed: OwedReport) -> tuple[Mapping[str, str], Draft | None]:
    """What the form is filled with; and a stale draft, where it holds what was not sent."""
    if owed.current:
        return owed.current.typed, None
    place = keeping.place(site, owed)
    stale = owed.draft if owed.draft and place.lacking(owed.draft.typed) else None
    return place.sent(), stale


def faults_of(
    owed: OwedReport, typed: Mapping[str, str], *, stray: bool = False
) -> tuple[Fault, ...]:
    found = owed_report.read(owed, typed).faults
    return found + ((Fault("form", "", "unknown_field"),) if stray else ())


def _refused_form(site: Site, request: Request, owed: OwedReport) -> Response:
    """Too late for what was typed: it is kept, and shown with the reason."""
    typed, _ = shown(site, owed)
    why = problems.REFUSALS[owed.obligation.against_sending(request.now)]
    return _form_page(site, request, owed, typed, status=409, refused=why)


def closed(site: Site, owed: OwedReport, now: datetime) -> Response:
    """Where a form would be that can't be filled in now: the receipt, or the reason."""
    if owed.head is None:
        raise Problem(409, "refused", owed.obligation.against_sending(now))
    return redirect(site, "report", owed.period.key, "receipt", str(owed.head.version))


def _form_page(
    site: Site,
    request: Request,
    owed: OwedReport,
    typed: Mapping[str, str],
    *,
    status: int = 200,
    found: tuple[Fault, ...] = (),
    **context: Any,
) -> Response:
    parts = sections(owed, typed, owed_report.last_values(site, owed), found)
    defaults = {"stale": None, "refused": ""}
    return render.page(
        site,
        request,
        "unit/form.html",
        status=status,
        styles=STYLES,
        owed=owed,
        sections=parts,
        faults=faults(owed, found),
        notes={name: text for name, text in typed.items() if name.endswith((".note", ".why"))},
        parked=[one for one in owed.parked.values() if one.typed],
        page=secrets.token_hex(8),
        nil=typed.get("nil") == "1",
        filled=sum(part.filled for part in parts),
        asked=sum(part.asked for part in parts),
        saved=dates.lately(owed.current.saved, request.now) if owed.current else "",
        overdue=request.now > owed.obligation.due,
        said=_comments(site, owed),
        **(defaults | context),
    )


def _comments(site: Site, owed: OwedReport) -> "Remarks | None":
    """What the department said with a return; a form without one does not look for it."""
    if owed.head is None or owed.head.state not in ("returned", "reopened"):
        return None
    from chalicelib.pages.unit import department_said

    return department_said.comments(site, owed.programme.key, owed.head)


def post_form(site: Site, request: Request) -> Response:
    """ "Lưu nháp" keeps anything; "Kiểm tra" keeps it too and then reads it."""
    owed = owed_report.load(site, request)
    if request.form.get("do") in ("take", "drop"):
        from chalicelib.pages.unit import parked

        return parked.decide(site, request, owed)
    kept = keeping.keep(site, request, owed, keeping.whole(owed, request.form))
    if asking := keeping.question(site, owed, kept):
        return asking
    if request.form.get("do") == "save" and owed.obligation.may_send(request.now):
        return redirect(site, "report", owed.period.key)
    stray = bool(owed_report.unknown(owed, request.form))
    typed = kept.draft.typed if kept.draft else {}
    if owed.obligation.may_send(request.now) and not faults_of(owed, typed, stray=stray):
        return redirect(site, "report", owed.period.key, "check")
    more = {"stray": "1"} if stray else {}
    return redirect(site, "report", owed.period.key, check="1", **more)


def autosave(site: Site, request: Request) -> Response:
    """The script's saving: the same rules, answered in JSON."""
    owed = owed_report.load(site, request)
    read = keeping.part if request.form.get("part") else keeping.whole
    typed = read(owed, request.form)
    kept = keeping.keep(site, request, owed, typed)
    if not owed.obligation.may_send(request.now):
        why = problems.REFUSALS[owed.obligation.against_sending(request.now)]
        beside = {"parked": kept.parked} if kept.parked else {}
        return as_json({"problem": filled(why, owed.programme.department), **beside}, 409)
    if kept.merged is None or kept.draft is None:
        return _not_merged(site, owed, kept)
    told = _merged(request.form, typed, kept.draft, kept.merged)
    if not kept.merged.asked:
        return as_json(told)
    return as_json(told | _asked(kept, kept.draft, kept.merged.asked), 409)


def _merged(
    form: Mapping[str, str], typed: Mapping[str, str], draft: Draft, merged: Merged
) -> dict[str, Any]:
    """What the draft holds now, and what of it the page must show: others' texts, read answers."""
    settled = {
        name: text
        for name, text in typed.items()
        if f"{name}.read" in form and name not in merged.asked
    }
    return {
        "draft": draft.revision,
        "saved": dates.moment(draft.saved),
        "place": whole_number(form.get("place", "")),
        "theirs": {**settled, **merged.theirs},
    }


def _asked(kept: Kept, draft: Draft, names: Iterable[str]) -> dict[str, Any]:
    """What two pages have both changed: as the other left it, and where this page's text is."""
    asked = {
        name: {
            "text": draft.typed.get(name, ""),
            "saved": dates.moment(draft.written(name).at),
        }
        for name in names
    }
    if kept.full:
        return {"asked": asked, "full": True, "problem": report_words.FULL}
    return {"asked": asked, "parked": kept.parked, "problem": report_words.CLASHED}


def _not_merged(site: Site, owed: OwedReport, kept: Kept) -> Response:
    """Sent from elsewhere meanwhile: what was typed stands beside the draft, if anything of it
    is not in what was sent.
    """
    if kept.full:
        return as_json({"problem": report_words.FULL, "full": True}, 409)
    query = {"parked": str(kept.parked)} if kept.parked else {}
    told = {
        "problem": report_words.SENT_MEANWHILE,
        "to": url(site, "report", owed.period.key, **query),
    }
    return as_json(told | ({"parked": kept.parked} if kept.parked else {}), 409)


def definitions(site: Site, request: Request) -> Response:
    """How the figures are counted: one of them, or all; also where a form has it no more."""
    owed = owed_report.load(site, request)
    code = request.query.get("code", "")
    one = next((one for one in owed.asked if one.code == code), None)
    place = value.fields(one)[0] if one else ""
    return render.page(site, request, "unit/definitions.html", owed=owed, one=one, place=place)
