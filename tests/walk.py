"""A walk through every page: each way in by GET with its arguments, and what each press answers.

A new way is walked by itself, as long as `_ARGUMENTS` fill in its path; a new way by POST wants a
press in the function of its room.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from inspect import getclosurevars
from itertools import product
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import app
from chalicelib.pages.frame import render
from chalicelib.pages.frame.gate import Way, broken_page
from chalicelib.rules.access.access import csrf_token
from chalicelib.rules.texts.clock import iso
from chalicelib.rules.units.listed import COLUMNS
from chalicelib.store import access, links, reminders, sign_ins
from chalicelib.ways import WAYS
from infra.gateway import Gateway, Reply
from infra.gateway_pages import page as page_of_the_gateway
from infra.local import _mails
from infra.visitor import Forms, Visitor
from tests.conftest import NEW
from tests.everything import OFFICER, Town
from tests.filling import all_nil
from tests.pages.links.test_mailing import without_mailbox
from tests.pages.programmes.test_forms import OUT, SAMPLE, SECOND
from tests.pages.unit.test_form import BY, Q4
from tests.unit_files import book, upload

DIRECTOR, LEAVER = "giamdoc@vinhlong.example", "chuyenvien@bentre.example"
DESK, REPORT = f"/desk/{NEW}", f"/report/{Q4}"
PERIOD, REPORTS = f"{DESK}/{Q4}", f"{DESK}/{Q4}/reports"
_UNITS = ("T01", "T02", "T03", "T10")  # taken in, returned, begun, with texts that wait
NEW_FORM = "new form"  # it comes in the words of its author
# What stands for the names in a path: each alone, and all together.
_ARGUMENTS: Mapping[str, Sequence[str]] = {
    "{programme}": (NEW,),
    "{period}": (Q4,),
    "{version}": ("1",),
    "{unit}": ("T01", "T02", "T04", "T07"),
    "{name}": (render.asset("form.js")[0],),
}
# What else an address may ask for.
_QUERIES = (
    f"{REPORT}?check=1",
    f"{REPORT}?parked=1",
    "/report/contacts?done=proposed",
    "/report/devices?done=ended",
    "/links?done=handover",
    "/desk/staff?done=add&mail=sent",
    f"/desk/staff/leaver?account={LEAVER}",
    f"{PERIOD}?bloc=T",
    f"{DESK}/years?q=Zz",
    f"{REPORTS}?bloc=T",
    f"{REPORTS}?bloc=Z",
    f"{REPORTS}?state=missing",
    f"{REPORTS}/T02?from=1",
    f"{PERIOD}/terms?unit=T01",
    f"{PERIOD}/terms?unit=T05",
    f"{PERIOD}/terms?unit=Zz",
    f"{PERIOD}/terms?q=thpt",
    f"{PERIOD}/terms?bloc=T&to=20/12/2026",
    f"{DESK}/units?q=chuyen&done=import",
    f"{PERIOD}/units?code=i1_2&show=today",
    f"{DESK}/links?did=issue&n=2&skip=T01",
    f"{DESK}/links?state=none",
    f"{DESK}/links/sheet?units=T01.T02",
    f"{DESK}/links/sheet?units=T01.T02&cut=1",
    f"{DESK}/form.xlsx?version=1",
    f"{DESK}/periods/holidays?year=2027&days=17/03/2027",
    f"{DESK}/periods/holidays?year=2027&days=17/03/2026",
    "/nothing",
)


class Shown(NamedTuple):
    """A page as somebody sees it."""

    room: str  # where what answers it stands
    name: str
    reply: Reply


class Walk:
    """Of a town with everything in it: what was shown, and by which ways."""

    def __init__(self, town: Town, outbox: Path) -> None:
        self.town, self._outbox = town, outbox
        self._gateway = Gateway(app)
        self._link_before = f"/u/{links.issue_link(town.table, town.site.key, NEW, 'T12')}"
        access.keep_staff(town.table, LEAVER, "officer")
        self.units = {code: town.unit(code) for code in (*_UNITS, *("T11", "T12", "T13", "T14"))}
        self.anyone, self.officer = town.visitor(), town.officer
        self.director = town.visitor()
        self.walked: set[tuple[str, str]] = set()
        self._shown: list[Shown] = []

    def pages(self) -> list[Shown]:
        """What changes something comes after what only looks."""
        for part in (
            self._every_get,
            self._problems,
            self._doors,
            self._filling_in,
            self._unit_requests,
            self._units_own,
            self._deciding,
            self._terms,
            self._summaries,
            self._urging,
            self._unit_list,
            self._links,
            self._contacts,
            self._programme,
            self._staff,
            self._signing_out,
        ):
            part()
        return self._shown

    # ------------------------------------------------------------------ looking and pressing

    def get(self, who: Visitor, path: str, name: str = "") -> Reply:
        """The page that is seen at last, and what led to it."""
        reply = who.get(path)
        way = self._gateway.way("GET", path.partition("?")[0])
        return self._seen(who, way, name or path, reply)

    def press(
        self, who: Visitor, at: Reply | str, action: str, name: str, /, **typed: str
    ) -> Reply:
        """What the form with this action answers, filled in so; `do` also tells forms apart."""
        page = who.sees(who.get(at)) if isinstance(at, str) else at
        fitting = [one for one in _forms(page) if one[0].endswith(action)]
        fitting = [one for one in fitting if action or "csrf" in one[1]]
        fitting = [one for one in fitting if one[1].get("do") == typed.get("do")] or fitting
        assert fitting, f"{name}: no form for {action!r}"
        where, fields = fitting[0]
        where = where or (at.partition("?")[0] if isinstance(at, str) else "")
        return self.post(who, where, fields | typed, name)

    def post(self, who: Visitor, path: str, fields: Mapping[str, str], name: str) -> Reply:
        reply = who.post(path, fields)
        return self._seen(who, self._gateway.way("POST", path.partition("?")[0]), name, reply)

    def _seen(self, who: Visitor, way: Way | None, name: str, reply: Reply) -> Reply:
        place = reply.header("location")
        if reply.status == 303 and "/_files/" not in place:
            here, reply = self._gateway.way("GET", place.partition("?")[0]), who.get(place)
            self._note(way, True)
            return self._seen(who, here, name, reply)
        is_page = "text/html" in reply.header("content-type")
        self._note(way, not is_page or reply.status < 400 or (way and way.method == "POST"))
        if is_page:
            self._shown.append(Shown(room_of(way), name, reply))
        return reply

    def _note(self, way: Way | None, came: object) -> None:
        if way and came:
            self.walked.add((way.method, way.path))

    def _sign_in_link(self, email: str) -> str:
        return f"/s/{sign_ins.ask_sign_in(self.town.table, email, self.town.site.clock())[0]}"

    # ------------------------------------------------------------------ looking

    def _every_get(self) -> None:
        sign_in = self._sign_in_link(DIRECTOR)
        self.press(self.director, self.get(self.director, sign_in), sign_in, "signed in")
        (mailed,) = reminders.rounds(self.town.table, NEW, Q4)
        unit_link = links.issue_link(self.town.table, self.town.site.key, NEW, "T11")
        tokens = {"{token}": ("unknown", unit_link), "{round}": (mailed.id, "0" * 16)}
        for way in WAYS:
            if way.method == "GET":
                for path in _paths(way.path, {**_ARGUMENTS, **tokens}):
                    for who in self._let_in(way):
                        self.get(who, path)
        for path in _QUERIES:
            way = self._gateway.way("GET", path.partition("?")[0])
            for who in self._let_in(way):
                self.get(who, path)

    def _let_in(self, way: Way | None) -> list[Visitor]:
        """The four units that have come to something, or the officer, who sees what a director
        sees with buttons on it.
        """
        if way is None or way.stranger:
            return [self.anyone]
        if "unit" in way.visitors:
            return [self.units[code] for code in _UNITS]
        return [self.officer]

    def _problems(self) -> None:
        """What stands in place of a page: for those who may not, and of one machine or AWS only."""
        site = self.town.site
        for path in ("/desk", REPORT):
            self.get(self.anyone, path, f"{path}, signed out")
        for path in ("/desk/staff", REPORTS, f"{PERIOD}/urge", f"{DESK}/units", f"{DESK}/links"):
            self.get(self.director, path, f"{path}, as the director")
        self.post(self.anyone, "/links", {"who": "Zz"} | {"x": "Zz" * 90_000}, "too long a form")
        mails = render.page(site, None, "frame/outbox.html", mails=_mails(self._outbox))
        told = [("outbox", mails.body), ("busy", broken_page(site, None, 503, "busy", "Zz").body)]
        told += [(name, page_of_the_gateway(site, name)) for name in ("busy", "no_page")]
        headers = list(mails.headers.items())
        for name, html in told:
            self._shown.append(Shown("frame", name, Reply(200, headers, html.encode())))

    # ------------------------------------------------------------------ whoever has not come in

    def _doors(self) -> None:
        who = self.anyone
        self.press(who, "/signin", "/signin", "sign in: no address", email="Zz")
        asked = self.press(who, "/signin", "/signin", "sign in: the code", email=OFFICER)
        self.press(who, asked, "/code", "sign in: a wrong code", code="000000")
        self.press(who, "/links", "/links", "resend: nothing typed", who="")
        self.press(who, "/links", "/links", "resend: asked", who="T01")
        self.post(who, "/s/unknown", {}, "a sign-in link that is none")
        self.press(self.town.visitor(), self._link_before, self._link_before, "a link opened")

    # ------------------------------------------------------------------ a unit's report

    def _filling_in(self) -> None:
        unit = self.units["T11"]
        self.press(unit, REPORT, Q4, "form: faults", do="check", i1_5="mười", i1_6="-1", i5_6="1")
        self.press(unit, REPORT, Q4, "form: a value to confirm", do="check", i5_6="1.250")
        self.press(unit, REPORT, Q4, "form: saved", do="save", i1_5="7", i1_6="", i5_6="")
        page = unit.get(REPORT)
        empties = self.press(unit, page, Q4, "check: what is empty", do="check")
        self.press(unit, empties, "/check", "check: some are marked nil")
        all_nil(unit, unit.get(f"{REPORT}/check"))
        check = unit.get(f"{REPORT}/check")
        self.press(unit, check, "/send", "check: not signed", **{"by.name": "", "approved": ""})
        (where, fields), *_ = [one for one in _forms(page) if one[0].endswith(Q4)]
        self.post(unit, where, fields | {"csrf": "Zz", "i1_5": "9"}, "form: stale")
        self.post(unit, f"{where}/draft", fields, "an autosave")
        self.press(unit, check, "/send", "receipt", **BY)
        self.press(unit, check, "/send", "sent twice otherwise", **BY, i1_5="8")
        again = self.press(unit, REPORT, Q4, "form: a correction", do="check", i1_5="8")
        self.press(unit, again, "/send", "check: no reason for a correction", **BY, reason="")
        self._two_pages()

    def _two_pages(self) -> None:
        """The same box typed into on two pages of one unit: it is asked about, and answered."""
        unit = self.units["T12"]
        one, two = unit.get(REPORT), unit.get(REPORT)
        self.press(unit, one, Q4, "one of two pages", do="save", i1_5="1", n_done="Zz")
        asked = self.press(unit, two, Q4, "two texts for a box", do="save", i1_5="2", n_done="Zz2")
        self.get(unit, f"{REPORT}/check", "check: with texts that wait")
        self.press(unit, asked, Q4, "the other text dropped", do="drop")

    def _unit_requests(self) -> None:
        for code, name in (("T01", "reopening"), ("T13", "more time")):
            ask = f"{REPORT}/ask"
            self.press(self.units[code], ask, "/ask", f"{name}: no reason", reason="", wanted="Zz")
            day = f"{date(2026, 12, 20)}"
            self.press(self.units[code], ask, "/ask", f"{name}: asked", reason="Zz", wanted=day)
        self.get(self.units["T13"], "/report", "home: with a request")
        inbox = f"{PERIOD}/requests"
        self.get(self.officer, inbox, "requests: two kinds")
        self.press(self.officer, inbox, "/requests", "requests: no day", do="grant", until="Zz")
        self.press(self.officer, inbox, "/requests", "requests: no answer", do="refuse", answer="")
        self.press(self.officer, inbox, "/requests", "requests: granted", do="grant")
        self.post(self.officer, inbox, {"csrf": _csrf(self.officer)}, "requests: none such")

    def _units_own(self) -> None:
        unit, other = self.units["T13"], self.town.unit("T13")
        contact, device = "/report/contacts", "/report/devices"
        self.press(unit, contact, "/contacts", "contacts: faults", mailbox="x", phone="1")
        self.press(unit, contact, "/contacts", "contacts: kept", mailbox="", phone="0270 000 0000")
        self.press(unit, contact, "/contacts", "contacts: waiting", mailbox="moi@t13.example")
        self.get(other, device, "devices: two")
        self.press(unit, device, "/devices", "devices: named", do="name", **{"by.name": "Zz"})
        self.press(
            unit, device, "/devices", "devices: no name", do="name", **{"by.name": "Z" * 999}
        )
        self.press(unit, device, "/devices", "devices: gone", do="end", device="Zz")
        without_mailbox(self.town.site, "T14")
        self.get(self.units["T14"], "/report/handover", "handover: no mailbox")
        self.press(self.units["T14"], "/report", "/signout", "signed out of the unit's pages")
        self.press(unit, "/report/handover", "/handover", "handover: not sure", sure="")
        self.press(unit, "/report/handover", "/handover", "handed over", sure="1")
        self.get(self.anyone, self._link_before, "a link that works")

    # ------------------------------------------------------------------ the desk: reports

    def _deciding(self) -> None:
        officer, one = self.officer, f"{REPORTS}/T06"
        self.press(officer, one, "/T06", "return: nothing said", do="return", due="Zz")
        self.press(officer, one, "/T06", "accept: an older version", do="accept", version="9")
        self.press(officer, REPORTS, "/accept", "accept: none ticked")
        some = {"unit.T06": "1", "unit.T11": "1"}
        self.press(officer, REPORTS, "/accept", "accept: some", **some)
        self.press(officer, one, "/T06", "reopen: no reason", do="reopen", reason="")
        self.get(officer, f"{one}/notice", "notice: taken in")
        self.press(officer, f"{REPORTS}/T20/paper", "/paper", "paper: faults", i1_5="mười")
        self.press(officer, one, "/T06", "reopened", do="reopen", reason="Zz")
        self.get(officer, f"{REPORTS}?show=all", "reports: some taken in")

    def _terms(self) -> None:
        officer, unit, bloc = self.officer, f"{PERIOD}/terms?unit=T21", f"{PERIOD}/terms?bloc=T"
        for verb in ("exempt", "extend"):
            self.press(officer, unit, f"/{verb}", f"{verb}: faults", day="Zz", reason="")
        self.press(officer, bloc, "/extend", "extend a bloc: no day", day="Zz", reason="")
        self.press(officer, unit, "/exempt", "exempted", reason="Zz")
        self.press(officer, unit, "/lift", "lifted", reason="Zz")
        self.press(officer, unit, "/extend", "extended", day="24/12/2026", reason="Zz")
        self.press(officer, bloc, "/extend", "a bloc extended", day="20/12/2026", reason="Zz")

    def _summaries(self) -> None:
        officer, own = self.officer, f"{PERIOD}/department"
        self.press(officer, own, "/department", "department: faults", i3_1="Zz")
        self.press(officer, own, "/department", "department: kept", i3_1="9")
        self.press(officer, own, "/department", "department: an older page", revision="0", i3_1="4")
        self.press(officer, PERIOD, "/summarise", "summed")
        self.get(officer, f"{DESK}/2027-Q1", "a period that has no summary")

    # ------------------------------------------------------------------ the desk: urging

    def _urging(self) -> None:
        officer, urge = self.officer, f"{PERIOD}/urge"
        self.press(officer, urge, "/urge", "urge: none ticked")
        some = {"unit.T22": "1", "unit.T23": "1", "unit.T09": "1"}
        preview = self.press(officer, urge, "/urge", "urge: preview", **some)
        going = next(fields for where, fields in _forms(preview) if where.endswith("/begin"))
        self.post(officer, urge, going | {"note": "Zz " * 999}, "urge: too long a note")
        self.press(officer, preview, "/begin", "urge: a round")
        (mailed, *_) = reminders.rounds(self.town.table, NEW, Q4)
        at = f"{urge}/round/{mailed.id}"
        self.post(officer, at, {"csrf": _csrf(officer)}, "urge: the round goes on")
        self.get(officer, f"{urge}/log", "urge: the log of two rounds")

    # ------------------------------------------------------------------ the desk: units, links

    def _unit_list(self) -> None:
        officer, page = self.officer, self.officer.get(f"{DESK}/units/import")
        rows = [
            ("T02", "Zz2", "T", date(2027, 1, 1)),
            ("T04", "Zz4", "T", date(2026, 1, 1), date(2030, 12, 31), "T01"),
            ("T90", "Zz90", "T", date(2027, 1, 1)),
        ]
        heads = (*COLUMNS[:3], *COLUMNS[-3:])
        files = {
            "a good list": book(rows, heads),
            "a bad list": book([*rows, ("T 9", "=A1", "Z", "Zz")], heads),
            "no list": b"Zz",
        }
        way = self._gateway.way("POST", f"{DESK}/units/import")
        seen = {
            name: self._seen(officer, way, name, upload(officer, page, content))
            for name, content in files.items()
        }
        unit = f"{DESK}/units/T05"
        self.press(officer, unit, "", "unit: warned", do="alter", name="Zz5", since="01/02/2026")
        self.press(officer, unit, "", "unit: faults", do="alter", name="", since="Zz")
        self.press(officer, unit, "", "unit: ended without a day", do="end", last_day="Zz")
        self.press(officer, seen["a good list"], "/confirm", "a list confirmed")
        self.press(officer, seen["a good list"], "/confirm", "a list confirmed twice", staged="Zz")
        self.get(officer, f"{DESK}/units/T90", "a unit of tomorrow")

    def _links(self) -> None:
        officer, desk = self.officer, f"{DESK}/links"
        for code in ("T15", "T16"):
            links.revoke(self.town.table, NEW, code)
        listed = officer.get(desk)
        some = {"unit.T15": "1", "unit.T17": "1"}
        self.press(officer, listed, "/links", "links: none ticked", do="issue")
        self.press(officer, listed, "/links", "links: are you sure", do="reissue", **some)
        self.press(officer, listed, "/links", "links: issued", do="issue", **some)
        self.press(officer, listed, "/links", "links: anew", do="reissue", sure="1", **some)
        self.press(officer, f"{desk}/mail", "/mail", "links: the mailing goes on")
        self.press(officer, desk, "/links", "links: mailed", do="mail", **some)
        one = f"{desk}/of/T16"
        self.get(officer, one, "a link that was taken back")
        self.press(officer, one, "/T16", "handover by the desk: not sure", do="hand_over")
        self.press(officer, one, "/T16", "handed over by the desk", do="hand_over", sure="1")
        self.press(officer, one, "/T16", "taken back", do="revoke", sure="1")
        self.get(self.anyone, self._link_before, "a link that was replaced")

    def _contacts(self) -> None:
        officer, one = self.officer, f"{DESK}/contacts/T18"
        self.press(officer, one, "/T18", "contact: faults", mailbox="x", phone="1")
        self.press(officer, one, "/T18", "contact: kept", mailbox="moi@t18.example")
        self.press(officer, one, "/T18", "contact: an older page", seen="0", phone="0270 000 0001")
        self.get(officer, f"{DESK}/contacts", "contacts: with a proposal")
        self.press(officer, f"{DESK}/contacts", "/contacts", "contacts: refused", do="refuse")

    # ------------------------------------------------------------------ the desk: a programme

    def _programme(self) -> None:
        officer = self.officer
        way = self._gateway.way("POST", f"{DESK}/form")
        files = {
            f"{NEW_FORM}: faults": SAMPLE.replace(OUT, "| | number | i1_6 |"),
            f"{NEW_FORM}: nothing new": SAMPLE,
            f"{NEW_FORM}: offered": SECOND,
        }
        for name, content in files.items():
            given = {"csrf": _csrf(officer)}
            file = {"form": ("mau.md", content.encode())}
            offered = self._seen(officer, way, name, officer.upload(f"{DESK}/form", given, file))
        self.press(officer, offered, "/offer", f"{NEW_FORM}: adopted", period=Q4)
        one, new = f"{DESK}/periods/{Q4}", f"{DESK}/periods/new"
        self.press(officer, one, Q4, "period: faults", do="days", due="31/02/2027")
        self.press(officer, one, Q4, "period: no reason to lock", do="lock", reason="")
        self.press(officer, one, Q4, "period: moved", do="days", locks="23/12/2026", reason="Zz")
        self.press(officer, one, Q4, "period: an older page", do="lock", revision="1", reason="Zz")
        self.press(officer, new, "/new", "new period: faults")
        days = dict.fromkeys(("start", "opens"), "01/06/2027") | {"end": "30/06/2027"}
        days |= {"due": "05/07/2027", "locks": "10/07/2027"}
        self.press(officer, new, "/new", "new period: added", label="Zz", slug="zz", **days)
        holidays = f"{DESK}/periods/holidays"
        self.get(officer, f"{holidays}?year=2027&days=Zz", "holidays: a day that is none")
        before = officer.get(f"{holidays}?year=2027&days=17/03/2027")
        self.press(officer, before, "/holidays", "holidays: kept")

    def _staff(self) -> None:
        officer, staff = self.officer, "/desk/staff"
        for do, faulty in (("add", {"email": "x"}), ("role", {"role": "Zz"}), ("Zz", {})):
            self.press(officer, staff, "/staff", f"staff: {do}, faults", **({"do": do} | faulty))
        added = {"email": "moi@vinhlong.example", "role": "director"}
        self.press(officer, staff, "/staff", "staff: added", do="add", **added)
        leaving = officer.get(f"{staff}/leaver?account={LEAVER}")
        self.press(officer, leaving, "/staff", "leaver: new links", links="new")
        later = iso(self.town.site.clock() + timedelta(seconds=1))
        after = f"{staff}/leaver?account={LEAVER}&since={quote(later)}"
        left = self.get(officer, after, "leaver: links that are left")
        self.press(officer, left, "/leaver", "leaver: the rest")
        self.get(self.anyone, self._link_before, "a link that was replaced for a leaver")
        last = {"csrf": _csrf(officer), "do": "remove", "email": OFFICER}
        self.post(officer, staff, last, "staff: the last officer")

    def _signing_out(self) -> None:
        self.press(self.director, "/desk", "/signout", "signed out of the desk")


def room_of(way: Way | None) -> str:
    """Where its handler stands among the pages."""
    if way is None:
        return "frame"
    later = getclosurevars(way.handler).nonlocals.get("module", "")
    return (later or way.handler.__module__.removeprefix("chalicelib.pages.")).partition(".")[0]


def _paths(pattern: str, arguments: Mapping[str, Sequence[str]]) -> Iterator[str]:
    names = re.findall(r"\{\w+\}", pattern)
    for given in product(*(arguments.get(name, ()) for name in names)):
        path = pattern
        for name, argument in zip(names, given, strict=True):
            path = path.replace(name, argument)
        yield path


def _forms(page: Reply) -> list[tuple[str, dict[str, str]]]:
    return Forms(page.body.decode()).forms


def _csrf(who: Visitor) -> str:
    return csrf_token(who.cookies["bc-staff"])
