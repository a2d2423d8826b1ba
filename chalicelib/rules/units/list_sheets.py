"""The table of a file: which of its sheets is the list, and what its merged cells say."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from chalicelib.rules.files import outside_table, upload
from chalicelib.rules.files.outside_table import Sheet
from chalicelib.rules.files.spreadsheet_cells import Cell
from chalicelib.rules.files.spreadsheet_rows import MOST_COLUMNS, column
from chalicelib.rules.files.upload import NotTaken
from chalicelib.rules.units import list_heads
from chalicelib.rules.units.list_heads import Heads, Row

_MOST_SHEETS = 8  # looked into for the list
_NEAR_THE_TOP = 20  # rows
_DOWNWARDS = re.compile(r"([A-Z]+)(\d+):\1(\d+)")  # cells merged in one column


@dataclass(frozen=True, slots=True)
class Table:
    """The rows that hold anything, numbered from 1 as the file has them."""

    rows: Iterator[Row]
    name: str = ""
    passed_over: Sequence[str] = ()  # names of the other sheets
    from_1904: bool = False
    hidden_rows: Collection[int] = ()  # of those that `rows` has given


def table(content: bytes, heads: Heads) -> Table:
    """A text or a workbook, told apart by its bytes. Raises NotTaken for a file as a whole."""
    if upload.guard(content) != "xlsx":
        return Table(outside_table.of_text(content, heads.are).rows)
    sheets = outside_table.of_workbook(content)
    sheet = _chosen(sheets, heads)
    others = tuple(one.name for one in sheets if one is not sheet)
    name = sheet.name if others else ""
    return Table(_filled_down(sheet), name, others, sheet.from_1904, sheet.hidden_rows)


def _chosen(sheets: Sequence[Sheet], heads: Heads) -> Sheet:
    """The sheet of the list's name, the only one, or the one whose heads say the most."""
    for sheet in sheets:
        if sheet.name.strip().casefold() == heads.sheet.casefold():
            return sheet
    shown = [sheet for sheet in sheets if not sheet.hidden]
    if not shown:
        raise NotTaken("no_sheet")
    if len(shown) == 1:
        return shown[0]
    scores = sorted(
        ((_known(sheet, heads), -place) for place, sheet in enumerate(shown)), reverse=True
    )
    (most, best), (second, _) = scores[:2]
    if len(shown) > _MOST_SHEETS or most == second:  # neither is more of a list than the other
        raise NotTaken("several_sheets", ", ".join(sheet.name for sheet in shown))
    return shown[-best]


def _known(sheet: Sheet, heads: Heads) -> int:
    """How many columns the heads of this sheet name; 0 where it has none."""
    found = list_heads.found(islice(sheet.rows, _NEAR_THE_TOP), heads)
    return len(set(found.columns) - {""}) if found.line else 0


def _filled_down(sheet: Sheet) -> Iterator[Row]:
    """What is merged downwards holds for each of its rows, as a person sees it."""
    spans: dict[int, list[tuple[int, int]]] = {}
    for reference in sheet.merged:
        found = _DOWNWARDS.fullmatch(reference)
        if found and column(found[1]) <= MOST_COLUMNS:
            spans.setdefault(int(found[2]), []).append((column(found[1]) - 1, int(found[3])))
    held: dict[int, tuple[int, Cell]] = {}
    for line, cells in sheet.rows:
        filled = list(cells)
        for place, (last, cell) in held.items():
            if line <= last:
                filled += [""] * (place + 1 - len(filled))
                filled[place] = filled[place] if filled[place] != "" else cell
        for place, last in spans.get(line, ()):
            if place < len(filled):
                held[place] = last, filled[place]
        yield line, filled
