"""Targets as they are written in the plan: >=98%, <=5, <0.5%, 0; other text is only shown."""

import operator
import re
from dataclasses import dataclass
from decimal import Decimal

_FORM = re.compile(r"(>=|<=|≥|≤|<|>|=)?\s*(\d+(?:[.,]\d+)?)\s*(%)?")
_COMPARE = {
    ">=": operator.ge,
    "≥": operator.ge,
    "<=": operator.le,
    "≤": operator.le,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}


@dataclass(frozen=True, slots=True)
class Target:
    sign: str
    amount: Decimal
    percent: bool

    def met_by(self, total: Decimal) -> bool:
        return bool(_COMPARE[self.sign](total, self.amount))

    def met_by_share(self, numerator: int, denominator: int) -> bool:
        """Unrounded: numerator × 100 against amount × denominator, all exact."""
        return bool(_COMPARE[self.sign](Decimal(numerator) * 100, self.amount * denominator))


def parse(written: str) -> Target | None:
    match = _FORM.fullmatch(written.strip())
    if not match:
        return None
    return Target(match[1] or "=", Decimal(match[2].replace(",", ".")), match[3] == "%")


def shown(written: str) -> str:
    """The written ">=98%" reads "≥ 98%"; a text that is no target comes back as it is."""
    goal = parse(written)
    if goal is None:
        return written
    sign = {">=": "≥ ", "≥": "≥ ", "<=": "≤ ", "≤": "≤ ", "<": "< ", ">": "> ", "=": ""}[goal.sign]
    return f"{sign}{str(goal.amount).replace('.', ',')}{'%' if goal.percent else ''}"
