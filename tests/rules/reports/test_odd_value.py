"""Facts about odd values: what is far from what a unit reported, and how grave it is."""

import pytest
from hypothesis import given, strategies

from chalicelib.rules.reports import odd_value
from tests.builders import YES_NO, indicator, unhurried


def fields(kind, last, new, year=..., **more):
    one = indicator("i", kind, **more)
    before = {} if year is ... else {"i": year}
    return [odd.field for odd in odd_value.found([one], {"i": new}, {"i": last}, before)]


@pytest.mark.guards(
    "odd values are asked about, sparingly",
    "naught compared with nothing ✓",
    "no least difference ✓",
)
@pytest.mark.parametrize(
    ("last", "new", "is_odd"),
    [
        (10, 30, False),
        (10, 31, True),
        (30, 10, False),
        (31, 10, True),
        (0, 99_999, True),
        (0, 9, False),
        (0, 10, True),
        (1, 10, False),  # by nine
        (1, 11, True),
        (5, 14, False),
        (425, 0, True),
        (9, 1000, True),
    ],
)
def test_what_is_more_than_threefold_and_ten_away_is_odd(last, new, is_odd):
    assert bool(fields("count", last, new)) is is_odd
    assert bool(fields("amount", str(last), str(new))) is is_odd
    assert bool(fields("rank", last, new)) is is_odd


@pytest.mark.guards("odd values are asked about, sparingly", "nil not taken as naught ✓")
def test_nil_is_naught_and_what_does_not_apply_is_no_number():
    assert fields("count", 425, None) == ["i"]
    assert fields("count", None, 99_999) == ["i"]
    assert fields("ratio", [40, 100], None) == ["i.den"]
    assert fields("count", 425, False) == fields("count", False, 425) == []


@pytest.mark.guards("odd values are asked about, sparingly", "last year not looked at ✓")
def test_what_comes_every_autumn_is_not_odd():
    assert fields("count", 12, 400, year=380) == []
    assert fields("count", 12, 400, year=12) == ["i"]
    assert fields("count", 12, 400, year=None) == ["i"]
    assert fields("count", 12, 400, year=False) == ["i"]  # nothing was said of last year
    assert fields("ratio", [10, 400], [10, 40], year=[300, 40]) == []  # each part by itself


def test_of_what_the_last_round_did_not_tell_nothing_is_odd():
    one = indicator("i")
    assert odd_value.found([one], {"i": 500}, {}, {"i": 1}) == ()
    assert odd_value.found([one], {}, {"i": 500}, {"i": 500}) == ()


def test_a_ratio_is_asked_about_once_at_the_part_that_is_furthest_off():
    assert fields("ratio", [10, 100], [40, 100]) == ["i.num"]
    assert fields("ratio", [90, 100], [10, 10]) == ["i.den"]
    assert fields("ratio", [10, 100], [100, 1000]) == ["i.den"]


def test_an_indicator_may_set_another_factor_or_none():
    assert fields("count", 10, 100, jump="10") == []
    assert fields("count", 10, 101, jump="10") == ["i"]
    assert fields("amount", "100", "151", jump="1.5") == ["i"]
    assert fields("amount", "100", "150", jump="1.5") == []
    assert fields("count", 10, 10_000, jump="none") == []


@pytest.mark.parametrize("last", ["10", "tot", "nan", "inf"])
def test_choices_and_texts_are_never_compared_whatever_they_are_called(last):
    assert fields("choice", last, "5000") == []
    assert fields("yesno", "yes", "no", choices=YES_NO) == []
    assert fields("text", last, "5000") == []


@pytest.mark.guards("odd values are asked about, sparingly", "in the form's order ✓")
def test_the_gravest_come_first_and_equal_ones_in_the_forms_order():
    asked = [indicator(code) for code in ("a", "b", "c", "d")]
    last = {"a": 0, "b": 0, "c": 100, "d": 0}
    new = {"a": 12, "b": 99_999, "c": 4_000, "d": 12}
    assert [odd.code for odd in odd_value.found(asked, new, last, {})] == ["b", "c", "a", "d"]


def test_gravity_is_measured_by_what_the_form_takes_as_usual():
    asked = [indicator("wide", jump="10"), indicator("strict")]
    found = odd_value.found(
        asked, dict.fromkeys(("wide", "strict"), 1100), {"wide": 90} | {"strict": 190}, {}
    )
    assert [odd.code for odd in found] == ["strict", "wide"]


@given(strategies.integers(0, 10**15), strategies.integers(0, 10**15))
@unhurried
def test_there_and_back_is_equally_far(last, new):
    asked = [indicator("i")]
    there = odd_value.found(asked, {"i": new}, {"i": last}, {})
    back = odd_value.found(asked, {"i": last}, {"i": new}, {})
    assert there == back
    assert not there or there[0].gravity > 0
