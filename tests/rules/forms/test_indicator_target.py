"""Facts about targets: how they are written in a plan, and how they are shown."""

from decimal import Decimal

import pytest

from chalicelib.rules.forms import indicator_target
from chalicelib.rules.forms.indicator_target import Target


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
