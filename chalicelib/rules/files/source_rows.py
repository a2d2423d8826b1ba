"""The raw rows of an XLSForm in Markdown, CSV or .xlsx, each with the row it stands in."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal

from chalicelib.rules.files import workbook_parts
from chalicelib.rules.texts import text

FileType = Literal["md", "csv", "xlsx"]
MOST_ROWS = 5_000
MOST_COLUMNS = 200

_HEADS = {"type", "name"}  # of every survey
_PIPE = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"[\s|:-]+")


class NotATable(Exception):
    """The file can't be read as this type at all; `problem` is a key of FORM_FAULTS."""

    def __init__(self, problem: str = "not_a_table") -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Row:
    number: int  # as the author's editor counts, from 1
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(slots=True)
class Sheet:
    name: str
    header_row: int = 0
    columns: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def take(self, number: int, cells: Sequence[str]) -> None:
        """The first row that holds anything is the header."""
        if not any(cells):
            return
        if not self.columns:
            self.header_row, self.columns = number, [cell.lower() for cell in cells]
            return
        named = zip(self.columns, cells, strict=False)
        self.rows.append(Row(number, {name: cell for name, cell in named if name and cell}))


def read(content: bytes, file_type: FileType) -> dict[str, Sheet]:
    """Sheets by name. Raises NotATable."""
    lines = {"md": _markdown, "csv": _csv, "xlsx": _xlsx}[file_type](content)
    sheets: dict[str, Sheet] = {}
    for name, number, cells in lines:
        if number > MOST_ROWS or len(cells) > MOST_COLUMNS:
            raise NotATable("too_much")
        tidy = [text.tidy(cell) for cell in cells]
        sheets.setdefault(name, Sheet(name)).take(number, tidy)
    return sheets


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotATable from None


def _named(rows: Iterable[tuple[int, list[str]]]) -> Iterator[tuple[str, int, list[str]]]:
    """In Markdown and CSV the first column names the sheet from that row on."""
    name = ""
    for number, cells in rows:
        first = cells[0].strip().lower() if cells else ""
        name = first or name
        if name:
            yield name, number, cells[1:]


def _markdown(content: bytes) -> Iterator[tuple[str, int, list[str]]]:
    def rows() -> Iterator[tuple[int, list[str]]]:
        for number, line in enumerate(_decoded(content).splitlines(), start=1):
            row = line.strip()
            if row.startswith("|") and not _RULE.fullmatch(row):
                cells = _PIPE.split(row.removeprefix("|").removesuffix("|"))
                yield number, [cell.strip().replace("\\|", "|") for cell in cells]

    return _named(rows())


def with_commas(content: bytes) -> bytes:
    """A CSV as every reader of XLSForm takes it: Excel in Vietnamese writes semicolons.

    What no delimiter makes a survey of stays as it is. Raises NotATable.
    """
    lines = _decoded(content)
    for delimiter in ",;\t":
        rows = [cells for _, cells in _csv_rows(lines, delimiter)]
        if any({cell.strip().lower() for cell in cells} >= _HEADS for cells in rows):
            break
    else:
        return content
    if delimiter == ",":
        return content
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def _csv(content: bytes) -> Iterator[tuple[str, int, list[str]]]:
    return _named(_csv_rows(_decoded(content), ","))


def _csv_rows(lines: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Each with the line that it ends in. Raises NotATable, also where there is no end of them."""
    reader = csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter)
    try:
        rows = [(reader.line_num, cells) for cells in islice(reader, MOST_ROWS + 1)]
    except csv.Error:
        raise NotATable from None
    if len(rows) > MOST_ROWS:
        raise NotATable("too_much")
    return rows


def _xlsx(content: bytes) -> Iterator[tuple[str, int, list[str]]]:
    from openpyxl import load_workbook  # heavy: only who uploads a workbook pays

    try:
        workbook_parts.weighed(content)
    except workbook_parts.NotWeighed as refused:
        too_much = refused.problem == "too_much"
        raise NotATable("too_much" if too_much else "not_a_table") from None
    try:
        workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        for sheet in workbook.worksheets:
            limits = {"max_row": MOST_ROWS + 1, "max_col": MOST_COLUMNS + 1}
            for number, values in enumerate(sheet.iter_rows(**limits, values_only=True), start=1):
                yield sheet.title.strip().lower(), number, _cells(values)
    except Exception:  # openpyxl raises what its parsers happen to raise, also in a late row
        raise NotATable from None


def _cells(values: Sequence[object]) -> list[str]:
    """Without the empty ones at the end, of which openpyxl gives as many as were asked for."""
    cells = [_cell(value) for value in values]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).removesuffix(" 00:00:00")
