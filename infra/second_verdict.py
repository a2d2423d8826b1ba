"""What must be said of a target, found a second time: by trying what late reports could bring.

It shares no line with the product's verdict: it reads the target itself, lets the smallest and the
largest reports come in, and looks at how each of them would end.
"""

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

_HUGE = 10**40
_LATE: Mapping[str, tuple[Any, ...]] = {
    "count": (0, _HUGE),
    "amount": (0, _HUGE),
    "ratio": ((0, 0), (0, _HUGE), (_HUGE, _HUGE)),
    "yesno": ("yes", "no"),
}


def verdicts(indicator: Mapping[str, Any], answers: Sequence[Any]) -> dict[bool, str]:
    """Before the lock and after it; an answer is ... where the unit gave none."""
    goal = _goal(indicator)
    return {locked: _verdict(goal, indicator["kind"], answers, locked) for locked in (False, True)}


def _verdict(
    goal: tuple[str, Fraction] | None, kind: str, answers: Sequence[Any], locked: bool
) -> str:
    if goal is None or not answers:
        return "none"
    given = [one for one in answers if one is not ...]
    out = len(answers) - len(given)
    figure = _figure(kind, given)
    if figure is None:
        return "incomplete" if out else "none"
    is_sum = kind in ("count", "amount")
    ends = [_figure(kind, [*given, *[late] * (out or 1)]) for late in _LATE[kind]]
    could = [_compared(end, goal[1]) for end in ends if end is not None]
    if out and not locked:
        if not _can_meet(goal[0], could):
            return "breached"
        return "met" if all(_meets(goal[0], one) for one in could) else "incomplete"
    if _meets(goal[0], _compared(figure, goal[1])):
        return "met"
    return "breached" if is_sum and not _can_meet(goal[0], could) else "missed"


def _figure(kind: str, given: Sequence[Any]) -> Fraction | None:
    """What is judged: a sum, or a share in hundredths."""
    values = [one for one in given if one is not None and one is not False]
    if kind in ("count", "amount"):
        nothing_at_all = not values and None not in given
        return None if nothing_at_all else sum(map(Fraction, values), Fraction(0))
    if kind == "yesno":
        return Fraction(100 * values.count("yes"), len(values)) if values else None
    numerator, denominator = (sum(Fraction(one[part]) for one in values) for part in (0, 1))
    return Fraction(100 * numerator, denominator) if denominator else None


def _compared(figure: Fraction, amount: Fraction) -> int:
    return (figure > amount) - (figure < amount)


def _meets(sign: str, compared: int) -> bool:
    wanted = {">=": (0, 1), ">": (1,), "<=": (0, -1), "<": (-1,), "=": (0,)}
    return compared in wanted[sign]


def _can_meet(sign: str, ends: Sequence[int]) -> bool:
    """Of all that lies between the ends; only what is exactly the target can lie in the middle."""
    return any(_meets(sign, one) for one in ends) or (sign == "=" and min(ends) < 0 < max(ends))


def _goal(indicator: Mapping[str, Any]) -> tuple[str, Fraction] | None:
    """None where nothing is judged by it."""
    kind, target = indicator["kind"], indicator.get("target", "")
    found = re.fullmatch(r"(>=|<=|≥|≤|<|>|=)?\s*([\d.,\s]*\d)\s*(%?)", target.strip())
    if not found or indicator["aggregate"] == "none" or kind not in _LATE:
        return None
    sign, digits, percent = found.groups()
    if bool(percent) != (kind in ("ratio", "yesno")):
        return None
    amount = _amount(re.sub(r"\s", "", digits), kind)
    plain = {"≥": ">=", "≤": "<=", None: "="}.get(sign, sign)
    return None if amount is None else (plain, amount)


def _amount(digits: str, kind: str) -> Fraction | None:
    """1.000 is a thousand of what is counted, one of a share; of an amount nobody knows."""
    groups = re.split(r"[.,]", digits)
    could_be_thousands = len(groups) == 2 and re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", digits)
    if could_be_thousands and kind == "amount":
        return None
    if len(groups) > 2 or (could_be_thousands and kind == "count"):
        return Fraction("".join(groups))
    return Fraction(".".join(groups))
