"""Reports in the table: heads, versions, texts; sending exactly once."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from chalicelib.edges.table import ANYTHING, Body, Change, Check, Conflict, Item, Put, Table
from chalicelib.rules.access.access import Session
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.reports import report, submission
from chalicelib.rules.reports.exempt_or_extended import NO_TERMS, Terms
from chalicelib.rules.reports.report import Content, Head, Sender, Standing, Version
from chalicelib.rules.reports.states import Refused
from chalicelib.rules.review.act import Act
from chalicelib.rules.texts.clock import from_iso, iso
from chalicelib.store import acts, keys
from chalicelib.store.access import in_session

_TRIES = 5
_MOST_SENDS, _SPAN = 20, timedelta(hours=1)  # of one report by its unit
_of_a_head: Any = itemgetter(*Standing._fields[:-1])  # its revision is the item's


class Clash(Exception):
    """Somebody else sent another content meanwhile; `newest` is what stands now."""

    def __init__(self, newest: Version) -> None:
        super().__init__(newest.reference)
        self.newest = newest


def head(table: Table, p: str, k: str, unit: str) -> Head | None:
    item = table.get(keys.head(p, k, unit))
    return _head(item) if item else None


def heads(table: Table, p: str, k: str) -> Iterator[Head]:
    return map(_head, table.query(f"PERIOD#{p}#{k}", "REPORT#"))


def standing(table: Table, p: str, k: str, unit: str) -> Standing | None:
    item = table.get(keys.head(p, k, unit))
    return _standing(item) if item else None


def all_standing(table: Table, p: str, k: str) -> Iterator[Standing]:
    """All heads, as a summary takes them."""
    return map(_standing, table.query(f"PERIOD#{p}#{k}", "REPORT#"))


def texts(table: Table, p: str, k: str) -> Iterator[tuple[str, int, str]]:
    """Unit, the version that the texts belong to, and texts and lists as JSON."""
    for item in table.query(f"PERIOD#{p}#{k}#TEXT"):
        yield item.key.sort, int(item.body["version"]), str(item.body["texts"])


def revisions(table: Table, p: str, k: str) -> Iterator[tuple[str, int]]:
    """Unit -> the stored version of its head: what tells that something has changed."""
    items = table.query(f"PERIOD#{p}#{k}", "REPORT#")
    return ((item.key.sort.removeprefix("REPORT#"), item.version) for item in items)


def _standing(item: Item) -> Standing:
    return Standing._make((*_of_a_head(item.body), item.version))


def _head(item: Item) -> Head:
    body: Any = item.body
    due = body.get("return_due")
    return Head(
        body["unit"],
        body["period"],
        body["state"],
        body["version"],
        from_iso(body["first_sent"]),
        from_iso(body["last_sent"]),
        body["late"],
        body["nil"],
        body["form"],
        body["hash"],
        body["figures"],
        item.version,
        from_iso(due) if due else None,
        body.get("event", ""),
        body.get("paper", False),
        body.get("queries", ""),
    )


def head_body(head: Head) -> Body:
    body: dict[str, str | int | bool] = {
        "unit": head.unit,
        "period": head.period,
        "state": head.state,
        "version": head.version,
        "first_sent": iso(head.first_sent),
        "last_sent": iso(head.last_sent),
        "late": head.late,
        "nil": head.nil,
        "form": head.form,
        "hash": head.hash,
        "figures": head.figures,
    }
    if head.return_due:
        body["return_due"] = iso(head.return_due)
    if head.event:
        body["event"] = head.event
    if head.paper:
        body["paper"] = True
    if head.queries:
        body["queries"] = head.queries
    return body


def version(table: Table, p: str, k: str, unit: str, number: int) -> Version | None:
    item = table.get(keys.version(p, k, unit, number))
    return _version(item) if item else None


def versions(table: Table, p: str, k: str, unit: str) -> list[Version]:
    return [_version(item) for item in table.query(f"REPORT#{p}#{k}#{unit}", "VERSION#")]


def _version(item: Item) -> Version:
    body: dict[str, Any] = dict(item.body)
    body["sent"] = from_iso(body["sent"])
    body["sender"] = Sender(**json.loads(body["sender"]))
    if "entered" in body:
        body["entered"] = from_iso(body["entered"])
    return Version(**body)


def _version_body(version: Version) -> Body:
    sender = version.sender
    entered = {"entered": iso(version.entered)} if version.entered else {}
    return {
        "unit": version.unit,
        "period": version.period,
        "number": version.number,
        "content": version.content,
        "hash": version.hash,
        "sent": iso(version.sent),
        "sender": report.compact(
            {
                "name": sender.name,
                "post": sender.post,
                "phone": sender.phone,
                "approved": sender.approved,
            }
        ),
        "actor": version.actor,
        "reason": version.reason,
        "form": version.form,
        "late": version.late,
        "after_due": version.after_due,
        **entered,
    }


@dataclass(frozen=True, slots=True)
class Sending:
    """Everything that a send states. `base` is the version it builds on."""

    programme: str
    period: Period
    unit: str
    content: Content
    base: int
    form: int
    sender: Sender
    reason: str = ""
    terms: Terms = NO_TERMS  # as they were read: the send is judged on them
    actor: str = "unit"
    entered: datetime | None = None  # a paper report: `now` is then the day it arrived
    act: Act | None = None  # where the sending itself does not say it all
    queries: Mapping[str, str] = field(default_factory=dict)  # odd values, and the kinds of answers


def send(table: Table, sending: Sending, now: datetime, *standing: Check) -> Version:
    """Keep the report, once, and give its version: also when it was kept before.

    `standing` must hold too, such as the session that it is sent in: where it doesn't, raises
    its Conflict. Raises Refused, or Clash where another content took the place.
    """
    p, k, unit = sending.programme, sending.period.key, sending.unit
    for _ in range(_TRIES):
        current = head(table, p, k, unit)
        if kept := _kept_before(table, current, sending):
            return kept
        if sending.actor == "unit" and may_send_from(table, p, current, now):
            raise Refused("sent_often")
        made, after = submission.submit(
            current,
            sending.period,
            unit,
            sending.content,
            terms=sending.terms,
            now=now,
            form=sending.form,
            sender=sending.sender,
            reason=sending.reason,
            actor=sending.actor,
            entered=sending.entered,
        )
        try:
            table.write(*_changes(sending, made, after), *standing)
        except Conflict as conflict:
            if conflict.key in {check.key for check in standing}:
                raise
            if conflict.key in (keys.period(p, k), keys.terms(p, k, unit)):
                raise Refused("period_changed") from None
            continue
        return made
    raise Refused("try_again")


def _changes(sending: Sending, made: Version, after: Head) -> list[Change]:
    """Version, head and texts, on the period and the terms that the send was judged by."""
    p, k, unit = sending.programme, sending.period.key, sending.unit
    after = after._replace(queries=report.compact(sending.queries) if sending.queries else "")
    texts: Body = {"version": made.number, "texts": report.compact(sending.content.texts)}
    return [
        Put(keys.version(p, k, unit, made.number), _version_body(made), expects=0),
        Put(keys.head(p, k, unit), head_body(after), expects=after.revision),
        Put(keys.texts(p, k, unit), texts, expects=ANYTHING),
        Check(keys.period(p, k), expects=sending.period.revision),
        Check(keys.terms(p, k, unit), expects=sending.terms.revision),
        *(acts.records(sending.act) if sending.act else ()),
    ]


def send_in(
    table: Table, session: Session, sending: Sending, now: datetime, arrived: datetime | None = None
) -> Version:
    """As `send`, and only while the session stands; a paper report is judged by its arrival.

    Raises Ended, Refused, Clash, Busy.
    """
    return in_session(
        table, session, now, lambda standing: send(table, sending, arrived or now, standing)
    )


def may_send_from(table: Table, p: str, head: Head | None, now: datetime) -> datetime | None:
    """From when on the unit may send again, where it has sent too often; None where it may now.

    Judged by the version that is so many back, without a count of its own.
    """
    if head is None or head.version < _MOST_SENDS:
        return None
    number = head.version - _MOST_SENDS + 1
    oldest = version(table, p, head.period, head.unit, number)
    again = (oldest.entered or oldest.sent) + _SPAN if oldest else now
    return again if again > now else None


def _kept_before(table: Table, head: Head | None, sending: Sending) -> Version | None:
    """The version that already holds this content: a double tap, a lost reply, Back."""
    if head is None:
        return None
    p, k, unit = sending.programme, sending.period.key, sending.unit
    digest = sending.content.hash()
    if head.version > sending.base:
        following = version(table, p, k, unit, sending.base + 1)
        if following and following.hash == digest:
            return following
    newest = version(table, p, k, unit, head.version)
    if newest is None:
        raise LookupError(f"version {head.version} of {k}/{unit}")
    if newest.hash == digest and head.state not in ("returned", "reopened"):
        return newest
    if head.version != sending.base:
        raise Clash(newest)
    return None
