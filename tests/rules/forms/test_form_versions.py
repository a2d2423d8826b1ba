"""Facts about a period with reports of several form versions: worked by hand, code by code."""

import json
from io import BytesIO

import pytest
from openpyxl import load_workbook

from chalicelib.messages.summaries.files import words
from chalicelib.rules.forms.form import Choice
from chalicelib.rules.forms.form_versions import merged
from chalicelib.rules.reports.report import compact
from chalicelib.rules.summaries import summary, workbook
from chalicelib.rules.summaries.cells import UnitRow
from chalicelib.rules.summaries.tally import Tally
from tests.builders import (
    BLOCS,
    GRADES,
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

# Version 1 asks c (a count), gone (a count), r (a ratio), of everybody.
# Version 2 asks c, r, and new (a count); gone is out; r is asked of T alone.
FIRST = (
    section(
        indicator("c", label="Cũ"),
        indicator("gone", measured_in="người"),
        indicator("r", "ratio"),
    ),
)
SECOND = (
    section(
        indicator("c", label="Mới", target=">=10"),
        indicator("new"),
        indicator("r", "ratio", blocs=("T",)),
    ),
)
VERSIONS = {1: FIRST, 2: SECOND}
UNITS = [unit(code, order=n) for n, code in enumerate(("T01", "T02", "T03", "P01", "P02"))]


def tallied(heads, own=2, units=UNITS):
    """The period's own form is the second unless said otherwise."""
    tally = Tally(VERSIONS[own], units, own, VERSIONS.__getitem__)
    tally.take((standing(one), compact({})) for one in heads)
    return tally


HEADS = (
    head("T01", content({"c": 5, "gone": 2, "r": [1, 2]}), form=1),
    head("T02", content({"c": 7, "new": 3, "r": [3, 4]}), form=2),
    head("P01", content({"c": 1, "gone": None, "r": [5, 10]}), form=1),
)


def document(tally):
    made = summary.document(tally, "thi-dua", period(form=2), instant(18))
    return json.loads(b"".join(summary.pieces(made)))


def told(line):
    names = ("value", "expected", "with_value", "nil", "not_applicable", "missing")
    return tuple(line[name] for name in names)


@pytest.mark.guards(
    "mixed versions add up by code; nobody misses what it was not asked",
    "every report read by the period's form",
    "not asked counted as missing",
    "asked by the older form not expected: each ✓",
)
def test_codes_of_both_versions_are_summed_and_nobody_misses_what_it_was_not_asked():
    """T03 and P02 have sent nothing: they are asked what the period's own form asks."""
    lines = {line["code"]: line for line in document(tallied(HEADS))["indicators"]}
    # Everybody is asked c: 5 + 7 + 1; T03 and P02 are missing.
    assert told(lines["c"]) == (13, 5, 3, 0, 0, 2)
    # Only T01 and P01 were asked gone, by the older form: 2 and nil. Nobody is missing.
    assert told(lines["gone"]) == (2, 2, 1, 1, 0, 0)
    # new is asked of T02 (sent) and of T03 and P02 (not sent), not of the two on the older form.
    assert told(lines["new"]) == (3, 3, 1, 0, 0, 2)
    # r: T01, T02, T03 by either form; P01 by the older; P02 by none. (1+3+5) / (2+4+10).
    assert told(lines["r"]) == ("56.25", 4, 3, 0, 0, 1)
    assert (lines["r"]["numerator"], lines["r"]["denominator"]) == (9, 16)


def test_each_bloc_adds_up_too():
    lines = {line["code"]: line for line in document(tallied(HEADS))["indicators"]}
    assert told(lines["r"]["blocs"]["T"]) == ("66.67", 3, 2, 0, 0, 1)
    assert told(lines["r"]["blocs"]["P"]) == ("50.00", 1, 1, 0, 0, 0)
    assert told(lines["gone"]["blocs"]["T"]) == (2, 1, 1, 0, 0, 0)
    assert told(lines["gone"]["blocs"]["P"]) == (None, 1, 0, 1, 0, 0)
    assert told(lines["new"]["blocs"]["P"]) == (None, 1, 0, 0, 0, 1)


def test_the_same_where_the_periods_own_form_is_the_older_one():
    """A report may be on a newer version: begun after a switch that was taken back."""
    lines = {line["code"]: line for line in document(tallied(HEADS, own=1))["indicators"]}
    assert told(lines["c"]) == (13, 5, 3, 0, 0, 2)
    assert told(lines["gone"]) == (2, 4, 1, 1, 0, 2)  # T01 2, P01 nil, T03 and P02 missing
    assert told(lines["new"]) == (3, 1, 1, 0, 0, 0)  # T02 alone was asked
    assert told(lines["r"]) == ("56.25", 5, 3, 0, 0, 2)


def test_a_returned_report_still_owes_what_its_own_form_asks():
    back = (HEADS[0]._replace(state="returned"), *HEADS[1:])
    lines = {line["code"]: line for line in document(tallied(back))["indicators"]}
    assert told(lines["gone"]) == (None, 2, 0, 1, 0, 1)
    assert told(lines["new"]) == (3, 3, 1, 0, 0, 2)


def test_figures_only_in_the_older_form_are_listed_under_their_section_and_marked():
    found = document(tallied(HEADS))
    assert [line["code"] for line in found["indicators"]] == ["c", "new", "r", "gone"]
    lines = {line["code"]: line for line in found["indicators"]}
    assert (lines["gone"]["section"], lines["gone"]["measured_in"]) == ("s1", "người")
    assert (lines["c"]["label"], lines["c"]["met"]) == ("Mới", True)  # the period's own words
    assert [lines[code]["forms"] for code in ("c", "new", "r", "gone")] == [[], [2], [], [1]]
    assert found["forms"] == {"1": 2, "2": 1}


def test_one_version_is_marked_nowhere():
    found = document(tallied(HEADS[1:2]))
    assert found["forms"] == {"2": 1}
    assert all(line["forms"] == [] for line in found["indicators"])
    assert [line["code"] for line in found["indicators"]] == ["c", "new", "r"]


def test_a_version_of_which_no_report_came_changes_nothing():
    assert told(document(tallied([]))["indicators"][1]) == (None, 5, 0, 0, 0, 5)


def test_the_order_in_which_reports_arrive_changes_nothing():
    assert document(tallied(HEADS)) == document(tallied(HEADS[::-1]))


def test_in_the_sheet_by_unit_a_cell_is_missing_only_where_it_was_asked():
    tally = tallied(HEADS)
    rows = [
        UnitRow(one, sent, tally.asked_of(one, sent.form if sent else 2))
        for one, sent in tally.rows()
    ]
    out = BytesIO()
    whole = summary.document(tally, "thi-dua", period(form=2), instant(18))
    workbook.as_xlsx(out, whole, "x", BLOCS, tally.sections, rows, period().due, words(None))
    sheet = load_workbook(out)["Theo đơn vị"]
    columns = {cell.value: cell.column for cell in sheet[1]}

    def row(number):
        return [sheet.cell(number, columns[code]).value for code in ("c", "new", "r.num", "gone")]

    assert row(3) == [5, None, 1, 2]  # T01, on the older form
    assert row(4) == [7, 3, 3, None]  # T02
    assert row(5) == ["Chưa có", "Chưa có", "Chưa có", None]  # T03, not sent
    assert row(6) == [1, None, 5, "Không phát sinh"]  # P01, on the older form
    assert row(7) == ["Chưa có", "Chưa có", None, None]  # P02, not asked r by the own form


# ------------------------------------------------------------------ the sections as one


def test_texts_of_a_section_that_is_gone_are_kept_behind_the_others():
    first = (section(indicator("l", "list"), code="s9", label="Cũ"), *FIRST)
    tally = Tally(SECOND, UNITS[:1], 2, {1: first, 2: SECOND}.__getitem__)
    one = head("T01", content({"c": 5, "gone": 2, "r": [1, 2]}), form=1)
    tally.take([(standing(one), compact({"l": ["Mô hình"]}))])
    line = document(tally)["indicators"][-1]
    assert (line["code"], line["section_label"], line["expected"]) == ("l", "Cũ", 1)
    assert line["value"] == [{"lines": ["Mô hình"], "name": "Đơn vị T01", "unit": "T01"}]


def test_choices_of_both_versions_can_be_read():
    less = indicator("h", "choice", choices=GRADES[:1])
    more = indicator("h", "choice", choices=(*GRADES, Choice(name="tb", label="Trung bình")))
    (found,) = merged([section(less)], [[section(more)]])
    assert [choice.name for choice in found.indicators[0].choices] == ["tot", "kha", "tb"]


def test_one_version_alone_stays_as_it_is():
    own = (section(indicator("y", "yesno", choices=YES_NO), code="s0"), *SECOND)
    assert merged(own, []) == own
