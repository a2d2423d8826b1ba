"""Urging by mail: read again, reserve, send, say how it ended; one slice of a round at a time."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from chalicelib.edges import logs
from chalicelib.edges.ports import NotSent, Site
from chalicelib.edges.table import NOTHING, Conflict, Table
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.progress import reminder
from chalicelib.rules.progress.reminder import Case, NotUrged, Reminder, Round, Row, State
from chalicelib.rules.reports.obligation import Obligation
from chalicelib.rules.review.act import Act
from chalicelib.rules.texts.clock import PATIENCE
from chalicelib.rules.units.unit import Unit, owing
from chalicelib.store import contacts, exempt_or_extended, links, programmes, reminders, reports

# The mail's subject and text for one unit with its own link.
Composed = tuple[str, str]
Compose = Callable[[Case, str], Composed]

_TRIES = 5


def rows(table: Table, programme: Programme, period: Period, now: datetime) -> list[Row]:
    """How every unit that owes a report stands towards being urged today."""
    p, k = programme.key, period.key
    found = reminder.rows(
        owing(programmes.units(table, programme), period.end),
        dict(contacts.contacts(table, p)),
        period,
        exempt_or_extended.terms(table, p, k),
        {head.unit: head for head in reports.heads(table, p, k)},
        {one.unit: one for one in reminders.reminders(table, p, k, reminder.day_of(now))},
        now,
    )
    taken = _taken(table, p, k, now)
    return [row._replace(elsewhere=taken.get(row.unit.code, "")) for row in found]


def _taken(table: Table, p: str, k: str, now: datetime) -> dict[str, str]:
    """The label of the period whose mail of today a unit has had, where that is another one."""
    day = reminder.day_of(now)
    held = {unit: at.period for unit, at in reminders.places(table, p, day).items()}
    others = set(held.values()) - {k}
    labels = {one.key: one.label for one in programmes.periods(table, p)} if others else {}
    return {
        one.unit: labels[other]
        for other in others
        for one in reminders.reminders(table, p, other, day)
        if held.get(one.unit) == other and one.ended(now) != "failed"
    }


def step(
    site: Site,
    programme: Programme,
    period: Period,
    round: Round,
    who: str,
    compose: Compose,
    *,
    again: bool = False,
) -> Counter[State]:
    """Send the next slice of a round; `again` takes those that failed in it.

    It may be called any number of times, by anybody at the same time: the reservation alone
    decides who sends. It stops early where the mails fail one after another.
    """
    begun = site.clock()
    found = reminder.of_round(rows(site.table, programme, period, begun), round)
    waiting = [row for row in found if reminder.waits(row, round, begun, again=again)]
    # Mailboxes that always refuse must not stand before those that were tried less.
    waiting.sort(key=lambda row: row.reminder.tries if row.reminder else 0)
    told: Counter[State] = Counter()
    in_a_row = 0
    sender = _Sender(site, programme, period, round, who, compose)
    for row in waiting:
        over = site.clock() - begun > PATIENCE
        if over or in_a_row == reminder.IN_A_ROW or told.total() == reminder.SLICE:
            break
        ended = sender.urge(row, again=again)
        if ended:
            told[ended.state] += 1
            in_a_row = in_a_row + 1 if ended.by_post else 0
    return told


class _Sender:
    def __init__(
        self,
        site: Site,
        programme: Programme,
        period: Period,
        round: Round,
        who: str,
        compose: Compose,
    ) -> None:
        self._site = site
        self._p = programme.key
        self._listed = programmes.unchanged(programme)
        self._period = period
        self._round = round
        self._who = who
        self._compose = compose

    def urge(self, row: Row, *, again: bool) -> Reminder | None:
        """The reminder as it ended; None where none was to be sent by us."""
        for _ in range(_TRIES):
            now = self._site.clock()
            fresh = self._read(row.unit, now)
            over = reminder.day_of(now) != self._round.day  # midnight passed meanwhile
            waits = reminder.waits(fresh, self._round, now, again=again)
            if fresh.case is None or over or not waits:
                return None
            mail = self._written(fresh.case)
            try:
                reserved = self._reserve(fresh.case, fresh.reminder, now)
            except Conflict as conflict:
                if conflict.key == self._listed.key:
                    return None  # it may owe nothing any more: the next slice reads the new list
                continue  # somebody sent, decided or urged at this moment: look again
            return self._send(reserved, mail)
        return None

    def _read(self, unit: Unit, now: datetime) -> Row:
        """The unit's state at this moment, not as the page has shown it."""
        table, p, k, code = self._site.table, self._p, self._period.key, unit.code
        former = reminders.reminder(table, p, k, self._round.day, code)
        contact = contacts.contact(table, p, code)
        own, head = exempt_or_extended.of(table, p, k, code), reports.head(table, p, k, code)
        owed = Obligation(self._period, own, head)
        place = reminders.place(table, p, self._round.day, code)
        try:
            case = reminder.judged(unit, contact, owed, now)
        except NotUrged as no:
            return Row(unit, None, no.reason, former)
        elsewhere = place.period if place and self._has_had(place.period, code, now) else ""
        case = case._replace(place=place.revision if place else NOTHING)
        return Row(unit, case, "", former, elsewhere)

    def _has_had(self, period: str, unit: str, now: datetime) -> bool:
        """Whether a mail of today about this other period has or may have reached the unit."""
        if period == self._period.key:
            return False
        one = reminders.reminder(self._site.table, self._p, period, self._round.day, unit)
        return one is not None and one.ended(now) != "failed"

    def _reserve(self, case: Case, former: Reminder | None, now: datetime) -> Reminder:
        made = Reminder(
            unit=case.unit.code,
            day=self._round.day,
            why=case.why,
            state="reserved",
            mailbox=case.mailbox,
            who=self._who,
            round=self._round.id,
            at=now,
            tries=former.tries + 1 if former else 1,
        )
        table, p = self._site.table, self._p
        return reminders.reserve(table, p, self._period, case, former, made, self._listed)

    def _written(self, case: Case) -> Composed | None:
        """None where an officer has ended the unit's link: a reminder does not bring it back."""
        site, code = self._site, case.unit.code
        known = links.standing(site.table, self._p, code)
        if known is None:
            act = Act(site.clock(), self._who, "issue_link", self._p, unit=code)
            first = links.issue_link(site.table, site.key, self._p, code, act)
            return self._compose(case, first)
        link = links.token(site.key, known)
        return self._compose(case, link) if link else None

    def _send(self, reserved: Reminder, mail: Composed | None) -> Reminder:
        """A mail that may have gone out and may not is unknown, and is not sent again today."""
        state: State = "sent"
        cause = ""
        try:
            if mail:
                self._site.mail.send(reserved.mailbox, *mail, self._site.clock())
            else:
                state, cause = "failed", "no_link"
        except NotSent as error:
            state, cause = "failed", "refused"
            logs.say("mail_failed", logs.WARNING, error)
        except Exception as error:
            state, cause = "unknown", "no_answer"
            logs.say("mail_failed", logs.ERROR, error)
        ended = replace(reserved, state=state, cause=cause)
        reminders.end(self._site.table, self._p, self._period.key, ended, self._site.clock())
        return ended
