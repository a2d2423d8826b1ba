"""A department with a real server, a clock that a story moves, an outbox, and its own count.

`Office` is the product behind HTTP; `Books` is what a story knows of every unit by itself, from
which the grid of the desk is foretold without a line of the product.
"""

import csv
import re
import shutil
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import app
from chalicelib.edges import embedded
from chalicelib.edges.ports import Mail, Site
from infra import samples
from infra.crowd import Guest
from infra.gateway import Gateway, Reply
from infra.local import Server
from infra.visitor import Forms, Visitor
from tests.server import HttpGateway

P, K = "thi-dua-2021-2025", "2024-H1"
DESK = f"/desk/{P}/{K}"
OFFICER, DIRECTOR = "chuyenvien@bentre.example", "giamdoc@bentre.example"
SHUT = datetime(2024, 6, 20, 17, tzinfo=UTC)  # and the lock's
OVER = datetime(2024, 6, 17, 17, tzinfo=UTC)  # the due day, 17/06/2024, is over in Việt Nam
BLOCS = {"P": "Phòng GD&ĐT", "T": "THPT", "G": "GDTX"}
STATES = {
    "missing": "Chưa gửi",
    "submitted": "Đã gửi",
    "accepted": "Đã tiếp nhận",
    "returned": "Đang trả lại",
    "reopened": "Đang mở lại",
}
BY = {"by.name": "Trần Thị Mẫu", "by.post": "Văn thư", "by.phone": "0270 000 0000", "approved": "1"}
_YES_OR_NO = "i1_1"
_AMOUNTS = {"i5_6", "i5_7_money", "i6_3_money"}
_FORMER = "X01,Trường cũ,T,SO,99,,x01@donvi.example,,2021-01-01,2021-12-31"


def at(day: int, hour: int = 9, minute: int = 0) -> datetime:
    """A moment of June 2024 in Việt Nam."""
    return datetime(2024, 6, day, tzinfo=UTC) + timedelta(hours=hour - 7, minutes=minute)


def listed() -> list[dict[str, str]]:
    """The 45 units of the sample, as an official list has them."""
    with (samples.FOLDER / P / "units.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


class Passing:
    """A clock that a story sets, and that goes on by a blink each time it is read."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        with self._lock:
            self._now += timedelta(milliseconds=10)
            return self._now

    def set(self, now: datetime) -> None:
        assert now > self._now, "a clock goes on"
        self._now = now


# ------------------------------------------------------------------ the product, served


class Gone(BaseException):
    """The worker that serves a request is no more; whoever waits gets no answer."""


class _Mortal(Server):
    """A server whose workers may be cut off without a word, as by kill -9."""

    def converse(self, guest: Guest) -> None:
        with suppress(Gone):
            super().converse(guest)


class _Line(HttpGateway):
    """A new connection for each request: a story may pause longer than a server waits."""

    def call(self, *given: Any) -> Reply:
        try:
            return super().call(*given)
        finally:
            self.close()


class Office:
    """One installation behind a real server, and the ways of people into it."""

    def __init__(self, site: Site, clock: Passing, data: Path) -> None:
        self.site = site
        self.clock = clock
        self.data = data
        self._watcher: Visitor | None = None

    def visitor(self) -> Visitor:
        """A new browser, over HTTP."""
        module: Any = SimpleNamespace(site=lambda: self.site)
        line: Any = _Line(int(self.site.public_url.rpartition(":")[2]))
        return Visitor(module, line)

    def mails(self, to: str = "@donvi.example") -> list[EmailMessage]:
        """What has gone out to addresses that end so, the oldest first."""
        parser = BytesParser(policy=policy.default)
        paths = sorted((self.data / "outbox").glob("*.eml"))
        found: Any = [parser.parsebytes(path.read_bytes()) for path in paths]
        return [mail for mail in found if str(mail["To"]).endswith(to)]

    def sign_in_link(self, email: str) -> str:
        """The path of the link in the newest mail to this account."""
        (path,) = re.findall(r"/s/\S+", str(self.mails(email)[-1].get_content()))
        return str(path)

    def signed_in(self, email: str) -> Visitor:
        browser = self.visitor()
        asked = browser.submit(browser.get("/signin"), "/signin", email=email)
        assert asked.status == 200
        link = self.sign_in_link(email)
        browser.follow(browser.submit(browser.get(link), link))
        return browser

    def watched(self, path: str) -> Reply:
        """A page as the director sees it, signing in anew when a session has ended."""
        if self._watcher is None or self._watcher.get("/desk").status != 200:
            self._watcher = self.signed_in(DIRECTOR)
        return self._watcher.get(path)


@contextmanager
def opened(
    folder: Path, now: datetime, *, whole: bool = False, mail: Callable[[Mail], Mail] | None = None
) -> Iterator[Office]:
    """The programme 2021–2025 on a free port: its 45 units already there, or none of them yet."""
    programme = folder / "programmes" / P
    shutil.copytree(samples.FOLDER / P, programme)
    if not whole:
        head = (programme / "units.csv").read_text("utf-8").splitlines()[0]
        (programme / "units.csv").write_text(f"{head}\n{_FORMER}\n", "utf-8")
    clock, data = Passing(now), folder / "data"
    with _Mortal("127.0.0.1", 0) as server:
        made = embedded.open_site(data, f"http://127.0.0.1:{server.server_port}", clock)
        edges = {"mails_leave": True, **({"mail": mail(made.mail)} if mail else {})}
        site = replace(made, **edges)
        samples.load_all(site, programme.parent)
        app.use(site)
        server.site, server.gateway, server.data = site, Gateway(app), data
        serving = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        serving.start()
        try:
            yield Office(site, clock, data)
        finally:
            server.shutdown()
            serving.join()
            server.finish_busy()
            made.table.close()  # type: ignore[attr-defined]


# ------------------------------------------------------------------ a unit at its form


def entered(office: Office, link: str) -> Visitor:
    """A browser that has opened a unit's link, as it stands in a mail."""
    browser = office.visitor()
    path = link.removeprefix(office.site.public_url)
    home = browser.follow(browser.submit(browser.get(path), path))
    assert home.status == 200
    return browser


def link_in(mail: EmailMessage) -> str:
    (found,) = re.findall(r"http://\S+/u/\S+", str(mail.get_content()))
    return str(found)


def answers(page: Reply, seed: str, period: str = K) -> dict[str, str]:
    """Every box of the form filled in: mostly values, some nil, some not applicable."""
    form = next(f for where, f in Forms(page.body.decode()).forms if where.endswith(f"/{period}"))
    typed: dict[str, str] = {}
    stated = {name.removesuffix(".state") for name in form if name.endswith(".state")}
    for code in stated:
        draw = zlib.crc32(f"{seed} {code}".encode())
        boxes = [name for name in (code, f"{code}.num", f"{code}.den") if name in form]
        typed |= dict.fromkeys(boxes, "") | {f"{code}.state": "value"}
        if draw % 8 in (0, 1):
            typed[f"{code}.state"] = ("nil", "na")[draw % 8]
            typed[f"{code}.note"] = ("", "Không thuộc đơn vị")[draw % 8]
        elif f"{code}.num" in form:
            den = draw % 397
            typed |= {f"{code}.num": str(draw % (den + 1)), f"{code}.den": str(den)}
        elif code == _YES_OR_NO:
            typed[code] = ("yes", "no")[draw % 3 == 0]
        else:
            typed[code] = f"{draw % 90},5" if code in _AMOUNTS else str(draw % 90)
    texts = form.keys() - stated
    for code in texts:
        if re.fullmatch(r"(i\d_\d\w*|n_\w+)", code):
            typed[code] = f"{seed}: việc thứ nhất\nviệc thứ hai"
    return typed


def sent(browser: Visitor, seed: str, **more: str) -> Reply:
    """A whole report filled in, checked and sent; its receipt."""
    page = browser.get(f"/report/{K}")
    typed = {"nil": "1"} if more.pop("nil", "") else answers(page, seed)
    check = browser.follow(browser.submit(page, f"/{K}", do="check", **typed))
    receipt = browser.follow(browser.submit(check, "/send", **(BY | more)))
    assert "Xác nhận đã gửi báo cáo" in receipt.body.decode()
    return receipt


# ------------------------------------------------------------------ the page of the grid, read


class Tables(HTMLParser):
    """Each table of a page as rows of the texts of its cells."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self._cell = False
        self.feed(page)

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self._cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            row = self.tables[-1][-1]
            row[-1] = " ".join(row[-1].split())
            self._cell = False

    def handle_data(self, data: str) -> None:
        if self._cell:
            self.tables[-1][-1][-1] += data


@dataclass
class Shown:
    """The grid as a page of the desk shows it."""

    blocs: dict[str, list[int]]  # name -> the six counts and the exempt
    headline: tuple[int, int]  # received, expected
    rows: dict[str, list[str]]  # code -> the texts of its cells


def shown(page: str) -> Shown:
    counts, *rest = Tables(page).tables
    blocs = {row[0]: [int(row[n]) for n in (1, 2, 3, 4, 5, 6, 9)] for row in counts[1:]}
    top = re.search(r"<b>(\d+)/(\d+)</b><span>đã gửi", page)
    assert top is not None
    rows = {row[0]: row for row in (rest[0][1:] if rest else [])}
    return Shown(blocs, (int(top[1]), int(top[2])), rows)


# ------------------------------------------------------------------ what must be there


@dataclass
class Owed:
    """What a story knows of one unit."""

    bloc: str
    state: str = "missing"
    version: int = 0
    late: bool = False
    exempt: str = ""
    more_time: date | None = None

    @property
    def over(self) -> datetime:
        """From here on a first sending is late."""
        if self.more_time is None:
            return OVER
        day = datetime(*self.more_time.timetuple()[:3], tzinfo=UTC)
        return day + timedelta(hours=17)

    @property
    def shut(self) -> datetime:
        """From here on nothing can be sent for the first time: more time moves it, too."""
        return max(SHUT, self.over)

    @property
    def counts(self) -> list[int]:
        """Expected, received, on time, late, returned, missing, exempt."""
        if self.exempt:
            return [0, 0, 0, 0, 0, 0, 1]
        received = self.state in ("submitted", "accepted", "reopened")
        return [
            1,
            int(received),
            int(received and not self.late),
            int(received and self.late),
            int(self.state == "returned"),
            int(self.state == "missing"),
            0,
        ]

    def submit(self, when: datetime) -> None:
        if self.state == "missing":
            self.late = when >= self.over
        self.state, self.version = "submitted", self.version + 1

    def differs(self, row: list[str]) -> str:
        """What the row of the grid says otherwise; empty where it is right."""
        _, _, state, time, _, version, _ = row
        right = "Được miễn" if self.exempt else STATES[self.state]
        if not re.match(rf"{right}(?! lại)\b", state) or self.exempt not in state:
            return f"state {state!r}, not {right!r}"
        if version != (str(self.version) if self.version else ""):
            return f"version {version!r}, not {self.version}"
        if self.exempt:
            return ""
        if self.state in ("submitted", "accepted", "reopened"):
            right = "Trễ" if self.late else "Đúng hạn"
            if not time.startswith(right):
                return f"time {time!r}, not {right!r}"
        given = f"gia hạn đến {self.more_time:%d/%m/%Y}" if self.more_time else ""
        if given not in time or ("gia hạn" in time and not given):
            return f"time {time!r}, not {given!r}"
        return ""


class Books:
    """All units of a story, counted by hand."""

    def __init__(self, blocs: Mapping[str, str]) -> None:
        self.units = {code: Owed(bloc) for code, bloc in blocs.items()}
        self.looks = 0

    def __getitem__(self, code: str) -> Owed:
        return self.units[code]

    def owing(self, *states: str) -> list[str]:
        """Codes of those that are not exempt and in one of these states."""
        return [c for c, one in self.units.items() if one.state in states and not one.exempt]

    def counts(self, bloc: str = "") -> list[int]:
        parts = [one.counts for one in self.units.values() if bloc in ("", one.bloc)]
        return [sum(column) for column in zip(*parts, strict=True)]

    def compare(self, page: str, after: str) -> None:
        """The grid's page against the books: overall, by bloc, each unit."""
        found = shown(page)
        whole = self.counts()
        expected, received, on_time, late, returned, missing, _ = whole
        assert expected == received + returned + missing
        assert received == on_time + late
        right = {BLOCS[bloc]: self.counts(bloc) for bloc in BLOCS} | {"Tất cả": whole}
        assert (after, found.blocs) == (after, right)
        assert (after, found.headline) == (after, (received, expected))
        assert found.rows.keys() == self.units.keys()
        wrong = {code: one.differs(found.rows[code]) for code, one in self.units.items()}
        assert (after, {code: said for code, said in wrong.items() if said}) == (after, {})
        self.looks += 1

    def in_state(self, name: str, now: datetime) -> set[str]:
        """Whom the grid's filter of this name must leave."""
        facts: Mapping[str, Callable[[Owed], bool]] = {
            "overdue": lambda one: one.state == "missing" and one.over <= now < one.shut,
            "locked": lambda one: one.state == "missing" and now >= one.shut,
            "received": lambda one: one.counts[1] == 1,
            "on_time": lambda one: one.counts[2] == 1,
            "late": lambda one: one.counts[3] == 1,
            "extended": lambda one: one.more_time is not None,
        }
        fact = facts.get(name, lambda one: one.state == name)
        return {
            code
            for code, one in self.units.items()
            if (bool(one.exempt) if name == "exempt" else not one.exempt and fact(one))
        }


def mailboxes(codes: Iterable[str]) -> set[str]:
    return {f"{code.lower()}@donvi.example" for code in codes}
