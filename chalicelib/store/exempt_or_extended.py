"""Exemptions and extensions in the table: one item a unit and period, and each change an act."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from chalicelib.edges.table import Body, Check, Conflict, Item, Put, Table
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.reports.exempt_or_extended import NO_TERMS, Terms
from chalicelib.rules.reports.obligation import Obligation
from chalicelib.rules.review.act import Act
from chalicelib.rules.texts.clock import from_iso, iso
from chalicelib.store import acts, keys


class Changed(Exception):
    """The unit's terms are no longer those that were seen."""


class SentMeanwhile(Exception):
    """The unit's report is no longer the one that was seen."""


def terms(table: Table, p: str, k: str) -> dict[str, Terms]:
    """Those units that have terms of their own, by code."""
    found = (_terms(item) for item in table.query(f"PERIOD#{p}#{k}", "TERMS#"))
    return {one.unit: one for one in found}


def of(table: Table, p: str, k: str, unit: str) -> Terms:
    item = table.get(keys.terms(p, k, unit))
    return _terms(item) if item else Terms(unit)


def put(p: str, k: str, terms: Terms) -> Put:
    """The change that keeps these terms in place of those of `terms.revision`."""
    body: Body = {"exempt": terms.exempt, "due": iso(terms.due) if terms.due else ""}
    return Put(keys.terms(p, k, terms.unit), body, expects=terms.revision)


def unchanged(p: str, k: str, unit: str, terms: Terms) -> Check:
    """Holds while the unit's terms are as they were read: for a write that stands on them."""
    return Check(keys.terms(p, k, unit), expects=terms.revision)


def _terms(item: Item) -> Terms:
    due = str(item.body["due"])
    unit = item.key.sort.removeprefix("TERMS#")
    return Terms(unit, str(item.body["exempt"]), from_iso(due) if due else None, item.version)


# Each act names programme, period and unit; `seen` is the revision that the officer has read.


def exempt(table: Table, act: Act, reason: str, *, seen: int, head: int) -> None:
    """The unit owes no report any more; of the report that is there (`head`, its revision) it was
    told what becomes of it. Raises Changed, SentMeanwhile.
    """
    report = Check(keys.head(act.programme, act.period, act.unit), head)
    told = replace(act, detail={"reason": reason})
    try:
        _change(table, told, lambda its: its._replace(exempt=reason), report, seen=seen)
    except Conflict as conflict:
        if conflict.key != report.key:
            raise
        raise SentMeanwhile from None


def extend(table: Table, act: Act, due: datetime, reason: str, *, seen: int) -> None:
    """The unit has until `due`, whether that is more or less than it had. Raises Changed."""
    _change(table, _told(act, due, reason), lambda its: its._replace(due=due), seen=seen)


def extend_at_least(table: Table, act: Act, due: datetime, reason: str) -> None:
    """The unit has until `due` if it had less, as all of its bloc have. Raises Conflict."""
    _change(table, _told(act, due, reason), lambda its: its.with_at_least(due))


def lift(table: Table, act: Act, *, seen: int) -> None:
    """Take back an exemption or an extension, as the act's verb says. Raises Changed."""

    def without(its: Terms) -> Terms:
        return its._replace(exempt="") if act.verb == "unexempt" else its._replace(due=None)

    _change(table, act, without, seen=seen)


def _told(act: Act, due: datetime, reason: str) -> Act:
    return replace(act, detail={"reason": reason, "due": due.isoformat()})


def _change(
    table: Table,
    act: Act,
    new: Callable[[Terms], Terms],
    *standing: Check,
    seen: int | None = None,
) -> None:
    """New terms in place of the unit's own, on record. Raises Conflict of `standing`, Changed.

    Terms that are so already are left alone: an act can be repeated.
    """
    p, k, unit = act.programme, act.period, act.unit

    def once() -> Conflict | None:
        held = of(table, p, k, unit)
        wished = new(held)
        if wished == held:
            return None
        if seen is not None and held.revision != seen:
            raise Changed
        try:
            acts.commit(table, act, put(p, k, wished), *standing)
        except Conflict as conflict:
            if conflict.key == keys.terms(p, k, unit):
                raise
            return conflict
        return None

    if broken := acts.tried(once):
        raise broken


def unsent(
    table: Table, p: str, period: Period, codes: Iterable[str], now: datetime
) -> dict[str, str]:
    """How a report stands that was not sent and can't be any more, by unit; read after the lock."""
    if now <= period.locks:
        return {}
    its = terms(table, p, period.key)
    stands = ((one, Obligation(period, its.get(one, NO_TERMS)).stands(now)) for one in codes)
    return {code: name for code, name in stands if name != "missing"}
