"""The reporting units: dated versions, who owes a report, the CSV that they come in."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from chalicelib import text

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
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")  # as it is stored; strptime takes longer to start


class Unit(BaseModel):
    """One dated version of a unit: name, bloc and parent hold from valid_from to valid_to."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    code: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$")
    name: str = Field(min_length=1, max_length=200)
    bloc: str = Field(min_length=1)
    parent: str = ""
    order: int = Field(default=0, ge=0)
    aliases: tuple[str, ...] = ()
    email: str = Field(default="", pattern=r"^([^@\s]+@[^@\s]+)?$")
    phone: str = Field(default="", pattern=r"^[0-9+ ().-]{0,30}$")
    valid_from: date
    valid_to: date | None = None

    @field_validator("valid_from", "valid_to", mode="before")
    @classmethod
    def _day(cls, value: object) -> object:
        """Dates as 2025-06-30 or 30/06/2025; an empty end is no end."""
        if value == "":
            return None
        if isinstance(value, str) and not _DAY.fullmatch(value):
            pattern = "%d/%m/%Y" if "/" in value else "%Y-%m-%d"
            return datetime.strptime(value, pattern).date()  # noqa: DTZ007 - a day, no instant
        return value

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class Faulty(Exception):
    """The list was not taken; `faults` are (line, column, key of authoring.UNIT_FAULTS)."""

    def __init__(self, faults: list[tuple[int, str, str]]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


def owing(versions: Iterable[Unit], cut_off: date) -> list[Unit]:
    """The units that exist on the cut-off day, in official order: each owes a report."""
    current: dict[str, Unit] = {}
    for unit in versions:
        known = current.get(unit.code)
        if unit.valid_from <= cut_off and (not known or known.valid_from <= unit.valid_from):
            current[unit.code] = unit
    return sorted(
        (unit for unit in current.values() if unit.holds_on(cut_off)),
        key=lambda unit: (unit.order, text.alphabetical(unit.name)),
    )


def known_as(versions: Iterable[Unit], day: date) -> Unit:
    """The version of one unit that holds on this day, else the nearest one to it."""
    begun = [unit for unit in versions if unit.valid_from <= day]
    if begun:
        return max(begun, key=lambda unit: unit.valid_from)
    return min(versions, key=lambda unit: unit.valid_from)


def read_csv(content: bytes, blocs: Mapping[str, str]) -> list[Unit]:
    """Units from a UTF-8 CSV (comma or semicolon, with or without BOM).

    Raises Faulty with every fault at once; then nothing of the list may be used.
    """
    try:
        lines = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Faulty([(1, "", "not_utf8")]) from None
    first = lines.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    try:
        rows = list(csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter))
    except csv.Error:
        raise Faulty([(1, "", "not_a_table")]) from None
    header = [cell.strip() for cell in rows[0]] if rows else []
    unknown = [column for column in header if column not in COLUMNS]
    lacking = [c for c in ("code", "name", "bloc", "valid_from") if c not in header]
    twice = [column for column in COLUMNS if header.count(column) > 1]
    if unknown or lacking or twice:
        raise Faulty(
            [(1, c, "unknown_column") for c in unknown]
            + [(1, c, "no_column") for c in lacking]
            + [(1, c, "column_twice") for c in twice]
        )
    return _read_rows(header, rows[1:], blocs)


def _read_rows(
    header: Sequence[str], rows: Iterable[list[str]], blocs: Mapping[str, str]
) -> list[Unit]:
    units: list[Unit] = []
    faults: list[tuple[int, str, str]] = []
    seen: set[tuple[str, date]] = set()
    for line, cells in enumerate(rows, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        row = dict(zip(header, (text.tidy(cell) for cell in cells), strict=False))
        unreadable = [
            (line, name, "forbidden_character") for name in row if text.forbidden(row[name])
        ]
        if unreadable:
            faults += unreadable
            continue
        try:
            unit = _read_row(row)
        except ValidationError as error:
            faults += [
                (line, str(e["loc"][0] if e["loc"] else ""), e["type"]) for e in error.errors()
            ]
            continue
        if unit.bloc not in blocs:
            faults.append((line, "bloc", "unknown_bloc"))
        if (unit.code, unit.valid_from) in seen:
            faults.append((line, "code", "twice"))
        if unit.valid_to and unit.valid_to < unit.valid_from:
            faults.append((line, "valid_to", "ends_before_it_begins"))
        seen.add((unit.code, unit.valid_from))
        units.append(unit)
    if faults:
        raise Faulty(faults)
    return units


def _read_row(row: Mapping[str, str]) -> Unit:
    fields: dict[str, object] = {name: value for name, value in row.items() if value != ""}
    aliases = (part.strip() for part in row.get("aliases", "").split(";"))
    fields["aliases"] = tuple(alias for alias in aliases if alias)
    return Unit.model_validate(fields)
