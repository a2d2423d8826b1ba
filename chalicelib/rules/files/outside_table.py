"""A table that came from outside: its sheets and rows, whatever file it came in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeAlias

from chalicelib.rules.files import spreadsheet_parts, spreadsheet_rows, text_rows
from chalicelib.rules.files.spreadsheet_cells import Cell
from chalicelib.rules.files.text_rows import HEADS_WITHIN, AreHeads
from chalicelib.rules.files.upload import NotTaken, guard

Rows: TypeAlias = Iterator[tuple[int, list[Cell]]]


@dataclass(slots=True)
class Sheet:
    """One sheet, or a whole text. Its texts are as they came: not even tidied."""

    name: str
    _open: Callable[[list[int]], Rows]
    hidden: bool = False
    merged: tuple[str, ...] = ()  # ranges like A1:F2
    from_1904: bool = False
    hidden_rows: list[int] = field(default_factory=list)  # of those that `rows` has given
    passed_over: tuple[str, ...] = ()  # names of the other sheets

    @property
    def rows(self) -> Rows:
        """Number as its editor counts, and cells, of each row with anything in it."""
        self.hidden_rows.clear()
        return self._open(self.hidden_rows)

    def has(self, are_heads: AreHeads) -> bool:
        return any(are_heads(cells) for _, cells in islice(self._open([]), HEADS_WITHIN))


def of_workbook(content: bytes) -> list[Sheet]:
    """Every sheet, in the order of the file. Raises NotTaken; a row may still."""
    book = spreadsheet_parts.opened(content)
    return [
        Sheet(
            part.name,
            lambda hidden, part=part: spreadsheet_rows.read(book, part, hidden),  # type: ignore[misc]
            hidden=part.hidden,
            merged=tuple(book.merged.get(part.path.lower(), ())),
            from_1904=book.from_1904,
        )
        for part in book.sheets
    ]


def of_text(content: bytes, are_heads: AreHeads) -> Sheet:
    return Sheet("", lambda _: text_rows.read(content, are_heads))


def the_one(content: bytes, preferred: str, are_heads: AreHeads) -> Sheet:
    """The sheet of this name, the only one that is shown, or of those shown the only one that has
    such heads. Raises NotTaken; a row may still.
    """
    if guard(content) != "xlsx":
        return of_text(content, are_heads)
    sheets = of_workbook(content)
    chosen = _chosen(sheets, preferred, are_heads)
    chosen.passed_over = tuple(sheet.name for sheet in sheets if sheet is not chosen)
    return chosen


def _chosen(sheets: list[Sheet], preferred: str, are_heads: AreHeads) -> Sheet:
    for sheet in sheets:
        if sheet.name.strip().casefold() == preferred.casefold():
            return sheet
    shown = [sheet for sheet in sheets if not sheet.hidden]
    if not shown:
        raise NotTaken("no_sheet")
    with_heads = [sheet for sheet in shown if sheet.has(are_heads)] if len(shown) > 1 else shown
    if len(with_heads) != 1:
        raise NotTaken("several_sheets", ", ".join(sheet.name for sheet in with_heads or shown))
    return with_heads[0]
