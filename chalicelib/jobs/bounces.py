"""Mailboxes that mails don't reach: what SES tells of them, and no more mails to them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parseaddr

from chalicelib.edges.ports import Mail, NotSent, Site
from chalicelib.edges.table import Table
from chalicelib.store import unreachable
from chalicelib.store.item_kinds import ADDRESS

# Any other would be the key of no item that we know (store/item_kinds.py), and stop every backup.
_MARKED = rf"(?=.{{3,320}}\Z){ADDRESS}"


def take(table: Table, message: str, now: datetime) -> int:
    """Mark what SES's event tells of. How many mailboxes; none where it passes by itself.

    Raises ValueError for what is no event of SES, so that somebody looks at it.
    """
    marks = list(_read(message))
    for address, why in marks:
        unreachable.mark(table, address, why, now)
    return len(marks)


def _read(message: str) -> Iterator[tuple[str, str]]:
    """https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html"""
    event = json.loads(message)
    try:
        match event["eventType"]:
            case "Bounce" if event["bounce"]["bounceType"] == "Permanent":
                why, whom = "bounce", event["bounce"]["bouncedRecipients"]
            case "Complaint":
                why, whom = "complaint", event["complaint"]["complainedRecipients"]
            case _:
                return
        found = [parseaddr(one["emailAddress"])[1].lower() for one in whom]
    except (KeyError, TypeError) as error:
        raise ValueError("no event of SES") from error
    yield from ((address, why) for address in found if re.fullmatch(_MARKED, address))


def careful(site: Site) -> Site:
    """The same installation, that mails nobody who is marked: a bad name with SES ends all mail."""
    return replace(site, mail=_Careful(site.mail, site.table))


@dataclass(frozen=True, slots=True)
class _Careful:
    mail: Mail
    table: Table

    def send(self, to: str, subject: str, text: str, now: datetime) -> None:
        if why := unreachable.why(self.table, to, now):
            raise NotSent(why)
        self.mail.send(to, subject, text, now)
