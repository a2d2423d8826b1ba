"""The present unit list as a workbook: to keep, to change, and to import again."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import IO, TYPE_CHECKING, NamedTuple

from chalicelib.rules.files import cell_formats
from chalicelib.rules.units.unit import Unit

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

_WIDTHS = {"code": 12, "name": 44, "aliases": 40, "email": 28, "successors": 24}


class Labels(NamedTuple):
    """The names of both sheets, each column's title, and the lines of the second sheet."""

    sheet: str
    titles: Mapping[str, str]
    guide: str
    lines: tuple[str, ...]


def as_xlsx(file: IO[bytes], units: Iterable[Unit], labels: Labels) -> None:
    """Every dated version a row, days as days; a second sheet says how it is filled in."""
    import xlsxwriter  # heavy: only who downloads it pays

    book = xlsxwriter.Workbook(file, dict(cell_formats.ROW_BY_ROW))
    head = book.add_format(dict(cell_formats.HEAD))
    day = book.add_format({"num_format": cell_formats.DAY, "align": "left"})
    text = book.add_format({"num_format": cell_formats.TEXT})
    sheet = book.add_worksheet(labels.sheet)
    sheet.freeze_panes(1, 2)
    for place, (column, title) in enumerate(labels.titles.items()):
        form = day if column.startswith("valid_") else text
        sheet.set_column(place, place, _WIDTHS.get(column, 14), form)
        sheet.write_string(0, place, title, head)
    for row, unit in enumerate(units, start=1):
        for place, column in enumerate(labels.titles):
            _write(sheet, row, place, getattr(unit, column), text, day)
    guide = book.add_worksheet(labels.guide)
    guide.set_column(0, 0, 110, book.add_format({"text_wrap": True}))
    for row, line in enumerate(labels.lines):
        guide.write_string(row, 0, line)
    book.close()


def _write(
    sheet: "Worksheet", row: int, place: int, found: object, text: "Format", day: "Format"
) -> None:
    if isinstance(found, tuple):
        found = "; ".join(found)
    if isinstance(found, date):
        sheet.write_datetime(row, place, found, day)
    elif isinstance(found, int):
        sheet.write_number(row, place, found)
    elif found:
        sheet.write_string(row, place, str(found), text)
