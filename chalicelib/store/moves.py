"""An officer's moves in the table: accept, return, reopen, each with its record."""

from dataclasses import replace
from datetime import datetime

from chalicelib.edges.table import Change, Check, Conflict, Put, Table
from chalicelib.rules.reports.report import Head
from chalicelib.rules.reports.states import Move, Refused, moved
from chalicelib.rules.review.act import Act
from chalicelib.store import acts, keys, terms
from chalicelib.store.reports import head, head_body

_TRIES = 5


def move(
    table: Table,
    act: Act,
    move: Move,
    *,
    seen: int = 0,
    return_due: datetime | None = None,
    also: tuple[Change, ...] = (),
) -> Head:
    """Move the report that the act names; `seen` is the version that the officer has read.

    `also` is kept in the same write.
    Raises Refused: where the move is not allowed, and where a newer version came meanwhile. Nothing
    is asked back of a unit that is exempt: it could not send it.
    """
    p, k, unit = act.programme, act.period, act.unit
    for _ in range(_TRIES):
        current = head(table, p, k, unit)
        if current is not None and current.event == act.name:
            return current  # done by a first try whose reply was lost
        state = moved(current.state if current else None, move)
        if current is None:
            raise Refused(f"{move}_from_missing")
        if seen and current.version != seen:
            raise Refused("newer_version")
        standing = () if move == "accept" else (_owing(table, act),)
        after = current._replace(state=state, event=act.name, return_due=return_due)
        try:
            put = Put(keys.head(p, k, unit), head_body(after), expects=current.revision)
            told = replace(act, detail={**act.detail, "version": current.version})
            acts.commit(table, told, put, *standing, *also)
        except Conflict:
            continue
        return after._replace(revision=current.revision + 1)
    raise Refused("try_again")


def _owing(table: Table, act: Act) -> Check:
    """That the unit is not exempt, to hold with the move. Raises Refused."""
    p, k, unit = act.programme, act.period, act.unit
    its = terms.of(table, p, k, unit)
    if its.exempt:
        raise Refused("asked_of_exempt")
    return terms.unchanged(p, k, unit, its)
