"""One request through its route's gate: session, role, origin, handler, and every failure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from chalicelib.edges import logs
from chalicelib.edges.ports import Site
from chalicelib.edges.table import Busy, Conflict
from chalicelib.messages.frame import problems
from chalicelib.messages.own_words import filled
from chalicelib.pages.frame import render, whose
from chalicelib.pages.frame.bodies import guard_length, unread, with_body
from chalicelib.pages.frame.web import (
    Problem,
    Request,
    Response,
    as_json,
    cookie_name,
    guard_form,
    guard_origin,
    strict,
    wants_json,
)
from chalicelib.rules.access.access import Session
from chalicelib.rules.reports.states import Refused
from chalicelib.rules.texts.clock import today
from chalicelib.store import access

Visitor = Literal["anyone", "unit", "officer", "director"]
Handler = Callable[[Site, Request], Response]

_XRAY = r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}"


@dataclass(frozen=True, slots=True)
class Way:
    """One way in: a method and path, who may use it, and who answers."""

    method: Literal["GET", "POST"]
    path: str
    visitors: tuple[Visitor, ...]
    handler: Handler
    uploads: bool = False  # takes multipart/form-data, with files

    @property
    def stranger(self) -> bool:
        """Whether anyone may use it: then nothing of who comes is known."""
        return "anyone" in self.visitors


def answer(site: Site, way: Way, read: Callable[[], Request], identity: str) -> Response:
    """Never raise: what goes wrong becomes a page, and an operational failure a logged id."""
    route = f"{way.method} {way.path}"
    with logs.line("request", id=identity, route=route, role="anyone", status=0) as line:
        response = _answered(site, way, read, identity, line)
        line.add(status=response.status)
        response.headers = strict(site) | response.headers
        return response


def _answered(
    site: Site, way: Way, read: Callable[[], Request], identity: str, line: logs.Line
) -> Response:
    request = None
    try:
        request = read()
        if xray := re.match(_XRAY, request.headers.get("x-amzn-trace-id", "")):
            line.add(xray=xray[0])
        if way.method != "GET":
            guard_origin(site, request)
            guard_length(request, stranger=way.stranger, uploads=way.uploads)
        session = _session(site, way, request)
        line.add(role=session.role if session else "anyone")
        request = replace(request, session=session)
        _guard_session(way, request)
        if way.method != "GET":  # only now is anything of the body unpacked and read
            request = with_body(request, uploads=way.uploads, stranger=way.stranger)
            guard_form(request)
        return _as_asked(request, way.handler(site, request))
    except Problem as problem:
        return problem_page(site, request, problem)
    except Refused as refused:
        return problem_page(site, request, Problem(409, "refused", refused.reason))
    except (Busy, Conflict) as error:
        line.failed(error, logs.WARNING)
        return broken_page(site, request, 503, "busy", identity)
    except Exception as error:
        line.failed(error)
        return broken_page(site, request, 500, "broken", identity)


def _session(site: Site, way: Way, request: Request) -> Session | None:
    if way.stranger:
        return None
    name = "unit" if "unit" in way.visitors else "staff"
    token = request.cookies.get(cookie_name(site, name), "")
    session = access.session(site.table, token, request.now) if token else None
    if session and not session.is_staff and session.used != f"{today(request.now)}":
        from chalicelib.store import devices  # once a day and device

        devices.note_use(site.table, session, request.now)
    return session


def _guard_session(way: Way, request: Request) -> None:
    if way.stranger:
        return
    if request.session is None:
        name = "signed_out" if "unit" in way.visitors else "staff_signed_out"
        raise Problem(401, name)  # however often: it guards itself, and is no guess (0011)
    if request.session.role not in way.visitors:
        raise Problem(403, "not_yours")


def _as_asked(request: Request, response: Response) -> Response:
    """A script must not follow a redirect by itself: it is told where that leads."""
    if response.status != 303 or not wants_json(request):
        return response
    to = as_json({"to": response.headers.pop("Location")})
    return replace(to, headers=to.headers | response.headers, cookies=response.cookies)


def refuse(site: Site, problem: Problem, route: str, identity: str) -> Response:
    """The answer to what comes to no way. The log hears the method, and the pattern if any."""
    with logs.line("request", id=identity, route=route, role="anyone", status=problem.status):
        return problem_page(site, None, problem)


def problem_page(site: Site, request: Request | None, problem: Problem) -> Response:
    title, sentence = problems.PROBLEMS[problem.name]
    if problem.name == "refused":
        sentence = problems.REFUSALS[problem.detail]
    sentence = sentence.format(detail=problem.detail)
    department = whose.department(site)
    if wants_json(request):
        told = {"problem": filled(sentence, department)} | (
            {"full": True} if problem.name == "parked_full" else {}
        )
        return as_json(told, problem.status)
    return _page(
        site,
        request,
        problem.status,
        title=title,
        sentence=sentence,
        department=department,
        sign_in=problem.name == "staff_signed_out",
        resend=problem.name in ("unknown_link", "replaced_link", "signed_out"),
        typed=_without_token(_typed(request, problem)),
    )


def _page(site: Site, request: Request | None, status: int, **context: Any) -> Response:
    """What went wrong; where nothing else is said it names nobody and leads nowhere."""
    defaults = {"department": None, "identity": "", "sign_in": False, "resend": False}
    told = defaults | context
    return render.page(site, request, "frame/problem.html", status=status, **told)


_NOTHING_GIVEN_BACK = ("foreign_request", "other_unit", "unreadable_form", "repeated_field")


def _typed(request: Request | None, problem: Problem) -> Mapping[str, str]:
    """What was typed about a report, to send again from the problem page: nothing is lost.

    Not where another site sent it: then nobody typed it here. Nor where it is another unit's:
    it must not be sent from here. Of who shows no session only as much is read as costs little.
    """
    if request is None or problem.name in _NOTHING_GIVEN_BACK:
        return {}
    if not re.search("/reports?/", request.path):
        return {}
    return unread(request) if request.body else request.form


def _without_token(typed: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in typed.items() if name != "csrf"}


def broken_page(
    site: Site, request: Request | None, status: int, name: str, identity: str
) -> Response:
    """The table may be what is broken, so this page reads nothing."""
    title, sentence = problems.PROBLEMS[name]
    if wants_json(request):
        return as_json({"problem": filled(sentence, None)}, status)
    whole = _typed(request, Problem(status, name))
    typed = _without_token(whole)
    if typed and request is not None and request.session is None:
        # Who it is could not be read either: the token that came goes back with it.
        typed["csrf"] = whole.get("csrf", "")
    told = {"title": title, "sentence": sentence, "identity": identity, "typed": typed}
    return _page(site, request, status, **told)
