"""Targets as they are written in the plan: >=98%, <=5, <0.5%, 1.000; other text is only shown."""

import operator
import re
from dataclasses import dataclass
from decimal import Decimal

from chalicelib.rules.texts import number
from chalicelib.rules.texts.number import Ambiguous, NotRead

_FORM = re.compile(r"(>=|<=|≥|≤|<|>|=)?\s*(\d[\d., ]*?)\s*(%)?")
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


def parse(written: str, kind: str = "") -> Target | None:
    """1.000 is a thousand of a count and 1 % of a share; of an amount it could be either, and is
    no target.
    """
    match = _FORM.fullmatch(written.strip())
    read = _read(match[2]) if match else None
    if match is None or read is None:
        return None
    if isinstance(read, Ambiguous):
        whole, fraction = read.meanings
        if not match[3] and kind not in ("count", "rank"):
            return None
        read = fraction if match[3] else whole
    return Target(match[1] or "=", read, match[3] == "%")


def two_meanings(written: str, kind: str) -> tuple[Decimal, ...]:
    """What the number of this target can mean, where it can mean two."""
    match = _FORM.fullmatch(written.strip())
    read = _read(match[2]) if match else None
    return read.meanings if isinstance(read, Ambiguous) and not parse(written, kind) else ()


def _read(written: str) -> Decimal | Ambiguous | None:
    try:
        return number.read_amount(written)
    except NotRead:
        return None


def shown(written: str, kind: str = "") -> str:
    """The written ">=98%" reads "≥ 98%"; a text that is no target comes back as it is."""
    goal = parse(written, kind)
    if goal is None:
        return written
    sign = {">=": "≥ ", "≥": "≥ ", "<=": "≤ ", "≤": "≤ ", "<": "< ", ">": "> ", "=": ""}[goal.sign]
    return f"{sign}{number.shown(goal.amount)}{'%' if goal.percent else ''}"
