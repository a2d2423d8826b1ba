"""An officer's moves in the table: accept, return, reopen, each with its record."""

from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.edges.table import Change, Check, Conflict, Put, Table
from chalicelib.rules.reports.exempt_or_extended import Terms
from chalicelib.rules.reports.report import Head
from chalicelib.rules.reports.states import Move, Refused, moved
from chalicelib.rules.review.act import Act
from chalicelib.rules.review.notice import Notice
from chalicelib.store import acts, exempt_or_extended, keys, notices
from chalicelib.store.reports import head, head_body

_TRIES = 5


def move(
    table: Table,
    act: Act,
    move: Move,
    *,
    seen: int = 0,
    return_due: datetime | None = None,
    notice: Notice | None = None,
) -> Head:
    """Move the report that the act names; `seen` is the version that the officer has read.

    `notice`, what the unit is to be told of it, is kept in the same write.
    Raises Refused: where the move is not allowed, and where a newer version came meanwhile. Nothing
    is asked back of a unit that is exempt: it could not send it.
    """
    p, k, unit = act.programme, act.period, act.unit
    also = (notices.put(p, k, notice),) if notice else ()
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
    its = exempt_or_extended.of(table, p, k, unit)
    if against := its.against_asking_back():
        raise Refused(against)
    return exempt_or_extended.unchanged(p, k, unit, its)


def answer_by(table: Table, act: Act, returned: Head, its: Terms, due: datetime) -> None:
    """Another due of the return that stands, as the act records it. Raises Conflict: also where
    the unit has become exempt.
    """
    where = act.programme, act.period, act.unit
    acts.commit(
        table, act, due_of_return(where, returned, due), exempt_or_extended.unchanged(*where, its)
    )


def due_of_return(where: tuple[str, str, str], returned: Head, due: datetime) -> Put:
    """The change that gives a return another due, for a write that holds more."""
    body = head_body(returned._replace(return_due=due))
    return Put(keys.head(*where), body, expects=returned.revision)


def reopened(act: Act, head: Head, until: datetime | None) -> tuple[Change, ...]:
    """The changes of a reopening that a unit has asked for; one whose day is over gets another.

    What was sent and never taken in is taken in first: only what is accepted is reopened. That is
    on record a microsecond before the answer that it stands on, and so read as what came first.
    Raises Refused.
    """
    where = act.programme, act.period, act.unit
    state, taken = head.state, list[Put]()
    if state == "submitted":
        before, detail = act.at - timedelta(microseconds=1), {"version": head.version}
        state = moved(state, "accept")
        taken = acts.records(Act(before, act.who, "accept", *where, detail))
    if state != "reopened":
        state = moved(state, "reopen")
    after = head._replace(state=state, event=act.name, return_due=until)
    return Put(keys.head(*where), head_body(after), expects=head.revision), *taken
