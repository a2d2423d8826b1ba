"""Rows of typed cells as one spreadsheet: what officers download of a list on a page."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import IO, TYPE_CHECKING, NamedTuple, TypeAlias

from chalicelib.rules.files import cell_formats
from chalicelib.rules.texts.clock import VIETNAM
from chalicelib.rules.texts.number import Percent

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

Cell: TypeAlias = str | int | Percent | datetime | None

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f]")  # a sheet's XML can hold none of them
_FORMATS: Mapping[type, Mapping[str, str]] = {
    datetime: {"num_format": cell_formats.MOMENT, "align": "left"},
    Percent: {"num_format": cell_formats.PERCENT},
    int: {"num_format": cell_formats.COUNT},
}


class Sheet(NamedTuple):
    """A sheet: some lines of title, one row of heads, and rows below it."""

    name: str
    title: Sequence[str]
    heads: Sequence[tuple[str, int]]  # with the column's width in letters
    rows: Iterable[Sequence[Cell]]
    fixed: int = 0  # columns that stay when the sheet is moved sideways


def as_xlsx(file: IO[bytes], title: str, made: datetime, sheets: Iterable[Sheet]) -> None:
    """Texts as texts, numbers as numbers, instants as times of Việt Nam."""
    import xlsxwriter  # heavy: only a download pays

    book = xlsxwriter.Workbook(file, dict(cell_formats.IN_MEMORY))
    book.set_properties({"title": title, "created": made.replace(tzinfo=None)})
    formats = {kind: book.add_format(dict(given)) for kind, given in _FORMATS.items()}
    for sheet in sheets:
        _add(book, sheet, formats)
    book.close()


def _add(book: "Workbook", sheet: Sheet, formats: Mapping[type, "Format"]) -> None:
    page = book.add_worksheet(sheet.name)
    bold, head = book.add_format({"bold": True}), book.add_format(dict(cell_formats.TALL_HEAD))
    for place, line in enumerate(sheet.title):
        page.write_string(place, 0, line, None if place else bold)
    top = len(sheet.title)
    for column, (word, width) in enumerate(sheet.heads):
        page.set_column(column, column, width)
        page.write_string(top, column, word, head)
    place = top
    for place, row in enumerate(sheet.rows, start=top + 1):
        for column, cell in enumerate(row):
            _write(page, place, column, cell, formats)
    page.autofilter(top, 0, place, len(sheet.heads) - 1)
    page.freeze_panes(top + 1, sheet.fixed)
    page.repeat_rows(top)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)


def _write(
    page: "Worksheet", row: int, column: int, cell: Cell, formats: Mapping[type, "Format"]
) -> None:
    if isinstance(cell, str):  # as a string whatever it looks like: "=1+1" is no formula here
        if readable := _CONTROL.sub("", cell):
            page.write_string(row, column, readable)
    elif isinstance(cell, datetime):
        local = cell.astimezone(VIETNAM).replace(tzinfo=None, microsecond=0)
        page.write_datetime(row, column, local, formats[datetime])
    elif cell is not None:
        page.write_number(row, column, cell, formats[type(cell)])
