"""A unit is told of what an officer has decided: one mail an act, and the same text to copy.

The act is kept first, and the notice with it: whatever becomes of the mail, the act stands.
"""

from datetime import datetime

from chalicelib.edges import logs
from chalicelib.edges.ports import Site
from chalicelib.edges.table import Busy, Conflict
from chalicelib.messages.own_words import filled
from chalicelib.messages.reports import decision_notice as words
from chalicelib.pages.frame import render
from chalicelib.pages.frame.web import Request, Response, absolute
from chalicelib.pages.links import link_mail
from chalicelib.pages.reports import one_report
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.review import notice
from chalicelib.rules.review.act import Act
from chalicelib.rules.review.notice import Notice
from chalicelib.rules.units import contact as contacts_of
from chalicelib.rules.units.unit import Unit
from chalicelib.store import contacts, links, notices

# Which programme, period and unit a notice is about.
Where = tuple[Programme, Period, Unit]


def about(site: Site, where: Where, act: Act, until: datetime | None = None) -> Notice:
    """What to keep in the write of the act."""
    programme, _, unit = where
    known = contacts.contact(site.table, programme.key, unit.code)
    return notice.about(act, contacts_of.mailbox(known, unit), until)


def tell(site: Site, request: Request, where: Where, told: Notice) -> None:
    """Send the mail of an act that has just been kept. Nothing of it is raised."""
    if told.state != "reserved":
        return
    programme, period, _ = where
    try:
        subject = filled(words.subject(told, period.label), programme.department)
        body = _text(site, where, told)
    except Exception as error:
        logs.say("mail_failed", logs.ERROR, error)
        end: notice.State = "failed"
    else:
        end = link_mail.post(site, request.now, told.mailbox, subject, body)
    try:
        notices.end(site.table, programme.key, period.key, told, end)
    except (Busy, Conflict) as error:
        logs.say("mail_not_ended", logs.ERROR, error)


def _text(site: Site, where: Where, told: Notice) -> str:
    """With the unit's own link where it works: it is for this one unit alone.

    Without one it says whom to call: "Gửi lại đường dẫn" would mail nothing either.
    """
    programme, period, unit = where
    standing = links.standing(site.table, programme.key, unit.code)
    token = links.token(site.key, standing)
    return render.text(
        "messages/notice.txt",
        notice=told,
        unit=unit,
        programme=programme,
        period=period,
        department=programme.department,
        link=absolute(site, "u", token) if token else "",
        works=standing is not None and standing.works,
    )


def show(site: Site, request: Request) -> Response:
    """The newest text, for the officer who calls or writes by himself."""
    owed = one_report.owed_by(site, request, to_read=True)
    p, k, unit = owed.programme.key, owed.period.key, owed.unit
    found = notices.of_unit(site.table, p, k, unit.code)
    where = owed.programme, owed.period, unit
    known = contacts.contact(site.table, p, unit.code)
    return render.page(
        site,
        request,
        "reports/decision_notice.html",
        styles=("base", "desk", "urging"),
        programme=owed.programme,
        period=owed.period,
        unit=unit,
        phone=contacts_of.unit_phone(known, unit),
        ended=words.ended(found[0], request.now, site.mail_end) if found else "",
        past=bool(found) and found[0].is_past(owed.head.state if owed.head else "missing"),
        text=_text(site, where, found[0]) if found else "",
    )
