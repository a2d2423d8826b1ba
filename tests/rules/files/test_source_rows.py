"""Facts about raw rows: sheets, columns and row numbers in Markdown, CSV and .xlsx."""

import csv
import io
from datetime import datetime

import pytest
from openpyxl import Workbook

from chalicelib.rules.files import source_rows
from chalicelib.rules.files.spreadsheet_rows import MOST_COLUMNS
from chalicelib.rules.files.upload import NotTaken
from tests.builders import as_markdown

PLAIN = {
    "survey": [["type", "name", "label"], ["integer", "i1", "Đảng viên"], ["text", "", "Tên | số"]],
    "settings": [["form_title"], ["Thi đua"]],
}


def as_csv(tables):
    out = io.StringIO()
    for name, rows in tables.items():
        csv.writer(out).writerow([name])
        csv.writer(out).writerows([["", *row] for row in rows])
    return out.getvalue().encode()


def as_xlsx(tables):
    book = Workbook()
    book.remove(book.active)
    for name, rows in tables.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


WRITERS = {"md": as_markdown, "csv": as_csv, "xlsx": as_xlsx}


def cells(found):
    return {name: [dict(row.cells) for row in sheet.rows] for name, sheet in found.items()}


@pytest.mark.parametrize("kind", WRITERS)
def test_every_type_gives_the_same_sheets(kind):
    assert cells(source_rows.read(WRITERS[kind](PLAIN), kind)) == {
        "survey": [
            {"type": "integer", "name": "i1", "label": "Đảng viên"},
            {"type": "text", "label": "Tên | số"},
        ],
        "settings": [{"form_title": "Thi đua"}],
    }


@pytest.mark.guards("a form from Excel in Vietnamese, with semicolons, is the same form")
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_csv_reads_alike_whatever_parts_its_cells(delimiter):
    """A sheet of choices comes first, and labels hold the other signs."""
    tables = {
        "choices": [["list_name", "name", "label"], ["co", "yes", "Có, hoặc; có"]],
        "survey": [*PLAIN["survey"], ["text", "t1", "Một, hai;\nba"], [], ["text", "t2", "Bốn"]],
    }
    plain = as_csv(tables)
    out = io.StringIO()
    rows = csv.reader(io.StringIO(plain.decode(), newline=""))
    csv.writer(out, delimiter=delimiter).writerows(rows)
    content = b"\xef\xbb\xbf" + out.getvalue().encode()
    found, wanted = source_rows.read(content, "csv"), source_rows.read(plain, "csv")
    assert cells(found) == cells(wanted)
    numbers = [[row.number for row in sheet.rows] for sheet in (found["survey"], wanted["survey"])]
    assert numbers[0] == numbers[1]


def test_rows_are_numbered_as_the_authors_editor_counts():
    markdown = "# Biểu mẫu\n\n| survey |\n| | type |\n| |---|\n| | integer |\n\n| | text |\n"
    found = source_rows.read(markdown.encode(), "md")["survey"]
    assert (found.header_row, [row.number for row in found.rows]) == (4, [6, 8])
    in_workbook = [[], ["type"], [], ["integer"], [None], ["text"]]
    found = source_rows.read(as_xlsx({"survey": in_workbook}), "xlsx")["survey"]
    assert (found.header_row, [row.number for row in found.rows]) == (2, [4, 6])
    found = source_rows.read(as_csv(PLAIN), "csv")
    assert [row.number for row in found["survey"].rows] == [3, 4]
    assert found["settings"].header_row == 6


def test_names_of_sheets_and_columns_have_no_case():
    found = source_rows.read(as_xlsx({" Survey": [["Type", "NAME"], ["integer", "I1"]]}), "xlsx")
    assert found["survey"].columns == ["type", "name"]
    assert found["survey"].rows[0]["name"] == "I1"


def test_a_column_too_far_to_the_right_is_not_dropped_in_silence():
    wide = ["type", *[""] * (MOST_COLUMNS - 1), "label"]
    with pytest.raises(source_rows.NotTaken):
        source_rows.read(as_xlsx({"survey": [wide]}), "xlsx")
    assert source_rows.read(as_xlsx({"survey": [wide[:-1]]}), "xlsx")["survey"].columns == ["type"]


def test_a_cell_that_is_not_there_reads_as_empty():
    (row,) = source_rows.read(b"| survey |\n| | type | name |\n| | text |\n", "md")["survey"].rows
    assert (row["name"], row["anything"]) == ("", "")


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        (3, "3"),
        (3.0, "3"),
        (0, "0"),
        (0.5, "0.5"),
        (datetime(2025, 6, 30), "30/06/2025"),  # noqa: DTZ001 - a workbook's day has no zone
        ("  hai  ", "hai"),
        ("Phan Lie\u0302m", "Phan Liêm"),
    ],
)
def test_a_workbooks_cells_read_as_a_person_sees_them(cell, read):
    found = source_rows.read(as_xlsx({"survey": [["type"], [cell]]}), "xlsx")
    assert found["survey"].rows[0]["type"] == read


def test_a_byte_order_mark_is_passed_over():
    assert "survey" in source_rows.read(b"\xef\xbb\xbf" + as_csv(PLAIN), "csv")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("Đảng viên".encode("cp1258", "replace"), "md"),
        ("Đảng viên".encode("cp1258", "replace"), "csv"),
        (b"survey," + b"a" * 200_000, "csv"),
        (b"no workbook", "xlsx"),
        (as_csv(PLAIN), "xlsx"),
        (as_xlsx(PLAIN)[:-40], "xlsx"),
    ],
    ids=["md not utf-8", "csv not utf-8", "csv endless", "xlsx text", "xlsx csv", "xlsx cut"],
)
def test_a_file_of_another_type_is_no_table(content, kind):
    with pytest.raises(NotTaken):
        source_rows.read(content, kind)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_file_of_too_many_rows_is_no_table(kind):
    rows = [["type"], *[["text"]] * source_rows.MOST_ROWS]
    with pytest.raises(NotTaken):
        source_rows.read(WRITERS[kind]({"survey": rows}), kind)
