"""Every route and method against every kind of visitor: one table, all cells asserted."""

import re
from collections.abc import Callable

import pytest

import app
from chalicelib.edges.ports import Site
from chalicelib.edges.table import Item
from chalicelib.pages.frame.gate import Way
from chalicelib.rules.access.access import csrf_token
from chalicelib.store import access, links, programmes
from infra.gateway import Reply
from infra.visitor import Visitor
from tests.conftest import NEW
from tests.filling import all_nil

EXAMPLES = {
    "{token}": "no-such-token",
    "{period}": "2026-Q4",
    "{version}": "1",
    "{programme}": NEW,
    "{name}": "nothing.js",
    "{unit}": "T01",
    "{round}": "0123456789abcdef",
}
WHO = ("no one", "unit", "other unit", "officer", "director", "revoked unit", "revoked staff")
STAFF_MAIL = {"officer": "chuyenvien@vinhlong.example", "director": "giamdoc@vinhlong.example"}
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD")

# What each way answers those whom it lets in, where nothing was reported or summed yet.
ANSWERS = {
    "GET /": 200,
    "GET /robots.txt": 200,
    "GET /assets/{name}": 404,
    "GET /u/{token}": 404,
    "POST /u/{token}": 404,
    "GET /signin": 200,
    "POST /signin": 422,
    "POST /signin/code": 422,
    "GET /s/{token}": 404,
    "POST /s/{token}": 404,
    "GET /report": 200,
    "POST /report/signout": 303,
    "GET /report/{period}": 200,
    "POST /report/{period}": 303,
    "POST /report/{period}/draft": 200,
    "GET /report/{period}/check": 200,
    "POST /report/{period}/check": 303,
    "POST /report/{period}/send": 303,
    "GET /report/{period}/receipt/{version}": 404,
    "GET /report/{period}/definitions": 200,
    "GET /desk": 200,
    "POST /desk/signout": 303,
    "GET /desk/{programme}/{period}": 200,
    "GET /desk/{programme}/{period}/summary.json": 404,
    "GET /desk/{programme}/{period}/summary.xlsx": 404,
    "GET /desk/{programme}/{period}/summary.csv": 404,
    "POST /desk/{programme}/{period}/summarise": 303,
    # The form, periods, holidays, the department's own figures.
    "GET /desk/{programme}/form": 200,
    "POST /desk/{programme}/form": 422,
    "GET /desk/{programme}/form/offer": 404,
    "POST /desk/{programme}/form/offer": 404,
    "GET /desk/{programme}/form.xlsx": 404,
    "GET /desk/{programme}/periods": 200,
    "GET /desk/{programme}/periods/new": 200,
    "POST /desk/{programme}/periods/new": 422,
    "GET /desk/{programme}/periods/holidays": 200,
    "POST /desk/{programme}/periods/holidays": 400,
    "GET /desk/{programme}/periods/{period}": 200,
    "POST /desk/{programme}/periods/{period}": 409,
    "GET /desk/{programme}/{period}/department": 200,
    "POST /desk/{programme}/{period}/department": 303,
    # links and contacts
    "GET /links": 200,
    "POST /links": 422,
    "GET /report/contacts": 200,
    "POST /report/contacts": 303,
    "GET /report/devices": 200,
    "POST /report/devices": 409,
    "GET /report/handover": 200,
    "POST /report/handover": 303,
    "GET /desk/{programme}/links": 200,
    "POST /desk/{programme}/links": 422,
    "GET /desk/{programme}/links/sheet": 200,
    "GET /desk/{programme}/links/mail": 200,
    "POST /desk/{programme}/links/mail": 303,
    "GET /desk/{programme}/links/of/{unit}": 200,
    "POST /desk/{programme}/links/of/{unit}": 422,
    "GET /desk/{programme}/contacts": 200,
    "POST /desk/{programme}/contacts": 422,
    "GET /desk/{programme}/contacts/{unit}": 200,
    "POST /desk/{programme}/contacts/{unit}": 303,
    # the grid, the years, the terms
    "GET /desk/{programme}/years": 200,
    "GET /desk/{programme}/years.xlsx": 303,
    "GET /desk/{programme}/{period}/reports": 200,
    "GET /desk/{programme}/{period}/reports.xlsx": 303,
    "GET /desk/{programme}/{period}/terms": 200,
    "POST /desk/{programme}/{period}/terms/exempt": 422,
    "POST /desk/{programme}/{period}/terms/extend": 422,
    "POST /desk/{programme}/{period}/terms/lift": 422,
    # reading and deciding
    "GET /report/{period}/ask": 200,
    "POST /report/{period}/ask": 303,
    "POST /desk/{programme}/{period}/reports/accept": 422,
    "GET /desk/{programme}/{period}/reports/{unit}": 200,
    "POST /desk/{programme}/{period}/reports/{unit}": 400,
    "GET /desk/{programme}/{period}/reports/{unit}/notice": 200,
    "GET /desk/{programme}/{period}/reports/{unit}/paper": 200,
    "POST /desk/{programme}/{period}/reports/{unit}/paper": 422,
    "GET /desk/{programme}/{period}/requests": 200,
    "POST /desk/{programme}/{period}/requests": 404,
    # urging
    "GET /desk/{programme}/{period}/urge": 200,
    "POST /desk/{programme}/{period}/urge": 422,
    "POST /desk/{programme}/{period}/urge/begin": 422,
    "GET /desk/{programme}/{period}/urge/round/{round}": 404,
    "POST /desk/{programme}/{period}/urge/round/{round}": 404,
    "GET /desk/{programme}/{period}/urge/log": 200,
    "GET /desk/{programme}/{period}/urge/group": 200,
    "GET /desk/{programme}/{period}/urge/unit/{unit}": 200,
    # staff, audit
    "GET /desk/staff": 200,
    "POST /desk/staff": 422,
    "GET /desk/staff/leaver": 303,
    "POST /desk/staff/leaver": 303,
    "GET /desk/staff/audit": 200,
    "GET /desk/staff/audit.xlsx": 303,
    "GET /desk/{programme}/audit": 200,
    "GET /desk/{programme}/audit.xlsx": 303,
    # units
    "GET /desk/{programme}/units": 200,
    "GET /desk/{programme}/units.xlsx": 303,
    "GET /desk/{programme}/units/import": 200,
    "POST /desk/{programme}/units/import": 422,
    "POST /desk/{programme}/units/confirm": 422,
    "GET /desk/{programme}/units/{unit}": 200,
    "POST /desk/{programme}/units/{unit}": 422,
    "GET /desk/{programme}/{period}/units": 200,
}
PATHS = tuple(dict.fromkeys(way.path for way in app.WAYS))


def filled(path: str) -> str:
    return re.sub(r"\{\w+\}", lambda match: EXAMPLES[match[0]], path)


def path(way: Way) -> str:
    return filled(way.path)


def may(way: Way, who: str) -> bool:
    return "anyone" in way.visitors or who.removeprefix("other ") in way.visitors


@pytest.fixture
def browsers(
    site: Site,
    as_unit: Callable[..., Visitor],
    as_staff: Callable[..., Visitor],
    visitor: Callable[[], Visitor],
) -> dict[str, Visitor]:
    revoked = as_unit("T02")
    links.revoke(site.table, NEW, "T02")
    former = as_staff()
    gone = access.session(site.table, former.cookies["bc-staff"], site.clock())
    assert gone is not None
    access.close_session(site.table, gone)
    return {
        "no one": visitor(),
        "unit": as_unit("T01"),
        "other unit": as_unit("T03"),
        "officer": as_staff(STAFF_MAIL["officer"]),
        "director": as_staff(STAFF_MAIL["director"]),
        "revoked unit": revoked,
        "revoked staff": former,
    }


def call(browser: Visitor, way: Way) -> Reply:
    if way.method == "GET":
        return browser.get(path(way))
    whose = "-unit" if "unit" in way.visitors else "-staff"  # bc- over HTTP, __Host- over HTTPS
    tokens = [token for name, token in browser.cookies.items() if name.endswith(whose)]
    return send(browser, way, {"csrf": csrf_token(tokens[0])} if tokens else {})


def send(browser: Visitor, way: Way, fields: dict[str, str], **headers: str) -> Reply:
    """As the way's own form is sent: with files, where it takes them."""
    if way.uploads:
        return browser.upload(path(way), fields, {}, **headers)
    return browser.post(path(way), fields, **headers)


def expected(path: str, method: str, who: str) -> int:
    """The cell of the matrix: the table of ways decides, nobody else."""
    way = next((way for way in app.WAYS if (way.method, way.path) == (method, path)), None)
    if way is None:
        return 405
    if may(way, who):
        return ANSWERS[f"{method} {path}"]
    return 403 if who == "director" and "officer" in way.visitors else 401


@pytest.mark.guards("every route, every method, every visitor", "no look at the session ✓")
@pytest.mark.parametrize("path", PATHS)
def test_every_route_lets_in_whom_the_table_says_and_no_one_else(
    browsers: dict[str, Visitor], path: str
) -> None:
    """Every method, every visitor: each cell has one right answer."""
    cells = {}
    for method in METHODS:
        way = next((way for way in app.WAYS if (way.method, way.path) == (method, path)), None)
        for who in WHO:
            browser = browsers[who]
            reply = call(browser, way) if way else browser._call(method, filled(path))
            cells[method, who] = reply.status
            if reply.status in (401, 405):
                assert reply.header("content-type").startswith("text/html")
                assert reply.header("set-cookie") == ""
    assert cells == {(m, who): expected(path, m, who) for m in METHODS for who in WHO}


def test_the_matrix_has_every_way() -> None:
    assert {f"{way.method} {way.path}" for way in app.WAYS} == ANSWERS.keys()


MINE, THEIRS = "Mô hình riêng của đơn vị thứ nhất", "Câu lạc bộ của đơn vị thứ hai"


def everything_of(site: Site, unit: str) -> list[Item]:
    partitions = (f"REPORT#{NEW}#2026-Q4#{unit}", f"ACCESS#{NEW}#{unit}")
    items = [item for partition in partitions for item in site.table.query(partition)]
    heads = site.table.query(f"PERIOD#{NEW}#2026-Q4", f"REPORT#{unit}")
    texts = site.table.query(f"PERIOD#{NEW}#2026-Q4#TEXT", unit)
    return [*items, *heads, *texts]


@pytest.mark.guards("a unit's own data alone", "the form or the home of a fixed unit: each ✓")
def test_on_every_unit_route_a_unit_sees_and_changes_its_own_alone(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    """No address names a unit: whose data it is, the session alone says."""
    names = {unit.code: unit.name for unit in programmes.units(site.table, NEW)}
    one, other = as_unit("T01"), as_unit("T03")
    for browser, text in ((one, MINE), (other, THEIRS)):
        page = browser.get("/report/2026-Q4")
        check = browser.follow(browser.submit(page, "2026-Q4", do="check", n_done=text))
        check = all_nil(browser, check)
        by = {"by.name": text, "by.post": "Văn thư", "by.phone": "0270 000 0000", "approved": "1"}
        assert text in browser.follow(browser.submit(check, "/send", **by)).body.decode()
        page = browser.get("/report/2026-Q4")
        assert browser.submit(page, "2026-Q4", do="save", n_done=f"{text}, nháp").status == 303
    before = everything_of(site, "T01")
    assert len(before) >= 6  # draft, version, link, session, head, texts
    for way in app.WAYS:
        if "unit" in way.visitors and way.path != "/report/signout":
            reply = call(other, way)
            seen = reply.body.decode()
            assert MINE not in seen
            assert names["T01"] not in seen
            if way.method == "GET" and not way.path.endswith("/definitions"):
                assert names["T03"] in seen, way
    assert everything_of(site, "T01") == before
    assert MINE in one.get("/report/2026-Q4/receipt/1").body.decode()


@pytest.mark.guards("CSRF, origin", "either left out ✓")
def test_an_unsafe_request_needs_its_own_sessions_token(
    browsers: dict[str, Visitor], as_unit: Callable[..., Visitor]
) -> None:
    other = csrf_token(as_unit("T03").cookies["bc-unit"])
    for way in app.WAYS:
        if way.method == "GET" or "anyone" in way.visitors:
            continue
        who = "unit" if "unit" in way.visitors else "officer"
        for forged in ({}, {"csrf": ""}, {"csrf": "x" * 27}, {"csrf": other}, {"csrf": "é"}):
            reply = send(browsers[who], way, forged)
            assert reply.status == 403, (way.path, forged)
            assert "Chưa thực hiện" in reply.body.decode()


FOREIGN = (
    {"origin": "https://elsewhere.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:8001"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "none"},
)


@pytest.mark.guards("CSRF, origin")
def test_an_unsafe_request_must_come_from_our_own_pages(browsers: dict[str, Visitor]) -> None:
    taken = []
    for way in (way for way in app.WAYS if way.method == "POST"):
        who = next((who for who in ("unit", "officer", "director") if may(way, who)), "no one")
        token = browsers[who].cookies.get("bc-unit" if who == "unit" else "bc-staff", "")
        fields = {"csrf": csrf_token(token)} if token else {}
        for headers in FOREIGN:
            if send(browsers[who], way, fields, **headers).status != 403:
                taken.append((way.path, headers))
    assert taken == []


@pytest.mark.parametrize("who", ["no one", "revoked unit", "unit"])
def test_what_another_site_sent_is_never_given_back(browsers: dict[str, Visitor], who: str) -> None:
    """Else it would stand on our page as if it had been typed here."""
    fields = {"n_done": "Không phải chúng tôi viết"}
    for header in ({"origin": "https://elsewhere.example"}, {"sec-fetch-site": "cross-site"}):
        reply = browsers[who].post("/report/2026-Q4/send", fields, **header)
        assert reply.status == 403
        assert fields["n_done"] not in reply.body.decode()
    assert fields["n_done"] in browsers[who].post("/report/2026-Q4/send", fields).body.decode()


def test_a_request_that_names_no_origin_at_all_is_refused(browsers: dict[str, Visitor]) -> None:
    browser = browsers["unit"]
    form = {"content-type": "application/x-www-form-urlencoded"}
    body = f"csrf={csrf_token(browser.cookies['bc-unit'])}".encode()
    assert browser._call("POST", "/report/signout", form, body).status == 403
    referred = {**form, "referer": "http://127.0.0.1:8000/report"}
    assert browser._call("POST", "/report/signout", referred, body).status == 303


@pytest.mark.guards("a session of another role", "no look at the role ✓")
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
        reply = browser.get(path(way)) if way.method == "GET" else send(browser, way, fields)
        assert reply.status == 403


def test_every_route_of_chalice_stands_in_the_table() -> None:
    served = {(method, path) for path, ways in app.app.routes.items() for method in ways}
    assert served == {(way.method, way.path) for way in app.WAYS}
    assert len(served) == len(app.WAYS)


@pytest.mark.guards("never another unit's")
def test_a_unit_sees_no_other_programmes_period(as_unit: Callable[..., Visitor]) -> None:
    assert as_unit("T01").get("/report/2024-H1").status == 404


@pytest.mark.guards("strict headers")
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
            wanted = "strict-origin" if "{token}" in way.path else "same-origin"
            assert reply.header("referrer-policy") == wanted
            assert reply.header("x-content-type-options") == "nosniff"
            assert reply.header("cache-control") == "no-store"
            assert " style=" not in reply.body.decode()
            assert not re.findall(r"<script(?![^>]*src=)", reply.body.decode())


# Pages that only lead to an act, or that show a unit's link.
OFFICERS_SEE = {
    "/desk/staff",
    "/desk/staff/leaver",
    "/desk/{programme}/links/sheet",
    "/desk/{programme}/periods/new",
    "/desk/{programme}/units/import",
    "/desk/{programme}/{period}/reports/{unit}/notice",
    "/desk/{programme}/{period}/reports/{unit}/paper",
    "/desk/{programme}/{period}/urge/group",
    "/desk/{programme}/{period}/urge/round/{round}",
    "/desk/{programme}/{period}/urge/unit/{unit}",
}


def test_who_may_use_a_way_follows_from_where_it_is_and_what_it_does() -> None:
    """Said here once more, apart from the table: units on their side, the desk for staff, acts
    for officers. What a director may also press, and what officers alone may see, is named.
    """
    director_presses = {"/desk/signout", "/desk/{programme}/{period}/summarise"}
    officers_see = {way.path for way in app.WAYS if way.method == "GET"} & OFFICERS_SEE
    assert officers_see == OFFICERS_SEE
    for way in app.WAYS:
        if way.path.startswith("/report"):
            assert way.visitors == ("unit",)
        elif way.path.startswith("/desk"):
            acts = way.method == "POST" and way.path not in director_presses
            only = acts or way.path in OFFICERS_SEE
            assert way.visitors == (("officer",) if only else ("officer", "director")), way
        else:
            assert way.visitors == ("anyone",)
