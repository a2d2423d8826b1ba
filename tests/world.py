"""A small installation with phones, an officer and a ledger: what fault and race tests act in."""

import hashlib
import json
import re
import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import app
from chalicelib.edges import embedded
from chalicelib.edges.aws import DynamoTable
from chalicelib.edges.embedded import FolderFiles, OutboxMail
from chalicelib.edges.ports import Site
from chalicelib.edges.table import ANYTHING, MOST_CHANGES, Change, Item, Put, Table
from chalicelib.jobs import summarise as summing
from chalicelib.rules.access import access as rules
from chalicelib.rules.programmes.period import Period
from chalicelib.store import keys, links, programmes, summaries
from infra import samples
from infra.gateway import Gateway, Reply
from infra.visitor import Forms, Visitor
from tests import builders, officer
from tests.faulty import Calls, FaultyFiles, FaultyTable, Killed
from tests.independent import Raw, assert_equal, independent
from tests.ledger import Ledger, judge_moves, number_of, typed
from tests.ministack import Ministack, new_table

P, K = "thu-nghiem", "2026-Q4"
HERE, KEY = "http://127.0.0.1:8000", b"k" * 32
UNITS = ("P01", "T01", "T02")
BEGAN = datetime(2026, 12, 10, 3, 0, tzinfo=UTC)
BY = {"by.name": "Trần Thị Mẫu", "by.post": "Văn thư", "by.phone": "0270 000 0000", "approved": "1"}
REASON = "Bổ sung số liệu"

_FORM = {
    "survey": [
        ("type", "name", "label", "appearance", "aggregate"),
        ("begin_group", "s1", "Nội dung"),
        ("integer", "i1", "Số lượng", "", "sum"),
        ("decimal", "a1", "Số tiền", "", "sum"),
        ("begin_group", "r1", "Tỷ lệ", "", "ratio"),
        ("integer", "r1_num", "Đã đạt"),
        ("integer", "r1_den", "Tổng số"),
        ("end_group",),
        ("select_one yes_no", "y1", "Đã ban hành", "", "count_yes"),
        ("text", "l1", "Tên mô hình", "multiline", "list"),
        ("text", "t1", "Số văn bản", "", "none"),
        ("end_group",),
        ("begin_group", "narratives", "Đánh giá"),
        ("text", "n_done", "Đã triển khai", "multiline"),
        ("end_group",),
    ],
    "choices": [("list_name", "name", "label"), ("yes_no", "yes", "Có"), ("yes_no", "no", "Chưa")],
    "settings": [("form_title",), ("Thi đua",)],
}


def mailbox_of(unit: str) -> str:
    return f"{unit.lower()}@donvi.example"


@dataclass(frozen=True)
class SqliteHere:
    """Where an installation is; called, it opens it, in this process or in another."""

    data: Path

    def __call__(self, clock: Callable[[], datetime]) -> Site:
        return replace(embedded.open_site(self.data, HERE, clock), server_key=lambda: KEY)

    def copy(self) -> "SqliteHere":
        """Another that stands as this one does, which must be closed."""
        other = self.data.with_name(f"{self.data.name}-{secrets.token_hex(4)}")
        shutil.copytree(self.data, other)
        return SqliteHere(other)


@dataclass(frozen=True)
class DynamoHere:
    """A table on emulated AWS; files in a folder, S3 has its own tests."""

    data: Path
    port: int
    name: str

    def __call__(self, clock: Callable[[], datetime]) -> Site:
        # No test waits between tries; how many there are is as in the product.
        table = DynamoTable(client(self.port), self.name, wait=lambda _: None)
        files = FolderFiles(self.data / "files", lambda: KEY, HERE)
        mail = OutboxMail(self.data / "outbox", "no-reply@baocao.example")
        return Site(table, files, mail, lambda: KEY, HERE, clock)

    def copy(self) -> "DynamoHere":
        other = self.data.with_name(f"{self.data.name}-{secrets.token_hex(4)}")
        if self.data.exists():
            shutil.copytree(self.data, other)
        here = DynamoHere(other, self.port, new_table(client(self.port)))
        for item in client(self.port).scan(TableName=self.name, ConsistentRead=True)["Items"]:
            client(self.port).put_item(TableName=here.name, Item=item)  # with its version
        return here


Here = SqliteHere | DynamoHere


@cache
def client(port: int) -> Any:
    return Ministack(port).client("dynamodb", max_pool_connections=50)


def on_dynamo(port: int, data: Path, items: list[Item]) -> DynamoHere:
    here = DynamoHere(data, port, new_table(client(port)))
    put_all(DynamoTable(client(port), here.name), items)
    return here


class Start:
    """Installations that begin alike, each by itself: SQLite's, or emulated AWS's on a port."""

    def __init__(self, folder: Path, units: tuple[str, ...] = UNITS, port: int = 0) -> None:
        self._folder = folder
        self._port = port
        rows = "".join(
            f"{code},Đơn vị {code},{code[0]},{mailbox_of(code)},2021-01-01\n" for code in units
        )
        programme = builders.folder(
            folder / "programme",
            form=builders.as_markdown(_FORM),
            units=f"code,name,bloc,email,valid_from\n{rows}",
        )
        self._first = SqliteHere(folder / "first")
        site = self._first(lambda: BEGAN)
        samples.load(site, programme)
        self._items = list(site.table.everything())
        site.table.close()  # type: ignore[attr-defined]

    def fresh(self) -> Here:
        if not self._port:
            return self._first.copy()
        data = self._folder / f"data-{secrets.token_hex(4)}"
        return on_dynamo(self._port, data, self._items)


def put_all(table: Table, items: list[Item]) -> None:
    for start in range(0, len(items), MOST_CHANGES):
        some = items[start : start + MOST_CHANGES]
        table.write(*(Put(one.key, one.body, ANYTHING, one.expires) for one in some))


@dataclass
class Page:
    """A form as it was opened on a phone: it can be used again after Back."""

    fields: dict[str, str]
    place: int = 0

    def typed(self, number: int) -> dict[str, str]:
        return typed(number, second="i2" in self.fields)


@dataclass
class Phone:
    unit: str
    visitor: Visitor
    pages: list[Page] = field(default_factory=list)
    checks: list[dict[str, str]] = field(default_factory=list)
    unanswered: dict[str, str] | None = None
    # The draft before a question was answered, and what the answer's press sent.
    decided: tuple[Item | None, dict[str, str]] | None = None


@dataclass(frozen=True)
class Sent:
    """How a sending ended: `status` 0 without an answer."""

    status: int
    receipt: int = 0
    page: str = ""


class World:
    """One installation from its first day on. `faults` numbers the table calls of one act."""

    def __init__(self, here: Here, now: datetime = BEGAN) -> None:
        self.here = here
        self.now = now
        self.calls = Calls()
        self.ledger = Ledger()
        self._gateway = Gateway(app)
        self._posting: Phone | None = None
        self._wrong: list[AssertionError] = []
        self.heads: dict[tuple[str, int], Mapping[str, Any]] = {}  # as committed, by item version
        self.summaries: dict[int, Mapping[str, int]] = {}  # what each stored one has seen
        self.open()

    def open(self) -> None:
        self.plain = self.here(lambda: self.now)
        heads = self.plain.table.query(f"PERIOD#{P}#{K}", "REPORT#")
        self.states = {item.key.sort.removeprefix("REPORT#"): item.body for item in heads}
        self.table = FaultyTable(self.plain.table, self.calls)
        self.table.committed = self._committed
        files = FaultyFiles(self.plain.files, self.calls)
        self.site = replace(self.plain, table=self.table, files=files)
        app.use(self.site)

    def close(self) -> None:
        close = getattr(self.plain.table, "close", None)
        if close:
            close()

    def restart(self) -> None:
        self.calls.disarm()
        self.close()
        self.open()

    @property
    def period(self) -> Period:
        return next(one for one in programmes.periods(self.plain.table, P) if one.key == K)

    # ------------------------------------------------------------------ what every commit must be

    def _committed(self, changes: tuple[Change, ...]) -> None:
        """Kept until the act has ended: the product makes a page of whatever is raised here."""
        self.judge(lambda: self._judge(changes))

    def judge(self, right: Callable[[], object]) -> None:
        try:
            right()
        except AssertionError as wrong:
            self._wrong.append(wrong)

    def _judge(self, changes: tuple[Change, ...]) -> None:
        puts = [change for change in changes if isinstance(change, Put)]
        version = next((put for put in puts if put.key.sort.startswith("VERSION#")), None)
        acts = [put.body for put in puts if put.key.partition.startswith("AUDIT#")]
        for put in puts:
            if put.key == keys.summary(P, K):
                assert put.expects != ANYTHING, "a summary must expect the one that it has read"
                self.summaries[put.expects + 1] = self.seen_by(put.body)
            if put.key.partition != f"PERIOD#{P}#{K}" or not put.key.sort.startswith("REPORT#"):
                continue
            unit = str(put.body["unit"])
            before = self.states.get(unit)
            state = str(before["state"]) if before else None
            if version or state != put.body["state"]:
                assert version or acts, "a move without its act"
                judge_moves(state, acts, str(put.body["state"]))
                self.ledger.told["moves judged"] += 1
            elif before:
                self._judge_more_time(before, put.body)
            if version:
                self._judge_version(version.body, before)
            elif put.body["state"] in ("returned", "reopened"):
                own = self.plain.table.get(keys.terms(P, K, unit))
                assert not (own and own.body["exempt"]), "asked back of a unit that owes nothing"
            self.states[unit] = put.body
            self.heads[unit, put.expects + 1] = put.body

    def _judge_more_time(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """A head that is written without a move: only what was returned gets another due."""
        self.ledger.told["more time judged"] += 1
        assert after["state"] == "returned"
        assert {**before, "return_due": ""} == {**after, "return_due": ""}

    def _judge_version(self, version: Mapping[str, Any], before: Mapping[str, Any] | None) -> None:
        """At the very moment of the commit: the lock, the session, lateness after a return."""
        self.ledger.told["sendings judged"] += 1
        sent = datetime.fromisoformat(version["sent"])
        period, state = self.period, before["state"] if before else None
        own = self.plain.table.get(keys.terms(P, K, version["unit"]))
        due, locks = period.due, period.locks
        if own and own.body["due"]:
            until = datetime.fromisoformat(str(own.body["due"]))
            due, locks = max(due, until), max(locks, until)
        assert not (own and own.body["exempt"]), "sent by a unit that owes nothing"
        assert state in ("returned", "reopened") or sent <= locks
        if before is None:
            self.ledger.dues[version["unit"]] = due
        assert version["number"] == (before["version"] if before else 0) + 1
        assert before is None or version["reason"]
        if before and state == "returned" and "return_due" in before:
            due = datetime.fromisoformat(before["return_due"])
        assert version["after_due"] is (before is not None and sent > due)
        if self._posting:
            cookie = self._posting.visitor.cookies["bc-unit"]
            token = keys.token(hashlib.sha256(cookie.encode()).hexdigest())
            assert self.plain.table.get(token), "sent in a session that had ended"

    # ------------------------------------------------------------------ phones

    def phone(self, unit: str) -> Phone:
        phone = Phone(unit, Visitor(app, self._gateway))
        self.enter(phone)
        return phone

    def enter(self, phone: Phone) -> Reply:
        token = links.issue_link(self.plain.table, KEY, P, phone.unit)
        where = f"/u/{token}"
        return phone.visitor.post(where, {})

    def answer(
        self, phone: Phone, method: str, path: str, fields: Mapping[str, str] | None = None
    ) -> Reply | None:
        """None where the process was killed on the way: it stands again afterwards."""
        self._posting = phone if path.endswith("/send") else None
        try:
            if method == "GET":
                return phone.visitor.get(path)
            return phone.visitor.post(path, fields or {})
        except Killed:
            self.restart()
            return None
        finally:
            self._posting = None
            if self._wrong:
                raise self._wrong[0]

    def open_form(self, phone: Phone) -> Page | None:
        reply = self.answer(phone, "GET", f"/report/{K}")
        if reply is None or reply.status != 200:
            return None
        phone.pages.append(Page(form_of(reply, K)))
        return phone.pages[-1]

    def save(self, phone: Phone, page: Page, number: int, do: str) -> Reply | None:
        """ "Lưu nháp" or "Kiểm tra", as the page does them with its script."""
        page.place += 1
        phone.decided = None
        fields = page.fields | page.typed(number) | {"do": do, "place": str(page.place)}
        return self.answer(phone, "POST", f"/report/{K}", fields)

    def autosaving(self, page: Page, number: int) -> dict[str, str]:
        page.place += 1
        return page.fields | page.typed(number) | {"place": str(page.place)}

    def autosave(self, phone: Phone, page: Page, fields: Mapping[str, str]) -> Reply | None:
        """As the script does: what others changed is shown; what both changed may be dropped."""
        phone.decided = None
        reply = self.answer(phone, "POST", f"/report/{K}/draft", fields)
        told = json.loads(reply.body) if reply is not None and reply.status in (200, 409) else {}
        if "draft" in told:
            page.fields |= {"draft": str(told["draft"])} | told["theirs"]
        if told.get("parked", 0) > 3:  # before there is no room for more
            number = {"parked": str(told["parked"]), "do": "drop"}
            self.answer(phone, "POST", f"/report/{K}", page.fields | number)
        return reply

    def check(self, phone: Phone, page: Page, number: int) -> dict[str, str] | None:
        """To the check page; what its button will send, from then on also after Back."""
        reply = self.save(phone, page, number, "check")
        if reply is None or reply.status != 303:
            return None
        shown = self.answer(phone, "GET", reply.header("location"))
        if shown is not None and "parked=" in reply.header("location"):
            self.decide(phone, shown, number)
        if shown is None or shown.status != 200 or not reply.header("location").endswith("/check"):
            return None
        if "chỉ tiêu chưa có số liệu" in plain(shown.body.decode()):
            return None  # a newer form asks for more, and that comes first
        phone.checks.append(form_of(shown, "/send") | BY)
        return phone.checks[-1]

    def decide(self, phone: Phone, shown: Reply, number: int) -> None:
        """Asked about what another page changed too: one press, this way or that."""
        if shown.status == 409:
            offered = [f for where, f in Forms(shown.body.decode()).forms if where.endswith(K)]
            do = "take" if number % 2 and len(offered) > 1 else "drop"
            answered = offered[0 if do == "take" else -1] | {"do": do}
            self.ledger.told[do] += 1
            phone.decided = self.plain.table.get(keys.draft(P, K, phone.unit)), answered
            self.answer(phone, "POST", f"/report/{K}", answered)

    def ready(self, phone: Phone, number: int) -> dict[str, str]:
        """A phone on its check page, without any fault on the way."""
        page = self.open_form(phone)
        assert page is not None
        check = self.check(phone, page, number)
        assert check is not None
        return check

    def send(self, phone: Phone, check: Mapping[str, str], reason: str = REASON) -> Sent:
        fields = {**check, "reason": reason}
        self.ledger.tries(phone.unit, int(check["i1"]), self.now)
        reply = self.answer(phone, "POST", f"/report/{K}/send", fields)
        return self._ended(phone, fields, reply)

    def tap_again(self, phone: Phone) -> Sent:
        """The next tap after a sending without an answer: from the page that is still there."""
        assert phone.unanswered is not None
        fields = phone.unanswered
        self.ledger.tries(phone.unit, int(fields["i1"]), self.now)
        reply = self.answer(phone, "POST", f"/report/{K}/send", fields)
        return self._ended(phone, fields, reply)

    def _ended(self, phone: Phone, fields: dict[str, str], reply: Reply | None) -> Sent:
        phone.unanswered = None
        if reply is None or reply.status == 503:
            # The page that says so holds everything, and its button sends it again.
            phone.unanswered = form_of(reply, "") if reply else fields
            self.ledger.told["without an answer"] += 1
            return Sent(reply.status if reply else 0)
        where = re.fullmatch(rf"/report/{K}/receipt/(\d+)", reply.header("location"))
        if where:
            self.read_receipt(phone, int(where[1]), int(fields["i1"]))
            return Sent(303, int(where[1]))
        self.ledger.told["refused"] += 1
        if reply.status == 303:
            kept = fields["i1"] in self.kept_of(phone.unit, "i1")
            assert kept or self._replaced_since(phone.unit, fields), "what was typed is nowhere"
            with self.calls.paused():
                shown = phone.visitor.sees(reply)
            # On a bad day of the engine that page too may ask to be opened again.
            assert shown.status in (200, 401, 409, 422, 429, 503), plain(shown.body.decode())
            return Sent(shown.status, page=shown.body.decode())
        page = reply.body.decode()
        # A page of a session that has ended since is refused once more, with a fresh token.
        stale = fields["csrf"] != rules.csrf_token(phone.visitor.cookies["bc-unit"])
        assert reply.status in ((401, 403, 409, 422) if stale else (401, 409, 422)), plain(page)
        assert f'value="{fields["i1"]}"' in page, "what was typed is not on the page"
        return Sent(reply.status, page=page)

    def _replaced_since(self, unit: str, fields: Mapping[str, str]) -> bool:
        """Whether somebody who was shown this page's draft has typed another number since."""
        item = self.plain.table.get(keys.draft(P, K, unit))
        mark = json.loads(str(item.body["marks"])).get("i1", 0) if item else 0
        revision = mark if isinstance(mark, int) else mark[0]
        return bool(revision > int(fields["draft"]))

    def kept_of(self, unit: str, name: str) -> set[str]:
        """Every text of this field that stands somewhere: in the draft, parked, or sent last."""
        items = [*self.plain.table.query(f"REPORT#{P}#{K}#{unit}", "DRAFT")]
        found = {json.loads(str(item.body["typed"])).get(name, "") for item in items}
        return found | {str(number) for number in self.versions(unit)[-1:]}

    def read_receipt(self, phone: Phone, version: int, number: int) -> None:
        """The receipt as the person sees it goes into the ledger."""
        with self.calls.paused():
            reply = phone.visitor.get(f"/report/{K}/receipt/{version}")
            while reply.status == 503:
                reply = phone.visitor.get(f"/report/{K}/receipt/{version}")
        if reply.status == 401:
            return  # the session ended right after the sending
        page = reply.body.decode()
        assert reply.status == 200
        assert seen(page, "reference") == f"{K}/{phone.unit}/{version}"
        self.ledger.acknowledge(phone.unit, version, seen(page, "hash"), number)

    # ------------------------------------------------------------------ the department

    def move(self, unit: str, move: Any, return_due: datetime | None = None) -> None:
        officer.move(self.site.table, P, K, unit, move, return_due)

    def move_lock(self, locks: datetime) -> None:
        moved = self.period.model_copy(update={"locks": locks})
        programmes.keep_periods(self.plain.table, P, [moved])

    def summarise(self) -> None:
        summing.run(self.site, everything=True)

    def seen_by(self, summary: Mapping[str, Any]) -> dict[str, int]:
        """Unit -> item version of the head that this SUMMARY was made of."""
        content = self.plain.files.read(json.loads(summary["files"])["seen"])
        assert content is not None, "the item came before its files"
        seen: dict[str, int] = json.loads(content)
        return seen

    def document(self) -> dict[str, Any]:
        """The summary that stands; empty before the first."""
        kept = summaries.summary(self.plain.table, P, K)
        if kept is None:
            return {}
        content = self.plain.files.read(kept.files["json"])
        assert content is not None
        whole: dict[str, Any] = json.loads(content)
        return whole

    # ------------------------------------------------------------------ the judgement

    def audit(self) -> None:
        """Everything acknowledged is there once, and the summary is the independent sum."""
        self.calls.disarm()
        assert not self._wrong, self._wrong
        self.ledger.audit(self.plain.table, P, K, self.period.due)
        self.summarise()
        assert_equal(self.document(), independent(Raw.of_table(self.plain.table), P, K))
        self.ledger.told["audits"] += 1

    def versions(self, unit: str) -> list[int]:
        """What each version of the unit holds, the first one first."""
        found = self.plain.table.query(f"REPORT#{P}#{K}#{unit}", "VERSION#")
        return [number_of(str(item.body["content"])) for item in found]


def plain(page: str) -> str:
    """The words of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("<body>")[2]))


def form_of(reply: Reply, action: str) -> dict[str, str]:
    forms = Forms(reply.body.decode()).forms
    return next(f for where, f in forms if where.endswith(action) and "signout" not in where)


def seen(page: str, name: str) -> str:
    found = re.search(rf'id="{name}">([^<]+)<', page)
    assert found is not None
    return found[1].replace(" ", "")
