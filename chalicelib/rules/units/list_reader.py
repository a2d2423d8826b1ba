"""The unit list as it comes from outside: CSV or a workbook, row by row into dated units."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from pydantic import ValidationError

from chalicelib.rules.files import outside_table, spreadsheet_cells
from chalicelib.rules.files.spreadsheet_cells import BadCell, Cell
from chalicelib.rules.files.upload import NotTaken
from chalicelib.rules.texts import text
from chalicelib.rules.units.unit import Unit

COLUMNS = (
    "code",
    "name",
    "bloc",
    "parent",
    "order",
    "aliases",
    "email",
    "phone",
    "valid_from",
    "valid_to",
    "successors",
)
MOST_ROWS = 10_000  # of one file
_NEEDED = ("code", "name", "bloc", "valid_from")
_DAYS = ("valid_from", "valid_to")
_HEAD_WITHIN = 15  # rows: official lists carry a title above their heads
Fault = tuple[int, str, str]  # line, column, problem


class Faulty(Exception):
    """The list was not taken; `faults` are (line, column, key of units.authoring.UNIT_FAULTS)."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


@dataclass(frozen=True)
class Heads:
    """What lists call their columns (compared folded), and which of several sheets is the list."""

    titles: Mapping[str, str]
    spellings: Mapping[str, Sequence[str]]
    sheet: str

    @cached_property
    def columns(self) -> Mapping[str, str]:
        return {
            text.fold(said): column
            for column in COLUMNS
            for said in (column, self.titles[column], *self.spellings[column])
        }

    def named(self, cell: str) -> str:
        """The column that a head names; empty where it names none."""
        return self.columns.get(text.fold(cell), "")

    def are(self, cells: Sequence[Cell]) -> bool:
        """A title or a note above the table names none of its columns."""
        named = {self.named(cell) for cell in map(_tidied, cells) if isinstance(cell, str)}
        return len(named - {""}) > 1


@dataclass(slots=True)
class Listed:
    """A list as it was read: the rows that can be taken, and what is wrong with the others."""

    rows: list[tuple[int, Unit]] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    faults: list[Fault] = field(default_factory=list)
    passed_over: tuple[str, ...] = ()
    head: int = 0  # the row that was taken for the heads; 0 where none looks like them
    said: dict[tuple[int, str], Cell] = field(default_factory=dict)  # what a faulty cell holds

    def found(self, line: int, column: str) -> object:
        """What stands in this cell, to find it by: as it was read, or as its unit has it."""
        said = self.said.get((line, column))
        if said is None and column in COLUMNS:
            units = (unit for number, unit in self.rows if number == line)
            return next((getattr(unit, column) for unit in units), None)
        return said


class _Reader:
    """Takes in one table: first its heads, then its rows."""

    def __init__(self, blocs: Mapping[str, str], heads: Heads, *, from_1904: bool = False) -> None:
        self.listed = Listed()
        self._names = heads
        self._blocs = blocs
        self._from_1904 = from_1904
        self._by_label = {text.fold(label): code for code, label in blocs.items()}
        self._head: list[str] = []
        self._seen: set[tuple[str, date]] = set()

    def heads(self, line: int, cells: Sequence[Cell]) -> bool:
        """Take the names of the columns; False where they can't be a list's."""
        said = [cell if isinstance(cell, str) else str(cell) for cell in map(_tidied, cells)]
        self._head = [self._names.named(cell) for cell in said]
        pairs = list(zip(self._head, said, strict=True))
        unknown = [cell for column, cell in pairs if cell and not column]
        lacking = [column for column in _NEEDED if column not in self._head]
        twice = [column for column in COLUMNS if self._head.count(column) > 1]
        self.listed.faults += [(line, cell[:60], "unknown_column") for cell in unknown]
        self.listed.faults += [(line, column, "no_column") for column in lacking]
        self.listed.faults += [(line, column, "column_twice") for column in twice]
        self.listed.columns = tuple(column for column in self._head if column)
        return not self.listed.faults

    def row(self, line: int, cells: Sequence[Cell]) -> None:
        faults: list[Fault] = []
        given: dict[str, str] = {}
        for place, cell in enumerate(cells):
            column = self._head[place] if place < len(self._head) else ""
            if not column:
                if cell != "":
                    faults.append((line, "", "no_head"))
                    self.listed.said.setdefault((line, ""), _said(cell))
                continue
            read = self._text(column, cell)
            if isinstance(read, BadCell):
                faults.append((line, column, read.problem))
            else:
                given[column] = read
        unit = None if faults else self._unit(line, given, faults)
        if unit is not None:
            self._seen.add((unit.code, unit.valid_from))
        if unit is None or faults:
            self.listed.faults += list(dict.fromkeys(faults))
            wrong = {column for _, column, _ in faults if column}
            for column, cell in zip(self._head, cells, strict=False):
                if column in wrong:
                    self.listed.said[line, column] = _said(cell)
        else:
            self.listed.rows.append((line, unit))

    def _text(self, column: str, cell: Cell) -> str | BadCell:
        """What a cell says in this column, as it would be typed."""
        cell = _tidied(cell)
        if isinstance(cell, BadCell):
            return cell
        if isinstance(cell, int) and column == "phone":
            return BadCell("phone_as_number")
        if isinstance(cell, int) and column in _DAYS:
            day = spreadsheet_cells.day_of(cell, from_1904=self._from_1904)
            return day.isoformat() if day else BadCell("not_a_day")
        said = cell.isoformat() if isinstance(cell, date) else str(cell)
        if said.startswith("="):
            return BadCell("formula")
        if text.forbidden(said) or ("\n" in said and column != "aliases"):
            return BadCell("forbidden_character")
        if column == "bloc" and said not in self._blocs:
            return self._by_label.get(text.fold(said), said)
        return said

    def _unit(self, line: int, given: Mapping[str, str], faults: list[Fault]) -> Unit | None:
        unit: Unit | None
        try:
            unit = _validated(given)
        except ValidationError as error:
            faults += [
                (line, str(e["loc"][0] if e["loc"] else ""), e["type"]) for e in error.errors()
            ]
            unit = None
        if given.get("bloc") and given["bloc"] not in self._blocs:
            faults.append((line, "bloc", "unknown_bloc"))
        if unit is None:
            return None
        if (unit.code, unit.valid_from) in self._seen:
            faults.append((line, "code", "twice"))
        if unit.valid_to and unit.valid_to < unit.valid_from:
            faults.append((line, "valid_to", "ends_before_it_begins"))
        return unit


def _said(cell: Cell) -> Cell:
    return cell.said if isinstance(cell, BadCell) else cell


def _tidied(cell: Cell) -> Cell:
    return text.tidy(cell) if isinstance(cell, str) else cell


def _validated(given: Mapping[str, str]) -> Unit:
    fields: dict[str, object] = {name: said for name, said in given.items() if said != ""}
    for several in ("aliases", "successors"):
        parts = (part.strip() for part in given.get(several, "").replace("\n", ";").split(";"))
        fields[several] = tuple(part for part in parts if part)
    return Unit.model_validate(fields)


def read(content: bytes, blocs: Mapping[str, str], heads: Heads) -> Listed:
    """A CSV or a workbook, told apart by its bytes. Raises NotTaken for a file as a whole."""
    sheet = outside_table.the_one(content, heads.sheet, heads.are)
    reader = _Reader(blocs, heads, from_1904=sheet.from_1904)
    reader.listed.passed_over = sheet.passed_over
    listed = _listed(sheet.rows, reader, heads)
    # A merged title above the heads is how official lists begin; below, cells would be missing.
    merged = [one for one in sheet.merged if _last_row(one) >= listed.head]
    if listed.head and merged:
        raise NotTaken("merged", ", ".join(merged[:10]))
    return listed


def _above(
    rows: Iterator[tuple[int, Sequence[Cell]]], heads: Heads
) -> list[tuple[int, Sequence[Cell]]]:
    """The first rows as far as the heads, and with them; the others stay to be read."""
    above = []
    for line, cells in rows:
        if line > _HEAD_WITHIN:
            break
        above.append((line, cells))
        if heads.are(cells):
            break
    return above


def _listed(rows: Iterable[tuple[int, Sequence[Cell]]], reader: _Reader, heads: Heads) -> Listed:
    """The first rows are searched for the heads; each row below that holds anything is a unit."""
    rows = iter(rows)
    above = _above(rows, heads)
    found = [one for one in above if heads.are(one[1])]
    first, *_ = found or above[:1] or [(1, [])]
    reader.listed.head = found[0][0] if found else 0
    if not reader.heads(*first):
        return reader.listed
    taken = 0
    for line, cells in rows:
        if all(cell == "" for cell in map(_tidied, cells)):
            continue
        taken += 1
        if taken > MOST_ROWS:
            raise NotTaken("too_many_rows")
        reader.row(line, cells)
    if not taken:
        raise NotTaken("no_rows")
    return reader.listed


def _last_row(reference: str) -> int:
    """Of a range like A1:F2."""
    return int(re.findall(r"\d+", reference)[-1])


def read_csv(content: bytes, blocs: Mapping[str, str], heads: Heads) -> list[Unit]:
    """Units from a file that comes with a programme.

    Raises Faulty with every fault at once; then nothing of the list may be used.
    """
    try:
        listed = read(content, blocs, heads)
    except NotTaken as refused:
        raise Faulty([(1, "", refused.problem)]) from None
    if listed.faults:
        raise Faulty(listed.faults)
    return [unit for _, unit in listed.rows]
