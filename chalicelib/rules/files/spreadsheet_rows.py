"""The rows of one sheet of a workbook, as they stand in its XML."""

import re
from collections.abc import Iterable, Iterator

from chalicelib.rules.files.spreadsheet_cells import Cell, Stored, seen
from chalicelib.rules.files.spreadsheet_parts import Book, SheetPart
from chalicelib.rules.files.upload import NotTaken

MOST_COLUMNS = 200
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384  # of any workbook
_PLACE = re.compile("([A-Za-z]{1,3})[0-9]*")
_YES = ("1", "true", "on")


def read(book: Book, sheet: SheetPart, hidden: list[int]) -> Iterator[tuple[int, list[Cell]]]:
    """Number from 1 and cells of each row with anything in it; `hidden` takes those not shown.

    Raises NotTaken, also in a late row.
    """
    rows = _Rows(book)
    for _ in book.fed(sheet.path, rows):
        for number, cells, is_hidden in rows.done:
            if is_hidden:
                hidden.append(number)
            yield number, [cells.get(place, "") for place in range(1, max(cells) + 1)]
        rows.done.clear()


class _Rows:
    """Hears the sheet's elements, once for each: what stands here is paid a million times."""

    def __init__(self, book: Book) -> None:
        self.done: list[tuple[int, dict[int, Cell], bool]] = []
        self._book = book
        self._number = self._column = 0
        self._hidden = False
        self._cells: dict[int, Cell] = {}
        self._cell: Stored | None = None
        self._hears: list[str] | None = None  # the text that is being read
        self._spoken = False  # inside how a text is to be pronounced

    def start(self, name: str, given: dict[str, str]) -> None:
        if name == "c":
            self._column = column(given["r"]) if given.get("r") else self._column + 1
            if not 0 < self._column <= _LAST_COLUMN:
                raise ValueError("no column")
            self._cell = Stored(given.get("t", "n"), given.get("s", ""))
        elif name == "row":
            self._number = int(given["r"]) if given.get("r") else self._number + 1
            if not 0 < self._number <= _LAST_ROW:
                raise ValueError("no row")
            self._hidden = given.get("hidden", "") in _YES
            self._cells, self._column = {}, 0
        elif name == "rPh":
            self._spoken = True
        elif self._cell is not None and not self._spoken and name in ("v", "f", "t"):
            self._hears = self._cell.begin(name)

    def text(self, said: str) -> None:
        if self._hears is not None:
            self._hears.append(said)

    def end(self, name: str) -> None:
        self._hears = None
        if name == "c" and self._cell is not None:
            self._take(self._cell)
            self._cell = None
        elif name == "row" and self._cells:
            self.done.append((self._number, self._cells, self._hidden))
        elif name == "rPh":
            self._spoken = False

    def _take(self, cell: Stored) -> None:
        if cell.is_blank:
            return
        book = self._book
        found = seen(cell, book.texts, book.formats, from_1904=book.from_1904)
        if isinstance(found, str) and not found.strip():
            return
        if self._column > MOST_COLUMNS:
            raise NotTaken("too_wide")
        self._cells[self._column] = found


def column(place: str) -> int:
    """From 1, of a cell like B7 in any case; 0 of what is no cell."""
    found = _PLACE.fullmatch(place)
    number = 0
    for letter in found[1].upper() if found else "":
        number = 26 * number + ord(letter) - ord("A") + 1
    return number


def letters(number: int) -> str:
    """A column as a spreadsheet calls it: 1 is A, 27 is AA."""
    said = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        said = chr(ord("A") + rest) + said
    return said


def spans(rows: Iterable[int]) -> str:
    """Numbers in order as a person says them: 3–7, 9."""
    runs: list[list[int]] = []
    for row in rows:
        if runs and row == runs[-1][-1] + 1:
            runs[-1][1:] = [row]
        else:
            runs.append([row])
    return ", ".join("–".join(map(str, run)) for run in runs)
