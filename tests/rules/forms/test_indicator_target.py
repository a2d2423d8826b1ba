"""Facts about targets: how they are written in a plan, and when a total meets them."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies

from chalicelib.rules.forms import indicator_target
from chalicelib.rules.forms.indicator_target import Target
from tests.builders import unhurried


@pytest.mark.parametrize(
    ("written", "sign", "amount", "percent"),
    [
        (">=98%", ">=", "98", True),
        ("<0.5%", "<", "0.5", True),
        ("<0,5%", "<", "0.5", True),
        ("100%", "=", "100", True),
        (">= 98 %", ">=", "98", True),
        ("<=5", "<=", "5", False),
        (">12", ">", "12", False),
        ("0", "=", "0", False),
        (" =3 ", "=", "3", False),
    ],
)
def test_a_target_is_read_as_it_is_written(written, sign, amount, percent):
    assert indicator_target.parse(written, "ratio") == Target(sign, Decimal(amount), percent)


@pytest.mark.guards("a target of 1.000 is never met by 5", "its dot read as a decimal point ✓")
@pytest.mark.parametrize(
    ("written", "kind", "sign", "amount", "percent"),
    [
        (">=1.000", "count", ">=", "1000", False),
        ("≥ 1.250", "count", ">=", "1250", False),
        ("<=12,500", "count", "<=", "12500", False),
        (">= 1 000", "amount", ">=", "1000", False),
        ("1.000.000", "amount", "=", "1000000", False),
        (">=1.250,5", "amount", ">=", "1250.5", False),
        ("<1.250%", "ratio", "<", "1.25", True),
        (">=1.000", "yesno", ">=", "1000", False),  # what is wrong with it is the lacking %
    ],
)
def test_its_number_is_read_as_a_units_is(written, kind, sign, amount, percent):
    found = indicator_target.parse(written, kind)
    assert found is not None
    assert (found.sign.replace("≥", ">="), found.amount, found.percent) == (
        sign,
        Decimal(amount),
        percent,
    )
    assert not indicator_target.is_ambiguous(written, kind)


def test_of_an_amount_a_number_of_two_meanings_is_no_target_and_is_asked_about():
    assert indicator_target.parse(">=1.000", "amount") is None
    assert indicator_target.is_ambiguous(">=1.000", "amount")
    assert indicator_target.shown(">=1.000", "amount") == ">=1.000"


@pytest.mark.parametrize(
    "written",
    ["", "theo kế hoạch", "≥ 1/đơn vị", "tăng so với năm trước", ">=", "%", "98 %%", "-5", "mức 2"],
)
def test_another_text_is_no_target_and_is_only_shown(written):
    assert indicator_target.parse(written, "ratio") is None
    assert indicator_target.shown(written, "count") == written


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (">=98%", "≥ 98%"),
        ("<=5", "≤ 5"),
        ("<0.5%", "< 0,5%"),
        (">12", "> 12"),
        ("100%", "100%"),
        ("0", "0"),
        (">=1 250", "≥ 1.250"),
    ],
)
def test_a_target_is_shown_with_the_signs_of_print(written, shown):
    assert indicator_target.shown(written, "count") == shown


@pytest.mark.parametrize(
    ("written", "meets", "misses"),
    [
        (">=5", ("5", "6"), ("4.999",)),
        ("<=5", ("5", "0"), ("5.001",)),
        (">5", ("5.001",), ("5",)),
        ("<5", ("4.999",), ("5",)),
        ("0", ("0",), ("1", "0.001")),
    ],
)
def test_a_total_meets_a_target_or_not(written, meets, misses):
    goal = indicator_target.parse(written, "ratio")
    assert all(goal.met_by(Decimal(total)) for total in meets)
    assert not any(goal.met_by(Decimal(total)) for total in misses)


@pytest.mark.guards("a share is Σ ÷ Σ; targets unrounded")
@pytest.mark.parametrize(
    ("written", "numerator", "denominator", "met"),
    [
        (">=98%", 98, 100, True),
        (">=98%", 97_996, 100_000, False),  # shown as 98,00 %
        (">=98%", 97_999_999, 100_000_000, False),
        ("<0.5%", 4_999, 1_000_000, True),  # shown as 0,50 %
        ("<0.5%", 1, 200, False),
        ("100%", 99_999, 100_000, False),  # shown as 100,00 %
        ("100%", 7, 7, True),
        (">=33.33%", 1, 3, True),
        (">=33.34%", 1, 3, False),
    ],
)
def test_a_share_is_compared_unrounded(written, numerator, denominator, met):
    assert indicator_target.parse(written, "ratio").met_by_share(numerator, denominator) is met


@given(strategies.integers(0, 10**18), strategies.integers(1, 10**18))
@unhurried
def test_a_share_is_compared_exactly_however_large_it_is(numerator, more):
    denominator = numerator + more
    assert indicator_target.parse("<100%", "ratio").met_by_share(numerator, denominator)
    assert not indicator_target.parse("100%", "ratio").met_by_share(numerator, denominator)
    assert indicator_target.parse(">=50%", "ratio").met_by_share(numerator, denominator) is (
        2 * numerator >= denominator
    )
