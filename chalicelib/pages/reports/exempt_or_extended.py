"""Exemptions and extensions by an officer: for one unit, or more time for a whole bloc."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from chalicelib.edges.ports import Site
from chalicelib.edges.table import Conflict
from chalicelib.messages.reports import progress as words
from chalicelib.messages.reports.acts import ACTS
from chalicelib.pages.frame import render
from chalicelib.pages.frame.address import period_of
from chalicelib.pages.frame.web import Request, Response, redirect, whole_number
from chalicelib.pages.reports.progress import STYLES, rows_of
from chalicelib.rules.programmes.period import end_of
from chalicelib.rules.progress import progress
from chalicelib.rules.progress.progress import Row
from chalicelib.rules.reports import extension
from chalicelib.rules.review.act import Act
from chalicelib.rules.texts.clock import PATIENCE
from chalicelib.rules.texts.day import day_of
from chalicelib.store import acts, exempt_or_extended, moves

_MOST_FOUND = 50  # units that a search lists


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

    def outcomes(self, bloc: str, until: date | None) -> list[tuple[Row, extension.Outcome]]:
        """What giving the bloc until then does to each of its units."""
        rows = self.of_bloc(bloc) if bloc and until else []
        return [(row, extension.outcome(row.owed, end_of(until))) for row in rows if until]

    def history(self, row: Row | None) -> list[Act]:
        if row is None:
            return []
        p, k = self.programme.key, self.period.key
        return acts.events(self.site.table, p, k, row.unit.code)

    @property
    def seen(self) -> int:
        """Of which revision the terms were that the officer's page showed."""
        return whole_number(self.request.form.get("terms", ""))

    @property
    def report_seen(self) -> int:
        """Of which revision the report was that the officer's page showed."""
        return whole_number(self.request.form.get("seen", ""))

    def act(self, verb: str, unit: str) -> Act:
        who, now = self.request.who.email, self.request.now
        return Act(now, who, verb, self.programme.key, self.period.key, unit)

    def answer_by(self, row: Row, due: datetime, reason: str) -> None:
        """What was returned has its return's own due: that one moves. Raises Conflict."""
        if row.head is None:
            return
        detail = {"reason": reason, "due": due.isoformat()}
        act = replace(self.act("extend", row.unit.code), detail=detail)
        moves.answer_by(self.site.table, act, row.head, row.owed.terms, due)

    def shown(self, status: int, **context: Any) -> Response:
        """With what stands on it whatever is chosen."""
        return render.page(
            self.site,
            self.request,
            "reports/exempt_or_extended.html",
            status=status,
            styles=STYLES,
            programme=self.programme,
            period=self.period,
            in_force=[one for one in self.rows if one.exempt or one.owed.extension],
            acts=self.request.who.role == "officer",
            verbs=ACTS,
            words=words,
            now=self.request.now,
            **context,
        )

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
    sought, found, wrong = _sought(page, asked)
    faults = {**(faults or {}), **dict.fromkeys(wrong, "forbidden_character")}
    row = found[0] if len(found) == 1 else page.row(asked.get("unit", ""))
    return page.shown(
        status,
        **_on_a_unit(page, row),
        **_on_a_bloc(page, asked if row is None else {}),
        sought=sought,
        found=found[:_MOST_FOUND],
        more=len(found) > _MOST_FOUND,
        done=words.DONE.get(asked.get("done", ""), ""),
        typed={"form_of": "", "reason": "", "day": "", "shorter": "", **asked},
        faults={name: words.TERM_FAULTS[fault] for name, fault in faults.items()},
    )


def _on_a_unit(page: _Page, row: Row | None) -> dict[str, Any]:
    """The part of the page that is about one unit, if one is chosen."""
    timing = progress.timing(row, page.request.now) if row else None
    return {"row": row, "timing": timing, "history": page.history(row)}


def _on_a_bloc(page: _Page, asked: Mapping[str, str]) -> dict[str, Any]:
    """The part of the page that is about a whole bloc, and what more time did to its units."""
    bloc = asked.get("bloc", "") if asked.get("bloc") in page.programme.blocs else ""
    until = day_of(asked.get("to", ""))
    return {
        "bloc": bloc,
        "of_bloc": progress.count(page.of_bloc(bloc)),
        "until": until,
        "results": page.outcomes(bloc, until),
    }


def _sought(page: _Page, asked: Mapping[str, str]) -> tuple[str, list[Row], list[str]]:
    """What is searched for, the units that it finds, and the boxes that can't be meant."""
    wanted, wrong = progress.wanted({"q": asked.get("q", "")}, page.programme.blocs)
    found = progress.chosen(page.rows, wanted, page.request.now) if wanted.words else []
    return wanted.words, found, wrong


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
    if page.report_seen != revision:
        return _answer(page, form, {"exempt": "sent_meanwhile"}, 409)
    try:
        act = page.act("exempt", code)
        exempt_or_extended.exempt(site.table, act, reason, seen=page.seen, head=revision)
    except exempt_or_extended.Changed:
        return _changed(page)
    except exempt_or_extended.SentMeanwhile:
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
    reason, day = form.get("reason", ""), day_of(form.get("day", ""))
    faults = _extension_faults(page, row, day)
    if day is None or faults:
        return _answer(page, form, faults, 422)
    if row is not None:
        return _extend_one(page, row, end_of(day), reason)
    _extend_all(page, bloc, end_of(day), reason)
    return page.back(bloc=bloc, to=day.isoformat())


def _extension_faults(page: _Page, row: Row | None, day: date | None) -> dict[str, str]:
    """Why nobody, or not this unit, can be given until that day: a key of TERM_FAULTS by box."""
    if row is not None and row.exempt:
        return {"unit": "is_exempt"}
    form, of_return = page.request.form, bool(row and row.owed.return_due)
    faults = {
        "day": extension.day_fault(day, page.period, page.request.now, of_return=of_return),
        "extend": extension.reason_fault(form.get("reason", "")),
    }
    if row is not None and day and end_of(day) < row.owed.due and form.get("shorter") != "1":
        faults["day"] = faults["day"] or "shorter"
    return {name: fault for name, fault in faults.items() if fault}


def _extend_all(page: _Page, bloc: str, due: datetime, reason: str) -> None:
    """While time is left: the page that follows tells which units have the new day, and has the
    button for the others.
    """
    for one in page.of_bloc(bloc):
        if page.site.clock() - page.request.now > PATIENCE:
            break
        if extension.outcome(one.owed, due) == "extend":
            with suppress(Conflict):
                if one.owed.return_due:
                    page.answer_by(one, due, reason)
                else:
                    act = page.act("extend", one.unit.code)
                    exempt_or_extended.extend_at_least(page.site.table, act, due, reason)


def _extend_one(page: _Page, row: Row, due: datetime, reason: str) -> Response:
    """Of the report and the terms that the officer's page showed, and of no others."""
    code, revision = row.unit.code, row.head.revision if row.head else 0
    if row.owed.due == due:
        return page.back(unit=code, done="extend")
    if page.report_seen != revision:
        return _overtaken(page, code, due)
    try:
        if row.owed.return_due:
            page.answer_by(row, due, reason)
        else:
            act = page.act("extend", code)
            exempt_or_extended.extend(page.site.table, act, due, reason, seen=page.seen)
    except exempt_or_extended.Changed:
        return _changed(page)
    except Conflict:
        if row.owed.return_due is None:
            raise
        return _overtaken(page, code, due)
    return page.back(unit=code, done="extend")


def _overtaken(page: _Page, code: str, due: datetime) -> Response:
    """Done where another officer gave this very day; else what was sent or agreed meanwhile."""
    page = _Page(page.site, page.request)
    fresh = page.row(code)
    if fresh is not None and fresh.owed.return_due == due:
        return page.back(unit=code, done="extend")
    revision = fresh.head.revision if fresh and fresh.head else 0
    if fresh is None or page.report_seen != revision:
        return _answer(page, page.request.form, {"extend": "sent_meanwhile"}, 409)
    return _answer(page, page.request.form, {"unit": "changed"}, 409)


def lift(site: Site, request: Request) -> Response:
    """Take back an exemption or an extension; where there is none any more, it is done."""
    page = _Page(site, request)
    form = request.form
    row, what = page.row(form.get("unit", "")), form.get("what", "")
    if row is None or what not in ("exempt", "due"):
        return _answer(page, form, {"unit": "no_unit"}, 422)
    code = row.unit.code
    verb = "unexempt" if what == "exempt" else "unextend"

    try:
        exempt_or_extended.lift(site.table, page.act(verb, code), seen=page.seen)
    except exempt_or_extended.Changed:
        return _changed(page)
    return page.back(unit=code, done=verb)
