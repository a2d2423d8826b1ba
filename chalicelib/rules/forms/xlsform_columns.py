"""The XLSForm columns that are ours: what each may hold, for each kind of indicator."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from chalicelib.rules.files.source_rows import Row
from chalicelib.rules.forms import indicator_target
from chalicelib.rules.texts import number
from chalicelib.rules.texts.day import day_of

EXTRA = (
    "aggregate",
    "measured_in",
    "direction",
    "decimals",
    "target",
    "blocs",
    "asked",
    "as_of",
    "entered_by",
    "valid_from",
    "valid_to",
    "jump",
)
RULES: Mapping[str, Collection[str]] = {
    "count": ("sum", "latest", "none"),
    "rank": ("latest", "none"),
    "amount": ("sum", "latest", "none"),
    "ratio": ("ratio", "latest_ratio"),
    "yesno": ("count_yes", "none"),
    "choice": ("none",),
    "text": ("none",),
    "list": ("list",),
}
TAGS = re.compile(r"M|Q|H|Y|X|9M|M(0[1-9]|1[0-2])|Q[1-4]|H[12]")
_DIRECTIONS = {"": "0", "0": "0", "+": "+", "-": "-", "−": "-"}


@dataclass(frozen=True, slots=True)
class Fault:
    """`problem` is a key of messages.units.authoring.FORM_FAULTS; `given` stands in the cell."""

    sheet: str
    row: int
    column: str
    problem: str
    given: str = ""
    letter: str = field(default="", compare=False)  # of the column, as a spreadsheet calls it


class Passed(NamedTuple):
    """What was passed over, or read though it is hidden; `kind` is a key of authoring.PASSED."""

    kind: str
    sheet: str
    row: int = 0
    said: str = ""


class Extras:
    """The columns that are ours, read for one indicator."""

    def __init__(self, row: Row, kind: str, blocs: Collection[str]) -> None:
        self.faults: list[Fault] = []
        self._row = row
        self._kind = kind
        self.values: dict[str, Any] = {
            "aggregate": self._one_of("aggregate", RULES[kind], default="none"),
            "measured_in": row["measured_in"],
            "direction": self._direction(),
            "decimals": self._decimals(),
            "target": self._target(),
            "blocs": self._words("blocs", lambda word: word in blocs, "unknown_bloc"),
            "asked": self._words("asked", lambda word: bool(TAGS.fullmatch(word)), "unknown_tag"),
            "as_of": row["as_of"],
            "entered_by": self._one_of("entered_by", ("unit", "department"), default="unit"),
            "valid_from": self._day("valid_from"),
            "valid_to": self._day("valid_to"),
            "jump": self._jump(),
        }
        first, last = self.values["valid_from"], self.values["valid_to"]
        if first and last and last < first:
            self._fault("valid_to", "ends_before_it_begins")
        if kind not in ("text", "list", "choice") and not row["aggregate"]:
            self._fault("aggregate", "empty")

    def _fault(self, column: str, problem: str, given: str = "") -> None:
        cell = given or self._row[column]
        self.faults.append(Fault("survey", self._row.number, column, problem, cell))

    def _one_of(self, column: str, allowed: Collection[str], default: str) -> str:
        given = self._row[column]
        if not given:
            return default
        if given not in allowed:
            self._fault(column, "not_allowed", f"{given} ({', '.join(allowed)})")
            return default
        return given

    def _direction(self) -> str:
        given = self._row["direction"]
        if given not in _DIRECTIONS:
            self._fault("direction", "not_allowed", f"{given} (+, -, 0)")
        return _DIRECTIONS.get(given, "0")

    def _decimals(self) -> int:
        given = self._row["decimals"]
        if given and not re.fullmatch(r"[0-6]", given):
            self._fault("decimals", "bad_decimals")
            return 0
        return int(given) if given else int(self._kind == "amount")

    def _target(self) -> str:
        given = self._row["target"]
        goal = indicator_target.parse(given, self._kind)
        if goal and goal.percent is not (self._kind in ("ratio", "yesno")):
            self._fault("target", "percent_target" if goal.percent else "share_target")
        if indicator_target.is_ambiguous(given, self._kind):
            self._fault("target", "ambiguous_target")
        return given

    def _words(self, column: str, known: Callable[[str], bool], problem: str) -> tuple[str, ...]:
        words = tuple(self._row[column].split())
        for word in words:
            if not known(word):
                self._fault(column, problem, word)
        return words

    def _day(self, column: str) -> date | None:
        given = self._row[column]
        found = day_of(given)
        if given and not found:
            self._fault(column, "bad_day")
        return found

    def _jump(self) -> str:
        given = self._row["jump"]
        if given in ("", "none"):
            return given
        try:
            factor = number.read_amount(given)
        except number.NotRead:
            factor = Decimal(0)
        if isinstance(factor, number.Ambiguous) or factor <= 1:
            self._fault("jump", "bad_jump")
            return given
        return number.plain(factor)
