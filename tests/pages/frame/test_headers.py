"""The headers of every answer over HTTPS: pages graded A+, cookies, redirects, files, scripts."""

import re
from dataclasses import replace
from typing import Any

import pytest

import app
from chalicelib.edges.ports import Site
from chalicelib.edges.table import Busy
from chalicelib.pages.frame.gate import Way
from chalicelib.rules.access.access import FAILURES_AN_HOUR, csrf_token
from chalicelib.store import links, programmes, sign_ins
from infra.gateway import Gateway, Reply
from infra.visitor import Visitor
from tests.conftest import NEW
from tests.observatory import grade
from tests.sizes import Figure

PUBLIC = "https://baocao.example/api"
BEST = {
    "csp-default-none",
    "cors-none",
    "hsts-six-months",
    "redirection-not-needed",
    "referrer-private",
    "nosniff",
    "framing-by-csp",
    "corp-same",
}
SOUND = {"cookies-none", "cookies-samesite", "sri-no-scripts", "sri-own-scripts"}


@pytest.fixture
def secure(site: Site) -> Site:
    opened = replace(site, public_url=PUBLIC)
    app.use(opened)
    return opened


@pytest.fixture
def browsers(secure: Site) -> dict[str, Visitor]:
    """No one, a unit and a director, each signed in through the pages."""
    gateway = Gateway(app)
    found = {name: Visitor(app, gateway) for name in ("no one", "unit", "director")}
    link = links.issue_link(secure.table, secure.key, NEW, "T01")
    found["unit"].submit(found["unit"].get(f"/u/{link}"), link)
    token, _, _ = sign_ins.ask_sign_in(secure.table, "giamdoc@vinhlong.example", secure.clock())
    found["director"].submit(found["director"].get(f"/s/{token}"), token)
    return found


def assert_best(page: Reply) -> None:
    assert page.header("x-robots-tag") == "noindex, nofollow"
    found = grade(page)
    assert page.header("content-type") == "text/html; charset=utf-8"
    assert found.grade == "A+", found
    assert found.score >= 130, found
    assert set(found.results) - SOUND == BEST, found


def path(way: Way, **known: str) -> str:
    given = {"token": "no-such", "period": "2026-Q4", "version": "1", "programme": NEW} | known
    return re.sub(r"\{(\w+)\}", lambda match: given.get(match[1], "nothing.js"), way.path)


def visit(browser: Visitor, way: Way, where: str) -> Reply:
    if way.method == "GET":
        return browser.get(where)
    held = browser.cookies.get("__Host-unit" if "unit" in way.visitors else "__Host-staff", "")
    return browser.post(where, {"csrf": csrf_token(held)} if held else {})


@pytest.mark.guards("no page, file or problem is for robots")
@pytest.mark.guards("strict headers", "no CSP", "no HSTS: each ✓")
@pytest.mark.parametrize("way", app.WAYS, ids=lambda way: f"{way.method} {way.path}")
def test_every_html_route_is_graded_a_plus_whoever_asks(
    browsers: dict[str, Visitor], way: Way
) -> None:
    for browser in browsers.values():
        for where in (path(way), path(way, period="2024-H1", programme="no-such")):
            reply = visit(browser, way, where)
            if reply.header("content-type").startswith("text/html") and reply.status != 303:
                assert_best(reply)


def test_pages_of_tokens_are_graded_a_plus(secure: Site, browsers: dict[str, Visitor]) -> None:
    link = links.issue_link(secure.table, secure.key, NEW, "T02")
    token, _, _ = sign_ins.ask_sign_in(secure.table, "giamdoc@vinhlong.example", secure.clock())
    asked = browsers["no one"].post("/signin", {"email": "giamdoc@vinhlong.example"})
    assert "cookies-samesite" in grade(asked).results
    for page in (browsers["unit"].get(f"/u/{link}"), browsers["no one"].get(f"/s/{token}"), asked):
        assert page.status == 200
        assert_best(page)


@pytest.mark.guards("strict headers")
def test_pages_that_say_what_went_wrong_are_graded_a_plus(
    secure: Site, browsers: dict[str, Visitor], monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    gateway = Gateway(app)
    form = {"content-type": "application/x-www-form-urlencoded", "origin": "https://baocao.example"}
    wrong = {
        404: gateway.call("GET", "/nothing", {}),
        405: gateway.call("PUT", "/report", {}),
        413: gateway.call("POST", "/signin", form, b"email=" + b"a" * 1_100_000),
        415: gateway.call("POST", "/signin", {"content-type": "text/plain"}, b"a"),
        400: gateway.call("POST", "/signin", form, b"email=%ff"),
        403: browsers["unit"].post("/report/2026-Q4", {}),
        401: gateway.call("GET", "/desk", {}),
        422: browsers["no one"].post("/signin", {"email": "nobody"}),
    }
    for place in range(FAILURES_AN_HOUR + 1):
        wrong[429] = browsers["no one"].get(f"/u/guess{place}")

    def broken(*_: Any) -> Any:
        raise RuntimeError("a fault")

    def busy(*_: Any) -> Any:
        raise Busy("no answer")

    monkeypatch.setattr(programmes, "programmes", broken)
    wrong[500] = browsers["director"].get("/desk")
    monkeypatch.setattr(programmes, "programmes", busy)
    wrong[503] = browsers["director"].get("/desk")
    for status, page in wrong.items():
        assert page.status == status
        assert_best(page)
    figure("error pages graded A+", sorted(wrong), "score", grade(wrong[500]).score)


@pytest.mark.guards("no page, file or problem is for robots")
@pytest.mark.guards("redirects, JSON, drafts, scripts too", "headers on pages alone ✓")
def test_every_redirect_file_and_script_carries_its_headers(
    secure: Site, browsers: dict[str, Visitor]
) -> None:
    unit, director = browsers["unit"], browsers["director"]
    csrf = {"csrf": csrf_token(director.cookies["__Host-staff"])}
    where = f"/desk/{NEW}/2026-Q4"
    script = re.findall(r'src="/api(/assets/[^"]+)"', unit.get("/report/2026-Q4").body.decode())[0]
    answers = {
        "redirect": director.post(f"{where}/summarise", csrf),
        "json": director.get(f"{where}/summary.json"),
        "xlsx": director.get(f"{where}/summary.xlsx"),
        "csv": director.get(f"{where}/summary.csv"),
        "draft": unit.post(
            "/report/2026-Q4/draft", {"csrf": csrf_token(unit.cookies["__Host-unit"]), "place": "1"}
        ),
        "script": unit.get(script),
        "sign out": director.post("/desk/signout", csrf),
    }
    assert [answers[name].status for name in ("redirect", "json", "xlsx", "csv")] == [
        303,
        200,
        303,
        303,
    ]
    for name, reply in answers.items():
        assert "default-src 'none'" in reply.header("content-security-policy"), name
        assert "frame-ancestors 'none'" in reply.header("content-security-policy"), name
        assert reply.header("strict-transport-security") == "max-age=31536000", name
        assert reply.header("x-content-type-options") == "nosniff", name
        assert reply.header("referrer-policy") == "same-origin", name
        assert reply.header("cross-origin-resource-policy") == "same-origin", name
        assert reply.header("x-robots-tag") == "noindex, nofollow", name
        kept = "immutable" if name == "script" else "no-store"
        assert kept in reply.header("cache-control"), name


@pytest.mark.guards("no token in a Referer", "`same-origin` there: each ✓")
def test_a_page_whose_address_holds_a_token_tells_no_one_its_address(
    secure: Site, browsers: dict[str, Visitor]
) -> None:
    """Not even our own next page: same-origin would send the whole address to it."""
    link = links.issue_link(secure.table, secure.key, NEW, "T02")
    token, _, _ = sign_ins.ask_sign_in(secure.table, "giamdoc@vinhlong.example", secure.clock())
    browser = browsers["no one"]
    pages = [browser.get(f"/u/{link}"), browser.get(f"/s/{token}"), browser.get("/u/no-such")]
    pages += [browser.post(f"/u/{link}", {}, origin="null"), Gateway(app).call("PUT", "/u/x", {})]
    for page in pages:
        assert page.header("referrer-policy") == "strict-origin"
    entered = browser.post(f"/u/{link}", {})
    assert entered.status == 303
    assert entered.header("location") == "/api/report"
    for page in (*pages[:2], browser.follow(entered)):
        elsewhere = re.findall(
            r'(?:href|src|action)="(?!/api/|tel:|mailto:|data:)([^"]*)"', str(page)
        )
        assert elsewhere == []


@pytest.mark.guards("cookies as designed", "no HttpOnly ✓")
def test_cookies_are_bound_to_the_host_and_unreadable_for_scripts(
    secure: Site, browsers: dict[str, Visitor]
) -> None:
    link = links.issue_link(secure.table, secure.key, NEW, "T02")
    token, _, _ = sign_ins.ask_sign_in(secure.table, "giamdoc@vinhlong.example", secure.clock())
    browser = browsers["no one"]
    lives = {
        "__Host-unit": 30 * 86_400,
        "__Host-staff": 12 * 3_600,
        "__Host-known": 365 * 86_400,
        "__Host-ask": 15 * 60,
    }
    replies = (
        browser.post(f"/u/{link}", {}),
        browser.post(f"/s/{token}", {}),
        browser.post("/signin", {"email": "nobody@vinhlong.example"}),
    )
    given = [text for reply in replies for name, text in reply.headers if name == "Set-Cookie"]
    for (name, seconds), text in zip(lives.items(), given, strict=True):
        assert re.fullmatch(
            rf"{name}=[\w.-]{{43,}}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax; Secure",
            text,
        )


@pytest.mark.guards("the grader grades", "a table of faults, each seen by it ✓")
@pytest.mark.parametrize(
    ("header", "content", "result", "falls_to"),
    [
        ("content-security-policy", "", "csp-missing", "B"),
        (
            "content-security-policy",
            "default-src 'self' 'unsafe-inline'",
            "csp-unsafe-inline",
            "B+",
        ),
        ("strict-transport-security", "", "hsts-missing", "B+"),
        ("strict-transport-security", "max-age=86400", "hsts-short", "A+"),
        ("referrer-policy", "unsafe-url", "referrer-unsafe", "A+"),
        ("x-content-type-options", "", "nosniff-missing", "A+"),
        ("cross-origin-resource-policy", "", "corp-missing", "A+"),
        ("set-cookie", "sess=1; HttpOnly", "cookies-session-insecure-but-hsts", "A+"),
        ("set-cookie", "sess=1; Secure; SameSite=Lax", "cookies-session-not-httponly", "B"),
        ("access-control-allow-origin", "*", "cors-public", "A+"),
    ],
    ids=str,
)
def test_the_grader_sees_what_is_wrong(
    secure: Site, header: str, content: str, result: str, falls_to: str
) -> None:
    page = Gateway(app).call("GET", "/", {})
    kept = [pair for pair in page.headers if pair[0].lower() != header]
    spoilt = replace(page, headers=kept + ([(header, content)] if content else []))
    found = grade(spoilt)
    assert result in found.results
    assert found.grade == falls_to, found
