"""Pages for anyone: the front, a unit's link, staff signing in, our scripts."""

import re

from chalicelib import access as rules
from chalicelib import logs, messages
from chalicelib.access import SIGN_IN, Session
from chalicelib.clock import today
from chalicelib.edges import Site
from chalicelib.pages import render
from chalicelib.pages.guessing import failed
from chalicelib.pages.web import (
    TEXT,
    Problem,
    Request,
    Response,
    absolute,
    cookie,
    cookie_name,
    redirect,
    session_cookie,
)
from chalicelib.store import access, programmes, rates
from chalicelib.text import forbidden
from chalicelib.unit import known_as

_ASK = "ask"
_EMAIL = r"(?=.{3,200}\Z)[^@\s]+@[^@\s]+"


def front(site: Site, request: Request) -> Response:
    found = sorted(programmes.programmes(site.table), key=lambda p: p.valid_from, reverse=True)
    return render.page(site, request, "front.html", programmes=found)


def script(_: Site, request: Request) -> Response:
    found = render.script(request.params["name"])
    if found is None:
        raise Problem(404, "no_page")
    return found


def robots(_: Site, __: Request) -> Response:
    return Response(200, "User-agent: *\nDisallow: /\n", {"Content-Type": TEXT})


def landing(site: Site, request: Request) -> Response:
    """Whose form this is, and a button. A GET opens nothing: robots fetch links."""
    link = access.link(site.table, request.params["token"])
    if link is None:
        raise failed(site, request, 404, "unknown_link")
    programme = programmes.programme(site.table, link.programme)
    versions = programmes.unit_versions(site.table, programme, link.unit) if programme else []
    if programme is None or not versions:
        raise Problem(404, "unknown_link")
    unit = known_as(versions, today(request.now))
    return render.page(
        site,
        request,
        "landing.html",
        unit=unit,
        programme=programme,
        token=request.params["token"],
    )


def enter(site: Site, request: Request) -> Response:
    session = access.enter(site.table, request.params["token"], request.now)
    if session is None:
        raise failed(site, request, 404, "unknown_link")
    return _begun(site, request, session, "report")


def _begun(site: Site, request: Request, session: Session, where: str) -> Response:
    """Every entry is a new session; whose session this browser held before, that one ends.

    Only the same unit's stays: its report may be on its way from another tab.
    """
    name = "staff" if session.is_staff else "unit"
    held = request.cookies.get(cookie_name(site, name), "")
    former = access.session(site.table, held, request.now) if held else None
    if former and (former.is_staff or former.owner != session.owner):
        access.close_session(site.table, former)
    response = redirect(site, where)
    response.cookies.append(session_cookie(site, session, request.now))
    return response


def sign_in(site: Site, request: Request) -> Response:
    return render.page(site, request, "sign_in.html", fault="", email="")


def ask_sign_in(site: Site, request: Request) -> Response:
    """Mail a link and a code. The answer is the same whether the account exists or not."""
    email = request.form.get("email", "").lower()
    if not re.fullmatch(_EMAIL, email) or forbidden(email):
        fault = messages.SIGN_IN["bad_email"]
        return render.page(site, request, "sign_in.html", status=422, fault=fault, email=email)
    ask_token = rules.new_token()
    if access.staff_role(site.table, email) and _may_ask(site, request, email):
        link_token, code, ask_token = access.ask_sign_in(site.table, email, request.now)
        link = absolute(site, "s", link_token)
        body = render.text("messages/sign_in.txt", code=code, link=link)
        subject = messages.SIGN_IN["subject"].format(code=code)
        try:
            site.mail.send(email, subject, body, request.now)
        except Exception as error:  # the answer must not tell who has an account
            logs.say("mail_failed", logs.ERROR, error)
    response = render.page(site, request, "code.html", fault="", email=email)
    response.cookies.append(cookie(site, _ASK, ask_token, int(SIGN_IN.total_seconds())))
    return response


def _may_ask(site: Site, request: Request, email: str) -> bool:
    account = f"sign-in-{rules.digest(email)}"
    here = f"{account}-{rules.address_digest(site.key, request.address)}"
    if rates.count(site.table, here, request.now, rules.SIGN_INS_AN_HOUR) > rules.SIGN_INS_AN_HOUR:
        return False
    asked = rates.count(site.table, account, request.now, rules.SIGN_INS_FOR_ONE)
    return asked <= rules.SIGN_INS_FOR_ONE


def use_code(site: Site, request: Request) -> Response:
    ask_token = request.cookies.get(cookie_name(site, _ASK), "")
    code = "".join(request.form.get("code", "").split())
    email = access.use_code(site.table, ask_token, code, request.now) if ask_token else None
    if email is None:
        status = failed(site, request, 422, "bad_code").status
        fault = messages.SIGN_IN["bad_code"]
        return render.page(site, request, "code.html", status=status, fault=fault, email="")
    return _let_in(site, request, email)


def staff_link(site: Site, request: Request) -> Response:
    email = access.sign_in(site.table, request.params["token"], request.now)
    if email is None:
        raise failed(site, request, 404, "unknown_sign_in")
    return render.page(site, request, "staff_link.html", email=email, token=request.params["token"])


def use_link(site: Site, request: Request) -> Response:
    email = access.use_link(site.table, request.params["token"], request.now)
    if email is None:
        raise failed(site, request, 404, "unknown_sign_in")
    return _let_in(site, request, email)


def _let_in(site: Site, request: Request, email: str) -> Response:
    role = access.staff_role(site.table, email)
    if role is None:
        raise Problem(404, "unknown_sign_in")
    session = access.open_session(site.table, role, request.now, email=email)
    return _begun(site, request, session, "desk")


def sign_out(site: Site, request: Request) -> Response:
    """For a unit and for staff alike: the session ends here and on the server."""
    access.close_session(site.table, request.who)
    response = redirect(site) if not request.who.is_staff else redirect(site, "signin")
    name = "staff" if request.who.is_staff else "unit"
    response.cookies.append(cookie(site, name, "", 0))
    # The copy of a draft and the sender's name must not stay on a shared computer.
    response.headers["Clear-Site-Data"] = '"storage"'
    return response
