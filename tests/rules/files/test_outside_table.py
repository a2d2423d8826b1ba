"""Files that are no plain workbook: each is refused as a whole, in words, before it is parsed."""

import io
import struct
import tracemalloc
import zipfile
from datetime import date

import pytest
import xlsxwriter

from chalicelib.messages.units import units as words
from chalicelib.rules.files.outside_table import of_workbook
from chalicelib.rules.files.upload import LARGEST, NotTaken
from tests.builders import BLOCS
from tests.unit_files import HEADS, book, changed
from tests.unit_files import read as read_list

ROW = ("T01", "Tên", "T", date(2021, 1, 1))
GOOD = book([ROW])


def refusal(content: bytes) -> str:
    with pytest.raises(NotTaken) as refused:
        read_list(content, BLOCS)
    assert words.FAULTS[refused.value.problem].format(detail=refused.value.detail)
    return refused.value.problem


def refusal_and_memory(content: bytes) -> tuple[str, int]:
    """Why it is refused, and the most memory that finding it out took."""
    tracemalloc.start()
    try:
        return refusal(content), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def bomb(size: int) -> bytes:
    return changed(GOOD, {"xl/worksheets/sheet1.xml": b"<worksheet>" + b"<!---->" * (size // 7)})


def lying(content: bytes) -> bytes:
    """The same archive, saying of its sheet that it is a few bytes long."""
    made = bytearray(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entry = archive.getinfo("xl/worksheets/sheet1.xml")
    size = struct.pack("<I", entry.file_size)
    place = made.find(size)
    while place >= 0:
        made[place : place + 4] = struct.pack("<I", 100)
        place = made.find(size, place + 4)
    return bytes(made)


@pytest.mark.guards(
    "bad files, refused in words and in bounded memory",
    "macros ✓, merged cells ✓, a formula ✓, a number for a phone ✓, the first of several "
    "sheets ✓ taken",
    "no row limit ✓",
)
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty_file"),
        (b"x" * (LARGEST + 1), "too_large"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old_excel"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "pdf"),
        (b"\n%PDF-1.4", "pdf"),
        (b"PK\x03\x04" + b"\0" * 100, "damaged"),
        (GOOD[:-200], "damaged"),
        (changed(GOOD, {"xl/workbook.xml": b"<workbook"}), "damaged"),
        (changed(GOOD, {"xl/worksheets/sheet1.xml": b"<worksheet><sheetData>"}), "damaged"),
        (changed(GOOD, {"xl/vbaProject.bin": b"macro"}), "macros"),
        (changed(GOOD, {f"xl/media/{n}.png": b"" for n in range(300)}), "bomb"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe\xfd", "not_utf8"),
        ("Mã;Tên".encode("cp1258", "replace"), "not_utf8"),
        (book([]), "no_rows"),
        (book([(), (), ("",)]), "no_rows"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_a_file_that_is_no_list_is_refused_in_words(content: bytes, problem: str) -> None:
    assert refusal(content) == problem


def test_a_text_document_in_a_zip_is_no_workbook() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    assert refusal(out.getvalue()) == "no_workbook"


@pytest.mark.guards(
    "bad files, refused in words and in bounded memory",
    "declared sizes not looked at ✓, or believed ✓",
    "the extent believed ✓",
    "a document type let through ✓",
)
def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    content = bomb(200_000_000)
    assert len(content) < 300_000
    problem, memory = refusal_and_memory(content)
    assert problem == "bomb"
    assert memory < 4_000_000


@pytest.mark.guards("bad files, refused in words and in bounded memory")
def test_of_what_declares_too_much_nothing_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    content = bomb(60_000_000)
    monkeypatch.setattr(zipfile.ZipFile, "open", None)
    assert refusal(content) == "bomb"


def test_a_zip_bomb_that_lies_about_its_size_is_refused_too() -> None:
    problem, memory = refusal_and_memory(lying(bomb(60_000_000)))
    assert problem in ("bomb", "damaged")
    assert memory < 4_000_000


@pytest.mark.guards("bad files, refused in words and in bounded memory")
def test_what_parts_unpack_to_counts_and_not_what_they_declare(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content, real = bomb(60_000_000), zipfile.ZipFile.infolist

    def said(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
        return [Entry(entry) for entry in real(archive)]  # type: ignore[misc]

    class Entry:
        """Says that it is empty, and unpacks as it is."""

        file_size, compress_size, flag_bits = 0, 0, 0

        def __init__(self, entry: zipfile.ZipInfo) -> None:
            self.filename, self.compress_type = entry.filename, entry.compress_type

    monkeypatch.setattr(zipfile.ZipFile, "infolist", said)
    opened = zipfile.ZipFile.open
    monkeypatch.setattr(
        zipfile.ZipFile, "open", lambda archive, entry: opened(archive, entry.filename)
    )
    problem, memory = refusal_and_memory(content)
    assert problem == "bomb"
    assert memory < 4_000_000


def test_a_document_type_with_entities_is_refused() -> None:
    laughs = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet>&a;</worksheet>'
    assert refusal(changed(GOOD, {"xl/worksheets/sheet1.xml": laughs})) == "bomb"


@pytest.mark.guards("bad files, refused in words and in bounded memory")
def test_of_several_lists_none_is_guessed() -> None:
    content = book([ROW], more=lambda made: made.create_sheet("Năm cũ").append(HEADS))
    with pytest.raises(NotTaken) as refused:
        read_list(content, BLOCS)
    assert (refused.value.problem, refused.value.detail) == ("several_sheets", "Sheet1, Năm cũ")


def test_of_several_sheets_the_one_with_the_heads_of_a_list_is_read_and_the_others_said() -> None:
    def note(made: object) -> None:
        made.create_sheet("Ghi chú", 0).append(["Xin xem trang sau"])  # type: ignore[attr-defined]

    listed = read_list(book([ROW], more=note), BLOCS)
    assert (len(listed.rows), listed.passed_over) == (1, ("Ghi chú",))


def test_a_hidden_sheet_is_not_read_and_that_is_said() -> None:
    def hide(made: object) -> None:
        sheet = made.create_sheet("Ẩn")  # type: ignore[attr-defined]
        sheet.append(["Mã", "Tên"])
        sheet.sheet_state = "hidden"

    listed = read_list(book([ROW], more=hide), BLOCS)
    assert (len(listed.rows), listed.passed_over) == (1, ("Ẩn",))


def test_the_sheet_of_our_own_name_is_the_list() -> None:
    def name(made: object) -> None:
        made.active.title = "Đơn vị"  # type: ignore[attr-defined]
        made.create_sheet("Ghi chú").append(["Xin xem"])  # type: ignore[attr-defined]

    listed = read_list(book([ROW], more=name), BLOCS)
    assert (len(listed.rows), listed.passed_over) == (1, ("Ghi chú",))


def test_a_workbook_that_counts_its_days_from_1904_is_understood() -> None:
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"date_1904": True})
    sheet = made.add_worksheet()
    sheet.write_row(0, 0, ["Mã", "Tên", "Khối thi đua", "Từ ngày", "Đến ngày"])
    sheet.write_row(1, 0, ["T01", "Tên", "T"])
    sheet.write_datetime(1, 3, date(2021, 1, 1), made.add_format({"num_format": "dd/mm/yyyy"}))
    sheet.write_number(1, 4, 44376)  # 30/06/2025, of a cell without a format
    made.close()
    ((_, one),) = read_list(out.getvalue(), BLOCS).rows
    assert (one.valid_from, one.valid_to) == (date(2021, 1, 1), date(2025, 6, 30))


@pytest.mark.guards("bad files, refused in words and in bounded memory")
def test_what_the_file_says_of_its_own_extent_is_not_believed() -> None:
    content = book([ROW, ("T02", *ROW[1:])])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml")
    assert b'ref="A1:F3"' in xml
    lied = changed(content, {"xl/worksheets/sheet1.xml": xml.replace(b'"A1:F3"', b'"A1:B2"')})
    assert [one.code for _, one in read_list(lied, BLOCS).rows] == ["T01", "T02"]


def test_content_far_to_the_right_is_not_dropped_in_silence() -> None:
    content = book([ROW], more=lambda made: made.active.cell(2, 500, "xa"))
    assert refusal(content) == "too_wide"


def test_a_row_that_says_to_stand_far_away_is_not_counted_up_to() -> None:
    """Five bytes would cost a quarter of an hour: openpyxl gives every row that lies between."""
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    far = sheet.replace(b'<row r="2"', b'<row r="2000000000"')
    assert far != sheet
    assert refusal(changed(GOOD, {"xl/worksheets/sheet1.xml": far})) == "damaged"


def test_blank_rows_between_are_no_rows() -> None:
    content = book([ROW], more=lambda made: made.active.cell(900_000, 1, "T02"))
    assert [line for line, _, _ in read_list(content, BLOCS).faults] == [900_000] * 3


def test_rows_come_as_they_are_read() -> None:
    (sheet,) = of_workbook(GOOD)
    assert next(iter(sheet.rows))[0] == 1
