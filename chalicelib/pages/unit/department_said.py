"""What the department has said to a unit: comments on its report, answers to its requests.

A report that nothing was said about must not wait for any of this: it is imported when needed.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from chalicelib.edges.ports import Site
from chalicelib.pages.unit.owed_report import OwedReport
from chalicelib.rules.reports.obligation import Asking, Obligation
from chalicelib.rules.reports.report import Head
from chalicelib.rules.reports.unit_request import UnitRequest
from chalicelib.rules.review import remarks
from chalicelib.rules.review.remarks import Remarks
from chalicelib.store import acts, unit_requests

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
    owed: Mapping[str, Obligation],
    unit: str,
    now: datetime,
) -> tuple[dict[str, Remarks], dict[str, tuple[Asking, UnitRequest | None]]]:
    """By period key: comments that stand; what may be asked for, with the newest request."""
    said, may = {}, {}
    for key, one in owed.items():
        found = comments(site, p, one.head)
        if found and one.stands(now) == one.state:  # a reopening whose day is over asks nothing
            said[key] = found
        kind = one.may_ask(now)
        if kind and now < one.period.locks + _RECENT:
            may[key] = kind, unit_requests.one(site.table, p, key, unit, kind)
    return said, may


def about(site: Site, owed: OwedReport, now: datetime) -> tuple[Asking | None, UnitRequest | None]:
    """What the unit may ask for about this report, and its newest request of that kind."""
    kind = owed.obligation.may_ask(now)
    if kind is None:
        return None, None
    p, key, code = owed.programme.key, owed.period.key, owed.unit.code
    return kind, unit_requests.one(site.table, p, key, code, kind)
