"""The public page "Gửi lại đường dẫn": a link to the registered mailbox, and one answer to all.

Whoever asks learns nothing: known or not, the same page, the same calls of the table, and the
answer after the same time.
"""

import time
from contextlib import suppress
from datetime import timedelta
from typing import NamedTuple

from chalicelib import access as rules
from chalicelib import contact as contacts_of
from chalicelib import text
from chalicelib.audit import UNIT, Act
from chalicelib.clock import today
from chalicelib.contact import Contact
from chalicelib.edges import Site
from chalicelib.messages import links as words
from chalicelib.pages import link_mail, render
from chalicelib.pages.web import Problem, Request, Response
from chalicelib.programme import Programme
from chalicelib.store import acts, contacts, links, programmes, rates
from chalicelib.table import Conflict
from chalicelib.unit import Unit, owing

EVENLY = timedelta(seconds=2)  # sending the mails to one mailbox takes less, nearly always
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
    found: list[Found | None] = [*_found(site, request, typed)]
    for one in found or [None]:
        _send(site, request, typed, one)
    response = _page(site, request, "", done="asked")
    _wait(site, request)
    return response


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


def _found(site: Site, request: Request, typed: str) -> list[Found]:
    """Units of running programmes with this code, name or mailbox; all are looked at anyway."""
    day, wanted, found = today(request.now), text.fold(typed), []
    for programme in programmes.programmes(site.table):
        if not programme.valid_from <= day <= programme.valid_to:
            continue
        known = dict(contacts.contacts(site.table, programme.key))
        standings = links.standings(site.table, programme.key)
        for unit in owing(programmes.units(site.table, programme), day):
            to = contacts_of.mailbox(known.get(unit.code, Contact()), unit)
            if to and wanted in map(text.fold, (unit.code, unit.name, *unit.aliases, to)):
                token = links.token(site.key, standings.get(unit.code))
                found.append(Found(programme, unit, to, token))
    return found[:MOST]


def _send(site: Site, request: Request, typed: str, found: Found | None) -> None:
    """For nobody the same calls: a count is read and written."""
    whose = f"{found.programme.key}/{found.unit.code}" if found else text.fold(typed)
    name = f"resend-{rules.digest(whose)}"
    count, counted = rates.this_hour(site.table, name, request.now)
    if count > rules.RESENDS_AN_HOUR:
        return
    if found is None or not found.token:
        with suppress(Conflict):
            site.table.write(counted)
        return
    p, unit = found.programme.key, found.unit.code
    act = Act(request.now, UNIT, "resend_link", p, unit=unit, detail={"mailbox": found.to})
    try:
        acts.commit(site.table, act, counted)
    except Conflict:
        return  # asked twice at one moment: the other one mails
    link_mail.send(site, request, found.programme, found.unit, found.token, found.to)


def _wait(site: Site, request: Request) -> None:
    """Mails take their time to go; without one the answer takes as long.

    Where they take longer, its time is one of few that an answer can have: nobody measures them.
    """
    taken = site.clock() - request.now
    left = (taken // EVENLY + 1) * EVENLY - taken
    time.sleep(left.total_seconds())
