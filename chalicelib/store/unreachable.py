"""Marked mailboxes in the table: each for a while, since people mend their mailboxes."""

from datetime import datetime, timedelta

from chalicelib.clock import from_iso, iso
from chalicelib.store import keys
from chalicelib.table import ANYTHING, Put, Table

_LASTS = {"bounce": timedelta(days=30), "complaint": timedelta(days=365)}


def mark(table: Table, address: str, why: str, now: datetime) -> None:
    until = now + _LASTS[why]
    body = {"why": why, "until": iso(until)}
    table.write(Put(keys.unreachable(address), body, ANYTHING, int(until.timestamp())))


def why(table: Table, address: str, now: datetime) -> str:
    """Why no mail goes there now; empty where one does."""
    item = table.get(keys.unreachable(address.lower()))
    if item is None or from_iso(str(item.body["until"])) <= now:
        return ""
    return str(item.body["why"])
