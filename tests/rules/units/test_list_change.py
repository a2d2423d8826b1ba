"""What a newer list makes of the present one, and which periods it reaches."""

from datetime import date

import pytest

from chalicelib.rules.programmes.period import window
from chalicelib.rules.units import list_change
from tests.builders import period, unit

ALL = list_change.COMPARED
PRESENT = [
    unit("T01", name="THPT Phan Liêm", order=3, email="t01@so.example", aliases=("Phan Liêm",)),
    unit("T02", valid_to="2025-06-30"),
]


def draft(*rows, present=PRESENT, columns=ALL):
    return list_change.draft(present, enumerate(rows, start=2), columns)


def kinds(*rows, **more):
    return [(one.after.code, one.kinds) for one in draft(*rows, **more).changes]


def like(one, **more):
    return type(one).model_validate(one.model_dump() | more)


@pytest.mark.guards("a list brought back changes nothing; what is not named stays")
def test_the_same_list_again_changes_nothing():
    again = draft(*PRESENT)
    assert (again.changes, again.unchanged, again.faults) == ((), 2, ())
    assert list(again.units) == PRESENT


def test_what_the_file_does_not_name_stays():
    assert set(draft(unit("T03")).units) == {*PRESENT, unit("T03")}


@pytest.mark.guards("a list brought back changes nothing; what is not named stays")
def test_columns_that_the_file_does_not_have_stay():
    bare = unit("T01", name="Tên mới")
    (change,) = draft(bare, columns=("code", "name", "bloc", "valid_from")).changes
    assert change.after == like(PRESENT[0], name="Tên mới")
    assert change.different == ["name"]


def test_an_empty_cell_of_a_column_that_is_there_empties():
    (change,) = draft(like(PRESENT[0], email="")).changes
    assert (change.kinds, change.after.email) == (("changed",), "")


def test_a_new_version_takes_on_what_its_columns_do_not_say():
    later = unit("T01", name="THPT Phan Liêm", valid_from="2026-01-01", bloc="G")
    (change,) = draft(later, columns=("code", "name", "bloc", "valid_from")).changes
    assert (change.kinds, change.after.email, change.after.order) == (
        ("moved",),
        "t01@so.example",
        3,
    )
    assert change.before == PRESENT[0]


@pytest.mark.guards("each change has its name", "a version's close taken for an end ✓")
@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (unit("T03"), ("new",)),
        (like(PRESENT[0], name="Tên mới"), ("renamed",)),
        (like(PRESENT[0], bloc="G"), ("moved",)),
        (like(PRESENT[0], parent="SO"), ("moved",)),
        (like(PRESENT[0], valid_to="2026-12-31"), ("ended",)),
        (like(PRESENT[0], valid_to="2026-12-31", name="Tên mới"), ("ended", "renamed")),
        (like(PRESENT[1], valid_to="2025-12-31"), ("ended",)),
        (like(PRESENT[1], valid_to=None), ("changed",)),
        (like(PRESENT[0], phone="0270"), ("changed",)),
        (like(PRESENT[0], valid_from="2020-01-01"), ("changed",)),
        (like(PRESENT[0], valid_from="2026-01-01"), ("changed",)),
    ],
)
def test_each_change_has_its_name(row, kind):
    assert kinds(row) == [(row.code, kind)]


@pytest.mark.guards("each change has its name")
def test_a_version_that_closes_for_the_next_one_is_no_end_of_the_unit():
    closed = like(PRESENT[0], valid_to="2025-12-31")
    later = like(PRESENT[0], valid_from="2026-01-01", name="Tên mới")
    assert kinds(later, closed) == [("T01", ("renamed",)), ("T01", ("changed",))]


def test_of_two_versions_in_one_file_the_later_is_compared_with_the_earlier():
    first, second = unit("T09"), unit("T09", name="Tên mới", valid_from="2026-01-01")
    assert kinds(second, first) == [("T09", ("renamed",)), ("T09", ("new",))]


def test_faults_that_only_the_whole_list_shows_name_the_line():
    rows = [unit("X01", valid_from="2025-08-01"), like(PRESENT[1], successors=("X01",))]
    (fault,) = draft(*rows).faults
    assert fault == (3, "successors", "successor_not_there", "T02")


def test_a_row_that_makes_another_one_wrong_names_that_one():
    present = [like(PRESENT[1], successors=("X01",)), unit("X01", valid_from="2025-07-01")]
    assert draft(present=present).faults == ()
    (fault,) = draft(like(present[1], valid_to="2025-07-01"), present=present).faults or (None,)
    assert fault is None  # it still holds on the day after
    moved = draft(like(present[1], valid_from="2025-07-01", valid_to="2025-06-01"), present=present)
    assert {(one.line, one.unit) for one in moved.faults} == {(0, "T02"), (2, "X01")}


def test_codes_that_differ_in_their_case_alone_are_a_slip():
    assert [one.problem for one in draft(unit("t01", bloc="T")).faults] == ["code_in_other_case"]


def test_counts_are_by_kind_and_one_change_may_be_of_two():
    found = draft(like(PRESENT[0], name="Tên mới", bloc="G"), unit("T03"))
    assert found.counts() == {"new": 1, "ended": 0, "renamed": 1, "moved": 1, "changed": 0}


# ------------------------------------------------------------------ one unit, by hand


def altered(day, versions=(PRESENT[0],), **more):
    given = {"name": "THPT Phan Liêm", "bloc": "T", "parent": ""} | more
    return list_change.altered(versions, date.fromisoformat(day), **given)


def test_a_new_name_from_a_day_on_closes_the_old_version_on_the_eve():
    closed, new = altered("2026-01-01", name="Tên mới")
    assert (closed.name, closed.valid_to) == ("THPT Phan Liêm", date(2025, 12, 31))
    assert new == like(PRESENT[0], name="Tên mới", valid_from="2026-01-01")


def test_a_new_name_from_the_first_day_replaces_the_version():
    assert altered("2021-01-01", name="Tên mới") == [like(PRESENT[0], name="Tên mới")]


def test_what_is_no_change_or_on_no_day_of_the_unit_is_nothing():
    assert altered("2026-01-01") == []
    assert altered("2020-12-31", name="Tên mới") == []


def test_an_end_and_its_successors_go_with_the_newer_version():
    last = like(PRESENT[1], successors=("X01",))
    closed, new = altered("2025-01-01", [last], name="Tên mới")
    assert (closed.successors, new.successors) == ((), ("X01",))
    assert new.valid_to == last.valid_to


# ------------------------------------------------------------------ periods


def of(key):
    start, end = window(key)
    return period(key, start=start, end=end)


PERIODS = [of("2024-H2"), of("2025-H1"), of("2025-H2")]


def touched(newer, present=PRESENT):
    return [(t.period.key, *t[1:]) for t in list_change.touched(present, newer, PERIODS)]


def test_a_period_is_touched_where_its_expected_list_changes():
    ended_early = [PRESENT[0], like(PRESENT[1], valid_to="2025-06-13")]
    assert touched(ended_early) == [("2025-H1", (), ("T02",), ())]
    added = [*PRESENT, unit("T03", valid_from="2025-07-01")]
    assert touched(added) == [("2025-H2", ("T03",), (), ())]
    renamed = list_change.replaced(PRESENT, altered("2025-06-14", name="Tên mới"))
    assert touched(renamed) == [("2025-H1", (), (), ("T01",)), ("2025-H2", (), (), ("T01",))]


def test_what_no_expected_list_shows_touches_nothing():
    assert touched([like(PRESENT[0], phone="0270"), PRESENT[1]]) == []
    between = [PRESENT[0], like(PRESENT[1], valid_to="2025-07-15")]
    assert touched(between) == []
