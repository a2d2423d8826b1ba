"""A parked copy seen field by field beside what stands now; taken up again, or thrown away."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib import messages
from chalicelib.draft import Draft, Parked
from chalicelib.edges import Site
from chalicelib.messages import problems
from chalicelib.pages import keeping, obligation, render
from chalicelib.pages.obligation import Obligation
from chalicelib.pages.web import Request, Response, redirect, whole_number
from chalicelib.store import drafts

STALE = 0  # the number by which a stale draft is asked for, as if it were parked
_STYLES = ("base", "form")


@dataclass(frozen=True, slots=True)
class _Row:
    """One field: what is parked, and what stands in the form now."""

    name: str
    label: str
    parked: str
    stands: str
    since: datetime | None  # when that was typed; not where it was sent


def show(site: Site, request: Request, owed: Obligation) -> Response:
    """409, as long as somebody has to choose."""
    one = _copy(site, request.query["parked"], owed)
    if one is None:
        return redirect(site, "report", owed.period.key)
    newest = obligation.newest(site, owed) if one.base < owed.base else None
    return render.page(
        site,
        request,
        "parked.html",
        status=409,
        styles=_STYLES,
        owed=owed,
        one=one,
        newest=newest,
        rows=_rows(site, owed, one),
        may_take=owed.can_send(request.now),
        refusal=problems.REFUSALS[owed.refusal],
    )


def _copy(site: Site, number: str, owed: Obligation) -> Parked | None:
    """The copy of this number, if there is something in it."""
    if whole_number(number) != STALE:
        one = owed.parked.get(whole_number(number))
        return one if one and one.typed else None
    if number != str(STALE) or owed.draft is None or owed.current:
        return None
    lacking = keeping.place(site, owed).lacking(owed.draft.typed)
    return Parked(STALE, lacking, owed.draft.base, owed.draft.saved, "stale") if lacking else None


def _rows(site: Site, owed: Obligation, one: Parked) -> list[_Row]:
    draft = owed.current
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


def _labels(owed: Obligation) -> dict[str, str]:
    """Every field's own name, in the order of the form."""
    found = {}
    for one in owed.asked:
        found[one.code] = one.label
        found[f"{one.code}.num"] = f"{one.label} ({one.num_label})"
        found[f"{one.code}.den"] = f"{one.label} ({one.den_label})"
        found[f"{one.code}.state"] = f"{one.label} (tình trạng)"
        found[f"{one.code}.note"] = f"Giải thích: {one.label}"
    return {**found, "nil": "Không phát sinh cả kỳ", **messages.SENDER}


def _in_words(owed: Obligation, name: str, text: str) -> str:
    if name in ("nil", "approved"):
        return "Có" if text else "Không"
    if name.endswith(".state"):
        return messages.VALUE_STATES.get(text, "Có số liệu")
    choices = next((one.choices for one in owed.asked if one.code == name), ())
    return {choice.name: choice.label for choice in choices}.get(text, text)


def _meant(site: Site, request: Request, owed: Obligation) -> Parked | None:
    """The copy by its number; or that of a page, as a script names it."""
    number, page = request.form.get("parked", ""), request.form.get("page", "")
    if number or not page:
        return _copy(site, number, owed)
    return next((one for one in owed.parked.values() if one.page == page and one.typed), None)


def decide(site: Site, request: Request, owed: Obligation) -> Response:
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
        place = keeping.place(site, owed)
        if one.number == STALE:
            drafts.begin_anew(site.table, place, request.now)
        elif chosen or not named:
            drafts.drop(site.table, place, one.number, chosen if named else None)
        return redirect(site, "report", key)
    if not chosen and not form.get("some"):
        chosen = set(one.typed)
    typed = {name: one.typed[name] for name in chosen}
    if not typed or not owed.can_send(request.now):
        return redirect(site, "report", key, parked=str(one.number))
    kept = keeping.keep(site, request, owed, typed, of=one.number)
    return keeping.question(site, owed, kept) or redirect(site, "report", key)
