"""The unit's side: home, form, draft, check, send, receipt, definitions."""

from collections.abc import Mapping
from typing import Any

from chalicelib import messages, report
from chalicelib.edges import Site
from chalicelib.pages import obligation, render
from chalicelib.pages.fields import differences, faults, sections, understood
from chalicelib.pages.obligation import Obligation
from chalicelib.pages.web import Problem, Request, Response, as_json, redirect
from chalicelib.period import Period
from chalicelib.report import Draft, Fault, Refused, Sender
from chalicelib.store import programmes, reports
from chalicelib.store.reports import Clash, Overtaken, Sending
from chalicelib.unit import owing

_LARGEST_DRAFT = 200_000  # bytes; more than twice the largest report
_STYLES = ("base", "form")


def home(site: Site, request: Request) -> Response:
    """Open periods, the earliest due first; then past ones, the newest first."""
    p, code = request.who.programme, request.who.unit
    programme = programmes.programme(site.table, p)
    versions = programmes.unit_versions(site.table, p, code)
    if programme is None or not versions:
        raise Problem(404, "unknown_link")
    begun = [one for one in programmes.periods(site.table, p) if one.has_begun(request.now)]
    owed = [one for one in begun if owing(versions, one.end)]
    heads = {one.key: reports.head(site.table, p, one.key, code) for one in owed}

    def is_open(one: Period) -> bool:
        head = heads[one.key]
        return one.is_open(request.now) or bool(head and head.state in ("returned", "reopened"))

    return render.page(
        site,
        request,
        "home.html",
        programme=programme,
        unit=max(versions, key=lambda version: version.valid_from),
        open=sorted(filter(is_open, owed), key=lambda one: one.due),
        past=sorted((o for o in owed if not is_open(o)), key=lambda o: o.due, reverse=True),
        heads=heads,
        now=request.now,
    )


def form(site: Site, request: Request) -> Response:
    owed = obligation.load(site, request)
    if not owed.can_send(request.now):
        return _closed(site, owed)
    draft, sent = owed.draft, obligation.newest(site, owed)
    typed: Mapping[str, str] = {}
    stale = draft is not None and draft.base != owed.base
    if draft and (not stale or request.query.get("draft") == "old"):
        typed = draft.typed
    elif sent:
        typed = report.typed(owed.asked, report.parse(sent.content))
    differs = bool(stale and draft and sent and _hash(owed, draft) != sent.hash)
    old = draft if differs and request.query.get("draft") != "old" else None
    return _form_page(site, request, owed, typed, old=old)


def _hash(owed: Obligation, draft: Draft) -> str:
    return report.read(owed.asked, draft.typed).content.hash()


def _closed(site: Site, owed: Obligation) -> Response:
    if owed.head is None:
        raise Problem(409, "refused", "locked")
    return redirect(site, "report", owed.period.key, "receipt", str(owed.head.version))


def _form_page(
    site: Site,
    request: Request,
    owed: Obligation,
    typed: Mapping[str, str],
    *,
    status: int = 200,
    found: tuple[Fault, ...] = (),
    **context: Any,
) -> Response:
    last = obligation.last_values(site, owed)
    filled, asked = obligation.filled(owed.asked, typed)
    defaults = {"old": None, "other": (), "other_saved": None}
    return render.page(
        site,
        request,
        "form.html",
        status=status,
        styles=_STYLES,
        owed=owed,
        sections=sections(owed, typed, last, found),
        faults=faults(owed, found),
        nil=typed.get("nil") == "1",
        filled=filled,
        asked=asked,
        saved=owed.draft.saved if owed.draft and owed.draft.base == owed.base else None,
        late=request.now > owed.period.due,
        **(defaults | context),
    )


def post_form(site: Site, request: Request) -> Response:
    """ "Lưu nháp" keeps anything; "Kiểm tra" keeps it too and then reads it."""
    owed = obligation.load(site, request)
    typed = obligation.typed_from(owed, request.form)
    if not owed.can_send(request.now):
        raise Problem(409, "refused", "locked")
    try:
        _save(site, request, owed, typed)
    except Overtaken:
        return _both(site, request, typed)
    if request.form.get("do") == "save":
        return redirect(site, "report", owed.period.key)
    read = obligation.read(owed, typed, {})
    if read.faults:
        owed = obligation.load(site, request)
        return _form_page(site, request, owed, typed, status=422, found=read.faults)
    return redirect(site, "report", owed.period.key, "check")


def _save(site: Site, request: Request, owed: Obligation, typed: Mapping[str, str]) -> Draft:
    """Raises Overtaken; Problem for more text than any report can hold."""
    if len(report.compact(typed).encode()) > _LARGEST_DRAFT:
        raise Problem(413, "draft_too_large")
    base, revision = (_number(request.form.get(name, "")) for name in ("base", "draft"))
    draft = Draft(typed=typed, base=base, saved=request.now, revision=revision)
    p, code = owed.programme.key, owed.unit.code
    if owed.draft and owed.draft.revision != revision and owed.draft.typed == typed:
        return owed.draft  # the same text again: a double tap, a lost reply
    return reports.save_draft(site.table, p, owed.period, code, draft)


def _number(given: str) -> int:
    return int(given) if given.isascii() and given.isdigit() and len(given) < 9 else 0


def _both(site: Site, request: Request, typed: Mapping[str, str]) -> Response:
    """Saved elsewhere meanwhile: nothing was overwritten, both texts are shown."""
    owed = obligation.load(site, request)
    other = owed.draft.typed if owed.draft else {}
    return _form_page(
        site,
        request,
        owed,
        typed,
        status=409,
        other=differences(owed, typed, other),
        other_saved=owed.draft.saved if owed.draft else None,
    )


def autosave(site: Site, request: Request) -> Response:
    """The script's saving: the same rules, answered in JSON."""
    owed = obligation.load(site, request)
    if not owed.can_send(request.now):
        return as_json({"problem": messages.REFUSALS["locked"]}, 409)
    try:
        kept = _save(site, request, owed, obligation.typed_from(owed, request.form))
    except Overtaken:
        return as_json({"problem": messages.OVERTAKEN, "clash": True}, 409)
    return as_json({"draft": kept.revision, "saved": messages.moment(kept.saved)})


def check(site: Site, request: Request) -> Response:
    owed = obligation.load(site, request)
    if not owed.can_send(request.now):
        return _closed(site, owed)
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
        styles=_STYLES,
        owed=owed,
        typed=typed,
        hidden=hidden,
        read=read,
        labels=labels,
        faults=faults(owed, read.faults),
        sender_faults={fault.field: messages.FAULTS[fault.problem] for fault in found},
        understood=understood(owed, read.content),
        given=request.form,
        refused=refused,
        late=request.now > owed.period.due,
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
        _save(site, request, owed, typed)
    except Overtaken:
        return _both(site, request, typed)
    return redirect(site, "report", owed.period.key, "check")


def send(site: Site, request: Request) -> Response:
    """Everything that is sent stands in the form itself: what was seen is what is kept."""
    owed = obligation.load(site, request)
    typed = obligation.typed_from(owed, request.form)
    read = obligation.read(owed, typed, {})
    found = _sender_faults(request.form)
    if read.faults or read.empties or found:
        return _check_page(site, request, owed, typed, status=422, found=found)
    sending = Sending(
        programme=owed.programme.key,
        period=owed.period,
        unit=owed.unit.code,
        content=read.content,
        base=_number(request.form.get("base", "")),
        form=owed.form,
        sender=Sender(
            request.form["by.name"], request.form["by.post"], request.form["by.phone"], True
        ),
        reason=request.form.get("reason", ""),
    )
    try:
        kept = reports.send(site.table, sending, request.now)
    except Refused as refused:
        missing = (Fault("reason", "", "no_reason"),) if refused.reason == "no_reason" else ()
        why = "" if missing else messages.REFUSALS[refused.reason]
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
    if form.get("approved") != "1":
        found.append(Fault("approved", "", "not_approved"))
    if len(form.get("reason", "")) > 300:
        found.append(Fault("reason", "", "reason_too_long"))
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
        styles=_STYLES,
        owed=owed,
        newest=clash.newest,
        typed=typed,
        other=differences(owed, typed, theirs),
        revision=owed.draft.revision if owed.draft else 0,
    )


def receipt(site: Site, request: Request) -> Response:
    owed = obligation.load(site, request)
    number = _number(request.params["version"])
    p, key, code = owed.programme.key, owed.period.key, owed.unit.code
    version = reports.version(site.table, p, key, code, number)
    if version is None:
        raise Problem(404, "no_receipt")
    return render.page(
        site,
        request,
        "receipt.html",
        styles=_STYLES,
        owed=owed,
        version=version,
        understood=understood(owed, report.parse(version.content)),
        can_send=owed.can_send(request.now),
    )


def definitions(site: Site, request: Request) -> Response:
    owed = obligation.load(site, request)
    return render.page(site, request, "definitions.html", owed=owed)
