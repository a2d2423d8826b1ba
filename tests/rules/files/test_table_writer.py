"""Facts about a list as a spreadsheet: typed cells, nothing run, nothing that breaks the file."""

import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from chalicelib.rules.files.table_writer import Cell, Sheet, as_xlsx
from chalicelib.rules.texts.number import Percent

NOW = datetime(2026, 12, 17, 16, 59, 59, 999999, tzinfo=UTC)


def read(*rows: list[Cell]) -> Worksheet:
    file = io.BytesIO()
    sheet = Sheet("Trang", ["Chương trình", "Lúc"], [("Mã", 8), ("Tên", 20)], rows, 1)
    as_xlsx(file, "Tên tệp", NOW, [sheet])
    return load_workbook(file)["Trang"]


@pytest.mark.guards("the spreadsheet has the page's rows, typed, and runs nothing")
def test_cells_are_what_they_are() -> None:
    sheet = read(["T01", 1250, Percent("55.56"), NOW, None, ""])
    cells = [cell.value for cell in sheet[4]]
    # An instant is a time of Việt Nam, to the second.
    assert cells == ["T01", 1250, 55.56, datetime(2026, 12, 17, 23, 59, 59)]  # noqa: DTZ001
    assert sheet["C4"].number_format == '0.00"%"'
    assert sheet["D4"].number_format == "dd/mm/yyyy hh:mm"


@pytest.mark.guards("the spreadsheet has the page's rows, typed, and runs nothing")
def test_a_text_that_looks_like_something_else_stays_a_text() -> None:
    sheet = read(["=1+1", "https://a.example"], ["0123", "+84 270"], ["a\x07b\nc", "\x00"])
    assert [[cell.value for cell in row] for row in sheet["A4:B6"]] == [
        ["=1+1", "https://a.example"],
        ["0123", "+84 270"],
        ["ab\nc", None],
    ]
    assert {cell.data_type for row in sheet["A4:B6"] for cell in row} <= {"s", "n"}
    assert sheet["A4"].data_type == "s"


def test_titles_heads_filter_and_what_stays_in_sight() -> None:
    sheet = read(["T01", "a"], ["T02", "b"])
    assert [sheet["A1"].value, sheet["A2"].value] == ["Chương trình", "Lúc"]
    assert [cell.value for cell in sheet[3]] == ["Mã", "Tên"]
    assert sheet.auto_filter.ref == "A3:B5"
    assert sheet.freeze_panes == "B4"
    assert read().auto_filter.ref == "A3:B3"


def test_the_same_list_at_the_same_time_gives_the_same_bytes() -> None:
    first, second = io.BytesIO(), io.BytesIO()
    for file in (first, second):
        as_xlsx(file, "Tên", NOW, [Sheet("Trang", ["a"], [("Mã", 8)], [[Percent(Decimal(1))]])])
    assert first.getvalue() == second.getvalue()
