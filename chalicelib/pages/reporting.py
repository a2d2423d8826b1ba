"""The unit's side until it sends: home, form, drafts, definitions."""

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chalicelib import messages, report
from chalicelib.clock import today
from chalicelib.edges import Site
from chalicelib.messages import problems
from chalicelib.pages import obligation, render
from chalicelib.pages.fields import differences, faults, sections
from chalicelib.pages.obligation import Obligation
from chalicelib.pages.web import Problem, Request, Response, as_json, redirect, whole_number
from chalicelib.period import Period
from chalicelib.report import Draft, Fault, Head
from chalicelib.store import programmes, reports, terms
from chalicelib.store.reports import Overtaken
from chalicelib.terms import NO_TERMS, Terms
from chalicelib.unit import known_as, owing

if TYPE_CHECKING:  # only what was returned needs that module
    from chalicelib.remarks import Remarks

# Bytes as the table keeps it, where a quote inside takes four: twice the largest report.
_LARGEST_DRAFT = 250_000
STYLES = ("base", "form")


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
    owing_in = {one.key for one in begun if owing(versions, one.end)}
    owed = [one for one in begun if one.key in owing_in]
    heads = {one.key: reports.head(site.table, p, one.key, code) for one in begun}
    uncounted = [one for one in begun if one.key not in owing_in and heads[one.key]]
    own = {one.key: _own_terms(site, p, one, code, heads[one.key], request) for one in owed}

    def is_open(one: Period) -> bool:
        head = heads[one.key]
        if head and head.state in ("returned", "reopened"):
            return True
        return one.opens <= request.now <= own[one.key].locks_in(one)

    from chalicelib.messages import deciding
    from chalicelib.pages import answers

    said, may_ask = answers.on_home(site, p, heads, owed, own, code, request.now)
    past = uncounted + [one for one in owed if not is_open(one)]
    return render.page(
        site,
        request,
        "home.html",
        programme=programme,
        unit=known_as(versions, today(request.now)),
        open=sorted(filter(is_open, owed), key=lambda one: own[one.key].due_in(one)),
        past=sorted(past, key=lambda one: one.due, reverse=True),
        uncounted={one.key for one in uncounted},
        heads=heads,
        terms=own,
        said=said,
        may_ask=may_ask,
        words=deciding,
        now=request.now,
    )


def _own_terms(
    site: Site, p: str, period: Period, code: str, head: Head | None, request: Request
) -> Terms:
    """A report that was sent in a period that is over has nothing to wait for any more."""
    if head is not None and request.now > period.locks:
        return NO_TERMS
    return terms.of(site.table, p, period.key, code)


def form(site: Site, request: Request) -> Response:
    owed = obligation.load(site, request)
    if not owed.can_send(request.now):
        return closed(site, owed)
    draft, sent = owed.draft, obligation.newest(site, owed)
    typed: Mapping[str, str] = {}
    stale = draft is not None and draft.base != owed.base
    if draft and (not stale or request.query.get("draft") == "old"):
        typed = draft.typed
    elif sent:
        typed = report.typed(owed.asked, report.parse(sent.content))
    differs = False
    if stale and draft and sent:
        current = report.typed(owed.asked, report.parse(sent.content))
        differs = _hash(owed, draft.typed) != _hash(owed, current)
    old = draft if differs and request.query.get("draft") != "old" else None
    return _form_page(site, request, owed, typed, old=old)


def _hash(owed: Obligation, typed: Mapping[str, str]) -> str:
    """Of the answers alone: explanations are given on the check page, after the draft."""
    answers = {name: text for name, text in typed.items() if not name.endswith(".note")}
    return report.read(owed.asked, answers).content.hash()


def closed(site: Site, owed: Obligation) -> Response:
    """Where a form would be that can't be filled in now: the receipt, or the reason."""
    if owed.head is None:
        raise Problem(409, "refused", owed.refusal)
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
    parts = sections(owed, typed, obligation.last_values(site, owed), found)
    defaults = {"old": None, "other": (), "other_saved": None}
    return render.page(
        site,
        request,
        "form.html",
        status=status,
        styles=STYLES,
        owed=owed,
        sections=parts,
        faults=faults(owed, found),
        notes={name: text for name, text in typed.items() if name.endswith(".note")},
        page=secrets.token_hex(8),
        nil=typed.get("nil") == "1",
        filled=sum(part.filled for part in parts),
        asked=sum(part.asked for part in parts),
        saved=owed.draft.saved if owed.draft and owed.draft.base == owed.base else None,
        late=request.now > owed.due,
        said=_comments(site, owed),
        **(defaults | context),
    )


def _comments(site: Site, owed: Obligation) -> "Remarks | None":
    """What the department said with a return; a form without one does not look for it."""
    if owed.head is None or owed.head.state not in ("returned", "reopened"):
        return None
    from chalicelib.pages import answers

    return answers.comments(site, owed.programme.key, owed.head)


def post_form(site: Site, request: Request) -> Response:
    """ "Lưu nháp" keeps anything; "Kiểm tra" keeps it too and then reads it."""
    owed = obligation.load(site, request)
    typed = obligation.typed_from(owed, request.form)
    if not owed.can_send(request.now):
        raise Problem(409, "refused", owed.refusal)
    try:
        save_draft(site, request, owed, typed)
    except Overtaken:
        return both_drafts(site, request, typed)
    if request.form.get("do") == "save":
        return redirect(site, "report", owed.period.key)
    read = obligation.read(owed, typed, {})
    stray = obligation.unknown(owed, request.form)
    found = read.faults + ((Fault("form", "", "unknown_field"),) if stray else ())
    if found:
        owed = obligation.load(site, request)
        return _form_page(site, request, owed, typed, status=422, found=found)
    return redirect(site, "report", owed.period.key, "check")


def save_draft(
    site: Site,
    request: Request,
    owed: Obligation,
    typed: Mapping[str, str],
    *,
    by_script: bool = False,
) -> Draft:
    """Raises Overtaken; Problem for more text than any report can hold."""
    if len(report.compact(report.compact(typed)).encode()) > _LARGEST_DRAFT:
        raise Problem(413, "draft_too_large")
    base, revision, place = (
        whole_number(request.form.get(name, "")) for name in ("base", "draft", "place")
    )
    page = request.form.get("page", "")[:32]
    if owed.draft and owed.draft.revision != revision:
        if owed.draft.typed == typed:
            return owed.draft  # the same text again: a double tap, a lost reply
        # The page may write over its own last saving, whose reply it never got; but one that
        # was overtaken on its way must not. Without the script a page can't number its savings.
        newer = place > owed.draft.place or not (place or by_script)
        if page and page == owed.draft.page and newer:
            revision = owed.draft.revision
    place = place or (owed.draft.place if owed.draft and owed.draft.page == page else 0)
    draft = Draft(typed, base, request.now, revision, page, place, owed.form)
    return reports.save_draft(site.table, owed.programme.key, owed.period, owed.unit.code, draft)


def both_drafts(site: Site, request: Request, typed: Mapping[str, str]) -> Response:
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
        return as_json({"problem": problems.REFUSALS[owed.refusal]}, 409)
    try:
        typed = obligation.typed_from(owed, request.form)
        kept = save_draft(site, request, owed, typed, by_script=True)
    except Overtaken:
        return as_json({"problem": messages.OVERTAKEN, "clash": True}, 409)
    return as_json({"draft": kept.revision, "saved": messages.moment(kept.saved)})


def definitions(site: Site, request: Request) -> Response:
    owed = obligation.load(site, request)
    return render.page(site, request, "definitions.html", owed=owed)
