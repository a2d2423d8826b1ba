"""A programme and its form: what is asked, of whom, in which periods, and how it adds up."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chalicelib import period as periods

Kind = Literal["count", "amount", "ratio", "yesno", "choice", "text", "list", "rank"]
Rule = Literal["sum", "latest", "ratio", "latest_ratio", "list", "count_yes", "none"]

NARRATIVES = ("n_done", "n_best", "n_limits", "n_causes", "n_asks")
TEXT_KINDS = ("text", "list")


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Choice(Frozen):
    name: str
    label: str


class Indicator(Frozen):
    """One code, one rule. `asked` holds period tags, `blocs` bloc codes; empty means all."""

    code: str
    kind: Kind
    label: str
    hint: str = ""
    about: str = ""  # the longer definition, on a page of its own
    aggregate: Rule = "none"
    measured_in: str = ""
    direction: Literal["+", "-", "0"] = "0"
    decimals: int = 0
    target: str = ""
    blocs: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    as_of: str = ""
    entered_by: Literal["unit", "department"] = "unit"
    valid_from: date | None = None
    valid_to: date | None = None
    jump: str = ""
    choices: tuple[Choice, ...] = ()
    num_label: str = ""
    den_label: str = ""

    @property
    def is_text(self) -> bool:
        return self.kind in TEXT_KINDS

    def runs_in(self, period: str, cut_off: date) -> bool:
        """Is it asked at all in this period? Judged at the cut-off, as units are."""
        if self.valid_from and self.valid_from > cut_off:
            return False
        if self.valid_to and self.valid_to < cut_off:
            return False
        return not self.asked or not periods.tags(period).isdisjoint(self.asked)

    def asks(self, bloc: str) -> bool:
        return self.entered_by == "unit" and (not self.blocs or bloc in self.blocs)


class Section(Frozen):
    code: str
    label: str
    hint: str = ""
    indicators: tuple[Indicator, ...]


class Form(BaseModel):
    """One version of the form. The narratives are its section named `narratives`."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    version: int
    title: str
    sections: tuple[Section, ...]

    @cached_property
    def by_code(self) -> Mapping[str, Indicator]:
        return {indicator.code: indicator for indicator in indicators(self.sections)}

    def running(self, period: str, cut_off: date) -> tuple[Section, ...]:
        """What is collected in this period, of whomever; sections left empty are dropped."""
        return self._only(lambda indicator: indicator.runs_in(period, cut_off))

    def asked_of(self, bloc: str, period: str, cut_off: date) -> tuple[Section, ...]:
        """What this period asks of a unit of this bloc."""
        named = bloc, period, cut_off
        if named not in self._asked_of:
            self._asked_of[named] = self._only(
                lambda indicator: indicator.asks(bloc) and indicator.runs_in(period, cut_off)
            )
        return self._asked_of[named]

    @cached_property
    def _asked_of(self) -> dict[tuple[str, str, date], tuple[Section, ...]]:
        """Found once for each bloc and period: every page of a unit asks for it."""
        return {}

    def _only(self, wanted: Callable[[Indicator], bool]) -> tuple[Section, ...]:
        kept = (
            section.model_copy(update={"indicators": tuple(filter(wanted, section.indicators))})
            for section in self.sections
        )
        return tuple(section for section in kept if section.indicators)

    def changed_kinds(self, newer: "Form") -> list[str]:
        """Codes whose kind differs in the newer version: what was stored could not be read."""
        return [
            indicator.code
            for indicator in indicators(newer.sections)
            if indicator.code in self.by_code
            and self.by_code[indicator.code].kind != indicator.kind
        ]


def indicators(sections: Iterable[Section]) -> Iterator[Indicator]:
    return (indicator for section in sections for indicator in section.indicators)


class Department(Frozen):
    name: str
    parent: str
    place: str
    contact: str
    phone: str
    email: str


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
