"""The summary as files: XLSX with typed numbers, CSV for Excel in Vietnamese."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache, partial
from typing import IO, TYPE_CHECKING

from chalicelib.rules.files import cell_formats
from chalicelib.rules.forms.form import Section
from chalicelib.rules.summaries import cells
from chalicelib.rules.summaries.cells import UnitRow, Words
from chalicelib.rules.summaries.summary import Document
from chalicelib.rules.texts import number
from chalicelib.rules.texts.clock import VIETNAM
from chalicelib.rules.texts.number import Percent

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_EXACT = 15  # digits that a spreadsheet's number holds exactly


def as_csv(summary: Document, blocs: Mapping[str, str], words: Words) -> bytes:
    """UTF-8 with BOM, semicolons, decimal commas: opens by a double click where it is read."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    codes = [code for code in blocs if code in summary["blocs"]]
    writer.writerow([_csv_cell(head) for head in cells.heads(blocs, codes, words)])
    for line in summary["indicators"]:
        row = cells.line_cells(line, codes, words)
        writer.writerow([_csv_cell(cell) for cell in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _csv_cell(cell: object) -> str:
    if isinstance(cell, Decimal):
        return number.plain(cell).replace(".", ",")
    text = "" if cell is None else str(cell)
    # A cell that begins like a formula is run as one by spreadsheets: the quote keeps it text.
    return f"'{text}" if text.startswith(_FORMULA_SIGNS) else text


def as_xlsx(
    file: IO[bytes],
    summary: Document,
    programme: str,
    blocs: Mapping[str, str],
    sections: Sequence[Section],
    rows: Iterable[UnitRow],
    due: datetime,
    words: Words,
) -> None:
    """Four sheets: the summary, one row a unit, texts, who has reported."""
    import xlsxwriter  # heavy: only the scheduled run pays

    book = xlsxwriter.Workbook(file, dict(cell_formats.ROW_BY_ROW))
    as_of = datetime.fromisoformat(summary["as_of"])
    book.set_properties({"title": programme, "created": as_of.replace(tzinfo=None)})
    _Sheets(book, words).fill(summary, programme, blocs, sections, rows, due)
    book.close()


class _Sheets:
    def __init__(self, book: "Workbook", words: Words) -> None:
        self._book = book
        self._words = words
        self._bold = book.add_format({"bold": True})
        self._head = book.add_format(dict(cell_formats.TALL_HEAD))
        self._wrap = book.add_format({"text_wrap": True, "valign": "top"})
        self._count = book.add_format({"num_format": cell_formats.COUNT, "valign": "top"})
        self._amount = book.add_format({"num_format": cell_formats.AMOUNT, "valign": "top"})
        self._percent = book.add_format({"num_format": cell_formats.PERCENT, "valign": "top"})
        self._moment = book.add_format({"num_format": cell_formats.MOMENT, "align": "left"})

    def _add(self, name: str, widths: Iterable[int], freeze: tuple[int, int]) -> "Worksheet":
        sheet = self._book.add_worksheet(name)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(*freeze)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        return sheet

    def fill(
        self,
        summary: Document,
        programme: str,
        blocs: Mapping[str, str],
        sections: Sequence[Section],
        rows: Iterable[UnitRow],
        due: datetime,
    ) -> None:
        """The rows come once: the second sheet and the last one grow together."""
        words = self._words
        self.summary(summary, programme, blocs)
        columns = [column for one in cells.figures(sections) for column in cells.unit_columns(one)]
        by_unit = self.by_unit(columns)
        texts = self._add(words.sheets[2], (10, 40, 12, 50, 90), (1, 0))
        reported = self.reported()
        answers = cache(partial(cells.unit_cells, columns, words))
        place = 0
        for place, row in enumerate(rows, start=1):
            unit, sent = row.unit, row.sent
            state = words.states[sent.state if sent else row.stands]
            named = (unit.code, unit.name, blocs[unit.bloc], state)
            figures = json.loads(sent.figures) if sent else {}
            self._row(by_unit, place + 1, [*named, *answers(unit.bloc, row.asked)(figures)])
            timing = words.timing[sent.late] if sent else ""
            self._row(reported, place, (place, *named, timing))
            if sent:
                self._instant(reported, place, 6, sent.first_sent)
                self._instant(reported, place, 7, sent.last_sent)
                self._write(reported, place, 8, sent.version)
            self._instant(reported, place, 9, due)
        self._reconciled(by_unit, summary, columns, place)
        self.texts(texts, summary)

    def _write(self, sheet: "Worksheet", row: int, column: int, cell: object) -> None:
        """Numbers as numbers, unless they have more digits than a spreadsheet keeps."""
        if isinstance(cell, str):
            if cell:
                sheet.write_string(row, column, cell, self._wrap)
        elif isinstance(cell, int | Decimal):
            if _is_exact(cell):
                sheet.write_number(row, column, cell, self._style(cell))
            else:
                sheet.write_string(row, column, number.plain(Decimal(cell)))

    def _style(self, cell: int | Decimal) -> "Format":
        if isinstance(cell, Percent):
            return self._percent
        return self._count if isinstance(cell, int) else self._amount

    def _row(self, sheet: "Worksheet", row: int, content: Iterable[object]) -> None:
        for column, cell in enumerate(content):
            self._write(sheet, row, column, cell)

    def _heads(self, sheet: "Worksheet", row: int, content: Iterable[str]) -> None:
        for column, cell in enumerate(content):
            sheet.write_string(row, column, cell, self._head)
        sheet.repeat_rows(row)

    def summary(self, summary: Document, programme: str, blocs: Mapping[str, str]) -> None:
        words = self._words
        widths = (11, 60, 14, 18, 16, 24, 14, 10, 10, *[10] * 20)
        sheet = self._add(words.sheets[0], widths, (10, 2))
        as_of = datetime.fromisoformat(summary["as_of"])
        sheet.write_string(0, 0, programme, self._bold)
        made = words.made.format(period=summary["label"], moment=words.moment(as_of))
        sheet.write_string(1, 0, made)
        for row, (label, name) in enumerate(words.counts, start=2):
            sheet.write_string(row, 1, label)
            sheet.write_number(row, 2, summary[name], self._count)
        fits = summary["expected"] == sum(summary[n] for n in ("received", "returned", "missing"))
        either = f'"{words.fits[True]}","{words.fits[False]}"'
        sheet.write_string(8, 1, words.compared)
        formula = f"=IF(AND(C3=C4+C7+C8,C4=C5+C6),{either})"
        sheet.write_formula(8, 2, formula, None, words.fits[fits])
        codes = [code for code in blocs if code in summary["blocs"]]
        self._heads(sheet, 9, cells.heads(blocs, codes, words))
        for row, line in enumerate(summary["indicators"], start=10):
            self._row(sheet, row, cells.line_cells(line, codes, words))

    def by_unit(self, columns: Sequence[cells.Column]) -> "Worksheet":
        sheet = self._add(self._words.sheets[1], (10, 40, 12, 16, *[12] * 200), (2, 2))
        codes = [*self._words.unit_heads, *(code for code, _, _ in columns)]
        labels = ["", "", "", "", *(label for _, label, _ in columns)]
        self._heads(sheet, 0, codes)
        self._heads(sheet, 1, labels)
        sheet.repeat_rows(0, 1)
        return sheet

    def _reconciled(
        self,
        sheet: "Worksheet",
        summary: Document,
        columns: Sequence[cells.Column],
        units: int,
    ) -> None:
        """Below the units: the sheet's own sums, and beside them what the summary says."""
        last = units + 2
        lines = {line["code"]: line for line in summary["indicators"]}
        totals, answers = {}, {}
        for place, (_, _, (indicator, part)) in enumerate(columns, start=4):
            total = cells.column_total(lines[indicator.code], indicator, part)
            if total is not None:
                totals[place] = total
            answers[place] = cells.answered(lines[indicator.code])
        sheet.write_string(last, 1, self._words.own_sums, self._bold)
        for place, total in totals.items():
            sums = _column_sum(place, units, self._words.states["returned"])
            sheet.write_formula(last, place, sums, self._style(total), float(total))
        sheet.write_string(last + 1, 1, self._words.summed, self._bold)
        for place, found in (answers | totals).items():
            self._write(sheet, last + 1, place, found)
        sheet.write_string(last + 2, 1, self._words.units.format(count=units), self._bold)

    def texts(self, sheet: "Worksheet", summary: Document) -> None:
        self._heads(sheet, 0, self._words.text_heads)
        row = 1
        for line in [*summary["indicators"], *summary["narratives"]]:
            if line["kind"] not in ("text", "list"):
                continue
            for entry in line["value"]:
                for text in entry["lines"]:
                    name = entry["name"] if entry["unit"] else self._words.by_department
                    named = (entry["unit"], name, line["code"], line["label"])
                    self._row(sheet, row, (*named, text))
                    row += 1

    def reported(self) -> "Worksheet":
        widths = (6, 10, 40, 16, 16, 16, 20, 20, 10, 20)
        sheet = self._add(self._words.sheets[3], widths, (1, 3))
        self._heads(sheet, 0, self._words.reported_heads)
        return sheet

    def _instant(self, sheet: "Worksheet", row: int, column: int, instant: datetime) -> None:
        local = instant.astimezone(VIETNAM).replace(tzinfo=None, microsecond=0)
        sheet.write_datetime(row, column, local, self._moment)


def _is_exact(cell: int | Decimal) -> bool:
    """Whether a spreadsheet's number holds every digit."""
    digits = str(cell) if isinstance(cell, int) else number.plain(cell)
    return len(digits) <= _EXACT or sum(char.isdigit() for char in digits) <= _EXACT


def _column_sum(place: int, units: int, returned: str) -> str:
    """Units whose report is being returned are left out, as in the summary."""
    from xlsxwriter.utility import xl_col_to_name

    column = xl_col_to_name(place)
    first, last = 3, units + 2
    return f'=SUMIF($D${first}:$D${last},"<>{returned}",{column}{first}:{column}{last})'
