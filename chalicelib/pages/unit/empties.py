"""Figures left empty on the check page: what may fill many at once, and the tap that does."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from chalicelib.edges.ports import Site
from chalicelib.pages.frame.web import Request, Response, redirect
from chalicelib.pages.unit import keeping, owed_report
from chalicelib.pages.unit.fields import shown
from chalicelib.pages.unit.form import shown as typed_so_far
from chalicelib.pages.unit.owed_report import Last, OwedReport
from chalicelib.rules.forms import value
from chalicelib.rules.forms.form import Indicator
from chalicelib.rules.reports import empties
from chalicelib.rules.reports.empties import Fill


class Empty(NamedTuple):
    indicator: Indicator
    last: str  # empty where the last round says nothing
    period: str  # of that; empty for the period just before
    typed: Mapping[str, str]  # what its tap would type; nothing where it has none


def groups(
    site: Site, owed: OwedReport, codes: Sequence[str], last: Mapping[str, Last]
) -> dict[Fill, list[Empty]]:
    """Each in the form's order."""
    said = {code: one for code, one in last.items() if one.comparable}
    found: dict[Fill, list[Empty]] = {"nil": [], "keep": [], "na": [], "type": []}
    carried = reasons(site, owed, codes, last)
    for one in owed.asked:
        if one.code not in codes:
            continue
        before = said.get(one.code)
        figure = before.figure if before else ...
        kind = empties.fill(one, figure)
        told = shown(one, figure) if before else ""
        if kind == "na" and one.code in carried:
            told = f"{told}: {carried[one.code]}"
        period = before.period if before else ""
        found[kind].append(Empty(one, told, period, _typed(one, kind, before, carried)))
    return found


def _typed(
    one: Indicator, kind: Fill, last: Last | None, carried: Mapping[str, str]
) -> dict[str, str]:
    if kind == "nil":
        return value.typed(one, value.NIL)
    if kind == "type" or last is None:
        return {}
    reason = {f"{one.code}.note": carried[one.code]} if one.code in carried else {}
    return {**value.typed(one, last.figure), **reason}


def reasons(
    site: Site, owed: OwedReport, codes: Sequence[str], last: Mapping[str, Last]
) -> dict[str, str]:
    """Why these did not apply in the round before, where they did not: carried over."""
    by_period: dict[str, list[str]] = {}
    for code in codes:
        if code in last and last[code].figure is value.NOT_APPLICABLE:
            by_period.setdefault(last[code].key, []).append(code)
    found: dict[str, str] = {}
    for key, its in by_period.items():
        notes = owed_report.notes_of(site, owed, key)
        found |= {code: notes[code] for code in its if code in notes}
    return found


def fill(site: Site, request: Request) -> Response:
    """Every figure of one group takes what the page says, in the draft."""
    owed = owed_report.load(site, request)
    typed, _ = typed_so_far(site, owed)
    left = owed_report.read(owed, typed).empties
    found = groups(site, owed, left, owed_report.last_values(site, owed))
    kind = request.form.get("do", "nil")
    chosen = next((its for name, its in found.items() if name == kind), [])
    fields = {name: text for one in chosen for name, text in one.typed.items()}
    kept = keeping.keep(site, request, owed, fields)
    asking = keeping.question(site, owed, kept)
    return asking or redirect(site, "report", owed.period.key, "check")
