"""The desk's list of links: who has one, and an officer's acts on chosen units."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate

from chalicelib.edges.ports import Site
from chalicelib.edges.table import Busy, Conflict
from chalicelib.messages.links import links as words
from chalicelib.pages.frame import render
from chalicelib.pages.frame.address import programme_of
from chalicelib.pages.frame.web import Request, Response, redirect, whole_number
from chalicelib.pages.links import mailing
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.review.act import Act
from chalicelib.rules.texts import text
from chalicelib.rules.texts.clock import PATIENCE, from_iso, iso, today
from chalicelib.rules.units import contact as contacts_of
from chalicelib.rules.units.unit import Unit, owing
from chalicelib.store import contacts, links, mailings, programmes
from chalicelib.store.links import Standing
from chalicelib.store.mailings import Mailing

STYLES = ("base", "desk", "links")
MOST_BOXES = 200  # whose codes still fit into an address
SLICE = 200  # units that one request changes; the rest wait for another press
FILTERS = ("bloc", "state", "q")
_ROOM = 3000  # characters of one list of codes in an address: API Gateway takes 10 kB of headers


@dataclass(frozen=True, slots=True)
class Row:
    """A unit with its link, its mailbox and today's mail."""

    unit: Unit
    standing: Standing | None
    mailbox: str
    mailing: Mailing | None

    @property
    def state(self) -> str:
        """A key of messages.links.links.STATES."""
        if self.standing is None:
            return "none"
        return "working" if self.standing.works else "ended"


def rows(site: Site, programme: Programme, now: datetime) -> list[Row]:
    """Every unit of today, in official order."""
    p = programme.key
    found = owing(programmes.units(site.table, programme), today(now))
    standings = links.standings(site.table, p)
    known = dict(contacts.contacts(site.table, p))
    mailed = mailings.mailings(site.table, p, today(now))
    nobody = contacts_of.Contact()
    return [
        Row(
            unit,
            standings.get(unit.code),
            contacts_of.mailbox(known.get(unit.code, nobody), unit),
            mailed.get(unit.code),
        )
        for unit in found
    ]


def filtered(found: Iterable[Row], given: Mapping[str, str]) -> list[Row]:
    """Those that the filter of the list lets through; `given` is a query or a form."""
    bloc, state = given.get("bloc", ""), given.get("state", "")
    wanted = text.fold(given.get("q", ""))
    return [
        row
        for row in found
        if bloc in ("", row.unit.bloc)
        and state in ("", row.state)
        and any(wanted in text.fold(n) for n in (row.unit.name, row.unit.code, *row.unit.aliases))
    ]


def show(site: Site, request: Request) -> Response:
    return _page(site, request, request.query)


def _page(
    site: Site,
    request: Request,
    given: Mapping[str, str],
    fault: str = "",
    ticked: Iterable[str] = (),
) -> Response:
    programme = programme_of(site, request)
    every = rows(site, programme, request.now)
    return render.page(
        site,
        request,
        "links/links.html",
        status=422 if fault else 200,
        styles=STYLES,
        programme=programme,
        rows=filtered(every, given),
        counts={name: sum(row.state == name for row in every) for name in words.STATES},
        given={name: given.get(name, "") for name in FILTERS},
        which=given.get("which", ""),
        again=given.get("again", ""),
        seen=iso(request.now),
        fault=words.FAULTS[fault].format(most=MOST_BOXES) if fault else "",
        ticked=set(ticked),
        done=_done(request.query, {row.unit.code: row.unit for row in every}),
        mail_state=lambda one: mailing.shown_state(one, request.now),
        words=words,
    )


def _done(query: Mapping[str, str], units: Mapping[str, Unit]) -> dict[str, object] | None:
    """What the last act did, from the address that it led to: only known words and units."""
    did = query.get("did", "")
    if did not in words.DONE:
        return None

    def named(name: str) -> list[Unit]:
        return [units[code] for code in query.get(name, "").split(".") if code in units]

    n, left = whole_number(query.get("n", "")), whole_number(query.get("left", ""))
    return {
        "did": did,
        "n": n,
        "sentence": words.DONE[did].format(n=n) if n else words.NOTHING_DONE,
        "skipped": named("skip"),
        "more_skipped": whole_number(query.get("more_skip", "")),
        "why": words.SKIPPED[did],
        "busy": named("busy"),
        "more_busy": whole_number(query.get("more_busy", "")),
        "left": left,
        "rest": words.LEFT.format(left=left),
        "seen": query.get("seen", ""),
    }


def chosen(found: Iterable[Row], given: Mapping[str, str]) -> list[Row]:
    """All that the list shows, or those that are ticked (`unit.CODE`)."""
    if given.get("which") == "all":
        return filtered(found, given)
    return [row for row in found if given.get(f"unit.{row.unit.code}")]


def act(site: Site, request: Request) -> Response:
    """One of the list's buttons: issue, reissue, revoke, mail, or lay out a sheet."""
    programme = programme_of(site, request)
    picked = chosen(rows(site, programme, request.now), request.form)
    do, seen = request.form.get("do", ""), read_instant(request.form.get("seen", ""))
    fault = _fault(do, picked, request.form)
    if fault or seen is None:
        ticked = [name.removeprefix("unit.") for name in request.form if name.startswith("unit.")]
        return _page(site, request, request.form, fault or "unread_page", ticked)
    if do in ("sheet", "cut"):
        query = _sheet(request.form, picked)
        return redirect(site, "desk", programme.key, "links", "sheet", **query)
    if do == "mail":
        codes = [row.unit.code for row in picked]
        return mailing.begin(site, request, programme, codes, again="again" in request.form)
    return _change(site, request, programme, picked, seen)


def _fault(do: str, picked: list[Row], form: Mapping[str, str]) -> str:
    """A key of messages.links.links.FAULTS."""
    if do not in (*words.DONE, "sheet", "cut", "mail"):
        return "no_action"
    if not picked:
        return "none_chosen"
    if form.get("which") != "all" and len(picked) > MOST_BOXES:
        return "too_many"
    if do in ("reissue", "revoke") and not form.get("sure"):
        return "not_sure"
    return ""


def read_instant(given: str) -> datetime | None:
    """When the page was opened that this comes from; None for what no page of ours carries."""
    try:
        found = from_iso(given)
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _sheet(form: Mapping[str, str], picked: list[Row]) -> dict[str, str]:
    """The query of the sheet: a filter, or codes in a row (no code holds a dot)."""
    query = {"cut": "1"} if form["do"] == "cut" else {}
    if form.get("which") == "all":
        return query | {name: form[name] for name in FILTERS if form.get(name)}
    return query | {"units": ".".join(row.unit.code for row in picked)}


def _change(
    site: Site, request: Request, programme: Programme, picked: list[Row], seen: datetime
) -> Response:
    """Unit by unit, each on record; who is in the way is named and may be tried again."""
    outcomes: dict[str, list[str]] = {"done": [], "skip": [], "busy": []}
    left = len(picked)
    for row in picked:
        worked = len(outcomes["done"]) + len(outcomes["busy"])
        if worked >= SLICE or site.clock() - request.now > PATIENCE:
            break
        outcomes[_one(site, request, programme, row, seen)].append(row.unit.code)
        left -= 1
    told = _told(request.form, outcomes, left, seen)
    return redirect(site, "desk", programme.key, "links", **told)


def _told(
    form: Mapping[str, str], outcomes: Mapping[str, list[str]], left: int, seen: datetime
) -> dict[str, str]:
    """The query of the list after an act: what `_done` says of it, and the filter as it was."""
    skipped = [] if "go" in form else outcomes["skip"]
    query = {
        "did": form["do"],
        "n": str(len(outcomes["done"])),
        **_in_address("skip", skipped),
        **_in_address("busy", outcomes["busy"]),
        "left": str(left) if left else "",
        "seen": iso(seen) if left else "",
        **{name: form.get(name, "") for name in FILTERS},
    }
    return {name: content for name, content in query.items() if content}


def _in_address(name: str, codes: list[str]) -> dict[str, str]:
    """As many codes as there is room for, and how many more there are."""
    ends = accumulate(len(code) + 1 for code in codes)
    fit = sum(end <= _ROOM for end in ends)
    more = len(codes) - fit
    return {name: ".".join(codes[:fit]), f"more_{name}": str(more) if more else ""}


def _one(site: Site, request: Request, programme: Programme, row: Row, seen: datetime) -> str:
    """ "done", "skip" where there is nothing to do any more, "busy" where the table refused."""
    do, table, p, unit = request.form["do"], site.table, programme.key, row.unit.code
    act = Act(request.now, request.who.email, f"{do}_link", p, unit=unit)
    if do == "issue" and row.standing and row.standing.works:
        return "skip"
    if do != "issue" and row.standing and row.standing.since(seen):
        return "skip"
    try:
        if do == "issue":
            if not links.standing_or_first_link(table, site.key, p, unit, act):
                return "skip"
        elif do == "reissue":
            links.reissue_link(table, site.key, p, unit, act, seen)
        elif not links.revoke(table, p, unit, act, seen):
            return "skip"
    except links.Changed:
        return "skip"
    except (Busy, Conflict):
        return "busy"
    return "done"
