"""One indicator over some units: how many gave what, the sum, and what it says of the target."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal, Inexact
from functools import reduce
from typing import Any

from chalicelib.rules.forms.form import Indicator
from chalicelib.rules.summaries import verdict
from chalicelib.rules.summaries.verdict import Reach, Verdict
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
    numerator: int | Decimal = 0
    denominator: int | Decimal = 0
    chosen: Counter[str] = field(default_factory=Counter)  # of yes/no and choices

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
            case "yesno" | "choice":
                self.chosen.update(values)

    def include(self, other: "Aggregate") -> None:
        """Take in the aggregate of other units."""
        self.expected += other.expected
        self.with_value += other.with_value
        self.nil += other.nil
        self.not_applicable += other.not_applicable
        self.numerator = _both(self.numerator, other.numerator)
        self.denominator = _both(self.denominator, other.denominator)
        self.total = _both(self.total, other.total)
        self.chosen.update(other.chosen)

    @property
    def applies(self) -> int:
        return self.expected - self.not_applicable

    @property
    def missing(self) -> int:
        """Units that were asked and have given no answer that counts: late reports can."""
        return self.applies - self.with_value - self.nil

    def as_json(self, indicator: Indicator, *, is_locked: bool = False) -> dict[str, Any]:
        """Counts are integers, amounts strings, a ratio's value a percentage string, its two
        numbers what they are counted in.
        """
        said = self.verdict(indicator, is_locked=is_locked)
        numerator = denominator = None
        if indicator.kind == "ratio":
            numerator, denominator = self.numerator, self.denominator
        elif indicator.kind == "yesno":
            numerator, denominator = self.chosen["yes"], self.with_value
        kept: dict[str, Any] = {
            "expected": self.applies,
            "value": self._value(indicator, numerator, denominator),
            "numerator": _said(numerator),
            "denominator": _said(denominator),
            "with_value": self.with_value,
            "nil": self.nil,
            "not_applicable": self.not_applicable,
            "missing": self.missing,
            "verdict": said,
            "met": verdict.MET.get(said),
        }
        if indicator.kind in ("yesno", "choice"):
            kept["answers"] = self._answers(indicator)
        return kept

    def _answers(self, indicator: Indicator) -> list[dict[str, Any]]:
        """Each answer's count and its share of those who answered, in the question's words."""
        asked = {one.name: one.label for one in indicator.choices}
        others = sorted(self.chosen.keys() - asked.keys())  # of another version of the form
        return [
            {
                "name": name,
                "label": asked.get(name, name),
                "count": self.chosen[name],
                "share": str(number.percent(self.chosen[name], self.with_value)),
            }
            for name in [*asked, *others]
            if self.with_value
        ]

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

    def verdict(self, indicator: Indicator, *, is_locked: bool) -> Verdict:
        """On exact figures, never on the rounded percentage."""
        goal = verdict.goal(indicator)
        if goal is None or not self.expected:
            return "none"
        now = self._reach(indicator.kind, 0)
        if now is None:
            return "incomplete" if self.missing else "none"
        adds_up = indicator.kind in verdict.ADDED_UP
        later = self._reach(indicator.kind, self.missing or int(adds_up)) or now
        is_final = is_locked or not self.missing
        return verdict.judged(goal, now, later, is_final=is_final, adds_up=adds_up)

    def _reach(self, kind: str, out: int) -> Reach | None:
        """What the figure can become through so many more units; None where there is none yet."""
        if kind == "ratio" and self.denominator:
            return verdict.of_parts(self.numerator, self.denominator, out)
        if kind == "yesno" and self.with_value:
            return verdict.of_answers(self.chosen["yes"], self.with_value, out)
        # Where every answer says that nothing of it occurred, what is judged is none of it.
        if kind in verdict.ADDED_UP and (self.with_value or self.nil):
            return verdict.of_sum(self.total, out)
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
