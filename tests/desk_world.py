"""The small installation with its department: two officers at their pages, and the mail's edge."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import app
from chalicelib.edges.ports import NotSent
from chalicelib.edges.table import Change, Item, Put
from chalicelib.rules.access import access as rules
from chalicelib.rules.programmes.period import start_of
from chalicelib.rules.progress import reminder
from chalicelib.rules.review.act import Act
from chalicelib.rules.texts.clock import today
from chalicelib.store import (
    access,
    authoring,
    exempt_or_extended,
    keys,
    notices,
    programmes,
    reminders,
    unit_requests,
)
from infra.gateway import Reply
from infra.visitor import Visitor
from tests import builders
from tests.faulty import Killed
from tests.independent import Raw, independent, owes
from tests.pages.reports.test_decision_notice import NO_LINK
from tests.pages.reports.test_progress import COUNTED, counts
from tests.records import Records
from tests.unit_files import upload
from tests.world import BEGAN, KEY, REASON, Here, K, P, Page, Phone, Sent, World, form_of, plain

OFFICERS = ("mot@so.example", "hai@so.example")
DESK = f"/desk/{P}/{K}"
SIGNED = {"by.name": "Lê Thị Giấy", "approved": "1", "reason": REASON}
LISTED = "Mã;Tên;Khối thi đua;Từ ngày;Đến ngày;Đơn vị kế thừa"


class Post:
    """A mail edge that fails as it is told, and judges every mail before it does."""

    def __init__(self, world: "DeskWorld") -> None:
        self._world = world
        self.does: list[str] = []  # what becomes of the next mails; then they go out
        self.out: Counter[tuple[str, str]] = Counter()  # (unit, day), as they went out
        self.cut = 0  # mails at which the process died

    def send(self, to: str, subject: str, text: str, now: datetime) -> None:
        unit = to.partition("@")[0].upper()
        if not subject.startswith("Trân trọng đề nghị"):
            self._world.judge(lambda: self._world.judge_notice(unit, text))
            return
        self._world.judge(lambda: self._world.judge_mail(unit, text, now))
        how = self.does.pop(0) if self.does else "goes"
        if how in ("goes", "late", "dies after"):
            self.out[unit, reminder.day_of(now)] += 1
        match how:
            case "refused":
                raise NotSent("planted")
            case "lost" | "late":
                raise TimeoutError("planted: nobody knows")
            case "dies" | "dies after":
                self.cut += 1
                raise Killed


class DeskWorld(World):
    """Adds the desk's acts, and judges each commit and each mail by what the table then holds."""

    def __init__(self, here: Here, now: datetime = BEGAN) -> None:
        self.post = Post(self)
        self._browsers: dict[str, tuple[Visitor, datetime]] = {}
        self.records: Records | None = None
        self.noticed: set[str] = set()  # acts whose mail went out
        self.allowed_to_exempt = 0  # the item version of the head that the officer's page showed
        super().__init__(here, now)
        for email in OFFICERS:
            access.keep_staff(self.plain.table, email, "officer")
        self.records = Records(self.plain.table.everything())

    def open(self) -> None:
        super().open()
        self.site = replace(self.site, mail=self.post)
        app.use(self.site)

    # ------------------------------------------------------------- what is judged as it happens

    def _judge(self, changes: tuple[Change, ...]) -> None:
        super()._judge(changes)
        puts = [change for change in changes if isinstance(change, Put)]
        verb = next((str(p.body["verb"]) for p in puts if p.key.partition[:6] == "AUDIT#"), "")
        for put in puts:
            if put.key.partition == f"PERIOD#{P}#{K}" and put.key.sort.startswith("TERMS#"):
                self._judge_terms(put.key.sort.removeprefix("TERMS#"), verb)
        assert self.records is not None
        self.records.judge(changes)
        self.ledger.told["acts on record judged"] += bool(verb)

    def _judge_terms(self, unit: str, verb: str) -> None:
        self.ledger.told["terms judged"] += 1
        head = self.plain.table.get(keys.head(P, K, unit))
        if verb == "grant_extend":
            assert head is None, "more time was granted over a report that had come"
        if verb == "exempt":
            seen = head.version if head else 0
            assert seen == self.allowed_to_exempt, "exempted over another report than was shown"

    def judge_mail(self, unit: str, text: str, now: datetime) -> None:
        """At the moment of the mail: nobody who has sent, owes nothing, or had one today."""
        table, day = self.plain.table, reminder.day_of(now)
        raw, head = Raw.of_table(table), table.get(keys.head(P, K, unit))
        assert head is None or head.body["state"] == "returned", "urged, and it has sent"
        own = table.get(keys.terms(P, K, unit))
        assert not (own and own.body["exempt"]), "urged, and it is exempt"
        assert unit in owes(raw, P, self.period.end), "urged, and it owes nothing"
        assert self.post.out[unit, day] == 0, "urged twice on a day"
        reserved = table.get(keys.reminder(P, K, day, unit))
        assert reserved is not None
        assert reserved.body["state"] == "reserved"
        token = text.partition("/u/")[2].split()[0]
        newest = table.get(keys.link(P, unit))
        assert newest is not None
        generations = range(1, int(newest.body["generation"]) + 1)
        own_links = {rules.link_token(KEY, rules.Link(P, unit, n)) for n in generations}
        assert token in own_links, "another unit's link, or none"
        self.ledger.told["mails judged"] += 1

    def judge_notice(self, unit: str, text: str) -> None:
        """At the moment of the mail: its act is on record, waits for it, and had none yet."""
        table = self.plain.table
        found = notices.of_unit(table, P, K, unit)
        waiting = [one for one in found if one.state == "reserved" and one.act not in self.noticed]
        assert waiting, "told of nothing, or told twice"
        assert table.get(keys.event(P, K, unit, waiting[0].act)), "told before it was done"
        self.noticed.add(waiting[0].act)
        newest = table.get(keys.link(P, unit))
        if newest is not None and newest.body["works"]:
            own = rules.link_token(KEY, rules.Link(P, unit, int(newest.body["generation"])))
            assert f"/u/{own}\n" in text, "without the unit's own link"
        else:
            assert NO_LINK in text, "no link, and not said whom to call"
            assert "/u/" not in text, "a link that has ended, or another's"
            self.ledger.told["notices without a link"] += 1
        self.ledger.told["notices judged"] += 1

    # ------------------------------------------------------------------ units

    def owed(self, unit: str) -> bool:
        return unit in owes(Raw.of_table(self.plain.table), P, self.period.end)

    def _ended(self, phone: Phone, fields: dict[str, str], reply: Reply | None) -> Sent:
        if reply is None or reply.status != 404:
            return super()._ended(phone, fields, reply)
        assert not self.owed(phone.unit)
        assert f'value="{fields["i1"]}"' in reply.body.decode(), "what was typed is not on the page"
        phone.unanswered = None
        self.ledger.told["no longer owed"] += 1
        return Sent(404)

    def read_receipt(self, phone: Phone, version: int, number: int) -> None:
        if self.owed(phone.unit):
            super().read_receipt(phone, version, number)

    def asks(self, phone: Phone, reason: str, days: int) -> Reply | None:
        wanted = today(self.now + timedelta(days=days)).isoformat()
        token = rules.csrf_token(phone.visitor.cookies["bc-unit"])
        fields = {"reason": reason, "wanted": wanted, "csrf": token}
        return self.answer(phone, "POST", f"/report/{K}/ask", fields)

    # ------------------------------------------------------------------ officers

    def officer(self, who: int) -> Visitor:
        """A browser that is signed in now."""
        email = OFFICERS[who]
        browser, until = self._browsers.get(email, (Visitor(app, self._gateway), self.now))
        if until <= self.now:
            session = access.open_session(self.plain.table, "officer", self.now, email=email)
            browser.cookies["bc-staff"] = session.token
            self._browsers[email] = (browser, session.until)
        return browser

    def desk(self, who: int, path: str, fields: Mapping[str, str] | None = None) -> Reply | None:
        """A page, or with fields an act; None where the process was killed on the way."""
        browser = self.officer(who)
        token = rules.csrf_token(browser.cookies["bc-staff"])
        try:
            if fields is None:
                return browser.get(path)
            return browser.post(path, {"csrf": token, **fields})
        except Killed:
            self.restart()
            return None
        finally:
            if self._wrong:
                raise self._wrong[0]

    def head(self, unit: str) -> Item | None:
        return self.plain.table.get(keys.head(P, K, unit))

    def version(self, unit: str) -> int:
        head = self.head(unit)
        return int(head.body["version"]) if head else 0

    def deciding(self, unit: str, do: str, days: int, stale: int = 0) -> tuple[str, dict[str, str]]:
        due = today(self.now + timedelta(days=days)).isoformat()
        said = {"general": "Xem lại", "comment.s1": "Chưa khớp", "due": due, "reason": REASON}
        seen = str(max(self.version(unit) - stale, 0))
        return f"{DESK}/reports/{unit}", {"do": do, "version": seen, **said}

    def taking_in(self, units: tuple[str, ...]) -> tuple[str, dict[str, str]]:
        seen = " ".join(f"{unit}:{self.version(unit)}" for unit in units if self.version(unit))
        ticked = {f"unit.{unit}": "1" for unit in units}
        return f"{DESK}/reports/accept", {"seen": seen, **ticked}

    def answering(self, unit: str, kind: Any, do: str, days: int) -> tuple[str, dict[str, str]]:
        ask = unit_requests.one(self.plain.table, P, K, unit, kind)
        until = today(self.now + timedelta(days=days)).isoformat()
        said = {"do": do, "answer": "Sở trả lời", "until": until}
        revision = str(ask.revision if ask else 0)
        return f"{DESK}/requests", {"unit": unit, "kind": kind, "revision": revision, **said}

    def exempting(self, unit: str) -> tuple[str, dict[str, str]]:
        head = self.head(unit)
        seen = head.version if head else 0
        self.allowed_to_exempt = seen
        said = {"unit": unit, "reason": "Sáp nhập", "seen": str(seen)}
        return f"{DESK}/terms/exempt", {**said, **self._terms(unit)}

    def _terms(self, unit: str) -> dict[str, str]:
        """The revision that the page about this unit's terms shows."""
        return {"terms": str(exempt_or_extended.of(self.plain.table, P, K, unit).revision)}

    def extending(self, unit: str, days: int) -> tuple[str, dict[str, str]]:
        """One letter is a bloc."""
        day = today(self.now + timedelta(days=days)).isoformat()
        whom = {"bloc": unit} if len(unit) == 1 else {"unit": unit}
        head = self.head(unit)
        seen = {"seen": str(head.version if head else 0), "shorter": "1", **self._terms(unit)}
        return f"{DESK}/terms/extend", {**whom, **seen, "reason": "Bão số 9", "day": day}

    def lifting(self, unit: str, what: str) -> tuple[str, dict[str, str]]:
        return f"{DESK}/terms/lift", {"unit": unit, "what": what, **self._terms(unit)}

    def paper(self, who: int, unit: str, number: int, back: int) -> Reply | None:
        """Typed in as of some days back."""
        page = self.desk(who, f"{DESK}/reports/{unit}/paper")
        if page is None or page.status != 200:
            return page
        fields = form_of(page, "/paper")
        arrived = today(self.now - timedelta(days=back))
        head = self.head(unit)
        floor = self.period.opens
        if head and fields["base"] != "0":
            floor = datetime.fromisoformat(str(head.body["last_sent"]))
        self.ledger.tries(unit, number, max(floor, start_of(arrived)))
        typed = Page(fields).typed(number)
        signed = {**SIGNED, "arrived": arrived.isoformat()}
        return self.desk(who, f"{DESK}/reports/{unit}/paper", {**fields, **typed, **signed})

    def urging(self, id: str) -> tuple[str, dict[str, str]]:
        return f"{DESK}/urge/begin", {"which": "all", "round": id, "note": "Trân trọng"}

    def urging_again(self, id: str) -> tuple[str, dict[str, str]]:
        return f"{DESK}/urge/round/{id}", {"do": "again"}

    def changes_unit(self, who: int, unit: str, fields: Mapping[str, str]) -> Reply | None:
        """What reaches a period that others rely on is agreed to on the second page."""
        where = f"/desk/{P}/units/{unit}"
        reply = self.desk(who, where, fields)
        if reply is None or reply.status != 422:
            return reply
        agreed = reply.body.decode().partition('name="agreed" value="')[2].partition('"')[0]
        return self.desk(who, where, {**fields, "agreed": agreed}) if agreed else reply

    def imports(self, who: int, rows: tuple[str, ...]) -> tuple[str, dict[str, str]] | None:
        """What confirms the list that was looked at; None where nothing can be confirmed."""
        browser = self.officer(who)
        file = "\r\n".join((LISTED, *rows)).encode("utf-8-sig")
        upload_page = browser.get(f"/desk/{P}/units/import")
        page = upload(browser, upload_page, file, "don-vi.csv")
        if 'name="staged"' not in page.body.decode():
            return None
        return f"/desk/{P}/units/confirm", form_of(page, "confirm")

    def move_lock(self, locks: datetime) -> None:
        self._moves_period(locks=locks)

    def move_due(self, due: datetime) -> None:
        self._moves_period(due=due)

    def _moves_period(self, **instants: datetime) -> None:
        period = self.period.model_copy(update=instants)
        if period != self.period:
            act = Act(self.now, OFFICERS[0], "move_period", P, K)
            authoring.keep_period(self.table, act, period)

    def switches_form(self) -> None:
        """A second version, with one number more, for this very period."""
        period = self.period
        if period.form == 2:
            return
        first = programmes.form(self.plain.table, P, 1)
        section = first.sections[0]
        more = builders.indicator("i2", label="Số lượng thêm")
        wider = section.model_copy(update={"indicators": (*section.indicators, more)})
        form = first.model_copy(update={"version": 2, "sections": (wider, *first.sections[1:])})
        act = Act(self.now, OFFICERS[0], "adopt_form", P)
        kept = period.model_copy(update={"form": 2})
        authoring.adopt(self.table, act, form, [kept])

    # ------------------------------------------------------------------ the judgement

    def audit(self) -> None:
        super().audit()
        table = self.plain.table
        right = independent(Raw.of_table(table), P, K)
        if right["expected"]:
            page = self.desk(0, f"{DESK}/reports")
            assert page is not None
            assert counts(page) == {name: right[name] for name in COUNTED}, plain(
                page.body.decode()
            )
        assert self.records is not None
        self.records.audit(table.everything(), P, K)
        self._audit_mails()

    def _audit_mails(self) -> None:
        """Each reminder has ended as what it was; each mail that went out has its reminder."""
        later = self.now + timedelta(minutes=3)
        found = {}
        for item in self.plain.table.query(f"PERIOD#{P}#{K}", "REMINDER#"):
            _, day, unit = item.key.sort.split("#")
            kept = reminders.reminder(self.plain.table, P, K, day, unit)
            assert kept is not None
            found[unit, day] = kept
        reserved = sum(one.state == "reserved" for one in found.values())
        assert reserved <= self.post.cut + self.ledger.told["cut short"]
        for where, one in found.items():
            out = self.post.out[where]
            match one.ended(later):
                case "sent":
                    assert out == 1
                case "failed":
                    assert out == 0
                case "unknown":
                    assert out <= 1
                case other:
                    raise AssertionError(f"{where} has not ended: {other}")
            self.ledger.told[f"reminders {one.ended(later)}"] += 1
        assert {where for where, out in self.post.out.items() if out} <= found.keys()
