"""Facts about numbers as people in Việt Nam type them and as they are shown to them."""

import time
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given, strategies

from chalicelib.rules.texts import number
from chalicelib.rules.texts.number import Ambiguous, NotRead
from tests.builders import amounts, unhurried


def refusal(read, typed):
    with pytest.raises(NotRead) as refused:
        read(typed)
    return refused.value.problem


@pytest.mark.parametrize(
    ("typed", "count"),
    [
        ("0", 0),
        ("1250", 1250),
        ("1.250", 1250),
        ("1,250", 1250),
        ("1 250", 1250),
        ("1\u00a0250", 1250),
        ("1\u202f250", 1250),
        ("1.234.567", 1_234_567),
        ("007", 7),
        (" 12 ", 12),
        ("１２３", 123),
        ("１．２５０", 1250),
        ("999999999999999", 10**15 - 1),
        ("999.999.999.999.999", 10**15 - 1),
    ],
)
def test_a_count_takes_groups_of_three(typed, count):
    assert number.read_count(typed) == count


@pytest.mark.parametrize(
    "typed", ["12.5", "12,5", "0.500", "1.2500", "1.234.567,89", "1,234,567.89", "1 250,5"]
)
def test_a_count_refuses_decimals(typed):
    assert refusal(number.read_count, typed) == "not_whole"


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("0", "0"),
        ("12.5", "12.5"),
        ("12,5", "12.5"),
        ("1250", "1250"),
        ("1 250", "1250"),
        ("1.250.000", "1250000"),
        ("1.234.567,89", "1234567.89"),
        ("1,234,567.89", "1234567.89"),
        ("1.250,5", "1250.5"),
        ("1 250,5", "1250.5"),
        ("1.250,567", "1250.567"),
        ("1250,567", "1250.567"),
        ("0,250", "0.25"),
        ("0.001", "0.001"),
        ("12,50", "12.5"),
        ("１２，５", "12.5"),
        ("99999999999999,9", "99999999999999.9"),
    ],
)
def test_an_amount_is_read_exactly(typed, amount):
    assert number.read_amount(typed) == Decimal(amount)


@pytest.mark.guards("a number with two readings is asked", "taking 1.250 as 1250 ✓ (the first)")
@pytest.mark.parametrize(
    ("typed", "meanings"),
    [
        ("1.250", ("1250", "1.25")),
        ("1,250", ("1250", "1.25")),
        ("12.500", ("12500", "12.5")),
        ("999,999", ("999999", "999.999")),
    ],
)
def test_an_amount_with_two_readings_is_asked_back(typed, meanings):
    assert number.read_amount(typed) == Ambiguous(tuple(map(Decimal, meanings)))


@pytest.mark.parametrize("read", [number.read_count, number.read_amount])
@pytest.mark.parametrize(
    "typed",
    [
        *("", "  ", "năm", "5 người", "1e3", "0x10", "1_000", ".", ",5", "5,", "1..250", "1.25.0"),
        *("1.250,000,5", "1,2,3", "1  250", "0.250.000", "12.50.000", "٣", "½", "5%", "+5"),
    ],
)
def test_what_is_no_number_is_refused(read, typed):
    assert refusal(read, typed) == "not_a_number"


@pytest.mark.parametrize("read", [number.read_count, number.read_amount])
@pytest.mark.parametrize("typed", ["10²", "3①"])
def test_raised_and_circled_digits_are_not_read_as_plain_ones(read, typed):
    assert refusal(read, typed) == "not_a_number"


@pytest.mark.parametrize("read", [number.read_count, number.read_amount])
@pytest.mark.parametrize("typed", ["-5", "−5", "–5", "- 5", "-1.250", "－5", "-0,5"])
def test_a_negative_number_is_refused_as_such(read, typed):
    assert refusal(read, typed) == "negative"


@pytest.mark.parametrize(
    "typed", ["1" * 16, "1.234.567.890.123.456", "1 234 567 890 123 456", "0" * 16]
)
def test_a_count_has_at_most_fifteen_digits(typed):
    assert refusal(number.read_count, typed) == "too_many_digits"


def test_the_decimals_count_among_the_fifteen_digits():
    assert refusal(number.read_amount, "12345678901234,56") == "too_many_digits"
    assert number.read_amount("1234567890123,45") == Decimal("1234567890123.45")


@given(strategies.integers(0, 10**15 - 1))
@unhurried
def test_a_count_as_it_is_shown_reads_back(count):
    assert number.read_count(number.shown(count)) == count
    assert number.read_count(str(count)) == count


@given(amounts())
@unhurried
def test_an_amount_as_it_is_shown_reads_back_or_is_asked(amount):
    read = number.read_amount(number.shown(Decimal(amount)))
    meanings = read.meanings if isinstance(read, Ambiguous) else (read,)
    assert Decimal(amount) in meanings


@given(strategies.text("0123456789., -", max_size=20))
@unhurried
def test_a_text_is_refused_or_its_count_agrees_with_its_amount(typed):
    try:
        count = number.read_count(typed)
    except NotRead:
        return
    amount = number.read_amount(typed)
    assert count in (amount.meanings if isinstance(amount, Ambiguous) else (amount,))


@pytest.mark.parametrize(
    ("amount", "canonical"),
    [
        *(("12.50", "12.5"), ("1250", "1250"), ("100", "100"), ("0.00", "0"), ("1E+3", "1000")),
        *(("0E-7", "0"), ("0.0000001", "0.0000001"), ("1E-9", "0.000000001")),
    ],
)
def test_the_canonical_text_has_no_exponent_and_no_idle_zeros(amount, canonical):
    assert number.plain(Decimal(amount)) == canonical


@pytest.mark.parametrize(
    ("amount", "decimals", "shown"),
    [
        ("1234567.89", 0, "1.234.567,89"),
        ("1234567", 0, "1.234.567"),
        ("12.5", 1, "12,5"),
        ("12", 1, "12,0"),
        ("12.25", 1, "12,25"),
        ("0", 0, "0"),
        ("999", 0, "999"),
        ("1000", 2, "1.000,00"),
    ],
)
def test_numbers_are_shown_with_points_and_a_comma(amount, decimals, shown):
    assert number.shown(Decimal(amount), decimals) == shown


@pytest.mark.parametrize(
    ("numerator", "denominator", "percent"),
    [
        (1, 100, "1.00"),
        (1, 3, "33.33"),
        (2, 3, "66.67"),
        (1, 800, "0.13"),
        (3, 800, "0.38"),
        (5, 800, "0.63"),
        (1, 20_001, "0.00"),
        (1, 20_000, "0.01"),
        (99_995, 100_000, "100.00"),
        (99_994, 100_000, "99.99"),
        (0, 7, "0.00"),
        (7, 7, "100.00"),
    ],
)
def test_a_percentage_is_rounded_half_up_to_two_places(numerator, denominator, percent):
    assert str(number.percent(numerator, denominator)) == percent


def test_nothing_is_no_percentage_of_nothing():
    assert number.percent(0, 0) is None


@given(strategies.integers(0, 10**17), strategies.integers(1, 10**17))
@unhurried
def test_a_percentage_agrees_with_decimal_arithmetic(part, more):
    whole = part + more
    hundredths = (Decimal(part) * 10_000 / whole).quantize(Decimal(1), ROUND_HALF_UP)
    assert number.percent(part, whole) == hundredths / 100


@pytest.mark.guards("a member's is bounded too")
def test_a_sign_before_many_blanks_costs_no_more_than_its_length():
    began = time.process_time()
    for typed in ("-" + " " * 100_000 + "x", "-" + " ." * 50_000 + "x", "1" + " 111" * 50_000):
        with pytest.raises(NotRead):
            number.read_amount(typed)
    assert time.process_time() - began < 1
