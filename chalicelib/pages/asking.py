"""The unit's requests: more time, or its report reopened; and what the department answered."""

from collections.abc import Mapping
from typing import Any

from chalicelib import asking
from chalicelib.asking import Ask, Kind
from chalicelib.audit import UNIT, Act
from chalicelib.comment import Faults
from chalicelib.edges import Site
from chalicelib.messages import deciding as words
from chalicelib.pages import keeping, obligation, render
from chalicelib.pages.obligation import Obligation
from chalicelib.pages.web import Problem, Request, Response, redirect
from chalicelib.store import acts, asks, keys
from chalicelib.store import typed as store_typed
from chalicelib.store.access import Ended, in_session
from chalicelib.table import Check, Conflict, Key

_TRIES = 5
_BOXES = ("kind", "reason", "wanted")


def form(site: Site, request: Request) -> Response:
    """With ?check=1 what was typed and not taken, and what is wrong with it."""
    owed = obligation.load(site, request)
    kind = _kind(owed, request)
    check = request.query.get("check")
    typed = store_typed.of(site.table, _key(owed), request.who) if check else {}
    if not typed:
        return _page(site, request, owed, kind)
    if kind is None or typed.get("kind", kind) != kind:
        return _page(site, request, owed, kind, status=409, typed=typed)
    after = asking.due(owed.head, owed.period, owed.terms)
    _, faults = asking.read(kind, owed.unit.code, typed, request.now, after)
    status = 422 if faults else 200
    return _page(site, request, owed, kind, status=status, faults=faults, typed=typed)


def _key(owed: Obligation) -> Key:
    return keys.typed_ask(owed.programme.key, owed.period.key, owed.unit.code)


def _kind(owed: Obligation, request: Request) -> Kind | None:
    return asking.may_ask(owed.head, owed.period, owed.terms, request.now)


def _page(
    site: Site,
    request: Request,
    owed: Obligation,
    kind: Kind | None,
    *,
    status: int = 200,
    faults: Faults | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    p, key, code = owed.programme.key, owed.period.key, owed.unit.code
    found = asks.of_unit(site.table, p, key, code)
    waiting = next((one for one in found if one.kind == kind and one.state == "open"), None)
    given: dict[str, Any] = {"reason": "", "wanted": ""}
    if waiting:
        wanted = waiting.wanted.isoformat() if waiting.wanted else ""
        given = {"reason": waiting.reason, "wanted": wanted}
    given |= typed or {}
    return render.page(
        site,
        request,
        "ask.html",
        status=status,
        styles=("base", "form"),
        owed=owed,
        kind=kind,
        asks=found,
        waiting=waiting,
        given=given,
        faults={box: words.fault(box, wrong) for box, wrong in (faults or {}).items()},
        due=asking.due(owed.head, owed.period, owed.terms),
        words=words,
    )


def ask(site: Site, request: Request) -> Response:
    owed = obligation.load(site, request)
    kind = _kind(owed, request)
    if kind is None or request.form.get("kind", kind) != kind:
        return _not_taken(site, request, owed)
    after = asking.due(owed.head, owed.period, owed.terms)
    made, faults = asking.read(kind, owed.unit.code, request.form, request.now, after)
    if faults:
        return _not_taken(site, request, owed)
    _keep(site, request, owed, made)
    store_typed.empty(site.table, _key(owed), request.who, request.now)
    return redirect(site, "report", owed.period.key, "ask")


def _not_taken(site: Site, request: Request, owed: Obligation) -> Response:
    """What was typed is kept, and read again behind the redirect. Raises Problem."""
    typed = {name: request.form[name] for name in _BOXES if name in request.form}
    keeping.aside(site, request, _key(owed), typed)
    return redirect(site, "report", owed.period.key, "ask", check="1")


def _keep(site: Site, request: Request, owed: Obligation, made: Ask) -> None:
    """Once, however often it is sent. Raises Problem where the session has ended meanwhile."""
    p, key, unit = owed.programme.key, owed.period.key, owed.unit.code
    wanted = made.wanted.isoformat() if made.wanted else ""
    detail = {"reason": made.reason, "wanted": wanted}
    act = Act(request.now, UNIT, f"ask_{made.kind}", p, key, unit, detail)

    def write(check: Check) -> None:
        for _ in range(_TRIES):
            kept = asking.asked_again(asks.ask(site.table, p, key, unit, made.kind), made)
            if kept is None:
                return
            try:
                acts.commit(site.table, act, asks.put(p, key, kept), check)
            except Conflict as conflict:
                if conflict.key == check.key:
                    raise
                continue
            return
        raise Problem(503, "busy")

    try:
        in_session(site.table, request.who, request.now, write)
    except Ended:
        raise Problem(401, "signed_out") from None
