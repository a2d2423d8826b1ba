"""Mails with links in the table: who gets one today, and what became of it.

A mail is queued, then reserved, then sent: what stops between the last two is never sent twice.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

from chalicelib.edges.table import MOST_CHANGES, NOTHING, Conflict, Item, Put, Table
from chalicelib.rules.review.act import Act
from chalicelib.rules.texts.clock import from_iso, iso, today
from chalicelib.store import acts, keys

State = Literal["queued", "sending", "sent", "failed", "unknown", "no_mailbox", "no_link"]
_KEPT = timedelta(days=40)
_RECORD = 1  # what `acts.commit` adds for an act of no period


@dataclass(frozen=True, slots=True)
class Mailing:
    """One unit's mail of a day; `to` is the mailbox that it went to, once it went."""

    unit: str
    day: date  # that it counts for, in Việt Nam: a mail queued before midnight stays of that day
    state: State
    at: datetime
    to: str = ""
    revision: int = NOTHING

    def repeats(self) -> bool:
        """Whether another mail today could be a second one."""
        return self.state in ("queued", "sending", "sent", "unknown")


def mailings(table: Table, p: str, day: date) -> dict[str, Mailing]:
    """Of this day, in Việt Nam, by unit."""
    found = (_mailing(day, item) for item in table.query(f"MAILINGS#{p}#{day.isoformat()}"))
    return {one.unit: one for one in found}


def queue(
    table: Table, p: str, who: str, now: datetime, units: Iterable[str], *, again: bool
) -> list[str]:
    """Queue a mail for each unit; the units that have or may have had one today are left out.

    With `again` only those are left out whose mail waits already. Gives the units queued.
    """
    known = mailings(table, p, today(now))
    fresh = []
    for unit in units:
        one = known.get(unit)
        waits = one is not None and one.state == "queued"
        if one is None or not one.repeats() or (again and not waits):
            fresh.append(Mailing(unit, today(now), "queued", now, revision=_revision(one)))
    step = MOST_CHANGES - _RECORD
    queued: list[str] = []
    for start in range(0, len(fresh), step):
        queued += _queue(table, p, who, now, fresh[start : start + step])
    return queued


def _queue(table: Table, p: str, who: str, now: datetime, part: list[Mailing]) -> list[str]:
    """One write. Where somebody queues some of them at this moment, theirs stands for those."""
    while part:
        act = Act(now, who, "queue_links", p, detail={"units": len(part)})
        try:
            acts.commit(table, act, *(_put(p, one) for one in part))
            break
        except Conflict:
            known, tried = mailings(table, p, part[0].day), len(part)
            part = [one for one in part if _revision(known.get(one.unit)) == one.revision]
            if len(part) == tried:
                raise
    return [one.unit for one in part]


def _revision(one: Mailing | None) -> int:
    return one.revision if one else NOTHING


def move(
    table: Table, p: str, who: str, now: datetime, mailing: Mailing, state: State, to: str = ""
) -> Mailing | None:
    """This mailing in its next state; None where somebody else has moved it."""
    after = replace(mailing, state=state, at=now, to=to or mailing.to)
    verb = "mail_link" if state == "sending" else "link_mailed"
    detail = {"mailbox": after.to, "mail": state}
    try:
        acts.commit(table, Act(now, who, verb, p, "", mailing.unit, detail), _put(p, after))
    except Conflict:
        return None
    return replace(after, revision=mailing.revision + 1)


def _put(p: str, one: Mailing) -> Put:
    body = {"state": one.state, "at": iso(one.at), "to": one.to}
    expires = int((one.at + _KEPT).timestamp())
    return Put(keys.mailing(p, one.day, one.unit), body, one.revision, expires)


def _mailing(day: date, item: Item) -> Mailing:
    state, at, to = (str(item.body[name]) for name in ("state", "at", "to"))
    return Mailing(item.key.sort, day, state, from_iso(at), to, item.version)  # type: ignore[arg-type]
