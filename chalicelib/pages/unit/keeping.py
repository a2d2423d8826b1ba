"""What was typed is kept before it is judged: what a page posts, and where that leads."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from chalicelib.edges.ports import Site
from chalicelib.pages.frame.web import Problem, Request, Response, redirect, whole_number
from chalicelib.pages.unit import owed_report
from chalicelib.pages.unit.owed_report import OwedReport
from chalicelib.rules.reports import report
from chalicelib.rules.reports.draft import BESIDE, Posted
from chalicelib.store import drafts
from chalicelib.store.draft_items import TooLarge
from chalicelib.store.drafts import Held, Kept, Place

if TYPE_CHECKING:  # a form has a draft, and needs no such page
    from chalicelib.store.typed import Page


def whole(owed: OwedReport, form: Mapping[str, str]) -> dict[str, str]:
    """Every field of the form page: what it did not send was empty there."""
    return dict.fromkeys(owed_report.names(owed), "") | owed_report.typed_from(owed, form)


def with_the_sender(owed: OwedReport, form: Mapping[str, str]) -> dict[str, str]:
    """Every field of the check page."""
    return whole(owed, form) | beside(form, BESIDE)


def part(owed: OwedReport, form: Mapping[str, str]) -> dict[str, str]:
    """Only what was sent, emptied fields too: what a page has changed since its last saving."""
    stands = owed.draft.typed if owed.draft else {}
    asked = {name.removesuffix(".read") for name in form if name.endswith(".read")}
    whole_pairs = {code: stands.get(code, "") for code in asked} | dict(form)
    read = owed_report.typed_from(owed, whole_pairs)
    known = owed_report.names(owed)
    sent = {name: read.get(name, "") for name in whole_pairs if name in known}
    return sent | beside(form, set(BESIDE) & form.keys())


def beside(form: Mapping[str, str], names: tuple[str, ...] | set[str]) -> dict[str, str]:
    return {name: form.get(name, "") for name in names}


def place(site: Site, owed: OwedReport) -> Place:
    """Whose draft it is, and what its savings are judged by."""

    def sent() -> Mapping[str, str]:
        version = owed_report.newest(site, owed)
        return report.typed(owed.asked, report.parse(version.content)) if version else {}

    def lacking(typed: Mapping[str, str]) -> dict[str, str]:
        return _lacking(owed, typed, sent())

    programme, unit = owed.programme.key, owed.unit.code
    return Place(programme, owed.period, unit, owed.base, owed.form, sent, lacking)


def _lacking(owed: OwedReport, typed: Mapping[str, str], sent: Mapping[str, str]) -> dict[str, str]:
    """Of these texts, those of fields that the sent ones fill otherwise."""
    whole = {**sent, **typed}
    lacking = dict[str, str]()
    for one in owed.asked:
        mine = report.read((one,), whole)
        # What can't be read, as a note that is too long, is in no content.
        if mine.faults or mine.content != report.read((one,), sent).content:
            lacking |= {name: typed[name] for name in owed_report.names_of(one) if name in typed}
    for name in ("nil", f"{report.NIL_NOTE}.note"):
        if typed.get(name, sent.get(name, "")) != sent.get(name, ""):
            lacking[name] = typed[name]
    return {name: text for name, text in lacking.items() if text != sent.get(name, "")}


def keep(
    site: Site,
    request: Request,
    owed: OwedReport,
    fields: Mapping[str, str],
    *,
    of: int | None = None,
    meant: bool = False,
) -> Kept:
    """Raises Problem for more text than any report can hold."""
    posted = _posted(request, fields, "" if of is not None else request.form.get("page", "")[:32])
    stands = Held(owed.draft, owed.parked)
    try:
        return drafts.keep(site.table, place(site, owed), posted, stands, of=of, meant=meant)
    except TooLarge:
        raise Problem(413, "draft_too_large") from None


def _posted(request: Request, fields: Mapping[str, str], page: str) -> Posted:
    form = request.form
    return Posted(
        typed=fields,
        base=whole_number(form.get("base", "")),
        at=request.now,
        known=whole_number(form.get("draft", "")),
        page=page,
        place=whole_number(form.get("place", "")),
    )


def aside(site: Site, request: Request, page: "Page", written: Mapping[str, str]) -> None:
    """Keep what was typed on a page that has no draft. Raises Problem, as `keep`."""
    from chalicelib.store import typed

    try:
        typed.keep(site.table, page, request.who, written, request.now)
    except TooLarge:
        raise Problem(413, "draft_too_large") from None


def question(site: Site, owed: OwedReport, kept: Kept) -> Response | None:
    """Where to go with what could not be taken; None where all of it was. Raises Problem where
    there is no room for it.
    """
    if kept.full:
        raise Problem(409, "parked_full")
    if kept.parked:
        return redirect(site, "report", owed.period.key, parked=str(kept.parked))
    return redirect(site, "report", owed.period.key) if kept.too_old else None
