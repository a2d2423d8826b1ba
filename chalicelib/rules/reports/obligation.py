"""What one unit owes for one period: until when, what may be done about it now, and why not."""

from datetime import datetime
from typing import Literal, NamedTuple

from chalicelib.rules.programmes.period import Period
from chalicelib.rules.reports.exempt_or_extended import NO_TERMS, Terms
from chalicelib.rules.reports.report import Head

Asking = Literal["extend", "reopen"]  # what a unit may ask the department for


class Obligation(NamedTuple):
    """`owes` is False where the unit turned out to have ended after it had sent.

    Every reason is a code; an empty one means that nothing stands against it.
    """

    period: Period
    terms: Terms = NO_TERMS
    head: Head | None = None
    owes: bool = True

    @property
    def state(self) -> str:
        return self.head.state if self.head else "missing"

    @property
    def own_due(self) -> datetime:
        """The last instant at which a first sending is on time: lateness is judged on it."""
        return self.terms.due_in(self.period)

    @property
    def return_due(self) -> datetime | None:
        """The due of the return that stands."""
        return self.head.return_due if self.head and self.head.state == "returned" else None

    @property
    def reopened_until(self) -> datetime | None:
        """The last instant at which a reopened report may be sent; None of one from
        before reopenings had a day: it stays open.
        """
        return self.head.return_due if self.head and self.head.state == "reopened" else None

    @property
    def due(self) -> datetime:
        """Until when the unit has time now: the return's due governs, where it has one."""
        return self.return_due or self.own_due

    @property
    def extension(self) -> datetime | None:
        return self.terms.extension_in(self.period)

    @property
    def locks(self) -> datetime:
        return self.terms.locks_in(self.period)

    def is_overdue(self, now: datetime) -> bool:
        """Nothing was sent, or was sent again, and the time is over; it may still be sent."""
        late = now > self.due and self.state in ("missing", "returned")
        return late and self.stands(now) == self.state

    def stands(self, now: datetime) -> str:
        """The state; of what was never sent also that it can't be any more: "locked", and "before"
        where nobody could, since the period was over when the programme began here; of what was
        reopened, that its day is over.
        """
        if self.state == "reopened" and not self.is_open(now):
            return "reopening_over"
        if self.state != "missing" or now <= self.locks:
            return self.state
        return "before" if self.period.was_over else "locked"

    def is_open(self, now: datetime) -> bool:
        """Not yet over: a return is the department's own wish and outlives the lock; a reopening
        has a day of its own, before the lock or behind it.
        """
        if self.state == "reopened":
            return self.reopened_until is None or now <= self.reopened_until
        return self.state == "returned" or self.period.opens <= now <= self.locks

    def against_sending(self, now: datetime) -> str:
        """Why the report can't be sent, and so not be filled in, now: a key of
        messages.frame.problems.REFUSALS.
        """
        if self.terms.exempt:
            return "exempt"
        if self.state == "accepted":
            return "submit_from_accepted"
        if now < self.period.opens:
            return "not_open_yet"
        if self.owes and self.is_open(now):
            return ""
        return "reopening_over" if self.owes and self.state == "reopened" else "locked"

    def may_send(self, now: datetime) -> bool:
        return not self.against_sending(now)

    def may_ask(self, now: datetime) -> Asking | None:
        """The one thing that would help this unit now, if it needs the department for it at all.

        More time: for what is not sent yet, or was returned. Reopening: for what the department
        has taken in, or what was sent and can't be corrected any more: the period is locked, the
        reopening's day is over.
        """
        if self.terms.exempt or not self.owes or now < self.period.opens:
            return None
        if self.state in ("missing", "returned"):
            return "extend"
        shut = self.state == "accepted" or not self.is_open(now)
        return "reopen" if shut else None

    def against_granting(self, asked: Asking, now: datetime) -> str:
        """Why it would help no more: a key of messages.reports.moves.NO_LONGER_NEEDED."""
        if self.terms.exempt:
            return "exempt"
        return "" if self.may_ask(now) == asked else asked

    def against_urging(self, now: datetime) -> str:
        """Why no mail should urge the unit now: a key of messages.urging.urging.NOT_URGED."""
        if now < self.period.opens:
            return "not_open_yet"
        if self.terms.exempt:
            return "exempt"
        if self.state == "returned":
            return ""  # its answer is taken after the lock, too
        if self.head:
            return "has_sent"
        return "" if self.is_open(now) else self.stands(now)
