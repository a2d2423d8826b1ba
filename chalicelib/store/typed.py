"""What a unit typed on a page that has no draft, kept until it is taken: an item for each page."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from chalicelib import report
from chalicelib.store.draft_items import TooLarge
from chalicelib.table import ANYTHING, Body, Key, Put, Table

_KEPT = timedelta(days=90)
_LONGEST = 50_000  # characters


def keep(table: Table, key: Key, typed: Mapping[str, str], now: datetime) -> None:
    """Over whatever was kept there: the unit has seen it, or sends it twice. Raises TooLarge."""
    if sum(map(len, typed.values())) > _LONGEST:
        raise TooLarge
    body: Body = {"typed": report.compact(typed)}
    table.write(Put(key, body, ANYTHING, int((now + _KEPT).timestamp())))


def of(table: Table, key: Key) -> dict[str, str]:
    item = table.get(key)
    found: dict[str, str] = json.loads(str(item.body["typed"])) if item else {}
    return found


def empty(table: Table, key: Key, now: datetime) -> None:
    """What was taken is emptied, not deleted."""
    if of(table, key):
        keep(table, key, {}, now)
