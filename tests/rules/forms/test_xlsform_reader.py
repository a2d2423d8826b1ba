"""Facts about XLSForms: three formats, one Form; every fault of a file at once, with its place."""

import csv
import io
from datetime import date

import pytest
from openpyxl import Workbook

from chalicelib.messages.units import authoring
from chalicelib.rules.forms import xlsform_reader
from chalicelib.rules.forms.form import Choice, Indicator
from chalicelib.rules.forms.xlsform_reader import Fault, Faulty
from tests.builders import BLOCS, as_markdown, survey

CHOICES = [
    ("list_name", "name", "label"),
    ("co", "yes", "Có"),
    ("co", "no", "Chưa"),
    ("muc", "tot", "Tốt"),
    ("muc", "kha", "Khá"),
]
PLAIN = ("integer", "i1", "Đảng viên mới", "sum")
ALL = (
    *("type", "name", "label", "hint", "guidance_hint", "appearance", "aggregate", "measured_in"),
    *("direction", "decimals", "target", "blocs", "asked", "as_of", "entered_by", "valid_from"),
    *("valid_to", "jump"),
)


def row(**cells):
    return [cells.get(column, "") for column in ALL]


EVERYTHING = {
    "survey": [
        ALL,
        row(type="begin_group", name="s1", label="1. Học tập", hint="Trong kỳ"),
        row(
            type="select_one co", name="y1", label="Kế hoạch", aggregate="count_yes", target="100%"
        ),
        row(
            type="begin_group",
            name="r1",
            label="Trẻ 5 tuổi ra lớp",
            hint="Gồm cả ngoài công lập | trên địa bàn",
            guidance_hint="Theo điều tra",
            aggregate="latest_ratio",
            measured_in="trẻ/trẻ",
            direction="+",
            target=">=99%",
            blocs="P T",
            asked="Q4 Y",
            as_of="năm học",
        ),
        row(type="integer", name="r1_num", label="Ra lớp"),
        row(type="integer", name="r1_den", label="Tổng số"),
        row(type="end_group"),
        row(
            type="integer",
            name="c1",
            label="Kỷ luật",
            aggregate="sum",
            measured_in="người",
            direction="-",
            target="0",
            valid_from="2022-12-30",
            valid_to="2025-06-30",
            jump="10",
        ),
        row(type="decimal", name="a1", label="Kinh phí", aggregate="sum", jump="none"),
        row(type="decimal", name="a2", label="Kinh phí", aggregate="latest", decimals="3"),
        row(
            type="integer",
            name="k1",
            label="PAR INDEX",
            aggregate="latest",
            measured_in="hạng",
            direction="−",
            target="<=5",
            entered_by="department",
        ),
        row(type="select_one muc", name="h1", label="Xếp loại"),
        row(type="text", name="l1", label="Tên mô hình", aggregate="list", appearance="multiline"),
        row(type="text", name="t1", label="Số, ngày", aggregate="none"),
        row(type="end_group"),
        row(type="begin_group", name="narratives", label="Nhận xét"),
        row(type="text", name="n_done", label="Đã triển khai"),
        row(type="end_group"),
    ],
    "choices": CHOICES,
    "settings": [("form_title", "form_id"), ("Thi đua", "thi_dua")],
}


def as_csv(sheets):
    out = io.StringIO()
    for name, rows in sheets.items():
        csv.writer(out).writerow([name])
        csv.writer(out).writerows([["", *cells] for cells in rows])
    return out.getvalue().encode()


def as_xlsx(sheets):
    """Numbers and days as a person types them into a workbook."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for cells in rows:
            sheet.append([int(cell) if cell.isdigit() else cell or None for cell in cells])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


WRITERS = {"md": as_markdown, "csv": as_csv, "xlsx": as_xlsx}


def as_semicolons(sheets):
    out = io.StringIO()
    rows = csv.reader(io.StringIO(as_csv(sheets).decode(), newline=""))
    csv.writer(out, delimiter=";").writerows(rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def read(sheets, kind="md"):
    return xlsform_reader.read(WRITERS[kind](sheets), kind, BLOCS, 1)


def faults(sheets, kind="md"):
    with pytest.raises(Faulty) as faulty:
        read(sheets, kind)
    return faulty.value.faults


def with_rows(*rows, columns=("type", "name", "label", "aggregate"), **sheets):
    return {"survey": survey(*rows, columns=columns), "choices": CHOICES} | sheets


def with_cell(column, cell, kind=PLAIN):
    return with_rows((*kind, cell), columns=("type", "name", "label", "aggregate", column))


# ------------------------------------------------------------------ what a form becomes


@pytest.mark.parametrize("kind", WRITERS)
def test_the_three_formats_give_the_same_form(kind):
    assert read(EVERYTHING, kind) == read(EVERYTHING)


@pytest.mark.guards(
    "a form from Excel in Vietnamese, with semicolons, is the same form",
    "not rewritten for pyxform ✓ (the first)",
)
def test_a_csv_of_excel_in_vietnamese_gives_the_same_form_and_the_same_faults():
    """Semicolons, which pyxform itself would not read."""
    content = as_semicolons(EVERYTHING)
    assert xlsform_reader.read(content, "csv", BLOCS, 1) == read(EVERYTHING)
    wrong = with_cell("decimals", "9")
    found = faults(wrong, "csv")
    with pytest.raises(Faulty) as faulty:
        xlsform_reader.read(as_semicolons(wrong), "csv", BLOCS, 1)
    assert faulty.value.faults == found


def test_a_form_has_its_title_sections_and_version():
    form = xlsform_reader.read(as_markdown(EVERYTHING), "md", BLOCS, 7)
    assert (form.version, form.title) == (7, "Thi đua")
    assert [(s.code, s.label, s.hint) for s in form.sections] == [
        ("s1", "1. Học tập", "Trong kỳ"),
        ("narratives", "Nhận xét", ""),
    ]


def test_types_and_columns_decide_the_kind():
    kinds = {code: one.kind for code, one in read(EVERYTHING).by_code.items()}
    assert kinds == {
        "y1": "yesno",
        "r1": "ratio",
        "c1": "count",
        "a1": "amount",
        "a2": "amount",
        "k1": "rank",
        "h1": "choice",
        "l1": "list",
        "t1": "text",
        "n_done": "text",
    }


def test_a_ratio_is_one_indicator_with_two_labels():
    assert read(EVERYTHING).by_code["r1"] == Indicator(
        code="r1",
        kind="ratio",
        label="Trẻ 5 tuổi ra lớp",
        hint="Gồm cả ngoài công lập | trên địa bàn",
        about="Theo điều tra",
        aggregate="latest_ratio",
        measured_in="trẻ/trẻ",
        direction="+",
        target=">=99%",
        blocs=("P", "T"),
        asked=("Q4", "Y"),
        as_of="năm học",
        num_label="Ra lớp",
        den_label="Tổng số",
    )


def test_every_extra_column_arrives():
    codes = read(EVERYTHING).by_code
    count, rank = codes["c1"], codes["k1"]
    assert (count.valid_from, count.valid_to) == (date(2022, 12, 30), date(2025, 6, 30))
    assert (count.direction, count.target, count.jump) == ("-", "0", "10")
    assert (rank.entered_by, rank.direction, rank.aggregate) == ("department", "-", "latest")
    assert codes["h1"].choices == (Choice(name="tot", label="Tốt"), Choice(name="kha", label="Khá"))
    assert codes["h1"].aggregate == codes["t1"].aggregate == "none"


def test_amounts_have_one_decimal_unless_the_form_says_otherwise():
    codes = read(EVERYTHING).by_code
    assert [codes[code].decimals for code in ("c1", "a1", "a2")] == [0, 1, 3]


def test_a_form_needs_no_settings():
    assert read(with_rows(PLAIN)).title == ""


@pytest.mark.parametrize("kind", WRITERS)
def test_an_empty_settings_sheet_is_as_good_as_none(kind):
    assert read(with_rows(PLAIN, settings=[("form_title",)]), kind).title == ""


def test_a_sheet_without_any_row_is_as_good_as_none():
    assert read(with_rows(PLAIN, settings=[])).title == ""


def test_groups_may_be_written_with_a_blank_as_pyxform_takes_them():
    rows = [("begin group", "s1", "Một"), PLAIN, ("end group",)]
    assert read({"survey": [("type", "name", "label", "aggregate"), *rows]}).by_code["i1"]


# ------------------------------------------------------------------ one small form per fault

RATIO = ("begin_group", "r1", "Tỷ lệ", "ratio")
NUM, DEN = ("integer", "r1_num", "Đạt"), ("integer", "r1_den", "Tổng")
END = ("end_group",)
HEADER = ("type", "name", "label", "aggregate")
SECTION = ("begin_group", "s1", "Một")
YES = ("select_one co", "y1", "Đã có", "count_yes")
AMOUNT = ("decimal", "a1", "Kinh phí", "sum")

# problem: the form, then sheet, row and column of its only fault, and what stands there
BROKEN = {
    "no_survey": ({"choices": CHOICES}, ("survey", 0, "", "")),
    "unknown_sheet": (with_rows(PLAIN, entities=[("a",), ("b",)]), ("entities", 0, "", "")),
    "unknown_column": (with_cell("relevant", "1=1"), ("survey", 2, "relevant", "")),
    "no_column": (
        {"survey": [("type", "name"), ("begin_group", "s1"), ("text", "t1"), END]},
        ("survey", 2, "label", ""),
    ),
    "empty": (with_rows(("integer", "i1", "", "sum")), ("survey", 4, "label", "")),
    "unknown_type": (
        with_rows(PLAIN, ("geopoint", "g1", "Vị trí")),
        ("survey", 5, "type", "geopoint"),
    ),
    "taken_name": (with_rows(("integer", "draft", "Một", "sum")), ("survey", 4, "name", "draft")),
    "bad_name": (with_rows(("integer", "I1", "Một", "sum")), ("survey", 4, "name", "I1")),
    "twice": (with_rows(PLAIN, PLAIN), ("survey", 5, "name", "i1")),
    "hint_too_long": (with_cell("hint", "ế" * 121), ("survey", 4, "hint", "121")),
    "not_on_a_section": (
        {"survey": [HEADER, (*SECTION, "sum"), PLAIN, END]},
        ("survey", 3, "aggregate", "sum"),
    ),
    "nothing_to_end": (
        {"survey": [HEADER, SECTION, PLAIN, END, END]},
        ("survey", 6, "type", "end_group"),
    ),
    "never_ended": (
        {"survey": [HEADER, SECTION, PLAIN, END, ("begin_group", "s2", "Hai"), ("text", "t", "T")]},
        ("survey", 6, "type", "begin_group"),
    ),
    "empty_section": ({"survey": [HEADER, SECTION, END]}, ("survey", 3, "name", "s1")),
    "ratio_parts": (with_rows(PLAIN, RATIO, DEN, NUM, END), ("survey", 5, "name", "r1")),
    "not_in_a_ratio": (
        with_rows(RATIO, (*NUM, "sum"), DEN, END),
        ("survey", 5, "aggregate", "sum"),
    ),
    "outside_a_section": ({"survey": [HEADER, PLAIN]}, ("survey", 3, "type", "integer")),
    "reserved_name": (
        with_rows(("integer", "i1_num", "Một", "sum")),
        ("survey", 4, "name", "i1_num"),
    ),
    "no_choices": (
        with_rows(PLAIN, ("select_one khac", "y1", "Đã có")),
        ("survey", 5, "type", "khac"),
    ),
    "narrative_place": (with_rows(("text", "n_done", "Đã làm")), ("survey", 4, "name", "n_done")),
    "not_allowed": (
        with_rows(("integer", "i1", "Một", "ratio")),
        ("survey", 4, "aggregate", "ratio (sum, latest, none)"),
    ),
    "bad_decimals": (with_cell("decimals", "7"), ("survey", 4, "decimals", "7")),
    "percent_target": (with_cell("target", ">=98%"), ("survey", 4, "target", ">=98%")),
    "share_target": (with_cell("target", "1", YES), ("survey", 4, "target", "1")),
    "ambiguous_target": (
        with_cell("target", ">=1.000", AMOUNT),
        ("survey", 4, "target", ">=1.000"),
    ),
    "unknown_bloc": (with_cell("blocs", "T Z"), ("survey", 4, "blocs", "Z")),
    "unknown_tag": (with_cell("asked", "Q2 Q5"), ("survey", 4, "asked", "Q5")),
    "bad_day": (with_cell("valid_from", "31/06/2025"), ("survey", 4, "valid_from", "31/06/2025")),
    "bad_jump": (with_cell("jump", "1"), ("survey", 4, "jump", "1")),
    "forbidden_character": (with_cell("hint", "a\x01"), ("survey", 4, "hint", "")),
    "ends_before_it_begins": (
        with_rows(
            (*PLAIN, "2025-06-30", "2025-06-29"),
            columns=("type", "name", "label", "aggregate", "valid_from", "valid_to"),
        ),
        ("survey", 4, "valid_to", "2025-06-29"),
    ),
}


def test_only_an_amount_is_asked_which_of_two_numbers_its_target_means():
    wrong = faults(with_cell("target", ">=1.000", YES))
    assert [fault.problem for fault in wrong] == ["share_target"]
    assert read(with_cell("target", ">=1.000")).by_code["i1"].target == ">=1.000"


@pytest.mark.parametrize("problem", BROKEN)
def test_a_fault_names_its_sheet_row_and_column(problem):
    sheets, (sheet, number, column, cell) = BROKEN[problem]
    assert faults(sheets) == [Fault(sheet, number, column, problem, cell)]


def test_a_file_that_is_no_table_is_a_fault_of_the_whole_file():
    with pytest.raises(Faulty) as faulty:
        xlsform_reader.read(b"no workbook", "xlsx", BLOCS, 1)
    assert faulty.value.faults == [Fault("", 0, "", "damaged")]


def test_a_column_given_twice_is_named():
    columns = ("type", "name", "label", "aggregate", "label")
    found = faults(with_rows((*PLAIN, "Nhãn khác"), columns=columns))
    assert set(found) == {Fault("survey", 2, "label", "column_twice")}


def test_a_group_inside_a_ratio_is_too_deep():
    found = faults(with_rows(PLAIN, RATIO, NUM, DEN, ("begin_group", "g", "Nhóm"), END, END))
    assert Fault("survey", 8, "type", "too_deep", "begin_group") in found


ODDITIES = [
    "Invalid 'type' [row : 4] ${x}",
    TypeError("'NoneType' object is not iterable"),
    KeyError("name"),
    RecursionError(),
]


@pytest.mark.guards(
    "no word of pyxform's reaches anybody", "its own text given to the fault ✓", "one kind let by ✓"
)
@pytest.mark.parametrize("said", ODDITIES, ids=repr)
def test_what_only_pyxform_refuses_is_refused_in_our_words(said, monkeypatch):
    from pyxform import xls2json
    from pyxform.errors import PyXFormError

    def breaks(*_args, **_more):
        raise PyXFormError(said) if isinstance(said, str) else said

    monkeypatch.setattr(xls2json, "workbook_to_json", breaks)
    (fault,) = faults(with_rows((), PLAIN, (), ("text", "t1", "Hai")))
    row = 7 if isinstance(said, str) else 0  # pyxform's fourth is the seventh of the author's file
    assert fault == Fault("survey", row, "", "pyxform")
    assert fault.given == ""


def test_a_label_that_takes_its_text_from_elsewhere_is_refused():
    found = faults(with_rows(("integer", "i1", "${khong_co}", "sum")))
    assert found == [Fault("survey", 4, "label", "reference", "${khong_co}")]


TOO_MUCH = {"too_much", "too_many_rows", "cell_too_long", "too_long", "too_many_choices"}
OF_THE_FILE = {"too_much"}  # it is refused whatever it was to hold


@pytest.mark.guards("each fault has a sentence and a test", "a sentence without a rule")
def test_each_fault_that_has_a_sentence_is_reached_by_a_test_above():
    elsewhere = {"column_twice", "too_deep", "pyxform", "reference"}
    elsewhere |= {"error_cell", "formula", "merged"}  # of workbooks: test_form_cases.py
    elsewhere |= TOO_MUCH - OF_THE_FILE  # tests/rules/files/test_costly_files.py
    assert set(BROKEN) | elsewhere == set(authoring.FORM_FAULTS)


# ------------------------------------------------------------------ more ways to be wrong


@pytest.mark.parametrize("name", ["1a", "_a", "a-b", "đảng", "a b", "a" * 33, "i1.2"])
def test_a_name_is_of_small_ascii_letters(name):
    assert faults(with_rows(("integer", name, "Một", "sum"))) == [
        Fault("survey", 4, "name", "bad_name", name)
    ]


def test_a_name_may_have_thirty_two_letters():
    assert read(with_rows(("integer", "a" * 32, "Một", "sum"))).by_code["a" * 32]


@pytest.mark.parametrize(
    "jump", ["0.5", "-3", "1.250", "0,5", "nhiều", "nan", "sNaN", "inf", "Infinity", "-inf"]
)
def test_a_jump_is_a_factor_above_one(jump):
    assert [fault.problem for fault in faults(with_cell("jump", jump))] == ["bad_jump"]


def test_a_jump_is_read_as_any_number_is():
    assert read(with_cell("jump", "3,5")).by_code["i1"].jump == "3.5"


@pytest.mark.parametrize("jump", ["none", "1.5", "10"])
def test_a_jump_may_be_none_or_a_factor(jump):
    assert read(with_cell("jump", jump)).by_code["i1"].jump == jump


def test_a_hint_may_have_a_hundred_and_twenty_characters():
    assert read(with_cell("hint", "ế" * 120)).by_code["i1"].hint == "ế" * 120


def test_an_indicator_may_hold_for_one_day():
    day = "2025-06-30"
    columns = ("type", "name", "label", "aggregate", "valid_from", "valid_to")
    assert read(with_rows((*PLAIN, day, day), columns=columns)).by_code["i1"].valid_to == date(
        2025, 6, 30
    )


@pytest.mark.parametrize("tag", ["M", "Q", "H", "Y", "X", "9M", "M06", "Q2", "H1"])
def test_every_tag_of_a_period_may_be_asked(tag):
    assert read(with_cell("asked", tag)).by_code["i1"].asked == (tag,)


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        (("integer", "i1", "Một"), "count_yes"),
        (("decimal", "i1", "Một"), "ratio"),
        (("select_one co", "i1", "Một"), "sum"),
        (("select_one muc", "i1", "Một"), "count_yes"),
        (("text", "i1", "Một"), "sum"),
    ],
)
def test_a_rule_fits_the_kind_it_adds_up(kind, rule):
    assert [fault.problem for fault in faults(with_rows((*kind, rule)))] == ["not_allowed"]


def test_a_rank_is_never_summed():
    rank = with_cell("measured_in", "hạng", ("integer", "k1", "PAR INDEX", "sum"))
    assert [fault.problem for fault in faults(rank)] == ["not_allowed"]


@pytest.mark.parametrize("question", ["integer", "decimal", "select_one co"])
def test_a_number_must_say_how_it_adds_up(question):
    assert faults(with_rows((question, "i1", "Một"))) == [Fault("survey", 4, "aggregate", "empty")]


@pytest.mark.parametrize(
    "parts",
    [(), (NUM,), (NUM, DEN, ("integer", "r1_x", "X")), (("decimal", "r1_num", "Đạt"), DEN)],
    ids=["none", "one", "three", "a decimal"],
)
def test_a_ratio_holds_exactly_two_integers(parts):
    found = faults(with_rows(PLAIN, RATIO, *parts, END))
    assert found == [Fault("survey", 5, "name", "ratio_parts", "r1")]


@pytest.mark.parametrize("question", [("integer", "n_best", "Nổi bật", "sum"), PLAIN])
def test_the_section_of_narratives_holds_only_those(question):
    rows = [HEADER, ("begin_group", "narratives", "Nhận xét"), question, END]
    assert [fault.problem for fault in faults({"survey": rows})] == ["narrative_place"]


def test_choices_need_their_three_cells_and_names_of_their_own():
    choices = [*CHOICES, ("co", "yes", "Rồi"), ("muc", "yeu", ""), ("", "x", "X")]
    assert faults(with_rows(PLAIN, choices=choices)) == [
        Fault("choices", 12, "name", "twice", "yes"),
        Fault("choices", 13, "label", "empty"),
        Fault("choices", 14, "list_name", "empty"),
    ]


@pytest.mark.parametrize(
    "rows",
    [(RATIO, NUM, END), (("select_one khac", "y1", "Đã có", "none"),)],
    ids=["a broken ratio", "a list that is not there"],
)
def test_a_broken_question_does_not_make_its_section_empty(rows):
    assert len(faults(with_rows(*rows))) == 1


# ------------------------------------------------------------------ all at once


@pytest.mark.guards("all faults at once, nothing kept", "stopping at the first")
@pytest.mark.parametrize("kind", WRITERS)
def test_every_fault_of_a_file_is_reported_at_once_in_the_order_of_the_rows(kind):
    shift = 1 if kind != "xlsx" else 0  # the sheet's name stands in a row of its own
    columns = ("type", "name", "label", "aggregate", "direction", "target", "blocs")
    broken = with_rows(
        ("integer", "I1", "Một", "sum", "x", "", "Z"),
        ("geopoint", "g1", "Hai"),
        ("integer", "i3", "", "sum", "", "98%"),
        columns=columns,
        choices=[*CHOICES, ("co", "yes", "Rồi")],
    )
    assert [(f.sheet, f.row, f.column, f.problem) for f in faults(broken, kind)] == [
        ("survey", 3 + shift, "name", "bad_name"),
        ("survey", 3 + shift, "direction", "not_allowed"),
        ("survey", 3 + shift, "blocs", "unknown_bloc"),
        ("survey", 4 + shift, "type", "unknown_type"),
        ("survey", 5 + shift, "label", "empty"),
        ("survey", 5 + shift, "target", "percent_target"),
        ("choices", 6 if kind == "xlsx" else 14, "name", "twice"),
    ]


def test_an_unknown_column_does_not_hide_the_faults_of_the_rows():
    broken = with_rows(
        ("integer", "I1", "Một", "sum", "1=1"),
        columns=("type", "name", "label", "aggregate", "relevant"),
    )
    assert [(f.row, f.problem) for f in faults(broken)] == [(2, "unknown_column"), (4, "bad_name")]


def test_a_line_for_the_author_names_place_fault_and_cell():
    (fault,) = faults(with_cell("blocs", "Z"))
    assert authoring.form_fault(fault, None) == (
        "survey, dòng 4, cột blocs: khối thi đua không có trong chương trình: “Z”"
    )
