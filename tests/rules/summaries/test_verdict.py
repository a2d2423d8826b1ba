"""What is said of a target while reports are out, when they are in, and at the lock."""

import json
from fractions import Fraction

import pytest
from hypothesis import given, strategies

from chalicelib.messages.summaries import verdicts
from chalicelib.rules.summaries import summary
from chalicelib.rules.summaries.aggregate import Aggregate
from chalicelib.rules.summaries.tally import Tally
from infra.second_verdict import verdicts as verdicts_by_trying
from tests.builders import (
    content,
    head,
    indicator,
    instant,
    period,
    section,
    standing,
    unhurried,
    unit,
)

MET = {"met": True, "missed": False, "breached": False, "incomplete": None, "none": None}


def aggregate(one, answers):
    """`...` is a unit that has not answered."""
    made = Aggregate(len(answers))
    made.add(one, [given for given in answers if given is not ...])
    return made


def judged(one, answers, *, is_locked=False):
    kept = aggregate(one, answers).as_json(one, is_locked=is_locked)
    assert kept["met"] is MET[kept["verdict"]]
    return kept["verdict"]


def both(one, answers):
    """Before the lock and after it."""
    return judged(one, answers), judged(one, answers, is_locked=True)


OUT = [...] * 112  # units of 120 that have not answered


@pytest.mark.guards(
    "what late reports can't change is final at once, all else at the lock",
    "every sum waits ✓",
    "every figure judged at once ✓",
    "a sum that may fall ✓",
)
@pytest.mark.parametrize(
    ("target", "figures", "open_", "locked"),
    [
        # Nothing that comes can lower a sum: a ceiling that is passed stays passed.
        ("0", [1], "breached", "breached"),
        ("<=5", [6], "breached", "breached"),
        ("<5", [5], "breached", "breached"),
        ("45", [46], "breached", "breached"),
        # A floor that is reached stays reached.
        (">=5", [5], "met", "met"),
        (">5", [6], "met", "met"),
        # All else can still change.
        ("0", [0], "incomplete", "met"),
        ("0", [None], "incomplete", "met"),
        ("<=5", [5], "incomplete", "met"),
        ("<5", [4], "incomplete", "met"),
        ("45", [45], "incomplete", "met"),
        ("45", [44], "incomplete", "missed"),
        (">=5", [4], "incomplete", "missed"),
        (">5", [5], "incomplete", "missed"),
        (">=5", [None], "incomplete", "missed"),
        # Who has not answered is no 0: with no answer at all nothing can be said.
        (">=5", [], "incomplete", "incomplete"),
        ("<=5", [], "incomplete", "incomplete"),
        (">=5", [False], "incomplete", "incomplete"),
    ],
)
@pytest.mark.parametrize("kind", ["count", "amount"])
def test_a_sum_is_judged_by_what_can_still_come(kind, target, figures, open_, locked):
    if kind == "amount":
        figures = [str(one) if type(one) is int else one for one in figures]
    one = indicator("i", kind, target=target)
    assert both(one, [*figures, *OUT]) == (open_, locked)


@pytest.mark.guards(
    "what late reports can't change is final at once, all else at the lock",
    "a share judged by who answered ✓",
)
@pytest.mark.parametrize(
    ("target", "yes", "no", "open_", "locked"),
    [
        ("100%", 1, 7, "breached", "missed"),  # one no is enough
        ("100%", 8, 0, "incomplete", "met"),
        (">=98%", 5, 3, "breached", "missed"),  # 117 of 120 would be 97,5 %
        (">=98%", 6, 2, "incomplete", "missed"),
        (">=5%", 6, 2, "met", "met"),  # 6 of 120
        (">=5%", 5, 3, "incomplete", "met"),
        (">5%", 6, 2, "incomplete", "met"),
        ("<=5%", 7, 1, "breached", "missed"),
        ("<=5%", 6, 2, "incomplete", "missed"),
        ("<=95%", 0, 8, "met", "met"),
        ("0%", 1, 7, "breached", "missed"),
        ("50%", 4, 4, "incomplete", "met"),
        (">=50%", 0, 0, "incomplete", "incomplete"),
    ],
)
def test_a_share_of_answers_is_judged_by_all_that_can_still_come(target, yes, no, open_, locked):
    one = indicator("i", "yesno", target=target)
    out = [...] * (120 - yes - no)
    assert both(one, ["yes"] * yes + ["no"] * no + out) == (open_, locked)


@pytest.mark.guards(
    "what late reports can't change is final at once, all else at the lock",
    "a ratio's floor of 100 % takes part in nothing ✓",
)
@pytest.mark.parametrize(
    ("target", "parts", "open_", "locked"),
    [
        # One unit that is out can have any counts and carry a ratio anywhere …
        (">=98%", [1, 100], "incomplete", "missed"),
        (">=98%", [100, 100], "incomplete", "met"),
        ("<0.5%", [1, 100], "incomplete", "missed"),
        ("<0.5%", [0, 100], "incomplete", "met"),
        # … but not to the whole or to nothing.
        ("100%", [99, 100], "breached", "missed"),
        (">=100%", [99, 100], "breached", "missed"),
        ("100%", [100, 100], "incomplete", "met"),
        ("0%", [1, 100], "breached", "missed"),
        ("<=0%", [1, 100], "breached", "missed"),
        ("0%", [0, 100], "incomplete", "met"),
        (">=50%", [0, 0], "incomplete", "incomplete"),
        (">=50%", None, "incomplete", "incomplete"),
    ],
)
def test_a_ratio_of_counts_is_judged_by_all_that_can_still_come(target, parts, open_, locked):
    one = indicator("i", "ratio", target=target)
    assert both(one, [parts, *OUT]) == (open_, locked)


@pytest.mark.parametrize(
    ("target", "parts", "open_", "locked"),
    [
        (">=50%", ["0.1", "0.2"], "incomplete", "met"),
        ("100%", ["0.19", "0.2"], "breached", "missed"),
        ("100%", ["0.2", "0.2"], "incomplete", "met"),
        ("0%", ["0.1", "0.2"], "breached", "missed"),
    ],
)
def test_a_ratio_of_amounts_is_judged_alike(target, parts, open_, locked):
    one = indicator("i", "ratio", target=target, parts="amount")
    assert both(one, [parts, *OUT]) == (open_, locked)
    right = verdicts_by_trying(one.model_dump(), [parts, *OUT])
    assert (right[False], right[True]) == (open_, locked)


@pytest.mark.guards(
    "what late reports can't change is final at once, all else at the lock",
    "the lock awaited though all is in ✓",
)
@pytest.mark.parametrize(
    ("kind", "target", "answers", "verdict"),
    [
        ("count", "<=5", [5, 0], "met"),
        ("count", ">=5", [4, None], "missed"),
        ("count", "0", [1, 0], "breached"),
        ("ratio", ">=98%", [[97_996, 100_000]], "missed"),
        ("ratio", ">=50%", [[0, 0], None], "none"),
        ("yesno", "100%", ["yes", "no"], "missed"),
        ("yesno", "100%", ["yes", None, False], "met"),
    ],
)
def test_when_all_have_answered_nobody_waits_for_the_lock(kind, target, answers, verdict):
    assert both(indicator("i", kind, target=target), answers) == (verdict, verdict)


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("count", {"target": "theo kế hoạch"}),
        ("count", {}),
        ("count", {"target": ">=50%"}),
        ("count", {"target": "0", "aggregate": "none"}),
        ("ratio", {"target": ">=5"}),
        ("yesno", {"target": "5"}),
        ("amount", {"target": "1.250"}),
        ("choice", {"target": "100%"}),
        ("text", {"target": "5"}),
    ],
)
def test_what_can_not_be_judged_has_no_verdict(kind, more):
    given = {"count": 1, "ratio": [1, 2], "yesno": "yes", "amount": "5", "choice": "tot"}
    one = indicator("i", kind, **more)
    assert both(one, [given.get(kind, "x"), ...]) == ("none", "none")


def test_who_is_not_asked_has_no_verdict():
    assert judged(indicator("i", target="0"), []) == "none"


# ------------------------------------------------------------------ exactly


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
    one = indicator("i", "amount", target=written)
    assert all(judged(one, [total]) == "met" for total in meets)
    assert not any(judged(one, [total]) == "met" for total in misses)


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
    one = indicator("i", "ratio", target=written)
    assert judged(one, [[numerator, denominator]]) == ("met" if met else "missed")


@given(strategies.integers(0, 10**18), strategies.integers(1, 10**18))
@unhurried
def test_a_share_is_compared_exactly_however_large_it_is(numerator, more):
    denominator = numerator + more
    share = [[numerator, denominator]]
    assert judged(indicator("i", "ratio", target="<100%"), share) == "met"
    assert judged(indicator("i", "ratio", target="100%"), share) == "missed"
    is_half = 2 * numerator >= denominator
    assert (judged(indicator("i", "ratio", target=">=50%"), share) == "met") is is_half


# ------------------------------------------------------------------ final is final

_ANSWERS = {
    "count": strategies.integers(0, 6),
    "amount": strategies.sampled_from(["0", "0.5", "2", "5"]),
    "ratio": strategies.tuples(strategies.integers(0, 3), strategies.integers(0, 3)).map(sorted),
    "yesno": strategies.sampled_from(["yes", "no"]),
}
_SIGNS = strategies.sampled_from([">=", "<=", ">", "<", ""])


@strategies.composite
def stories(draw):
    """Answers that stand, others that come, and the target that they are judged by."""
    kind = draw(strategies.sampled_from(sorted(_ANSWERS)))
    one_of = _ANSWERS[kind] | strategies.none() | strategies.just(False)
    some = strategies.lists(one_of, max_size=6)
    numbers = [0, 1, 5, 8] if kind in ("count", "amount") else [0, 20, 50, 75, 100]
    amount = draw(strategies.sampled_from(numbers))
    percent = "" if kind in ("count", "amount") else "%"
    one = indicator("i", kind, target=f"{draw(_SIGNS)}{amount}{percent}")
    return one, draw(some), draw(some)


@pytest.mark.guards("a verdict that is final stays, whatever comes", "a ratio judged at once ✓")
@given(stories(), strategies.booleans())
@unhurried
def test_whatever_comes_after_a_final_verdict_it_stays(story, is_locked):
    one, standing_, coming = story
    before = judged(one, [*standing_, *[...] * len(coming)])
    after = judged(one, [*standing_, *coming], is_locked=is_locked)
    if before == "met":
        assert after == "met"
    if before == "breached":
        assert after in ("breached", "missed")


@pytest.mark.guards("the verdict is an independent one's too, over random answers", "met at once ✓")
@given(stories(), strategies.integers(0, 4))
@unhurried
def test_the_verdict_is_the_one_that_is_found_by_trying_what_could_come(story, out):
    one, standing_, coming = story
    answers = [*standing_, *coming, *[...] * out]
    right = verdicts_by_trying(one.model_dump(), answers)
    assert both(one, answers) == (right[False], right[True])


@pytest.mark.guards("an incomplete figure can end either way", "always incomplete ✓")
@given(stories())
@unhurried
def test_what_is_incomplete_can_still_end_either_way(story):
    """Two reports are found that settle it: one for, one against."""
    one, standing_, _ = story
    is_between = one.kind == "yesno" and one.target in ("20%", "50%", "75%")
    if is_between or not _figure(one, standing_):
        return  # whether so many answers can come to 75 % exactly is not worked out: it waits
    if judged(one, [*standing_, ...]) != "incomplete":
        return
    ends = {judged(one, [*standing_, late]) for late in _late(one, standing_)}
    assert ends & {"met"}
    assert ends & {"missed", "breached"}


def _figure(one, answers):
    kept = aggregate(one, answers).as_json(one)
    return kept["value"] is not None or (one.kind in ("count", "amount") and kept["nil"])


def _late(one, answers):
    """Reports that one unit could send: the smallest, the largest, what hits the target."""
    made = aggregate(one, answers)
    goal = Fraction(one.target.strip("<>=%"))
    if one.kind == "yesno":
        return ["yes", "no", None]
    if one.kind in ("count", "amount"):
        exact = max(goal - Fraction(made.total), Fraction(0))
        figures = [0, exact, exact + 1, 1000]
        return [int(x) if one.kind == "count" else str(float(x)) for x in figures]
    whole = 1000 * max(made.denominator, 1)
    exact = int(goal * whole / 100) - made.numerator
    rest = whole - made.denominator
    return [[0, whole], [whole, whole], [min(max(exact, 0), rest), rest], None]


# ------------------------------------------------------------------ in words


def line(one, answers, as_of=18):
    units = [unit(f"T{n:03}") for n in range(len(answers))]
    tally = Tally([section(one)], units)
    tally.take(
        (standing(head(owing.code, content({one.code: given}))), "{}")
        for owing, given in zip(units, answers, strict=True)
        if given is not ...
    )
    made = summary.document(tally, "thi-dua", period(), instant(as_of))
    return json.loads(b"".join(summary.pieces(made)))["indicators"][0]


@pytest.mark.guards("a verdict says on how many units it stands", "the coverage left out ✓")
@pytest.mark.parametrize(
    ("kind", "more", "answers", "open_", "locked"),
    [
        ("count", {"target": "0", "measured_in": "vụ"}, [1], *["Đã vượt ngưỡng: 1 vụ"] * 2),
        ("count", {"target": "<5", "measured_in": "vụ"}, [5], *["Đã vượt ngưỡng: 5 vụ"] * 2),
        ("amount", {"target": "<=1", "decimals": 1}, ["1000.5"], *["Đã vượt ngưỡng: 1.000,5"] * 2),
        (
            *("count", {"target": ">=9"}, [8]),
            *("Chưa đủ số liệu (1/45 đơn vị)", "Chưa đạt (1/45 đơn vị)"),
        ),
        (
            *("count", {"target": "<=9"}, [8, None, None]),  # a nil is an answer
            *("Chưa đủ số liệu (3/45 đơn vị)", "Đạt (3/45 đơn vị)"),
        ),
        ("count", {"target": "<=9"}, [0] * 45, "Đạt", "Đạt"),
        ("count", {"target": ">=9"}, [0] * 45, "Chưa đạt", "Chưa đạt"),
        (
            *("yesno", {"target": "100%"}, ["yes", *["no"] * 7]),
            *("Không thể đạt (8/45 đơn vị)", "Chưa đạt (8/45 đơn vị)"),
        ),
        (
            "yesno",
            {"target": "<=1%"},
            ["yes"],
            "Đã vượt ngưỡng: 100,00\u00a0%",
            "Chưa đạt (1/45 đơn vị)",
        ),
        ("count", {"target": "theo kế hoạch"}, [1], "", ""),
    ],
)
def test_it_is_said_in_few_words_and_with_the_units_it_stands_on(
    kind, more, answers, open_, locked
):
    one = indicator("i", kind, **more)
    given = [*answers, *[...] * (45 - len(answers))]
    assert verdicts.said(line(one, given)) == open_
    assert verdicts.said(line(one, given, as_of=22)) == locked


@pytest.mark.guards("what is not met stands the gravest first", "in the form's order ✓")
def test_what_is_not_met_stands_the_gravest_first():
    """A ceiling that is passed, a floor out of reach, what was not reached."""
    answers = [1, ...]
    floor = line(indicator("floor", "ratio", target="100%"), [[1, 2], ...])
    passed = line(indicator("passed", target="0"), answers)
    missed = line(indicator("missed", target=">=9"), answers, as_of=22)
    others = [
        line(indicator("waits", target=">=9"), answers),
        line(indicator("met", target=">=1"), answers),
        line(indicator("none"), answers),
    ]
    found = verdicts.not_met([missed, *others, floor, passed])
    assert [one["code"] for one in found] == ["passed", "floor", "missed"]
