"""Every route and method against every kind of visitor: one table, all cells asserted."""

import re
from collections.abc import Callable

import pytest

import app
from chalicelib.access import csrf_token
from chalicelib.edges import Site
from chalicelib.pages.answer import Way
from chalicelib.store import access
from infra.gateway import Reply
from infra.visitor import Visitor
from tests.conftest import NEW

EXAMPLES = {
    "{token}": "no-such-token",
    "{period}": "2026-Q4",
    "{version}": "1",
    "{programme}": NEW,
    "{name}": "nothing.js",
}
WHO = ("no one", "unit", "officer", "director", "revoked unit", "revoked staff")
STAFF_MAIL = {"officer": "chuyenvien@vinhlong.example", "director": "giamdoc@vinhlong.example"}


def path(way: Way) -> str:
    return re.sub(r"\{\w+\}", lambda match: EXAMPLES[match[0]], way.path)


def may(way: Way, who: str) -> bool:
    return "anyone" in way.visitors or who in way.visitors


@pytest.fixture
def browsers(
    site: Site,
    as_unit: Callable[..., Visitor],
    as_staff: Callable[..., Visitor],
    visitor: Callable[[], Visitor],
) -> dict[str, Visitor]:
    revoked = as_unit("T02")
    access.revoke(site.table, NEW, "T02")
    former = as_staff()
    gone = access.session(site.table, former.cookies["bc-staff"], site.clock())
    assert gone is not None
    access.close_session(site.table, gone)
    return {
        "no one": visitor(),
        "unit": as_unit("T01"),
        "officer": as_staff(STAFF_MAIL["officer"]),
        "director": as_staff(STAFF_MAIL["director"]),
        "revoked unit": revoked,
        "revoked staff": former,
    }


def call(browser: Visitor, way: Way) -> Reply:
    if way.method == "GET":
        return browser.get(path(way))
    token = browser.cookies.get("bc-unit" if "unit" in way.visitors else "bc-staff", "")
    return browser.post(path(way), {"csrf": csrf_token(token)} if token else {})


@pytest.mark.parametrize("way", app.WAYS, ids=lambda way: f"{way.method} {way.path}")
def test_every_route_lets_in_whom_the_table_says_and_no_one_else(
    browsers: dict[str, Visitor], way: Way
) -> None:
    for who in WHO:
        reply = call(browsers[who], way)
        if may(way, who):
            assert reply.status not in (401, 403, 500), (who, reply.status)
        else:
            assert reply.status in (401, 403), (who, reply.status)
            assert reply.header("content-type").startswith("text/html")


@pytest.mark.parametrize(
    "way",
    [way for way in app.WAYS if way.method == "POST" and "anyone" not in way.visitors],
    ids=lambda way: way.path,
)
def test_an_unsafe_request_needs_its_own_sessions_token(
    browsers: dict[str, Visitor], as_unit: Callable[..., Visitor], way: Way
) -> None:
    who = "unit" if "unit" in way.visitors else "director"
    other = csrf_token(as_unit("T03").cookies["bc-unit"])
    for forged in ({}, {"csrf": ""}, {"csrf": "x" * 27}, {"csrf": other}, {"csrf": "é"}):
        reply = browsers[who].post(path(way), forged)
        assert reply.status == 403, forged
        assert "Chưa thực hiện" in reply.body.decode()


@pytest.mark.parametrize(
    "way", [way for way in app.WAYS if way.method == "POST"], ids=lambda way: way.path
)
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:8001"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
    ],
    ids=str,
)
def test_an_unsafe_request_must_come_from_our_own_pages(
    browsers: dict[str, Visitor], way: Way, headers: dict[str, str]
) -> None:
    who = next((who for who in ("unit", "director") if may(way, who)), "no one")
    token = browsers[who].cookies.get("bc-unit" if who == "unit" else "bc-staff", "")
    fields = {"csrf": csrf_token(token)} if token else {}
    assert browsers[who].post(path(way), fields, **headers).status == 403


def test_a_request_that_names_no_origin_at_all_is_refused(browsers: dict[str, Visitor]) -> None:
    browser = browsers["unit"]
    form = {"content-type": "application/x-www-form-urlencoded"}
    body = f"csrf={csrf_token(browser.cookies['bc-unit'])}".encode()
    assert browser._call("POST", "/report/signout", form, body).status == 403
    referred = {**form, "referer": "http://127.0.0.1:8000/report"}
    assert browser._call("POST", "/report/signout", referred, body).status == 303


@pytest.mark.parametrize("way", app.WAYS, ids=lambda way: f"{way.method} {way.path}")
def test_a_session_in_the_others_cookie_opens_nothing(
    browsers: dict[str, Visitor], way: Way
) -> None:
    unit, staff = browsers["unit"].cookies["bc-unit"], browsers["director"].cookies["bc-staff"]
    browser = browsers["no one"]
    browser.cookies = {"bc-unit": staff, "bc-staff": unit}
    token = staff if "unit" in way.visitors else unit
    if "anyone" not in way.visitors:
        fields = {"csrf": csrf_token(token)}
        reply = browser.get(path(way)) if way.method == "GET" else browser.post(path(way), fields)
        assert reply.status == 403


def test_every_route_of_chalice_stands_in_the_table() -> None:
    served = {(method, path) for path, ways in app.app.routes.items() for method in ways}
    assert served == {(way.method, way.path) for way in app.WAYS}
    assert len(served) == len(app.WAYS)


def test_a_unit_sees_no_other_programmes_period(as_unit: Callable[..., Visitor]) -> None:
    assert as_unit("T01").get("/report/2024-H1").status == 404


def test_every_page_carries_the_strict_headers(browsers: dict[str, Visitor]) -> None:
    for way in app.WAYS:
        if way.method != "GET" or way.path.startswith("/assets") or "summary." in way.path:
            continue
        for who in WHO:
            reply = call(browsers[who], way)
            if reply.status == 303:
                continue
            policy = reply.header("content-security-policy")
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert reply.header("referrer-policy") == "same-origin"
            assert reply.header("x-content-type-options") == "nosniff"
            assert reply.header("cache-control") == "no-store"
            assert " style=" not in reply.body.decode()
            assert not re.findall(r"<script(?![^>]*src=)", reply.body.decode())
