"""Strangers guess codes and ask for mails by the thousand; the officer signs in all the same."""

import re
import statistics
import time
from collections import Counter
from collections.abc import Callable
from email.message import EmailMessage

import pytest

from chalicelib.edges.embedded.queue import Queue
from chalicelib.edges.ports import Site
from chalicelib.rules.access import access as rules
from infra.gateway import Reply
from infra.visitor import Visitor
from tests.pages.door.test_doors import queued
from tests.sizes import Figure, size

ADDRESSES = size(10, 200)
MANY = size(40, 1_000)  # asks, and wrong codes, for each account
SIGN_INS = rules.SIGN_INS_AN_HOUR  # of the officer meanwhile: as many as one hour may mail
OFFICER, UNKNOWN = "chuyenvien@vinhlong.example", "khongcoai@vinhlong.example"


def address(place: int) -> str:
    """Half of them IPv4, half of them one address each of an IPv6 network."""
    place %= ADDRESSES
    return f"2001:db8:0:{place:x}::{place:x}" if place % 2 else f"198.51.100.{place}"


class Crowd:
    """What strangers do, how they are answered, and how long that takes."""

    def __init__(self, visitor: Callable[[], Visitor], queue: Queue) -> None:
        self._visitor = visitor
        self._queue = queue
        self.took: dict[tuple[str, str], list[float]] = {}
        self.told: Counter[tuple[str, str, int]] = Counter()

    def ask(self, place: int, email: str) -> Visitor:
        browser = self._visitor()
        browser.address = address(place)
        self._timed("ask", email, lambda: browser.post("/signin", {"email": email}))
        assert self._queue.drained(60)
        return browser

    def guess(self, browser: Visitor, email: str, number: int) -> None:
        wrong = {"code": f"x{number:06}"}
        self._timed("code", email, lambda: browser.post("/signin/code", wrong))

    def _timed(self, what: str, email: str, act: Callable[[], Reply]) -> None:
        began = time.perf_counter()
        reply = act()
        self.took.setdefault((what, email), []).append((time.perf_counter() - began) * 1000)
        self.told[what, email, reply.status] += 1

    def answers(self, email: str) -> dict[tuple[str, int], int]:
        return {(what, status): n for (what, to, status), n in self.told.items() if to == email}


def sign_in(own: Visitor, queue: Queue, texts: Callable[[], set[str]]) -> None:
    """By the code of the mail that this very ask brings."""
    before = texts()
    assert own.post("/signin", {"email": OFFICER}).status == 200
    assert queue.drained(60)
    (mail,) = texts() - before
    (code,) = re.findall(r"\b\d{6}\b", mail)
    assert own.follow(own.post("/signin/code", {"code": code})).status == 200


@pytest.mark.guards(
    "a browser that has signed in before has tries and mails that strangers can't use up, and "
    "links never wait",
    "its cookie not looked at ✓ (the second)",
    "one reserve for all ✓, no cap for an account ✓ (the first)",
    "by the program of before: an officer's right code was refused, 50 mails (seen by hand)",
)
@pytest.mark.soak
def test_whatever_strangers_do_the_officers_own_browser_signs_in_each_time(
    site: Site,
    visitor: Callable[[], Visitor],
    as_staff: Callable[..., Visitor],
    outbox: Callable[[], list[EmailMessage]],
    figure: Figure,
) -> None:
    """And the link in a mail that a stranger asked for signs its owner in on a new device."""

    def texts() -> set[str]:
        return {str(mail.get_content()) for mail in outbox()}

    own = as_staff(OFFICER)
    with queued(site) as queue:
        crowd = Crowd(visitor, queue)
        for place in range(MANY):
            if place % (MANY // SIGN_INS + 1) == 0:
                sign_in(own, queue, texts)
            for email in sorted((OFFICER, UNKNOWN), reverse=place % 2 == 1):
                crowd.guess(crowd.ask(place, email), email, place)
    mails = Counter(str(mail["To"]) for mail in outbox())
    assert mails == {OFFICER: SIGN_INS + rules.SIGN_INS_AN_HOUR}
    answers = crowd.answers(OFFICER)
    assert answers == crowd.answers(UNKNOWN)
    assert answers["code", 429] == MANY - rules.CODE_TRIES
    links = [re.findall(r"/s/\S+", text)[0] for text in texts()]
    entered = [visitor().post(link, {}).status for link in links]
    assert Counter(entered) == {303: rules.SIGN_INS_AN_HOUR, 404: SIGN_INS}
    medians = {
        f"{what} {'known' if email == OFFICER else 'unknown'}": round(statistics.median(took), 2)
        for (what, email), took in sorted(crowd.took.items())
    }
    figure(
        MANY, "asks and wrong codes for a known and for an unknown account, from", ADDRESSES,
        "addresses: its own browser signed in", SIGN_INS, "times of", SIGN_INS,
        "- mails by account", dict(mails), "in all", mails.total(), "- medians in ms", medians,
        "- answers to each", dict(sorted(answers.items())),
    )  # fmt: skip
