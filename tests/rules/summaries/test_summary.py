"""Facts about the summary: one golden period added up by hand, and the rules one by one."""

import json
import random
from collections import Counter
from decimal import Context, Decimal, Inexact

import pytest
from hypothesis import given, strategies

from chalicelib.rules.reports.report import compact
from chalicelib.rules.summaries import summary
from chalicelib.rules.summaries.aggregate import Aggregate
from chalicelib.rules.summaries.summary import changed_since, totals
from chalicelib.rules.summaries.tally import Tally
from tests.builders import (
    amounts,
    content,
    golden,
    head,
    indicator,
    instant,
    period,
    section,
    standing,
    unhurried,
    unit,
)

COUNTS = ("expected", "with_value", "nil", "not_applicable", "missing")


def tallied(sections, units, heads, texts=None):
    tally = Tally(sections, units)
    tally.take((standing(one), compact((texts or {}).get(one.unit, {}))) for one in heads)
    return tally


def document(*what):
    """The document as it is written and read again."""
    return json.loads(b"".join(summary.pieces(summary.document(*what))))


OPEN, LOCKED = instant(18), instant(22)


def added_up(as_of=OPEN):
    whole = golden()
    tally = tallied(whole.sections, whole.units, whole.heads, whole.texts)
    return document(tally, "thi-dua", whole.period, as_of)


def lines(as_of=OPEN):
    return {line["code"]: line for line in added_up(as_of)["indicators"]}


def line_of(one, figures, **heads):
    """One indicator over the units T00, T01, …, each with its figure; `...` is not sent."""
    units = [unit(f"T{n:02}") for n in range(len(figures))]
    sent = [
        head(owing.code, content({one.code: figure}), **heads)
        for owing, figure in zip(units, figures, strict=True)
        if figure is not ...
    ]
    tally = tallied([section(one)], units, sent)
    return document(tally, "thi-dua", period(), instant(18))["indicators"][0]


# ------------------------------------------------------------------ the golden period


def test_the_golden_period_says_who_has_sent():
    found = added_up()
    assert {name: found[name] for name in ("expected", "received", "on_time", "late")} == {
        "expected": 6,
        "received": 4,
        "on_time": 3,
        "late": 1,
    }
    assert (found["returned"], found["missing"], found["nil"]) == (1, 1, 1)
    for name, code in (("late", "T01"), ("returned", "G01"), ("missing", "G02")):
        assert [one["code"] for one in found[f"{name}_units"]] == [code]


def test_the_golden_period_says_so_bloc_by_bloc():
    names = ("expected", "received", "on_time", "late", "returned", "missing")
    blocs = added_up()["blocs"]
    assert {bloc: tuple(blocs[bloc][name] for name in names) for bloc in blocs} == {
        "P": (1, 1, 1, 0, 0, 0),
        "T": (3, 3, 2, 1, 0, 0),
        "G": (2, 0, 0, 0, 1, 1),
    }


# code: value, numerator, denominator, (expected, with value, nil, not applicable, missing),
# verdict before the lock, and after it; expected is without those to whom it does not apply
BY_HAND = {
    "c1": (3, None, None, (5, 2, 1, 1, 2), "breached", "breached"),
    "c2": (1254, None, None, (6, 3, 1, 0, 2), "none", "none"),
    "a1": ("12.55", None, None, (6, 2, 2, 0, 2), "met", "met"),
    "r1": ("97.03", 98, 101, (6, 2, 2, 0, 2), "incomplete", "missed"),
    "r2": ("1.00", 1, 100, (3, 2, 1, 0, 0), "met", "met"),
    "z1": (None, 0, 0, (6, 2, 2, 0, 2), "incomplete", "incomplete"),
    "y1": ("66.67", 2, 3, (6, 3, 1, 0, 2), "breached", "missed"),
    "h1": (None, None, None, (6, 2, 2, 0, 2), "none", "none"),
    "x1": (None, None, None, (6, 2, 2, 0, 2), "none", "none"),
    "k1": (None, None, None, (0, 0, 0, 0, 0), "incomplete", "incomplete"),
}


@pytest.mark.guards("a golden period by hand", "rounding ✓")
@pytest.mark.guards(
    "the last few reports are added too; blocs make the whole",
    "waiting reports left",
    "a bloc's denominators left out: each ✓",
)
@pytest.mark.parametrize("code", BY_HAND)
def test_the_golden_period_adds_up_as_by_hand(code):
    line, after = lines()[code], lines(LOCKED)[code]
    counts = tuple(line[name] for name in COUNTS)
    figures = (line["value"], line["numerator"], line["denominator"], counts)
    assert (*figures, line["verdict"], after["verdict"]) == BY_HAND[code]


@pytest.mark.parametrize(
    ("code", "bloc", "value", "counts", "verdict"),
    [
        ("c1", "P", 3, (1, 1, 0, 0, 0), "breached"),
        ("c1", "T", 0, (2, 1, 1, 1, 0), "met"),
        ("c1", "G", None, (2, 0, 0, 0, 2), "incomplete"),
        ("a1", "P", "12.5", (1, 1, 0, 0, 0), "missed"),
        ("a1", "T", "0.05", (3, 1, 2, 0, 0), "missed"),
        ("r1", "T", "100.00", (3, 1, 2, 0, 0), "met"),
        ("r2", "T", "1.00", (3, 2, 1, 0, 0), "met"),
        ("y1", "P", "100.00", (1, 1, 0, 0, 0), "met"),
        ("y1", "T", "50.00", (3, 2, 1, 0, 0), "missed"),
        ("y1", "G", None, (2, 0, 0, 0, 2), "incomplete"),
    ],
)
def test_the_golden_period_adds_up_bloc_by_bloc(code, bloc, value, counts, verdict):
    part = lines()[code]["blocs"][bloc]
    found = tuple(part[name] for name in COUNTS)
    assert (part["value"], found, part["verdict"]) == (value, counts, verdict)


def test_a_bloc_that_is_not_asked_has_no_part():
    assert list(lines()["r2"]["blocs"]) == ["T"]
    assert lines()["k1"]["blocs"] == {}


def test_texts_and_lists_stand_with_their_unit_in_official_order():
    found = lines()
    assert found["l1"]["value"] == [
        {
            "unit": "P01",
            "name": "Đơn vị P01",
            "lines": ["Mô hình “Kể chuyện về Bác”", "Câu lạc bộ sách"],
        },
        {"unit": "T02", "name": "Đơn vị T02", "lines": ["=SUM(A1)"]},
    ]
    assert [(entry["unit"], entry["lines"]) for entry in found["t1"]["value"]] == [
        ("P01", ["Số 5/KH"]),
        ("T02", ["+84 270"]),
    ]


def test_the_official_order_goes_before_the_order_of_codes():
    units = [unit("T02", order=1), unit("T01", order=2)]
    one = [section(indicator("l1", "list"), indicator("y1", "yesno"))]
    heads = [head(code, content({"y1": "no"})) for code in ("T01", "T02")]
    tally = tallied(one, units, heads, {code: {"l1": ["x"]} for code in ("T01", "T02")})
    listed, answered = document(tally, "x", period(), instant(18))["indicators"]
    assert [entry["unit"] for entry in listed["value"]] == ["T02", "T01"]
    assert [entry["unit"] for entry in answered["answered_no"]] == ["T02", "T01"]


def test_narratives_stand_apart_from_the_indicators():
    (narrative,) = added_up()["narratives"]
    assert narrative["code"] == "n_done"
    assert [entry["unit"] for entry in narrative["value"]] == ["P01", "T02"]
    assert "n_done" not in lines()


def test_the_units_that_answered_no_are_named():
    assert lines()["y1"]["answered_no"] == [{"unit": "T01", "name": "Đơn vị T01"}]


@pytest.mark.guards("official order, whatever the order of the codes; texts whole")
def test_the_order_in_which_reports_arrive_changes_nothing():
    whole = golden()
    for seed in range(5):
        heads = list(whole.heads)
        random.Random(seed).shuffle(heads)  # noqa: S311 - an order, no secret
        tally = tallied(whole.sections, whole.units, heads, whole.texts)
        assert document(tally, "thi-dua", whole.period, instant(18)) == added_up()


def test_the_summary_is_the_same_for_a_unit_that_ended_as_without_it():
    whole = golden()
    heads = [one for one in whole.heads if one.unit != "T09"]
    tally = tallied(whole.sections, whole.units, heads, whole.texts)
    assert document(tally, "thi-dua", whole.period, instant(18)) == added_up()
    assert "T09" not in tally.seen()


def test_an_answered_return_counts_again():
    whole = golden()
    heads = [
        head(one.unit, content({"c1": 2})) if one.unit == "G01" else one for one in whole.heads
    ]
    tally = tallied(whole.sections, whole.units, heads, whole.texts)
    found = document(tally, "thi-dua", whole.period, instant(18))
    assert found["indicators"][0]["value"] == 5
    assert (found["received"], found["returned"], found["missing"]) == (5, 0, 1)


def test_a_summary_of_nobody_is_all_zeros():
    found = document(tallied([section(indicator())], [], []), "x", period(), instant(18))
    assert (found["expected"], found["received"], found["missing"]) == (0, 0, 0)
    assert found["indicators"][0]["value"] is None


# ------------------------------------------------------------------ rules


@pytest.mark.guards("a share is Σ ÷ Σ; targets unrounded", "averaging, comparing rounded")
def test_one_of_one_and_none_of_ninety_nine_is_one_per_cent():
    line = line_of(indicator("r", "ratio"), [[1, 1], [0, 99]])
    assert (line["value"], line["numerator"], line["denominator"]) == ("1.00", 1, 100)


@pytest.mark.guards("a ratio of amounts is exact", "added as floats ✓")
def test_amounts_of_a_ratio_add_up_exactly():
    one = indicator("r", "ratio", parts="amount", target=">=70%")
    line = line_of(one, [["0.1", "0.3"], ["0.2", "0.1"]])
    assert (line["numerator"], line["denominator"]) == ("0.3", "0.4")
    assert (line["value"], line["met"]) == ("75.00", True)
    line = line_of(one, [["99999999999999.1", "99999999999999.1"], ["0.00000000000001", "1"]])
    assert line["numerator"] == "99999999999999.10000000000001"
    line = line_of(one, [["6.9999999999999", "10"]])
    assert (line["value"], line["met"]) == ("70.00", False)


@pytest.mark.parametrize("figures", [[[0, 0]], [[0, 0], None], [None], [False, ...], [...]])
def test_over_a_denominator_of_nothing_there_is_no_percentage(figures):
    line = line_of(indicator("r", "ratio", target=">=50%"), figures)
    assert (line["value"], line["met"]) == (None, None)


@pytest.mark.parametrize(
    ("numerator", "denominator", "value"),
    [(1, 800, "0.13"), (3, 800, "0.38"), (1, 3, "33.33"), (2, 3, "66.67"), (0, 5, "0.00")],
)
def test_a_percentage_is_rounded_half_up(numerator, denominator, value):
    assert line_of(indicator("r", "ratio"), [[numerator, denominator]])["value"] == value


@pytest.mark.parametrize(
    ("target", "figure", "value", "met"),
    [
        (">=98%", [97_996, 100_000], "98.00", False),
        (">=98%", [98, 100], "98.00", True),
        ("<0.5%", [4_999, 1_000_000], "0.50", True),
        ("<0.5%", [5_001, 1_000_000], "0.50", False),
        ("100%", [99_999, 100_000], "100.00", False),
    ],
)
def test_a_target_is_compared_unrounded(target, figure, value, met):
    line = line_of(indicator("r", "ratio", target=target), [figure])
    assert (line["value"], line["met"]) == (value, met)


def test_a_target_that_is_only_text_is_never_judged():
    assert line_of(indicator("c", target="theo kế hoạch"), [5])["met"] is None


@pytest.mark.guards("nil, 0, n/a, missing apart")
def test_zero_is_a_value_and_nil_is_none():
    zero, nil = line_of(indicator("c"), [0]), line_of(indicator("c"), [None])
    assert (zero["value"], zero["with_value"], zero["nil"]) == (0, 1, 0)
    assert (nil["value"], nil["with_value"], nil["nil"]) == (None, 0, 1)


def test_a_share_of_yes_is_of_the_units_that_answered():
    line = line_of(indicator("y", "yesno", target=">=60%"), ["yes", "yes", "no", ...])
    assert (line["value"], line["numerator"], line["denominator"]) == ("66.67", 2, 3)
    assert (line["verdict"], line["met"]) == ("incomplete", None)


@pytest.mark.guards("yes is shared among those who answered", "shared among the asked ✓")
@pytest.mark.parametrize(
    ("kind", "first", "second"), [("yesno", "yes", "no"), ("choice", "tot", "kha")]
)
def test_answers_are_shared_among_those_who_answered(kind, first, second):
    line = line_of(indicator("k", kind), [first, *[second] * 7, *[...] * 112])
    assert [(one["name"], one["count"], one["share"]) for one in line["answers"]] == [
        (first, 1, "12.50"),
        (second, 7, "87.50"),
    ]
    assert (line["with_value"], line["missing"]) == (8, 112)


@pytest.mark.parametrize("shape", [2, 3])
def test_an_older_summary_s_yes_is_shared_among_those_who_answered(shape):
    line = line_of(indicator("y", "yesno"), ["yes", "no", "no", "no", ...])
    older = {"shape": shape, "indicators": [line | {"denominator": 5, "value": "20.00"}]}
    read = summary.earlier_lines(older)["y"]
    assert (read["value"], read["denominator"]) == ("25.00", 4)


def test_stocks_inside_a_period_are_added_as_flows_are():
    assert line_of(indicator("c", aggregate="latest"), [3, 4, None])["value"] == 7


def test_ranks_and_choices_are_never_added():
    for kind, figures in (("rank", [3, 4]), ("choice", ["tot", "kha"])):
        line = line_of(indicator("k", kind), figures)
        assert (line["value"], line["with_value"]) == (None, 2)


def test_only_the_asked_are_expected():
    blocs = [unit("P01"), unit("T01"), unit("T02")]
    tally = tallied([section(indicator("c", blocs=("P",)))], blocs, [])
    found = document(tally, "x", period(), instant(18))
    assert found["indicators"][0]["expected"] == 1
    assert found["expected"] == 3


def test_a_figure_of_a_unit_that_is_not_asked_is_left_out():
    one = indicator("c", blocs=("P",))
    sent = [head("P01", content({"c": 1})), head("T01", content({"c": 5}))]
    tally = tallied([section(one)], [unit("P01"), unit("T01")], sent)
    assert document(tally, "x", period(), instant(18))["indicators"][0]["value"] == 1


def test_a_figure_that_was_never_given_is_missing_though_the_report_came():
    units = [unit("T01")]
    tally = tallied([section(indicator("c"))], units, [head("T01", content({}))])
    line = document(tally, "x", period(), instant(18))["indicators"][0]
    assert (line["missing"], line["value"]) == (1, None)


@pytest.mark.guards("amounts exact", "a float")
@given(strategies.lists(amounts(), min_size=1, max_size=40))
@unhurried
def test_a_sum_of_amounts_is_exact(figures):
    exact = Context(prec=100, traps=[Inexact])
    total = Decimal(0)
    for figure in figures:
        total = exact.add(total, Decimal(figure))
    assert Decimal(line_of(indicator("a", "amount"), figures)["value"]) == total


def test_the_largest_and_the_smallest_amount_add_up_exactly():
    line = line_of(indicator("a", "amount"), ["999999999999999", "0.00000000000001"])
    assert line["value"] == "999999999999999.00000000000001"


@given(
    strategies.lists(
        strategies.one_of(
            strategies.integers(0, 10**15 - 1),
            strategies.none(),
            strategies.just(False),
            strategies.just(...),
        ),
        min_size=1,
        max_size=30,
    )
)
@unhurried
def test_the_summary_equals_an_independent_sum_and_covers_every_unit(figures):
    line = line_of(indicator("c"), figures)
    numbers = [figure for figure in figures if type(figure) is int]
    assert line["value"] == (sum(numbers) if numbers else None)
    assert line["with_value"] == len(numbers)
    assert line["nil"] == figures.count(None)
    assert line["not_applicable"] == sum(figure is False for figure in figures)
    assert line["missing"] == sum(figure is ... for figure in figures)
    assert len(figures) == sum(line[name] for name in COUNTS[1:])
    assert line["expected"] == len(figures) - line["not_applicable"]
    without = [f"T{place:02}" for place, figure in enumerate(figures) if figure is False]
    assert sorted(one["unit"] for one in line["not_applicable_units"]) == without


@pytest.mark.guards("coverage adds up")
@given(
    strategies.lists(
        strategies.tuples(
            strategies.sampled_from(["submitted", "accepted", "returned", "reopened", "missing"]),
            strategies.booleans(),
            strategies.sampled_from("PTG"),
        ),
        max_size=20,
    )
)
@unhurried
def test_expected_is_received_returned_and_missing_in_the_whole_and_in_each_bloc(fates):
    units = [unit(f"{bloc}{n:02}") for n, (_, _, bloc) in enumerate(fates)]
    heads = [
        head(one.code, state=state, late=late)
        for one, (state, late, _) in zip(units, fates, strict=True)
        if state != "missing"
    ]
    found = document(tallied([section(indicator())], units, heads), "x", period(), instant(18))
    for part in (found, *found["blocs"].values()):
        assert part["expected"] == part["received"] + part["returned"] + part["missing"]
        assert part["received"] == part["on_time"] + part["late"]
    whole = Counter(state for state, _, _ in fates)
    assert (found["returned"], found["missing"]) == (whole["returned"], whole["missing"])


# ------------------------------------------------------------------ what is kept, what changed


def test_the_kept_totals_hold_no_texts_and_no_lists_of_units():
    whole = golden()
    tally = tallied(whole.sections, whole.units, whole.heads, whole.texts)
    kept = totals(summary.document(tally, "thi-dua", whole.period, instant(18)))
    assert not {"missing_units", "late_units", "returned_units", "narratives"} & set(kept)
    values = {line["code"]: line["value"] for line in kept["indicators"]}
    assert (values["c1"], values["a1"], values["l1"], values["t1"]) == (3, "12.55", None, None)
    assert kept["expected"] == 6


def test_totals_of_many_indicators_fit_in_an_item():
    many = [indicator(f"c{n}", label="ế" * 100, target="theo kế hoạch") for n in range(60)]
    units = [unit(code) for code in ("P01", "T01", "G01")]
    tally = tallied([section(*many)], units, [])
    found = summary.document(tally, "x", period(), instant(18))
    assert len(compact(totals(found)).encode()) < 100_000


def fingerprint(*heads, units=None, more=()):
    whole = golden()
    return tallied(whole.sections, units or whole.units, heads).fingerprint(*more)


def test_the_fingerprint_changes_with_a_report_a_unit_and_the_form_and_else_never():
    standing = fingerprint(head("T01"), head("T02"))
    assert fingerprint(head("T02"), head("T01")) == standing
    renamed = [unit("P01", name="Tên mới"), *golden().units[1:]]
    others = {
        fingerprint(head("T01", revision=2), head("T02")),
        fingerprint(head("T01")),
        fingerprint(head("T01"), head("T02"), units=renamed),
        fingerprint(head("T01"), head("T02"), more=("biểu mẫu",)),
    }
    assert standing not in others
    assert len(others) == 4


def test_a_report_of_a_unit_that_owes_nothing_does_not_change_the_fingerprint():
    assert fingerprint(head("T01"), head("T09")) == fingerprint(head("T01"))


def test_reports_that_came_or_changed_since_are_counted():
    seen = {"T01": 1, "T02": 4}
    owing = [unit(code) for code in ("T01", "T02", "T03")]
    assert changed_since(seen, [("T01", 1), ("T02", 4)], owing) == 0
    assert changed_since(seen, [("T01", 2), ("T02", 4), ("T03", 1), ("T09", 1)], owing) == 2


@pytest.mark.guards("amounts exact")
def test_nothing_of_the_summary_is_a_float():
    def parts(found):
        if isinstance(found, dict | list):
            for part in found.values() if isinstance(found, dict) else found:
                yield from parts(part)
        yield found

    assert not any(isinstance(part, float) for part in parts(added_up()))
    assert Aggregate(total=Decimal("0.1")).total == Decimal("0.1")
