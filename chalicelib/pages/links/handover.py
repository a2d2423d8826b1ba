"""Handing over ("Bàn giao"): old links and sessions end, the draft stays, a new link goes out."""

from datetime import datetime
from typing import Any

from chalicelib.edges.ports import Site
from chalicelib.messages.links import links as words
from chalicelib.pages.frame import render
from chalicelib.pages.frame.address import programme_of
from chalicelib.pages.frame.web import Problem, Request, Response, cookie, redirect
from chalicelib.pages.links import link_mail
from chalicelib.pages.links.links import STYLES, read_instant
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.review.act import UNIT, Act
from chalicelib.rules.texts.clock import iso, today
from chalicelib.rules.units import contact as contacts_of
from chalicelib.rules.units.unit import Unit, known_as
from chalicelib.store import access, contacts, devices, links, programmes
from chalicelib.store.links import Standing


def unit_of(site: Site, request: Request, programme: Programme, code: str) -> Unit:
    """The unit as it is known today. Raises Problem."""
    versions = programmes.unit_versions(site.table, programme, code)
    if not versions:
        raise Problem(404, "no_unit")
    return known_as(versions, today(request.now))


def own(site: Site, request: Request) -> tuple[Programme, Unit]:
    """Whose session this is. Raises Problem."""
    programme = programmes.programme(site.table, request.who.programme)
    if programme is None:
        raise Problem(404, "unknown_link")
    return programme, unit_of(site, request, programme, request.who.unit)


# ------------------------------------------------------------------ an officer, for one unit


def show(site: Site, request: Request) -> Response:
    return _desk_page(site, request)


def _desk_page(site: Site, request: Request, fault: str = "") -> Response:
    programme = programme_of(site, request)
    unit = unit_of(site, request, programme, request.params["unit"])
    done = request.query.get("done", "")
    return render.page(
        site,
        request,
        "links/unit_link.html",
        status=422 if fault else 200,
        styles=STYLES,
        programme=programme,
        unit=unit,
        **_ways_in(site, request, programme.key, unit),
        seen=iso(request.now),
        given=request.form,
        fault=fault,
        done=words.HANDED_OVER.get(site.mail_end(done), ""),
        good=done in ("sent", "paper", "revoked"),
        words=words,
    )


def _ways_in(site: Site, request: Request, p: str, unit: Unit) -> dict[str, Any]:
    """The unit's link, who is signed in by it, and where another would be mailed to."""
    standing = links.standing(site.table, p, unit.code)
    return {
        "standing": standing,
        "lost": bool(standing and standing.works and not links.token(site.key, standing)),
        "devices": devices.devices(site.table, p, unit.code, request.now),
        "mailbox": contacts_of.mailbox(contacts.contact(site.table, p, unit.code), unit),
    }


def hand_over(site: Site, request: Request) -> Response:
    """The link is changed first: an officer can always print it, whatever becomes of the mail."""
    programme = programme_of(site, request)
    p, code = programme.key, request.params["unit"]
    unit = unit_of(site, request, programme, code)
    seen = read_instant(request.form.get("seen", ""))
    if not request.form.get("sure") or seen is None:
        return _desk_page(site, request, words.HANDOVER["not_sure"])
    if request.form.get("do") == "revoke":
        return _revoke(site, request, p, code, seen)
    reason = request.form.get("reason", "")
    detail = {"reason": words.REASONS[reason]} if reason in words.REASONS else {}
    act = Act(request.now, request.who.email, "handover", p, unit=code, detail=detail)
    try:
        token = links.reissue_link(site.table, site.key, p, code, act, seen)
    except links.Changed:
        return redirect(site, "desk", p, "links", "of", code, done="changed")
    to = contacts_of.mailbox(contacts.contact(site.table, p, code), unit)
    done: str = "paper"
    if to and request.form.get("mail"):
        done = link_mail.send(site, request.now, programme, unit, token, to)
    return redirect(site, "desk", p, "links", "of", code, done=done)


def _revoke(site: Site, request: Request, p: str, code: str, seen: datetime) -> Response:
    """Also for a unit that has ended, which the list of today's units does not show."""
    act = Act(request.now, request.who.email, "revoke_link", p, unit=code)
    try:
        ended = links.revoke(site.table, p, code, act, seen)
    except links.Changed:
        ended = False
    done = "revoked" if ended else "changed"
    return redirect(site, "desk", p, "links", "of", code, done=done)


# ------------------------------------------------------------------ the unit itself


_FAULTS = {"no_mailbox": 409, "not_sure": 422, "mail_failed": 503}


def ask(site: Site, request: Request) -> Response:
    """With ?fault why the handing over that was tried was not done."""
    fault = request.query.get("fault", "")
    fault = fault if fault in _FAULTS else ""
    programme, unit = own(site, request)
    mailbox = contacts_of.mailbox(contacts.contact(site.table, programme.key, unit.code), unit)
    if fault == "no_mailbox" and mailbox:
        fault = ""  # there is one by now
    return render.page(
        site,
        request,
        "links/handover.html",
        status=_FAULTS.get(fault, 200),
        styles=("base", "form"),
        programme=programme,
        unit=unit,
        mailbox=mailbox,
        fault=words.HANDOVER.get(fault, ""),
        words=words,
    )


def confirm(site: Site, request: Request) -> Response:
    """The mail goes first: a unit whose new link reached nobody would be locked out.

    The link's token is known before it is made, and it opens nothing until then.
    """
    programme, unit = own(site, request)
    p, code, table = programme.key, unit.code, site.table
    to = contacts_of.mailbox(contacts.contact(table, p, code), unit)
    if not to:
        return redirect(site, "report", "handover", fault="no_mailbox")
    if not request.form.get("sure"):
        return redirect(site, "report", "handover", fault="not_sure")
    known = _standing_of_session(site, request)
    token = links.next_token(site.key, p, code, known)
    if link_mail.send(site, request.now, programme, unit, token, to) != "sent":
        return redirect(site, "report", "handover", fault="mail_failed")
    act = Act(request.now, UNIT, "handover", p, unit=code, detail={"mailbox": to})
    try:
        links.renew_as_told(table, site.key, known, act)
    except links.Changed:
        raise Problem(401, "signed_out") from None
    return _signed_out(site)


def _standing_of_session(site: Site, request: Request) -> Standing:
    """The link that this session came by. Raises Problem where it was changed since."""
    table, who = site.table, request.who
    known = links.standing(table, who.programme, who.unit)
    session = access.session(table, who.token, request.now)
    if not (known and session and known.generation == session.generation):
        raise Problem(401, "signed_out")
    return known


def _signed_out(site: Site) -> Response:
    """What is kept on this phone must not stay with whoever has it now."""
    response = redirect(site, "links", done="handover")
    response.cookies.append(cookie(site, "unit", "", 0))
    response.headers["Clear-Site-Data"] = '"storage"'
    return response
