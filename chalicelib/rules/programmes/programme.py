"""A programme: whose it is, which blocs of units it asks, and when it collects."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from chalicelib.rules.forms.form import Frozen


def _word(longest: int) -> StringConstraints:
    """Letters first, then also digits, blanks, & - . and commas; a blank at no end."""
    return StringConstraints(
        pattern=r"^([^\W\d_]([\w &.,-]*[\w.])?)?$", max_length=longest, strict=True
    )


class Called(Frozen):
    """What a department calls itself, its sector and its blocs, as inside a sentence.

    Empty: what `messages.own_words` sets. A bloc is also part of a sheet's name (31 signs).
    """

    itself: Annotated[str, _word(60)] = ""
    sector: Annotated[str, _word(60)] = ""
    bloc: Annotated[str, _word(26)] = ""


class Department(Frozen):
    name: str
    parent: str
    place: str
    contact: str
    phone: str
    email: str
    called: Called = Field(default_factory=Called)


class CustomPeriod(Frozen):
    """A thematic or special period (chuyên đề, đột xuất): every day of it is set."""

    key: str = Field(pattern=r"^x-[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)
    label: str = Field(min_length=1)
    start: date
    end: date
    due: date
    locks: date
    opens: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "CustomPeriod":
        if self.start > self.end:
            raise ValueError("the period ends before it starts")
        return self


class Regime(Frozen):
    """When the department collects (chế độ báo cáo): kinds of period, years, days."""

    collects: tuple[str, ...]
    first_year: int
    last_year: int
    due_day: int = Field(ge=1, le=28)
    lock_day: int = Field(ge=1, le=28)
    custom: tuple[CustomPeriod, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> "Regime":
        keys = [*self.collects, *(one.key for one in self.custom)]
        if len(set(keys)) < len(keys):
            raise ValueError("a period is named twice")
        if self.first_year > self.last_year:
            raise ValueError("last_year is before first_year")
        return self


class Staff(Frozen):
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    role: Literal["officer", "director"]


class Programme(Frozen):
    key: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)
    name: str
    short: str
    sample: bool = False
    valid_from: date
    valid_to: date
    department: Department
    blocs: Mapping[str, str]
    regime: Regime
    holidays: Mapping[int, tuple[date, ...]] = Field(default_factory=dict)
    # Of the stored item: the unit list that is current, and the version, for expecting.
    roll: str = Field(default="", exclude=True)
    revision: int = Field(default=0, exclude=True)

    @property
    def days_off(self) -> frozenset[date]:
        return frozenset(day for days in self.holidays.values() for day in days)


def whose(programmes: Iterable[Programme], day: date) -> Department | None:
    """The department of the programme that runs on the day and began last; where none does, of
    the last that has begun, or the first that will.
    """
    found = sorted(programmes, key=lambda one: (one.valid_from, one.key))
    running = [one for one in found if one.valid_from <= day <= one.valid_to]
    begun = [one for one in found if one.valid_from <= day]
    chosen = running or begun or found[:1]
    return chosen[-1].department if chosen else None
