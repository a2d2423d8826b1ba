"""Forms as people have them: every file of tests/cases that is a form, as its README says."""

import io
import re
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from chalicelib.messages.units import authoring
from chalicelib.rules.files import upload
from chalicelib.rules.forms import indicator_target, xlsform_reader
from chalicelib.rules.forms.form import Form
from chalicelib.rules.forms.xlsform_reader import Faulty, Taken
from tests.builders import BLOCS

CASES = Path(__file__).resolve().parents[2] / "cases"
README = (CASES / "README.md").read_text("utf-8")


def take(name: str) -> Taken:
    content = (CASES / name).read_bytes()
    return xlsform_reader.take(content, upload.guard(content, name), BLOCS, 1)


def refused(name: str) -> list[str]:
    """Each line as its author reads it."""
    with pytest.raises(Faulty) as faulty:
        take(name)
    return [authoring.form_fault(fault, None) for fault in faulty.value.faults]


def said(taken: Taken) -> list[str]:
    return [authoring.form_passed(one) for one in taken.passed]


def shape(form: Form) -> list[tuple[str, str, str, str]]:
    return [(one.code, one.kind, one.label, one.target) for one in form.by_code.values()]


PLAIN = [
    ("i1", "count", "Sách quyên góp", ""),
    ("i2", "ratio", "Học sinh có thẻ thư viện", ">=90%"),
    ("i3", "yesno", "Có phòng đọc", "100%"),
    ("i4", "amount", "Kinh phí mua sách", ""),
]
# Taken as they are: the same form whatever it came in.
ALIKE = (
    "form-100-blank-rows.xlsx",
    "form-6000-styled-rows.xlsx",
    "form-capital-type.xlsx",
    "form-label-vi.xlsx",
    "form-list-name-header.xlsx",
    "form-strict-ooxml.xlsx",
    "form-title-above-header.xlsx",
    "form-utf8-bom-comma.csv",
)


def test_every_form_of_the_readme_is_here_and_has_its_test() -> None:
    """The unit lists of the table are read in another test."""
    named = set(re.findall(r"^\| ((?:form|kobo)-\S+) \|", README, re.MULTILINE))
    assert named == {
        path.name for path in CASES.iterdir() if path.name.startswith(("form", "kobo"))
    }
    tested = Path(__file__).read_text("utf-8")
    assert [name for name in sorted(named) if name not in tested] == []


@pytest.mark.guards("a form is read as its author has it")
@pytest.mark.parametrize("name", ALIKE)
def test_a_form_is_the_same_whatever_stands_around_it(name: str) -> None:
    taken = take(name)
    assert shape(taken.form) == PLAIN
    assert taken.passed == ()


@pytest.mark.guards("a form is read as its author has it")
def test_a_sheet_of_the_authors_own_is_passed_over_and_said() -> None:
    taken = take("form-notes-sheet.xlsx")
    assert shape(taken.form) == PLAIN
    (line,) = said(taken)
    assert "“Ghi chú”" in line


@pytest.mark.guards("a form is read as its author has it")
def test_a_day_may_be_written_with_strokes() -> None:
    form = take("form-date-ddmmyyyy.xlsx").form
    assert form.by_code["i1"].valid_from == date(2026, 1, 1)


@pytest.mark.guards("a form is read as its author has it")
def test_the_two_numbers_of_a_ratio_may_be_amounts() -> None:
    found = take("form-budget.xlsx").form.by_code["luong"]
    assert (found.kind, found.parts) == ("ratio", "amount")
    assert (found.num_label, found.den_label) == ("Đã chi", "Dự toán")


@pytest.mark.guards("a form is read as its author has it")
def test_a_cell_shown_as_a_percent_is_that_percent() -> None:
    target = take("form-percent-cell-target.xlsx").form.by_code["i2"].target
    goal = indicator_target.parse(target, "ratio")
    assert goal is not None
    assert (target, goal.amount, goal.percent) == ("90%", 90, True)


@pytest.mark.guards("a form is read as its author has it")
def test_a_target_of_a_thousand_is_a_thousand_and_is_shown_so() -> None:
    target = take("form-target-thousands.xlsx").form.by_code["i1"].target
    goal = indicator_target.parse(target, "count")
    assert goal is not None
    assert goal.amount == 1000
    assert indicator_target.shown(target, "count") == "≥ 1.000"


@pytest.mark.guards("a fault of a file names sheet, row, column and cell")
def test_a_cell_that_shows_an_error_is_refused_where_it_stands() -> None:
    assert refused("form-error-cell-label.xlsx") == [
        "survey, dòng 3, cột label (ô C3): ô báo lỗi #N/A; xin sửa công thức hoặc gõ lại nội dung"
    ]


@pytest.mark.guards("a fault of a file names sheet, row, column and cell")
def test_each_kind_that_we_do_not_have_is_named_in_vietnamese_and_all_at_once() -> None:
    lines = refused("kobo-plain.xlsx")
    kinds = {
        (int(line.split()[2].rstrip(",")), line.partition("): ")[2].partition(":")[0])
        for line in lines
        if "chưa dùng được" in line
    }
    assert kinds == {
        (3, "ngày"),
        (6, "chọn nhiều"),
        (9, "nhóm lặp lại"),
        (10, "ngày"),
        (14, "ảnh"),
        (15, "ô tự tính"),
    }
    (lacking,) = (line for line in lines if "aggregate" in line)
    assert lacking == "survey, dòng 1, cột aggregate: thiếu cột này"
    assert any("dòng 2, cột name (ô B2): mã gồm chữ thường" in line for line in lines)


# ------------------------------------------------------------------ others of the same kinds


def as_book(rows: list[list[object]], *, more: object = lambda _: None) -> bytes:
    made = Workbook()
    made.active.title = "survey"
    for row in rows:
        made.active.append(row)
    more(made)  # type: ignore[operator]
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


HEAD = ["type", "name", "label", "aggregate"]
ROWS = [HEAD, ["begin_group", "s1", "Nội dung"], ["integer", "i1", "Một", "sum"], ["end_group"]]


def of(content: bytes) -> Taken:
    return xlsform_reader.take(content, upload.guard(content), BLOCS, 1)


def faults_of(content: bytes) -> list[str]:
    with pytest.raises(Faulty) as faulty:
        of(content)
    return [authoring.form_fault(fault, None) for fault in faulty.value.faults]


@pytest.mark.guards("a fault of a file names sheet, row, column and cell")
def test_a_formula_without_its_result_is_refused_and_one_with_it_is_taken() -> None:
    (line,) = faults_of(as_book([*ROWS[:2], ["integer", "i1", "=A1&B1", "sum"], ["end_group"]]))
    assert line.startswith("survey, dòng 3, cột label (ô C3): ô có công thức chưa có kết quả")


@pytest.mark.guards("a fault of a file names sheet, row, column and cell")
def test_cells_merged_over_rows_are_refused_and_only_those() -> None:
    rows = [["BIỂU MẪU"], *ROWS[:3], ["integer", "i2", None, "sum"], ["end_group"]]

    def merge(made: Workbook) -> None:
        for reference in ("A1:D1", "C4:C5", "F3:F6"):
            made.active.merge_cells(reference)

    lines = faults_of(as_book(rows, more=merge))
    assert lines[0].startswith("survey, dòng 4, cột label (ô C4): ô gộp C4:C5 gồm nhiều dòng")
    assert [line for line in lines if "gộp" in line] == lines[:1]


def test_what_is_hidden_is_read_and_that_is_said() -> None:
    def hide(made: Workbook) -> None:
        made.active.row_dimensions[3].hidden = True
        made.active.sheet_state = "hidden"
        made.create_sheet("Nháp")

    taken = of(as_book(ROWS, more=hide))
    assert list(taken.form.by_code) == ["i1"]
    assert [one.kind for one in taken.passed] == ["hidden_sheet", "hidden_rows", "sheet"]
    assert "các dòng đang ẩn trong tệp vẫn được đọc: 3" in said(taken)[1]


def test_blank_columns_a_column_without_a_head_and_another_language_are_no_fault() -> None:
    rows = [
        [None, *HEAD[:2], None, "label::English (en)", "label::Tiếng Việt (vi)", "aggregate", None],
        [None, *ROWS[1][:2], None, "Section", "Nội dung"],
        [None, *ROWS[2][:2], None, "One", "Một", "sum", "xem lại"],
        [None, *ROWS[3]],
    ]
    taken = of(as_book(rows))
    assert taken.form.by_code["i1"].label == "Một"
    assert [(one.kind, one.said) for one in taken.passed] == [
        ("language", "label::English (en)"),
        ("headless", "H"),
    ]


def test_a_column_that_nobody_filled_is_passed_over_and_said() -> None:
    taken = of(as_book([[*HEAD, "relevant"], *ROWS[1:]]))
    assert [(one.kind, one.said) for one in taken.passed] == [("column", "relevant")]


def test_what_collecting_software_writes_by_itself_asks_nobody() -> None:
    taken = of(as_book([HEAD, ["start", "start"], ["end", "end"], *ROWS[1:]]))
    assert list(taken.form.by_code) == ["i1"]
    assert [(one.kind, one.row, one.said) for one in taken.passed] == [
        ("itself", 2, "start"),
        ("itself", 3, "end"),
    ]


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("INTEGER", "count"),
        ("int", "count"),
        ("Select One co", "yesno"),
        ("select one from co", "yesno"),
        ("select1 co", "yesno"),
        ("select_one\u00a0co", "yesno"),
        ("String", "text"),
        ("Decimal", "amount"),
    ],
)
def test_types_have_their_usual_aliases_and_no_case(written: str, kind: str) -> None:
    def choices(made: Workbook) -> None:
        for row in (["List Name", "value", "Label"], ["co", "yes", "Có"], ["co", "no", "Chưa"]):
            made["choices"].append(row) if "choices" in made else made.create_sheet(
                "choices"
            ).append(row)

    rule = {"yesno": "count_yes", "text": "none"}.get(kind, "sum")
    rows = [
        ["Type", "NAME", "Caption", "Aggregate"],
        ["Begin Group", "s1", "Nội dung"],
        [written, "i1", "Một", rule],
        ["END_GROUP"],
    ]
    assert of(as_book(rows, more=choices)).form.by_code["i1"].kind == kind
