"""A unit list as it was read: what can be taken, what was mended, passed over, left to be asked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from chalicelib.rules.files.spreadsheet_cells import Cell
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
LEFT_OUT = "-"  # the answer that takes no row, or no column
READ, KEPT = "read", "kept"  # a text as its encoding says it, or as it stands
FIRST, THIS = "first", "this"  # of two rows with one code
MOST_ASKED = 200  # questions that a page asks one by one; the others are taken as proposed
Fault = tuple[int, str, str]  # line, column, problem
Asked = Literal["text", "code", "twin", "phone", "bloc"]


class Question(NamedTuple):
    """What a row leaves open; `chosen` is the answer, else what is proposed, else empty."""

    name: str  # of its field
    kind: Asked
    line: int
    column: str
    said: str
    choices: tuple[str, ...]
    chosen: str
    detail: tuple[str, ...] = ()  # what its sentence needs besides


class Mended(NamedTuple):
    """A cell that is taken otherwise than it stands; `why` is a key of messages MENDED."""

    line: int
    column: str
    was: str
    now: str
    why: str


class Passed(NamedTuple):
    """A row that is no unit's; `why` is a key of messages PASSED."""

    line: int
    why: str
    said: str


class Column(NamedTuple):
    """A column of the file, counted from 0: its head, and what it is taken for."""

    place: int
    said: str
    column: str  # empty where it is passed over

    @property
    def name(self) -> str:
        return f"head.{self.place}"


@dataclass(slots=True)
class Listed:
    """A list as it was read: the rows that can be taken, and what is wrong with the others."""

    passed_over: tuple[str, ...] = ()  # names of sheets
    sheet: str = ""
    hidden: Collection[int] = ()  # rows that the file hides, as far as it was read
    rows: list[tuple[int, Unit]] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    faults: list[Fault] = field(default_factory=list)
    head: int = 0  # the row that was taken for the heads; 0 where none looks like them
    heads: tuple[Column, ...] = ()
    lacking: tuple[str, ...] = ()
    filled: dict[str, str] = field(default_factory=dict)  # what was said for the whole list
    mended: list[Mended] = field(default_factory=list)
    passed: list[Passed] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    said: dict[tuple[int, str], Cell] = field(default_factory=dict)  # what a faulty cell holds

    @property
    def open(self) -> list[Question]:
        """The questions without an answer: their rows wait."""
        return [one for one in self.questions if not one.chosen]

    def unseen(self, given: Mapping[str, str]) -> bool:
        """Whether a question stands among those asked that no page has shown yet."""
        asked = self.questions[:MOST_ASKED]
        return not all(one.name in given or f"shown.{one.name}" in given for one in asked)

    def found(self, line: int, column: str) -> object:
        """What stands in this cell, to find it by: as it was read, or as its unit has it."""
        said = self.said.get((line, column))
        if said is None and column in COLUMNS:
            units = (unit for number, unit in self.rows if number == line)
            return next((getattr(unit, column) for unit in units), None)
        return said


class Answers:
    """What was chosen on the page, by field; what nobody was shown is as it is proposed."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given

    def text(self, name: str) -> str:
        return self._given.get(name, "")

    def one_of(self, name: str, choices: Sequence[str], proposed: str = "") -> str:
        chosen = self._given.get(name, "")
        return chosen if chosen in choices else proposed

    def tick(self, name: str) -> bool:
        """A box that was shown and is not ticked sends nothing but that it was shown."""
        return name in self._given or f"shown.{name}" not in self._given
