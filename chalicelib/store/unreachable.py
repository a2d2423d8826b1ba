"""Marked mailboxes in the table: each for a while, since people mend their mailboxes."""

from datetime import datetime, timedelta

from chalicelib.edges.table import ANYTHING, Delete, Put, Table
from chalicelib.rules.review.act import Act
from chalicelib.rules.texts.clock import from_iso, iso
from chalicelib.store import acts, keys

_LASTS = {"bounce": timedelta(days=30), "complaint": timedelta(days=365)}


def mark(table: Table, address: str, why: str, now: datetime) -> None:
    until = now + _LASTS[why]
    body = {"why": why, "until": iso(until)}
    table.write(Put(keys.unreachable(address), body, ANYTHING, int(until.timestamp())))


def lift(table: Table, act: Act, address: str, now: datetime) -> str:
    """End a mark, on record. What it was; empty where there is none."""
    item = table.get(keys.unreachable(address))
    if item is None or not (found := why(table, address, now)):
        return ""
    acts.commit(table, act, Delete(item.key, item.version))
    return found


def why(table: Table, address: str, now: datetime) -> str:
    """Why no mail goes there now; empty where one does."""
    item = table.get(keys.unreachable(address.lower()))
    if item is None or from_iso(str(item.body["until"])) <= now:
        return ""
    return str(item.body["why"])
