"""The log of acts as it is read: by month, person, unit and verb, a page at a time, as XLSX."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO

from chalicelib.audit import Act
from chalicelib.clock import VIETNAM, iso, today
from chalicelib.messages import audit as words

PAGE = 200


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


def place(act: Act) -> str:
    """Where the act stands in its log: instants sort, the id keeps two of one instant apart."""
    return f"{iso(act.at)}#{act.id}"


def page(acts: Sequence[Act], before: str) -> tuple[list[Act], str]:
    """The newest acts older than the place `before`, and the place where the next page begins.

    By places and not by numbers: what is done meanwhile moves nothing to another page.
    """
    older = [act for act in reversed(acts) if not before or place(act) < before]
    shown = older[:PAGE]
    return shown, place(shown[-1]) if len(older) > PAGE else ""


def as_xlsx(file: IO[bytes], acts: Iterable[Act], names: Mapping[str, str], now: datetime) -> None:
    """One row an act; no text of it is ever a formula, a link or a number."""
    import xlsxwriter  # heavy: only a download pays

    book = xlsxwriter.Workbook(
        file,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    book.set_properties({"title": "Nhật ký", "created": now.replace(tzinfo=None)})
    sheet = book.add_worksheet("Nhật ký")
    bold = book.add_format({"bold": True, "bottom": 1, "bg_color": "#E8EEF4"})
    moment = book.add_format({"num_format": "dd/mm/yyyy hh:mm:ss", "align": "left"})
    for column, (head, width) in enumerate(zip(words.HEADS, (20, 34, 44, 14, 44, 80), strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, head, bold)
    sheet.freeze_panes(1, 0)
    for row, act in enumerate(acts, start=1):
        local = act.at.astimezone(VIETNAM).replace(tzinfo=None, microsecond=0)
        sheet.write_datetime(row, 0, local, moment)
        unit = names.get(act.unit, act.unit)
        texts = (words.who(act), words.what(act), act.period, unit, words.detail(act))
        for column, text in enumerate(texts, start=1):
            sheet.write_string(row, column, text)
    book.close()
