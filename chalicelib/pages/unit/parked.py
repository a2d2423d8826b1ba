"""A parked copy seen field by field beside what stands now; taken up again, or thrown away.

After the lock it is only read, and a draft that was never sent with it.
"""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.edges.ports import Site
from chalicelib.messages.frame import problems
from chalicelib.messages.reports import states as state_words
from chalicelib.messages.unit import report as report_words
from chalicelib.pages.frame import render
from chalicelib.pages.frame.web import Request, Response, redirect, whole_number
from chalicelib.pages.unit import keeping, owed_report
from chalicelib.pages.unit.owed_report import OwedReport
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.reports.draft import BESIDE, Draft, Parked
from chalicelib.store import drafts

STALE = 0  # the number by which a stale or closed draft is asked for, as if it were parked
_STYLES = ("base", "form")


@dataclass(frozen=True, slots=True)
class _Row:
    """One field: what is parked, and what stands in the form now."""

    name: str
    label: str
    parked: str
    stands: str
    since: datetime | None  # when that was typed; not where it was sent


def show(site: Site, request: Request, owed: OwedReport) -> Response:
    """409, as long as somebody has to choose."""
    one = _copy(site, request.query["parked"], owed, request.now)
    if one is None:
        return redirect(site, "report", owed.period.key)
    newest = owed_report.newest(site, owed) if one.base < owed.base else None
    return render.page(
        site,
        request,
        "unit/parked.html",
        status=409,
        styles=_STYLES,
        owed=owed,
        one=one,
        newest=newest,
        rows=_rows(site, owed, one),
        may_take=owed.obligation.may_send(request.now),
        refusal=problems.REFUSALS.get(owed.obligation.against_sending(request.now), ""),
    )


def _copy(site: Site, number: str, owed: OwedReport, now: datetime) -> Parked | None:
    """The copy of this number, if there is something in it."""
    if whole_number(number) != STALE:
        one = owed.parked.get(whole_number(number))
        return one if one and one.typed else None
    return _draft(site, owed, now) if number == str(STALE) else None


def _draft(site: Site, owed: OwedReport, now: datetime) -> Parked | None:
    """What of the draft was not sent, where no form shows it (any more)."""
    draft = owed.draft
    if draft is None or (owed.current and owed.obligation.may_send(now)):
        return None
    lacking = dict(keeping.place(site, owed).lacking(draft.typed))
    if not lacking:
        return None
    if owed.current is None:
        return Parked(STALE, lacking, draft.base, draft.saved, "stale")
    lacking |= {name: draft.typed[name] for name in BESIDE if draft.typed.get(name)}
    return Parked(STALE, lacking, draft.base, draft.saved, "closed")


def unsent(site: Site, owed: OwedReport, now: datetime) -> list[Parked]:
    """All that is kept of a report whose form is closed, and that was not sent."""
    if not owed.owes or owed.obligation.may_send(now):
        return []
    draft = _draft(site, owed, now)
    return ([draft] if draft else []) + [one for one in owed.parked.values() if one.typed]


def never_sent(site: Site, p: str, period: Period, code: str, now: datetime) -> list[Parked]:
    """The same of a closed period without any report, in one query, as long as it may be kept."""
    if now > period.locks + drafts.KEPT:
        return []
    held = drafts.held(site.table, p, period.key, code)
    found = [one for one in held.parked.values() if one.typed]
    draft = held.draft
    if draft and draft.typed.keys() - set(BESIDE):
        found.insert(0, Parked(STALE, draft.typed, draft.base, draft.saved, "closed"))
    return found


def _rows(site: Site, owed: OwedReport, one: Parked) -> list[_Row]:
    draft = owed.current if one.why != "closed" else None
    stands = draft.typed if draft else keeping.place(site, owed).sent()
    labels = _labels(owed)
    names = [name for name in labels if name in one.typed]
    return [
        _Row(
            name,
            labels[name],
            _in_words(owed, name, one.typed[name]),
            _in_words(owed, name, stands.get(name, "")),
            _since(draft, name),
        )
        for name in names
        if one.typed[name] != stands.get(name, "")
    ]


def _since(draft: Draft | None, name: str) -> datetime | None:
    return draft.written(name).at if draft and name in draft.marks else None


def _labels(owed: OwedReport) -> dict[str, str]:
    """Every field's own name, in the order of the form."""
    found = {}
    for one in owed.asked:
        found[one.code] = one.label
        found[f"{one.code}.num"] = f"{one.label} ({one.num_label})"
        found[f"{one.code}.den"] = f"{one.label} ({one.den_label})"
        found[f"{one.code}.state"] = state_words.STATE_OF.format(label=one.label)
        found[f"{one.code}.note"] = state_words.NOTE_OF.format(label=one.label)
        found[f"{one.code}.why"] = state_words.WHY_OF.format(label=one.label)
    return {
        **found,
        "nil": state_words.NIL_REPORT,
        "nil.note": state_words.NIL_WHY,
        **report_words.SENDER,
    }


def _in_words(owed: OwedReport, name: str, text: str) -> str:
    if name in ("nil", "approved"):
        return state_words.YES if text else state_words.NO
    if name.endswith(".state"):
        return state_words.VALUE_STATES.get(text, state_words.TOLD)
    if name.endswith(".why"):
        return report_words.ANSWERS.get(text, text)
    choices = next((one.choices for one in owed.asked if one.code == name), ())
    return {choice.name: choice.label for choice in choices}.get(text, text)


def _meant(site: Site, request: Request, owed: OwedReport) -> Parked | None:
    """The copy by its number; or that of a page, as a script names it."""
    number, page = request.form.get("parked", ""), request.form.get("page", "")
    if number or not page:
        return _copy(site, number, owed, request.now)
    return next((one for one in owed.parked.values() if one.page == page and one.typed), None)


def decide(site: Site, request: Request, owed: OwedReport) -> Response:
    """ "Dùng lại" merges the chosen fields into the draft; "Bỏ" empties the copy, or some of it."""
    form, key = request.form, owed.period.key
    one = _meant(site, request, owed)
    if one is None:
        return redirect(site, "report", key)
    if form.get("copy", f"{one.revision}") != f"{one.revision}":  # another page's text by now
        return redirect(site, "report", key, parked=str(one.number))
    chosen = {name for name in one.typed if form.get(f"f.{name}")}
    named = any(name.startswith("f.") for name in form)
    if form["do"] == "drop":
        _drop(site, request, owed, one, chosen if named else None)
        where = (key,) if owed.obligation.may_send(request.now) else ()
        return redirect(site, "report", *where)
    if not chosen and not form.get("some"):
        chosen = set(one.typed)
    typed = {name: one.typed[name] for name in chosen}
    if not typed or not owed.obligation.may_send(request.now):
        return redirect(site, "report", key, parked=str(one.number))
    kept = keeping.keep(site, request, owed, typed, of=one.number)
    return keeping.question(site, owed, kept) or redirect(site, "report", key)


def _drop(
    site: Site, request: Request, owed: OwedReport, one: Parked, fields: set[str] | None
) -> None:
    """These fields of the copy, or all of it; a stale draft goes as a whole."""
    place = keeping.place(site, owed)
    if one.number == STALE:
        drafts.begin_anew(site.table, place, request.now)
    elif fields is None or fields:
        drafts.drop(site.table, place, one.number, fields)
