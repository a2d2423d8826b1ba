"""Reminders (đôn đốc): whom a mail may urge and why, how it ends, what several may never read."""

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from chalicelib.rules.programmes.period import Period
from chalicelib.rules.reports.exempt_or_extended import NO_TERMS, Terms
from chalicelib.rules.reports.obligation import Obligation
from chalicelib.rules.reports.report import Head
from chalicelib.rules.texts.clock import today
from chalicelib.rules.units.contact import Contact, mailbox
from chalicelib.rules.units.unit import Unit

Why = Literal["before_due", "after_due", "returned"]
State = Literal["reserved", "sent", "failed", "unknown"]

LONGEST_NOTE = 500
SLICE = 40  # mails of one request: within API Gateway's 29 s at the rates of a new SES account
IN_A_ROW = 5  # mails that fail one after another: then the way out is closed, not the mailbox
ON_ITS_WAY = timedelta(minutes=2)  # longer than any request lives

# In a mail to many it would open one unit's report to all of them.
_LINK = re.compile(r"://|\bwww\.|/[us]/", re.IGNORECASE)


class NotUrged(Exception):
    """This unit gets no mail now; `reason` is a key of messages.urging.urging.NOT_URGED."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Case(NamedTuple):
    """A unit that may be urged, and the versions of what that was judged by."""

    unit: Unit
    why: Why
    owed: Obligation
    mailbox: str  # empty where the unit has none: then only a text by hand reaches it
    place: int = 0  # of the day's one place of this unit, whichever period holds it


@dataclass(frozen=True, slots=True)
class Reminder:
    """One mail to one unit on one day. It is reserved before it is sent, and then ends."""

    unit: str
    day: str
    why: Why
    state: State
    mailbox: str
    who: str
    round: str
    at: datetime
    tries: int = 1
    cause: str = ""  # of a failure: a key of messages.urging.urging.CAUSES
    revision: int = field(default=0, compare=False)  # of the stored item, for expecting

    @property
    def by_post(self) -> bool:
        """Whether it failed at the mail edge, which the next one may, too."""
        return self.state in ("failed", "unknown") and self.cause != "no_link"

    def ended(self, now: datetime) -> State:
        """A reservation without an end: on its way, then nobody can know."""
        lost = self.state == "reserved" and now - self.at > ON_ITS_WAY
        return "unknown" if lost else self.state


@dataclass(frozen=True, slots=True)
class Round:
    """What an officer sent at one go: these units, this addition, on this day."""

    id: str
    day: str
    units: tuple[str, ...]
    note: str
    who: str
    at: datetime


def new_round() -> str:
    return secrets.token_hex(8)


def is_round(given: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{16}", given) is not None


def day_of(now: datetime) -> str:
    """A reminder's day is one of Việt Nam."""
    return f"{today(now):%Y%m%d}"


def reason(owed: Obligation, now: datetime) -> Why:
    """Why the unit may be urged now. Raises NotUrged where it owes nothing it could send."""
    if against := owed.against_urging(now):
        raise NotUrged(against)
    if owed.head:
        return "returned"
    return "after_due" if owed.is_overdue(now) else "before_due"


def judged(unit: Unit, contact: Contact, owed: Obligation, now: datetime) -> Case:
    """Whom to urge, where and why. Raises NotUrged."""
    return Case(unit, reason(owed, now), owed, mailbox(contact, unit))


class Row(NamedTuple):
    """How one owing unit stands towards being urged: a case, or the reason against it."""

    unit: Unit
    case: Case | None
    reason: str = ""  # a key of messages.urging.urging.NOT_URGED, where there is no case
    reminder: Reminder | None = None  # of today
    elsewhere: str = ""  # another period, which has taken the unit's one mail of today

    @property
    def against(self) -> str:
        """Why no mail can go to the unit; empty where one can."""
        if self.case is None:
            return self.reason
        if not self.case.mailbox:
            return "no_mailbox"
        return "other_period" if self.elsewhere else ""


def rows(
    owing: Iterable[Unit],
    contacts: Mapping[str, Contact],
    period: Period,
    terms: Mapping[str, Terms],
    heads: Mapping[str, Head],
    reminders: Mapping[str, Reminder],
    now: datetime,
) -> list[Row]:
    """Every owing unit in its order."""
    found = []
    for unit in owing:
        code = unit.code
        owed = Obligation(period, terms.get(code, NO_TERMS), heads.get(code))
        case, against = None, ""
        try:
            case = judged(unit, contacts.get(code, Contact()), owed, now)
        except NotUrged as no:
            against = no.reason
        found.append(Row(unit, case, against, reminders.get(code)))
    return found


def of_round(found: Iterable[Row], round: Round) -> list[Row]:
    """The rows of the units that the round was begun for."""
    chosen = set(round.units)
    return [row for row in found if row.unit.code in chosen]


def open_today(row: Row, now: datetime) -> bool:
    """Whether the unit may be chosen: no mail today, or one that is known not to have gone out."""
    if row.against:
        return False
    return row.reminder is None or row.reminder.ended(now) == "failed"


def waits(row: Row, round: Round, now: datetime, *, again: bool) -> bool:
    """Whether this round still has to send this unit its mail.

    What failed in another round was chosen anew with this one; what failed in this one waits
    until somebody asks for it again.
    """
    mine = row.reminder is not None and row.reminder.round == round.id
    return open_today(row, now) and (again or not mine)


def by_bloc(cases: Iterable[Case], blocs: Mapping[str, str]) -> list[tuple[str, list[Case]]]:
    """For a text to a group: the names under their bloc's, in the programme's order."""
    grouped: dict[str, list[Case]] = {bloc: [] for bloc in blocs}
    for case in cases:
        grouped.setdefault(case.unit.bloc, []).append(case)
    return [(blocs.get(bloc, bloc), found) for bloc, found in grouped.items() if found]


def holds_link(text: str) -> bool:
    """True for what may not stand in a text for several units."""
    return _LINK.search(text) is not None
