"""One request through its route's gate: session, role, origin, handler, and every failure."""

import json
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from chalicelib import messages
from chalicelib.access import Session
from chalicelib.clock import today
from chalicelib.edges import Site
from chalicelib.moves import Refused
from chalicelib.pages import render
from chalicelib.pages.web import Problem, Request, Response, cookie_name, guard
from chalicelib.store import access, programmes
from chalicelib.table import Busy, Conflict

Visitor = Literal["anyone", "unit", "officer", "director"]
Handler = Callable[[Site, Request], Response]

log = logging.getLogger("baocao")


@dataclass(frozen=True, slots=True)
class Way:
    """One way in: a method and path, who may use it, and who answers."""

    method: Literal["GET", "POST"]
    path: str
    visitors: tuple[Visitor, ...]
    handler: Handler


def answer(site: Site, way: Way, request: Request) -> Response:
    """Never raise: what goes wrong becomes a page, and an operational failure a logged id."""
    began = time.perf_counter()
    identity = secrets.token_hex(6)
    role = "anyone"
    try:
        session = _session(site, way, request)
        role = session.role if session else role
        request = replace(request, session=session)
        response = _through_the_gate(site, way, request)
    except Problem as problem:
        response = problem_page(site, request, problem)
    except Refused as refused:
        response = problem_page(site, request, Problem(409, "refused", refused.reason))
    except (Busy, Conflict):
        response = _broken(site, request, 503, "busy", identity)
    except Exception:
        log.exception(json.dumps({"id": identity, "failed": f"{way.method} {way.path}"}))
        response = _broken(site, request, 500, "broken", identity)
    line = {
        "id": identity,
        "route": f"{way.method} {way.path}",
        "role": role,
        "status": response.status,
        "ms": round((time.perf_counter() - began) * 1000, 1),
    }
    log.info(json.dumps(line))
    return response


def _session(site: Site, way: Way, request: Request) -> Session | None:
    if "anyone" in way.visitors:
        return None
    name = "unit" if "unit" in way.visitors else "staff"
    token = request.cookies.get(cookie_name(site, name), "")
    return access.session(site.table, token, request.now) if token else None


def _through_the_gate(site: Site, way: Way, request: Request) -> Response:
    if "anyone" not in way.visitors:
        if request.session is None:
            raise Problem(401, "signed_out" if "unit" in way.visitors else "staff_signed_out")
        if request.session.role not in way.visitors:
            raise Problem(403, "not_yours")
    if way.method != "GET":
        guard(site, request)
    return way.handler(site, request)


def problem_page(site: Site, request: Request | None, problem: Problem) -> Response:
    title, sentence = messages.PROBLEMS[problem.name]
    if problem.name == "refused":
        sentence = messages.REFUSALS[problem.detail]
    return render.page(
        site,
        request,
        "problem.html",
        status=problem.status,
        title=title,
        sentence=sentence,
        contact=_contact(site),
        identity="",
        sign_in=problem.name == "staff_signed_out",
        typed=_typed(request, problem),
    )


def _typed(request: Request | None, problem: Problem) -> Mapping[str, str]:
    """What a unit typed, to send again from the problem page: nothing is lost by a problem.

    Not where another site sent it: then nobody typed it here.
    """
    if request is None or problem.name == "foreign_request":
        return {}
    if not request.path.rpartition("/report/")[1]:
        return {}
    return {name: text for name, text in request.form.items() if name != "csrf"}


def _contact(site: Site) -> object:
    """Whom to call: the department of the programme that runs now, if the table answers."""
    try:
        found = list(programmes.programmes(site.table))
    except Exception:
        log.exception("the contact of a problem page can't be read")
        return None
    day = today(site.clock())
    running = [p for p in found if p.valid_from <= day <= p.valid_to]
    newest = running or sorted(found, key=lambda p: p.valid_to)
    return newest[-1].department if newest else None


def _broken(site: Site, request: Request, status: int, name: str, identity: str) -> Response:
    """The table may be what is broken, so this page reads nothing."""
    title, sentence = messages.PROBLEMS[name]
    typed = dict(_typed(request, Problem(status, name)))
    if typed and request.session is None:
        # Who it is could not be read either: the token that came goes back with it.
        typed["csrf"] = request.form.get("csrf", "")
    return render.page(
        site,
        request,
        "problem.html",
        status=status,
        title=title,
        sentence=sentence,
        contact=None,
        identity=identity,
        sign_in=False,
        typed=typed,
    )
