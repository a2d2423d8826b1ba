"""A list as an office keeps it: what is mended, passed over, asked, with its row."""

from datetime import date
from typing import Any

import pytest
from openpyxl import Workbook

from chalicelib.rules.files.upload import NotTaken
from chalicelib.rules.units import list_phones
from chalicelib.rules.units.list_codes import alike
from chalicelib.rules.units.listed import Listed
from tests.builders import BLOCS, units_csv
from tests.unit_files import HEADS, book, read

DAY = date(2021, 1, 1)
ROW = ("T01", "Trường A", "T", DAY)
CONTACT = (*HEADS[:4], "Điện thoại", "Thư điện tử")


def codes(listed: Listed) -> list[str]:
    assert listed.faults == []
    return [unit.code for _, unit in listed.rows]


def sheet(*rows: Any, merged: tuple[str, ...] = (), heads: Any = HEADS[:4]) -> bytes:
    def merge(made: Workbook) -> None:
        for one in merged:
            made.active.merge_cells(one)

    return book(rows, heads, more=merge)


# ------------------------------------------------------------------ heads


@pytest.mark.parametrize(
    "heads",
    [
        ("Mã trường", "Tên trường", "Khối", "Từ ngày"),
        ("MÃ ĐƠN VỊ (*)", "Tên\nđơn vị:", "Cấp học", "Hiệu lực từ ngày (ngày/tháng/năm)"),
        ("M· ®¬n vÞ", "Tªn ®¬n vÞ", "Khèi thi ®ua", "Tõ ngµy"),
    ],
)
def test_heads_are_known_in_common_wordings(heads: tuple[str, ...]) -> None:
    assert codes(read(sheet(ROW, heads=heads), BLOCS)) == ["T01"]


def test_heads_of_two_rows_are_read_together_whichever_row_says_more() -> None:
    upper = ("STT", "Mã", "Tên", "Khối", "Thông tin liên hệ", None, "Từ ngày")
    lower = (None, None, None, None, "Email", "ĐT")
    row = (1, "T01", "Trường A", "T", "a@donvi.example", "0912 000 001", DAY)
    listed = read(sheet(lower, row, heads=upper), BLOCS)
    assert (listed.head, codes(listed)) == (2, ["T01"])
    assert listed.rows[0][1].email == "a@donvi.example"
    assert [one.said for one in listed.heads][4:6] == ["Thông tin liên hệ: Email", "ĐT"]
    upper = ("STT", "Đơn vị báo cáo", None, "Khối", "Từ ngày")
    lower = (None, "Mã", "Tên")
    listed = read(sheet(lower, (1, "T01", "Trường A", "T", DAY), heads=upper), BLOCS)
    assert codes(listed) == ["T01"]


def test_a_first_unit_is_no_second_row_of_heads() -> None:
    assert codes(read(sheet(("T01", "Đơn vị", "T", DAY)), BLOCS)) == ["T01"]


def test_a_column_that_nobody_knows_is_passed_over_or_taken_as_it_is_chosen() -> None:
    content = sheet((*ROW, "ấp 1", None, "thừa"), heads=(*HEADS[:4], "Địa chỉ", "Ngày"))
    listed = read(content, BLOCS)
    assert [(one.place, one.said) for one in listed.heads if not one.column] == [
        (4, "Địa chỉ"),
        (5, "Ngày"),
        (6, ""),
    ]
    assert "aliases" not in listed.columns
    chosen = read(content, BLOCS, (), {"head.4": "parent", "head.6": "aliases"})
    assert (chosen.rows[0][1].parent, chosen.rows[0][1].aliases) == ("ấp 1", ("thừa",))


def test_a_column_that_is_missing_is_named_and_may_be_said_for_all_rows() -> None:
    content = sheet(ROW[:2], heads=("Mã", "Tên"))
    listed = read(content, BLOCS)
    assert listed.faults == [(1, "bloc", "no_column"), (1, "valid_from", "no_column")]
    filled = {"fill.bloc": "T", "fill.valid_from": "01/01/2021"}
    assert codes(read(content, BLOCS, (), filled)) == ["T01"]
    assert codes(read(sheet(ROW, heads=("Mã", "Tên", "X", "Y")), BLOCS, (), {
        "head.2": "bloc", "head.3": "valid_from"})) == ["T01"]  # fmt: skip


def test_the_sheet_whose_heads_say_most_is_the_list() -> None:
    def more(made: Workbook) -> None:
        made.create_sheet("Giải thể").append(["Mã", "Tên"])
        made.create_sheet("Ghi chép")

    listed = read(book([ROW], more=more), BLOCS)
    assert (listed.sheet, codes(listed)) == ("Sheet1", ["T01"])
    assert set(listed.passed_over) == {"Giải thể", "Ghi chép"}


# ------------------------------------------------------------------ rows


@pytest.mark.guards(
    "what is no unit is passed over, and said with its row",
    "every row a unit ✓",
    "a unit without a code passed over ✓",
)
def test_rows_that_are_no_units_are_passed_over_and_said() -> None:
    rows = (
        ("(1)", "(2)", "(3)", "(4)"),
        ("I. KHỐI THPT",),
        ROW,
        ("II", "Khối khác"),
        HEADS[:4],
        ("T02", "Trường B", "T", DAY),
        (None, "Tổng cộng: 2 đơn vị"),
        (None, None, None, "Vĩnh Long, ngày 5 tháng 1 năm 2026"),
        (None, "NGƯỜI LẬP BIỂU", None, "GIÁM ĐỐC"),
        (None, "(Ký, ghi rõ họ tên)"),
    )
    listed = read(sheet(*rows, merged=("A3:D3",)), BLOCS)
    assert codes(listed) == ["T01", "T02"]
    assert [(one.line, one.why) for one in listed.passed] == [
        (2, "numbers"), (3, "group"), (5, "group"), (6, "heads"),
        (8, "total"), (9, "footer"), (10, "footer"), (11, "footer"),
    ]  # fmt: skip
    assert listed.passed[1].said == "I. KHỐI THPT"


@pytest.mark.guards("what is no unit is passed over, and said with its row")
@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (("T02",), "name"),
        (("T02", "Trường B", "T", None), "valid_from"),
        ((None, "Trường B", "T", DAY), "code"),
        (("T 02", "Trường B", "T", None), "code"),
        (("T 02", "Trường B", None, DAY), "code"),
    ],
)
def test_a_unit_that_lacks_something_is_a_fault_and_never_passed_over(row: Any, fault: str) -> None:
    listed = read(sheet(ROW, row), BLOCS)
    assert fault in [column for line, column, _ in listed.faults if line == 3]
    assert listed.passed == []


def test_what_is_merged_downwards_holds_for_each_of_its_rows() -> None:
    rows = [ROW, ("T02", "Trường B", None, None), ("T03", "Trường C", None, None)]
    listed = read(sheet(*rows, merged=("C2:C4", "D2:D4")), BLOCS)
    assert codes(listed) == ["T01", "T02", "T03"]
    assert {unit.valid_from for _, unit in listed.rows} == {DAY}


def test_a_list_without_any_unit_is_refused() -> None:
    with pytest.raises(NotTaken) as refused:
        read(sheet(("I. KHỐI THPT",)), BLOCS)
    assert refused.value.problem == "no_rows"


# ------------------------------------------------------------------ cells


@pytest.mark.guards("what is mended stands in the preview with its row", "blanks unsaid ✓")
@pytest.mark.parametrize(
    ("column", "was", "now", "why"),
    [
        ("name", "  Trường\u00a0THPT  A\n(cũ) ", "Trường THPT A (cũ)", "blanks"),
        ("code", " T09 ", "T09", "blanks"),
        ("phone", "-", "", "nothing"),
        ("email", "—", "", "nothing"),
        ("phone", 912345003, "0912345003", "zero"),
        ("phone", "912 345 003", "0912 345 003", "zero"),
        ("phone", 2753822822, "02753822822", "zero"),
        ("phone", "0275/3822822", "0275 3822822", "phone"),
        ("phone", "0275 3822822 / 105", "0275 3822822", "phone"),
        ("phone", "'0912345678", "0912345678", "nothing"),
        ("valid_from", "5.9.2025", "5/9/2025", "sign"),
        ("valid_from", "05-09-2025", "05/09/2025", "sign"),
        ("valid_from", "2025-09-05 00:00:00", "2025-09-05", "sign"),
    ],
)
def test_what_is_plain_is_mended_and_said(column: str, was: Any, now: str, why: str) -> None:
    row = {"code": "T01", "name": "Tên", "bloc": "T", "valid_from": DAY, column: was}
    names = ("code", "name", "bloc", "valid_from", "phone", "email")
    listed = read(sheet([row.get(name) for name in names], heads=CONTACT), BLOCS)
    assert listed.faults == []
    assert [(one.line, one.column, one.was, one.now, one.why) for one in listed.mended] == [
        (2, column, str(was), now, why)
    ]


def test_what_is_right_is_not_touched() -> None:
    row = (*ROW, "0275 3 822 822", "a@donvi.example")
    listed = read(sheet(row, ("T02", *row[1:]), heads=CONTACT), BLOCS)
    assert (listed.mended, listed.passed, listed.questions) == ([], [], [])


@pytest.mark.parametrize(
    "mailbox",
    ["mailto:a@donvi.example", ".a@donvi.example", "hộpthư@donvi.example", "a@donvi.example.",
     "a@donvi.example,", ".a@donvi", "a@donvi", "a@b.example; c@b.example"],
)  # fmt: skip
def test_a_mailbox_is_read_as_on_the_contact_page(mailbox: str) -> None:
    listed = read(sheet((*ROW, None, mailbox), heads=CONTACT), BLOCS)
    assert listed.faults == [(2, "email", "bad_mailbox")]
    assert listed.found(2, "email") == mailbox


@pytest.mark.parametrize(
    ("phone", "problem"),
    [
        ("12", "bad_phone"),
        ("Zalo", "bad_phone"),
        (1234567890, "phone_as_number"),
        (909, "bad_phone"),
    ],
)
def test_what_nobody_can_call_is_refused(phone: Any, problem: str) -> None:
    assert read(sheet((*ROW, phone), heads=CONTACT), BLOCS).faults == [(2, "phone", problem)]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("0275 3000001; 0912 000 001", ["0275 3000001", "0912 000 001"]),
        ("0275.3000001/912000001", ["0275.3000001", "0912000001"]),
        ("0275 3000001 - 0912000001", ["0275 3000001", "0912000001"]),
        ("0275-3000-001", ["0275-3000-001"]),
        ("+84 912 000 001", ["+84 912 000 001"]),
        ("(275) 3000 001", ["(0275) 3000 001"]),
        ("19001234", ["19001234"]),
    ],
)
def test_numbers_of_a_cell(said: str, found: list[str]) -> None:
    assert list_phones.numbers(said) == found


# ------------------------------------------------------------------ questions


def test_of_two_phones_the_first_is_proposed_and_the_other_may_be_chosen() -> None:
    content = sheet((*ROW, "0275 3000001; 0912 000 001"), heads=CONTACT)
    listed = read(content, BLOCS)
    assert [(one.name, one.chosen) for one in listed.questions] == [("phone.2", "0275 3000001")]
    chosen = read(content, BLOCS, (), {"phone.2": "0912 000 001"})
    assert chosen.rows[0][1].phone == "0912 000 001"
    assert read(content, BLOCS, (), {"phone.2": "999"}).rows[0][1].phone == "0275 3000001"


def test_a_text_of_another_encoding_is_read_unless_it_is_kept() -> None:
    content = sheet(("T01", "Tr\u00adêng THPT NguyÔn §×nh ChiÓu", "T", DAY))
    listed = read(content, BLOCS)
    assert listed.rows[0][1].name == "Trường THPT Nguyễn Đình Chiểu"
    (asked,) = listed.questions
    assert (asked.name, asked.detail[0]) == ("text.2.name", "tcvn3")
    kept = read(content, BLOCS, (), {"shown.text.2.name": "1"})
    assert kept.rows[0][1].name == "Trêng THPT NguyÔn §×nh ChiÓu"


@pytest.mark.guards(
    "a code that only looks other is asked about, and is never a twin",
    "codes compared as they stand ✓",
)
@pytest.mark.parametrize(
    ("code", "known"), [(1, "001"), ("t01", "T01"), ("X1-MN01", "X01-MN1"), ("01", "001")]
)
def test_a_code_that_only_looks_other_is_asked_about(code: Any, known: str) -> None:
    content = sheet((code, "Trường A", "T", DAY))
    listed = read(content, BLOCS, {known, "Z9"})
    assert codes(listed) == [known]
    (asked,) = listed.questions
    assert (asked.kind, asked.choices, asked.chosen) == ("code", (known, "-"), known)
    left = read(content, BLOCS, {known}, {"code.2": "-"})
    assert (left.rows, [one.why for one in left.passed]) == ([], ["left_out"])


@pytest.mark.guards("a code that only looks other is asked about, and is never a twin")
def test_codes_that_are_known_as_they_stand_are_not_asked_about() -> None:
    assert read(sheet(("1", "A", "T", DAY)), BLOCS, {"1", "001"}).questions == []
    rows = [("T1", "A", "T", DAY), ("T10", "B", "T", DAY), ("T100", "C", "T", DAY)]
    assert read(sheet(*rows), BLOCS).questions == []
    assert alike("X01-MN1") == alike("x1-mn01") != alike("X10-MN1")


def test_within_a_file_the_first_code_holds() -> None:
    rows = [("001", "A", "T", DAY), (1, "A mới", "T", date(2022, 1, 1))]
    listed = read(sheet(*rows), BLOCS)
    assert codes(listed) == ["001", "001"]
    assert [one.line for one in listed.questions] == [3]


def test_a_parent_is_written_as_its_unit_has_it() -> None:
    rows = [("X01", "Xã A", "P", DAY, None), ("T01", "B", "T", DAY, "x1")]
    listed = read(sheet(*rows, heads=(*HEADS[:4], "Thuộc xã, phường")), BLOCS)
    assert [unit.parent for _, unit in listed.rows] == ["", "X01"]
    assert [(one.line, one.was, one.now) for one in listed.mended] == [(3, "x1", "X01")]


def test_of_two_rows_with_one_code_and_day_one_is_chosen_and_a_copy_is_passed_over() -> None:
    content = sheet(ROW, ("T01", "Trường A (cơ sở 2)", "T", DAY), ROW)
    listed = read(content, BLOCS)
    assert [unit.name for _, unit in listed.rows] == ["Trường A"]
    assert [(one.line, one.why) for one in listed.passed] == [(4, "same")]
    assert [(one.name, one.chosen) for one in listed.questions] == [("twin.3", "first")]
    chosen = read(content, BLOCS, (), {"twin.3": "this"})
    assert [(line, unit.name) for line, unit in chosen.rows] == [(3, "Trường A (cơ sở 2)")]


def test_a_bloc_that_nobody_knows_is_asked_about_once_and_its_rows_wait() -> None:
    rows = [("M01", "A", "Mầm non", DAY), ("M02", "B", " mầm  NON", DAY), ROW]
    content = sheet(*rows)
    listed = read(content, BLOCS)
    assert [unit.bloc for _, unit in listed.rows] == ["-", "-", "T"]
    assert [(one.name, one.line) for one in listed.open] == [("bloc.mam non", 2)]
    chosen = read(content, BLOCS, (), {"bloc.mam non": "G"})
    assert [unit.bloc for _, unit in chosen.rows] == ["G", "G", "T"]
    left = read(content, BLOCS, (), {"bloc.mam non": "-"})
    assert (codes(left), [one.line for one in left.passed]) == (["T01"], [2, 3])


def test_a_faulty_row_is_named_also_where_its_bloc_is_asked_about() -> None:
    listed = read(sheet(("M 1", "A", "Mầm non", DAY)), BLOCS)
    assert [(line, column) for line, column, _ in listed.faults] == [(2, "code")]


def test_columns_of_a_csv_may_be_parted_by_a_bar() -> None:
    rows = ["T01|Trường A|T|2021-01-01"]
    assert codes(read(units_csv(rows, "Mã|Tên|Khối|Từ ngày"), BLOCS)) == ["T01"]


# ------------------------------------------------------------------ words for nothing, extensions


@pytest.mark.guards("what people write for nothing is nothing", "only dashes ✓")
@pytest.mark.parametrize("said", ["không có", "Không", "chưa có", "N/A", "none"])
def test_a_word_for_nothing_is_nothing_where_nothing_may_stand(said: str) -> None:
    row = ("T01", "Trường A", "T", DAY, said, said)
    heads = ("Mã đơn vị", "Tên đơn vị", "Khối thi đua", "Từ ngày", "Điện thoại", "Thư điện tử")
    listed = read(book([row], heads), BLOCS)
    ((_, unit),) = listed.rows
    assert (unit.phone, unit.email) == ("", "")
    assert [one.why for one in listed.mended] == ["nothing", "nothing"]
    ((line, column, _),) = read(book([("T01", said, "", DAY)], heads[:4]), BLOCS).faults[:1]
    assert (line, column) == (2, "bloc")  # a name is what it says


@pytest.mark.guards("a phone with its extension is one to call", "the extension left in ✓")
@pytest.mark.parametrize(
    ("said", "phone"),
    [
        ("0270 3822 123 máy lẻ 12", "0270 3822 123"),
        ("0270 3822 123 (nhánh 5)", "0270 3822 123"),
        ("0270 3822 123 ext. 12", "0270 3822 123"),
    ],
)
def test_of_a_phone_with_an_extension_the_number_is_taken_and_shown(said: str, phone: str) -> None:
    heads = ("Mã đơn vị", "Tên đơn vị", "Khối thi đua", "Từ ngày", "Điện thoại")
    listed = read(book([("T01", "Trường A", "T", DAY, said)], heads), BLOCS)
    ((_, unit),) = listed.rows
    assert unit.phone == phone
    assert [(one.was, one.now) for one in listed.mended] == [(said, phone)]
