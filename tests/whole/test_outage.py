"""Mail is out of order for an hour, in every way it can be, and then works again: over HTTP."""

import http.client
import re
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from chalicelib.edges.ports import Mail, NotSent
from infra.gateway import Reply
from infra.visitor import Visitor
from tests.conftest import Figure
from tests.season import (
    DESK,
    DIRECTOR,
    OFFICER,
    Books,
    Gone,
    Office,
    P,
    Tables,
    at,
    entered,
    link_in,
    listed,
    mailboxes,
    opened,
    sent,
)

pytestmark = pytest.mark.e2e

LINKS = f"/desk/{P}/links"
REFUSED, SILENT, CUT, LATER = (
    [f"T{place:02}" for place in places]
    for places in (range(1, 11), range(11, 21), range(21, 25), range(25, 31))
)
ASKS_AGAIN, HANDS_OVER = "T34", "T35"  # by themselves
SENDERS = [f"P{place:02}" for place in range(1, 10)] + ["T02", "T12", "T22", "T26"]


class Post:
    """A mail edge that is out of order in one of the ways there are."""

    def __init__(self, inner: Mail) -> None:
        self.inner = inner
        self.how = "works"
        self.tried = 0
        self.reached, self.given_up = threading.Event(), threading.Event()
        self.delivered: list[tuple[str, str]] = []

    def send(self, to: str, subject: str, text: str, now: datetime) -> None:
        self.tried += 1
        if self.how == "refuses":
            raise NotSent("planted")
        if self.how == "is silent":
            if self.tried % 2:
                self._deliver(to, subject, text, now)
            self.reached.set()
            assert self.given_up.wait(60)
            raise TimeoutError("planted: the answer did not come")
        if self.how == "dies before":
            raise Gone
        self._deliver(to, subject, text, now)
        if self.how == "dies after":
            raise Gone

    def _deliver(self, to: str, subject: str, text: str, now: datetime) -> None:
        self.inner.send(to, subject, text, now)
        self.delivered.append((to, subject.partition(" ")[0]))

    def counts(self, kind: str) -> Counter[str]:
        return Counter(to for to, one in self.delivered if one == kind)


LINK, URGING, SIGN_IN = "Đường", "Trân", "Mã"


class Hour:
    """The people of the hour and what they know."""

    def __init__(self, office: Office, post: Post) -> None:
        self.office = office
        self.post = post
        self.officer = self.second = office.signed_in(OFFICER)
        self.books = Books({row["code"]: row["bloc"] for row in listed()})
        self.waiting = list(SENDERS)
        self.round = ""

    def units_send(self, many: int) -> None:
        """Their reports are acknowledged, whatever the mail does, and the grid knows them."""
        for code in [self.waiting.pop(0) for _ in range(min(many, len(self.waiting)))]:
            mails = self.office.mails(f"{code.lower()}@donvi.example")
            sent(entered(self.office, link_in(mails[0])), code)
            self.books[code].submit(self.office.clock())
        page = self.officer.get(f"{DESK}/reports").body.decode()
        self.books.compare(page, f"{many} units send while mail {self.post.how}")

    def mail_links(self, units: Iterable[str] = ()) -> Reply:
        ticks = {f"unit.{code}": "1" for code in units} or {"which": "all"}
        return self.second.submit(self.second.get(LINKS), "/links", do="mail", **ticks)

    def go_on_with_links(self) -> Reply:
        return self.officer.submit(self.officer.get(f"{LINKS}/mail"), "/links/mail")

    def urge(self) -> Reply:
        """Everybody who may be urged: a new round, or the same one gone on with."""
        preview = self.officer.submit(self.officer.get(f"{DESK}/urge"), "/urge", which="all")
        begun = self.officer.submit(preview, "/begin")
        self.round = begun.header("location")
        return begun

    def go_on_urging(self, do: str) -> Reply:
        page = self.officer.get(self.round)
        (csrf,) = set(re.findall(r'name="csrf" value="([^"]+)"', page.body.decode()))
        return self.officer.post(self.round, {"csrf": csrf, "do": do})

    def mailings(self) -> dict[str, str]:
        """Unit -> what the day's page says of its mail with a link."""
        tables = Tables(self.officer.get(f"{LINKS}/mail").body.decode()).tables
        return {row[0].split()[-1]: row[1] for row in (tables[0][1:] if tables else [])}

    def reminders(self) -> dict[str, str]:
        """Mailbox -> what the log of urging says of its mail."""
        page = self.officer.get(f"{DESK}/urge/log").body.decode()
        return {row[4]: row[2].partition(":")[0] for row in Tables(page).tables[0][1:]}


def no_answer(hour: Hour, press: Iterator[Reply]) -> None:
    """The worker dies while it serves this press of a button."""
    with pytest.raises(http.client.RemoteDisconnected):
        next(press)


def pressed(*buttons: object) -> Iterator[Reply]:
    for button, *given in buttons:  # type: ignore[misc]
        yield button(*given)


@pytest.fixture
def hour(tmp_path: Path) -> Iterator[Hour]:
    """45 units with links; those that will send have opened theirs from a mail of days ago."""
    posts: list[Post] = []

    def wired(inner: Mail) -> Mail:
        posts.append(Post(inner))
        return posts[0]

    with opened(tmp_path, at(8), whole=True, mail=wired) as office:
        made = Hour(office, posts[0])
        made.mail_links([*SENDERS, HANDS_OVER])
        office.clock.set(at(10))
        made.officer, made.second = office.signed_in(OFFICER), office.signed_in(OFFICER)
        posts[0].delivered.clear()
        yield made


def refused_for_twenty_minutes(hour: Hour) -> None:
    hour.post.how = "refuses"
    assert hour.mail_links(REFUSED).status == 303
    assert hour.urge().status == 303
    assert set(hour.mailings().values()) == {"Không gửi được"}
    assert len(hour.reminders()) == 5, "it stops where one mail fails after another"
    hour.units_send(4)
    asked = hour.office.visitor()
    page = asked.submit(asked.get("/signin"), "/signin", email=DIRECTOR)
    assert page.status == 200
    assert asked.submit(page, "/code", code="000000").status == 422
    mails = hour.office.mails(f"{HANDS_OVER.lower()}@donvi.example")
    unit = entered(hour.office, link_in(mails[0]))
    failed = unit.submit(unit.get("/report/handover"), "/handover", sure="1")
    assert unit.sees(failed).status == 503
    assert unit.get("/report").status == 200, "nothing has changed"
    public = hour.office.visitor()
    assert public.submit(public.get("/links"), "/links", who=ASKS_AGAIN).status == 200
    assert hour.post.delivered == []


def silent_for_twenty_minutes(hour: Hour) -> None:
    hour.post.how = "is silent"
    press = threading.Thread(target=hour.mail_links, args=(SILENT,))
    press.start()
    assert hour.post.reached.wait(60)
    hour.units_send(4)
    assert press.is_alive(), "units have sent while an officer waits for the mail"
    hour.post.given_up.set()
    press.join()
    assert hour.go_on_urging("next").status == 303
    found = hour.mailings()
    assert {found[code] for code in SILENT} == {"Chưa rõ đã gửi hay chưa"}
    assert Counter(hour.reminders().values())["Chưa rõ đã gửi hay chưa"] == 5


def cut_off_for_twenty_minutes(hour: Hour) -> None:
    """One worker dies before it hands the mail over, the next after it."""
    hour.post.how = "dies before"
    no_answer(hour, pressed((hour.mail_links, CUT)))
    no_answer(hour, pressed((hour.go_on_urging, "next")))
    hour.units_send(2)
    hour.post.how = "dies after"
    no_answer(hour, pressed((hour.go_on_with_links,)))
    no_answer(hour, pressed((hour.go_on_urging, "next")))
    hour.units_send(2)


def the_mail_is_back(hour: Hour) -> None:
    """Every button is pressed until nothing is left to press, and once more."""
    hour.post.how = "works"
    for _ in range(2):
        assert hour.mail_links().status == 303
        while "Gửi tiếp" in hour.officer.get(f"{LINKS}/mail").body.decode():
            assert hour.go_on_with_links().status == 303
        for do in ("next", "again", "next", "again"):
            assert hour.go_on_urging(do).status == 303
    page = hour.officer.get(f"{DESK}/urge").body.decode()
    assert "Xem trước thư" not in page


def each_ended_as_the_log_says(
    ends: dict[str, str], delivered: Counter[str], words: dict[str, tuple[int, ...]]
) -> None:
    wrong = {
        to: (end, delivered[to]) for to, end in ends.items() if delivered[to] not in words[end]
    }
    assert wrong == {}
    assert set(delivered) <= set(ends)
    assert max(delivered.values()) == 1


@pytest.mark.guards("no send waits for the mail")
@pytest.mark.guards(
    "each mail sent, failed or unknown, none twice",
    "a time-out called failed, of links ✓ and of urging ✓",
    "unknown sent again ✓",
    "what was reserved queued again ✓",
)
def test_after_an_hour_without_mail_everything_is_known_and_nothing_went_twice(
    hour: Hour, figure: Figure
) -> None:
    began = hour.office.clock()
    refused_for_twenty_minutes(hour)
    hour.office.clock.set(began + timedelta(minutes=20))
    silent_for_twenty_minutes(hour)
    hour.office.clock.set(began + timedelta(minutes=40))
    cut_off_for_twenty_minutes(hour)
    hour.office.clock.set(began + timedelta(minutes=60))
    had_sent = mailboxes(hour.books.owing("submitted"))
    the_mail_is_back(hour)
    hour.units_send(1)

    links = {min(mailboxes([code])): end for code, end in hour.mailings().items()}
    words = {"Đã gửi": (1,), "Không gửi được": (0,), "Chưa rõ đã gửi hay chưa": (0, 1)}
    each_ended_as_the_log_says(links, hour.post.counts(LINK), words)
    assert len(links) == 45
    unsure = {to for to, end in links.items() if end == "Chưa rõ đã gửi hay chưa"}
    assert unsure == mailboxes([*SILENT, *CUT[:2]])
    assert Counter(links.values())["Đã gửi"] == 45 - len(unsure)

    urged = hour.reminders()
    words = {"Đã gửi thư": (1,), "Không gửi được": (0,), "Chưa rõ đã gửi hay chưa": (0, 1)}
    each_ended_as_the_log_says(urged, hour.post.counts(URGING), words)
    assert Counter(urged.values())["Chưa rõ đã gửi hay chưa"] == 7
    assert {to for to in had_sent if urged.get(to) == "Đã gửi thư"} == set()
    assert urged.keys() | had_sent == mailboxes(hour.books.units)
    figure("links", dict(Counter(links.values())), "urged", dict(Counter(urged.values())))


@pytest.mark.guards(
    "what was asked for in vain can be asked for again",
    "signing in that breaks with the mail ✓",
    "handing over before its mail has gone ✓",
)
def test_what_people_asked_for_in_vain_comes_once_when_they_ask_again(hour: Hour) -> None:
    refused_for_twenty_minutes(hour)
    hour.office.clock.set(hour.office.clock() + timedelta(minutes=60))
    hour.post.how = "works"
    assert hour.office.signed_in(DIRECTOR).get("/desk").status == 200
    assert hour.post.counts(SIGN_IN) == {DIRECTOR: 1}
    public: Visitor = hour.office.visitor()
    assert public.submit(public.get("/links"), "/links", who=ASKS_AGAIN).status == 200
    (again,) = hour.office.mails(f"{ASKS_AGAIN.lower()}@donvi.example")
    assert entered(hour.office, link_in(again)).get("/report").status == 200
    first, *_ = hour.office.mails(f"{HANDS_OVER.lower()}@donvi.example")
    unit = entered(hour.office, link_in(first))
    assert unit.submit(unit.get("/report/handover"), "/handover", sure="1").status == 303
    *_, fresh = hour.office.mails(f"{HANDS_OVER.lower()}@donvi.example")
    assert entered(hour.office, link_in(fresh)).get("/report").status == 200
    assert unit.get("/report").status == 401
    assert hour.post.counts(LINK) == Counter(mailboxes([ASKS_AGAIN, HANDS_OVER]))
