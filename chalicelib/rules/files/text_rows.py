"""A table in a text: which sign parts its cells, and the line that each row begins in."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from chalicelib.rules.files.spreadsheet_cells import BadCell, Cell
from chalicelib.rules.files.spreadsheet_rows import MOST_COLUMNS
from chalicelib.rules.files.upload import NotTaken, decoded

if TYPE_CHECKING:
    from _csv import Reader

AreHeads: TypeAlias = Callable[[Sequence[Cell]], bool]

HEADS_WITHIN = 30  # rows: official lists carry a title above their heads
_DELIMITERS = ";,\t|"
_SAID = re.compile(r'"?sep=(.)"?\r?\n', re.IGNORECASE)  # Excel's own first line; it hides it
_ERROR = re.compile(r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!|FIELD!|BLOCKED!)")
_MOST_ROWS = 100_000  # with the empty ones
_MOST_CELLS = 1_000_000


def read(content: bytes, are_heads: AreHeads) -> Iterator[tuple[int, list[Cell]]]:
    """Each row with anything in it, with the line that it begins in. Raises NotTaken."""
    text = decoded(content)
    said = _SAID.match(text)
    text = text[said.end() :] if said else text
    line, seen = (2 if said else 1), 0
    try:
        reader = _reader(text, said[1] if said else _delimiter(text, are_heads))
        for number, cells in enumerate(reader):
            seen += len(cells)
            if number >= _MOST_ROWS or seen > _MOST_CELLS:
                raise NotTaken("too_much")
            if any(cell.strip() for cell in cells[MOST_COLUMNS:]):
                raise NotTaken("too_wide")
            if any(cell.strip() for cell in cells):
                yield line, [_cell(cell) for cell in cells[:MOST_COLUMNS]]
            line = reader.line_num + (2 if said else 1)
    except csv.Error:
        raise NotTaken("not_a_table") from None


def _cell(said: str) -> Cell:
    """What a spreadsheet writes for a cell that is an error, as the error that it is."""
    return BadCell("error_cell", said.strip()) if _ERROR.fullmatch(said.strip()) else said


def _reader(text: str, delimiter: str) -> "Reader":
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _delimiter(text: str, are_heads: AreHeads) -> str:
    """The one that makes heads of a row near the top; a title may stand above, with commas."""
    for one in _DELIMITERS:
        rows = (cells for cells in _reader(text, one) if cells)
        if any(are_heads(cells) for cells in islice(rows, HEADS_WITHIN)):
            return one
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(_DELIMITERS, key=first.count)
