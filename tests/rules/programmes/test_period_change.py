"""Facts about what an officer changes of a period: opening, due day, lock, a new one."""

from datetime import date, timedelta

import pytest

from chalicelib.rules.programmes import period_change
from chalicelib.rules.programmes.period import end_of, start_of
from chalicelib.rules.programmes.period_change import Wrong, read_day
from tests.builders import instant, period

# The fourth quarter: cut-off Monday 14/12/2026, due Thursday 17/12, locks Monday 21/12.
NOW = instant(23, month=11)
DAYS = {"opens": "15/09/2026", "due": "17/12/2026", "locks": "21/12/2026"}


def moved(one=None, now=NOW, reason="Bão số 9", holidays=(), **typed):
    return period_change.with_days(
        one or period(), {**DAYS, **typed}, reason, holidays=holidays, now=now
    )


def faults_of(*given, **more):
    with pytest.raises(Wrong) as wrong:
        moved(*given, **more)
    return wrong.value.faults


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("17/12/2026", date(2026, 12, 17)),
        ("7/3/2027", date(2027, 3, 7)),
        ("07-03-2027", date(2027, 3, 7)),
        ("07.03.2027", date(2027, 3, 7)),
        ("2027-03-07", date(2027, 3, 7)),
        ("29/02/2028", date(2028, 2, 29)),
        *((bad, None) for bad in ("", "29/02/2027", "31/04/2027", "17/12", "17/12/26", "abc")),
        *((bad, None) for bad in ("12/17/2026", "01/01/0001", "01/01/9999", "17/12/2026 10:00")),
    ],
)
def test_a_day_is_read_as_it_is_written_in_viet_nam(typed, day):
    assert read_day(typed) == day


def test_due_and_lock_move_to_the_end_of_their_days():
    found = moved(due="18/12/2026", locks="23/12/2026")
    assert (found.due, found.locks) == (end_of(date(2026, 12, 18)), end_of(date(2026, 12, 23)))
    assert found.model_copy(update={"due": period().due, "locks": period().locks}) == period()


@pytest.mark.guards(
    "deadlines on working days, one after the cut-off",
    "the day as typed ✓",
    "no day after the cut-off ✓",
)
def test_a_day_off_becomes_the_next_working_day():
    found = moved(due="19/12/2026", locks="26/12/2026", holidays={date(2026, 12, 28)})
    assert found.due == end_of(date(2026, 12, 21))  # Saturday to Monday
    assert found.locks == end_of(date(2026, 12, 29))  # Saturday, and Monday is a holiday


@pytest.mark.guards("deadlines on working days, one after the cut-off")
def test_units_have_a_working_day_after_the_cut_off():
    one = period(due=end_of(date(2026, 12, 18)))
    assert moved(one, due="14/12/2026").due == end_of(date(2026, 12, 15))
    assert moved(one, due="14/12/2026", holidays={date(2026, 12, 15)}).due == end_of(
        date(2026, 12, 16)
    )


def test_a_lock_that_a_moved_due_day_overtakes_goes_with_it():
    found = moved(due="19/12/2026", locks="19/12/2026")
    assert found.due == found.locks == end_of(date(2026, 12, 21))


@pytest.mark.guards("never due after the lock")
@pytest.mark.parametrize(
    ("typed", "faults"),
    [
        ({"due": "22/12/2026"}, {"due": "due_after_lock"}),
        ({"due": "18/12/2026", "locks": "17/12/2026"}, {"locks": "locks_before_due"}),
        ({"locks": "16/12/2026"}, {"locks": "locks_before_due"}),
        ({"due": "22/11/2026"}, {"due": "in_the_past"}),
        ({"opens": "24/11/2026", "due": "18/12/2026"}, {"opens": "already_open"}),
        ({"due": "31/02/2027", "locks": ""}, {"due": "bad_day", "locks": "bad_day"}),
        ({}, {"due": "nothing_changed"}),
        ({"due": "18/12/2026", "reason": ""}, {"reason": "no_reason"}),
        ({"due": "18/12/2026", "reason": "x" * 301}, {"reason": "reason_too_long"}),
        ({"due": "18/12/2026", "reason": "a\x00"}, {"reason": "forbidden_character"}),
    ],
)
def test_what_can_not_be_is_said_by_its_box(typed, faults):
    assert faults_of(**typed) == faults


def test_the_opening_moves_only_before_it():
    soon = period(opens=start_of(date(2026, 12, 1)))
    found = moved(soon, opens="30/11/2026")
    assert found.opens == start_of(date(2026, 11, 30))
    assert faults_of(soon, opens="18/12/2026") == {"opens": "opens_after_due"}
    assert faults_of(soon, opens="01/11/2026") == {"opens": "in_the_past"}


def test_a_locked_period_opens_again_by_its_lock():
    later = instant(28)
    found = moved(now=later, locks="30/12/2026")
    assert found.is_open(later)
    assert found.due == period().due  # what was in time stays in time
    assert faults_of(now=later, due="30/12/2026") == {"due": "due_after_lock"}


def test_an_instant_that_is_no_end_of_a_day_stays_where_its_day_is_not_changed():
    early = period(due=instant(17, hour=4), locks=instant(17, hour=4))
    found = moved(early, due="17/12/2026", locks="22/12/2026")
    assert found.due == instant(17, hour=4)


def test_opening_now_is_once_and_before_the_lock():
    soon = period(opens=instant(1))
    assert period_change.opened(soon, NOW).opens == NOW
    with pytest.raises(Wrong) as wrong:
        period_change.opened(period(), NOW)
    assert wrong.value.faults == {"opens": "already_open"}
    with pytest.raises(Wrong) as wrong:
        period_change.opened(period(opens=instant(28)), instant(25))
    assert wrong.value.faults == {"opens": "locks_before_opening"}


@pytest.mark.guards("never due after the lock", "due left where it was ✓ (the first)")
def test_locking_now_ends_the_due_day_too():
    before_due = period_change.locked(period(), instant(16), "Đủ báo cáo")
    assert before_due.locks == before_due.due == instant(16)
    after_due = period_change.locked(period(), instant(18), "Đủ báo cáo")
    assert (after_due.due, after_due.locks) == (period().due, instant(18))
    assert not after_due.is_open(instant(18) + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("now", "reason", "faults"),
    [
        (instant(16), "", {"reason": "no_reason"}),
        (instant(28), "Muộn", {"locks": "already_locked"}),
        (instant(1, month=9), "Sớm", {"locks": "not_open"}),
    ],
)
def test_locking_is_of_an_open_period_and_with_a_reason(now, reason, faults):
    with pytest.raises(Wrong) as wrong:
        period_change.locked(period(), now, reason)
    assert wrong.value.faults == faults


# ------------------------------------------------------------------ a new one

NEW = {
    "label": "An toàn hè 2027",
    "slug": "an-toan-he",
    "start": "01/06/2027",
    "end": "30/06/2027",
    "opens": "",
    "due": "03/07/2027",
    "locks": "05/07/2027",
    "form": "2",
}


def made(**typed):
    return period_change.new_period(
        {**NEW, **typed}, {"x-da-co"}, [1, 2], holidays={date(2027, 7, 5)}, now=NOW
    )


def test_a_thematic_period_is_made_as_typed_on_working_days():
    found = made()
    assert (found.key, found.label, found.form) == ("x-an-toan-he", "An toàn hè 2027", 2)
    assert (found.start, found.end) == (date(2027, 6, 1), date(2027, 6, 30))
    assert found.opens == start_of(date(2027, 6, 1))
    assert found.due == found.locks == end_of(date(2027, 7, 6))  # Saturday; Monday is a holiday
    assert made(opens="15/06/2027").opens == start_of(date(2027, 6, 15))


def test_a_name_of_several_lines_is_one_line():
    """It stands in the subjects of mails, which have no second line."""
    assert made(label="An toàn\nhè").label == "An toàn hè"


def test_its_key_is_made_from_its_name_where_none_is_given():
    assert made(slug="").key == "x-an-toan-he-2027"


@pytest.mark.parametrize(
    ("typed", "faults"),
    [
        ({"slug": "An Toàn"}, {"slug": "bad_slug"}),
        ({"slug": "a" * 39}, {"slug": "bad_slug"}),
        ({"slug": "-a"}, {"slug": "bad_slug"}),
        ({"slug": "da-co"}, {"slug": "slug_taken"}),
        ({"label": ""}, {"label": "empty"}),
        ({"label": "", "slug": ""}, {"label": "empty", "slug": "bad_slug"}),
        ({"label": "x" * 121}, {"label": "bad_label"}),
        ({"label": "a\u202eb"}, {"label": "bad_label"}),
        ({"start": "", "end": "32/06/2027"}, {"start": "empty", "end": "bad_day"}),
        ({"end": "31/05/2027"}, {"end": "ends_before_start"}),
        ({"due": "30/06/2027"}, {"due": "due_before_end"}),
        ({"locks": "02/07/2027"}, {"locks": "locks_before_due"}),
        ({"opens": "04/07/2027"}, {"opens": "opens_after_due"}),
        ({"form": "3"}, {"form": "no_such_form"}),
        ({"form": ""}, {"form": "no_such_form"}),
        (
            {"start": "01/06/2025", "end": "30/06/2025", "due": "03/07/2025"},
            {"due": "in_the_past"},
        ),
    ],
)
def test_what_is_wrong_with_a_new_one_is_said_by_its_box(typed, faults):
    with pytest.raises(Wrong) as wrong:
        made(**typed)
    assert wrong.value.faults == faults
