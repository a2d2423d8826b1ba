"""What `value.read` judges a box by, as data: the form page's script judges by the same."""

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.rules.forms import value
from chalicelib.rules.forms.form import NARRATIVES
from chalicelib.rules.texts import number, text

# The problems a box can have that its own page can say; the others are of a whole report, or of
# what no page of ours sends.
PROBLEMS = (
    "not_a_number",
    "not_whole",
    "negative",
    "too_many_digits",
    "ambiguous",
    "half_a_ratio",
    "numerator_above_denominator",
    "nil_beside_value",
    "value_in_nil_report",
    "forbidden_character",
    "text_too_long",
    "too_many_lines",
    "line_too_long",
)


def table() -> Mapping[str, Any]:
    # A browser sends half a pair of surrogates as another character: it is no fault there.
    forbidden = (one for one in text.FORBIDDEN if one != text.SURROGATES)
    return {
        "forbidden": _ranges(forbidden),
        "marks": _ranges(text.MARKS),
        "stacked": text.MOST_MARKS + 1,
        "invisible": _ranges(text.INVISIBLE),
        "idle": _ranges(text.IDLE_AFTER),
        "joiners": _ranges(text.JOINERS),
        "refused": "".join(f"\\p{{{category}}}" for category in number.REFUSED_CATEGORIES),
        "count": number.PATTERNS["count"],
        "amount": number.PATTERNS["amount"],
        "text": value.LONGEST_TEXT,
        "line": value.LONGEST_LINE,
        "lines": value.MOST_LINES,
        "narratives": NARRATIVES,
    }


def _ranges(ranges: Iterable[tuple[int, int]]) -> str:
    """As they stand between the brackets of a pattern of JavaScript."""
    return "".join(f"\\u{{{first:x}}}-\\u{{{last:x}}}" for first, last in ranges)
