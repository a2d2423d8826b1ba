"""The public page "Gửi lại đường dẫn": a link to the registered mailbox, and one answer to all.

Whoever asks learns nothing: units are looked up after the answer.
"""

from chalicelib.edges.ports import Asked, Site
from chalicelib.messages.links import links as words
from chalicelib.pages.door import doors
from chalicelib.pages.frame import render, whose
from chalicelib.pages.frame.web import Problem, Request, Response
from chalicelib.rules.access import access as rules
from chalicelib.rules.texts import text
from chalicelib.store import rates

LONGEST = 200


def form(site: Site, request: Request) -> Response:
    return _page(site, request, "", done="handover" if "done" in request.query else "")


def _page(site: Site, request: Request, typed: str, fault: str = "", done: str = "") -> Response:
    return render.page(
        site,
        request,
        "door/resend.html",
        status=422 if fault else 200,
        typed=typed,
        fault=words.RESEND.get(fault, ""),
        done=done,
        department=whose.department(site),
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
    """A key of messages.links.links.RESEND."""
    if not typed:
        return "empty"
    if text.forbidden(typed) or "\n" in typed:
        return "unreadable"
    return "too_long" if len(typed) > LONGEST else ""
