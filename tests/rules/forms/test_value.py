"""Facts about one field of the form: what was typed becomes a figure or text, and back."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, strategies

from chalicelib.rules.forms import value
from chalicelib.rules.forms.value import NIL, NOT_APPLICABLE, Empty, Unreadable
from chalicelib.rules.texts import text
from tests.builders import KINDS, figures_of, indicator, unhurried

FIGURES = [kind for kind in KINDS if not indicator(kind=kind).is_text]
TYPED = {"count": "5", "rank": "5", "amount": "5,5", "yesno": "yes", "choice": "tot"}


def refused(kind, typed, **more):
    with pytest.raises(Unreadable) as unreadable:
        value.read(indicator("i", kind, **more), typed)
    return unreadable.value.field, unreadable.value.problem


def read(kind, typed, **more):
    return value.read(indicator("i", kind, **more), typed)


@pytest.mark.parametrize("kind", KINDS)
@given(data=strategies.data())
@unhurried
def test_what_was_typed_for_a_value_reads_as_that_value(kind, data):
    one = indicator("i", kind)
    figure = data.draw(figures_of(kind))
    back = value.read(one, value.typed(one, figure))
    assert json.dumps(back) == json.dumps(figure)


@pytest.mark.parametrize("kind", FIGURES)
def test_an_empty_figure_is_asked_for(kind):
    for typed in ({}, {"i": "", "i.num": "", "i.den": ""}, {"i.state": "value"}):
        with pytest.raises(Empty):
            value.read(indicator("i", kind), typed)


@pytest.mark.parametrize("kind", ["text", "list"])
def test_an_empty_text_is_nil(kind):
    assert read(kind, {}) is NIL
    assert read(kind, {"i": "", "i.state": "value"}) is NIL


@pytest.mark.guards("nil, 0, n/a, missing apart", "nil as a value ✓ (the second)")
@pytest.mark.parametrize("kind", KINDS)
def test_zero_nil_and_not_applicable_stay_apart(kind):
    assert read(kind, {"i.state": "nil"}) is NIL
    assert read(kind, {"i.state": "na"}) is NOT_APPLICABLE
    if kind == "count":
        assert read(kind, {"i": "0"}) is not NOT_APPLICABLE
        assert json.dumps(read(kind, {"i": "0"})) == "0"


@pytest.mark.parametrize("state", ["nil", "na"])
def test_nil_beside_a_typed_number_is_an_error(state):
    assert refused("count", {"i": "5", "i.state": state}) == ("i", "nil_beside_value")
    assert refused("count", {"i": "0", "i.state": state}) == ("i", "nil_beside_value")
    assert refused("ratio", {"i.den": "5", "i.state": state}) == ("i.num", "nil_beside_value")
    assert refused("list", {"i": "Mô hình", "i.state": state}) == ("i", "nil_beside_value")


def test_a_state_that_no_form_offers_is_refused():
    assert refused("count", {"i": "5", "i.state": "zero"}) == ("i", "unknown_state")


@pytest.mark.parametrize("kind", KINDS)
def test_a_forbidden_character_names_its_own_box(kind):
    field = "i.den" if kind == "ratio" else "i"
    assert refused(kind, {"i.num": "5", field: "5\x07"}) == (field, "forbidden_character")


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("12,5", "not_whole"),
        ("năm", "not_a_number"),
        ("-5", "negative"),
        ("1" * 16, "too_many_digits"),
    ],
)
@pytest.mark.parametrize("kind", ["count", "rank"])
def test_a_count_says_why_it_is_not_taken(kind, typed, problem):
    assert refused(kind, {"i": typed}) == ("i", problem)


def test_a_grouped_count_is_one_number():
    assert read("count", {"i": "1.250"}) == 1250


def test_an_ambiguous_amount_is_asked_with_both_readings():
    with pytest.raises(Unreadable) as unreadable:
        read("amount", {"i": "1.250"})
    assert unreadable.value.problem == "ambiguous"
    assert unreadable.value.meanings == (Decimal(1250), Decimal("1.25"))


@pytest.mark.parametrize("reading", ["1250", "1.25"])
def test_the_chosen_reading_is_the_amount(reading):
    assert read("amount", {"i": "1.250", "i.read": reading}) == reading


def test_a_reading_of_another_number_does_not_count():
    assert refused("amount", {"i": "1.250", "i.read": "9999"}) == ("i", "ambiguous")
    assert read("amount", {"i": "12,5", "i.read": "9999"}) == "12.5"


@pytest.mark.parametrize(
    ("typed", "kept"), [("12,50", "12.5"), ("1.234.567,89", "1234567.89"), ("0,0", "0")]
)
def test_an_amount_is_kept_as_its_canonical_text(typed, kept):
    assert read("amount", {"i": typed}) == kept


@pytest.mark.parametrize(
    ("num", "den", "field", "problem"),
    [
        ("5", "", "i.den", "half_a_ratio"),
        ("", "5", "i.num", "half_a_ratio"),
        ("6", "5", "i.num", "numerator_above_denominator"),
        ("1", "0", "i.num", "numerator_above_denominator"),
        ("x", "5", "i.num", "not_a_number"),
        ("5", "7,5", "i.den", "not_whole"),
    ],
)
def test_a_ratio_names_the_box_to_go_to(num, den, field, problem):
    assert refused("ratio", {"i.num": num, "i.den": den}) == (field, problem)


@pytest.mark.parametrize(("num", "den"), [("0", "0"), ("5", "5"), ("0", "1.250")])
def test_a_ratio_is_two_counts(num, den):
    assert read("ratio", {"i.num": num, "i.den": den}) == [
        int(num),
        int(den.replace(".", "")),
    ]


AMOUNTS = {"parts": "amount"}


@pytest.mark.guards("a ratio of amounts is exact", "read as whole numbers ✓")
@pytest.mark.parametrize(
    ("num", "den", "figure"),
    [
        ("12,5", "20", ["12.5", "20"]),
        ("1.234,50", "2 000,25", ["1234.5", "2000.25"]),
        ("0,1", "0,10", ["0.1", "0.1"]),
        ("0", "0", ["0", "0"]),
    ],
)
def test_the_two_numbers_of_a_ratio_may_be_amounts(num, den, figure):
    one = indicator("i", "ratio", **AMOUNTS)
    assert value.read(one, {"i.num": num, "i.den": den}) == figure
    assert value.read(one, value.typed(one, figure)) == figure


@pytest.mark.parametrize(
    ("num", "den", "field", "problem"),
    [
        ("1.250", "2.000,5", "i.num", "ambiguous"),
        ("1,5", "2.500", "i.den", "ambiguous"),
        ("6,01", "6", "i.num", "numerator_above_denominator"),
        ("-1", "6", "i.num", "negative"),
        ("1,5", "", "i.den", "half_a_ratio"),
    ],
)
def test_a_ratio_of_amounts_names_the_box_to_go_to(num, den, field, problem):
    assert refused("ratio", {"i.num": num, "i.den": den}, **AMOUNTS) == (field, problem)


@pytest.mark.parametrize(("chosen", "figure"), [("1250", "1250"), ("1.25", "1.25")])
def test_which_number_was_meant_is_settled_in_its_own_box(chosen, figure):
    typed = {"i.num": "1.250", "i.den": "9.000,5", "i.num.read": chosen}
    assert read("ratio", typed, **AMOUNTS) == [figure, "9000.5"]


def test_a_ratio_of_amounts_is_shown_with_its_decimals():
    assert value.shown(indicator("i", "ratio", **AMOUNTS), ["1234.5", "2000"]) == "1.234,5/2.000"


@pytest.mark.parametrize("kind", ["yesno", "choice"])
def test_only_an_offered_choice_is_taken(kind):
    assert refused(kind, {"i": "maybe"}) == ("i", "unknown_choice")
    assert refused(kind, {"i": "Có"}) == ("i", "unknown_choice")


def test_a_text_has_at_most_four_thousand_characters():
    assert read("text", {"i": "ế" * 4_000}) == "ế" * 4_000
    assert refused("text", {"i": "ế" * 4_001}) == ("i", "text_too_long")


def test_a_list_has_at_most_fifty_lines_of_three_hundred():
    assert len(read("list", {"i": "\n".join(["ế" * 300] * 50)})) == 50
    assert refused("list", {"i": "\n".join(["a"] * 51)}) == ("i", "too_many_lines")
    assert refused("list", {"i": "ngắn\n" + "a" * 301}) == ("i", "line_too_long")


def test_a_list_is_its_lines_without_the_empty_ones():
    assert read("list", {"i": "Mô hình 1 \n\n  Mô hình 2"}) == ["Mô hình 1", "Mô hình 2"]


@pytest.mark.parametrize(
    ("kind", "figure", "shown"),
    [
        ("count", 1250, "1.250"),
        ("count", 0, "0"),
        ("rank", 5, "5"),
        ("amount", "1234.5", "1.234,5"),
        ("amount", "12", "12,0"),
        ("ratio", [970, 1000], "970/1.000"),
        ("yesno", "no", "Chưa"),
        ("choice", "tot", "Tốt"),
        ("text", "Số 5", "Số 5"),
        ("list", ["một", "hai"], "một\nhai"),
    ],
)
def test_a_value_is_shown_as_a_person_reads_it(kind, figure, shown):
    assert value.shown(indicator("i", kind, decimals=int(kind == "amount")), figure) == shown


@pytest.mark.parametrize("figure", [None, 0, "0", [0, 0]])
def test_nil_and_naught_say_that_nothing_occurred(figure):
    assert value.is_nothing(figure)


@pytest.mark.parametrize("figure", [False, 1, "0.5", [0, 4], "no"])
def test_what_does_not_apply_says_nothing_of_what_occurred(figure):
    assert not value.is_nothing(figure)


@given(strategies.text())
@unhurried
def test_any_text_at_all_is_read_or_refused_with_a_reason(content):
    for kind in KINDS:
        one = indicator("i", kind)
        typed = dict.fromkeys(value.fields(one), text.tidy(content))
        try:
            value.read(one, typed)
        except (Unreadable, Empty):
            continue
