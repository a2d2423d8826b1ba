"""Numbers as people in Việt Nam type them and as they are shown to them."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache

from chalicelib.rules.texts.text import normal

MOST_DIGITS = 15

_GROUPED = r"[1-9][0-9]{0,2}([., ])[0-9]{3}(?:\1[0-9]{3})*"
_SPACED = r"[1-9][0-9]{0,2}(?: [0-9]{3})+[.,][0-9]+"
_BOTH = r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+,[0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3})+\.[0-9]+|" + _SPACED
_DECIMAL = r"[0-9]+[.,][0-9]+"
_NO_NUMBER = (
    (r"[-−–]\s*[0-9.,][0-9., ]*", "negative"),
    (r"[0-9., ]*[^0-9., ].*", "not_a_number"),
    (f"(?:[., ]*[0-9]){{{MOST_DIGITS + 1}}}.*", "too_many_digits"),
    (r"[0-9]+", "whole"),
)
# The rules for a number, read by the server here and by the form page in its script: signs of
# these categories are refused (10² is not 102, ⑩ not 10); then the NFKC text, without blanks
# at its ends, is what the first pattern says that fits all of it: whole, a fraction, ambiguous
# (either of the two), or what is wrong with it. The patterns keep to what Python and JavaScript
# read alike.
REFUSED_CATEGORIES = ("No", "Nl")
PATTERNS: Mapping[str, Sequence[tuple[str, str]]] = {
    "count": (
        *_NO_NUMBER,
        (_GROUPED, "whole"),
        (f"{_DECIMAL}|{_BOTH}", "not_whole"),
        (r".*", "not_a_number"),
    ),
    "amount": (
        *_NO_NUMBER,
        (_BOTH, "fraction"),
        (r"[1-9][0-9]{0,2}[.,][0-9]{3}", "ambiguous"),
        (_GROUPED, "whole"),
        (_DECIMAL, "fraction"),
        (r".*", "not_a_number"),
    ),
}


class NotRead(Exception):
    """The text is no number we take; `problem` is a key of messages.unit.report.FAULTS."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class Percent(Decimal):
    """A share in per cent: 98.53 is shown as 98,53%."""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A text that can mean two numbers: 1.250 is 1250 or 1,25."""

    meanings: tuple[Decimal, Decimal]


@cache
def _compiled(kind: str) -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(pattern, re.DOTALL), said) for pattern, said in PATTERNS[kind]]


def _read(kind: str, text: str) -> tuple[str, str]:
    """What the rules say of a text that is a number, and the text they said it of."""
    if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS:
        return "whole", text  # what nearly everybody types; the rules below say the same
    if any(unicodedata.category(c) in REFUSED_CATEGORIES for c in text):
        raise NotRead("not_a_number")
    text = normal("NFKC", text).strip()
    said = next(said for pattern, said in _compiled(kind) if pattern.fullmatch(text))
    if said not in ("whole", "fraction", "ambiguous"):
        raise NotRead(said)
    return said, text


def _whole(text: str) -> str:
    return text if text.isdigit() else re.sub(r"[., ]", "", text)


def _fraction(text: str) -> str:
    whole, _, part = text.replace(",", ".").rpartition(".")
    return f"{_whole(whole)}.{part}"


def read_count(text: str) -> int:
    """A whole number ≥ 0; dots, commas or blanks between groups of three are allowed."""
    return int(_whole(_read("count", text)[1]))


def read_amount(text: str) -> Decimal | Ambiguous:
    """An exact amount ≥ 0, or both meanings where the separator can mean either thing."""
    said, text = _read("amount", text)
    if said == "ambiguous":
        return Ambiguous((Decimal(_whole(text)), Decimal(_fraction(text))))
    return Decimal(_whole(text) if said == "whole" else _fraction(text))


def plain(number: Decimal) -> str:
    """The canonical text of an amount: no exponent, no zeros at the end: 12.5, 1250, 0."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text or "0"


def shown(number: int | Decimal, decimals: int = 0) -> str:
    """1.234.567,89: at least `decimals` places, and never fewer than the number has."""
    if isinstance(number, int) and not decimals:
        return f"{number:,}".replace(",", ".")
    whole, _, part = plain(Decimal(number)).partition(".")
    groups = f"{int(whole):,}".replace(",", ".")
    part = part.ljust(decimals, "0")
    return f"{groups},{part}" if part else groups


def percent(numerator: int | Decimal, denominator: int | Decimal) -> Decimal | None:
    """Numerator over denominator in per cent, half up to two decimals; None over nothing."""
    if denominator == 0:
        return None
    part, whole = Fraction(numerator), Fraction(denominator)
    hundredths = (20_000 * part + whole) // (2 * whole)
    return Decimal(hundredths).scaleb(-2)
