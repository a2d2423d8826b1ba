"""Which values are far from what the unit reported before: asked about, and never a fault."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from chalicelib.rules.forms import value
from chalicelib.rules.forms.form import Indicator
from chalicelib.rules.forms.value import Figure

TIMES = 3  # more than so many times what it was; an indicator's `jump` is another factor
LEAST = 10  # and by so much at least: of small numbers every change is a multiple
MOST_ASKED = 5  # of one report: who is asked more answers without looking
_COMPARED = ("count", "rank", "amount", "ratio")


@dataclass(frozen=True, slots=True)
class Odd:
    """`field` is the box that is furthest off; `gravity` compares it with others."""

    code: str
    field: str
    gravity: Fraction


def found(
    asked: Iterable[Indicator],
    figures: Mapping[str, Figure],
    last: Mapping[str, Figure],
    year_before: Mapping[str, Figure],
) -> tuple[Odd, ...]:
    """The gravest first, equal ones in the form's order.

    Far from the last comparable round, and from the same period of last year where there is one:
    what comes every autumn is not odd. Where nothing is known of the last round, nothing is odd.
    """
    odd = []
    for one in asked:
        if one.code in figures and one.code in last:
            before = [last[one.code]]
            if one.code in year_before:
                before.append(year_before[one.code])
            odd += _odd(one, figures[one.code], before)
    return tuple(sorted(odd, key=lambda one: -one.gravity))


def _odd(one: Indicator, new: Figure, before: list[Figure]) -> list[Odd]:
    """The indicator once, by the part of it that is furthest off."""
    if one.kind not in _COMPARED or one.jump == "none":
        return []
    times = Fraction(one.jump or TIMES)
    now, last, *earlier = (_numbers(one, figure) for figure in (new, *before))
    if not now or not last:
        return []
    fields, olds = value.fields(one), zip(last, *filter(None, earlier), strict=True)
    far = [
        Odd(one.code, field, min(_gravity(old, part, times) for old in its))
        for field, part, its in zip(fields, now, olds, strict=True)
        if all(_is_far(old, part, times) for old in its)
    ]
    return [max(far, key=lambda part: part.gravity)] if far else []


def _is_far(old: Fraction, now: Fraction, times: Fraction) -> bool:
    less, more = sorted((old, now))
    return more - less >= LEAST and more > less * times


def _gravity(old: Fraction, now: Fraction, times: Fraction) -> Fraction:
    """How many times what is taken as usual. LEAST is added to both: 0 → 12 is less than
    0 → 99,999, and 1 → 40 is less than 100 → 4,000.
    """
    less, more = sorted((old, now))
    return (more + LEAST) / (less + LEAST) / times


def _numbers(one: Indicator, figure: Figure) -> list[Fraction]:
    """Nil is 0; what is not applicable is no number."""
    if figure is value.NOT_APPLICABLE:
        return []
    if figure is value.NIL:
        return [Fraction(0)] * len(value.fields(one))
    parts = figure if isinstance(figure, list) else [figure]
    return [Fraction(Decimal(part)) for part in parts]
