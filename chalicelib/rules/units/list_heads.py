"""The heads of a unit list: where they stand, in one row or two, and which column each names."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, zip_longest

from chalicelib.rules.files.spreadsheet_cells import Cell
from chalicelib.rules.texts import old_encodings, text
from chalicelib.rules.units.listed import COLUMNS

_WITHIN = 15  # rows: official lists carry a title above their heads
Row = tuple[int, Sequence[Cell]]
# What stands beside a head's words: a remark in brackets, a star, a colon, the line's break.
_BESIDE = re.compile(r"\([^()]*\)|[*:.]+|\s+")


@dataclass(frozen=True)
class Heads:
    """What lists call their columns (compared folded), and which of several sheets is the list."""

    titles: Mapping[str, str]
    spellings: Mapping[str, Sequence[str]]
    sheet: str

    @cached_property
    def columns(self) -> Mapping[str, str]:
        return {
            _bare(said): column
            for column in COLUMNS
            for said in (column, self.titles[column], *self.spellings[column])
        }

    def named(self, cell: Cell) -> str:
        """The column that a head names; empty where it names none."""
        if not isinstance(cell, str):
            return ""
        found = self.columns.get(_bare(text.tidy(cell)), "")
        if not found and (read := old_encodings.recognised(cell)):
            return self.columns.get(_bare(text.tidy(read.text)), "")
        return found

    def are(self, cells: Sequence[Cell]) -> bool:
        """A title or a note above the table names none of its columns."""
        return len({self.named(cell) for cell in cells} - {""}) > 1


def _bare(said: str) -> str:
    return _BESIDE.sub(" ", text.fold(said)).strip()


@dataclass(frozen=True, slots=True)
class Found:
    """The row of the heads (0 where none looks like them), what stood above it, what is below."""

    line: int
    cells: Sequence[str]
    columns: Sequence[str]
    above: Sequence[Row]
    below: Iterator[Row]


def found(rows: Iterable[Row], heads: Heads) -> Found:
    """The first rows are searched for the heads; of two rows that make them, the lower is it."""
    rows = iter(rows)
    above: list[Row] = []
    for row in rows:
        if row[0] > _WITHIN:
            rows = chain([row], rows)
            break
        if heads.are(row[1]):
            return _with_neighbours(row, above, rows, heads)
        above.append(row)
    first, *rest = above or [(1, [])]
    said = _said(first[1])
    columns = [heads.named(cell) for cell in first[1]]
    return Found(0, said, columns, (), chain(rest, rows))


def _with_neighbours(row: Row, above: list[Row], rows: Iterator[Row], heads: Heads) -> Found:
    line, cells = row
    if above and _completes(cells, above[-1], line - 1, heads):
        _, upper = above.pop()
        cells = [low or high for high, low in zip_longest(upper, cells, fillvalue="")]
    below = next(rows, None)
    columns = [heads.named(cell) for cell in cells]
    said = _said(cells)
    if below is None:
        return Found(line, said, columns, above, iter(()))
    if below[0] != line + 1 or not _refines(cells, below[1], heads):
        return Found(line, said, columns, above, chain([below], rows))
    pairs = list(zip_longest(said, _said(below[1]), fillvalue=""))
    columns = [heads.named(low) or heads.named(high) for high, low in pairs]
    both = [high if low in ("", high) else f"{high}: {low}" if high else low for high, low in pairs]
    return Found(below[0], both, columns, above, rows)


def _completes(cells: Sequence[Cell], upper: Row, line: int, heads: Heads) -> bool:
    """Whether the row above names columns that this one leaves empty (merged downwards)."""
    pairs = zip_longest(upper[1], cells, fillvalue="")
    return upper[0] == line and any(heads.named(high) and low == "" for high, low in pairs)


def _refines(cells: Sequence[Cell], lower: Sequence[Cell], heads: Heads) -> bool:
    """Whether the row below names the parts of heads that name no column themselves."""
    pairs = [(high, low) for high, low in zip_longest(cells, lower, fillvalue="") if low != ""]
    free = all(high == low or not heads.named(high) for high, low in pairs)
    return free and any(heads.named(low) for high, low in pairs if high != low)


def _said(cells: Sequence[Cell]) -> list[str]:
    return [text.tidy(cell) if isinstance(cell, str) else str(cell) for cell in cells]
