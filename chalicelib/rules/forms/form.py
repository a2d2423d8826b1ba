"""What a form asks: sections, indicators, kinds; and what of it one period asks of one bloc."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict

from chalicelib.rules.texts import period_key

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
    parts: Literal["count", "amount"] = "count"  # what the two numbers of a ratio are
    num_label: str = ""
    den_label: str = ""

    @property
    def is_text(self) -> bool:
        return self.kind in TEXT_KINDS

    @property
    def occurs(self) -> bool:
        """A flow: in a period it occurs, or nothing of it does ("không phát sinh"). What stands at
        the cut-off stands also at 0, and a choice is always one or another.
        """
        return self.kind in ("count", "amount", "ratio") and not self.aggregate.startswith("latest")

    def runs_in(self, period: str, cut_off: date) -> bool:
        """Is it asked at all in this period? Judged at the cut-off, as units are."""
        if self.valid_from and self.valid_from > cut_off:
            return False
        if self.valid_to and self.valid_to < cut_off:
            return False
        return not self.asked or not period_key.tags(period).isdisjoint(self.asked)

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
        kinds = {one.code: (one.kind, one.parts) for one in indicators(self.sections)}
        return [
            indicator.code
            for indicator in indicators(newer.sections)
            if kinds.get(indicator.code, ()) not in ((), (indicator.kind, indicator.parts))
        ]


def indicators(sections: Iterable[Section]) -> Iterator[Indicator]:
    return (indicator for section in sections for indicator in section.indicators)
