"""One field of the form: from what was typed to a figure or text, and back again."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

from chalicelib.rules.forms.form import Indicator
from chalicelib.rules.texts import number, text
from chalicelib.rules.texts.number import Ambiguous, NotRead

LONGEST_TEXT = 4_000
LONGEST_LINE = 300
MOST_LINES = 50
LONGEST_NOTE = 300

# A figure as it is stored: a count or rank is an int, an amount its canonical text, a ratio
# [numerator, denominator] of counts or of amounts, a yes/no or choice its name. None is "nil"
# (không phát sinh), False is "not applicable" (không áp dụng); what is missing has no entry.
Figure: TypeAlias = int | str | list[int] | list[str] | None
Text: TypeAlias = str | list[str] | None
NIL = None
NOT_APPLICABLE = False


class Unreadable(Exception):
    """What was typed in `field` is not taken; `problem` is a key of messages.unit.report.FAULTS."""

    def __init__(self, field: str, problem: str, meanings: Sequence[Decimal] = ()) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem
        self.meanings = tuple(meanings)


class Empty(Exception):
    """Nothing was typed where a value, nil or not applicable is asked."""


def given(indicator: Indicator, typed: Mapping[str, str]) -> bool:
    """Whether it is answered: what can't be read, or only half of it, is no answer."""
    try:
        read(indicator, typed)
    except (Unreadable, Empty):
        return False
    return True


def fields(indicator: Indicator) -> tuple[str, ...]:
    """The names of the boxes that are typed in."""
    if indicator.kind == "ratio":
        return (f"{indicator.code}.num", f"{indicator.code}.den")
    return (indicator.code,)


def read(indicator: Indicator, typed: Mapping[str, str]) -> Figure | Text:
    """The value of one indicator. Raises Unreadable, or Empty where nothing was given."""
    code = indicator.code
    typed = settled(indicator, typed)
    raw = [typed.get(field, "") for field in fields(indicator)]
    for field, content in zip(fields(indicator), raw, strict=True):
        if text.forbidden(content):
            raise Unreadable(field, "forbidden_character")
    state = typed.get(f"{code}.state", "value")
    if state in ("nil", "na"):
        if any(raw):
            raise Unreadable(fields(indicator)[0], "nil_beside_value")
        return NIL if state == "nil" else NOT_APPLICABLE
    if state != "value":
        raise Unreadable(fields(indicator)[0], "unknown_state")
    if not any(raw):
        if indicator.is_text:
            return NIL
        raise Empty
    return _READERS[indicator.kind](indicator, raw)


def _count(indicator: Indicator, raw: list[str]) -> Figure:
    return _whole(indicator.code, raw[0])


def _whole(field: str, content: str) -> int:
    try:
        return number.read_count(content)
    except NotRead as refused:
        raise Unreadable(field, refused.problem) from None


def _amount(indicator: Indicator, raw: list[str]) -> Figure:
    return number.plain(_exact(indicator.code, raw[0]))


def _exact(field: str, content: str) -> Decimal:
    try:
        read = number.read_amount(content)
    except NotRead as refused:
        raise Unreadable(field, refused.problem) from None
    if isinstance(read, Ambiguous):
        raise Unreadable(field, "ambiguous", read.meanings)
    return read


def _ratio(indicator: Indicator, raw: list[str]) -> Figure:
    read = _exact if indicator.parts == "amount" else _whole
    named = dict(zip(fields(indicator), raw, strict=True))
    found = [read(field, content) for field, content in named.items() if content]
    for field, content in named.items():
        if not content:
            raise Unreadable(field, "half_a_ratio")
    if found[0] > found[1]:
        raise Unreadable(fields(indicator)[0], "numerator_above_denominator")
    if indicator.parts == "amount":
        return [number.plain(Decimal(one)) for one in found]
    return [int(one) for one in found]


def _yesno(indicator: Indicator, raw: list[str]) -> Figure:
    if raw[0] not in {choice.name for choice in indicator.choices}:
        raise Unreadable(indicator.code, "unknown_choice")
    return raw[0]


def _text(indicator: Indicator, raw: list[str]) -> Text:
    if len(raw[0]) > LONGEST_TEXT:
        raise Unreadable(indicator.code, "text_too_long")
    return raw[0]


def _list(indicator: Indicator, raw: list[str]) -> Text:
    lines = [line.strip() for line in raw[0].split("\n") if line.strip()]
    if len(lines) > MOST_LINES:
        raise Unreadable(indicator.code, "too_many_lines")
    if any(len(line) > LONGEST_LINE for line in lines):
        raise Unreadable(indicator.code, "line_too_long")
    return lines


_READERS = {
    "count": _count,
    "rank": _count,
    "amount": _amount,
    "ratio": _ratio,
    "yesno": _yesno,
    "choice": _yesno,
    "text": _text,
    "list": _list,
}


def typed(indicator: Indicator, value: Figure | Text) -> dict[str, str]:
    """What a person would type to give this value: fills the form for a correction."""
    code = indicator.code
    if value is NIL:
        return {} if indicator.is_text else {f"{code}.state": "nil"}
    if value is NOT_APPLICABLE:
        return {f"{code}.state": "na"}
    if indicator.kind == "ratio" and isinstance(value, list):
        said = unambiguous if indicator.parts == "amount" else str
        return {f"{code}.num": said(str(value[0])), f"{code}.den": said(str(value[1]))}
    if indicator.kind == "list" and isinstance(value, list):
        return {code: "\n".join(str(line) for line in value)}
    if indicator.kind == "amount":
        return {code: unambiguous(str(value))}
    return {code: str(value)}


def unambiguous(amount: str) -> str:
    """A canonical amount as text with one reading: 1250, 1,25, and 1,2340 for 1,234."""
    whole, point, part = amount.partition(".")
    if not point:
        return whole
    could_be_thousands = len(part) == 3 and len(whole) <= 3 and whole != "0"
    return f"{whole},{part}0" if could_be_thousands else f"{whole},{part}"


def settled(indicator: Indicator, typed: Mapping[str, str]) -> dict[str, str]:
    """What was typed, with an answered question settled in the text itself.

    The answer must not outlive the text that it was given for.
    """
    kept = dict(typed)
    for field in fields(indicator):
        chosen = kept.pop(f"{field}.read", "")
        if chosen:
            kept[field] = _settled(kept.get(field, ""), chosen)
    return kept


def _settled(written: str, chosen: str) -> str:
    try:
        asked = number.read_amount(written)
    except NotRead:
        return written
    if isinstance(asked, Ambiguous) and chosen in map(number.plain, asked.meanings):
        return unambiguous(chosen)
    return written


def shown(indicator: Indicator, value: Figure | Text) -> str:
    """A value as a person reads it; the words for nil and the like are the template's."""
    if indicator.kind == "ratio" and isinstance(value, list):
        return "/".join(map(number.shown, parts(value)))
    if indicator.kind in ("count", "rank") and isinstance(value, int):
        return number.shown(value)
    if indicator.kind == "amount" and isinstance(value, str):
        return number.shown(Decimal(value), indicator.decimals)
    if isinstance(value, list):
        return "\n".join(str(line) for line in value)
    labels = {choice.name: choice.label for choice in indicator.choices}
    return labels.get(str(value), str(value))


def parts(ratio: Sequence[int | str]) -> tuple[int | Decimal, int | Decimal]:
    """The two numbers of a stored ratio."""
    num, den = (part if isinstance(part, int) else Decimal(part) for part in ratio)
    return num, den


def is_nothing(figure: Figure) -> bool:
    """Whether it says that none of it occurred: nil, 0, or none of none."""
    parts = figure if isinstance(figure, list) else [figure]
    return figure is not NOT_APPLICABLE and all(part in (NIL, 0, "0") for part in parts)
