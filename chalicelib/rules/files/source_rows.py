"""The raw rows of an XLSForm in Markdown, CSV or .xlsx, each with the row it stands in."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, islice
from typing import NamedTuple, TypeAlias

from chalicelib.rules.files import outside_table, text_rows
from chalicelib.rules.files.spreadsheet_cells import BadCell, Cell
from chalicelib.rules.files.spreadsheet_rows import MOST_COLUMNS, letters
from chalicelib.rules.files.text_rows import HEADS_WITHIN
from chalicelib.rules.files.upload import FileType, NotTaken, decoded
from chalicelib.rules.texts import text

# From a sheet's name and its heads as they are written to its columns; empty for what is none.
Columns: TypeAlias = Callable[[str, Sequence[str]], list[str]]
Known: TypeAlias = Mapping[str, Collection[str]] | None  # columns of each sheet that is read
Lines: TypeAlias = Iterable[tuple[int, Sequence[Cell]]]
MOST_ROWS = 5_000

_NEEDED = {"type", "name"}  # of every survey
_PIPE = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"[\s|:-]+")
_UNREAD = ("formula", "error_cell")  # what a cell of a form may not hold


@dataclass(frozen=True, slots=True)
class Row:
    number: int  # as the author's editor counts, from 1
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


class Bad(NamedTuple):
    """A cell that holds no text: a fault of Excel, a formula without its result."""

    row: int
    column: str
    problem: str
    said: str


@dataclass(slots=True)
class Sheet:
    name: str
    title: str = ""  # the name as it is written
    header_row: int = 0
    heads: list[str] = field(default_factory=list)  # as they are written
    columns: list[str] = field(default_factory=list)  # what each is
    rows: list[Row] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)
    headless: list[str] = field(default_factory=list)  # letters of columns without a head
    hidden: bool = False
    hidden_rows: list[int] = field(default_factory=list)
    merged: tuple[str, ...] = ()
    left: int | None = 0  # columns before the first head; None where columns have no letters

    def letter(self, column: str) -> str:
        """The column as a spreadsheet calls it."""
        if self.left is None or column not in self.columns:
            return ""
        return letters(self.left + self.columns.index(column) + 1)

    def take(self, lines: Lines, columns: Columns, known: Known) -> None:
        """The first row that looks like heads is the heads, else the first with anything in."""
        rows = iter(lines)
        above = list(islice(rows, HEADS_WITHIN))
        for place, (_, cells) in enumerate(above):
            if _are_heads([_text(cell) for cell in cells], columns, known, self.name):
                above = above[place:]
                break
        for number, cells in chain(above, rows):
            if not self.header_row:
                self.header_row, self.heads = number, [_text(cell) for cell in cells]
                self.columns = columns(self.name, self.heads)
            else:
                self._row(number, cells)

    def _row(self, number: int, cells: Sequence[Cell]) -> None:
        taken = {}
        for place, cell in enumerate(cells):
            column = self.columns[place] if place < len(self.columns) else ""
            said = _text(cell)
            if column and said:
                taken[column] = said
            elif said and (place >= len(self.heads) or not self.heads[place]):
                self._headless(place)
            if column and isinstance(cell, BadCell) and cell.problem in _UNREAD:
                self.bad.append(Bad(number, column, cell.problem, cell.said))
        if taken:
            self.rows.append(Row(number, taken))
        if len(self.rows) >= MOST_ROWS:
            raise NotTaken("too_much")

    def _headless(self, place: int) -> None:
        letter = letters((self.left or 0) + place + 1)
        if letter not in self.headless:
            self.headless.append(letter)


def _are_heads(said: Sequence[str], columns: Columns, known: Known, sheet: str) -> bool:
    """Two known columns, or nothing that is none."""
    named = [one for one in columns(sheet, said) if one and (known is None or one in known[sheet])]
    return len(named) > 1 or 0 < len(named) == len([one for one in said if one])


def as_written(_: str, heads: Sequence[str]) -> list[str]:
    """Every head is a column of its own name."""
    return [head.lower() for head in heads]


def read(
    content: bytes,
    file_type: FileType,
    columns: Columns = as_written,
    known: Known = None,
) -> dict[str, Sheet]:
    """Sheets by name; where some are known, of the others nothing else. Raises NotTaken."""
    if file_type == "xlsx":
        return _workbook(content, columns, known)
    if file_type == "md":
        lines: Lines = _markdown(content)
    else:
        lines = text_rows.read(content, lambda cells: _parted(cells, columns))
    sheets, rows = _text_sheets(lines, left=None if file_type == "md" else 1)
    for name, sheet in sheets.items():
        if known is None or name in known:
            sheet.take(rows[name], columns, known)
    return sheets


def _parted(cells: Sequence[Cell], columns: Columns) -> bool:
    """Whether this is the heads of a survey, which every form has."""
    return set(columns("survey", [_text(cell) for cell in cells])) >= _NEEDED


def _workbook(content: bytes, columns: Columns, known: Known) -> dict[str, Sheet]:
    sheets: dict[str, Sheet] = {}
    for found in outside_table.of_workbook(content):
        name = text.tidy(found.name).lower()
        sheet = sheets.setdefault(name, Sheet(name, found.name, hidden=found.hidden))
        if known is None or name in known:
            sheet.take(found.rows, columns, known)
            sheet.merged, sheet.hidden_rows = found.merged, found.hidden_rows
    return sheets


def _text_sheets(
    lines: Lines, left: int | None
) -> tuple[dict[str, Sheet], dict[str, list[tuple[int, Sequence[Cell]]]]]:
    """In Markdown and CSV the first column names the sheet from that row on."""
    sheets: dict[str, Sheet] = {}
    rows: dict[str, list[tuple[int, Sequence[Cell]]]] = {}
    name = ""
    for taken, (number, cells) in enumerate(lines):
        if taken >= MOST_ROWS:
            raise NotTaken("too_much")
        first = _text(cells[0]) if cells else ""
        name = first.lower() or name
        if name:
            sheets.setdefault(name, Sheet(name, first, left=left))
            below = rows.setdefault(name, [])
            if any(_text(cell) for cell in cells[1:]):
                below.append((number, cells[1:]))
    return sheets, rows


def _markdown(content: bytes) -> Iterator[tuple[int, Sequence[Cell]]]:
    for number, line in enumerate(decoded(content).splitlines(), start=1):
        row = line.strip()
        if row.startswith("|") and not _RULE.fullmatch(row):
            cells = _PIPE.split(row.removeprefix("|").removesuffix("|"))
            if len(cells) > MOST_COLUMNS:
                raise NotTaken("too_wide")
            yield number, [cell.strip().replace("\\|", "|") for cell in cells]


def _text(cell: Cell) -> str:
    """As the author sees it."""
    if isinstance(cell, BadCell):
        cell = cell.said
    if isinstance(cell, date):
        return cell.strftime("%d/%m/%Y")
    return text.tidy(cell) if isinstance(cell, str) else str(cell)
