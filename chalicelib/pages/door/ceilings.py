"""How many mails strangers may cause in one hour, all together."""

from datetime import datetime

from chalicelib.edges.ports import Site
from chalicelib.store import rates

_MAILS = "asked-mails"  # the count of all that strangers have caused


def may_mail(site: Site, now: datetime, *, links: bool = False) -> bool:
    """One mail more that a stranger asked for, if this hour has one left.

    The last fifth is for signing in: asks for links can't use it up.
    """
    return rates.take(site.table, _MAILS, now, _most(site, links=links))


def used_up(site: Site, now: datetime) -> str:
    """Which of these mails pause until the hour ends: all, links alone, or none (empty)."""
    gone = rates.taken(site.table, _MAILS, now)
    if gone >= site.asked_mails:
        return "all"
    return "links" if gone >= _most(site, links=True) else ""


def _most(site: Site, *, links: bool) -> int:
    return site.asked_mails * 4 // 5 if links else site.asked_mails
