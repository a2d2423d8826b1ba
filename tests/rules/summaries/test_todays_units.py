"""One period by unit: as reported and by today's units, and the two always have one total."""

from datetime import date

import pytest
from hypothesis import given, strategies

from chalicelib.rules.summaries.todays_units import MISSING, alone, as_reported, by_todays_units
from chalicelib.rules.units.successions import Lines
from chalicelib.rules.units.unit import in_force
from tests.builders import indicator, unhurried, unit

CUT_OFF, TODAY = date(2025, 6, 14), date(2026, 11, 25)

# Worked by hand: P01 and P02 merged into X01, P03 was split, P04 ended for good, T01 lives on.
UNITS = [
    unit("P01", valid_to="2025-06-30", successors=("X01",)),
    unit("P02", valid_to="2025-06-30", successors=("X01",)),
    unit("P03", valid_to="2025-06-30", successors=("X01", "X02")),
    unit("P04", valid_to="2025-06-30"),
    unit("T01"),
    unit("X01", valid_from="2025-07-01"),
    unit("X02", valid_from="2025-07-01"),
]
OLD = [one for one in UNITS if one.holds_on(CUT_OFF)]


def regrouped(one, given, units=UNITS, owing=None):
    owing = OLD if owing is None else owing
    answers = [(u, given.get(u.code, MISSING)) for u in owing]
    lines = Lines(units)
    return by_todays_units(
        one, answers, lambda u: lines.heirs(u.code, CUT_OFF, TODAY), in_force(units, TODAY)
    )


def test_counts_of_merged_units_are_added_and_the_split_one_stands_apart():
    found = regrouped(indicator(), {"P01": 3, "P02": 4, "P03": 10, "P04": 20, "T01": 100})
    assert [(g.unit.code, [s.code for s in g.sources], g.total.total) for g in found.gathered] == [
        ("T01", ["T01"], 100),
        ("X01", ["P01", "P02"], 7),
    ]
    assert [(one.unit.code, one.heirs, one.total.total) for one in found.apart] == [
        ("P03", ("X01", "X02"), 10),
        ("P04", (), 20),
    ]
    assert found.total.total == 137


def test_a_ratio_of_merged_units_is_that_of_its_sums_and_no_average():
    found = regrouped(indicator("r1", "ratio"), {"P01": [1, 1], "P02": [0, 99]})
    (merged,) = [g for g in found.gathered if g.unit.code == "X01"]
    assert (merged.total.numerator, merged.total.denominator) == (1, 100)
    assert merged.total.as_json(indicator("r1", "ratio"))["value"] == "1.00"


def test_a_merged_unit_says_of_how_many_its_figure_is():
    found = regrouped(indicator(), {"P01": 3, "T01": None})
    by_code = {g.unit.code: g.total for g in found.gathered}
    assert (by_code["X01"].expected, by_code["X01"].with_value) == (2, 1)
    assert (by_code["T01"].expected, by_code["T01"].nil) == (1, 1)


def test_nil_not_applicable_and_missing_stay_what_they_are():
    one = indicator()
    assert alone(one, None).nil == alone(one, False).not_applicable == 1
    assert alone(one, MISSING).expected == 1
    assert alone(one, MISSING).nil == 0
    assert alone(one, 0).with_value == 1


VALUES = {
    "count": strategies.integers(0, 10**6),
    "amount": strategies.decimals(0, 10**6, places=2).map(lambda d: format(d, "f")),
    "ratio": strategies.integers(0, 99).flatmap(
        lambda n: strategies.integers(n, 100).map(lambda d: [n, d])
    ),
    "yesno": strategies.sampled_from(["yes", "no"]),
}


@strategies.composite
def reported(draw):
    """Ten old units, each to some of four new ones, or to none; some answers of one kind."""
    kind = draw(strategies.sampled_from(sorted(VALUES)))
    answer = strategies.one_of(VALUES[kind], strategies.sampled_from([None, False, MISSING]))
    new = [unit(f"X{n}", valid_from="2025-07-01") for n in range(4)]
    named = strategies.lists(strategies.sampled_from([u.code for u in new]), unique=True)
    old = [unit(f"P{n}", valid_to="2025-06-30", successors=tuple(draw(named))) for n in range(10)]
    return indicator("i1", kind), old, new, {one.code: draw(answer) for one in old}


@pytest.mark.guards(
    "by today's units, one total",
    "a split unit given to its first heir ✓",
    "one left out ✓",
    "returned ones counted ✓",
)
@unhurried
@given(reported())
def test_however_units_are_regrouped_the_grand_total_is_as_it_was_reported(case):
    one, old, new, given_answers = case
    found = regrouped(one, given_answers, [*old, *new], old)
    rows, total = as_reported(one, [(u, given_answers[u.code]) for u in old])
    assert found.total == total
    parts = [g.total for g in found.gathered] + [a.total for a in found.apart]
    whole = alone(one, MISSING)
    whole.expected = 0
    for part in parts:
        whole.include(part)
    assert whole == total
    assert len(rows) == 10
    assert sum(len(g.sources) for g in found.gathered) + len(found.apart) == 10
