"""Who carries on what a unit was: merged, split, transferred, ended; followed by dates."""

from datetime import date, timedelta

import pytest
from hypothesis import given, strategies

from chalicelib.rules.units.successions import Lines
from chalicelib.rules.units.unit import in_force
from tests.builders import unhurried, unit

pytestmark = pytest.mark.guards("who carries on")

BEFORE, TODAY = date(2025, 6, 14), date(2026, 11, 25)


def heirs(units, code, since=BEFORE, day=TODAY):
    return Lines(units).heirs(code, since, day)


def problems(*units):
    return [(one.unit.code, one.column, one.problem) for one in Lines(units).misfits()]


def ended(code, *successors, last_day="2025-06-30", **more):
    return unit(code, valid_to=last_day, successors=successors, **more)


def since(code, day="2025-07-01", **more):
    return unit(code, valid_from=day, **more)


def test_a_unit_that_lives_on_is_its_own_heir_under_whatever_name():
    assert heirs([unit("T01")], "T01") == {"T01"}
    renamed = [unit("T01", valid_to="2025-12-31"), since("T01", "2026-01-01", name="Tên mới")]
    assert heirs(renamed, "T01") == {"T01"}


def test_two_that_merged_have_one_heir():
    units = [ended("P01", "X01"), ended("P02", "X01"), since("X01")]
    assert heirs(units, "P01") == heirs(units, "P02") == {"X01"}


def test_one_that_was_split_has_several():
    units = [ended("P01", "X01", "X02"), since("X01"), since("X02")]
    assert heirs(units, "P01") == {"X01", "X02"}


def test_successions_of_successors_are_followed():
    """P01 became X01 in July 2025; X01 was split in January 2026 and its half merged in March."""
    units = [
        ended("P01", "X01"),
        since("X01", valid_to="2025-12-31", successors=("X02", "X03")),
        since("X02", "2026-01-01"),
        since("X03", "2026-01-01", valid_to="2026-03-01", successors=("X02",)),
    ]
    assert heirs(units, "P01") == {"X02"}
    assert heirs(units, "P01", day=date(2026, 2, 1)) == {"X02", "X03"}
    assert heirs(units, "P01", day=date(2025, 8, 1)) == {"X01"}
    assert heirs(units, "P01", day=date(2025, 6, 30)) == {"P01"}


def test_what_ended_without_successors_has_no_heir():
    assert heirs([ended("T01")], "T01") == frozenset()


def test_an_end_that_is_still_to_come_changes_nothing_today():
    units = [ended("P01", "X01", last_day="2027-12-31"), since("X01", "2028-01-01")]
    assert heirs(units, "P01") == {"P01"}


def test_a_unit_that_paused_is_carried_on_by_itself():
    units = [unit("T01", valid_to="2025-06-30"), since("T01", "2026-01-01")]
    assert heirs(units, "T01") == {"T01"}


def test_a_renamed_unit_that_then_merged_is_followed_to_the_end():
    units = [
        unit("P01", valid_to="2023-12-31"),
        unit("P01", name="Tên mới", valid_from="2024-01-01", valid_to="2025-06-30").model_copy(
            update={"successors": ("X01",)}
        ),
        since("X01"),
    ]
    assert heirs(units, "P01", since=date(2022, 6, 14)) == {"X01"}


def test_a_code_that_was_given_out_again_is_not_the_unit_that_ended():
    """P01 went into X01; a year later another P01 was founded. What the old one did is X01's."""
    units = [ended("P01", "X01"), since("X01"), since("P01", "2026-07-01")]
    assert heirs(units, "P01") == {"X01"}
    assert heirs(units, "P01", since=date(2026, 8, 1)) == {"P01"}


def test_a_unit_knows_who_it_came_from():
    units = [ended("P02", "X01"), ended("P01", "X01", "X02"), since("X01"), since("X02")]
    assert [one.code for one in Lines(units).predecessors("X01")] == ["P01", "P02"]
    assert [one.code for one in Lines(units).predecessors("P01")] == []


@pytest.mark.parametrize(
    ("units", "problem"),
    [
        ([unit("P01", successors=("X01",)), since("X01")], "successors_without_end"),
        ([ended("P01", "X09"), since("X01")], "unknown_successor"),
        ([ended("P01", "X01"), since("X01", "2025-07-02")], "successor_not_there"),
        ([ended("P01", "X01"), unit("X01", valid_to="2025-06-30")], "successor_not_there"),
        ([ended("P01", "P01")], "successor_not_there"),
        ([ended("P01", "P02"), ended("P02", "P01")], "successor_not_there"),
        ([ended("P01", "X01", "X01"), since("X01")], "successor_twice"),
    ],
)
def test_a_succession_that_cannot_be_is_named(units, problem):
    assert ("P01", "successors", problem) in problems(*units)


def test_a_list_that_fits_has_nothing_to_say():
    assert problems(ended("P01", "X01", "T01"), since("X01"), unit("T01")) == []


@strategies.composite
def histories(draw):
    """Units that begin, end and name one another at random; only those that fit are kept."""
    days = [date(2024, 1, 1) + timedelta(days=30 * n) for n in range(8)]
    codes = ["A", "B", "C", "D"]
    units = []
    for code in codes:
        first, last = sorted(draw(strategies.tuples(*[strategies.sampled_from(range(8))] * 2)))
        named = draw(strategies.lists(strategies.sampled_from(codes), max_size=3, unique=True))
        last_day = days[last] - timedelta(days=1)
        open_end = first == last or draw(strategies.booleans())
        units.append(
            unit(
                code,
                valid_from=days[first],
                valid_to=None if open_end else last_day,
                successors=() if open_end else tuple(named),
            )
        )
    return units


@unhurried
@given(histories(), strategies.integers(0, 240), strategies.integers(0, 240))
def test_every_list_that_fits_is_followed_to_an_end_and_only_to_units_of_the_day(units, one, other):
    """No circle: what fits goes forward in time. What does not fit is followed to an end too."""
    begin = date(2024, 1, 1)
    start, day = (begin + timedelta(days=n) for n in sorted((one, other)))
    lines = Lines(units)
    there = in_force(units, day)
    for code in in_force(units, start):
        found = lines.heirs(code, start, day)
        assert found <= there.keys()
        if not list(lines.misfits()) and not found:
            assert any(not u.successors and u.valid_to and u.valid_to < day for u in units)
