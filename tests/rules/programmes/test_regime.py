"""Facts about a regime's periods, and what other holidays make of those to come."""

from datetime import date

import pytest

from chalicelib.messages.frame.dates import period_label
from chalicelib.rules.programmes import regime
from chalicelib.rules.programmes.period import custom, end_of
from chalicelib.rules.programmes.programme import Programme
from tests.builders import instant

PROGRAMME = Programme.model_validate(
    {
        "key": "p",
        "name": "Thi đua",
        "short": "Thi đua",
        "valid_from": "2026-01-01",
        "valid_to": "2027-12-31",
        "department": dict.fromkeys(("name", "parent", "place", "contact", "phone", "email"), "x"),
        "blocs": {"T": "THPT"},
        "regime": {
            "collects": ["Q1", "Q4"],
            "first_year": 2026,
            "last_year": 2027,
            "due_day": 17,
            "lock_day": 20,
            "custom": [
                {
                    "key": "x-he",
                    "label": "Hè",
                    "start": "2026-06-01",
                    "end": "2026-06-30",
                    "due": "2026-07-03",
                    "locks": "2026-07-06",
                }
            ],
        },
        "holidays": {2027: ["2027-01-01"]},
    }
)
NOW = instant(23, month=11)  # the fourth quarter of 2026 is open


def with_holidays(*days):
    return PROGRAMME.model_copy(update={"holidays": {2027: days}})


def moved(kept, *days, old=PROGRAMME):
    found = regime.moved_by_holidays(old, with_holidays(*days), kept, NOW)
    return {one.before.key: (one.after.due, one.after.locks) for one in found}


def kept():
    return list(regime.periods(PROGRAMME, 3, period_label))


def test_the_periods_of_a_regime_come_as_they_fall_due_and_the_thematic_ones_after():
    keys = [one.key for one in kept()]
    assert keys == ["2026-Q1", "2026-Q4", "2027-Q1", "2027-Q4", "x-he"]
    assert {one.form for one in kept()} == {3}


def test_a_new_holiday_moves_the_deadlines_it_falls_on_of_periods_to_come():
    """17/03/2027 is a Wednesday, 22/03 the Monday to which the lock of the 20th moves."""
    first = kept()[2]
    assert (first.due, first.locks) == (end_of(date(2027, 3, 17)), end_of(date(2027, 3, 22)))
    assert moved(kept(), date(2027, 3, 17)) == {"2027-Q1": (end_of(date(2027, 3, 18)), first.locks)}
    assert moved(kept(), date(2027, 3, 17), date(2027, 3, 22)) == {
        "2027-Q1": (end_of(date(2027, 3, 18)), end_of(date(2027, 3, 23)))
    }


def test_a_holiday_that_is_gone_moves_deadlines_back():
    old = with_holidays(date(2027, 3, 17))
    made = list(regime.periods(old, 1, period_label))
    assert made[2].due == end_of(date(2027, 3, 18))
    assert moved(made, old=old) == {"2027-Q1": (end_of(date(2027, 3, 17)), made[2].locks)}


@pytest.mark.guards(
    "holidays move only what has not begun, was not set by hand, and is ticked", "each ✓"
)
def test_a_period_that_has_begun_keeps_its_deadlines():
    assert moved(kept(), date(2026, 12, 17)) == {}


@pytest.mark.guards("holidays move only what has not begun, was not set by hand, and is ticked")
def test_a_deadline_set_by_hand_moves_only_off_a_holiday():
    by_hand = [
        one.model_copy(update={"due": end_of(date(2027, 3, 19))}) if one.key == "2027-Q1" else one
        for one in kept()
    ]
    assert moved(by_hand, date(2027, 3, 17)) == {}
    assert moved(by_hand, date(2027, 3, 19)) == {
        "2027-Q1": (end_of(date(2027, 3, 22)), end_of(date(2027, 3, 22)))
    }


def test_a_period_that_is_none_of_the_regimes_moves_off_a_holiday_too():
    own = custom(
        "x-tet",
        "Tết",
        days=(date(2027, 1, 1), date(2027, 1, 31)),
        due=date(2027, 2, 3),
        locks=date(2027, 2, 3),
        holidays=(),
        form=1,
    )
    day = end_of(date(2027, 2, 4))
    assert moved([own], date(2027, 2, 3)) == {"x-tet": (day, day)}
    assert moved([own], date(2027, 2, 5)) == {}
