"""What a unit owes for one period, gathered for its pages: form, report, draft, last values."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import EllipsisType

from chalicelib.edges.ports import Site
from chalicelib.pages.frame.web import Problem, Request
from chalicelib.rules.forms import value
from chalicelib.rules.forms.form import Indicator, Section, indicators
from chalicelib.rules.forms.value import Figure
from chalicelib.rules.programmes import period as calendar
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.reports import report
from chalicelib.rules.reports.draft import BESIDE, Draft, Parked
from chalicelib.rules.reports.exempt_or_extended import Terms
from chalicelib.rules.reports.obligation import Obligation
from chalicelib.rules.reports.report import Head, Reading, Version
from chalicelib.rules.units.unit import Unit, known_as, owing
from chalicelib.store import drafts, exempt_or_extended, programmes, reports

# What our forms hold besides the report itself.
_OWN_FIELDS = {"csrf", "base", "draft", "page", "place", "part", "do", "of.unit", *BESIDE}
_BESIDE = ("state", "note", "why")  # what a field may carry besides its boxes
_OF_ALL = {"nil", f"{report.NIL_NOTE}.note"}  # of the report as a whole
_LOOK_BACK = 4  # periods of the same kind: an annual figure in quarterly forms is a year old


@dataclass(frozen=True, slots=True)
class Last:
    """The newest earlier value of one indicator; `period` is empty for the period just before.

    It is of the last comparable round, unless a report that was asked for it since is lacking.
    """

    figure: Figure
    period: str
    comparable: bool = True
    key: str = ""  # of its period


@dataclass(frozen=True, slots=True)
class OwedReport:
    programme: Programme
    unit: Unit
    period: Period
    periods: tuple[Period, ...]
    sections: tuple[Section, ...]  # what is asked of this unit in this period
    asked: tuple[Indicator, ...]  # the same without the sections
    head: Head | None
    draft: Draft | None
    parked: Mapping[int, Parked]
    terms: Terms
    form: int
    owes: bool = True  # no more, where the unit turned out to have ended after it had sent

    @property
    def base(self) -> int:
        """The version that a send from here builds on."""
        return self.head.version if self.head else 0

    @property
    def current(self) -> Draft | None:
        """The draft, where it builds on what was sent last."""
        return self.draft if self.draft and self.draft.base == self.base else None

    @property
    def obligation(self) -> Obligation:
        """Until when, whether it may, and why not; `submission.submit` has the last word."""
        return Obligation(self.period, self.terms, self.head, self.owes)


def load(site: Site, request: Request, *, to_read: bool = False) -> OwedReport:
    """Raises Problem where there is no such period, or this unit owes nothing for it.

    What was sent before that was known can be had `to_read` all the same.
    """
    who = request.who
    return of(site, who.programme, who.unit, request.params["period"], request.now, to_read=to_read)


def of(
    site: Site, p: str, code: str, key: str, now: datetime, *, to_read: bool = False
) -> OwedReport:
    """Of any unit: the department reads and enters reports too. Raises Problem, as `load`."""
    programme = programmes.programme(site.table, p)
    periods = programmes.periods(site.table, p)
    period = next((one for one in periods if one.key == key), None)
    if programme is None or period is None:
        raise Problem(404, "no_period")
    versions = programmes.unit_versions(site.table, programme, code)
    owes = bool(owing(versions, period.end))
    if not owes and not (versions and to_read):
        raise Problem(404, "not_owed")
    if not period.has_begun(now):
        raise Problem(404, "not_open_yet")
    head = reports.head(site.table, p, key, code)
    if not owes and head is None:
        raise Problem(404, "not_owed")
    unit = known_as(versions, period.end)
    held = drafts.held(site.table, p, key, code)
    version = _form_of(head, held.draft, period)
    form = programmes.form(site.table, p, version)
    sections = form.asked_of(unit.bloc, key, period.end)
    return OwedReport(
        programme=programme,
        unit=unit,
        period=period,
        periods=tuple(periods),
        sections=sections,
        asked=tuple(indicators(sections)),
        head=head,
        draft=held.draft,
        parked=held.parked,
        terms=exempt_or_extended.of(site.table, p, key, code),
        form=version,
        owes=owes,
    )


def _form_of(head: Head | None, draft: Draft | None, period: Period) -> int:
    """A report stays on the version of the form that it was begun on."""
    if head:
        return head.form
    return draft.form if draft and draft.form else period.form


def last_values(site: Site, owed: OwedReport) -> dict[str, Last]:
    """The last value of every figure that is asked, from up to four earlier reports."""
    wanted = {indicator.code: indicator for indicator in owed.asked if not indicator.is_text}
    found: dict[str, Last] = {}
    lacking: list[Period] = []
    earlier = calendar.previous(owed.periods, owed.period.key)
    for place, one in enumerate(earlier[:_LOOK_BACK]):
        figures = figures_of(site, owed, one)
        if figures is None:
            lacking.append(one)
            continue
        for code in wanted.keys() & figures.keys():
            indicator = wanted.pop(code)
            passed = any(indicator.runs_in(period.key, period.end) for period in lacking)
            found[code] = Last(figures[code], one.label if place else "", not passed, one.key)
        if not wanted:
            break
    return found


def unchanged(site: Site, owed: OwedReport, figures: Mapping[str, Figure]) -> dict[str, int]:
    """What stands as it stood: in how many earlier reports in a row, of up to four."""
    standing = {one.code for one in owed.asked if one.code in figures and not one.occurs}
    found = dict[str, int]()
    for period in calendar.previous(owed.periods, owed.period.key)[:_LOOK_BACK]:
        before = (figures_of(site, owed, period) if standing else None) or {}
        same = {code for code in standing if _are_same(before.get(code, ...), figures[code])}
        found |= {code: found.get(code, 0) + 1 for code in same}
        standing -= before.keys() - same
    return found


def _are_same(last: Figure | EllipsisType, now: Figure) -> bool:
    """Of values alone: what was nil or did not apply stands nowhere."""
    no_value = now is value.NIL or now is value.NOT_APPLICABLE
    return not no_value and type(last) is type(now) and last == now


def figures_of(site: Site, owed: OwedReport, period: Period) -> Mapping[str, Figure] | None:
    """What this unit's report of another period counts with; None where none counts."""
    head = reports.head(site.table, owed.programme.key, period.key, owed.unit.code)
    return report.parse_figures(head.figures) if head and head.counts else None


def notes_of(site: Site, owed: OwedReport, key: str) -> Mapping[str, str]:
    """What this unit said of its values in the report of another period, as it stands."""
    p, code = owed.programme.key, owed.unit.code
    head = reports.head(site.table, p, key, code)
    version = reports.version(site.table, p, key, code, head.version) if head else None
    return report.parse(version.content).notes if version else {}


def read(owed: OwedReport, typed: Mapping[str, str]) -> Reading:
    return report.read(owed.asked, typed)


def newest(site: Site, owed: OwedReport) -> Version | None:
    if owed.head is None:
        return None
    key, code = owed.period.key, owed.unit.code
    return reports.version(site.table, owed.programme.key, key, code, owed.head.version)


def names_of(indicator: Indicator) -> tuple[str, ...]:
    """All that a form may say about one indicator."""
    boxes = value.fields(indicator)
    beside = (f"{indicator.code}.{part}" for part in _BESIDE)
    return *boxes, *(f"{box}.read" for box in boxes), *beside


def names(owed: OwedReport) -> set[str]:
    """All that this form may say; the answer to a question is settled in the text itself."""
    found = {name for one in owed.asked for name in names_of(one)}
    return {name for name in found if not name.endswith(".read")} | _OF_ALL


def _belongs(by_code: Mapping[str, Indicator], name: str) -> bool:
    """Whether the form that asks these has a field of this name."""
    code, _, part = name.partition(".")
    one = by_code.get(code)
    if one is None:
        return name in _OF_ALL
    return part in _BESIDE or name.removesuffix(".read") in value.fields(one) or name in _OF_ALL


def _by_code(owed: OwedReport) -> dict[str, Indicator]:
    return {indicator.code: indicator for indicator in owed.asked}


def unknown(owed: OwedReport, form: Mapping[str, str], known: Collection[str] = ()) -> set[str]:
    """Fields with something in them that no form of this obligation has (any more)."""
    given = {name for name, content in form.items() if content} - _OWN_FIELDS - set(known)
    by_code = _by_code(owed)
    return {name for name in given if not _belongs(by_code, name)}


def typed_from(owed: OwedReport, form: Mapping[str, str]) -> dict[str, str]:
    """Only what belongs to fields that are asked; empty boxes and the default state say nothing."""
    by_code = _by_code(owed)
    typed = {
        name: content
        for name, content in form.items()
        if content
        and _belongs(by_code, name)
        and not (content == "value" and name.endswith(".state"))
    }
    for name in [name for name in typed if name.endswith(".read")]:
        typed = value.settled(by_code[name.partition(".")[0]], typed)
    return typed
