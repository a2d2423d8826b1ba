"""The unit list as it comes from outside: CSV or a workbook, row by row into dated units."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date

from pydantic import ValidationError

from chalicelib.rules.files.spreadsheet_cells import BadCell, Cell
from chalicelib.rules.files.spreadsheet_rows import MOST_COLUMNS
from chalicelib.rules.files.upload import NotTaken
from chalicelib.rules.texts import text
from chalicelib.rules.units import list_codes, list_heads, list_rows, list_sheets
from chalicelib.rules.units.list_cells import Cells, Waits
from chalicelib.rules.units.list_heads import Found, Heads
from chalicelib.rules.units.listed import (
    COLUMNS,
    LEFT_OUT,
    Answers,
    Column,
    Fault,
    Listed,
    Passed,
)
from chalicelib.rules.units.unit import Unit

MOST_ROWS = 10_000  # of one file
_NEEDED = ("code", "name", "bloc", "valid_from")
FILLED = ("bloc", "valid_from")  # what the page can say for the whole list
# What is wrong where nobody can be asked.
_UNASKED = {
    "text": "old_encoding",
    "code": "code_in_other_case",
    "twin": "twice",
    "phone": "two_phones",
    "bloc": "unknown_bloc",
}


class Faulty(Exception):
    """The list was not taken; `faults` are (line, column, key of units.authoring.UNIT_FAULTS)."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


class _Reader:
    """Takes in one table: first its heads, then its rows."""

    def __init__(self, names: Heads, cells: Cells, listed: Listed, answers: Answers) -> None:
        self.listed = listed
        self._names = names
        self._cells = cells
        self._answers = answers
        self._columns: list[str] = []
        self._headless: set[int] = set()
        self.last = 0  # the last row that is a unit's

    def heads(self, found: Found) -> bool:
        """Take the names of the columns; False where they can't be a list's."""
        listed = self.listed
        listed.head = found.line
        listed.passed += [Passed(line, "title", _whole(cells)) for line, cells in found.above]
        for place in range(MOST_COLUMNS):
            named = found.columns[place] if place < len(found.columns) else ""
            chosen = self._answers.one_of(f"head.{place}", (*COLUMNS, LEFT_OUT), named)
            self._columns.append(chosen.removeprefix(LEFT_OUT))
        said = [(place, one) for place, one in enumerate(found.cells) if one]
        listed.heads = tuple(Column(place, one, self._columns[place]) for place, one in said)
        fills = {column: self._answers.text(f"fill.{column}") for column in FILLED}
        listed.filled = {c: said for c, said in fills.items() if said and c not in self._columns}
        listed.lacking = tuple(column for column in _NEEDED if column not in self._columns)
        lacking = [column for column in listed.lacking if column not in listed.filled]
        twice = [column for column in COLUMNS if self._columns.count(column) > 1]
        line = found.line or 1
        listed.faults += [(line, column, "no_column") for column in lacking]
        listed.faults += [(line, column, "column_twice") for column in twice]
        listed.columns = tuple(column for column in self._columns if column) + tuple(listed.filled)
        return not listed.faults

    def row(self, line: int, cells: Sequence[Cell]) -> None:
        """A unit's row is taken or named with its faults; another is passed over, and said."""
        said = _texts(cells)
        in_columns = {
            column: one for column, one in zip(self._columns, said, strict=False) if column
        }
        why = list_rows.why_passed(in_columns, said)
        if not why and self._names.named(in_columns.get("code", "")) == "code":
            why = "heads"
        if why:
            self.listed.passed.append(Passed(line, why, _whole(cells)))
            return
        self.last = line
        self.unit(line, cells)

    def unit(self, line: int, cells: Sequence[Cell]) -> None:
        faults: list[Fault] = []
        given = dict(self.listed.filled)
        waits: Waits | None = None
        for place, cell in enumerate(cells):
            column = self._columns[place]
            if not column:
                self._pass_by(place, cell)
                continue
            read = self._cells.read(line, column, cell)
            if isinstance(read, BadCell):
                faults.append((line, column, read.problem))
            elif isinstance(read, Waits):
                waits = read
            else:
                given[column] = read
        if waits:
            given["bloc"] = LEFT_OUT  # until it is answered, so that a preview counts the row
        unit = None if faults else _unit(line, given, faults)
        if waits and waits.left_out:
            self.listed.passed.append(Passed(line, "left_out", _whole(cells)))
        elif unit is None:
            self._refuse(cells, faults)
        else:
            self.listed.rows.append((line, unit))

    def _pass_by(self, place: int, cell: Cell) -> None:
        """What stands in a column without a head is named with the columns."""
        heads = self.listed.heads
        if cell != "" and place not in self._headless and all(one.place != place for one in heads):
            self._headless.add(place)
            self.listed.heads = (*heads, Column(place, "", ""))

    def _refuse(self, cells: Sequence[Cell], faults: list[Fault]) -> None:
        self.listed.faults += list(dict.fromkeys(faults))
        wrong = {(line, column) for line, column, _ in faults if column}
        for column, cell in zip(self._columns, cells, strict=False):
            for line, one in wrong:
                if column == one:
                    self.listed.said[line, column] = _said(cell)


def _unit(line: int, given: Mapping[str, str], faults: list[Fault]) -> Unit | None:
    try:
        unit = _validated(given)
    except ValidationError as error:
        faults += [(line, str(e["loc"][0] if e["loc"] else ""), e["type"]) for e in error.errors()]
        return None
    if unit.valid_to and unit.valid_to < unit.valid_from:
        faults.append((line, "valid_to", "ends_before_it_begins"))
        return None
    return unit


def _validated(given: Mapping[str, str]) -> Unit:
    fields: dict[str, object] = {name: said for name, said in given.items() if said != ""}
    for several in ("aliases", "successors"):
        parts = (part.strip() for part in given.get(several, "").replace("\n", ";").split(";"))
        fields[several] = tuple(part for part in parts if part)
    return Unit.model_validate(fields)


def _said(cell: Cell) -> Cell:
    return cell.said if isinstance(cell, BadCell) else cell


def _texts(cells: Sequence[Cell]) -> list[str]:
    found = (_said(cell) for cell in cells)
    return [
        text.tidy(one)
        if isinstance(one, str)
        else one.isoformat()
        if isinstance(one, date)
        else str(one)
        for one in found
    ]


def _whole(cells: Sequence[Cell]) -> str:
    """What a row says that is passed over, each text once."""
    return text.quoted(" · ".join(dict.fromkeys(one for one in _texts(cells) if one)))


def read(
    content: bytes,
    blocs: Mapping[str, str],
    heads: Heads,
    known: Collection[str] = (),
    answers: Mapping[str, str] | None = None,
) -> Listed:
    """A list as an officer has it, beside the codes that are known, as far as it is answered.

    Raises NotTaken for a file as a whole.
    """
    given = Answers(answers or {})
    reader, found = _begun(content, blocs, heads, given)
    if reader.heads(found):
        _take(found, reader.row)
        if not reader.last:
            raise NotTaken("no_rows")
        passed = reader.listed.passed
        passed[:] = [
            one._replace(why="footer") if one.why == "group" and one.line > reader.last else one
            for one in passed
        ]
        list_codes.match(reader.listed, known, given)
        passed.sort()
    return reader.listed


def _begun(
    content: bytes, blocs: Mapping[str, str], heads: Heads, answers: Answers
) -> tuple[_Reader, Found]:
    table = list_sheets.table(content, heads)
    listed = Listed(
        passed_over=tuple(table.passed_over), sheet=table.name, hidden=table.hidden_rows
    )
    cells = Cells(listed, blocs, answers, from_1904=table.from_1904)
    return _Reader(heads, cells, listed, answers), list_heads.found(table.rows, heads)


def _take(found: Found, row: Callable[[int, Sequence[Cell]], None]) -> None:
    taken = 0
    for line, cells in found.below:
        if all(cell == "" or (isinstance(cell, str) and not text.tidy(cell)) for cell in cells):
            continue
        taken += 1
        if taken > MOST_ROWS:
            raise NotTaken("too_many_rows")
        row(line, cells)
    if not taken:
        raise NotTaken("no_rows")


def read_csv(content: bytes, blocs: Mapping[str, str], heads: Heads) -> list[Unit]:
    """Units from a file that comes with a programme, where nobody can be asked.

    Raises Faulty with every fault at once; then nothing of the list may be used.
    """
    try:
        reader, found = _begun(content, blocs, heads, Answers({}))
        listed = reader.listed
        if reader.heads(found):
            _take(found, reader.unit)
            list_codes.match(listed, (), Answers({}))
    except NotTaken as refused:
        raise Faulty([(1, "", refused.problem)]) from None
    faults = [*_unknown(listed), *listed.faults]
    faults += [(one.line, one.column, _UNASKED[one.kind]) for one in listed.questions]
    faults += [(one.line, "code", "twice") for one in listed.passed if one.why == "same"]
    if faults:
        raise Faulty(sorted(faults, key=lambda one: one[0]))
    return [unit for _, unit in listed.rows]


def _unknown(listed: Listed) -> list[Fault]:
    line = listed.head or 1
    return [
        (line, one.said[:60], "unknown_column") if one.said else (line, "", "no_head")
        for one in listed.heads
        if not one.column
    ]
