"""A million guessed tokens through the whole handler: none hits, and honest people go on."""

import random
import secrets
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from urllib.parse import urlencode

import pytest

import app
from chalicelib.edges import request_cost
from chalicelib.edges.ports import Site
from chalicelib.rules.access import access as rules
from chalicelib.store import links, sign_ins, tries
from infra.gateway import Gateway, Reply
from infra.visitor import Visitor
from tests.conftest import HERE, NEW
from tests.sizes import Figure, size

GUESSES = size(1_250, 250_000)  # of each of the four kinds
PAUSES = 5  # how often honest people come by meanwhile
DIRECTOR, OFFICER = "giamdoc@vinhlong.example", "chuyenvien@vinhlong.example"
SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
POSTED = {"origin": HERE, "content-type": "application/x-www-form-urlencoded"}

# Who guesses sends the number of the guess and gets the answer.
Guess = Callable[[int], Reply]


def near(token: str, chance: random.Random) -> str:
    """The token with one character changed."""
    place = chance.randrange(len(token))
    other = chance.choice([one for one in SAFE if one != token[place]])
    return token[:place] + other + token[place + 1 :]


class Town:
    """One address: an attacker and honest people behind it, who have links and sessions."""

    def __init__(self, site: Site, outbox: Callable[[], list[EmailMessage]]) -> None:
        self.site, self._outbox = site, outbox
        app.use(site)
        self.gateway = Gateway(app)
        self.link = links.issue_link(site.table, site.key, NEW, "T01")
        self.unit, self.director = Visitor(app, self.gateway), Visitor(app, self.gateway)
        self.unit.submit(self.unit.get(f"/u/{self.link}"), self.link)
        self.sign_in(self.director)
        self.ask = ""
        self._asking = Visitor(app, self.gateway)
        self.asked = 0

    def sign_in(self, browser: Visitor) -> None:
        token, _, _ = sign_ins.ask_sign_in(self.site.table, DIRECTOR, self.site.clock())
        assert browser.submit(browser.get(f"/s/{token}"), token).status == 303

    def honest(self) -> None:
        """Links, sessions and codes work while the guessing goes on, from the same address."""
        assert self.unit.get("/report").status == 200
        assert self.director.get("/desk").status == 200
        new = Visitor(app, self.gateway)
        assert new.get(f"/u/{self.link}").status == 200
        assert new.submit(new.get(f"/u/{self.link}"), self.link).status == 303
        assert new.get("/report").status == 200
        self.sign_in(Visitor(app, self.gateway))
        ask = rules.new_ask(self.site.key, rules.account_mark(self.site.key, OFFICER))
        _, code, _ = sign_ins.ask_sign_in(self.site.table, OFFICER, self.site.clock(), ask)
        officer = Visitor(app, self.gateway)
        officer.cookies["bc-ask"] = ask
        assert officer.post("/signin/code", {"code": code}).header("location") == "/desk"
        assert officer.get("/desk").status == 200

    def ask_in_the_directors_name(self) -> None:
        if self.asked < rules.SIGN_INS_AN_HOUR:
            self.asked += 1
            assert self._asking.post("/signin", {"email": DIRECTOR}).status == 200
            self.ask = self._asking.cookies["bc-ask"]

    def wrong_code(self, number: int) -> str:
        """Any but the mailed one: that the right one may be hit is what the limit is for."""
        mails = [mail for mail in self._outbox() if mail["To"] == DIRECTOR] if self.ask else []
        right = int(str(mails[-1]["Subject"])[-6:]) if mails else 0
        return f"{(right + 1 + number % 999_999) % 1_000_000:06}"


@pytest.fixture
def town(site: Site, outbox: Callable[[], list[EmailMessage]]) -> Town:
    return Town(site, outbox)


def unit_links(town: Town, chance: random.Random) -> Guess:
    def guess(number: int) -> Reply:
        token = near(town.link, chance) if number % 10 == 0 else secrets.token_urlsafe(20)
        if number % 2:
            return town.gateway.call("POST", f"/u/{token}", POSTED)
        return town.gateway.call("GET", f"/u/{token}", {})

    return guess


def sign_in_links(town: Town, chance: random.Random) -> Guess:
    real, _, _ = sign_ins.ask_sign_in(town.site.table, DIRECTOR, town.site.clock())

    def guess(number: int) -> Reply:
        token = near(real, chance) if number % 10 == 0 else secrets.token_urlsafe(32)
        if number % 2:
            return town.gateway.call("POST", f"/s/{token}", POSTED)
        return town.gateway.call("GET", f"/s/{token}", {})

    return guess


def sessions(town: Town, chance: random.Random) -> Guess:
    def guess(number: int) -> Reply:
        name, path, held = (
            ("bc-unit", "/report", town.unit), ("bc-staff", "/desk", town.director)
        )[number % 2]  # fmt: skip
        token = secrets.token_urlsafe(32)
        if number % 10 < 2:
            token = near(held.cookies[name], chance)
        return town.gateway.call("GET", path, {"cookie": f"{name}={token}"})

    return guess


def codes(town: Town, _: random.Random) -> Guess:
    """In browsers that asked in the director's name, as often as they may, and in made-up ones."""

    def guess(number: int) -> Reply:
        if number % 5 == 0:
            town.ask_in_the_directors_name()
        asked = town.ask if number < 200 else secrets.token_urlsafe(32)
        code = town.wrong_code(number) if number < 200 else f"{chance_of(number):06}"
        headers = {**POSTED, "cookie": f"bc-ask={asked}"}
        return town.gateway.call(
            "POST", "/signin/code", headers, urlencode({"code": code}).encode()
        )

    return guess


def chance_of(number: int) -> int:
    return number * 7919 % 1_000_000


def pauses(total: int) -> Iterator[range]:
    """The guesses in stretches, between which honest people come by."""
    step = total // PAUSES
    for start in range(0, total, step):
        yield range(start, min(start + step, total))


@pytest.mark.guards(
    "a million guesses hit nothing, cost reads alone, stop nobody",
    "writing on past the limit",
    "good links refused past it",
    "dead sessions 429: each ✓",
)
@pytest.mark.soak
@pytest.mark.parametrize("kind", [unit_links, sign_in_links, sessions, codes])
def test_no_guess_hits_and_honest_people_of_the_same_address_go_on(
    town: Town, kind: Callable[[Town, random.Random], Guess], figure: Figure
) -> None:
    guess = kind(town, random.Random(kind.__name__))  # noqa: S311 - repeatable
    usual = {"unit_links": 404, "sign_in_links": 404, "sessions": 401, "codes": 422}[kind.__name__]
    hits, refused, later, began = 0, 0, 0, time.process_time()
    reads, writes_later = 0, 0
    for stretch in pauses(GUESSES):
        town.honest()
        for number in stretch:
            with request_cost.counted() as spent:
                reply = guess(number)
            reads += spent.reads
            writes_later += spent.writes if number >= 300 else 0
            hits += reply.status < 400
            refused += reply.status == usual
            later += reply.status == 429
            assert reply.header("set-cookie") == ""
    town.honest()
    assert hits == 0
    counted = kind is not sessions  # one that has ended is honest, and 256 bits guard themselves
    assert refused == (rules.FAILURES_AN_HOUR if counted else GUESSES)
    assert later == GUESSES - refused
    assert writes_later == 0
    figure(
        GUESSES, "guesses of", kind.__name__.replace("_", " "), "hits", hits,
        "refused", refused, "then 429", later, "read units each", round(reads / GUESSES, 2),
        "CPU seconds", round(time.process_time() - began, 1),
    )  # fmt: skip


@pytest.mark.guards(
    "after five wrong codes the next waits 1, 2, 4 … 60 minutes, whoever asks; none that waits "
    "is judged or written"
)
def test_of_all_those_codes_five_were_judged(town: Town) -> None:
    guess = codes(town, random.Random(1))  # noqa: S311 - repeatable
    for number in range(150):
        assert guess(number).status in (422, 429)
    key, now = town.site.key, town.site.clock()
    tried = tries.so_far(town.site.table, f"code-{rules.account_mark(key, DIRECTOR)}", now)
    assert tried.count == rules.CODE_TRIES
    assert town.asked == rules.SIGN_INS_AN_HOUR
