"""A colleague who leaves: which links that person may still hold, and new ones in their place."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.edges.ports import Site
from chalicelib.edges.table import Busy, Conflict
from chalicelib.messages.door import staff as words
from chalicelib.pages.frame import render, whose
from chalicelib.pages.frame.web import Request, Response, redirect
from chalicelib.pages.links.links import SLICE, read_instant
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.review import act_log
from chalicelib.rules.review.act import Act
from chalicelib.rules.texts.clock import PATIENCE, iso
from chalicelib.store import access, acts, links, programmes
from chalicelib.store.links import Standing

# Who did one of these has had the link in hand.
_HELD = ("issue_link", "reissue_link", "handover", "mail_link", "link_mailed")


@dataclass(frozen=True, slots=True)
class Held:
    """A programme's links that work: all of them can be printed by any officer."""

    programme: Programme
    working: int
    known: int  # of which the log names this person
    left: int  # that stand as they did when the account was removed


def show(site: Site, request: Request) -> Response:
    """Before the account is removed, what it may hold; after it (`since`), what became of that."""
    email, since = request.query.get("account", ""), read_instant(request.query.get("since", ""))
    role = access.staff_role(site.table, email)
    if not role and since is None:
        return redirect(site, "desk", "staff")
    found = list(_held(site, email, request.now, since))
    return render.page(
        site,
        request,
        "links/leaver.html",
        styles=("base", "desk", "links"),
        department=whose.department(site),
        account=email,
        role=words.ROLES.get(role or "", ""),
        director=role == "director",
        held=found,
        working=sum(one.working for one in found),
        left=sum(one.left for one in found),
        since=iso(since) if since else "",
    )


def _held(site: Site, email: str, now: datetime, since: datetime | None) -> Iterator[Held]:
    for programme in programmes.programmes(site.table):
        working = _working(site, programme.key)
        old = [one for one in working.values() if not one.since(since)]
        known = () if since else _known(site, programme, email, working, now)
        yield Held(programme, len(working), len(set(known)), len(old))


def _working(site: Site, p: str) -> dict[str, Standing]:
    """Also of units that have ended: their links still open what they sent."""
    return {code: one for code, one in links.standings(site.table, p).items() if one.works}


def _known(
    site: Site, programme: Programme, email: str, working: dict[str, Standing], now: datetime
) -> Iterator[str]:
    """Units whose link of today this person issued or mailed; what was printed is not on record."""
    for month in act_log.months(programme.valid_from, now):
        for act in acts.acts(site.table, programme.key, month):
            standing = working.get(act.unit)
            if act.who == email and act.verb in _HELD and standing and not standing.since(act.at):
                yield act.unit


# ------------------------------------------------------------------ new links


def renew(site: Site, request: Request) -> Response:
    """Gone on with, where one answer was too short for all."""
    email, since = request.form.get("account", ""), read_instant(request.form.get("since", ""))
    if since is None or not _is_on_record(site, email, since):
        return redirect(site, "desk", "staff")
    return renewed(site, request, email, since)


def removed(site: Site, request: Request, email: str) -> Response:
    """New links for all that worked when the account was removed."""
    act = acts.newest(site.table, "", request.now, lambda act: _is_removal(act, email))
    if act is None:
        return redirect(site, "desk", "staff")
    return renewed(site, request, email, _before(act))


def _is_on_record(site: Site, email: str, since: datetime) -> bool:
    """An instant that somebody made up, as one to come, would renew the new links too."""
    found = acts.acts(site.table, "", iso(since)[:7])
    return any(_before(act) == since for act in found if _is_removal(act, email))


def _is_removal(act: Act, email: str) -> bool:
    return act.verb == "remove_staff" and act.detail.get("account") == email


def _before(act: Act) -> datetime:
    return act.at - timedelta(microseconds=1)


def renewed(site: Site, request: Request, email: str, since: datetime) -> Response:
    """As on the list of links: unit by unit, each on record, and its mails are sent there."""
    done = 0
    for p, unit in _old(site, since):
        if done >= SLICE or site.clock() - request.now > PATIENCE:
            break
        done += _one(site, request, p, unit, since)
    return redirect(site, "desk", "staff", "leaver", account=email, since=iso(since))


def _old(site: Site, since: datetime) -> Iterator[tuple[str, str]]:
    for programme in programmes.programmes(site.table):
        for code, standing in _working(site, programme.key).items():
            if not standing.since(since):
                yield programme.key, code


def _one(site: Site, request: Request, p: str, unit: str, since: datetime) -> bool:
    detail = {"reason": words.LEAVER}
    act = Act(request.now, request.who.email, "reissue_link", p, unit=unit, detail=detail)
    try:
        links.replace(site.table, site.key, p, unit, act, since)
    except (links.Changed, Busy, Conflict):
        return False  # it stands among those that are left, or has changed
    return True
