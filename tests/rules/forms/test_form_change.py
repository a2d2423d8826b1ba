"""Facts about what a new form version changes: every difference is told, none is invented."""

from datetime import date

import pytest

from chalicelib.rules.forms.form import Choice, Indicator
from chalicelib.rules.forms.form_change import RULES, WORDS, difference
from tests.builders import GRADES, YES_NO, form, indicator, section


def of(*indicators, **more):
    return form(section(*indicators), **more)


def told(edits):
    return [(edit.code, edit.column, edit.before, edit.after) for edit in edits]


def test_an_equal_form_changes_nothing():
    one = of(indicator("i1"), indicator("i2", "ratio"), indicator("i3", "choice"))
    found = difference([one], one.model_copy(update={"version": 2}))
    assert found.nothing
    assert found == difference([one], one)


def test_the_first_version_adds_all():
    found = difference([], of(indicator("i1"), indicator("i2")))
    assert [one.code for one in found.added] == ["i1", "i2"]
    assert found.refused == ()


def test_what_is_new_and_what_is_gone_is_named():
    found = difference([of(indicator("i1"), indicator("i2"))], of(indicator("i2"), indicator("i3")))
    assert [one.code for one in found.added] == ["i3"]
    assert [one.code for one in found.removed] == ["i1"]
    assert not found.nothing
    assert not found.reordered


CHANGES = {
    "label": ("Cũ", "Mới"),
    "hint": ("", "Tính đến ngày chốt"),
    "about": ("a", "b"),
    "num_label": ("Đạt", "Đã đạt"),
    "den_label": ("Tổng", "Tổng số"),
    "choices": (YES_NO, GRADES),
    "aggregate": ("sum", "latest"),
    "measured_in": ("người", "lượt"),
    "direction": ("+", "-"),
    "decimals": (1, 2),
    "target": (">=98%", ">=99%"),
    "blocs": (("P",), ("P", "T")),
    "asked": (("Q2",), ("Q2", "Q4")),
    "as_of": ("năm học", "học kỳ"),
    "valid_from": (None, date(2026, 1, 1)),
    "valid_to": (date(2026, 1, 1), date(2027, 1, 1)),
    "jump": ("", "5"),
}


@pytest.mark.guards("every difference is told", "a column left out ✓ (the first)")
@pytest.mark.parametrize("column", CHANGES)
def test_each_column_that_differs_is_told_once_with_both_texts(column):
    before, after = CHANGES[column]
    found = difference(
        [of(indicator("i1", **{column: before}))], of(indicator("i1", **{column: after}))
    )
    edits = told(found.reworded if column in WORDS else found.changed)
    assert [(code, name) for code, name, _, _ in edits] == [("i1", column)]
    assert edits[0][2] != edits[0][3]
    assert len(found.reworded) + len(found.changed) == 1
    assert not found.refused


@pytest.mark.guards("every difference is told")
def test_no_column_of_an_indicator_is_left_out():
    known = set(CHANGES) | {"code", "kind", "parts", "entered_by"}
    assert set(Indicator.model_fields) == known
    assert set(WORDS) | set(RULES) | {"code", "kind", "parts"} == known


def test_what_a_ratios_numbers_are_cannot_change():
    before, after = indicator("r", "ratio"), indicator("r", "ratio", parts="amount")
    (refused,) = difference([of(before)], of(after)).refused
    assert (refused.column, refused.before, refused.after) == ("parts", "count", "amount")
    assert of(before).changed_kinds(of(after)) == ["r"]
    assert of(after).changed_kinds(of(after)) == []


def test_choices_read_as_their_author_wrote_them():
    less = (Choice(name="tot", label="Tốt"),)
    found = difference([of(indicator("h", "choice"))], of(indicator("h", "choice", choices=less)))
    assert told(found.reworded) == [("h", "choices", "tot = Tốt; kha = Khá", "tot = Tốt")]


def test_sections_are_told_too():
    old = form(section(indicator("i1"), code="s1"), section(indicator("i2"), code="s2"))
    new = form(
        section(indicator("i1"), indicator("i2"), code="s1", hint="Trong kỳ"),
        section(indicator("i3"), code="s3"),
        title="Thi đua mới",
    )
    found = difference([old], new)
    assert told(found.reworded) == [
        ("", "title", "Thi đua", "Thi đua mới"),
        ("s1", "hint", "", "Trong kỳ"),
    ]
    assert told(found.changed) == [
        ("i2", "section", "s2", "s1"),
        ("s2", "section", "Nội dung s2", ""),
        ("s3", "section", "", "Nội dung s3"),
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            form(section(indicator("i1"), indicator("i2"))),
            form(section(indicator("i2"), indicator("i1"))),
        ),
        (
            form(section(indicator("i1"), code="s1"), section(indicator("i2"), code="s2")),
            form(section(indicator("i2"), code="s2"), section(indicator("i1"), code="s1")),
        ),
    ],
)
def test_another_order_is_a_change(old, new):
    found = difference([old], new)
    assert found.reordered
    assert not found.nothing


@pytest.mark.guards(
    "no code changes its kind, however long it was away",
    "kinds not compared ✓",
    "only the newest version compared ✓ (the second)",
)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        *(("ratio", "count"), ("count", "ratio"), ("count", "rank")),
        *(("yesno", "choice"), ("text", "list"), ("amount", "count")),
    ],
)
def test_another_kind_is_refused(before, after):
    found = difference([of(indicator("i1", before))], of(indicator("i1", after), version=2))
    (refused,) = found.refused
    assert (refused.code, refused.column, refused.version) == ("i1", "kind", 1)
    assert (refused.before, refused.after) == (before, after)


@pytest.mark.guards("no code changes its kind, however long it was away")
def test_a_code_that_comes_back_with_another_kind_is_refused():
    first = of(indicator("i1", "ratio"), indicator("i2"))
    second = of(indicator("i2"), version=2)
    back = of(indicator("i1", "count"), indicator("i2"), version=3)
    (refused,) = difference([first, second], back).refused
    assert (refused.code, refused.version, refused.before) == ("i1", 1, "ratio")
    same = of(indicator("i1", "ratio"), indicator("i2"), version=3)
    assert difference([first, second], same).refused == ()


def test_who_gives_a_figure_can_not_change():
    before = of(indicator("k", "rank", entered_by="department"))
    (refused,) = difference([before], of(indicator("k", "rank"))).refused
    assert (refused.column, refused.before, refused.after) == ("entered_by", "department", "unit")
