"""Requests of units in the table: one item a unit, period and kind; asked, and answered."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from chalicelib.edges.table import NOTHING, Body, Busy, Change, Check, Conflict, Item, Put, Table
from chalicelib.rules.access.access import Session
from chalicelib.rules.reports import unit_request
from chalicelib.rules.reports.obligation import Asking, Obligation
from chalicelib.rules.reports.states import Refused
from chalicelib.rules.reports.unit_request import UnitRequest
from chalicelib.rules.review.act import Act
from chalicelib.rules.review.notice import Notice
from chalicelib.rules.texts.clock import from_iso, iso
from chalicelib.store import acts, exempt_or_extended, keys, moves, notices
from chalicelib.store.access import in_session


def of_period(table: Table, p: str, k: str) -> Iterator[UnitRequest]:
    """Every request about this period."""
    return map(_request, table.query(f"PERIOD#{p}#{k}", "ASK#"))


def open_count(table: Table, p: str, k: str) -> int:
    return sum(request.state == "open" for request in of_period(table, p, k))


def of_unit(table: Table, p: str, k: str, unit: str) -> list[UnitRequest]:
    """The unit's requests, the newest first."""
    found = map(_request, table.query(f"PERIOD#{p}#{k}", f"ASK#{unit}#"))
    return sorted(found, key=lambda request: request.asked, reverse=True)


def one(table: Table, p: str, k: str, unit: str, kind: Asking) -> UnitRequest | None:
    item = table.get(keys.unit_request(p, k, unit, kind))
    return _request(item) if item else None


def put(p: str, k: str, request: UnitRequest) -> Put:
    """The change that keeps this request in place of that of `request.revision`."""
    body: Body = {
        "unit": request.unit,
        "kind": request.kind,
        "reason": request.reason,
        "asked": iso(request.asked),
        "wanted": request.wanted.isoformat() if request.wanted else "",
        "state": request.state,
        "answer": request.answer,
        "answered": iso(request.answered) if request.answered else "",
        "officer": request.officer,
        "until": iso(request.until) if request.until else "",
    }
    return Put(keys.unit_request(p, k, request.unit, request.kind), body, expects=request.revision)


def _request(item: Item) -> UnitRequest:
    body: dict[str, Any] = dict(item.body)
    body["asked"] = from_iso(body["asked"])
    body["wanted"] = date.fromisoformat(body["wanted"]) if body["wanted"] else None
    for name in ("answered", "until"):
        body[name] = from_iso(body[name]) if body[name] else None
    return UnitRequest(**body, revision=item.version)


def ask(table: Table, session: Session, act: Act, made: UnitRequest) -> None:
    """Keep it once, however often it is sent. Raises Ended, Busy."""
    p, k = act.programme, act.period

    def write(check: Check) -> None:
        def once() -> Conflict | None:
            kept = unit_request.asked_again(one(table, p, k, made.unit, made.kind), made)
            if kept is None:
                return None
            try:
                acts.commit(table, act, put(p, k, kept), check)
            except Conflict as conflict:
                if conflict.key != check.key:
                    raise
                return conflict
            return None

        try:
            ended = acts.tried(once)
        except Conflict as conflict:
            raise Busy(str(conflict)) from conflict
        if ended:
            raise ended

    in_session(table, session, act.at, write)


def answer(
    table: Table, act: Act, made: UnitRequest, owed: Obligation, notice: Notice | None
) -> None:
    """One write: the answer, what granting it changes, its record, and what the unit is to be told.

    Raises Conflict where request, report or terms are no longer as they were read; Refused.
    """
    p, k = act.programme, act.period
    changes = [*_granted(act, made, owed)] if made.state == "granted" else []
    told = [notices.put(p, k, notice)] if notice else []
    acts.commit(table, act, put(p, k, made), *changes, *told)


def _granted(act: Act, made: UnitRequest, owed: Obligation) -> Iterator[Change]:
    """For what is not sent, terms of its own; for what was returned, another due of the return."""
    where = act.programme, act.period, act.unit
    head, its = owed.head, owed.terms
    if made.kind == "extend" and head is None:
        yield exempt_or_extended.put(*where[:2], its._replace(due=made.until))
        yield Check(keys.head(*where), expects=NOTHING)
        return
    if head is None:
        raise Refused("reopen_from_missing")
    if made.kind == "reopen":
        yield from moves.reopened(act, head, made.until)
    elif made.until:
        yield moves.due_of_return(where, head, made.until)
    yield exempt_or_extended.unchanged(*where, its)
