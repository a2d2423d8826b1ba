"""Pages for anyone: the front, a unit's link, staff signing in, our scripts."""

import re

from chalicelib.edges.ports import Asked, Site
from chalicelib.messages.door import sign_in as sign_in_words
from chalicelib.messages.frame import dates
from chalicelib.pages.door import doors
from chalicelib.pages.frame import render
from chalicelib.pages.frame.guessing import failed
from chalicelib.pages.frame.web import (
    TEXT,
    Problem,
    Request,
    Response,
    cookie,
    cookie_name,
    redirect,
    session_cookie,
)
from chalicelib.rules.access import access as rules
from chalicelib.rules.access import known_browser
from chalicelib.rules.access.access import SIGN_IN, Link, Session
from chalicelib.rules.programmes.programme import whose
from chalicelib.rules.texts.clock import today
from chalicelib.rules.texts.text import forbidden
from chalicelib.rules.units.unit import known_as
from chalicelib.store import access, programmes, rates, sign_ins

_ASK, _KNOWN = "ask", "known"
_EMAIL = r"(?=.{3,200}\Z)[^@\s]+@[^@\s]+"


def front(site: Site, request: Request) -> Response:
    found = sorted(programmes.programmes(site.table), key=lambda p: p.valid_from, reverse=True)
    department = whose(found, today(request.now))
    return render.page(site, request, "door/front.html", programmes=found, department=department)


def script(_: Site, request: Request) -> Response:
    found = render.script(request.params["name"])
    if found is None:
        raise Problem(404, "no_page")
    return found


def robots(_: Site, __: Request) -> Response:
    return Response(200, "User-agent: *\nDisallow: /\n", {"Content-Type": TEXT})


def landing(site: Site, request: Request) -> Response:
    """Whose form this is, and a button. A GET opens nothing: robots fetch links."""
    return _landing(site, request)


def _landing(site: Site, request: Request, fault: str = "") -> Response:
    link = access.link(site.table, request.params["token"])
    if link is None:
        raise _unknown(site, request)
    programme = programmes.programme(site.table, link.programme)
    versions = programmes.unit_versions(site.table, programme, link.unit) if programme else []
    if programme is None or not versions:
        raise Problem(404, "unknown_link")
    unit = known_as(versions, today(request.now))
    return render.page(
        site,
        request,
        "door/landing.html",
        status=422 if fault else 200,
        unit=unit,
        programme=programme,
        token=request.params["token"],
        asks=not _is_open_to(_former(site, request, "unit"), link),
        given=request.form,
        fault=fault,
    )


def _is_open_to(session: Session | None, link: Link) -> bool:
    """Whether this browser is let in to the link's unit already."""
    whose = session and (session.programme, session.unit, session.generation)
    return whose == (link.programme, link.unit, link.generation)


def enter(site: Site, request: Request) -> Response:
    """Who uses the device is asked once, and nobody has to say it."""
    from chalicelib.messages.links.devices import FAULTS
    from chalicelib.rules.access import device
    from chalicelib.store import devices

    token, name, post = (
        request.params["token"],
        *(request.form.get(field, "") for field in ("by.name", "by.post")),
    )
    if fault := device.fault(name, post):
        return _landing(site, request, FAULTS[fault])
    about = device.About(device.kind(request.headers.get("user-agent", "")), name, post)
    former, link = _former(site, request, "unit"), access.link(site.table, token)
    session = None
    if former and link and _is_open_to(former, link):
        # Its report may be on its way from another tab: the browser goes on in that session.
        session = devices.go_on(site.table, former, request.now, about)
    session = session or devices.enter(site.table, token, request.now, about)
    if session is None:
        raise _unknown(site, request)
    return _begun(site, request, session, former, "report")


def _unknown(site: Site, request: Request) -> Problem:
    """Unknown and revoked links get one answer; one that a leaver may hold says that it was."""
    if at := access.replaced(site.table, request.params["token"], request.now):
        return Problem(410, "replaced_link", dates.day(today(at)))
    return failed(site, request, 404, "unknown_link")


def _former(site: Site, request: Request, name: str) -> Session | None:
    """The session that this browser holds already."""
    held = request.cookies.get(cookie_name(site, name), "")
    return access.session(site.table, held, request.now) if held else None


def _begun(
    site: Site, request: Request, session: Session, former: Session | None, where: str
) -> Response:
    """Whose session this browser held before, that one ends."""
    if former and former.token != session.token:
        access.close_session(site.table, former)
    response = redirect(site, where)
    response.cookies.append(session_cookie(site, session, request.now))
    return response


def sign_in(site: Site, request: Request) -> Response:
    return render.page(site, request, "door/sign_in.html", fault="", email="")


def ask_sign_in(site: Site, request: Request) -> Response:
    """Count, hand over, answer: all of it alike, whether the account exists or not."""
    email = request.form.get("email", "").lower()
    if not re.fullmatch(_EMAIL, email) or forbidden(email):
        fault = sign_in_words.SIGN_IN["bad_email"]
        return render.page(site, request, "door/sign_in.html", status=422, fault=fault, email=email)
    account = rules.account_mark(site.key, email)
    browser = known_browser.browser(site.key, _cookie(site, request, _KNOWN), account)
    reserve = f"{account}.{browser}" if browser else account
    who = reserve if browser else rules.address_digest(site.key, request.address)
    most = rules.SIGN_IN_ASKS_AN_HOUR
    if rates.count(site.table, f"asks-{who}", request.now, most) > most:
        raise Problem(429, "sign_in_asked_too_often")
    ask_token = rules.new_ask(site.key, reserve)
    doors.hand_over(site, Asked("sign_in", email, request.now, site.public_url, ask_token))
    response = render.page(site, request, "door/code.html", fault="", email=email)
    response.cookies.append(cookie(site, _ASK, ask_token, int(SIGN_IN.total_seconds())))
    return response


def _cookie(site: Site, request: Request, name: str) -> str:
    return request.cookies.get(cookie_name(site, name), "")


def use_code(site: Site, request: Request) -> Response:
    """An address without account has the same tries, waits and words as one with it."""
    ask_token = _cookie(site, request, _ASK)
    code = "".join(request.form.get("code", "").split())
    reserve = rules.reserve_of(site.key, ask_token)
    tried = sign_ins.Tried()
    if reserve:
        tried = sign_ins.use_code(site.table, ask_token, code, request.now, reserve)
    if tried.email:
        return _let_in(site, request, tried.email)
    status = failed(site, request, 422, "bad_code").status if tried.judged else 429
    name = "bad_code" if tried.judged else "waiting"
    said = [sign_in_words.SIGN_IN[name]]
    if tried.again:
        said.append(sign_in_words.SIGN_IN["again"].format(at=dates.minute(tried.again)))
    fault = " ".join(said)
    return render.page(site, request, "door/code.html", status=status, fault=fault, email="")


def staff_link(site: Site, request: Request) -> Response:
    email = sign_ins.sign_in(site.table, request.params["token"], request.now)
    if email is None:
        raise failed(site, request, 404, "unknown_sign_in")
    return render.page(
        site, request, "door/staff_link.html", email=email, token=request.params["token"]
    )


def use_link(site: Site, request: Request) -> Response:
    email = sign_ins.use_link(site.table, request.params["token"], request.now)
    if email is None:
        raise failed(site, request, 404, "unknown_sign_in")
    return _let_in(site, request, email)


def _let_in(site: Site, request: Request, email: str) -> Response:
    """From now on the browser is known: what strangers ask for in this name costs it nothing."""
    found = access.account(site.table, email)
    if found is None:
        raise Problem(404, "unknown_sign_in")
    session = access.open_session(site.table, found.role, request.now, email=email)
    response = _begun(site, request, session, _former(site, request, "staff"), "desk")
    account, held = rules.account_mark(site.key, email), _cookie(site, request, _KNOWN)
    kept = known_browser.remembered(site.key, held, account, found.grant)
    response.cookies.append(cookie(site, _KNOWN, kept, int(known_browser.LASTS.total_seconds())))
    return response


def sign_out(site: Site, request: Request) -> Response:
    """For a unit and for staff alike: the session ends here and on the server."""
    access.close_session(site.table, request.who)
    response = redirect(site) if not request.who.is_staff else redirect(site, "signin")
    name = "staff" if request.who.is_staff else "unit"
    response.cookies.append(cookie(site, name, "", 0))
    # The copy of a draft and the sender's name must not stay on a shared computer.
    response.headers["Clear-Site-Data"] = '"storage"'
    return response
