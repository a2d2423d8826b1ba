"""The reporting units: dated versions, which of them hold on a day, who owes a report."""

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from chalicelib.rules.texts import day, text

_STORED = re.compile(r"\d{4}-\d{2}-\d{2}")
CODE = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$"


class Unit(BaseModel):
    """One dated version of a unit: name, bloc and parent hold from valid_from to valid_to.

    A version that ends the unit may name its successors, one or several: two that name the same
    one are a merger, one that names two is a split.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    code: str = Field(pattern=CODE)
    name: str = Field(min_length=1, max_length=200)
    bloc: str = Field(min_length=1)
    parent: str = Field(default="", max_length=200)
    order: int = Field(default=0, ge=0, le=1_000_000)
    aliases: tuple[Annotated[str, Field(max_length=200)], ...] = Field(default=(), max_length=20)
    email: str = Field(default="", pattern=r"^([^@\s]+@[^@\s]+)?$", max_length=200)
    phone: str = Field(default="", pattern=r"^[0-9+ ().-]{0,30}$")
    valid_from: date
    valid_to: date | None = None
    # Left out where there are none: a stored unit keeps its text, and its summary its proof.
    successors: tuple[Annotated[str, Field(pattern=CODE)], ...] = Field(
        default=(), max_length=200, exclude_if=lambda found: not found
    )

    @field_validator("valid_from", "valid_to", mode="before")
    @classmethod
    def _day(cls, value: object) -> object:
        """As a person writes a day; an empty end is no end."""
        if value == "":
            return None
        if isinstance(value, str) and not _STORED.fullmatch(value):
            found = day.day_of(value)
            if found is None:
                raise ValueError("no day")
            return found
        return value

    @field_validator("valid_from", "valid_to")
    @classmethod
    def _of_our_time(cls, found: date | None) -> date | None:
        if found and not 1900 <= found.year < 2200:
            raise ValueError("a slip of the hand")
        return found

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def in_force(versions: Iterable[Unit], day: date) -> dict[str, Unit]:
    """Code -> the version that holds on this day. Of two, the one that began later."""
    begun: dict[str, Unit] = {}
    for unit in versions:
        known = begun.get(unit.code)
        if unit.valid_from <= day and (not known or known.valid_from <= unit.valid_from):
            begun[unit.code] = unit
    return {code: unit for code, unit in begun.items() if unit.holds_on(day)}


def official(unit: Unit) -> tuple[int, object]:
    """A sort key: the number in the official list, then the alphabet."""
    return unit.order, text.alphabetical(unit.name)


def owing(versions: Iterable[Unit], cut_off: date) -> list[Unit]:
    """The units that exist on the cut-off day, in official order: each owes a report."""
    return sorted(in_force(versions, cut_off).values(), key=official)


def known_as(versions: Iterable[Unit], day: date) -> Unit:
    """The version of one unit that holds on this day, else the nearest one to it."""
    begun = [unit for unit in versions if unit.valid_from <= day]
    if begun:
        return max(begun, key=lambda unit: unit.valid_from)
    return min(versions, key=lambda unit: unit.valid_from)


def twin_names(units: Iterable[Unit]) -> frozenset[str]:
    """The names that several codes bear: whoever reads one has to see whose it is."""
    units = list(units)
    codes: dict[str, set[str]] = defaultdict(set)
    for unit in units:
        codes[text.fold(unit.name)].add(unit.code)
    return frozenset(unit.name for unit in units if len(codes[text.fold(unit.name)]) > 1)
