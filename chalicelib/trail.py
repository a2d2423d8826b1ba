"""The log of acts as it is read: by month, person, unit and verb, a page at a time, as XLSX."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO

from chalicelib import listing
from chalicelib.audit import Act
from chalicelib.clock import today
from chalicelib.listing import Sheet
from chalicelib.messages import audit as words

PAGE = 200
_WIDTHS = (20, 34, 44, 14, 44, 80)  # of the columns, in letters


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which acts of a month; what is empty wants all."""

    who: str = ""
    unit: str = ""
    verb: str = ""

    def takes(self, act: Act) -> bool:
        return (
            self.who in ("", act.who)
            and self.unit in ("", act.unit)
            and self.verb in ("", act.verb)
        )


def months(first: date, now: datetime) -> list[str]:
    """2026-12, 2026-11, … back to the first one: those that may hold acts."""
    last = today(now)
    begin, end = first.year * 12 + first.month - 1, last.year * 12 + last.month - 1
    places = range(end, min(begin, end) - 1, -1)
    return [f"{place // 12:04}-{place % 12 + 1:02}" for place in places]


def page(acts: Sequence[Act], before: str) -> tuple[list[Act], str]:
    """The newest acts older than the place `before`, and the place where the next page begins.

    By places and not by numbers: what is done meanwhile moves nothing to another page.
    """
    older = [act for act in reversed(acts) if not before or act.name < before]
    shown = older[:PAGE]
    return shown, shown[-1].name if len(older) > PAGE else ""


def as_xlsx(file: IO[bytes], acts: Iterable[Act], names: Mapping[str, str], now: datetime) -> None:
    """One row an act; no text of it is ever a formula, a link or a number."""
    rows = (
        (act.at, words.who(act), words.what(act), act.period, _unit(act, names), words.detail(act))
        for act in acts
    )
    heads = tuple(zip(words.HEADS, _WIDTHS, strict=True))
    listing.as_xlsx(file, words.TITLE, now, [Sheet(words.TITLE, (), heads, rows)])


def _unit(act: Act, names: Mapping[str, str]) -> str:
    return names.get(act.unit, act.unit)
