"""Facts about a report: reading a form, the proof of its content, moves, lateness, versions."""

import hashlib
import json
import unicodedata
from datetime import timedelta
from itertools import product
from typing import get_args
from urllib.parse import urlencode

import pytest
from hypothesis import given, strategies

from chalicelib.pages.frame.bodies import read_form
from chalicelib.rules.reports import report
from chalicelib.rules.reports.exempt_or_extended import Terms
from chalicelib.rules.reports.report import Content, Fault
from chalicelib.rules.reports.states import Move, Refused, State, moved
from tests.builders import (
    KINDS,
    content,
    figures_of,
    head,
    indicator,
    instant,
    period,
    submit,
    unhurried,
)

DUE, LOCKS = period().due, period().locks
SECOND = timedelta(seconds=1)
COUNT, RATIO, TEXT = indicator("i1"), indicator("i2", "ratio"), indicator("t1", "text")
EVERY_KIND = [indicator(f"i_{kind}", kind) for kind in KINDS]


def reason_of(*given_args, **given_more):
    with pytest.raises(Refused) as refused:
        submit(*given_args, **given_more)
    return refused.value.reason


# ------------------------------------------------------------------ reading a form


def test_a_form_is_read_into_figures_texts_and_notes():
    typed = {"i1": "5", "i2.num": "3", "i2.den": "4", "t1": "Số 5", "i1.note": " Có thêm lớp "}
    read = report.read([COUNT, RATIO, TEXT], typed)
    assert read.content == Content({"i1": 5, "i2": [3, 4]}, {"t1": "Số 5"}, {"i1": "Có thêm lớp"})
    assert (read.faults, read.empties) == ((), ())


def test_what_is_empty_and_what_is_wrong_are_told_apart():
    read = report.read([COUNT, RATIO, TEXT], {"i2.num": "5", "i2.den": "4"})
    assert read.empties == ("i1",)
    assert read.faults == (Fault("i2.num", "i2", "numerator_above_denominator"),)


@pytest.mark.guards("bad input: 422, named, kept")
def test_every_fault_of_a_form_is_found_at_once():
    asked = [indicator(f"i{n}") for n in range(4)]
    read = report.read(asked, {"i0": "x", "i1": "-1", "i2": "1,5", "i3": "4"})
    assert [(fault.code, fault.problem) for fault in read.faults] == [
        ("i0", "not_a_number"),
        ("i1", "negative"),
        ("i2", "not_whole"),
    ]
    assert read.content.figures == {"i3": 4}


def test_what_is_not_asked_is_not_looked_at():
    assert report.read([COUNT], {"i1": "5", "i9": "x", "i9.note": "?"}).content == Content(
        {"i1": 5}
    )


def test_an_ambiguous_amount_carries_its_readings_to_the_page():
    (fault,) = report.read([indicator("a1", "amount")], {"a1": "1.250"}).faults
    assert [str(reading) for reading in fault.meanings] == ["1250", "1.250"]


def test_a_nil_report_fills_every_empty_figure():
    read = report.read([COUNT, RATIO, TEXT], {"nil": "1"})
    assert read.content == Content({"i1": None, "i2": None}, {"t1": None}, nil=True)
    assert (read.faults, read.empties) == ((), ())


def test_a_value_in_a_nil_report_is_a_fault():
    read = report.read([COUNT, RATIO], {"nil": "1", "i2.num": "0", "i2.den": "4"})
    assert [(fault.field, fault.problem) for fault in read.faults] == [
        ("i2.num", "value_in_nil_report")
    ]


def test_nil_and_not_applicable_may_stand_in_a_nil_report():
    read = report.read([COUNT, RATIO], {"nil": "1", "i1.state": "na", "i2.state": "nil"})
    assert read.faults == ()
    assert read.content.canonical().count("false") == 1


@pytest.mark.parametrize("sign", ["\x07", "\u202e", "\ud800"])
def test_a_note_with_a_forbidden_character_is_a_fault(sign):
    read = report.read([COUNT], {"i1": "5", "i1.note": f"Do{sign}"})
    assert read.faults == (Fault("i1.note", "i1", "forbidden_character"),)


def test_a_note_has_at_most_three_hundred_characters():
    assert report.read([COUNT], {"i1": "5", "i1.note": "ế" * 300}).faults == ()
    read = report.read([COUNT], {"i1": "5", "i1.note": "ế" * 301})
    assert read.faults == (Fault("i1.note", "i1", "note_too_long"),)


def test_a_report_is_at_most_a_hundred_kilobytes():
    asked = [indicator(f"t{n}", "text") for n in range(9)]
    eight = {f"t{n}": "ế" * 4_000 for n in range(8)}  # three bytes each
    assert report.read(asked, eight).faults == ()
    (fault,) = report.read(asked, eight | {"t8": "ế" * 4_000}).faults
    assert fault.problem == "report_too_large"


@given(strategies.data())
@unhurried
def test_a_sent_report_fills_the_form_that_gives_it_again(data):
    figures, texts, notes = {}, {}, {}
    for one in EVERY_KIND:
        (texts if one.is_text else figures)[one.code] = data.draw(figures_of(one.kind))
        if data.draw(strategies.booleans()):
            notes[one.code] = "Do thêm lớp"
    sent = Content(figures, texts, notes)
    again = report.read(EVERY_KIND, report.typed(EVERY_KIND, sent))
    assert again.faults == again.empties == ()
    assert again.content.canonical() == sent.canonical()


def test_a_nil_report_fills_the_form_that_gives_it_again():
    sent = report.read([COUNT, RATIO, TEXT], {"nil": "1", "i1.state": "na"}).content
    again = report.read([COUNT, RATIO, TEXT], report.typed([COUNT, RATIO, TEXT], sent))
    assert again.content.canonical() == sent.canonical()
    assert again.faults == ()


# ------------------------------------------------------------------ the proof of what was sent


@pytest.mark.guards("a proof that stays", "unsorted names ✓ (the first)")
def test_the_content_hash_is_sha256_of_the_canonical_json():
    sent = Content({"i2": [3, 4], "i1": None}, {"t1": "Số 5"}, {"i1": "ghi chú"})
    canonical = (
        '{"figures":{"i1":null,"i2":[3,4]},"nil":false,"notes":{"i1":"ghi chú"},'
        '"texts":{"t1":"Số 5"}}'
    )
    assert sent.canonical() == canonical
    assert sent.hash() == hashlib.sha256(canonical.encode()).hexdigest()


@pytest.mark.guards("a proof that stays")
def test_the_hash_of_a_known_report_never_changes():
    sent = Content({"i1": 5, "i2": [3, 4], "i3": False}, {"n_done": "Đã triển khai"}, {}, False)
    assert (
        sent.hash()
        == hashlib.sha256(
            b'{"figures":{"i1":5,"i2":[3,4],"i3":false},"nil":false,"notes":{},'
            b'"texts":{"n_done":"\xc4\x90\xc3\xa3 tri\xe1\xbb\x83n khai"}}'
        ).hexdigest()
    )


def test_the_order_in_which_fields_were_typed_does_not_change_the_hash():
    assert content({"a": 1, "b": 2}).hash() == content({"b": 2, "a": 1}).hash()


def test_the_same_text_typed_in_another_normal_form_has_the_same_hash():
    def sent(form):
        typed = {"i1": "5", "t1": unicodedata.normalize(form, "Đã triển khai ở Bến Tre")}
        return report.read([COUNT, TEXT], read_form(urlencode(typed).encode())).content

    assert sent("NFD").hash() == sent("NFC").hash()


def test_another_way_to_type_the_same_number_has_the_same_hash():
    amount = indicator("a1", "amount")
    typed = ("1250,50", "1.250,5", "1250.5", "1 250,5")
    assert len({report.read([amount], {"a1": one}).content.hash() for one in typed}) == 1


@pytest.mark.parametrize(
    "other",
    [
        content({"i1_6": 6}),
        content({"i1_6": None}),
        content({"i1_6": False}),
        content({"i1_7": 5}),
        content(texts={"t1": None}),
        content(notes={"i1_6": "x"}),
        content(nil=True),
    ],
)
def test_any_difference_changes_the_hash(other):
    assert other.hash() != content().hash()


def test_zero_nil_and_not_applicable_have_three_hashes():
    assert len({content({"i1_6": figure}).hash() for figure in (0, None, False)}) == 3


def test_a_stored_content_parses_back():
    sent = Content({"i1": None, "i2": [3, 4], "i3": False}, {"t1": ["a"]}, {"i1": "x"}, True)
    assert report.parse(sent.canonical()).canonical() == sent.canonical()
    assert report.parse_figures(report.compact(sent.figures)) == sent.figures


# ------------------------------------------------------------------ moves

ALLOWED = {
    (None, "submit"): "submitted",
    ("submitted", "submit"): "submitted",
    ("submitted", "accept"): "accepted",
    ("submitted", "return"): "returned",
    ("returned", "submit"): "submitted",
    ("accepted", "reopen"): "reopened",
    ("reopened", "submit"): "submitted",
    ("reopened", "accept"): "accepted",
}


@pytest.mark.guards("moves, lateness", "lateness judged again ✓ (the second)")
@pytest.mark.parametrize(("state", "move"), list(product([None, *get_args(State)], get_args(Move))))
def test_the_design_names_every_move_and_the_rest_is_refused(state, move):
    if (state, move) in ALLOWED:
        assert moved(state, move) == ALLOWED[state, move]
        return
    with pytest.raises(Refused) as refused:
        moved(state, move)
    assert refused.value.reason == f"{move}_from_{state or 'missing'}"


def test_returned_values_stay_out_and_reopened_ones_stay_in():
    counting = [state for state in get_args(State) if head(state=state).counts]
    assert counting == ["submitted", "accepted", "reopened"]


# ------------------------------------------------------------------ sending


def test_the_first_sending_is_version_one_and_its_head_points_to_it():
    sent = content({"i1_6": 7}, {"t1": "Số 5"})
    version, after = submit(content=sent, now=instant(15))
    assert (version.number, version.unit, version.period) == (1, "T01", "2026-Q4")
    assert version.content == sent.canonical()
    assert version.hash == after.hash == sent.hash()
    assert version.reference == "2026-Q4/T01/1"
    assert (after.state, after.version, after.revision) == ("submitted", 1, 0)
    assert after.first_sent == after.last_sent == version.sent == instant(15)
    assert json.loads(after.figures) == {"i1_6": 7}
    assert (version.late, version.after_due, after.late, after.nil) == (False,) * 4


def test_the_figures_of_a_head_hold_no_text():
    _, after = submit(content=content({"i1_6": 7}, {"t1": "Số 5"}))
    assert "Số 5" not in after.figures


def test_a_correction_is_the_next_version_and_keeps_the_first_instant():
    _, first = submit()
    version, after = submit(head(revision=3), now=instant(16), content=content({"i1_6": 6}))
    assert (version.number, version.reason) == (2, "Bổ sung số liệu")
    assert (after.version, after.revision) == (2, 3)
    assert (after.first_sent, after.last_sent) == (first.first_sent, instant(16))


@pytest.mark.parametrize("state", ["submitted", "returned", "reopened"])
def test_every_later_version_needs_a_reason(state):
    assert reason_of(head(state=state), reason="") == "no_reason"


@pytest.mark.guards("the due second", "`>=` for `>` ✓")
def test_the_last_second_of_the_due_day_is_in_time_and_the_next_is_late():
    assert submit(now=DUE)[1].late is False
    assert submit(now=DUE + SECOND)[1].late is True


@pytest.mark.guards("moves, lateness")
def test_lateness_is_judged_once_on_the_first_version():
    _, in_time = submit(now=DUE)
    version, after = submit(in_time, now=DUE + SECOND)
    assert (version.late, after.late, version.after_due) == (False, False, True)
    _, late = submit(now=DUE + SECOND)
    version, after = submit(late, now=DUE + 2 * SECOND)
    assert (version.late, after.late) == (True, True)


def test_a_correction_before_the_due_instant_is_not_marked():
    assert submit(submit()[1], now=DUE)[0].after_due is False


def test_a_first_version_is_never_a_correction_after_the_due_instant():
    assert submit(now=LOCKS)[0].after_due is False


def test_a_unit_with_its_own_due_instant_is_judged_by_that():
    assert submit(now=DUE + SECOND, terms=Terms("T01", due=DUE + SECOND))[1].late is False
    assert submit(now=DUE, terms=Terms("T01", due=DUE - SECOND))[1].late is False


def test_an_answer_to_a_return_is_late_only_after_the_returns_own_due_date():
    returned = head(state="returned", return_due=LOCKS)
    assert submit(returned, now=LOCKS)[0].after_due is False
    assert submit(returned, now=LOCKS + SECOND)[0].after_due is True
    assert submit(returned, now=LOCKS + SECOND)[1].late is False


def test_an_answered_return_leaves_no_due_date_behind():
    assert submit(head(state="returned", return_due=LOCKS))[1].return_due is None


def test_nothing_is_sent_before_the_period_opens():
    assert reason_of(now=period().opens - SECOND) == "not_open_yet"
    assert submit(now=period().opens)[0].number == 1


@pytest.mark.parametrize("before", [None, head()])
def test_a_locked_period_takes_no_report_and_no_correction(before):
    assert submit(before, now=LOCKS)[1].state == "submitted"
    assert reason_of(before, now=LOCKS + SECOND) == "locked"


@pytest.mark.parametrize("state", ["returned", "reopened"])
def test_what_the_department_asked_back_may_come_after_the_lock(state):
    assert submit(head(state=state), now=LOCKS + SECOND)[1].state == "submitted"


def test_an_accepted_report_is_not_sent_again():
    assert reason_of(head(state="accepted")) == "submit_from_accepted"


def test_a_paper_report_names_the_officer_who_entered_it():
    assert submit(actor="can.bo@so.example")[0].actor == "can.bo@so.example"
    assert submit()[0].actor == "unit"


def test_a_version_keeps_the_form_that_it_was_filled_in():
    version, after = submit(form=3)
    assert version.form == after.form == 3


def test_a_nil_report_says_so_on_its_head():
    assert submit(content=content({"i1_6": None}, nil=True))[1].nil is True
