"""What anyone may ask for: alike for known and unknown, mailed after the answer, in ceilings."""

import json
import logging
import re
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import pytest

import app
from chalicelib.edges.embedded.queue import Queue
from chalicelib.edges.ports import Asked, NotSent, Site, Unusable, asked_mails
from chalicelib.edges.table import Busy, Change, Item, Key
from chalicelib.pages.door import doors
from chalicelib.rules.access import access as rules
from chalicelib.rules.access import known_browser
from chalicelib.store import access, links
from infra.gateway import Reply
from infra.visitor import Visitor
from tests.conftest import HERE, KEY, NEW, Clock
from tests.sizes import Figure, size

Outbox = Callable[[], list[EmailMessage]]
Browser = Callable[[], Visitor]
DIRECTOR, OFFICER = "giamdoc@vinhlong.example", "chuyenvien@vinhlong.example"
UNKNOWN = "khongcoai@vinhlong.example"
SLOW = 0.2  # seconds that the mail server takes
ASKS = size(12, 100)


def ask(browser: Visitor, door: str, whom: str) -> Reply:
    return browser.post(f"/{door}", {"email" if door == "signin" else "who": whom})


class Counted:
    """A table that counts what is asked of it."""

    def __init__(self, site: Site) -> None:
        self._table = site.table
        self.calls: Counter[str] = Counter()

    def get(self, key: Key) -> Item | None:
        self.calls["get"] += 1
        return self._table.get(key)

    def query(self, partition: str, prefix: str = "") -> Iterator[Item]:
        self.calls[f"query {partition}"] += 1
        return self._table.query(partition, prefix)

    def write(self, *changes: Change) -> None:
        self.calls[f"write of {len(changes)}"] += 1
        self._table.write(*changes)

    def __getattr__(self, name: str) -> object:
        return getattr(self._table, name)


def shown(reply: Reply, whom: str) -> tuple[int, list[tuple[str, str]], bytes]:
    """All of the answer but what is the browser's own: its token, and what it typed itself."""
    headers = [
        (name, re.sub(r"=[^;]+", "=…", content, count=1) if name == "Set-Cookie" else content)
        for name, content in reply.headers
    ]
    return reply.status, headers, reply.body.replace(whom.encode(), b"...")


# ------------------------------------------------------------------ alike


@pytest.mark.guards("known and unknown addresses get the same bytes, calls and time, to codes too")
@pytest.mark.guards(
    "the public page tells nobody who is known, nor by its time",
    "looked up before the answer: each ✓",
)
@pytest.mark.parametrize(
    ("door", "whose"),
    [
        ("signin", (DIRECTOR, UNKNOWN, "chuyenvien@vinhlong.example")),
        ("links", ("T01", "T02", "KHONG-CO", "t03@donvi.example", "la@la.example")),
    ],
)
def test_known_or_not_the_answer_and_its_work_are_the_same(
    site: Site, visitor: Browser, door: str, whose: tuple[str, ...]
) -> None:
    """Bytes, status, headers, calls of the table, and one thing handed over; T02 has no link."""
    links.revoke(site.table, NEW, "T02")
    answers, work, handed = [], [], []
    for place, whom in enumerate(whose):
        counted, browser = Counted(site), visitor()
        browser.address = f"192.0.2.{place}"
        here = replace(site, table=counted, afterwards=handed.append)  # type: ignore[arg-type]
        app.use(here)
        answers.append(shown(ask(browser, door, whom), whom))
        work.append(Counter(counted.calls))
    assert answers == [answers[0]] * len(whose)
    assert answers[0][0] == 200
    assert "đến trong ít phút" in answers[0][2].decode() or door == "links"
    assert work == [work[0]] * len(whose)
    assert [(one.text, one.public_url) for one in handed] == [(whom, HERE) for whom in whose]


@pytest.mark.guards("known and unknown addresses get the same bytes, calls and time, to codes too")
def test_a_code_for_an_unknown_address_costs_what_one_for_a_known_costs(
    site: Site, visitor: Browser
) -> None:
    """Wrong ones, and those that wait."""
    work = []
    for place, whom in enumerate((DIRECTOR, UNKNOWN)):
        browser = visitor()
        browser.address = f"192.0.2.{place}"
        ask(browser, "signin", whom)
        counted = Counted(site)
        app.use(replace(site, table=counted))  # type: ignore[arg-type]
        for _ in range(8):
            assert browser.post("/signin/code", {"code": "x"}).status in (422, 429)
        work.append(counted.calls)
        app.use(site)
    assert work[0] == work[1]


@contextmanager
def queued(site: Site, most: int = 500) -> Iterator[Queue]:
    """The site as one machine serves it."""
    queue = Queue(partial(doors.serve, site), most)
    app.use(replace(site, afterwards=queue.put))
    queue.start()
    try:
        yield queue
    finally:
        queue.stop()
        app.use(site)


class SlowMail:
    """A mail server that takes its time."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.sent: list[str] = []

    def send(self, to: str, subject: str, text: str, now: datetime) -> None:  # noqa: ARG002
        time.sleep(self.seconds)
        self.sent.append(to)


@pytest.mark.guards("known and unknown addresses get the same bytes, calls and time, to codes too")
@pytest.mark.guards("the public page tells nobody who is known, nor by its time")
@pytest.mark.parametrize(
    ("door", "known_one", "unknown"), [("signin", DIRECTOR, UNKNOWN), ("links", "T01", "KHONG-CO")]
)
def test_before_a_slow_mail_server_known_and_unknown_are_answered_at_once(
    site: Site,
    visitor: Browser,
    clock: Clock,
    figure: Figure,
    door: str,
    known_one: str,
    unknown: str,
) -> None:
    """Each ask for the known one is mailed, in an hour of its own."""
    mail = SlowMail(SLOW)
    took: dict[str, list[float]] = {known_one: [], unknown: []}
    with queued(replace(site, mail=mail)) as queue:
        for place in range(ASKS):
            for whom in sorted(took, reverse=place % 2 == 1):
                browser = visitor()
                browser.address = f"192.0.2.{place}"
                began = time.perf_counter()
                assert ask(browser, door, whom).status == 200
                took[whom].append((time.perf_counter() - began) * 1000)
                assert queue.drained(30)
            clock.now += timedelta(hours=1)
    here, there = (statistics.median(took[whom]) for whom in (known_one, unknown))
    assert max(here, there) < SLOW * 1000 / 2
    assert len(mail.sent) == ASKS
    figure(
        door, "medians of", ASKS, "asks: known", round(here, 1), "ms, unknown", round(there, 1),
        "ms; the mail server takes", round(SLOW * 1000), "ms",
    )  # fmt: skip


# ------------------------------------------------------------------ after the answer


def test_a_mail_comes_from_the_queue_and_its_code_works(
    site: Site, visitor: Browser, outbox: Outbox
) -> None:
    browser = visitor()
    with queued(site) as queue:
        assert ask(browser, "signin", DIRECTOR).status == 200
        assert queue.drained(30)
    (mail,) = outbox()
    (code,) = re.findall(r"\b\d{6}\b", str(mail.get_content()))
    assert browser.post("/signin/code", {"code": code}).header("location") == "/desk"


@pytest.mark.guards(
    "what is handed over holds no link and no code, is served once, within ten minutes, and "
    "leads to where the browser came from"
)
@pytest.mark.parametrize("door", ["sign_in", "resend"])
@pytest.mark.parametrize(("minutes", "mails"), [(10, 1), (10.02, 0)])
def test_what_was_asked_more_than_ten_minutes_ago_is_let_go(
    site: Site, clock: Clock, outbox: Outbox, door: str, minutes: float, mails: int
) -> None:
    whom = DIRECTOR if door == "sign_in" else "T01"
    asked = Asked(door, whom, clock.now, HERE, rules.new_ask(site.key, "x"))
    clock.now += timedelta(minutes=minutes)
    doors.serve(site, asked)
    assert len(outbox()) == mails


@pytest.mark.guards(
    "what is handed over holds no link and no code, is served once, within ten minutes, and "
    "leads to where the browser came from"
)
def test_an_event_that_comes_twice_mails_once(site: Site, clock: Clock, outbox: Outbox) -> None:
    """Lambda's asynchronous events come at least once."""
    asked = Asked("sign_in", DIRECTOR, clock.now, HERE, rules.new_ask(site.key, "x"))
    for _ in range(2):
        doors.serve(site, asked)
    assert len(outbox()) == 1


@pytest.mark.guards(
    "what is handed over holds no link and no code, is served once, within ten minutes, and "
    "leads to where the browser came from",
    "the age not looked at ✓ (the second)",
    "a second token for one browser ✓ (the third)",
    "its own address ✓ (the fourth)",
)
def test_what_is_handed_over_holds_the_address_the_browser_and_the_public_url_alone(
    site: Site, visitor: Browser, outbox: Outbox
) -> None:
    handed: list[Asked] = []
    app.use(replace(site, afterwards=handed.append))
    browser = visitor()
    ask(browser, "signin", DIRECTOR)
    ask(browser, "links", "T01")
    events = [asked.event() for asked in handed]
    token = browser.cookies["bc-ask"]
    at = "2026-11-23T03:00:00.000000Z"
    told = {"at": at, "public_url": HERE}
    assert events == [
        {"door": "sign_in", "text": DIRECTOR, "browser": token, **told},
        {"door": "resend", "text": "T01", "browser": "", **told},
    ]
    for event in events:
        doors.serve(site, Asked.read(json.loads(json.dumps(event))))
    told_by_mail = " ".join(str(mail.get_content()) for mail in outbox())
    secrets = re.findall(r"/[us]/(\S+)|\b(\d{6})\b", told_by_mail)
    assert len(secrets) == 3
    for secret in (one for pair in secrets for one in pair if one):
        assert secret not in json.dumps(events)


@pytest.mark.guards(
    "what is handed over holds no link and no code, is served once, within ten minutes, and "
    "leads to where the browser came from"
)
def test_the_function_takes_what_the_answer_has_handed_over(
    site: Site, clock: Clock, outbox: Outbox
) -> None:
    """Its own address is none: links lead where the browser came from."""
    app.use(replace(site, public_url="https://no-address.invalid"))
    there = "https://baocao.example/api"
    asked = Asked("sign_in", DIRECTOR, clock.now, there, rules.new_ask(site.key, "x"))
    app.mailer(asked.event(), None)
    assert f"{there}/s/" in str(outbox()[0].get_content())


@pytest.mark.guards("known and unknown addresses get the same bytes, calls and time, to codes too")
@pytest.mark.parametrize("whom", [DIRECTOR, UNKNOWN])
def test_where_nothing_can_be_handed_over_it_is_said_to_everybody(
    site: Site, visitor: Browser, caplog: pytest.LogCaptureFixture, whom: str
) -> None:
    def no_line(_: Asked) -> None:
        raise OSError("no line")

    app.use(replace(site, afterwards=no_line))
    with caplog.at_level(logging.INFO, "baocao"):
        reply = ask(visitor(), "signin", whom)
    assert reply.status == 503
    assert "not_handed_over" in caplog.messages


@pytest.mark.guards("known and unknown addresses get the same bytes, calls and time, to codes too")
@pytest.mark.parametrize("error", [OSError("throttled"), NotSent("no")])
def test_a_mail_that_fails_changes_nothing_of_the_answer(
    site: Site, visitor: Browser, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(type(site.mail), "send", fail)
    for door, here, there in (("signin", DIRECTOR, UNKNOWN), ("links", "T01", "KHONG-CO")):
        one, other = (shown(ask(visitor(), door, whom), whom) for whom in (here, there))
        assert one == other


def test_a_table_that_fails_after_the_answer_changes_nothing_of_it(
    site: Site, visitor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError("no disk")

    monkeypatch.setattr(access, "account", broken)
    assert ask(visitor(), "signin", DIRECTOR).status == 200


# ------------------------------------------------------------------ the queue


def of(name: str, browser: str = "") -> Asked:
    at = datetime.fromisoformat("2026-11-23T03:00:00Z")
    return Asked("sign_in", name, at, HERE, rules.new_ask(KEY, f"account{browser}"))


@pytest.mark.guards(
    "one machine's queue: known browsers first and in their own room, a failure stops nothing, "
    "the end serves what waits",
    "strangers first ✓, no bound ✓ (the first)",
    "the failure let through ✓ (the second)",
)
def test_known_browsers_come_first_and_have_their_own_room() -> None:
    goes, served = threading.Event(), []

    def serve(asked: Asked) -> None:
        assert goes.wait(30)
        served.append(asked.text)

    queue = Queue(serve, 3)
    for place in range(3):
        queue.put(of(f"stranger {place}"))
    with pytest.raises(Busy):
        queue.put(of("stranger 3"))
    for place in range(2):
        queue.put(of(f"known {place}", ".browser"))
    queue.start()
    goes.set()
    assert queue.drained(30)
    assert served == ["known 0", "known 1", "stranger 0", "stranger 1", "stranger 2"]
    queue.stop()


@pytest.mark.guards(
    "one machine's queue: known browsers first and in their own room, a failure stops nothing, "
    "the end serves what waits"
)
def test_the_queue_outlives_a_failure_and_ends_with_what_waits_served() -> None:
    served = []

    def serve(asked: Asked) -> None:
        if asked.text == "bad":
            raise OSError("planted")
        served.append(asked.text)

    queue = Queue(serve)
    for name in ("bad", "a", "b"):
        queue.put(of(name))
    queue.start()
    queue.stop(30)
    assert served == ["a", "b"]
    with pytest.raises(Busy):
        queue.put(of("c"))


@pytest.mark.guards(
    "one machine's queue: known browsers first and in their own room, a failure stops nothing, "
    "the end serves what waits"
)
def test_what_can_not_be_served_in_time_is_given_up_and_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    goes = threading.Event()
    queue = Queue(lambda _: goes.wait(30) and None)
    for name in ("a", "b", "c"):
        queue.put(of(name))
    queue.start()
    with caplog.at_level(logging.INFO, "baocao"):
        queue.stop(0.05)
    goes.set()
    queue.join(30)
    (given_up,) = [one for one in caplog.records if one.message == "asked_given_up"]
    assert given_up.fields == {"asked": 2}  # type: ignore[attr-defined]


# ------------------------------------------------------------------ ceilings


@pytest.mark.guards(
    "strangers' mails have a ceiling an hour, apart from known browsers' and officers', and "
    "the desk says when they pause",
    "no ceiling ✓, known ones counted ✓, no last fifth ✓ (the first)",
    "a lost race takes one ✓ (the second)",
    "counted by the clock’s hours ✓ (the third)",
)
def test_strangers_mails_have_a_ceiling_that_known_browsers_and_officers_do_not_meet(
    site: Site, visitor: Browser, as_staff: Callable[..., Visitor], outbox: Outbox, clock: Clock
) -> None:
    """Asks for links leave the last fifth to those who sign in; the desk says when they pause."""
    officer = as_staff(OFFICER)
    few = replace(site, asked_mails=5)
    app.use(few)
    assert "tạm dừng" not in officer.get("/desk").body.decode()
    for place in range(1, 9):
        ask(visitor(), "links", f"T{place:02}")
    assert len(outbox()) == 4
    page = officer.get("/desk").body.decode()
    assert "Thư gửi lại đường dẫn tạm dừng đến 11:00" in page
    for _ in range(3):
        assert ask(visitor(), "signin", DIRECTOR).status == 200
    assert len(outbox()) == 5
    page = officer.get("/desk").body.decode()
    assert "tạm dừng đến 11:00" in page
    assert "máy chưa từng đăng nhập" in page
    before = {item.key: item.version for item in site.table.everything()}
    doors.serve(few, Asked("resend", "T09", clock.now, HERE))
    assert {item.key: item.version for item in site.table.everything()} == before
    assert ask(officer, "signin", OFFICER).status == 200
    assert len(outbox()) == 6
    added = officer.submit(
        officer.get("/desk/staff"), "/staff", do="add", email="moi@so.example", role="officer"
    )
    assert added.status == 303
    assert len(outbox()) == 7
    clock.now += timedelta(hours=1)
    assert "tạm dừng" not in officer.get("/desk").body.decode()
    ask(visitor(), "links", "T01")
    assert len(outbox()) == 8


@pytest.mark.parametrize("given", ["0", "many", "-1", "1.5", "12345678", "٣"])
def test_a_ceiling_that_is_no_number_is_said(given: str) -> None:
    with pytest.raises(Unusable, match="ASKED_MAILS_AN_HOUR"):
        asked_mails({"ASKED_MAILS_AN_HOUR": given})


def test_the_ceiling_is_a_setting(tmp_path: Path) -> None:
    from chalicelib.edges import embedded

    assert asked_mails({}) == asked_mails({"ASKED_MAILS_AN_HOUR": ""}) == 200
    told = {"ASKED_MAILS_AN_HOUR": "7"}
    site = embedded.open_site(tmp_path, HERE, lambda: None, told)  # type: ignore[arg-type, return-value]
    assert site.asked_mails == 7
    site.table.close()  # type: ignore[attr-defined]


# ------------------------------------------------------------------ who is counted


@pytest.mark.guards(
    "an IPv6 network of 64 bits is one address, an IPv4 address in IPv6 itself",
    "the whole address ✓",
    "mapped ones by network ✓",
)
@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", True),
        ("2001:db8:0:1::1", "2001:0DB8::1:0:0:0:1", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("fe80::1%", "fe80::1", True),
        ("", "unknown", True),
        ("2001:db8::g", "\ud800 x", True),
    ],
)
def test_an_ipv6_network_of_64_bits_is_counted_as_one_address(
    one: str, other: str, same: bool
) -> None:
    found = rules.address_digest(KEY, one), rules.address_digest(KEY, other)
    assert (found[0] == found[1]) is same
    assert all(re.fullmatch(r"[0-9a-f]{32}", digest) for digest in found)


@pytest.mark.guards(
    "… no longer than its account, its role and the key; it names nobody and can't be made up"
)
def test_an_ask_of_ours_says_whose_tries_its_codes_count_for_and_no_other_text_does() -> None:
    token = rules.new_ask(KEY, "account")
    assert rules.reserve_of(KEY, token) == "account"
    assert rules.reserve_of(KEY, rules.new_ask(KEY, "account.browser")) == "account.browser"
    assert rules.new_ask(KEY, "account") != token
    changed = token.replace("account", "another")
    for text in ("", ".", "..", "a.b.c", changed, token[:-1], f"x{token}", "\ud800.a.b"):
        assert rules.reserve_of(KEY, text) == ""
    assert rules.reserve_of(b"another" * 5, token) == ""


@pytest.mark.guards(
    "… no longer than its account, its role and the key; it names nobody and can't be made up"
)
def test_a_browser_is_known_to_the_accounts_it_signed_in_to_five_at_most() -> None:
    cookie = ""
    for name in "abcdef":
        cookie = known_browser.remembered(KEY, cookie, name, f"grant of {name}")
    assert len(cookie) < 300
    found = {name: known_browser.browser(KEY, cookie, name) for name in "abcdef"}
    assert [name for name, one in found.items() if not one] == ["a"]
    for name in "bcdef":
        assert known_browser.stands(KEY, found[name], f"grant of {name}")
        assert not known_browser.stands(KEY, found[name], "a new grant")
    again = known_browser.remembered(KEY, cookie, "c", "grant of c")
    assert known_browser.browser(KEY, again, "c") == found["c"]
    changed = known_browser.remembered(KEY, again, "c", "a new grant")
    assert known_browser.browser(KEY, changed, "c") != found["c"]
    assert changed.count("~") == 4


@pytest.mark.guards(
    "… no longer than its account, its role and the key; it names nobody and can't be made up"
)
@pytest.mark.parametrize("cookie", ["", "~", "x.y", "~" * 100_000, "a" * 27 + "." + "b" * 27])
def test_no_made_up_cookie_makes_a_browser_known(cookie: str) -> None:
    assert known_browser.browser(KEY, cookie, "a") == ""
    assert (
        known_browser.browser(b"another" * 5, known_browser.remembered(KEY, cookie, "a", "g"), "a")
        == ""
    )
