"""What one unit is told by mail of an officer's act about its report: once, and how that ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from chalicelib.rules.progress.reminder import ON_ITS_WAY
from chalicelib.rules.review import remarks
from chalicelib.rules.review.act import Act

State = Literal["no_mailbox", "reserved", "sent", "failed", "unknown"]


# In which states of the report the unit still has to do what it was told; in the others it is past.
STANDS: Mapping[str, tuple[str, ...]] = {
    "return": ("returned",),
    "reopen": ("reopened",),
    "grant_reopen": ("reopened",),
    "grant_extend": ("missing", "returned"),
    "refuse_extend": ("missing", "returned"),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """It is kept with the act that it tells of, before any mail goes out, and then ends.

    Of the officer's remarks it says that there are some: what they say, and every figure, stays on
    the unit's own pages.
    """

    unit: str
    act: str  # by `Act.name`
    verb: str  # a key of messages.reports.decision_notice.SUBJECTS
    at: datetime
    mailbox: str  # empty where the unit has none: then somebody must call
    state: State
    until: datetime | None = None  # until when the unit has time now
    sections: int = 0  # how many of them have a remark of their own
    general: bool = False  # whether there is a remark, reason or answer besides
    revision: int = field(default=0, compare=False)  # of the stored item, for expecting

    def is_past(self, state: str) -> bool:
        """Whether the report, now in this state, has moved on since."""
        return self.verb in STANDS and state not in STANDS[self.verb]

    def ended(self, now: datetime) -> State:
        """A reservation without an end: on its way, then nobody can know."""
        lost = self.state == "reserved" and now - self.at > ON_ITS_WAY
        return "unknown" if lost else self.state


def about(act: Act, mailbox: str, until: datetime | None) -> Notice:
    said = remarks.of(act.detail)
    return Notice(
        unit=act.unit,
        act=act.name,
        verb=act.verb,
        at=act.at,
        mailbox=mailbox,
        state="reserved" if mailbox else "no_mailbox",
        until=until,
        sections=len(said.sections),
        general=bool(said.general),
    )
