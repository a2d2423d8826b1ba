"""Links that were asked for: whose they are, found after the answer, and the mails with them."""

from datetime import datetime
from typing import NamedTuple

from chalicelib.edges.ports import Asked, Site
from chalicelib.edges.table import Conflict
from chalicelib.pages.door import ceilings
from chalicelib.pages.links import link_mail
from chalicelib.rules.access import access as rules
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.review.act import UNIT, Act
from chalicelib.rules.texts import text
from chalicelib.rules.texts.clock import today
from chalicelib.rules.units import contact as contacts_of
from chalicelib.rules.units.contact import Contact
from chalicelib.rules.units.list_codes import alike
from chalicelib.rules.units.unit import Unit, owing
from chalicelib.store import contacts, links, programmes, rates

MOST = 5  # units that share one mailbox


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
            named = wanted in map(text.fold, (unit.name, *unit.aliases, to))
            if to and (named or alike(typed) == alike(unit.code)):
                token = links.token(site.key, standings.get(unit.code))
                found += [Found(programme, unit, to, token)] if token else []
    return found[:MOST]


def _send(site: Site, now: datetime, found: Found) -> str:
    p, unit = found.programme.key, found.unit.code
    counted = f"resend-{rules.digest(f'{p}/{unit}')}"
    if rates.taken(site.table, counted, now) >= rules.RESENDS_AN_HOUR:
        return "often"
    if not ceilings.may_mail(site, now, links=True):
        return "ceiling"
    act = Act(now, UNIT, "resend_link", p, unit=unit, detail={"mailbox": found.to})
    try:
        rates.count_act(site.table, counted, act)
    except Conflict:
        return "twice"  # asked twice at one moment: the other one mails
    return link_mail.send(site, now, found.programme, found.unit, found.token, found.to)
