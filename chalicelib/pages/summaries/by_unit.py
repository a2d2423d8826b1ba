"""One period unit by unit: an indicator as it was reported, or under today's units."""

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Any

from chalicelib.edges.ports import Site
from chalicelib.messages.reports import states as state_words
from chalicelib.pages.frame import address, render
from chalicelib.pages.frame.web import Request, Response
from chalicelib.pages.units.listing import STYLES
from chalicelib.rules.forms.form import Indicator, Section, indicators
from chalicelib.rules.forms.form_versions import merged
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.reports import report
from chalicelib.rules.reports.exempt_or_extended import without_exempt
from chalicelib.rules.summaries import todays_units
from chalicelib.rules.summaries.aggregate import Aggregate
from chalicelib.rules.summaries.cells import answered
from chalicelib.rules.texts import number
from chalicelib.rules.texts.clock import today
from chalicelib.rules.units.successions import Lines
from chalicelib.rules.units.unit import Unit, in_force, owing
from chalicelib.store import exempt_or_extended, programmes, reports


def by_unit(site: Site, request: Request) -> Response:
    programme, period = address.period_of(site, request)
    asked = _Asked(site, programme, period)
    choices = _figures(asked.sections)
    by_code = {one.code: one for _, found in choices for one in found}
    first = next(iter(by_code.values()), None)
    indicator = by_code.get(request.query.get("code", ""), first)
    found = _found(site, request, asked, indicator) if indicator else {}
    shown = request.query.get("show", "")
    return render.page(
        site,
        request,
        "summaries/by_unit.html",
        styles=STYLES,
        programme=programme,
        period=period,
        choices=choices,
        indicator=indicator,
        shown=shown if shown in ("today", "missing") else "reported",
        day=today(request.now),
        blocs=programme.blocs,
        **found,
    )


class _Asked:
    """What each unit was asked: by the form its report was begun on, else by the period's own."""

    def __init__(self, site: Site, programme: Programme, period: Period) -> None:
        self.programme, self.period = programme, period
        p, self._own = programme.key, period.form
        self.heads = list(reports.all_standing(site.table, p, period.key))
        self._forms = {head.unit: head.form for head in self.heads}
        running = {
            version: programmes.form(site.table, p, version).running(period.key, period.end)
            for version in sorted({self._own, *self._forms.values()}, reverse=True)
        }
        self._by_code = {v: {one.code: one for one in indicators(s)} for v, s in running.items()}
        own = running.pop(self._own)
        self.sections = merged(own, running.values())

    def asks(self, code: str, unit: Unit) -> bool:
        one = self._by_code[self._forms.get(unit.code, self._own)].get(code)
        return one is not None and one.asks(unit.bloc)

    def given(self, code: str, units: Collection[str]) -> tuple[dict[str, object], dict[str, str]]:
        """What these units answered, and how their reports stand; what is returned gives nothing,
        as in the summary.
        """
        states: dict[str, str] = {
            head.unit: head.state for head in self.heads if head.unit in units
        }
        answers: dict[str, object] = {
            head.unit: todays_units.answer(report.parse_figures(head.figures), code)
            for head in self.heads
            if head.unit in states and head.state != "returned"
        }
        return answers, states


def _figures(sections: Iterable[Section]) -> list[tuple[Section, list[Indicator]]]:
    """What units give as figures, by section; a section without any is left out."""
    found = (
        (section, [one for one in section.indicators if _is_figure(one)]) for section in sections
    )
    return [(section, some) for section, some in found if some]


def _is_figure(indicator: Indicator) -> bool:
    return not indicator.is_text and indicator.entered_by == "unit"


def _askers(site: Site, its: _Asked, indicator: Indicator, everyone: Sequence[Unit]) -> list[Unit]:
    """Who owes this figure, in official order."""
    exempt = exempt_or_extended.terms(site.table, its.programme.key, its.period.key)
    owed = without_exempt(owing(everyone, its.period.end), exempt)
    return [unit for unit in owed if its.asks(indicator.code, unit)]


def _found(site: Site, request: Request, its: _Asked, indicator: Indicator) -> dict[str, Any]:
    """Both readings of the same reports, so that their totals can be seen to be one."""
    everyone = programmes.units(site.table, its.programme)
    asked = _askers(site, its, indicator, everyone)
    given, states = its.given(indicator.code, {unit.code for unit in asked})
    answers = [(unit, given.get(unit.code, todays_units.MISSING)) for unit in asked]
    since, lines = its.period.end, Lines(everyone)
    day = max(today(request.now), since)

    def heirs(unit: Unit) -> frozenset[str]:
        return lines.heirs(unit.code, since, day)

    rows, total = todays_units.as_reported(indicator, answers)
    regrouped = todays_units.by_todays_units(indicator, answers, heirs, in_force(everyone, day))
    return {
        "rows": [(unit, _shown(indicator, one), states.get(unit.code)) for unit, one in rows],
        "without": [(unit, states.get(unit.code)) for unit, one in rows if one.missing],
        "regrouped": regrouped,
        "total": _shown(indicator, total),
        "again": _shown(indicator, regrouped.total),
        "shown_as": lambda one: _shown(indicator, one),
        "ranks": _ranks(indicator, given),
        "names": {unit.code: unit.name for unit in in_force(everyone, day).values()},
    }


def _ranks(indicator: Indicator, given: dict[str, object]) -> dict[str, str]:
    """Ranks stand as they are: they are not added up."""
    if indicator.kind != "rank":
        return {}
    return {unit: str(one) for unit, one in given.items() if isinstance(one, int)}


def _shown(indicator: Indicator, one: Aggregate) -> dict[str, str | int]:
    """A total as it is read: the value, its two numbers, and on how many units it stands."""
    kept = one.as_json(indicator)
    value = kept["value"]
    parts = ""
    if kept.get("answers"):
        said = _answered(one, kept["answers"])
    elif value is None:
        said = _without_value(one)
    elif indicator.kind == "ratio":
        said = f"{value} %".replace(".", ",")
    else:
        said = number.shown(Decimal(value), indicator.decimals)
    if indicator.kind == "ratio" and one.with_value:
        parts = f"{number.shown(kept['numerator'])}/{number.shown(kept['denominator'])}"
    return {
        "value": said,
        "parts": parts,
        "expected": one.applies,
        "with_value": one.with_value,
    }


def _answered(one: Aggregate, answers: Iterable[dict[str, Any]]) -> str:
    """A unit's own answer; of several units each answer with its count and share."""
    if one.expected == 1:
        return next(str(answer["label"]) for answer in answers if answer["count"])
    return answered({"answers": answers})


def _without_value(one: Aggregate) -> str:
    if one.with_value:
        return "–"  # over nothing, or of what is not added up
    if one.nil and one.nil == one.expected:
        return state_words.VALUE_STATES["nil"]
    if one.not_applicable and one.not_applicable == one.expected:
        return state_words.VALUE_STATES["na"]
    return state_words.MISSING
