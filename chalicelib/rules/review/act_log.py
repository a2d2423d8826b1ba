"""The log of acts as it is read: by month, person, unit and verb, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.rules.review.act import Act
from chalicelib.rules.texts.clock import today

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


def page(acts: Sequence[Act], before: str) -> tuple[list[Act], str]:
    """The newest acts older than the place `before`, and the place where the next page begins.

    By places and not by numbers: what is done meanwhile moves nothing to another page.
    """
    older = [act for act in reversed(acts) if not before or act.name < before]
    shown = older[:PAGE]
    return shown, shown[-1].name if len(older) > PAGE else ""
