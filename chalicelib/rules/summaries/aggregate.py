"""One indicator over some units: how many gave what, the sum, and whether the target is met."""

from collections.abc import Iterable, Sequence
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
    """One indicator over some units. `expected` = units asked; missing is what remains."""

    expected: int = 0
    with_value: int = 0
    nil: int = 0
    not_applicable: int = 0
    total: int | Decimal = 0
    numerator: int | Decimal = 0
    denominator: int | Decimal = 0

    def add(self, indicator: Indicator, answers: Sequence[Any]) -> None:
        """Take in what units answered: a value, None for nil, False for not applicable."""
        values = [one for one in answers if one is not None and one is not False]
        if others := len(answers) - len(values):
            nil = len([one for one in answers if one is None])
            self.nil += nil
            self.not_applicable += others - nil
        self.with_value += len(values)
        if values:
            self._include(indicator, values)

    def _include(self, indicator: Indicator, values: Sequence[Any]) -> None:
        match indicator.kind:
            case "count":
                self.total += sum(values)
            case "amount":
                self.total = _sum(self.total, values)
            case "ratio":
                numerators, denominators = zip(*values, strict=True)
                add = _sum if indicator.parts == "amount" else _count
                self.numerator = add(self.numerator, numerators)
                self.denominator = add(self.denominator, denominators)
            case "yesno":
                self.numerator += values.count("yes")

    def include(self, other: "Aggregate") -> None:
        """Take in the aggregate of other units."""
        self.expected += other.expected
        self.with_value += other.with_value
        self.nil += other.nil
        self.not_applicable += other.not_applicable
        self.numerator = _both(self.numerator, other.numerator)
        self.denominator = _both(self.denominator, other.denominator)
        self.total = _both(self.total, other.total)

    def as_json(self, indicator: Indicator) -> dict[str, Any]:
        """Counts are integers, amounts strings, a ratio's value a percentage string, its two
        numbers what they are counted in.
        """
        numerator = denominator = None
        if indicator.kind == "ratio":
            numerator, denominator = self.numerator, self.denominator
        elif indicator.kind == "yesno":
            numerator, denominator = self.numerator, self.expected
        return {
            "expected": self.expected,
            "value": self._value(indicator, numerator, denominator),
            "numerator": _said(numerator),
            "denominator": _said(denominator),
            "with_value": self.with_value,
            "nil": self.nil,
            "not_applicable": self.not_applicable,
            "missing": self.expected - self.with_value - self.nil - self.not_applicable,
            "met": self.met(indicator),
        }

    def _value(
        self,
        indicator: Indicator,
        numerator: int | Decimal | None,
        denominator: int | Decimal | None,
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


def _sum(so_far: int | Decimal, values: Iterable[int | str]) -> Decimal:
    return reduce(_EXACT.add, map(Decimal, values), Decimal(so_far))


def _count(so_far: int | Decimal, values: Iterable[int]) -> int | Decimal:
    return so_far + sum(values)


def _both(one: int | Decimal, other: int | Decimal) -> int | Decimal:
    exact = isinstance(one, Decimal) or isinstance(other, Decimal)
    return _EXACT.add(Decimal(one), Decimal(other)) if exact else one + other


def _said(part: int | Decimal | None) -> int | str | None:
    return number.plain(part) if isinstance(part, Decimal) else part
