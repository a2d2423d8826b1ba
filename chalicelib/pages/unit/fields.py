"""The form's fields as the templates draw them: typed text, faults, last values, meanings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.messages.reports import states as state_words
from chalicelib.messages.unit import report as report_words
from chalicelib.pages.unit.owed_report import Last, OwedReport
from chalicelib.rules.forms import value
from chalicelib.rules.forms.form import Indicator
from chalicelib.rules.reports.report import Content, Fault
from chalicelib.rules.texts import number


@dataclass(frozen=True, slots=True)
class Field:
    indicator: Indicator
    typed: Mapping[str, str]
    fault: Fault | None
    last: str
    last_period: str

    def text(self, part: str = "") -> str:
        return self.typed.get(self.indicator.code + part, "")

    @property
    def state(self) -> str:
        return self.text(".state") or "value"

    @property
    def first(self) -> str:
        """Where a link to the field leads."""
        return value.fields(self.indicator)[0]

    @property
    def states(self) -> list[tuple[str, str]]:
        """What its menu offers, a value first. Of a flow alone nothing can have occurred: else nil
        is there where it was kept.
        """
        words = state_words.VALUE_STATES
        kept = self.state == "nil" or self.indicator.occurs
        offered = [(name, word) for name, word in words.items() if name != "nil" or kept]
        return [("value", state_words.TOLD), *offered]

    @property
    def sentence(self) -> str:
        return report_words.FAULTS[self.fault.problem] if self.fault else ""

    @property
    def meanings(self) -> list[tuple[str, str]]:
        """Both meanings of an ambiguous number: what the radio sends, what it shows."""
        if self.fault and self.fault.meanings:
            return [(number.plain(r), number.shown(r)) for r in self.fault.meanings]
        return []


@dataclass(frozen=True, slots=True)
class Part:
    """One section of the page, with "5/8" beside its name."""

    code: str
    label: str
    fields: list[Field]
    filled: int
    asked: int
    faulty: bool


def sections(
    owed: OwedReport,
    typed: Mapping[str, str],
    last: Mapping[str, Last],
    found: tuple[Fault, ...] = (),
) -> list[Part]:
    by_code = {fault.code: fault for fault in reversed(found)}
    parts = []
    for section in owed.sections:
        fields = [
            Field(one, typed, by_code.get(one.code), *_last(one, last.get(one.code)))
            for one in section.indicators
        ]
        figures = [one for one in section.indicators if not one.is_text]
        done = sum(value.given(one, typed) for one in figures)
        faulty = any(field.fault for field in fields)
        parts.append(Part(section.code, section.label, fields, done, len(figures), faulty))
    return parts


def _last(indicator: Indicator, last: Last | None) -> tuple[str, str]:
    if last is None:
        return "", ""
    return shown(indicator, last.figure), last.period


def shown(indicator: Indicator, found: Any) -> str:
    """A figure or text in words: also the states that are no value."""
    if found is value.NIL:
        return state_words.LEFT_EMPTY if indicator.is_text else state_words.VALUE_STATES["nil"]
    if found is value.NOT_APPLICABLE:
        return state_words.VALUE_STATES["na"]
    text = value.shown(indicator, found)
    if indicator.kind == "ratio":
        share = number.percent(*value.parts(found))
        told = (
            state_words.PERCENT.format(share=number.shown(share, 2)) if share is not None else "–"
        )
        text = f"{text} ({told})"
    return text


def faults(owed: OwedReport, found: tuple[Fault, ...]) -> list[tuple[str, str]]:
    """For the summary at the top: the box to go to, and the whole sentence."""
    by_code = {indicator.code: indicator for indicator in owed.asked}
    return [(fault.field, report_words.fault(fault, by_code.get(fault.code))) for fault in found]


def understood(owed: OwedReport, content: Content) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """What was read, section by section: label, value in words, unit of measure."""
    shown_sections = []
    for section in owed.sections:
        rows = []
        for one in section.indicators:
            values = content.texts if one.is_text else content.figures
            if one.code in values:
                found = values[one.code]
                is_value = found is not value.NIL and found is not value.NOT_APPLICABLE
                counted = is_value and one.kind in ("count", "amount", "rank")
                unit = one.measured_in if counted else ""
                rows.append((one.label, shown(one, found), unit))
        shown_sections.append((section.label, rows))
    return shown_sections


def differences(
    owed: OwedReport, mine: Mapping[str, str], theirs: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """Fields that two texts fill differently: label, mine, theirs."""
    rows = ((one.label, _as_typed(one, mine), _as_typed(one, theirs)) for one in owed.asked)
    return [row for row in rows if row[1] != row[2]]


def _as_typed(indicator: Indicator, typed: Mapping[str, str]) -> str:
    state = typed.get(f"{indicator.code}.state", "")
    boxes = [typed.get(field, "") for field in value.fields(indicator)]
    text = "/".join(boxes) if any(boxes) else ""
    return " ".join(part for part in (text, state_words.VALUE_STATES.get(state, "")) if part)
