"""What is said of a target: at once where no late report can change it, else when all is in."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple, TypeAlias

from chalicelib.rules.forms import indicator_target
from chalicelib.rules.forms.form import Indicator
from chalicelib.rules.forms.indicator_target import Target

Verdict: TypeAlias = Literal["met", "missed", "breached", "incomplete", "none"]

MET: Mapping[Verdict, bool] = {"met": True, "missed": False, "breached": False}

ADDED_UP, SHARED = ("count", "amount"), ("ratio", "yesno")


class Reach(NamedTuple):
    """All that a figure can become: from `low` to `high` (None: without end), ends in or not."""

    low: Fraction
    high: Fraction | None
    low_in: bool = True
    high_in: bool = True

    def is_at_least(self, amount: Fraction) -> bool:
        return self.is_above(amount) or (self.high == amount and self.high_in)

    def is_above(self, amount: Fraction) -> bool:
        return self.high is None or self.high > amount

    def is_at_most(self, amount: Fraction) -> bool:
        return self.is_below(amount) or (self.low == amount and self.low_in)

    def is_below(self, amount: Fraction) -> bool:
        return self.low < amount


def of_sum(total: int | Decimal, out: int) -> Reach:
    """Nothing that is added up is negative: what comes in can only raise a sum."""
    return Reach(Fraction(total), None if out else Fraction(total))


def of_answers(yes: int, answered: int, out: int) -> Reach:
    """In hundredths: all who are still out say no, or all say yes."""
    return Reach(Fraction(100 * yes, answered + out), Fraction(100 * (yes + out), answered + out))


def of_parts(numerator: int | Decimal, denominator: int | Decimal, out: int) -> Reach:
    """In hundredths: one unit that is out can have any two numbers, and bring a share anywhere.

    Only to nothing it can't where there is something, nor to the whole where some falls short.
    """
    if out:
        return Reach(Fraction(0), Fraction(100), numerator == 0, numerator == denominator)
    share = 100 * Fraction(numerator) / Fraction(denominator)
    return Reach(share, share)


_CAN_BE_MET: Mapping[str, Callable[[Reach, Fraction], bool]] = {
    ">=": Reach.is_at_least,
    "≥": Reach.is_at_least,
    ">": Reach.is_above,
    "<=": Reach.is_at_most,
    "≤": Reach.is_at_most,
    "<": Reach.is_below,
    "=": lambda reach, amount: reach.is_at_least(amount) and reach.is_at_most(amount),
}
_CAN_BE_MISSED: Mapping[str, Callable[[Reach, Fraction], bool]] = {
    ">=": Reach.is_below,
    "≥": Reach.is_below,
    ">": Reach.is_at_most,
    "<=": Reach.is_above,
    "≤": Reach.is_above,
    "<": Reach.is_at_least,
    "=": lambda reach, amount: reach.is_above(amount) or reach.is_below(amount),
}


def goal(indicator: Indicator) -> Target | None:
    """What the indicator's total is judged by; None where nothing of it is judged."""
    found = indicator_target.parse(indicator.target, indicator.kind)
    if found is None or indicator.aggregate == "none":
        return None
    return found if indicator.kind in (SHARED if found.percent else ADDED_UP) else None


def judged(target: Target, now: Reach, later: Reach, *, is_final: bool, adds_up: bool) -> Verdict:
    """By what stands `now` and by all that late reports can make of it `later`.

    A sum past its ceiling stays breached when all is in: no report ever takes it back.
    """
    amount = Fraction(target.amount)
    is_out_of_reach = not _CAN_BE_MET[target.sign](later, amount)
    if not is_final:
        if is_out_of_reach:
            return "breached"
        return "incomplete" if _CAN_BE_MISSED[target.sign](later, amount) else "met"
    if _CAN_BE_MET[target.sign](now, amount):
        return "met"
    return "breached" if is_out_of_reach and adds_up else "missed"


def is_above(target: Target, figure: Fraction) -> bool:
    """Whether a target that is breached is a ceiling that was passed, and no floor out of reach."""
    return figure > target.amount or target.sign == "<"
