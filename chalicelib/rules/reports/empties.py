"""Figures left empty: which of them one tap may fill, by what the last round said of each."""

from types import EllipsisType
from typing import Literal

from chalicelib.rules.forms import value
from chalicelib.rules.forms.form import Indicator
from chalicelib.rules.forms.value import Figure

# nil: nothing of it occurred, as last time; keep: it stands as it stood; na: still not applicable.
Fill = Literal["nil", "keep", "na", "type"]


def fill(one: Indicator, last: Figure | EllipsisType) -> Fill:
    """`last` is ... where the last round says nothing. What is of a school year or semester is of
    that one alone.
    """
    if last is value.NOT_APPLICABLE:
        return "na"
    if one.occurs:
        return "nil" if last is ... or value.is_nothing(last) else "type"
    return "type" if last is ... or last is value.NIL or one.as_of else "keep"
