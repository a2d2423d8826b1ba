"""The staff accounts: who may sign in and act, added, changed and removed by an officer."""

from typing import cast

from chalicelib.edges.ports import Site
from chalicelib.messages.door import staff as words
from chalicelib.messages.own_words import filled
from chalicelib.pages.frame import render, whose
from chalicelib.pages.frame.web import Request, Response, absolute, redirect
from chalicelib.pages.links import link_mail
from chalicelib.rules.access import access as rules
from chalicelib.rules.access.access import Role
from chalicelib.rules.review.act import Act
from chalicelib.rules.units.contact import is_mailbox
from chalicelib.store import access, acts, staff
from chalicelib.store.staff import NotChanged


def accounts(site: Site, request: Request) -> Response:
    return _page(site, request)


def _page(site: Site, request: Request, fault: str = "") -> Response:
    return render.page(
        site,
        request,
        "door/staff.html",
        status=422 if fault else 200,
        styles=("base", "desk", "urging"),
        department=whose.department(site),
        accounts=sorted(access.staff(site.table)),
        roles=words.ROLES,
        done=words.DONE.get(request.query.get("done", ""), ""),
        mailed=words.MAILED.get(site.mail_end(request.query.get("mail", "")), ""),
        signin=absolute(site, "signin"),
        fault=fault and words.FAULTS[fault],
        typed=request.form if request.form.get("do") == "add" else {},
    )


def change(site: Site, request: Request) -> Response:
    """Add, give another role or remove, as the button says."""
    do, email = request.form.get("do", ""), request.form.get("email", "").lower()
    role = request.form.get("role", "")
    if fault := _fault(do, email, role):
        return _page(site, request, fault)
    mailed: str = ""
    try:
        _change(site, request, do, email, cast(Role, role))
        mailed = _tell(site, request, email, role) if do == "add" else ""
    except NotChanged as no:
        if not _stands(site, request, do, email, role):
            return _page(site, request, no.reason)
    if do == "remove" and request.form.get("links") == "new":
        from chalicelib.pages.links import leaver

        return leaver.removed(site, request, email)
    more = {"mail": mailed} if mailed else {}
    return redirect(site, "desk", "staff", done=do, **more)


def _fault(do: str, email: str, role: str) -> str:
    """What is wrong with what was asked, whoever is there: a key of FAULTS."""
    if do not in ("add", "role", "remove"):
        return "bad_change"
    if do == "add" and not is_mailbox(email):
        return "bad_email"
    return "bad_role" if do != "remove" and role not in rules.STAFF else ""


def _tell(site: Site, request: Request, email: str, role: str) -> link_mail.End:
    """Where to sign in, and nothing that opens anything. Whatever becomes of it, they are added."""
    department = whose.department(site)
    body = render.text(
        "messages/staff_added.txt",
        department=department,
        who=request.who.email,
        role=words.ROLES[role],
        signin=absolute(site, "signin"),
    )
    return link_mail.post(site, request.now, email, filled(words.ADDED_SUBJECT, department), body)


def _stands(site: Site, request: Request, do: str, email: str, role: str) -> bool:
    """Whether this very act was the last about the account: a double tap, a lost reply."""
    last = acts.newest(site.table, "", request.now, lambda act: act.detail.get("account") == email)
    if last is None or (last.who, last.verb) != (request.who.email, f"{do}_staff"):
        return False
    return do == "remove" or last.detail.get("role") == role


def _change(site: Site, request: Request, do: str, email: str, role: Role) -> None:
    who, now = request.who.email, request.now
    detail = {"account": email}
    match do:
        case "add":
            act = Act(now, who, "add_staff", detail={**detail, "role": role})
            staff.add(site.table, act, email, role)
        case "role":
            act = Act(now, who, "change_staff", detail={**detail, "role": role})
            staff.give_role(site.table, act, email, role)
        case _:
            former = access.staff_role(site.table, email) or ""
            act = Act(now, who, "remove_staff", detail={**detail, "former": former})
            staff.remove(site.table, act, email)
