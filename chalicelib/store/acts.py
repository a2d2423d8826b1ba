"""The record of acts in the table: written with the act or not at all, and never rewritten."""

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import chain
from typing import TypeVar

from chalicelib.edges.table import NOTHING, Body, Change, Conflict, Item, Put, Table
from chalicelib.rules.reports import report
from chalicelib.rules.review.act import Act
from chalicelib.rules.texts.clock import from_iso, iso, today
from chalicelib.store import keys

_Done = TypeVar("_Done")
_TRIES = 5


def commit(table: Table, act: Act, *changes: Change) -> None:
    """The changes and the record of the act, all or nothing. Raises Conflict.

    A lost reply makes the SDK try again, and then its own first try looks like somebody else's:
    where this very act is on record, it is done.
    """
    kept = records(act)
    try:
        table.write(*changes, *kept)
    except Conflict:
        if table.get(kept[0].key) is None:
            raise


def tried(once: Callable[[], _Done]) -> _Done:
    """What `once` gives, which reads and then writes; again where somebody else was faster, a few
    times. Raises the last Conflict.
    """
    for _ in range(_TRIES - 1):
        try:
            return once()
        except Conflict:
            continue
    return once()


def acts(table: Table, p: str, month: str) -> Iterator[Act]:
    """Acts of a month (2026-11, UTC), the oldest first; `p` is empty for those of no programme."""
    return map(_act, table.query(keys.month_of_acts(p, month)))


def of_month(table: Table, p: str, month: str) -> Iterator[Act]:
    """Acts of a month as Việt Nam counts it, the oldest first.

    Its first seven hours stand on the last day of the month before, which is UTC's.
    """
    eve = (date.fromisoformat(f"{month}-01") - timedelta(days=1)).isoformat()
    found = chain(
        table.query(keys.month_of_acts(p, eve[:7]), eve),
        table.query(keys.month_of_acts(p, month)),
    )
    return (act for act in map(_act, found) if f"{today(act.at):%Y-%m}" == month)


def newest(table: Table, p: str, now: datetime, is_about: Callable[[Act], bool]) -> Act | None:
    """The last act of this day (UTC) about something: it tells one's own second tap apart."""
    day = iso(now)[:10]
    found = map(_act, table.query(keys.month_of_acts(p, day[:7]), day))
    return max(filter(is_about, found), key=lambda act: act.at, default=None)


def events(table: Table, p: str, k: str, unit: str) -> list[Act]:
    """What was done about one report, the oldest first."""
    return [_act(item) for item in table.query(f"REPORT#{p}#{k}#{unit}", "EVENT#")]


def event(table: Table, p: str, k: str, unit: str, name: str) -> Act | None:
    """One of them, by `Act.name`."""
    item = table.get(keys.event(p, k, unit, name))
    return _act(item) if item else None


def records(act: Act) -> list[Put]:
    """What keeps the act, for a write that holds more than `commit` does."""
    body: Body = {
        "at": iso(act.at),
        "who": act.who,
        "verb": act.verb,
        "programme": act.programme,
        "period": act.period,
        "unit": act.unit,
        "detail": report.compact(act.detail),
        "id": act.id,
    }
    found = [Put(keys.act(act.programme, act.name), body, NOTHING)]
    if act.period and act.unit:
        key = keys.event(act.programme, act.period, act.unit, act.name)
        found.append(Put(key, body, NOTHING))
    return found


def _act(item: Item) -> Act:
    body = item.body
    texts = {n: str(body[n]) for n in ("who", "verb", "programme", "period", "unit", "id")}
    return Act(at=from_iso(str(body["at"])), detail=json.loads(str(body["detail"])), **texts)
