"""Links and sign-in over the whole handler: what opens a session and what never does."""

import base64
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

import pytest

import app
from chalicelib.edges.ports import Site
from chalicelib.edges.table import ANYTHING, Delete
from chalicelib.rules.access import access as rules
from chalicelib.store import access, keys, links, sign_ins
from infra.visitor import Visitor
from tests.conftest import ENGINES, NEW, Clock

Outbox = Callable[[], list[EmailMessage]]
DIRECTOR, OTHER = "giamdoc@vinhlong.example", "chuyenvien@vinhlong.example"


def mails(outbox: Outbox) -> list[str]:
    return [f"{mail['To']}\n{mail['Subject']}\n{mail.get_content()}" for mail in outbox()]


def ask(browser: Visitor, email: str = DIRECTOR) -> str:
    reply = browser.post("/signin", {"email": email})
    assert reply.status == 200
    return re.sub(r"\s+", " ", reply.body.decode())


@pytest.mark.guards("both engines serve the pages")
@pytest.mark.parametrize("engine", ENGINES)
def test_the_code_signs_in_the_browser_that_asked(
    visitor: Callable[[], Visitor], site: Site, outbox: Outbox
) -> None:
    browser, other = visitor(), visitor()
    ask(browser)
    code = re.findall(r"\b\d{6}\b", mails(outbox)[0])[0]
    assert other.post("/signin/code", {"code": code}).status == 422
    assert browser.post("/signin/code", {"code": code}).header("location") == "/desk"
    assert browser.get("/desk").status == 200
    assert browser.post("/signin/code", {"code": code}).status == 422


@pytest.mark.guards("a sign-in works once", "not spent ✓")
def test_the_link_in_the_mail_signs_in_any_browser_once(
    visitor: Callable[[], Visitor], site: Site, outbox: Outbox
) -> None:
    ask(visitor())
    link = re.findall(r"http://127.0.0.1:8000(/s/\S+)", mails(outbox)[0])[0]
    first, second = visitor(), visitor()
    assert DIRECTOR in first.get(link).body.decode()
    assert first.get(link).status == 200
    assert first.post(link, {}).header("location") == "/desk"
    assert second.get(link).status == 404
    assert second.post(link, {}).status == 404


@pytest.mark.guards("no page, file or problem is for robots", "the header left out ✓ (the second)")
def test_robots_are_told_to_stay_out(visitor: Callable[[], Visitor]) -> None:
    told = visitor().get("/robots.txt")
    assert told.status == 200
    assert told.header("content-type") == "text/plain; charset=utf-8"
    assert told.body == b"User-agent: *\nDisallow: /\n"


def mailed(browser: Visitor, outbox: Outbox) -> tuple[str, str]:
    """The code and the link that the ask of this browser brings."""
    before = mails(outbox)
    ask(browser)
    (mail,) = set(mails(outbox)) - set(before)
    link = re.findall(r"http://127.0.0.1:8000(/s/\S+)", mail)[0]
    return re.findall(r"\b\d{6}\b", mail)[0], link


def wrong_codes(browser: Visitor, right: str, many: int) -> list[str]:
    """What each is answered with: status and sentence."""
    told = []
    for place in range(1, many + 1):
        code = f"{(int(right) + place) % 1_000_000:06}"
        reply = browser.post("/signin/code", {"code": code})
        found = re.findall(r'id="fault">([^<]+)', reply.body.decode())
        told.append(f"{reply.status} {' '.join(found)}")
    return told


@pytest.mark.guards(
    "a browser that has signed in before has tries and mails that strangers can't use up, and "
    "links never wait"
)
def test_after_five_wrong_codes_the_next_waits_and_the_links_go_on(
    visitor: Callable[[], Visitor], site: Site, outbox: Outbox, clock: Clock
) -> None:
    """Also in a browser that asks anew: so does the owner's own, until it has signed in once."""
    stranger, owner = visitor(), visitor()
    ask(stranger)
    told = wrong_codes(stranger, "000000", 7)
    assert [one[:3] for one in told] == ["422"] * 5 + ["429"] * 2
    assert "thử lại" not in told[3]
    assert told[4].endswith(
        "Muốn nhập mã, vui lòng thử lại lúc 10:01, với mã mới nếu mã này đã quá 15 phút."
    )
    assert told[5].endswith(
        "Muốn nhập mã, vui lòng thử lại lúc 10:01, với mã mới nếu mã này đã quá 15 phút."
    )
    code, link = mailed(owner, outbox)
    assert owner.post("/signin/code", {"code": code}).status == 429
    phone = visitor()
    assert phone.post(link, {}).header("location") == "/desk"
    code, _ = mailed(owner, outbox)
    clock.now += timedelta(minutes=1)
    assert owner.post("/signin/code", {"code": code}).header("location") == "/desk"


@pytest.mark.guards(
    "a browser that has signed in before has tries and mails that strangers can't use up, and "
    "links never wait"
)
def test_a_known_browser_signs_in_by_its_code_whatever_strangers_do(
    visitor: Callable[[], Visitor], site: Site, outbox: Outbox
) -> None:
    """It knows its account after signing out, too, and no other account."""
    browser = visitor()
    for _ in range(2):
        code, _ = mailed(browser, outbox)
        assert browser.follow(browser.post("/signin/code", {"code": code})).status == 200
        csrf = rules.csrf_token(browser.cookies["bc-staff"])
        assert browser.post("/desk/signout", {"csrf": csrf}).status == 303
        for _ in range(rules.SIGN_INS_AN_HOUR + 1):
            stranger = visitor()
            ask(stranger)
            wrong_codes(stranger, code, 6)
    for _ in range(rules.SIGN_INS_AN_HOUR + 1):
        ask(visitor(), OTHER)
    before = len(mails(outbox))
    ask(browser, OTHER)
    assert len(mails(outbox)) == before


@pytest.mark.guards(
    "… no longer than its account, its role and the key; it names nobody and can't be made up"
)
def test_the_cookie_of_a_known_browser_shows_nobody(
    visitor: Callable[[], Visitor], as_staff: Callable[..., Visitor], site: Site
) -> None:
    browser = as_staff()
    kept = browser.cookies["bc-known"]
    assert re.fullmatch(r"[\w.~-]{50,60}", kept)
    for part in (DIRECTOR, "giamdoc", "vinhlong", "director"):
        assert part not in kept
        assert base64.urlsafe_b64encode(part.encode()).decode()[:8] not in kept
    link, _, _ = sign_ins.ask_sign_in(site.table, DIRECTOR, site.clock())
    reply = browser.post(f"/s/{link}", {})
    (sent,) = (content for _, content in reply.headers if content.startswith("bc-known="))
    assert sent.endswith("; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax")


@pytest.mark.guards(
    "… no longer than its account, its role and the key; it names nobody and can't be made up",
    "the grant not compared ✓ (the first)",
    "the proof not compared ✓ (the third)",
    "the ask not signed ✓ (the last)",
)
@pytest.mark.parametrize("end", ["another role", "removed and back", "another key"])
def test_a_browser_is_known_no_longer_than_its_account_and_the_key(
    visitor: Callable[[], Visitor],
    as_staff: Callable[..., Visitor],
    site: Site,
    outbox: Outbox,
    end: str,
) -> None:
    browser = as_staff()
    for _ in range(rules.SIGN_INS_AN_HOUR):
        ask(visitor())
    ask(browser)
    assert len(mails(outbox)) == rules.SIGN_INS_AN_HOUR + 1
    match end:
        case "another role":
            access.keep_staff(site.table, DIRECTOR, "officer")
        case "removed and back":
            site.table.write(Delete(keys.staff(DIRECTOR), ANYTHING))
            access.keep_staff(site.table, DIRECTOR, "director")
        case _:
            app.use(replace(site, server_key=lambda: b"n" * 32))
            for _ in range(rules.SIGN_INS_AN_HOUR):
                ask(visitor())
    before = len(mails(outbox))
    ask(browser)
    assert len(mails(outbox)) == before


def test_a_code_and_a_link_end_after_fifteen_minutes(
    visitor: Callable[[], Visitor], site: Site, clock: Clock, outbox: Outbox
) -> None:
    browser = visitor()
    ask(browser)
    code = re.findall(r"\b\d{6}\b", mails(outbox)[0])[0]
    link = re.findall(r"http://127.0.0.1:8000(/s/\S+)", mails(outbox)[0])[0]
    clock.now += timedelta(minutes=15)
    assert browser.post("/signin/code", {"code": code}).status == 422
    assert browser.get(link).status == 404


@pytest.mark.guards(
    "known and unknown addresses get the same bytes, calls and time, to codes too",
    "an unknown one's codes not counted ✓ (the first two)",
    "handed over for known ones alone ✓ (the third)",
    "looked up before the answer ✓ (the fourth; before: 339 and 1 ms with a server that takes 300)",
)
def test_an_unknown_address_gets_the_same_answers_and_no_mail(
    visitor: Callable[[], Visitor], site: Site, outbox: Outbox
) -> None:
    """Also to codes, right up to the time when the next one is taken."""
    known, unknown = visitor(), visitor()
    known.address, unknown.address = "192.0.2.1", "192.0.2.2"
    assert ask(known).replace(DIRECTOR, "…") == ask(unknown, "nobody@y.example").replace(
        "nobody@y.example", "…"
    )
    assert len(mails(outbox)) == 1
    right = re.findall(r"\b\d{6}\b", mails(outbox)[0])[0]
    told = wrong_codes(known, right, 12)
    assert told == wrong_codes(unknown, right, 12)
    assert told[-1].startswith("429 ")
    assert "thử lại lúc" in told[-1]


@pytest.mark.guards(
    "strangers' mails have a ceiling an hour, apart from known browsers' and officers', and "
    "the desk says when they pause"
)
def test_an_account_gets_no_flood_of_mails(
    visitor: Callable[[], Visitor], site: Site, outbox: Outbox, clock: Clock
) -> None:
    for place in range(rules.SIGN_INS_AN_HOUR + 5):
        browser = visitor()
        browser.address = f"192.0.2.{place}"
        ask(browser)
    assert len(mails(outbox)) == rules.SIGN_INS_AN_HOUR
    clock.now += timedelta(hours=1)
    ask(visitor())
    assert len(mails(outbox)) == rules.SIGN_INS_AN_HOUR + 1


@pytest.mark.guards(
    "strangers' mails have a ceiling an hour, apart from known browsers' and officers', and "
    "the desk says when they pause"
)
def test_one_address_asks_sixty_times_an_hour_and_known_browsers_there_go_on(
    visitor: Callable[[], Visitor], as_staff: Callable[..., Visitor], site: Site
) -> None:
    known, stranger = as_staff(), visitor()
    statuses = [
        stranger.post("/signin", {"email": f"x{place}@y.example"}).status
        for place in range(rules.SIGN_IN_ASKS_AN_HOUR + 2)
    ]
    assert statuses == [200] * rules.SIGN_IN_ASKS_AN_HOUR + [429] * 2
    assert known.post("/signin", {"email": DIRECTOR}).status == 200


def test_unknown_and_revoked_links_get_the_same_answer_with_whom_to_call(
    visitor: Callable[[], Visitor], site: Site
) -> None:
    token = links.issue_link(site.table, site.key, NEW, "T05")
    assert visitor().get(f"/u/{token}").status == 200
    links.revoke(site.table, NEW, "T05")
    revoked, unknown = visitor().get(f"/u/{token}"), visitor().get("/u/AAAAAAAAAAAAAAAAAAAAAAAAAAA")
    assert (revoked.status, revoked.body) == (unknown.status, unknown.body)
    assert revoked.status == 404
    assert "Văn phòng Sở" in revoked.body.decode()
    assert visitor().post(f"/u/{token}", {}).status == 404


@pytest.mark.guards("re-issuing ends the old", "the old token left")
def test_a_new_link_ends_the_old_one_and_its_sessions(
    as_unit: Callable[..., Visitor], visitor: Callable[[], Visitor], site: Site
) -> None:
    browser = as_unit("T05")
    old = links.issue_link(site.table, site.key, NEW, "T05")
    new = links.reissue_link(site.table, site.key, NEW, "T05")
    assert new != old
    assert browser.get("/report").status == 401
    assert visitor().get(f"/u/{old}").status == 404
    assert visitor().get(f"/u/{new}").status == 200


@pytest.mark.guards(
    "failures counted, honest users not stopped",
    "dead sessions counted and 429 past the limit ✓, counted alone ✓ (the second)",
)
def test_guessing_is_counted_and_honest_users_of_the_same_address_go_on(
    visitor: Callable[[], Visitor], site: Site
) -> None:
    browser = visitor()
    statuses = [browser.get(f"/u/guess{n}").status for n in range(rules.FAILURES_AN_HOUR + 5)]
    assert statuses[0] == 404
    assert statuses[-1] == 429
    token = links.issue_link(site.table, site.key, NEW, "T05")
    assert visitor().get(f"/u/{token}").status == 200


@pytest.mark.guards("sessions end by the clock")
def test_a_session_ends_after_its_time_and_at_sign_out(
    as_unit: Callable[..., Visitor], as_staff: Callable[..., Visitor], clock: Clock
) -> None:
    unit, staff = as_unit(), as_staff()
    clock.now += timedelta(hours=12)
    assert unit.get("/report").status == 200
    assert staff.get("/desk").status == 401
    clock.now += timedelta(days=30)
    assert unit.get("/report").status == 401
    unit = as_unit()
    page = unit.get("/report")
    cookies = dict(unit.cookies)
    csrf = rules.csrf_token(unit.cookies["bc-unit"])
    assert page.status == 200
    assert unit.post("/report/signout", {"csrf": csrf}).status == 303
    unit.cookies = cookies
    assert unit.get("/report").status == 401


@pytest.mark.guards("a role or account that ends, ends its sessions")
def test_a_changed_role_and_a_lost_account_end_the_session_at_once(
    as_staff: Callable[..., Visitor], site: Site
) -> None:
    browser, other = as_staff(DIRECTOR), as_staff("chuyenvien@vinhlong.example")
    access.keep_staff(site.table, DIRECTOR, "officer")
    assert browser.get("/desk").status == 401
    assert other.get("/desk").status == 200
    assert as_staff(DIRECTOR).get("/desk").status == 200
    site.table.write(Delete(keys.staff("chuyenvien@vinhlong.example"), ANYTHING))
    assert other.get("/desk").status == 401


@pytest.mark.guards(
    "every sign-in is a new session; a unit's link goes on in its own", "the former left open ✓"
)
def test_every_sign_in_is_a_new_session_and_ends_what_the_browser_held(
    as_staff: Callable[..., Visitor], site: Site
) -> None:
    staff = as_staff()
    first = staff.cookies["bc-staff"]
    token, _, _ = sign_ins.ask_sign_in(site.table, DIRECTOR, site.clock())
    staff.submit(staff.get(f"/s/{token}"), token)
    second = staff.cookies["bc-staff"]
    assert first != second
    assert access.session(site.table, first, site.clock()) is None
    assert access.session(site.table, second, site.clock()) is not None


@pytest.mark.guards("every sign-in is a new session; a unit's link goes on in its own")
def test_a_browser_goes_on_in_its_units_session_and_another_units_link_ends_it(
    as_unit: Callable[..., Visitor], site: Site, clock: Clock
) -> None:
    """A report may be on its way from another tab; and one device is one session."""
    unit = as_unit("T01")
    held = unit.cookies["bc-unit"]
    clock.now += timedelta(days=29)
    for code, goes_on in (("T01", True), ("T03", False)):
        token = links.issue_link(site.table, site.key, NEW, code)
        unit.submit(unit.get(f"/u/{token}"), token)
        assert (unit.cookies["bc-unit"] == held) == goes_on
        found = access.session(site.table, held, clock.now)
        assert (found is not None) == goes_on
        assert not found or found.until == clock.now + rules.UNIT_SESSION
    assert unit.get("/report").status == 200


@pytest.mark.guards("failures counted, honest users not stopped")
def test_a_dead_session_is_401_however_often_and_costs_nobody_else_a_try(
    as_unit: Callable[..., Visitor], visitor: Callable[[], Visitor], site: Site
) -> None:
    honest, stale = as_unit("T01"), as_unit("T03")
    links.revoke(site.table, NEW, "T03")
    statuses = [stale.get("/report").status for _ in range(rules.FAILURES_AN_HOUR + 2)]
    assert set(statuses) == {401}
    assert visitor().get("/u/guess").status == 404, "the neighbours' first failure"
    for place in range(rules.FAILURES_AN_HOUR):
        visitor().get(f"/u/guess{place}")
    assert visitor().get("/u/guess").status == 429
    assert stale.get("/report").status == 401, "also past the limit of the others' failures"
    assert stale.get("/report").body == visitor().get("/report").body
    assert visitor().get("/report").status == 401  # who shows nothing guesses nothing
    assert honest.get("/report").status == 200
    token = links.issue_link(site.table, site.key, NEW, "T03")
    stale.follow(stale.submit(stale.get(f"/u/{token}"), token))
    assert stale.get("/report").status == 200


@pytest.mark.guards("one function makes every URL, with the stage prefix", "the prefix left out ✓")
def test_over_https_cookies_are_bound_to_the_host(
    site: Site, visitor: Callable[[], Visitor]
) -> None:
    secure = replace(site, public_url="https://baocao.example/api")
    browser = visitor()
    app.use(secure)
    token = links.issue_link(site.table, site.key, NEW, "T01")
    landing = browser.get(f"/api/u/{token}")
    assert f'action="/api/u/{token}"' in landing.body.decode()
    assert "max-age" in landing.header("strict-transport-security")
    reply = browser.submit(landing, token)
    assert reply.header("location") == "/api/report"
    assert re.fullmatch(
        r"__Host-unit=[\w-]{43}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure",
        reply.header("set-cookie"),
    )
    home = browser.follow(reply)
    assert home.status == 200
    assert 'href="/report' not in home.body.decode()
    assert 'href="/api/report/2026-Q4"' in home.body.decode()


def test_the_front_page_says_what_to_do(visitor: Callable[[], Visitor], site: Site) -> None:
    page = visitor().get("/").body.decode()
    assert "Đăng nhập dành cho cán bộ Sở" in page
    assert "Phong trào thi đua" in page


def test_a_mail_that_fails_tells_nobody_who_has_an_account(
    visitor: Callable[[], Visitor], site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("throttled")

    monkeypatch.setattr(type(site.mail), "send", fail)
    known, unknown = (ask(visitor(), email) for email in (DIRECTOR, "khac@vinhlong.example"))
    assert known.replace(DIRECTOR, "") == unknown.replace("khac@vinhlong.example", "")
