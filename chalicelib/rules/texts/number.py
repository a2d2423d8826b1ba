"""Numbers as people in Việt Nam type them and as they are shown to them."""

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from chalicelib.rules.texts.text import normal

MOST_DIGITS = 15

_PLAIN = re.compile(r"\d+")
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:([., ])\d{3})(?:\1\d{3})*")
_DECIMAL = re.compile(r"(\d+)[.,](\d+)")
_BOTH = re.compile(r"([1-9]\d{0,2}(?:\.\d{3})+),(\d+)|([1-9]\d{0,2}(?:,\d{3})+)\.(\d+)")
_SPACED = re.compile(r"([1-9]\d{0,2}(?: \d{3})+)[.,](\d+)")


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


def _ascii(text: str) -> str:
    if any(c.isnumeric() and not c.isdecimal() for c in text):  # 10² is not 102, ⑩ not 10
        raise NotRead("not_a_number")
    text = normal("NFKC", text).strip()
    if re.fullmatch(r"[-−–]\s*[\d.,][\d., ]*", text):
        raise NotRead("negative")
    if not re.fullmatch(r"[0-9., ]+", text):
        raise NotRead("not_a_number")
    if sum(c.isdigit() for c in text) > MOST_DIGITS:
        raise NotRead("too_many_digits")
    return text


def read_count(text: str) -> int:
    """A whole number ≥ 0; dots, commas or blanks between groups of three are allowed."""
    text = _ascii(text)
    if _PLAIN.fullmatch(text):
        return int(text)
    if _GROUPED.fullmatch(text):
        return int(re.sub(r"\D", "", text))
    if _DECIMAL.fullmatch(text) or _BOTH.fullmatch(text) or _SPACED.fullmatch(text):
        raise NotRead("not_whole")
    raise NotRead("not_a_number")


def read_amount(text: str) -> Decimal | Ambiguous:
    """An exact amount ≥ 0, or both meanings where the separator can mean either thing."""
    text = _ascii(text)
    if _PLAIN.fullmatch(text):
        return Decimal(text)
    if both := _BOTH.fullmatch(text) or _SPACED.fullmatch(text):
        whole, part = (group for group in both.groups() if group is not None)
        return Decimal(re.sub(r"\D", "", whole) + "." + part)
    grouped, fraction = _GROUPED.fullmatch(text), _DECIMAL.fullmatch(text)
    if grouped:
        whole_number = Decimal(re.sub(r"\D", "", text))
        if not fraction:
            return whole_number
        return Ambiguous((whole_number, Decimal(f"{fraction[1]}.{fraction[2]}")))
    if fraction:
        return Decimal(f"{fraction[1]}.{fraction[2]}")
    raise NotRead("not_a_number")


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
