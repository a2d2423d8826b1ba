"""Exemptions and extensions by an officer: for one unit, or more time for a whole bloc."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime

from chalicelib.edges.ports import Site
from chalicelib.edges.table import Check, Conflict, Put
from chalicelib.messages.reports import progress as words
from chalicelib.messages.summaries.desk import ACTS
from chalicelib.pages.frame import render
from chalicelib.pages.frame.address import PATIENCE, period_of
from chalicelib.pages.frame.web import Request, Response, redirect, whole_number
from chalicelib.pages.reports.progress import STYLES, rows_of
from chalicelib.rules.programmes import days
from chalicelib.rules.programmes.period import end_of
from chalicelib.rules.progress import progress
from chalicelib.rules.progress.progress import Row
from chalicelib.rules.reports import extension
from chalicelib.rules.reports.terms import Terms
from chalicelib.rules.review.act import Act
from chalicelib.store import acts, keys, terms
from chalicelib.store.reports import head_body

_TRIES = 5
_MOST_FOUND = 50  # units that a search lists


class _Changed(Exception):
    """The unit's terms are no longer those that the officer's page showed."""


class _Page:
    """One period with its rows, as every answer of this page needs them."""

    def __init__(self, site: Site, request: Request) -> None:
        self.site, self.request = site, request
        self.programme, self.period = period_of(site, request)
        self.rows, _ = rows_of(site, self.programme, self.period)

    def row(self, code: str) -> Row | None:
        return next((row for row in self.rows if row.unit.code == code), None)

    def of_bloc(self, bloc: str) -> list[Row]:
        return [row for row in self.rows if row.unit.bloc == bloc]

    @property
    def seen(self) -> int:
        """Of which revision the terms were that the officer's page showed."""
        return whole_number(self.request.form.get("terms", ""))

    def change(
        self,
        verb: str,
        unit: str,
        new: Callable[[Terms], Terms],
        reason: str,
        *standing: Check,
        seen: int | None = None,
    ) -> None:
        """New terms in place of the unit's own, on record. Raises Conflict, _Changed.

        Terms that are so already are left alone: an act can be repeated.
        """
        table, p, k = self.site.table, self.programme.key, self.period.key
        detail = {"reason": reason} if reason else {}
        for attempt in range(_TRIES):
            held = terms.of(table, p, k, unit)
            wished = new(held)
            if wished == held:
                return
            if seen is not None and held.revision != seen:
                raise _Changed
            due = {"due": wished.due.isoformat()} if wished.due and verb == "extend" else {}
            who, now = self.request.who.email, self.request.now
            act = Act(now, who, verb, p, k, unit, detail | due)
            try:
                acts.commit(table, act, terms.put(p, k, wished), *standing)
            except Conflict as conflict:
                ours = conflict.key == keys.terms(p, k, unit)
                if not ours or attempt == _TRIES - 1:
                    raise
            else:
                return

    def answer_by(self, row: Row, due: datetime, reason: str) -> None:
        """Another due of the return that stands, as a granted request gives it. Raises Conflict:
        also where the unit has become exempt.
        """
        if row.head is None:
            return
        p, k, code = self.programme.key, self.period.key, row.unit.code
        detail = {"reason": reason, "due": due.isoformat()}
        act = Act(self.request.now, self.request.who.email, "extend", p, k, code, detail)
        body = head_body(row.head._replace(return_due=due))
        longer = Put(keys.head(p, k, code), body, row.head.revision)
        acts.commit(self.site.table, act, longer, terms.unchanged(p, k, code, row.owed.terms))

    def back(self, **query: str) -> Response:
        return redirect(self.site, "desk", self.programme.key, self.period.key, "terms", **query)


def show(site: Site, request: Request) -> Response:
    page = _Page(site, request)
    asked = request.query
    if (unit := asked.get("unit")) and page.row(unit) is None:
        return _answer(page, {}, {"unit": "no_unit"}, 404)
    return _answer(page, asked)


def _answer(
    page: _Page,
    asked: Mapping[str, str],
    faults: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    """The page with what is chosen on it; `asked` is a query, or a form that was not taken."""
    programme, period = page.programme, page.period
    wanted, wrong = progress.wanted({"q": asked.get("q", "")}, programme.blocs)
    found = progress.chosen(page.rows, wanted, page.request.now) if wanted.words else []
    row = found[0] if len(found) == 1 else page.row(asked.get("unit", ""))
    bloc = asked.get("bloc", "") if not row and asked.get("bloc") in programme.blocs else ""
    until = days.day_of(asked.get("to", ""))
    due = end_of(until) if until else None
    results = [(row, _outcome(row, due)) for row in page.of_bloc(bloc)] if bloc and due else []
    table, p, k = page.site.table, programme.key, period.key
    return render.page(
        page.site,
        page.request,
        "reports/terms.html",
        status=status,
        styles=STYLES,
        programme=programme,
        period=period,
        row=row,
        timing=progress.timing(row, page.request.now) if row else None,
        history=acts.events(table, p, k, row.unit.code) if row else [],
        bloc=bloc,
        of_bloc=progress.count(page.of_bloc(bloc)),
        until=until,
        results=results,
        wanted=wanted,
        found=found[:_MOST_FOUND],
        more=len(found) > _MOST_FOUND,
        in_force=[one for one in page.rows if one.exempt or one.owed.extension],
        acts=page.request.who.role == "officer",
        done=words.DONE.get(asked.get("done", ""), ""),
        verbs=ACTS,
        typed={"form_of": "", "reason": "", "day": "", "shorter": "", **asked},
        faults={name: words.TERM_FAULTS[fault] for name, fault in (faults or {}).items()}
        | dict.fromkeys(wrong, words.TERM_FAULTS["forbidden_character"]),
        words=words,
        now=page.request.now,
    )


def exempt(site: Site, request: Request) -> Response:
    page = _Page(site, request)
    form = request.form
    row = page.row(form.get("unit", ""))
    if row is None:
        return _answer(page, form, {"unit": "no_unit"}, 422)
    reason = form.get("reason", "")
    if fault := extension.reason_fault(reason):
        return _answer(page, form, {"exempt": fault}, 422)
    code, revision = row.unit.code, row.head.revision if row.head else 0
    # The page has told what becomes of the report that it knew of: of no other one.
    if whole_number(form.get("seen", "")) != revision:
        return _answer(page, form, {"exempt": "sent_meanwhile"}, 409)
    head = keys.head(page.programme.key, page.period.key, code)

    def its_exemption(its: Terms) -> Terms:
        return its._replace(exempt=reason)

    try:
        page.change("exempt", code, its_exemption, reason, Check(head, revision), seen=page.seen)
    except _Changed:
        return _changed(page)
    except Conflict as conflict:
        if conflict.key != head:
            raise
        return _answer(_Page(site, request), form, {"exempt": "sent_meanwhile"}, 409)
    return page.back(unit=code, done="exempt")


def _changed(page: _Page) -> Response:
    """What stands now, with what was typed: nothing is overwritten that was not read."""
    return _answer(_Page(page.site, page.request), page.request.form, {"unit": "changed"}, 409)


def extend(site: Site, request: Request) -> Response:
    """One unit, or every unit of a bloc that is neither exempt nor has this much time."""
    page = _Page(site, request)
    form = request.form
    row, bloc = page.row(form.get("unit", "")), form.get("bloc", "")
    if row is None and bloc not in page.programme.blocs:
        return _answer(page, form, {"unit": "no_unit"}, 422)
    reason, day = form.get("reason", ""), days.day_of(form.get("day", ""))
    faults = {
        "day": extension.day_fault(
            day, page.period, request.now, of_return=bool(row and row.owed.return_due)
        ),
        "extend": extension.reason_fault(reason),
    }
    if row is not None and row.exempt:
        faults = {"unit": "is_exempt"}
    elif row is not None and day and end_of(day) < row.owed.due and form.get("shorter") != "1":
        faults["day"] = faults["day"] or "shorter"
    if day is None or any(faults.values()):
        return _answer(page, form, {name: one for name, one in faults.items() if one}, 422)
    due = end_of(day)
    if row is not None:
        return _extend_one(page, row, due, reason)

    def more_time(its: Terms) -> Terms:
        return its if its.exempt or (its.due and its.due >= due) else its._replace(due=due)

    # The page that follows tells which units have the new day, and has the button for the others.
    for one in page.of_bloc(bloc):
        if site.clock() - request.now > PATIENCE:
            break
        if _outcome(one, due) == "extend":
            with suppress(Conflict):
                if one.owed.return_due:
                    page.answer_by(one, due, reason)
                else:
                    page.change("extend", one.unit.code, more_time, reason)
    return page.back(bloc=bloc, to=day.isoformat())


def _outcome(row: Row, due: datetime) -> extension.Outcome:
    return extension.outcome(row.owed, due)


def _extend_one(page: _Page, row: Row, due: datetime, reason: str) -> Response:
    """What was returned has its return's own due: that one moves."""
    form, code = page.request.form, row.unit.code
    head = keys.head(page.programme.key, page.period.key, code)
    revision = row.head.revision if row.head else 0
    if row.owed.due == due:
        return page.back(unit=code, done="extend")
    try:
        if whole_number(form.get("seen", "")) != revision:
            raise Conflict(head)
        if row.owed.return_due:
            page.answer_by(row, due, reason)
        else:
            page.change("extend", code, lambda its: its._replace(due=due), reason, seen=page.seen)
    except _Changed:
        return _changed(page)
    except Conflict as conflict:
        if row.owed.return_due is None and conflict.key != head:
            raise
        page = _Page(page.site, page.request)
        fresh = page.row(code)
        if fresh is None or fresh.owed.return_due != due:
            wrong = ("extend", "sent_meanwhile") if conflict.key == head else ("unit", "changed")
            return _answer(page, form, dict([wrong]), 409)
    return page.back(unit=code, done="extend")  # also where another officer gave this very day


def lift(site: Site, request: Request) -> Response:
    """Take back an exemption or an extension; where there is none any more, it is done."""
    page = _Page(site, request)
    form = request.form
    row, what = page.row(form.get("unit", "")), form.get("what", "")
    if row is None or what not in ("exempt", "due"):
        return _answer(page, form, {"unit": "no_unit"}, 422)
    code = row.unit.code
    verb = "unexempt" if what == "exempt" else "unextend"

    def without(its: Terms) -> Terms:
        return its._replace(exempt="") if what == "exempt" else its._replace(due=None)

    try:
        page.change(verb, code, without, "", seen=page.seen)
    except _Changed:
        return _changed(page)
    return page.back(unit=code, done=verb)
