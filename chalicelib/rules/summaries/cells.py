"""The summary's rows and columns, the same for XLSX and CSV: heads, cells, totals."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

from chalicelib.rules.forms import value
from chalicelib.rules.forms.form import Indicator, Section, indicators
from chalicelib.rules.summaries.summary import Document
from chalicelib.rules.summaries.tally import Sent
from chalicelib.rules.texts import number
from chalicelib.rules.units.unit import Unit

_COVERAGE = ("expected", "with_value", "nil", "not_applicable", "missing")


@dataclass(frozen=True, slots=True)
class Words:
    """What the files of a summary say besides names and figures: its places are in braces."""

    heads: tuple[str, ...]  # of the summary's table
    bloc_heads: tuple[str, ...]  # of each bloc's part of it, after {bloc}
    rules: Mapping[str, str]
    by_department: str
    verdict: Callable[[Document], str]
    missing: str
    value_states: Mapping[str, str]
    states: Mapping[str, str]
    timing: Mapping[bool, str]
    sheets: tuple[str, str, str, str]
    made: str  # {period}, {moment}
    moment: Callable[[datetime], str]
    counts: tuple[tuple[str, str], ...]  # with the name of each
    compared: str
    fits: Mapping[bool, str]
    unit_heads: tuple[str, str, str, str]
    own_sums: str
    summed: str
    units: str  # {count}
    text_heads: tuple[str, ...]
    reported_heads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit that owes a report, and where its report stands (None: not sent)."""

    unit: Unit
    sent: Sent | None
    asked: frozenset[str] | None = None  # codes; None: what the sections ask of its bloc
    stands: str = "missing"  # what is said where nothing was sent (Obligation.stands)


def heads(blocs: Mapping[str, str], codes: Sequence[str], words: Words) -> list[str]:
    """The heads of the summary's table: the total's, then each bloc's."""
    parts = ((blocs[code], part) for code in codes for part in words.bloc_heads)
    return [*words.heads, *(part.format(bloc=label) for label, part in parts)]


def line_cells(line: Document, codes: Sequence[str], words: Words) -> list[object]:
    blocs = (cell for code in codes for cell in _bloc_cells(line, code, words))
    return [*_summary_cells(line, words), *blocs]


def _summary_cells(line: Document, words: Words) -> list[object]:
    return [
        line["code"],
        line["label"],
        line["measured_in"],
        _rule(line, words),
        line["target"],
        words.verdict(line),
        _result(line, line["kind"], words),
        _part(line["numerator"]),
        _part(line["denominator"]),
        *(line[name] for name in _COVERAGE),
    ]


def _rule(line: Document, words: Words) -> str:
    is_ours = line["entered_by"] == "department"
    return words.by_department if is_ours else words.rules[line["aggregate"]]


def _bloc_cells(line: Document, bloc: str, words: Words) -> list[object]:
    part = line["blocs"].get(bloc)
    if part is None:
        return [None] * (1 + len(_COVERAGE))
    return [_result(part, line["kind"], words), *(part[name] for name in _COVERAGE)]


def _result(part: Document, kind: str, words: Words) -> object:
    """The value as a number; a percentage as its hundredth parts, not as a share."""
    if state := words.value_states.get(part.get("state", "")):
        return state
    if kind == "choice" and part["value"]:
        return part["shown"]  # what the department entered, where it is no number
    if kind == "choice" and part.get("answers"):
        return answered(part)
    if kind in ("text", "list") or part["value"] is None:
        return None
    if kind in ("ratio", "yesno"):
        return number.Percent(part["value"])
    return part["value"] if kind in ("count", "rank") else Decimal(part["value"])


def answered(part: Document) -> str:
    """Each answer with its count and its share of those who answered."""
    return "; ".join(
        f"{one['label']}: {number.shown(one['count'])} ({number.shown(Decimal(one['share']), 2)} %)"
        for one in part.get("answers", ())
    )


# A column of the sheet by unit: its head, its label, and the indicator with its part.
Column: TypeAlias = tuple[str, str, tuple[Indicator, str]]


def figures(sections: Sequence[Section]) -> list[Indicator]:
    """What units give in figures: what the department enters is in no unit's row."""
    some = indicators(sections)
    return [one for one in some if not one.is_text and one.entered_by == "unit"]


def unit_columns(indicator: Indicator) -> list[Column]:
    """One column a code; a ratio's two numbers stand beside its percentage."""
    columns: list[Column] = [(indicator.code, indicator.label, (indicator, ""))]
    if indicator.kind == "ratio":
        columns.append((f"{indicator.code}.num", indicator.num_label, (indicator, "num")))
        columns.append((f"{indicator.code}.den", indicator.den_label, (indicator, "den")))
    return columns


def unit_cells(
    columns: Sequence[Column], words: Words, bloc: str, asked: frozenset[str] | None = None
) -> Callable[[Mapping[str, Any]], Iterator[object]]:
    """What makes a unit's figures the cells of these columns; of one bloc, as it is asked."""

    def asks(indicator: Indicator) -> bool:
        return indicator.asks(bloc) if asked is None else indicator.code in asked

    makers = [
        (indicator.code, _maker(indicator, part)) if asks(indicator) else None
        for _, _, (indicator, part) in columns
    ]

    def made(figures: Mapping[str, Any]) -> Iterator[object]:
        for maker in makers:
            if maker is None:
                yield None
                continue
            code, make = maker
            if code not in figures:
                yield words.missing
                continue
            found = figures[code]
            if found is None or found is False:
                yield words.value_states["nil" if found is None else "na"]
            else:
                yield make(found)

    return made


def _maker(indicator: Indicator, part: str) -> Callable[[Any], object]:
    """A value's cell."""
    if part:
        place = 0 if part == "num" else 1
        return lambda found: _part(found[place])
    match indicator.kind:
        case "ratio":
            return _share
        case "amount":
            return Decimal
        case "count" | "rank":
            return int
    labels = {choice.name: choice.label for choice in indicator.choices}
    return lambda found: labels.get(found, found)


def _part(found: int | str | None) -> int | Decimal | None:
    """Of a ratio's two numbers: a count, or an amount as it is stored."""
    return Decimal(found) if isinstance(found, str) else found


def _share(found: Sequence[int | str]) -> number.Percent | None:
    share = number.percent(*value.parts(found))
    return None if share is None else number.Percent(share)


def column_total(line: Document, indicator: Indicator, part: str) -> int | Decimal | None:
    if indicator.kind == "ratio" and part:
        return _part(line["numerator" if part == "num" else "denominator"])
    if indicator.kind in ("count", "amount") and line["value"] is not None:
        return Decimal(line["value"]) if indicator.kind == "amount" else int(line["value"])
    return None
