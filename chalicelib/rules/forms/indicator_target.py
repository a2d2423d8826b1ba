"""Targets as they are written in the plan: >=98%, <=5, <0.5%, 1.000; other text is only shown."""

import re
from dataclasses import dataclass
from decimal import Decimal

from chalicelib.rules.texts import number
from chalicelib.rules.texts.number import Ambiguous, NotRead

_FORM = re.compile(r"(>=|<=|≥|≤|<|>|=)?\s*(\d[\d., ]*?)\s*(%)?")


@dataclass(frozen=True, slots=True)
class Target:
    sign: str
    amount: Decimal
    percent: bool


def parse(written: str, kind: str) -> Target | None:
    """1.000 is a thousand of what is counted and 1 % of a share; of an amount it is no target."""
    found = _read(written)
    if found is None or is_ambiguous(written, kind):
        return None
    sign, amount, percent = found
    if isinstance(amount, Ambiguous):
        amount = amount.meanings[percent]
    return Target(sign, amount, percent)


def is_ambiguous(written: str, kind: str) -> bool:
    """True where the number of an amount's target can mean two: 1.250 is 1250 or 1,25."""
    found = _read(written)
    if found is None or kind != "amount":
        return False
    _, amount, percent = found
    return isinstance(amount, Ambiguous) and not percent


def _read(written: str) -> tuple[str, Decimal | Ambiguous, bool] | None:
    """Its sign, its number, and whether that is a share."""
    match = _FORM.fullmatch(written.strip())
    try:
        return (match[1] or "=", number.read_amount(match[2]), match[3] == "%") if match else None
    except NotRead:
        return None


def shown(written: str, kind: str) -> str:
    """The written ">=98%" reads "≥ 98%"; a text that is no target comes back as it is."""
    goal = parse(written, kind)
    if goal is None:
        return written
    sign = {">=": "≥ ", "≥": "≥ ", "<=": "≤ ", "≤": "≤ ", "<": "< ", ">": "> ", "=": ""}[goal.sign]
    return f"{sign}{number.shown(goal.amount)}{'%' if goal.percent else ''}"
