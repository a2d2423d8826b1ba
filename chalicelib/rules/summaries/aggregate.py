"""One indicator over some units: how many gave what, the sum, and whether the target is met."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact
from functools import reduce
from typing import Any

from chalicelib.rules.forms import indicator_target
from chalicelib.rules.forms.form import Indicator
from chalicelib.rules.texts import number

# Exact over any number of units: 15 digits before the point and 14 after it need 29 already.
_EXACT = Context(prec=60, traps=[Inexact])


@dataclass(slots=True)
class Aggregate:
    """One indicator over some units. `expected` = units asked; missing is what remains.

    Whom it does not apply to is not expected to give it: a summary's "expected" is `applies`.
    """

    expected: int = 0
    with_value: int = 0
    nil: int = 0
    not_applicable: int = 0
    total: int | Decimal = 0
    numerator: int = 0
    denominator: int = 0

    def add(self, indicator: Indicator, answers: Sequence[Any]) -> None:
        """Take in what units answered: a value, None for nil, False for not applicable."""
        values = [one for one in answers if one is not None and one is not False]
        if others := len(answers) - len(values):
            nil = len([one for one in answers if one is None])
            self.nil += nil
            self.not_applicable += others - nil
        self.with_value += len(values)
        if values:
            self._include(indicator.kind, values)

    def _include(self, kind: str, values: Sequence[Any]) -> None:
        match kind:
            case "count":
                self.total += sum(values)
            case "amount":
                self.total = reduce(_EXACT.add, map(Decimal, values), Decimal(self.total))
            case "ratio":
                numerators, denominators = zip(*values, strict=True)
                self.numerator += sum(numerators)
                self.denominator += sum(denominators)
            case "yesno":
                self.numerator += values.count("yes")

    def include(self, other: "Aggregate") -> None:
        """Take in the aggregate of other units."""
        self.expected += other.expected
        self.with_value += other.with_value
        self.nil += other.nil
        self.not_applicable += other.not_applicable
        self.numerator += other.numerator
        self.denominator += other.denominator
        if isinstance(other.total, Decimal):
            self.total = _EXACT.add(Decimal(self.total), other.total)
        else:
            self.total += other.total

    @property
    def applies(self) -> int:
        return self.expected - self.not_applicable

    def as_json(self, indicator: Indicator) -> dict[str, Any]:
        """Counts are integers, amounts strings, a ratio's value a percentage string."""
        numerator = denominator = None
        if indicator.kind == "ratio":
            numerator, denominator = self.numerator, self.denominator
        elif indicator.kind == "yesno":
            numerator, denominator = self.numerator, self.expected
        return {
            "expected": self.applies,
            "value": self._value(indicator, numerator, denominator),
            "numerator": numerator,
            "denominator": denominator,
            "with_value": self.with_value,
            "nil": self.nil,
            "not_applicable": self.not_applicable,
            "missing": self.expected - self.with_value - self.nil - self.not_applicable,
            "met": self.met(indicator),
        }

    def _value(
        self, indicator: Indicator, numerator: int | None, denominator: int | None
    ) -> int | str | None:
        if not self.with_value:
            return None
        if numerator is not None and denominator is not None:
            share = number.percent(numerator, denominator)
            return None if share is None else str(share)
        if indicator.kind == "count" and indicator.aggregate != "none":
            return int(self.total)
        if indicator.kind == "amount" and indicator.aggregate != "none":
            return number.plain(Decimal(self.total))
        return None

    def met(self, indicator: Indicator) -> bool | None:
        """Judged on exact figures, never on the rounded percentage; None where it can't be."""
        goal = indicator_target.parse(indicator.target, indicator.kind)
        if goal is None:
            return None
        if indicator.kind in ("count", "amount") and self.nil and not self.with_value:
            # Every answer says that nothing of it occurred: what is judged is none.
            return None if goal.percent else goal.met_by(Decimal(0))
        if not self.with_value:
            return None
        if indicator.kind in ("ratio", "yesno"):
            whole = self.denominator if indicator.kind == "ratio" else self.expected
            return goal.met_by_share(self.numerator, whole) if goal.percent and whole else None
        if indicator.kind in ("count", "amount") and indicator.aggregate != "none":
            return goal.met_by(Decimal(self.total))
        return None
