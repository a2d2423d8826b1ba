"""Cells of workbooks as a person sees them, whoever wrote the file and however it is laid out."""

import io
import re
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import pytest
import xlsxwriter
from openpyxl import Workbook

from chalicelib.rules.files import outside_table
from chalicelib.rules.files.spreadsheet_cells import BadCell, Cell
from chalicelib.rules.files.spreadsheet_rows import column, letters, spans
from chalicelib.rules.files.upload import NotTaken
from tests.unit_files import changed

MAIN = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
STRICT = {
    b"http://schemas.openxmlformats.org/spreadsheetml/2006/main": (
        b"http://purl.oclc.org/ooxml/spreadsheetml/main"
    ),
    b"http://schemas.openxmlformats.org/officeDocument/2006/relationships": (
        b"http://purl.oclc.org/ooxml/officeDocument/relationships"
    ),
}
SHEET = "xl/worksheets/sheet1.xml"


def written(*cells: tuple[Any, str], **options: Any) -> bytes:
    """One row of numbers, each in its number format."""
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, options)
    sheet = made.add_worksheet()
    for place, (value, pattern) in enumerate(cells):
        style = made.add_format({"num_format": pattern})
        write = sheet.write_datetime if isinstance(value, date) else sheet.write_number
        write(0, place, value, style)
    made.close()
    return out.getvalue()


def typed(rows: Sequence[Sequence[Any]], more: Callable[[Any], None] = lambda _: None) -> bytes:
    made = Workbook()
    for row in rows:
        made.active.append(list(row))
    more(made)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def with_rows(rows: bytes) -> bytes:
    sheet = b"<worksheet " + MAIN + b"><sheetData>" + rows + b"</sheetData></worksheet>"
    return changed(typed([["x"]]), {SHEET: sheet})


def rows(content: bytes) -> list[tuple[int, list[Cell]]]:
    return list(outside_table.of_workbook(content)[0].rows)


@pytest.mark.guards(
    "a cell is what the person sees who made the file",
    "its number format not looked at ✓",
    "days counted from 1900 alone ✓",
)
@pytest.mark.parametrize(
    ("value", "pattern", "seen"),
    [
        (1, "General", 1),
        (1.0, "0", 1),
        (1, "000", "001"),
        (1234, "000", "1234"),
        (2703822123, "0000 000 000", "2703 822 123"),
        (903822123, '0000" "000" "000', "0903 822 123"),
        (903822123, "0000\\ 000\\ 000", "0903 822 123"),
        (903822123, "0000-000-000", "0903-822-123"),
        (-1, "000", -1),
        (0.9, "0%", "90%"),
        (0.005, "0.0%", "0.5%"),
        (0.07, "0%", "7%"),
        (1, "0%", "100%"),
        (0.12125, "0.00%", "12.1250%"),  # 12.125 could be read as twelve thousand
        (1234567, "#,##0", 1234567),
        (1.5, "#,##0.00", "1.5"),
        (1.125, "General", "1.1250"),
        (1e20, "General", "100000000000000000000"),
        (date(2026, 1, 1), "dd/mm/yyyy", date(2026, 1, 1)),
        (date(2026, 1, 1), "[$-42A]d mmmm yyyy;@", date(2026, 1, 1)),
        (date(1900, 3, 1), "yyyy-mm-dd", date(1900, 3, 1)),
        (datetime(2026, 1, 1), "d/m/yy", date(2026, 1, 1)),  # noqa: DTZ001 - a workbook's day
        (
            datetime(2026, 1, 1, 7, 30),  # noqa: DTZ001
            "d/m/yy h:mm",
            BadCell("not_a_day", "01/01/2026 07:30"),
        ),
        (5, '0 "ngày"', 5),
        (5, '[Red]0;"d"0', 5),
        (5, "@", 5),
    ],
    ids=str,
)
@pytest.mark.parametrize("from_1904", [False, True])
def test_a_number_is_what_its_format_shows(
    value: Any, pattern: str, seen: Cell, from_1904: bool
) -> None:
    if from_1904 and isinstance(value, date) and value.year < 1904:
        pytest.skip("no such day in that calendar")
    found = rows(written((value, pattern), date_1904=from_1904))
    assert found == [(1, [seen])]


@pytest.mark.parametrize(
    ("cell", "seen"),
    [
        (b'<c t="b"><v>1</v></c>', "TRUE"),
        (b'<c t="e"><v>#N/A</v></c>', BadCell("error_cell", "#N/A")),
        (b"<c><f>A1+B1</f></c>", BadCell("formula", "=A1+B1")),
        (b"<c><f>A1+B1</f><v/></c>", BadCell("formula", "=A1+B1")),
        (b"<c><f>A1+B1</f><v>3</v></c>", 3),
        (b'<c t="str"><f>A1&amp;B1</f><v>ab</v></c>', "ab"),
        (b'<c t="e"><f>1/0</f><v>#DIV/0!</v></c>', BadCell("error_cell", "#DIV/0!")),
        (b'<c t="d"><v>2026-01-31T00:00:00</v></c>', date(2026, 1, 31)),
        (b'<c t="inlineStr"><is><r><t>a</t></r><r><t> b</t></r></is></c>', "a b"),
        (b'<c t="inlineStr"><is><t>a</t><rPh sb="0" eb="1"><t>x</t></rPh></is></c>', "a"),
        ('<c t="inlineStr"><is><t>Trường\u00a0A</t></is></c>'.encode(), "Trường\u00a0A"),
        (b'<c t="inlineStr"><is><t>_x0041_ _x005F_x0041_</t></is></c>', "A _x0041_"),
        (b"<c><v>1.0000000000000001E-3</v></c>", "0.0010"),
        (b"<c><v>0.30000000000000004</v></c>", "0.3"),
    ],
    ids=str,
)
def test_each_kind_of_cell_is_read(cell: bytes, seen: Cell) -> None:
    assert rows(with_rows(b"<row>" + cell + b"</row>")) == [(1, [seen])]


def test_a_formula_whose_result_is_no_text_is_an_empty_cell() -> None:
    cells = b'<c t="str"><f>IF(1,"","")</f><v></v></c><c><v>2</v></c>'
    assert rows(with_rows(b"<row>" + cells + b"</row>")) == [(1, ["", 2])]


def test_blank_rows_and_columns_stay_where_they_are() -> None:
    made = typed([[None, "a"], [], [None, " ", "b"], [None]])
    assert rows(made) == [(1, ["", "a"]), (3, ["", "", "b"])]


def test_rows_and_cells_without_their_place_follow_one_another() -> None:
    made = with_rows(b'<row><c/><c><v>1</v></c></row><row r="5"><c r="C5"><v>2</v></c></row><row/>')
    assert rows(made) == [(1, ["", 1]), (5, ["", "", 2])]


@pytest.mark.parametrize(
    "broken",
    [
        b'<row r="x"><c><v>1</v></c></row>',
        b'<row r="0"><c><v>1</v></c></row>',
        b'<row><c r="1A"><v>1</v></c></row>',
        b'<row><c t="s"><v>99</v></c></row>',
        b"<row><c><v>one</v></c></row>",
        b"<row><c><v>1e999</v></c></row>",
        b"<row><c><v>" + b"9" * 500 + b"</v></c></row>",
        b'<row><c t="d"><v>hom qua</v></c></row>',
        b'<row><c s="x"><v>1</v></c></row>',
        b"<row><c><v>1</v></row>",
    ],
)
def test_what_no_writer_stores_is_a_damaged_file_and_no_traceback(broken: bytes) -> None:
    with pytest.raises(NotTaken) as refused:
        rows(with_rows(broken))
    assert refused.value.problem == "damaged"


# ------------------------------------------------------------------ however the parts lie


def repacked(content: bytes, name: Callable[[str], str], part: Callable[[bytes], bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.namelist():
            new.writestr(name(entry), part(old.read(entry)))
    return out.getvalue()


def strict(part: bytes) -> bytes:
    for one, other in STRICT.items():
        part = part.replace(one, other)
    return part


def prefixed(part: bytes) -> bytes:
    """Every element of SpreadsheetML with a prefix, as some writers have them."""
    if MAIN not in part:
        return part
    named = re.sub(rb"<(/?)(?=[a-zA-Z])", rb"<\1x:", part)
    return named.replace(b"xmlns=", b"xmlns:x=", 1)


def moved(name: str) -> str:
    name = name.replace("xl/_rels/workbook", "data/_rels/Book2")
    return name.replace("xl/workbook", "data/Book2")


LAYOUTS: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda made: made,
    "Strict Open XML": lambda made: repacked(made, str, strict),
    "prefixes": lambda made: repacked(made, str, prefixed),
    "backslashes": lambda made: repacked(made, lambda one: one.replace("/", "\\"), lambda p: p),
    "capitals": lambda made: repacked(made, str.upper, lambda part: part),
    "another folder": lambda made: repacked(
        made, moved, lambda part: part.replace(b"xl/workbook.xml", b"data/Book2.xml")
    ),
    "no styles": lambda made: repacked(
        made, lambda one: one.replace("styles", "other"), lambda part: part
    ),
}


@pytest.mark.guards("a workbook is read however its parts lie", "one namespace ✓, one name ✓")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_workbook_is_read_however_its_parts_lie(layout: str) -> None:
    def more(made: Any) -> None:
        made.active.title = "Đơn vị"
        made.active.merge_cells("A3:B3")
        made.active.row_dimensions[2].hidden = True
        made.create_sheet("Ẩn").sheet_state = "veryHidden"

    made = LAYOUTS[layout](typed([["Mã", "Tên"], ["T01", "Tên"], ["Ghi chú"]], more))
    sheet, hidden = outside_table.of_workbook(made)
    assert [cells for _, cells in sheet.rows] == [["Mã", "Tên"], ["T01", "Tên"], ["Ghi chú"]]
    assert (sheet.name, sheet.hidden, hidden.hidden) == ("Đơn vị", False, True)
    assert (sheet.merged, sheet.hidden_rows) == (("A3:B3",), [2])


def test_a_column_has_its_letters() -> None:
    assert [letters(number) for number in (1, 26, 27, 702, 703, 16_384)] == [
        *("A", "Z", "AA", "ZZ", "AAA", "XFD")
    ]
    assert all(column(f"{letters(number)}7") == number for number in range(1, 1_000))
    assert column("7") == 0


def test_rows_are_said_in_spans() -> None:
    assert spans([]) == ""
    assert spans([3]) == "3"
    assert spans([3, 4, 7, 9, 10, 11]) == "3–4, 7, 9–11"


# ------------------------------------------------------------------ texts

LINES = [["Mã đơn vị", "Tên đơn vị"], ["T01", "Trường A, B"], ["T02", "x"]]


def heads(cells: Sequence[Cell]) -> bool:
    return "Mã đơn vị" in cells


@pytest.mark.guards("a text is read whatever parts its cells and however it is encoded")
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("said", [False, True], ids=["", "sep="])
def test_a_text_is_read_whatever_parts_its_cells(delimiter: str, encoding: str, said: bool) -> None:
    quoted = [[f'"{cell}"' if delimiter in cell else cell for cell in row] for row in LINES]
    lines = [delimiter.join(row) for row in quoted]
    above = [f"sep={delimiter}"] if said else ["Danh sách, năm 2026; quý I", ""]
    content = "\r\n".join([*above, *lines]).encode(encoding)
    found = list(outside_table.of_text(content, heads).rows)
    assert [cells for _, cells in found][-3:] == LINES
    assert found[-1][0] == len(above) + 3


def test_an_error_of_a_spreadsheet_is_one_in_a_text_too() -> None:
    found = list(outside_table.of_text("Mã đơn vị;Tên\n#N/A;#1\n".encode(), heads).rows)
    assert found[1] == (2, [BadCell("error_cell", "#N/A"), "#1"])


def test_a_row_is_numbered_by_the_line_that_it_begins_in() -> None:
    content = 'Mã đơn vị;Tên\n"a\nb";c\n\n;;\nd;e\n'.encode()
    assert [number for number, _ in outside_table.of_text(content, heads).rows] == [1, 2, 6]
