"""How many queries the demo's reports meet, and that a slip of the finger is among them."""

import statistics
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from chalicelib.edges.ports import Site
from chalicelib.rules.forms.form import Indicator, indicators
from chalicelib.rules.programmes import period as calendar
from chalicelib.rules.reports import odd_value, report
from chalicelib.rules.reports.odd_value import MOST_ASKED
from chalicelib.rules.units.unit import owing
from chalicelib.store import programmes
from infra import demo
from tests.conftest import NEW, OLD
from tests.sizes import Figure

NOW = datetime(2026, 12, 1, 3, tzinfo=UTC)


class Told(NamedTuple):
    """A report of the demo, with what it is compared with."""

    asked: list[Indicator]
    figures: dict[str, Any]
    last: dict[str, Any]  # of the last comparable round
    any_last: dict[str, Any]  # what was compared before: the newest there is
    year: dict[str, Any]


def reports_of(site: Site, p: str) -> Iterator[Told]:
    """All that `make demo` sends, without sending it."""
    periods = programmes.periods(site.table, p)
    units = programmes.units(site.table, programmes.programme(site.table, p))  # type: ignore[arg-type]
    sent: dict[tuple[str, str], dict[str, Any]] = {}
    for period in sorted(periods, key=lambda one: one.end):
        form = programmes.form(site.table, p, period.form)
        if not period.has_begun(NOW):
            continue
        for unit in owing(units, period.end):
            asked = list(indicators(form.asked_of(unit.bloc, period.key, period.end)))
            chance = demo.seeded(p, period.key, unit.code)
            fate = demo.fate_of(chance, period, NOW)
            if fate is None:
                continue
            typed = {"nil": "1"} if fate.nil else demo.answers(chance, unit, asked)
            figures = dict(report.read(asked, typed).content.figures)
            sent[period.key, unit.code] = figures
            last, any_last, lacking = {}, {}, []
            for before in calendar.previous(periods, period.key)[:4]:
                known = sent.get((before.key, unit.code))
                if known is None:
                    lacking.append(before)
                    continue
                for one in asked:
                    if one.code in known and one.code not in any_last:
                        any_last[one.code] = known[one.code]
                        if not any(one.runs_in(each.key, each.end) for each in lacking):
                            last[one.code] = known[one.code]
            year = calendar.year_before(periods, period.key)
            yield Told(
                asked,
                {} if fate.nil else figures,
                last,
                any_last,
                sent.get((year.key, unit.code), {}) if year else {},
            )


def before(one: Indicator, last: Any, new: Any) -> int:
    """The rule that this one took the place of: threefold from ten on, each box by itself."""
    if one.kind not in ("count", "rank", "amount", "ratio") or one.jump == "none":
        return 0
    if last in (None, False) or new in (None, False):
        return 0
    pairs = zip(*(each if isinstance(each, list) else [each] for each in (last, new)), strict=True)
    times = Decimal(one.jump or 3)
    both = ((Decimal(old), Decimal(now)) for old, now in pairs)
    return sum(old >= 10 and (now > old * times or now * times < old) for old, now in both)


def asked_about(told: Told, figures: dict[str, Any]) -> list[str]:
    odd = odd_value.found(told.asked, figures, told.last, told.year)
    return [one.code for one in odd[:MOST_ASKED]]


@pytest.mark.guards(
    "odd values are asked about, sparingly", "a twofold change is odd ✓", "all are asked ✓"
)
@pytest.mark.parametrize("programme", [OLD, NEW])
def test_a_report_of_the_demo_meets_two_queries_at_most_mostly_and_never_more_than_five(
    site: Site, programme: str, figure: Figure
) -> None:
    every = list(reports_of(site, programme))
    assert len(every) > 100
    old = [
        sum(
            before(i, t.any_last[i.code], t.figures[i.code])
            for i in t.asked
            if i.code in t.any_last and i.code in t.figures
        )
        for t in every
    ]
    new = [len(asked_about(told, told.figures)) for told in every]
    for name, counts in (("before", old), ("now", new)):
        figure(
            f"queries a report, {programme}, {name}",
            f"median {statistics.median(counts):g}, most {max(counts)}, {len(counts)} reports",
        )
    assert statistics.median(new) <= 2
    assert max(new) == 5


@pytest.mark.guards("odd values are asked about, sparingly", "the form's order, not gravity ✓")
@pytest.mark.parametrize(("last", "slip"), [(0, 99_999), (None, 99_999), (425, None), (12, 12_000)])
def test_a_planted_slip_is_among_the_five_in_every_report_of_the_demo(
    site: Site, last: Any, slip: Any, figure: Figure
) -> None:
    planted = 0
    for told in reports_of(site, NEW):
        code = "i6_3_pupils"  # near the end of the form
        if code not in told.last or not told.figures:
            continue
        here = told._replace(
            last=told.last | {code: last}, year=told.year | ({code: last} if told.year else {})
        )
        assert code in asked_about(here, told.figures | {code: slip})
        planted += 1
    assert planted > 50
    figure(f"planted {last} → {slip}", f"asked about in {planted} of {planted} reports")
