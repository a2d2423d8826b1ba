"""Mailing links from the desk: queued at once, sent in slices, each with a result of its own."""

from datetime import date, datetime, timedelta

from chalicelib.edges.ports import Site
from chalicelib.messages.links import links as words
from chalicelib.pages.frame import render
from chalicelib.pages.frame.address import programme_of
from chalicelib.pages.frame.web import Request, Response, redirect
from chalicelib.pages.links import link_mail
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.texts.clock import PATIENCE, today
from chalicelib.rules.units import contact as contacts_of
from chalicelib.rules.units.unit import Unit, owing
from chalicelib.store import contacts, links, mailings, programmes
from chalicelib.store.mailings import Mailing

SLICE = 40  # mails of one request
_IN_FLIGHT = timedelta(minutes=2)  # after that nobody knows any more what became of a mail
_STYLES = ("base", "desk", "links")


def begin(
    site: Site, request: Request, programme: Programme, units: list[str], *, again: bool
) -> Response:
    """Queue a mail for each of these units and send the first slice."""
    p, who = programme.key, request.who.email
    queued = mailings.queue(site.table, p, who, request.now, units, again=again)
    _send_slice(site, request, programme, today(request.now))
    query = {"had": str(len(units) - len(queued))} if len(queued) < len(units) else {}
    return redirect(site, "desk", p, "links", "mail", **query)


def go_on(site: Site, request: Request) -> Response:
    """ "Gửi tiếp"."""
    programme = programme_of(site, request)
    day = _day(request.form.get("day", ""), request.now)
    _send_slice(site, request, programme, day)
    return redirect(site, "desk", programme.key, "links", "mail", day=day.isoformat())


def show(site: Site, request: Request) -> Response:
    """What became of a day's mails."""
    programme = programme_of(site, request)
    day = _day(request.query.get("day", ""), request.now)
    mailed = _mailed(site, request, programme, day)
    lines = [(unit, one, shown_state(one, site.clock())) for unit, one in mailed]
    return render.page(
        site,
        request,
        "links/mailings.html",
        styles=_STYLES,
        programme=programme,
        day=day,
        lines=lines,
        counts={name: sum(state == name for *_, state in lines) for name in words.MAILINGS},
        had=request.query.get("had", ""),
        most=SLICE,
        words=words,
    )


def _day(given: str, now: datetime) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        return today(now)


def _mailed(
    site: Site, request: Request, programme: Programme, day: date
) -> list[tuple[Unit, Mailing]]:
    """The day's mails, in official order; a unit that is gone is passed over."""
    found = mailings.mailings(site.table, programme.key, day)
    units = owing(programmes.units(site.table, programme), today(request.now))
    return [(unit, found[unit.code]) for unit in units if unit.code in found]


def shown_state(one: Mailing, now: datetime) -> str:
    """A key of messages.links.links.MAILINGS."""
    return "unknown" if one.state == "sending" and now - one.at > _IN_FLIGHT else one.state


def _send_slice(site: Site, request: Request, programme: Programme, day: date) -> None:
    """The next mails of the queue."""
    mailed = _mailed(site, request, programme, day)
    waiting = [(unit, one) for unit, one in mailed if one.state == "queued"]
    for unit, one in waiting[:SLICE]:
        if site.clock() - request.now > PATIENCE:
            return
        _send_one(site, request, programme, unit, one)


def _send_one(site: Site, request: Request, programme: Programme, unit: Unit, one: Mailing) -> None:
    """Mailbox and link are read again now; the mail is reserved before it goes out."""
    table, p, who = site.table, programme.key, request.who.email
    token = links.token(site.key, links.standing(table, p, unit.code))
    to = contacts_of.mailbox(contacts.contact(table, p, unit.code), unit)
    if not token or not to:
        mailings.move(table, p, who, site.clock(), one, "no_mailbox" if token else "no_link")
        return
    reserved = mailings.move(table, p, who, site.clock(), one, "sending", to)
    if reserved is None:
        return  # another request of an officer sends it
    end = link_mail.send(site, request.now, programme, unit, token, to)
    mailings.move(table, p, who, site.clock(), reserved, end)
