"""What a unit typed on a page that has no draft, kept until it is taken: an item for each page."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from chalicelib import report
from chalicelib.store import keys
from chalicelib.store.draft_items import TooLarge
from chalicelib.table import ANYTHING, Body, Put, Table

_KEPT = timedelta(days=90)
_LONGEST = 50_000  # characters


def keep(
    table: Table, p: str, unit: str, page: str, typed: Mapping[str, str], now: datetime
) -> None:
    """Over whatever was kept there: the unit has seen it, or sends it twice. Raises TooLarge."""
    if sum(map(len, typed.values())) > _LONGEST:
        raise TooLarge
    body: Body = {"typed": report.compact(typed)}
    expires = int((now + _KEPT).timestamp())
    table.write(Put(keys.typed(p, unit, page), body, ANYTHING, expires))


def of(table: Table, p: str, unit: str, page: str) -> dict[str, str]:
    item = table.get(keys.typed(p, unit, page))
    found: dict[str, str] = json.loads(str(item.body["typed"])) if item else {}
    return found


def empty(table: Table, p: str, unit: str, page: str, now: datetime) -> None:
    """What was taken is emptied, not deleted."""
    if of(table, p, unit, page):
        keep(table, p, unit, page, {}, now)
