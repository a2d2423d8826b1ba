"""What units were told of acts, in the table: one item an act, written with it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from chalicelib.edges.table import Body, Conflict, Item, Put, Table
from chalicelib.rules.review.notice import Notice, State
from chalicelib.rules.texts.clock import from_iso, iso
from chalicelib.store import keys


def put(p: str, k: str, notice: Notice) -> Put:
    """The change that keeps this notice in place of that of `notice.revision`."""
    body: Body = {
        "unit": notice.unit,
        "act": notice.act,
        "verb": notice.verb,
        "at": iso(notice.at),
        "mailbox": notice.mailbox,
        "state": notice.state,
        "until": iso(notice.until) if notice.until else "",
        "sections": notice.sections,
        "general": notice.general,
    }
    return Put(keys.notice(p, k, notice.unit, notice.act), body, expects=notice.revision)


def end(table: Table, p: str, k: str, notice: Notice, state: State) -> None:
    """How the mail of a notice that was kept with its act ended."""
    change = put(p, k, replace(notice, state=state, revision=1))
    try:
        table.write(change)
    except Conflict:
        found = table.get(change.key)  # a second try of the SDK met its first
        if found is None or found.body != change.body:
            raise


def of_unit(table: Table, p: str, k: str, unit: str) -> list[Notice]:
    """The newest first."""
    found = map(_notice, table.query(f"PERIOD#{p}#{k}", f"NOTICE#{unit}#"))
    return sorted(found, key=lambda notice: notice.act, reverse=True)


def of_period(table: Table, p: str, k: str) -> Iterator[Notice]:
    return map(_notice, table.query(f"PERIOD#{p}#{k}", "NOTICE#"))


def _notice(item: Item) -> Notice:
    body: dict[str, Any] = dict(item.body)
    body["at"] = from_iso(body["at"])
    body["until"] = from_iso(body["until"]) if body["until"] else None
    return Notice(**body, revision=item.version)
