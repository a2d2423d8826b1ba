"""What the department has said to a unit: comments on its report, answers to its requests.

A report that nothing was said about must not wait for any of this: it is imported when needed.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from chalicelib import asking, remarks
from chalicelib.asking import Ask, Kind
from chalicelib.edges import Site
from chalicelib.pages.obligation import Obligation
from chalicelib.period import Period
from chalicelib.remarks import Remarks
from chalicelib.report import Head
from chalicelib.store import acts, asks
from chalicelib.terms import Terms

_RECENT = timedelta(days=60)  # so long after the lock the home page offers to ask


def comments(site: Site, p: str, head: Head | None) -> Remarks | None:
    """What was said with the return or reopening that stands."""
    if head is None or head.state not in ("returned", "reopened") or not head.event:
        return None
    act = acts.event(site.table, p, head.period, head.unit, head.event)
    return remarks.of(act.detail) if act else None


def on_home(
    site: Site,
    p: str,
    heads: Mapping[str, Head | None],
    periods: list[Period],
    terms: Mapping[str, Terms],
    unit: str,
    now: datetime,
) -> tuple[dict[str, Remarks], dict[str, tuple[Kind, Ask | None]]]:
    """By period key: comments that stand; what may be asked for, with the newest request."""
    said, may = {}, {}
    for period in periods:
        key, head = period.key, heads[period.key]
        if found := comments(site, p, head):
            said[key] = found
        kind = asking.may_ask(head, period, terms[key], now)
        if kind and now < period.locks + _RECENT:
            may[key] = kind, asks.ask(site.table, p, key, unit, kind)
    return said, may


def about(site: Site, owed: Obligation, now: datetime) -> tuple[Kind | None, Ask | None]:
    """What the unit may ask for about this report, and its newest request of that kind."""
    if not owed.owes:
        return None, None
    kind = asking.may_ask(owed.head, owed.period, owed.terms, now)
    if kind is None:
        return None, None
    p, key, code = owed.programme.key, owed.period.key, owed.unit.code
    return kind, asks.ask(site.table, p, key, code, kind)
