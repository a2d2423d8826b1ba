"""A workbook from outside as rows: what it may be, how large, and what its cells may hold."""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, TypeAlias

from chalicelib.rules.files import workbook_parts

LARGEST = 4_000_000  # bytes of the file
MOST_COLUMNS = 64
_LAST_ROW = 1_048_576  # of any workbook

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # an encrypted workbook, or one of before 2007
_ZIP = b"PK\x03\x04"
_NOT_WEIGHED = {"damaged": "not_a_workbook", "too_much": "too_many_cells"}


class NotTaken(Exception):
    """The file as a whole is refused: `problem` is a key of messages.units.units.FAULTS."""

    def __init__(self, problem: str, detail: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.detail = detail


@dataclass(frozen=True, slots=True)
class BadCell:
    """A cell that can't be taken; `problem` as above, `said` what it holds."""

    problem: str
    said: str = ""


Cell: TypeAlias = str | int | date | BadCell


@dataclass(slots=True)
class Sheet:
    """The one sheet that is read; `rows` are (number from 1, cells), those with something in."""

    rows: Iterator[tuple[int, list[Cell]]]
    merged: tuple[str, ...]
    passed_over: tuple[str, ...] = ()  # names of the sheets that are not read
    from_1904: bool = False


def is_workbook(content: bytes) -> bool:
    """Whether the bytes begin as a workbook does. Raises NotTaken for other known files."""
    if not content:
        raise NotTaken("empty_file")
    if len(content) > LARGEST:
        raise NotTaken("file_too_large")
    if content.startswith(_OLE):
        raise NotTaken("encrypted")
    if content.lstrip()[:5] == b"%PDF-":
        raise NotTaken("a_pdf")
    return content.startswith(_ZIP)


def _weighed(content: bytes) -> Mapping[str, Sequence[str]]:
    """The merged cells of each part, of a workbook that may be opened. Raises NotTaken."""
    if not is_workbook(content):
        raise NotTaken("not_a_workbook")
    try:
        merged = workbook_parts.weighed(content).merged
    except workbook_parts.NotWeighed as refused:
        raise NotTaken(_NOT_WEIGHED.get(refused.problem, refused.problem)) from None
    if any(name.lower().endswith("vbaproject.bin") for name in merged):
        raise NotTaken("macros")
    if "xl/workbook.xml" not in merged:
        raise NotTaken("not_a_workbook")
    return merged


def read(content: bytes, preferred: str) -> Sheet:
    """The sheet of this name, or the only one that can be seen. Raises NotTaken."""
    merged = _weighed(content)
    from openpyxl import load_workbook  # heavy: only who uploads a workbook pays
    from openpyxl.utils.datetime import MAC_EPOCH

    try:
        book = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        sheets = list(book.worksheets)
    except Exception:  # openpyxl raises what its parsers happen to raise
        raise NotTaken("not_a_workbook") from None
    chosen = _chosen(sheets, preferred)
    part = chosen._worksheet_path.lstrip("/")  # noqa: SLF001 - openpyxl has no other name for it
    return Sheet(
        rows=_rows(chosen),
        merged=tuple(merged.get(part, ())),
        passed_over=tuple(sheet.title for sheet in sheets if sheet is not chosen),
        from_1904=book.epoch == MAC_EPOCH,
    )


def _chosen(sheets: list[Any], preferred: str) -> Any:
    for sheet in sheets:
        if sheet.title.strip().casefold() == preferred.casefold():
            return sheet
    seen = [sheet for sheet in sheets if sheet.sheet_state == "visible"]
    if not seen:
        raise NotTaken("no_sheet")
    if len(seen) > 1:
        raise NotTaken("several_sheets", ", ".join(sheet.title for sheet in seen))
    return seen[0]


def _rows(sheet: Any) -> Iterator[tuple[int, list[Cell]]]:
    sheet.reset_dimensions()  # what the file says of its size is not believed
    try:
        for number, row in enumerate(sheet.iter_rows(), start=1):
            if number > _LAST_ROW:  # a row that names a far place makes openpyxl count up to it
                raise NotTaken("not_a_workbook")
            cells = [_cell(cell) for cell in row[:MOST_COLUMNS]]
            if any(cell.value is not None for cell in row[MOST_COLUMNS:]):
                raise NotTaken("too_wide")
            while cells and cells[-1] == "":
                cells.pop()
            if cells:
                yield number, cells
    except NotTaken:
        raise
    except Exception:  # broken inside: openpyxl raises what its parsers happen to raise
        raise NotTaken("not_a_workbook") from None


def _cell(cell: Any) -> Cell:
    found = cell.value
    if found is None:
        return ""
    if cell.data_type == "f":
        return BadCell("formula", str(getattr(found, "text", found)))
    if cell.data_type == "e":
        return BadCell("error_cell", str(found))
    if isinstance(found, bool):
        return "TRUE" if found else "FALSE"
    if isinstance(found, datetime):
        return found.date() if found.time() == time() else BadCell("not_a_day", str(found))
    if isinstance(found, int | date):
        return found
    if isinstance(found, float) and found.is_integer() and abs(found) < 10**15:
        return int(found)
    return str(found)


def last_row(reference: str) -> int:
    """Of a range like A1:F2."""
    return int(re.findall(r"\d+", reference)[-1])


def day_of(serial: int, *, from_1904: bool) -> date | None:
    """The day that Excel means by a number; None for what is no day of our time."""
    origin = date(1904, 1, 1) if from_1904 else date(1899, 12, 30)
    if not 20_000 <= serial <= 80_000:  # 1954 to 2119, or a little later where it counts from 1904
        return None
    return date.fromordinal(origin.toordinal() + serial)
