"""Which values are far from what the unit reported before: asked about, and never a fault."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from chalicelib.rules.forms import value
from chalicelib.rules.forms.form import Indicator
from chalicelib.rules.forms.value import Figure

TIMES = 3  # more than so many times what it was; an indicator's `jump` is another factor
LEAST = 10  # and by so much at least: of small numbers every change is a multiple
MOST_ASKED = 5  # of one report: who is asked more answers without looking
Number: TypeAlias = int | Fraction  # whole ones stay what they are: a report has fifty
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
        code = one.code
        if code in figures and code in last and _may_be_odd(one, figures[code], last[code]):
            before = [last[code]]
            if code in year_before:
                before.append(year_before[code])
            odd += _odd(one, figures[code], before)
    return tuple(sorted(odd, key=lambda one: -one.gravity))


def _may_be_odd(one: Indicator, new: Figure, last: Figure) -> bool:
    """Most figures are as they were, or nearly so: those are looked at no closer."""
    if type(new) is int and type(last) is int and not one.jump:
        return _is_far(last, new, TIMES)
    return new != last


def _odd(one: Indicator, new: Figure, before: list[Figure]) -> list[Odd]:
    """The indicator once, by the part of it that is furthest off."""
    if one.kind not in _COMPARED or one.jump == "none":
        return []
    times = Fraction(one.jump) if one.jump else TIMES
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


def _is_far(old: Number, now: Number, times: Number) -> bool:
    less, more = (old, now) if old < now else (now, old)
    return more - less >= LEAST and more > less * times


def _gravity(old: Number, now: Number, times: Number) -> Fraction:
    """How many times what is taken as usual. LEAST is added to both: 0 → 12 is less than
    0 → 99,999, and 1 → 40 is less than 100 → 4,000.
    """
    less, more = sorted((old, now))
    return Fraction(more + LEAST) / (less + LEAST) / times


def _numbers(one: Indicator, figure: Figure) -> list[Number]:
    """Nil is 0; what is not applicable is no number."""
    if figure is value.NOT_APPLICABLE:
        return []
    if figure is value.NIL:
        return [0] * len(value.fields(one))
    parts = figure if isinstance(figure, list) else [figure]
    return [part if isinstance(part, int) else Fraction(part) for part in parts]
