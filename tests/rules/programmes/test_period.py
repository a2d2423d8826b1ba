"""Facts about reporting periods: the decree's windows, deadlines, keys, what is open."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, strategies

from chalicelib.rules.programmes import period
from chalicelib.rules.texts import period_key
from tests.builders import instant, unhurried
from tests.builders import period as a_period

CUT_OFF = date(2026, 12, 14)  # a Monday


def built(key="2026-Q4", **more):
    given_days = {"days": period.window(key), "due_day": 17, "lock_day": 20, "holidays": ()}
    return period.build(key, "Quý IV", form=1, **(given_days | more))


def day_in_vietnam(moment):
    return (moment + timedelta(hours=7)).date()


@pytest.mark.guards("the decree's windows and deadlines", "14 and 15 confused")
@pytest.mark.parametrize(
    ("key", "first", "last"),
    [
        ("2026-M01", "2025-12-15", "2026-01-14"),
        ("2026-M02", "2026-01-15", "2026-02-14"),
        ("2026-M03", "2026-02-15", "2026-03-14"),
        ("2026-M12", "2026-11-15", "2026-12-14"),
        ("2026-Q1", "2025-12-15", "2026-03-14"),
        ("2026-Q2", "2026-03-15", "2026-06-14"),
        ("2026-Q3", "2026-06-15", "2026-09-14"),
        ("2026-Q4", "2026-09-15", "2026-12-14"),
        ("2026-H1", "2025-12-15", "2026-06-14"),
        ("2026-H2", "2026-06-15", "2026-12-14"),
        ("2026-9M", "2025-12-15", "2026-09-14"),
        ("2026", "2025-12-15", "2026-12-14"),
        ("2024-M03", "2024-02-15", "2024-03-14"),
    ],
)
def test_a_window_is_the_decrees(key, first, last):
    assert period.window(key) == (date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    "parts",
    [("Q1", "Q2", "Q3", "Q4"), ("H1", "H2"), tuple(f"M{month:02}" for month in range(1, 13))],
)
def test_the_windows_of_a_year_follow_one_another_without_gap(parts):
    windows = [period.window(f"2026-{part}") for part in parts]
    assert windows[0][0] == period.window("2026")[0]
    assert windows[-1][1] == period.window("2026")[1]
    for (_, end), (start, _) in pairwise(windows):
        assert start == end + timedelta(days=1)


@pytest.mark.parametrize(
    "key",
    [
        *("2026-Q5", "2026-M13", "2026-M00", "2026-M1", "26-Q1", "2026-", "2026-h1", "2026-Q1 "),
        *("x-", "x-Đợt", "x-a--b", "2026-Q1\n", "2026-12M", ""),
    ],
)
def test_another_text_is_no_period_key(key):
    with pytest.raises(ValueError, match="period key"):
        period_key.kind(key)


def test_a_custom_period_has_no_window_of_its_own():
    assert period_key.kind("x-chuyen-de-2") == "X"
    with pytest.raises(ValueError, match="window"):
        period.window("x-chuyen-de-2")


@pytest.mark.parametrize(
    ("key", "kind", "tags"),
    [
        ("2026-M02", "M", {"M", "M02"}),
        ("2026-Q2", "Q", {"Q", "Q2"}),
        ("2026-H1", "H", {"H", "H1"}),
        ("2026-9M", "9M", {"9M"}),
        ("2026", "Y", {"Y"}),
        ("x-dot-xuat", "X", {"X"}),
    ],
)
def test_a_key_says_its_kind_and_how_a_form_may_name_it(key, kind, tags):
    assert period_key.kind(key) == kind
    assert period_key.tags(key) == tags


def test_the_seventeenth_ends_a_second_before_midnight_in_vietnam():
    assert period.end_of(date(2026, 12, 17)) == datetime(2026, 12, 17, 16, 59, 59, tzinfo=UTC)
    assert period.start_of(date(2026, 12, 17)) == datetime(2026, 12, 16, 17, tzinfo=UTC)


def test_a_period_opens_on_the_first_day_of_its_window():
    assert built().opens == datetime(2026, 9, 14, 17, tzinfo=UTC)


def test_units_are_due_on_the_17th_and_the_department_locks_by_the_20th():
    plain = built("2026-M10")  # 14/10/2026 is a Wednesday, 17 a Saturday, 20 a Tuesday
    assert day_in_vietnam(plain.due) == date(2026, 10, 19)
    assert day_in_vietnam(plain.locks) == date(2026, 10, 20)


@pytest.mark.parametrize(
    ("key", "holidays", "due", "locks"),
    [
        ("2026-Q4", (), "2026-12-17", "2026-12-21"),  # the 20th is a Sunday
        ("2026-M05", (), "2026-05-18", "2026-05-20"),  # the 17th is a Sunday
        ("2026-Q4", ("2026-12-17",), "2026-12-18", "2026-12-21"),
        ("2026-Q4", ("2026-12-17", "2026-12-18"), "2026-12-21", "2026-12-21"),
        # Tết Bính Ngọ: 16-20/2 are holidays, 21-22 a weekend, so both move to the 23rd.
        (
            "2026-M02",
            ("2026-02-16", "2026-02-17", "2026-02-18", "2026-02-19", "2026-02-20"),
            "2026-02-23",
            "2026-02-23",
        ),
    ],
)
def test_a_deadline_on_a_day_off_moves_to_the_next_working_day(key, holidays, due, locks):
    moved = built(key, holidays=frozenset(map(date.fromisoformat, holidays)))
    assert day_in_vietnam(moved.due).isoformat() == due
    assert day_in_vietnam(moved.locks).isoformat() == locks


def test_the_deadline_is_a_working_day_after_the_cut_off_at_least():
    friday = (date(2026, 7, 1), date(2026, 7, 17))
    assert day_in_vietnam(built(days=friday, due_day=18).due) == date(2026, 7, 20)


def test_a_day_before_the_cut_off_means_the_month_after():
    assert day_in_vietnam(built(due_day=5, lock_day=10).due) == date(2027, 1, 5)
    assert day_in_vietnam(built(due_day=5, lock_day=10).locks) == date(2027, 1, 11)
    assert day_in_vietnam(built(due_day=14).due) == date(2027, 1, 14)


def test_a_period_never_locks_before_it_is_due():
    assert built(due_day=10, lock_day=20).locks == built(due_day=10, lock_day=20).due


@pytest.mark.guards("the decree's windows and deadlines")
@given(
    strategies.sampled_from(
        [f"{y}-{p}" for y in range(2021, 2031) for p in ("M02", "Q1", "H2", "9M")]
    ),
    strategies.integers(1, 28),
    strategies.integers(1, 28),
    strategies.frozensets(strategies.dates(date(2021, 1, 1), date(2030, 12, 31)), max_size=40),
)
@unhurried
def test_every_deadline_is_a_working_day_after_the_cut_off(key, due_day, lock_day, holidays):
    made = built(key, due_day=due_day, lock_day=lock_day, holidays=holidays)
    for moment in (made.due, made.locks):
        day = day_in_vietnam(moment)
        assert day.weekday() < 5
        assert day not in holidays
        assert day > made.end
    assert made.due <= made.locks


def test_a_period_is_open_from_its_first_instant_to_its_lock():
    one, second = a_period(), timedelta(seconds=1)
    assert one.is_open(one.opens)
    assert one.is_open(one.locks)
    assert not one.is_open(one.opens - second)
    assert not one.is_open(one.locks + second)
    assert one.has_begun(one.locks + second)
    assert not one.has_begun(one.opens - second)


def test_a_regime_gives_its_keys_as_they_fall_due():
    assert list(period.keys(("Y", "H2", "H1"), 2021, 2022)) == [
        "2021-H1",
        "2021-H2",
        "2021",
        "2022-H1",
        "2022-H2",
        "2022",
    ]
    assert list(period.keys(("Q4", "Q1"), 2026, 2026)) == ["2026-Q1", "2026-Q4"]


def test_a_regime_with_an_unknown_part_is_refused_at_once():
    with pytest.raises(ValueError, match="Q7"):
        period.keys(("Q7",), 2026, 2026)


def test_earlier_periods_are_those_of_the_same_kind_the_newest_first():
    year = [built(key) for key in period.keys(("Q1", "Q2", "Q3", "Q4", "Y"), 2025, 2026)]
    assert [one.key for one in period.previous(year, "2026-Q2")] == [
        "2026-Q1",
        "2025-Q4",
        "2025-Q3",
        "2025-Q2",
        "2025-Q1",
    ]
    assert [one.key for one in period.previous(year, "2026")] == ["2025"]
    assert period.previous(year, "2025-Q1") == []


def test_the_period_in_use_is_the_open_one_that_falls_due_first():
    running = [built("2026-Q4"), built("2026"), built("2026-M11")]
    assert period.in_use(running, instant(1, month=11)).key == "2026-M11"
    assert period.in_use(running, instant(1)).key == "2026"  # due with Q4, but begun before it


def test_with_none_open_the_last_that_began_is_in_use():
    both = [built("2026-Q2"), built("2026-Q1")]
    assert period.in_use(both, instant(1)).key == "2026-Q2"
    assert period.in_use(both, instant(1, year=2024)) is None
