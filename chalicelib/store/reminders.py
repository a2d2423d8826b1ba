"""Reminders and their rounds in the table: one reminder a unit and day, because of its key."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from chalicelib.edges.table import NOTHING, Body, Check, Conflict, Item, Put, Table
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.progress.reminder import Case, Reminder, Round
from chalicelib.rules.review.act import Act
from chalicelib.rules.texts.clock import from_iso, iso
from chalicelib.store import acts, keys

_KEPT = timedelta(days=2)  # a day's place, which nobody looks at once the day is over


def reminders(table: Table, p: str, k: str, day: str) -> Iterator[Reminder]:
    """Those of one day, by the units' codes."""
    return map(_reminder, table.query(f"PERIOD#{p}#{k}", f"REMINDER#{day}#"))


def reminder(table: Table, p: str, k: str, day: str, unit: str) -> Reminder | None:
    item = table.get(keys.reminder(p, k, day, unit))
    return _reminder(item) if item else None


class Place(NamedTuple):
    """A unit's one place of a day: the period that holds it; its version, for expecting."""

    period: str
    revision: int


def places(table: Table, p: str, day: str) -> dict[str, Place]:
    """Those that are taken, by unit."""
    found = table.query(keys.urged(p, day, "").partition)
    return {item.key.sort: _place(item) for item in found}


def place(table: Table, p: str, day: str, unit: str) -> Place | None:
    item = table.get(keys.urged(p, day, unit))
    return _place(item) if item else None


def _place(item: Item) -> Place:
    return Place(str(item.body["period"]), item.version)


def reserve(
    table: Table,
    p: str,
    period: Period,
    case: Case,
    former: Reminder | None,
    made: Reminder,
    listed: Check,
) -> Reminder:
    """Keep the day's one place of this unit before its mail goes out. Raises Conflict.

    All that it was judged by must still hold: the head, so that nobody who has sent is urged;
    exemption and extension; the period's own due instant, which stands in the mail; that no other
    period has urged the unit today; and, as `listed`, the list by which it owes a report.
    """
    key = keys.reminder(p, period.key, made.day, made.unit)
    verb = "remind_again" if former else "remind"
    detail = {"why": made.why, "mailbox": made.mailbox}
    act = Act(made.at, made.who, verb, p, period.key, made.unit, detail)
    before = former.revision if former else NOTHING
    expires = int((made.at + _KEPT).timestamp())
    acts.commit(
        table,
        act,
        Put(key, _body(made), before),
        Put(keys.urged(p, made.day, made.unit), {"period": period.key}, case.place, expires),
        Check(
            keys.head(p, period.key, made.unit),
            case.owed.head.revision if case.owed.head else NOTHING,
        ),
        Check(keys.terms(p, period.key, made.unit), case.owed.terms.revision),
        Check(keys.period(p, period.key), period.revision),
        listed,
    )
    return replace(made, revision=before + 1)


def end(table: Table, p: str, k: str, ended: Reminder, now: datetime) -> None:
    """How it ended. That a mail failed is on record as well: the reservation said it goes out."""
    change = Put(keys.reminder(p, k, ended.day, ended.unit), _body(ended), ended.revision)
    try:
        if ended.state == "sent":
            table.write(change)
        else:
            verb, detail = f"remind_{ended.state}", {"cause": ended.cause}
            acts.commit(table, Act(now, ended.who, verb, p, k, ended.unit, detail), change)
    except Conflict:
        found = table.get(change.key)  # a second try of the SDK met its first
        if found is None or found.body != change.body:
            raise


def begin(table: Table, p: str, k: str, round: Round) -> None:
    """Keep the round, once: a second tap finds it there."""
    detail = {"units": len(round.units), "note": round.note}
    act = Act(round.at, round.who, "urge", p, k, detail=detail)
    try:
        acts.commit(table, act, Put(keys.round(p, k, round.id), _round_body(round), NOTHING))
    except Conflict:
        if table.get(keys.round(p, k, round.id)) is None:
            raise


def round_of(table: Table, p: str, k: str, id: str) -> Round | None:
    item = table.get(keys.round(p, k, id))
    return _round(item) if item else None


def rounds(table: Table, p: str, k: str) -> list[Round]:
    """Of the period, the newest first."""
    found = map(_round, table.query(f"PERIOD#{p}#{k}", "URGING#"))
    return sorted(found, key=lambda round: (round.at, round.id), reverse=True)


def _body(reminder: Reminder) -> Body:
    return {
        "unit": reminder.unit,
        "day": reminder.day,
        "why": reminder.why,
        "state": reminder.state,
        "mailbox": reminder.mailbox,
        "who": reminder.who,
        "round": reminder.round,
        "at": iso(reminder.at),
        "tries": reminder.tries,
        "cause": reminder.cause,
    }


def _reminder(item: Item) -> Reminder:
    body: dict[str, Any] = {**item.body, "at": from_iso(str(item.body["at"]))}
    return Reminder(**body, revision=item.version)


def _round_body(round: Round) -> Body:
    return {
        "day": round.day,
        "units": json.dumps(round.units),
        "note": round.note,
        "who": round.who,
        "at": iso(round.at),
    }


def _round(item: Item) -> Round:
    body: dict[str, Any] = dict(item.body)
    body |= {"units": tuple(json.loads(body["units"])), "at": from_iso(body["at"])}
    return Round(item.key.sort.removeprefix("URGING#"), **body)
