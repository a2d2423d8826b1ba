"""A table that came from outside: its sheets and rows, whatever file it came in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from chalicelib.rules.files import spreadsheet_parts, spreadsheet_rows, text_rows
from chalicelib.rules.files.spreadsheet_cells import Cell
from chalicelib.rules.files.text_rows import AreHeads

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

    @property
    def rows(self) -> Rows:
        """Number as its editor counts, and cells, of each row with anything in it."""
        self.hidden_rows.clear()
        return self._open(self.hidden_rows)


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
