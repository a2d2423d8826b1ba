"""The public page "Gửi lại đường dẫn": a link to the registered mailbox, and one answer to all.

Whoever asks learns nothing: units are looked up after the answer.
"""

from datetime import datetime
from typing import NamedTuple

from chalicelib import access as rules
from chalicelib import contact as contacts_of
from chalicelib import text
from chalicelib.audit import UNIT, Act
from chalicelib.clock import today
from chalicelib.contact import Contact
from chalicelib.edges import Asked, Site
from chalicelib.messages import links as words
from chalicelib.pages import doors, link_mail, render
from chalicelib.pages.web import Problem, Request, Response
from chalicelib.programme import Programme
from chalicelib.store import acts, contacts, links, programmes, rates
from chalicelib.table import Conflict
from chalicelib.unit import Unit, owing

LONGEST = 200
MOST = 5  # units that share one mailbox


def form(site: Site, request: Request) -> Response:
    return _page(site, request, "", done="handover" if "done" in request.query else "")


def _page(site: Site, request: Request, typed: str, fault: str = "", done: str = "") -> Response:
    found = sorted(programmes.programmes(site.table), key=lambda p: p.valid_from, reverse=True)
    return render.page(
        site,
        request,
        "resend.html",
        status=422 if fault else 200,
        typed=typed,
        fault=words.RESEND.get(fault, ""),
        done=done,
        department=found[0].department if found else None,
    )


def ask(site: Site, request: Request) -> Response:
    typed = request.form.get("who", "")
    if fault := _fault(typed):
        return _page(site, request, typed, fault)
    asked = f"resends-{rules.address_digest(site.key, request.address)}"
    most = rules.ASKED_AN_HOUR
    if rates.count(site.table, asked, request.now, most) > most:
        raise Problem(429, "asked_too_often")
    doors.hand_over(site, Asked("resend", typed, request.now, site.public_url))
    return _page(site, request, "", done="asked")


def _fault(typed: str) -> str:
    """A key of messages.links.RESEND."""
    if not typed:
        return "empty"
    if text.forbidden(typed) or "\n" in typed:
        return "unreadable"
    return "too_long" if len(typed) > LONGEST else ""


class Found(NamedTuple):
    """A unit that was asked for, the mailbox its mails go to, its link's token if one works."""

    programme: Programme
    unit: Unit
    to: str
    token: str


def mail(site: Site, asked: Asked) -> str:
    """After the answer: what became of the mails that were asked for, each kind once."""
    now = site.clock()
    ends = {_send(site, now, found) for found in _found(site, asked.text, now)}
    return " ".join(sorted(ends)) or "nobody"


def _found(site: Site, typed: str, now: datetime) -> list[Found]:
    """Units of running programmes with this code, name or mailbox, whose link works."""
    day, wanted, found = today(now), text.fold(typed), []
    for programme in programmes.programmes(site.table):
        if not programme.valid_from <= day <= programme.valid_to:
            continue
        known = dict(contacts.contacts(site.table, programme.key))
        standings = links.standings(site.table, programme.key)
        for unit in owing(programmes.units(site.table, programme), day):
            to = contacts_of.mailbox(known.get(unit.code, Contact()), unit)
            if to and wanted in map(text.fold, (unit.code, unit.name, *unit.aliases, to)):
                token = links.token(site.key, standings.get(unit.code))
                found += [Found(programme, unit, to, token)] if token else []
    return found[:MOST]


def _send(site: Site, now: datetime, found: Found) -> str:
    p, unit = found.programme.key, found.unit.code
    count, counted = rates.this_hour(site.table, f"resend-{rules.digest(f'{p}/{unit}')}", now)
    if count > rules.RESENDS_AN_HOUR:
        return "often"
    if not doors.may_mail(site, now, links=True):
        return "ceiling"
    act = Act(now, UNIT, "resend_link", p, unit=unit, detail={"mailbox": found.to})
    try:
        acts.commit(site.table, act, counted)
    except Conflict:
        return "twice"  # asked twice at one moment: the other one mails
    return link_mail.send(site, now, found.programme, found.unit, found.token, found.to)
