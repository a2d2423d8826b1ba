"""Requests of units in the table: one item a unit, period and kind."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from chalicelib.edges.table import Body, Item, Put, Table
from chalicelib.rules.reports.obligation import Asking
from chalicelib.rules.reports.unit_request import UnitRequest
from chalicelib.rules.texts.clock import from_iso, iso
from chalicelib.store import keys


def of_period(table: Table, p: str, k: str) -> Iterator[UnitRequest]:
    """Every request about this period."""
    return map(_request, table.query(f"PERIOD#{p}#{k}", "ASK#"))


def open_count(table: Table, p: str, k: str) -> int:
    return sum(ask.state == "open" for ask in of_period(table, p, k))


def of_unit(table: Table, p: str, k: str, unit: str) -> list[UnitRequest]:
    """The unit's requests, the newest first."""
    found = map(_request, table.query(f"PERIOD#{p}#{k}", f"ASK#{unit}#"))
    return sorted(found, key=lambda ask: ask.asked, reverse=True)


def one(table: Table, p: str, k: str, unit: str, kind: Asking) -> UnitRequest | None:
    item = table.get(keys.unit_request(p, k, unit, kind))
    return _request(item) if item else None


def put(p: str, k: str, ask: UnitRequest) -> Put:
    """The change that keeps this request in place of that of `ask.revision`."""
    body: Body = {
        "unit": ask.unit,
        "kind": ask.kind,
        "reason": ask.reason,
        "asked": iso(ask.asked),
        "wanted": ask.wanted.isoformat() if ask.wanted else "",
        "state": ask.state,
        "answer": ask.answer,
        "answered": iso(ask.answered) if ask.answered else "",
        "officer": ask.officer,
        "until": iso(ask.until) if ask.until else "",
    }
    return Put(keys.unit_request(p, k, ask.unit, ask.kind), body, expects=ask.revision)


def _request(item: Item) -> UnitRequest:
    body: dict[str, Any] = dict(item.body)
    body["asked"] = from_iso(body["asked"])
    body["wanted"] = date.fromisoformat(body["wanted"]) if body["wanted"] else None
    for name in ("answered", "until"):
        body[name] = from_iso(body[name]) if body[name] else None
    return UnitRequest(**body, revision=item.version)
