"""What a unit typed on a page that has no draft, kept until it is taken: by page and device."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NewType

from chalicelib.edges.table import NOTHING, Body, Busy, Conflict, Key, Put, Table
from chalicelib.rules.access.access import Session, digest
from chalicelib.rules.reports import report
from chalicelib.rules.texts.clock import from_iso, iso
from chalicelib.store import keys
from chalicelib.store.draft_items import TooLarge

_KEPT = timedelta(days=90)
_LONGEST = 50_000  # characters, of all devices
_TRIES = 8
_ANY = ""  # whose it is that an older program kept, for all devices at once
_Kept = dict[str, tuple[str, Mapping[str, str]]]  # device -> when, and field -> text


Page = NewType("Page", Key)  # what somebody typed on


def of_request(p: str, k: str, unit: str) -> Page:
    return Page(keys.typed_request(p, k, unit))


def of_contacts(p: str, unit: str) -> Page:
    return Page(keys.typed_contacts(p, unit))


def keep(
    table: Table, page: Page, session: Session, typed: Mapping[str, str], now: datetime
) -> None:
    """Over what this device kept there: it has seen that, or sends it twice. Raises TooLarge, Busy.

    Each device has its own: nobody is shown, or loses, what another one typed.
    """

    def put(kept: _Kept) -> None:
        kept[digest(session.token)] = iso(now), typed

    _change(table, page, now, put)


def of(table: Table, page: Page, session: Session) -> Mapping[str, str]:
    item = table.get(page)
    kept = _kept(item.body) if item else {}
    _, typed = kept.get(digest(session.token)) or kept.get(_ANY) or ("", {})
    return typed


def empty(table: Table, page: Page, session: Session, now: datetime) -> None:
    """What was taken is emptied, not deleted. Raises Busy."""
    if not of(table, page, session):
        return

    def take(kept: _Kept) -> None:
        kept.pop(digest(session.token), None)
        kept.pop(_ANY, None)

    _change(table, page, now, take)


def _change(table: Table, page: Page, now: datetime, change: Callable[[_Kept], None]) -> None:
    for _ in range(_TRIES):
        item = table.get(page)
        kept = _lasting(_kept(item.body), now) if item else {}
        change(kept)
        if sum(len(text) for _, typed in kept.values() for text in typed.values()) > _LONGEST:
            raise TooLarge
        body: Body = {"devices": report.compact(kept)}
        expires = int((now + _KEPT).timestamp())
        try:
            return table.write(Put(page, body, item.version if item else NOTHING, expires))
        except Conflict:
            continue
    raise Busy(f"others always keep first: {page}")


def _kept(body: Mapping[str, Any]) -> _Kept:
    if "devices" not in body:
        return {_ANY: ("", json.loads(body["typed"]))}
    return {device: (at, typed) for device, (at, typed) in json.loads(body["devices"]).items()}


def _lasting(kept: _Kept, now: datetime) -> _Kept:
    return {
        device: (at, typed)
        for device, (at, typed) in kept.items()
        if not at or from_iso(at) > now - _KEPT
    }
