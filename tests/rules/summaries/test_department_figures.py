"""Facts about what the department enters itself: judged, told, never summed, each change kept."""

import json
from datetime import UTC, datetime

import pytest

from chalicelib.edges.ports import Site
from chalicelib.edges.table import Conflict
from chalicelib.messages.reports import states as state_words
from chalicelib.messages.summaries.files import words
from chalicelib.rules.review.act import Act
from chalicelib.rules.summaries import department_figures as noun
from chalicelib.rules.summaries import summary
from chalicelib.rules.summaries.department_figures import Entered, asked, changes
from chalicelib.rules.summaries.summary import totals
from chalicelib.rules.summaries.tally import Tally
from chalicelib.rules.summaries.workbook import as_csv
from chalicelib.store import acts
from chalicelib.store import department_figures as stored
from tests.builders import (
    YES_NO,
    content,
    head,
    indicator,
    instant,
    period,
    section,
    standing,
    unit,
)

AT = datetime(2026, 12, 20, 3, tzinfo=UTC)
WHO = "chuyenvien@vinhlong.example"


def ours(code="k1", kind="rank", **more):
    return indicator(code, kind, entered_by="department", **more)


def line(one, **values):
    return noun.as_json(one, Entered(**values))


@pytest.mark.guards(
    "the department's figures: lower rank is better, nil is none, never summed",
    "a rank not judged ✓ (the first)",
    "a rank of nil judged ✓ (the last)",
)
@pytest.mark.parametrize(
    ("rank", "met"), [(1, True), (5, True), (6, False), (0, True), (100, False)]
)
def test_of_a_rank_lower_is_better(rank, met):
    found = line(ours(target="<=5", direction="-"), figures={"k1": rank})
    assert (found["value"], found["met"], found["shown"]) == (rank, met, str(rank))


@pytest.mark.parametrize(
    ("one", "figure", "value", "met"),
    [
        (ours("a", "count", target=">=10"), 9, 9, False),
        (ours("a", "count", aggregate="none", target=">=10"), 10, 10, True),
        (ours("a", "amount", target=">12.5"), "12.51", "12.51", True),
        (ours("a", "ratio", target=">=98%"), [97, 99], "97.98", False),
        (ours("a", "yesno", target="100%"), "yes", "100.00", True),
        (ours("a", "yesno", target="100%"), "no", "0.00", False),
        (ours("a", "choice"), "kha", "Khá", None),
    ],
)
def test_every_kind_is_told_and_judged(one, figure, value, met):
    found = line(one, figures={"a": figure})
    assert (found["value"], found["met"], found["state"]) == (value, met, "value")


@pytest.mark.parametrize(
    ("figures", "state", "shown"),
    [
        ({}, "missing", ""),
        ({"k1": None}, "nil", ""),
        ({"k1": False}, "na", ""),
        ({"k1": 0}, "value", "0"),
    ],
)
def test_missing_nil_not_applicable_and_nought_stay_apart(figures, state, shown):
    found = line(ours(), figures=figures)
    assert (found["state"], found["shown"]) == (state, shown)
    assert (found["value"] is None) is (state != "value")


def test_texts_stand_where_units_texts_do():
    assert line(ours("t", "text"), texts={"t": "Số 5"})["value"] == [
        {"lines": ["Số 5"], "name": "", "unit": ""}
    ]
    assert line(ours("t", "list"), texts={"t": ["a", "b"]})["value"][0]["lines"] == ["a", "b"]
    assert line(ours("t", "text"))["value"] == []


# ------------------------------------------------------------------ in the summary

SECTIONS = (section(indicator("c"), ours(target="<=5", measured_in="hạng")),)


def lines_of(entered):
    """The summary as CSV."""
    return as_csv(whole(entered), {"T": "THPT"}, words(None)).decode("utf-8-sig").splitlines()


def whole(values):
    """Two units, one of which has sent c = 5: beside it what the department entered."""
    tally = Tally(SECTIONS, [unit("T01"), unit("T02")])
    tally.take([(standing(head("T01", content({"c": 5, "k1": 99}))), "{}")])
    return summary.document(tally, "thi-dua", period(), instant(18), values)


@pytest.mark.guards("the department's figures: lower rank is better, nil is none, never summed")
def test_it_stands_in_the_summary_on_no_unit_and_is_never_summed():
    """A unit's figure of the same code, wherever it came from, is not looked at."""
    made = json.loads(b"".join(summary.pieces(whole(Entered({"k1": 7}, revision=3)))))
    units_line, found = made["indicators"]
    assert (units_line["value"], units_line["expected"]) == (5, 2)
    assert (found["value"], found["met"], found["expected"], found["blocs"]) == (7, False, 0, {})
    assert made["entered"] == 3
    assert totals(made)["entered"] == 3


@pytest.mark.guards("the department's figures: lower rank is better, nil is none, never summed")
def test_it_stands_in_the_csv_as_a_number_and_in_words():
    rows = lines_of(Entered({"k1": 7}))
    assert rows[2].startswith("k1;Chỉ tiêu k1;hạng;Sở nhập;<=5;Chưa đạt;7;;;0;")
    rows = (
        as_csv(whole(Entered({"k1": None})), {"T": "THPT"}, words(None))
        .decode("utf-8-sig")
        .splitlines()
    )
    assert rows[2].startswith("k1;Chỉ tiêu k1;hạng;Sở nhập;<=5;;Không phát sinh;;;0;")


def test_who_is_asked_is_read_from_the_form():
    assert [one.code for one in asked(SECTIONS)] == ["k1"]


def test_changes_name_both_values():
    some = (ours(), ours("y", "yesno", choices=YES_NO), ours("t", "text"))
    before = Entered({"k1": 7, "y": "yes"}, {"t": "a"})
    after = Entered({"k1": 5, "y": "yes"}, {})
    assert changes(some, before, after) == [(some[0], 7, 5), (some[2], "a", ...)]
    assert changes(some, before, before) == []
    assert changes(some, Entered(), Entered({"k1": None})) == [(some[0], ..., None)]


def test_nought_and_not_applicable_are_two_answers():
    assert changes([ours()], Entered({"k1": 0}), Entered({"k1": False})) == [(ours(), 0, False)]


@pytest.mark.parametrize(
    ("found", "words"), [(..., ""), (None, "Không phát sinh"), (False, "Không áp dụng"), (0, "0")]
)
def test_what_was_entered_is_told_in_words(found, words):
    assert state_words.entered(ours(), found) == words


# ------------------------------------------------------------------ in the table


def act(**detail):
    return Act(AT, WHO, "enter_figures", "p", "2026-Q4", detail=detail)


def test_every_version_is_kept_with_its_act(empty_site: Site):
    table = empty_site.table
    assert stored.entered(table, "p", "2026-Q4") == Entered()
    first, second = act(k1=["", "7"]), act(k1=["7", "5"])
    stored.enter(table, first, Entered({"k1": 7}))
    stored.enter(table, second, Entered({"k1": 5}, {"t": "x"}, revision=1))
    now = stored.entered(table, "p", "2026-Q4")
    assert now == Entered({"k1": 5}, {"t": "x"}, AT, WHO, 2)
    assert stored.revision(table, "p", "2026-Q4") == 2
    kept = list(stored.versions(table, "p", "2026-Q4"))
    assert [(one.figures, one.revision) for one in kept] == [({"k1": 7}, 1), ({"k1": 5}, 2)]
    found = acts.acts(table, "p", "2026-12")
    assert sorted(map(str, (one.detail for one in found))) == sorted(
        map(str, (first.detail, second.detail))
    )


@pytest.mark.guards("two officers: one wins, the other is told")
def test_of_two_officers_one_wins(empty_site: Site):
    table = empty_site.table
    stored.enter(table, act(), Entered({"k1": 7}))
    with pytest.raises(Conflict):
        stored.enter(table, act(), Entered({"k1": 5}))
    assert stored.entered(table, "p", "2026-Q4").figures == {"k1": 7}
    assert len(list(acts.acts(table, "p", "2026-12"))) == 1
