"""Facts about the messages: every problem that code names has a sentence, and none is idle."""

import ast
import re
from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path
from typing import get_args

import pytest

from chalicelib.messages import own_words
from chalicelib.messages.door import sign_in as sign_in_words
from chalicelib.messages.frame import dates, problems, uploads
from chalicelib.messages.programmes import programme
from chalicelib.messages.reports import states as state_words
from chalicelib.messages.unit import report as report_words
from chalicelib.messages.units import authoring, units
from chalicelib.rules.forms.form import Indicator, Kind, Rule
from chalicelib.rules.programmes import period
from chalicelib.rules.reports import sender
from chalicelib.rules.reports.report import Fault
from chalicelib.rules.reports.states import MOVES, Move, State
from chalicelib.rules.units import list_reader
from tests.builders import indicator, units_csv

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [
    *(path for path in (ROOT / "chalicelib").rglob("*.py") if "messages" not in path.parts),
    *(ROOT / "infra").glob("*.py"),
    ROOT / "app.py",
]
TREES = {str(path.relative_to(ROOT)): ast.parse(path.read_text("utf-8")) for path in SOURCES}
MOVED = {
    f"{move}_from_{state or 'missing'}"
    for state, move in product((None, *get_args(State)), get_args(Move))
    if (state, move) not in MOVES
}


def constants(node):
    """The texts that an argument may be: a constant, or either branch of a choice."""
    branches = [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]
    return {b.value for b in branches if isinstance(b, ast.Constant) and isinstance(b.value, str)}


def given_to(name, place, where=""):
    """The constants that calls of `name` give in this place, in files under `where`."""
    found = set()
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and path.startswith(where) and len(node.args) > place:
                called = node.func
                if name in (getattr(called, "attr", None), getattr(called, "id", None)):
                    found |= constants(node.args[place])
    return found


def returned_by(where, *names):
    """The constants that these functions return; an empty one says that there is nothing."""
    found = set()
    for node in ast.walk(TREES[where]):
        if isinstance(node, ast.FunctionDef) and node.name in names:
            for one in ast.walk(node):
                found |= constants(one.value) if isinstance(one, ast.Return) else set()
    return found - {""}


def texts_in(*paths):
    """Every constant text of these files; those inside an f-string are no texts."""
    found = set()
    for path in paths:
        inside = {
            id(part)
            for node in ast.walk(TREES[path])
            if isinstance(node, ast.JoinedStr)
            for part in ast.walk(node)
        }
        for node in ast.walk(TREES[path]):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= set() if id(node) in inside else {node.value}
    return found


NOUNS = (
    "chalicelib/rules/texts/number.py",
    "chalicelib/rules/forms/value.py",
    "chalicelib/rules/reports/report.py",
    "chalicelib/rules/reports/sender.py",
)
PAGES = tuple(path for path in TREES if path.startswith("chalicelib/pages/"))
FORMS = (
    *(
        f"chalicelib/rules/forms/xlsform_{one}.py"
        for one in ("reader", "survey", "judge", "columns")
    ),
    "chalicelib/rules/files/source_rows.py",
)
UPLOADS = tuple(path for path in TREES if path.startswith("chalicelib/rules/files/"))


def test_every_problem_of_a_field_has_a_sentence():
    raised = given_to("NotRead", 0) | given_to("Unreadable", 1)
    raised |= given_to("Fault", 2, "chalicelib/rules/reports/report.py") | given_to(
        "Fault", 2, "chalicelib/pages"
    )
    raised |= returned_by("chalicelib/rules/reports/sender.py", "_of_reason", "_of_box")
    raised |= set(sender.LACKING.values())
    assert len(raised) > 15
    assert raised - set(report_words.FAULTS) == set()


def test_no_sentence_of_a_field_is_idle():
    assert set(report_words.FAULTS) - texts_in(*NOUNS, *PAGES) == set()


def test_every_refusal_has_a_sentence_and_none_is_idle():
    said = MOVED | given_to("Refused", 0) | given_to("Ended", 0)
    against = returned_by("chalicelib/rules/reports/obligation.py", "against_sending")
    against |= returned_by("chalicelib/rules/reports/exempt_or_extended.py", "against_asking_back")
    assert {"locked", "submit_from_accepted", "asked_of_exempt"} <= against
    said |= against
    assert {"no_reason", "period_changed"} <= said
    assert set(problems.REFUSALS) == said


def test_every_problem_page_has_a_title_and_a_sentence_and_none_is_idle():
    named = given_to("Problem", 1) | given_to("problem", 1) | given_to("broken_page", 3)
    assert {"no_page", "busy"} <= named
    assert named - set(problems.PROBLEMS) == set()
    everywhere = texts_in(*TREES)
    assert set(problems.PROBLEMS) - everywhere == set()
    for name, (title, sentence) in problems.PROBLEMS.items():
        assert title
        assert sentence or name == "refused"


def test_every_fault_of_an_uploaded_file_has_a_sentence_and_none_is_idle():
    raised = set().union(*(given_to("NotTaken", 0, path) for path in UPLOADS))
    assert len(raised) > 10
    assert raised - set(uploads.FAULTS) == set()
    assert set(uploads.FAULTS) - texts_in(*UPLOADS) == set()
    elsewhere = set(authoring.FORM_FAULTS) | set(authoring.UNIT_FAULTS)
    assert set(uploads.FAULTS) & elsewhere == set()
    assert set(programme.UPLOAD_FAULTS) - set(uploads.FAULTS) == {"no_file", "form_too_large"}


def test_every_fault_of_a_period_has_a_sentence_and_none_is_idle():
    """Raised by its box, or said of the whole page."""
    path = "chalicelib/rules/programmes/period_change.py"
    raised = {
        keyword.value.value
        for node in ast.walk(TREES[path])
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Wrong"
        for keyword in node.keywords
        if isinstance(keyword.value, ast.Constant)
    }
    assert len(raised) > 5
    assert raised - set(programme.PERIOD_FAULTS) == set()
    said = texts_in(path, *PAGES)
    assert set(programme.PERIOD_FAULTS) - said == set()


def test_every_column_and_kind_of_a_form_has_its_word():
    assert set(programme.COLUMNS) - set(Indicator.model_fields) == {"title", "section"}
    assert set(Indicator.model_fields) - set(programme.COLUMNS) == {"code"}
    assert set(programme.KINDS) == {*get_args(Kind), "unit", "department"}


@pytest.mark.guards("each fault has a sentence and a test")
def test_every_fault_of_a_form_file_has_a_sentence_and_none_is_idle():
    raised = set().union(
        *(given_to("Fault", 3, path) for path in FORMS),
        *(given_to("_words", 2, path) for path in FORMS),
        given_to("_fault", 2, "chalicelib/rules/forms/xlsform_survey.py"),
        given_to("_fault", 1, "chalicelib/rules/forms/xlsform_columns.py"),
    )
    assert len(raised) > 20
    assert raised - set(authoring.FORM_FAULTS) == set()
    assert set(authoring.FORM_FAULTS) - texts_in(*FORMS) == set()


UNIT_FILES = tuple(
    f"chalicelib/rules/{name}.py"
    for name in (
        "units/list_reader",
        "units/list_sheets",
        "units/list_cells",
        "files/outside_table",
        "files/spreadsheet_cells",
        "files/spreadsheet_rows",
        "files/workbook_parts",
        "units/list_change",
    )
)


def test_every_fault_of_a_unit_file_has_a_sentence_and_none_is_idle():
    raised = set().union(*(given_to("NotTaken", 0, path) for path in UNIT_FILES))
    raised |= given_to("BadCell", 0) | given_to("Misfit", 2)
    raised |= given_to("Fault", 2, "chalicelib/rules/units/list_change.py")
    assert len(raised) > 15
    assert raised - set(units.FAULTS) - set(authoring.UNIT_FAULTS) == set()
    said = texts_in(*UNIT_FILES, "chalicelib/rules/units/successions.py", *PAGES)
    assert set(units.FAULTS) - set(uploads.FAULTS) - said <= {"too_long"}  # pydantic's


def test_no_sentence_of_a_units_page_is_idle():
    assert set(units.FORM_FAULTS) - texts_in(*PAGES) == set()
    assert set(units.WHY) == {"locked", "due", "summed", "reported"}


@pytest.mark.parametrize(
    "row",
    [
        ",Tên,T,1,2021-01-01,",
        "T 1,Tên,T,1,2021-01-01,",
        "T01,Tên,Z,1,2021-01-01,",
        "T01,Tên,T,một,2021-01-01,",
        "T01,Tên,T,-1,2021-01-01,",
        "T01,Tên,T,1.5,2021-01-01,",
        f"T01,{'a' * 201},T,1,2021-01-01,",
        "T01,Tên,T,1,31/02/2021,",
        "T01,Tên,T,1,2021-02-30,",
        "T01,Tên,T,1,46023,",
        "T01,Tên,T,1,2021-01-01T10:00,",
        "T01,Tên,T,1,2021-01-01,2020-01-01",
    ],
)
def test_every_fault_of_a_unit_list_has_a_sentence_of_its_own(row):
    content = units_csv([row], "code,name,bloc,order,valid_from,valid_to")
    with pytest.raises(list_reader.Faulty) as faulty:
        list_reader.read_csv(content, {"T": "THPT"}, units.heads(None))
    assert {problem for _, _, problem in faulty.value.faults} <= set(authoring.UNIT_FAULTS)


def test_every_state_rule_and_timing_has_its_word():
    assert set(state_words.STATES) == {
        "missing",
        "locked",
        "before",
        "reopening_over",
        *get_args(State),
    }
    assert set(state_words.AGGREGATES) == set(get_args(Rule))
    assert set(state_words.TIMING) == {True, False}


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("missing", "Chưa gửi"),
        ("submitted", "Đã gửi"),
        ("accepted", "Đã tiếp nhận"),
        ("returned", "Đang trả lại"),
    ],
)
def test_states_are_called_as_in_the_systems_people_use(state, word):
    assert state_words.STATES[state] == word


def sentences():
    for catalogue in (report_words.FAULTS, problems.REFUSALS, sign_in_words.SIGN_IN):
        yield from catalogue.values()
    for title, sentence in problems.PROBLEMS.values():
        yield from (title, sentence)


def test_sentences_to_units_are_whole_and_never_urge():
    for sentence in sentences():
        assert "đôn đốc" not in sentence.lower()
        assert sentence == sentence.strip()
    for sentence in (*report_words.FAULTS.values(), *problems.REFUSALS.values()):
        assert own_words.filled(sentence, None)[0].isupper()
        assert sentence.endswith(".")


def test_no_sentence_names_a_part_of_the_program():
    for sentence in sentences():
        assert not re.search(r"[a-z]+_[a-z]+|None|Error|Exception", sentence), sentence


# ------------------------------------------------------------------ the sentences made here


def test_a_fault_names_its_field_and_what_to_do():
    found = Fault("i1_6", "i1_6", "not_whole")
    assert report_words.fault(found, indicator("i1_6", label="1.6 Đảng viên mới kết nạp")) == (
        "1.6 Đảng viên mới kết nạp: Chỉ tiêu này là số đếm, vui lòng nhập số nguyên."
    )


@pytest.mark.parametrize(("field", "part"), [("r1.num", "Đã đạt"), ("r1.den", "Tổng số")])
def test_a_fault_of_a_ratio_names_the_box(field, part):
    said = report_words.fault(Fault(field, "r1", "not_a_number"), indicator("r1", "ratio"))
    assert said.startswith(f"Chỉ tiêu r1 ({part}): ")


def test_a_fault_of_the_whole_report_stands_alone():
    said = report_words.fault(Fault("", "", "report_too_large"), None)
    assert said == report_words.FAULTS["report_too_large"]


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("2026-M02", "Tháng 02 năm 2026"),
        ("2026-Q4", "Quý IV năm 2026"),
        ("2026-H1", "6 tháng đầu năm 2026"),
        ("2026-H2", "6 tháng cuối năm 2026"),
        ("2026-9M", "9 tháng năm 2026"),
        ("2026", "Năm 2026"),
    ],
)
def test_a_period_is_called_as_the_decree_calls_it(key, label):
    assert dates.period_label(key) == label


def test_every_period_of_a_year_has_a_name_of_its_own():
    parts = (*(f"M{n:02}" for n in range(1, 13)), "Q1", "Q2", "Q3", "Q4", "H1", "H2", "9M", "Y")
    names = [dates.period_label(key) for key in period.keys(parts, 2026, 2026)]
    assert len(set(names)) == len(parts)


def test_days_and_moments_are_vietnams():
    evening = datetime(2026, 12, 17, 17, 5, tzinfo=UTC)
    assert dates.day(evening) == "18/12/2026"
    assert dates.moment(evening) == "00:05 ngày 18/12/2026"
    assert dates.day(date(2026, 2, 5)) == "05/02/2026"


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        ((1, "", "not_utf8"), uploads.FAULTS["not_utf8"]),
        ((5, "bloc", "unknown_bloc"), "dòng 5, cột bloc: khối thi đua không có trong chương trình"),
    ],
)
def test_a_fault_of_a_unit_list_names_line_and_column(fault, line):
    assert authoring.unit_fault(fault, None) == line
