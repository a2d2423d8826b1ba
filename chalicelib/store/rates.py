"""Counts that pass with their hour: failures and asks of an address, mails of an account."""

from datetime import datetime, timedelta

from chalicelib.edges.table import NOTHING, Conflict, Item, Put, Table
from chalicelib.rules.review.act import Act
from chalicelib.rules.texts.clock import from_iso, iso
from chalicelib.store import acts, keys

_HOUR, _SPAN = "%Y%m%d%H", timedelta(hours=1)
_TRIES = 8


def count(table: Table, name: str, now: datetime, most: int) -> int:
    """Add one to this hour's count and give it. Lost races are counted at the next try.

    Past `most` nothing is written any more: who guesses a million times costs reads alone.
    """
    total, change = _one_more(table, name, now)
    if total <= most + 1:
        try:
            table.write(change)
        except Conflict:
            return total
    return total


def take(table: Table, name: str, now: datetime, most: int) -> bool:
    """One of this hour's `most`, which two at one moment never share; False where none is left."""
    for _ in range(_TRIES):
        total, change = _one_more(table, name, now)
        if total > most:
            return False
        try:
            table.write(change)
        except Conflict:
            continue
        return True
    return False


def take_within(table: Table, name: str, now: datetime, most: int) -> bool:
    """One of the `most` of any sixty minutes, whenever they begin; False where none is left."""
    key, former = (keys.rate(name, at.strftime(_HOUR)) for at in (now, now - _SPAN))
    for _ in range(_TRIES):
        here = table.get(key)
        times = _times(here)
        if sum(at > now - _SPAN for at in (*_times(table.get(former)), *times)) >= most:
            return False
        told = " ".join(map(iso, (*times, now)))
        over = int((now + 2 * _SPAN).timestamp())
        try:
            table.write(Put(key, {"times": told}, here.version if here else NOTHING, over))
        except Conflict:
            continue
        return True
    return False


def _times(item: Item | None) -> list[datetime]:
    return [from_iso(at) for at in str(item.body.get("times", "")).split()] if item else []


def taken(table: Table, name: str, now: datetime) -> int:
    """How many of this hour's are gone."""
    return _one_more(table, name, now)[0] - 1


def count_act(table: Table, name: str, act: Act) -> None:
    """One more in the hour of the act, written with its record. Raises Conflict."""
    _, change = _one_more(table, name, act.at)
    acts.commit(table, act, change)


def _one_more(table: Table, name: str, now: datetime) -> tuple[int, Put]:
    key = keys.rate(name, now.strftime(_HOUR))
    found = table.get(key)
    total = int(found.body["count"]) + 1 if found else 1
    version = found.version if found else NOTHING
    over = now + timedelta(hours=2)
    return total, Put(key, {"count": total}, version, int(over.timestamp()))
