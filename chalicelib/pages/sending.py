"""The unit's side from the check page to the receipt: what was seen is what is sent, once."""

from collections.abc import Mapping

from chalicelib import messages, report
from chalicelib.edges import Site
from chalicelib.messages import problems
from chalicelib.moves import Refused
from chalicelib.pages import obligation, render
from chalicelib.pages.fields import differences, faults, understood
from chalicelib.pages.obligation import Obligation
from chalicelib.pages.reporting import STYLES, both_drafts, closed, save_draft
from chalicelib.pages.web import Problem, Request, Response, redirect, whole_number
from chalicelib.report import Fault, Sender
from chalicelib.store import reports
from chalicelib.store.access import still_open
from chalicelib.store.reports import Clash, Overtaken, Sending
from chalicelib.text import forbidden
from chalicelib.value import LONGEST_NOTE


def check(site: Site, request: Request) -> Response:
    owed = obligation.load(site, request)
    if not owed.can_send(request.now):
        return closed(site, owed)
    if owed.draft is None or owed.draft.base != owed.base:
        return redirect(site, "report", owed.period.key)
    return _check_page(site, request, owed, owed.draft.typed)


def _check_page(
    site: Site,
    request: Request,
    owed: Obligation,
    typed: Mapping[str, str],
    *,
    status: int = 200,
    found: tuple[Fault, ...] = (),
    refused: str = "",
) -> Response:
    read = obligation.read(owed, typed, obligation.last_values(site, owed))
    labels = {indicator.code: indicator for indicator in owed.asked}
    jumped = {jump.code for jump in read.jumps}
    hidden = {
        n: c for n, c in typed.items() if n.removesuffix(".note") not in jumped or "." not in n
    }
    return render.page(
        site,
        request,
        "check.html",
        status=status,
        styles=STYLES,
        owed=owed,
        typed=typed,
        hidden=hidden,
        read=read,
        labels=labels,
        faults=faults(owed, read.faults),
        sender_faults={fault.field: messages.sender_fault(fault) for fault in found},
        understood=understood(owed, read.content),
        given={"by.name": request.who.name, "by.post": request.who.post, **request.form},
        refused=refused,
        late=request.now > owed.due,
        revision=owed.draft.revision if owed.draft else 0,
    )


def fill_nil(site: Site, request: Request) -> Response:
    """ "Đánh dấu không phát sinh": every figure left empty becomes nil, in the draft."""
    owed = obligation.load(site, request)
    if owed.draft is None:
        return redirect(site, "report", owed.period.key)
    empties = obligation.read(owed, owed.draft.typed, {}).empties
    typed = {**owed.draft.typed, **{f"{code}.state": "nil" for code in empties}}
    try:
        save_draft(site, request, owed, typed)
    except Overtaken:
        return both_drafts(site, request, typed)
    return redirect(site, "report", owed.period.key, "check")


def send(site: Site, request: Request) -> Response:
    """Everything that is sent stands in the form itself: what was seen is what is kept."""
    owed = obligation.load(site, request)
    typed = obligation.typed_from(owed, request.form)
    read = obligation.read(owed, typed, {})
    found = _sender_faults(request.form)
    if read.faults or read.empties or found:
        return _check_page(site, request, owed, typed, status=422, found=found)
    if obligation.unknown(owed, request.form):
        why = messages.FAULTS["unknown_field"]
        return _check_page(site, request, owed, typed, status=422, refused=why)
    sending = Sending(
        programme=owed.programme.key,
        period=owed.period,
        unit=owed.unit.code,
        content=read.content,
        base=whole_number(request.form.get("base", "")),
        form=owed.form,
        sender=Sender(
            request.form["by.name"], request.form["by.post"], request.form["by.phone"], True
        ),
        reason=request.form.get("reason", ""),
        terms=owed.terms,
    )
    try:
        kept = reports.send(site.table, sending, request.now, still_open(request.who))
    except Refused as refused:
        missing = (Fault("reason", "", "no_reason"),) if refused.reason == "no_reason" else ()
        why = "" if missing else problems.REFUSALS[refused.reason]
        status = 422 if missing else 409
        return _check_page(site, request, owed, typed, status=status, found=missing, refused=why)
    except Clash as clash:
        return _clash_page(site, request, owed, typed, clash)
    return redirect(site, "report", owed.period.key, "receipt", str(kept.number))


def _sender_faults(form: Mapping[str, str]) -> tuple[Fault, ...]:
    found = []
    for field, problem in (
        ("by.name", "no_name"),
        ("by.post", "no_post"),
        ("by.phone", "no_phone"),
    ):
        if not form.get(field):
            found.append(Fault(field, "", problem))
        elif len(form[field]) > 100:
            found.append(Fault(field, "", "sender_too_long"))
        elif forbidden(form[field]):
            found.append(Fault(field, "", "forbidden_character"))
    if form.get("approved") != "1":
        found.append(Fault("approved", "", "not_approved"))
    reason = form.get("reason", "")
    if len(reason) > LONGEST_NOTE:
        found.append(Fault("reason", "", "reason_too_long"))
    if forbidden(reason):
        found.append(Fault("reason", "", "forbidden_character"))
    return tuple(found)


def _clash_page(
    site: Site, request: Request, owed: Obligation, typed: Mapping[str, str], clash: Clash
) -> Response:
    theirs = report.typed(owed.asked, report.parse(clash.newest.content))
    return render.page(
        site,
        request,
        "clash.html",
        status=409,
        styles=STYLES,
        owed=owed,
        newest=clash.newest,
        typed=typed,
        other=differences(owed, typed, theirs),
        revision=owed.draft.revision if owed.draft else 0,
    )


def receipt(site: Site, request: Request) -> Response:
    owed = obligation.load(site, request, to_read=True)
    number = whole_number(request.params["version"])
    p, key, code = owed.programme.key, owed.period.key, owed.unit.code
    version = reports.version(site.table, p, key, code, number)
    if version is None:
        raise Problem(404, "no_receipt")
    from chalicelib.messages import deciding
    from chalicelib.pages import answers

    kind, ask = answers.about(site, owed, request.now)
    return render.page(
        site,
        request,
        "receipt.html",
        styles=STYLES,
        owed=owed,
        version=version,
        understood=understood(owed, report.parse(version.content)),
        can_send=owed.can_send(request.now),
        said=answers.comments(site, p, owed.head),
        kind=kind,
        ask=ask,
        words=deciding,
    )
