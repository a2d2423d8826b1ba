"""The act of sending: which version it makes, what it leads to, whether it is late."""

from datetime import datetime

from chalicelib.rules.programmes.period import Period
from chalicelib.rules.reports import report
from chalicelib.rules.reports.exempt_or_extended import NO_TERMS, Terms
from chalicelib.rules.reports.obligation import Obligation
from chalicelib.rules.reports.report import Content, Head, Sender, Version
from chalicelib.rules.reports.states import Refused, State, moved


def submit(
    head: Head | None,
    period: Period,
    unit: str,
    content: Content,
    *,
    now: datetime,
    form: int,
    sender: Sender,
    reason: str = "",
    actor: str = "unit",
    terms: Terms = NO_TERMS,
    entered: datetime | None = None,
) -> tuple[Version, Head]:
    """The next version and the head that points to it. Raises Refused.

    With `entered` it is a paper report: `now` is then its arrival, which all is judged on.
    Lateness is judged once, on version 1 against this unit's own due instant; an answer to a
    return is late only after the return's own due date.
    """
    if entered and head and head.state == "submitted":
        raise Refused("paper_from_submitted")  # what stands is the unit's to correct
    owed = Obligation(period, terms, head)
    state, after = _submittable(owed, now, reason), now > owed.due
    version = Version(
        unit=unit,
        period=period.key,
        number=head.version + 1 if head else 1,
        content=content.canonical(),
        hash=content.hash(),
        sent=now,
        sender=sender,
        actor=actor,
        reason=reason,
        form=form,
        late=head.late if head else after,
        after_due=after and head is not None,
        entered=entered,
    )
    return version, _newest(head, version, state, content)


def _submittable(owed: Obligation, now: datetime, reason: str) -> State:
    """The state that sending leads to. Raises Refused."""
    if against := owed.against_sending(now):
        raise Refused(against)
    if owed.head and not reason:
        raise Refused("no_reason")
    return moved(owed.head.state if owed.head else None, "submit")


def _newest(head: Head | None, version: Version, state: State, content: Content) -> Head:
    return Head(
        unit=version.unit,
        period=version.period,
        state=state,
        version=version.number,
        first_sent=head.first_sent if head else version.sent,
        last_sent=version.sent,
        late=version.late,
        nil=content.nil,
        form=version.form,
        hash=version.hash,
        figures=report.compact(content.figures),
        revision=head.revision if head else 0,
        paper=version.entered is not None,
    )
