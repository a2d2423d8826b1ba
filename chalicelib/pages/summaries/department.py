"""What the department enters itself for a period: read as a unit's form is, kept as an act."""

from collections.abc import Iterable, Mapping

from chalicelib.edges.ports import Site
from chalicelib.edges.table import Conflict
from chalicelib.messages.programmes.programme import PERIOD_FAULTS
from chalicelib.messages.reports import states as state_words
from chalicelib.messages.unit import report as report_words
from chalicelib.pages.frame import render
from chalicelib.pages.frame.address import period_of
from chalicelib.pages.frame.web import Problem, Request, Response, redirect, whole_number
from chalicelib.pages.unit.fields import Field, shown
from chalicelib.rules.forms.form import Indicator, Section
from chalicelib.rules.programmes import period as calendar
from chalicelib.rules.reports import report
from chalicelib.rules.reports.report import Content, Fault
from chalicelib.rules.review.act import Act
from chalicelib.rules.summaries import department_figures as department
from chalicelib.rules.summaries.department_figures import Change, Entered
from chalicelib.store import department_figures as stored
from chalicelib.store import programmes

_STYLES = ("base", "form", "desk", "programme")
_LOOK_BACK = 4  # periods of the same kind
_TOLD = 300  # characters of a text in the record of acts; its versions hold the whole


class _Sheet:
    """What is asked of the department in this period, and what stands there."""

    def __init__(self, site: Site, request: Request) -> None:
        self.site, self.request = site, request
        self.programme, self.period = period_of(site, request)
        p, k = self.programme.key, self.period.key
        form = programmes.form(site.table, p, self.period.form)
        self.sections: tuple[Section, ...] = form.running(k, self.period.end)
        self.asked = department.asked(self.sections)
        self.entered = stored.entered(site.table, p, k)

    def typed(self) -> dict[str, str]:
        content = Content(self.entered.figures, self.entered.texts)
        return report.typed(self.asked, content)


def sheet(site: Site, request: Request) -> Response:
    found = _Sheet(site, request)
    return _page(found, found.typed())


def _page(
    sheet: _Sheet, typed: Mapping[str, str], *, faults: tuple[Fault, ...] = (), problem: str = ""
) -> Response:
    """Faults are of what was typed; a problem is that others have entered meanwhile."""
    return render.page(
        sheet.site,
        sheet.request,
        "summaries/department.html",
        status=422 if faults else 409 if problem else 200,
        styles=_STYLES,
        programme=sheet.programme,
        period=sheet.period,
        fields=_fields(sheet, typed, faults),
        stands=[(one, _words(one, sheet.entered)) for one in sheet.asked],
        faults=[(f.field, report_words.fault(f, _named(sheet, f.code))) for f in faults],
        problem=problem,
        entered=sheet.entered,
        history=_history(sheet),
        begun=sheet.period.has_begun(sheet.request.now),
        done=whole_number(sheet.request.query.get("done", "")),
    )


def _fields(sheet: _Sheet, typed: Mapping[str, str], faults: tuple[Fault, ...]) -> list[Field]:
    by_code = {fault.code: fault for fault in reversed(faults)}
    last = _last(sheet) if sheet.asked else {}
    return [
        Field(_plain(one), typed, by_code.get(one.code), *last.get(one.code, ("", "")))
        for one in sheet.asked
    ]


def _plain(one: Indicator) -> Indicator:
    """Without its definition, which stands on this very page."""
    return one.model_copy(update={"about": ""})


def _named(sheet: _Sheet, code: str) -> Indicator | None:
    return next((one for one in sheet.asked if one.code == code), None)


def _words(one: Indicator, entered: Entered) -> str:
    values = entered.values()
    return shown(one, values[one.code]) if one.code in values else state_words.MISSING


def _last(sheet: _Sheet) -> dict[str, tuple[str, str]]:
    """Code -> the newest earlier value in words, and its period's name."""
    table, p = sheet.site.table, sheet.programme.key
    found: dict[str, tuple[str, str]] = {}
    periods = programmes.periods(table, p)
    for one in calendar.previous(periods, sheet.period.key)[:_LOOK_BACK]:
        before = stored.entered(table, p, one.key).values()
        for asked in sheet.asked:
            if asked.code in before and not asked.is_text:
                told = shown(asked, before[asked.code]), one.label
                found.setdefault(asked.code, told)
    return found


def _history(sheet: _Sheet) -> list[tuple[Entered, list[tuple[str, str, str]]]]:
    """Every version, the newest first, with what it changed: label, before, after."""
    found, before = [], Entered()
    for version in stored.versions(sheet.site.table, sheet.programme.key, sheet.period.key):
        changed = department.changes(sheet.asked, before, version)
        found.append((version, [(one.indicator.label, *_both(one)) for one in changed]))
        before = version
    return found[::-1]


def _both(change: Change) -> tuple[str, str]:
    """In words, before and after; empty where there is none."""
    indicator, before, after = change
    return state_words.entered(indicator, before), state_words.entered(indicator, after)


def enter(site: Site, request: Request) -> Response:
    found = _Sheet(site, request)
    if not found.period.has_begun(request.now):
        raise Problem(404, "not_open_yet")
    typed, form = dict(request.form), request.form
    read = report.read(found.asked, typed)
    if read.faults:
        return _page(found, typed, faults=read.faults)
    texts = {code: text for code, text in read.content.texts.items() if text is not None}
    after = Entered(read.content.figures, texts, revision=found.entered.revision)
    changed = department.changes(found.asked, found.entered, after)
    p, k = found.programme.key, found.period.key
    if changed and whole_number(form.get("revision", "")) != found.entered.revision:
        return _overtaken(site, request, typed)
    if changed:
        detail = _detail(changed)
        act = Act(request.now, request.who.email, "enter_figures", p, k, detail=detail)
        try:
            stored.enter(site.table, act, after)
        except Conflict:
            return _overtaken(site, request, typed)
    return redirect(site, "desk", p, k, "department", done="1" if changed else "2")


def _detail(changed: Iterable[Change]) -> dict[str, list[str]]:
    """For the record of acts: by code, before and after."""
    return {
        one.indicator.code: [(told or state_words.MISSING)[:_TOLD] for told in _both(one)]
        for one in changed
    }


def _overtaken(site: Site, request: Request, typed: Mapping[str, str]) -> Response:
    problem = PERIOD_FAULTS["changed_meanwhile"]
    return _page(_Sheet(site, request), typed, problem=problem)
