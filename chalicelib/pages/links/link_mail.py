"""The mail that brings a unit its own link: one unit, one mailbox, one link."""

from datetime import datetime
from typing import Literal

from chalicelib.edges import logs
from chalicelib.edges.ports import NotSent, Site
from chalicelib.messages.links import links as words
from chalicelib.pages.frame import render
from chalicelib.pages.frame.web import absolute
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.units.unit import Unit

End = Literal["sent", "failed", "unknown"]


def send(site: Site, now: datetime, programme: Programme, unit: Unit, token: str, to: str) -> End:
    """Whatever becomes of the mail, the page goes on."""
    body = render.text(
        "messages/link.txt",
        unit=unit,
        programme=programme,
        department=programme.department,
        link=absolute(site, "u", token),
    )
    subject = words.MAIL_SUBJECT.format(unit=" ".join(unit.name.split()))
    return post(site, now, to, subject, body)


def post(site: Site, now: datetime, to: str, subject: str, body: str) -> End:
    """Send a mail, once; where that fails, a line in the log and whether it may have gone out."""
    try:
        site.mail.send(to, subject, body, now)
    except Exception as error:
        logs.say("mail_failed", logs.ERROR, error)
        return "failed" if isinstance(error, NotSent) else "unknown"
    return "sent"
