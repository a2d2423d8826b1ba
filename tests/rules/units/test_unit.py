"""Facts about units: who owes a report on a day, and what a dated version may hold."""

from datetime import date

import pytest
from pydantic import ValidationError

from chalicelib.rules.units.unit import in_force, known_as, owing
from tests.builders import unit

CUT_OFF = date(2026, 12, 14)


@pytest.mark.guards("who owes: the cut-off", "ends not looked at ✓")
def test_a_unit_owes_when_it_exists_on_the_cut_off_day():
    units = [
        unit("T01", valid_to="2026-12-13"),
        unit("T02", valid_to="2026-12-14"),
        unit("T03", valid_from="2026-12-14"),
        unit("T04", valid_from="2026-12-15"),
    ]
    assert [one.code for one in owing(units, CUT_OFF)] == ["T02", "T03"]


def test_the_version_of_the_day_gives_the_name_and_the_bloc():
    old = unit("P01", name="Phòng GD&ĐT Ba Tri", valid_to="2025-06-30")
    new = unit("P01", name="Xã Ba Tri", bloc="X", valid_from="2025-07-01")
    for listed in ([old, new], [new, old]):
        assert owing(listed, date(2025, 6, 14)) == [old]
        assert owing(listed, date(2025, 12, 14)) == [new]


def test_a_renamed_unit_that_later_ended_owes_nothing_more():
    first = unit("T01")
    second = unit("T01", name="Tên mới", valid_from="2024-01-01", valid_to="2025-06-30")
    assert owing([first, second], CUT_OFF) == []
    assert owing([first, second], date(2025, 6, 30)) == [second]


def test_units_stand_by_their_number_then_by_the_alphabet():
    units = [
        unit("T03", name="Đoàn Thị Điểm", order=2),
        unit("T02", name="Diệp Minh Châu", order=2),
        unit("T04", name="Lê Anh Xuân", order=2),
        unit("T01", name="Ấp cuối bảng chữ cái", order=3),
        unit("T05", name="Ở đầu danh sách", order=1),
    ]
    assert [one.code for one in owing(units, CUT_OFF)] == ["T05", "T02", "T03", "T04", "T01"]


def test_of_two_versions_that_overlap_the_later_one_holds():
    old, new = unit("T01"), unit("T01", name="Tên mới", valid_from="2026-07-01")
    assert in_force([new, old], CUT_OFF) == {"T01": new}
    assert in_force([new, old], date(2026, 6, 30)) == {"T01": old}


def test_a_unit_is_known_by_the_version_nearest_to_the_day():
    old = unit("T01", valid_to="2024-12-31")
    new = unit("T01", valid_from="2026-01-01")
    assert known_as([old, new], date(2020, 1, 1)) == old
    assert known_as([old, new], date(2025, 6, 1)) == old
    assert known_as([old, new], date(2030, 1, 1)) == new


@pytest.mark.guards("a stored unit keeps its text", "an empty list of successors written ✓")
def test_a_unit_without_successors_is_kept_as_it_always_was():
    """Its text is its summary's proof: a new field must not change every one of them."""
    kept = unit("T01").model_dump_json()
    assert "successors" not in kept
    assert '"successors":["X01"]' in unit("T01", successors=("X01",)).model_dump_json()


# ------------------------------------------------------------------ worked by hand

FIRST_HALF = date(2025, 6, 14)  # the cut-off of 2025-H1; 2025-H2 has 2025-12-14
SECOND_HALF = date(2025, 12, 14)


def codes(units, day):
    return [one.code for one in owing(units, day)]


@pytest.mark.guards(
    "who carries on",
    "a successor from the last day on ✓",
    "a code given out again taken for the old unit ✓",
)
def test_a_unit_that_merged_inside_a_period_owes_the_one_before_and_its_heir_this_one():
    """P01 and P02 become X01 on 01/07/2025, inside the second half: X01 reports it alone."""
    units = [
        unit("P01", order=1, valid_to="2025-06-30", successors=("X01",)),
        unit("P02", order=2, valid_to="2025-06-30", successors=("X01",)),
        unit("X01", order=3, valid_from="2025-07-01"),
    ]
    assert codes(units, FIRST_HALF) == ["P01", "P02"]
    assert codes(units, SECOND_HALF) == ["X01"]


@pytest.mark.parametrize(
    ("last_day", "owes"), [("2025-06-13", []), ("2025-06-14", ["T01"]), ("2025-06-15", ["T01"])]
)
def test_a_unit_that_ended_the_day_before_the_cut_off_owes_nothing_and_the_day_after_does(
    last_day, owes
):
    assert codes([unit("T01", valid_to=last_day)], FIRST_HALF) == owes


@pytest.mark.parametrize(
    ("since", "bloc"), [("2025-06-14", "G"), ("2025-06-15", "T"), ("2025-07-01", "T")]
)
def test_a_school_that_changed_its_bloc_reports_in_the_bloc_of_the_cut_off_day(since, bloc):
    eve = date.fromordinal(date.fromisoformat(since).toordinal() - 1)
    units = [unit("T01", valid_to=eve), unit("T01", bloc="G", valid_from=since)]
    assert [one.bloc for one in owing(units, FIRST_HALF)] == [bloc]
    assert [one.bloc for one in owing(units, SECOND_HALF)] == ["G"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"aliases": ("x" * 201,)},
        {"aliases": tuple("x" * 21)},
        {"successors": ("không phải mã",)},
        {"valid_from": "0021-01-01"},
        {"valid_to": "9999-12-31"},
        {"parent": "x" * 201},
    ],
    ids=str,
)
def test_what_would_not_fit_in_an_item_or_in_our_time_is_no_unit(wrong):
    with pytest.raises(ValidationError):
        unit("T01", **wrong)
