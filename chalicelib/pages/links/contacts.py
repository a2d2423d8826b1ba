"""Whom to reach at a unit: the unit's own page, the desk's list, an officer's word on a mailbox."""

from collections.abc import Mapping
from dataclasses import replace

from chalicelib.edges.ports import Site
from chalicelib.edges.table import Conflict
from chalicelib.messages.links import contacts as words
from chalicelib.pages.frame import render
from chalicelib.pages.frame.address import programme_of
from chalicelib.pages.frame.web import Problem, Request, Response, redirect, whole_number
from chalicelib.pages.links import link_mail
from chalicelib.pages.links.handover import own, unit_of
from chalicelib.pages.links.links import STYLES
from chalicelib.pages.unit import keeping
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.review.act import UNIT, Act
from chalicelib.rules.texts.clock import today
from chalicelib.rules.units import contact as rules
from chalicelib.rules.units.contact import Contact
from chalicelib.rules.units.unit import Unit, owing
from chalicelib.store import acts, contacts, programmes
from chalicelib.store import typed as store_typed
from chalicelib.store.access import Ended

# ------------------------------------------------------------------ the unit itself


def mine(site: Site, request: Request) -> Response:
    """With ?check=1 what was typed and not taken, and why."""
    who, again = request.who, dict[str, str]()
    if request.query.get("check"):
        kept_here = store_typed.of_contacts(who.programme, who.unit)
        again = dict(store_typed.of(site.table, kept_here, who))
    if not again:
        return _unit_page(site, request)
    typed, faults = rules.read(again)
    if faults:
        return _unit_page(site, request, typed, faults, 422)
    return _unit_page(site, request, typed, {"": "changed"}, 409)


def _unit_page(
    site: Site,
    request: Request,
    typed: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    programme, unit = own(site, request)
    known = contacts.contact(site.table, programme.key, unit.code)
    return render.page(
        site,
        request,
        "links/contacts.html",
        status=status,
        styles=("base", "form"),
        programme=programme,
        unit=unit,
        known=known,
        mailbox=rules.mailbox(known, unit),
        typed=typed or rules.shown(known, unit),
        faults=faults or {},
        done=words.KEPT.get(request.query.get("done", ""), ""),
        words=words,
    )


def change_mine(site: Site, request: Request) -> Response:
    """Names and phone hold at once; another mailbox waits for an officer."""
    programme, unit = own(site, request)
    typed, faults = rules.read(request.form)
    if faults:
        return _not_taken(site, request, typed)
    known = contacts.contact(site.table, programme.key, unit.code)
    after = rules.changed_by_unit(known, unit, typed)
    verb = "propose_mailbox" if after.proposed not in ("", known.proposed) else "change_contact"
    seen = _is_seen(request, known)
    kept = seen and _keep(site, request, programme, unit, known, after, verb)
    if not kept and contacts.contact(site.table, programme.key, unit.code) != after:
        return _not_taken(site, request, typed)
    typed_here = store_typed.of_contacts(programme.key, unit.code)
    store_typed.empty(site.table, typed_here, request.who, request.now)
    return redirect(site, "report", "contacts", done="proposed" if after.proposed else "kept")


def _not_taken(site: Site, request: Request, typed: Mapping[str, str]) -> Response:
    """It is kept, and read again behind the redirect. Raises Problem."""
    who = request.who
    keeping.aside(site, request, store_typed.of_contacts(who.programme, who.unit), typed)
    return redirect(site, "report", "contacts", check="1")


def _is_seen(request: Request, known: Contact) -> bool:
    """Whether the page that this comes from showed what is kept now."""
    return whole_number(request.form.get("seen", "")) == known.revision


def _keep(
    site: Site,
    request: Request,
    programme: Programme,
    unit: Unit,
    known: Contact,
    after: Contact,
    verb: str,
) -> bool:
    """Write and record what differs; False where somebody else changed it meanwhile."""
    if after == known:
        return True
    who = request.who.email or UNIT
    names = [name for name in (*rules.FIELDS, "proposed") if _differs(known, after, name)]
    old = {name: getattr(known, name) for name in names}
    new = {name: getattr(after, name) for name in names}
    told = {"old": old, "new": new}
    act = Act(request.now, who, verb, programme.key, unit=unit.code, detail=told)

    try:
        contacts.keep_in(site.table, request.who, act, after)
    except Ended:
        raise Problem(401, "signed_out") from None
    except Conflict:
        return False
    return True


def _differs(known: Contact, after: Contact, name: str) -> bool:
    return bool(getattr(known, name) != getattr(after, name))


# ------------------------------------------------------------------ the desk


def listed(site: Site, request: Request) -> Response:
    """Proposals first, then every unit of today with whom to reach there."""
    programme = programme_of(site, request)
    known = dict(contacts.contacts(site.table, programme.key))
    units = owing(programmes.units(site.table, programme), today(request.now))
    lines = [(unit, known.get(unit.code, Contact())) for unit in units]
    done = request.query.get("done", "")
    named = {unit.code: unit.name for unit in units}.get(request.query.get("unit", ""), "")
    return render.page(
        site,
        request,
        "links/contact_list.html",
        styles=STYLES,
        programme=programme,
        lines=lines,
        proposals=[(unit, contact) for unit, contact in lines if contact.proposed],
        mailbox=rules.mailbox,
        unit_phone=rules.unit_phone,
        done=words.KEPT[done].format(unit=named) if done in words.KEPT and named else "",
        good=done != "other",
        notice=words.NOTICE.get(site.mail_end(request.query.get("notice", "")), ""),
        words=words,
    )


def decide(site: Site, request: Request) -> Response:
    """Confirm or refuse the very mailbox that the officer has read; the old one hears of it."""
    programme = programme_of(site, request)
    code, do = request.form.get("unit", ""), request.form.get("do", "")
    if do not in ("confirm", "refuse"):
        raise Problem(422, "no_unit")
    unit = unit_of(site, request, programme, code)
    known = contacts.contact(site.table, programme.key, code)
    after = rules.confirmed(known) if do == "confirm" else rules.refused(known)
    read = known.proposed and known.proposed == request.form.get("proposed")
    verb = f"{do}_mailbox"
    done = "confirmed" if do == "confirm" else "refused"
    if not read or not _keep(site, request, programme, unit, known, after, verb):
        stands = _decided(site, request, programme, code, verb)
        done = done if stands else "other"
        return redirect(site, "desk", programme.key, "contacts", done=done, unit=code)
    notice = _tell_the_old(site, request, programme, unit, known, after)
    query = {"done": done, "unit": code, "notice": notice}
    return redirect(site, "desk", programme.key, "contacts", **query)


def _decided(site: Site, request: Request, programme: Programme, code: str, verb: str) -> bool:
    """Whether this very word on this mailbox was the last act: a double tap, a lost reply."""
    last = acts.newest(site.table, programme.key, request.now, lambda act: act.unit == code)
    if last is None or (last.who, last.verb) != (request.who.email, verb):
        return False
    return bool(last.detail["old"]["proposed"] == request.form.get("proposed"))


def _tell_the_old(
    site: Site,
    request: Request,
    programme: Programme,
    unit: Unit,
    known: Contact,
    after: Contact,
) -> str:
    """A key of messages.links.contacts.NOTICE. A notice that fails undoes nothing."""
    old, new = rules.mailbox(known, unit), rules.mailbox(after, unit)
    if not old or old == new:
        return "none"
    body = render.text(
        "messages/mailbox_changed.txt",
        unit=unit,
        programme=programme,
        department=programme.department,
        old=old,
        new=new or words.NO_MAILBOX,
    )
    subject = words.NOTICE_SUBJECT.format(unit=" ".join(unit.name.split()))
    return link_mail.post(site, request.now, old, subject, body)


def one(site: Site, request: Request) -> Response:
    return _desk_page(site, request)


def _desk_page(
    site: Site,
    request: Request,
    typed: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    programme = programme_of(site, request)
    unit = unit_of(site, request, programme, request.params["unit"])
    known = contacts.contact(site.table, programme.key, unit.code)
    return render.page(
        site,
        request,
        "links/unit_contact.html",
        status=status,
        styles=STYLES,
        programme=programme,
        unit=unit,
        known=known,
        mailbox=rules.mailbox(known, unit),
        typed=typed or rules.shown(replace(known, proposed=""), unit),
        faults=faults or {},
        done=words.KEPT.get(request.query.get("done", ""), ""),
        notice=words.NOTICE.get(site.mail_end(request.query.get("notice", "")), ""),
        words=words,
    )


def change_one(site: Site, request: Request) -> Response:
    """An officer's own word: a mailbox told by phone is confirmed by that."""
    programme = programme_of(site, request)
    unit = unit_of(site, request, programme, request.params["unit"])
    typed, faults = rules.read(request.form)
    if faults:
        return _desk_page(site, request, typed, faults, 422)
    known = contacts.contact(site.table, programme.key, unit.code)
    after = rules.changed_by_officer(known, unit, typed)
    where = ("desk", programme.key, "contacts", unit.code)
    if not _is_seen(request, known) or not _keep(
        site, request, programme, unit, known, after, "change_contact"
    ):
        if contacts.contact(site.table, programme.key, unit.code) == after:
            return redirect(site, *where, done="kept")  # a second tap: the first has told the old
        return _desk_page(site, request, typed, {"": "changed"}, 409)
    notice = _tell_the_old(site, request, programme, unit, known, after)
    return redirect(site, *where, done="kept", notice=notice)
