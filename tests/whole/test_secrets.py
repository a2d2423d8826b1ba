"""A whole life on a real server, then a search through all that it leaves for any secret."""

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from email import policy
from email.parser import BytesParser
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from chalicelib.rules.access.access import csrf_token
from infra.gateway import Reply
from infra.visitor import Visitor
from tests.server import Server, run, the_sending, to_the_check_page
from tests.sizes import Figure

H1 = "2021-H1"
DIRECTOR, OFFICER = "giamdoc@bentre.example", "chuyenvien@bentre.example"
DESK = f"/desk/thi-dua-2021-2025/{H1}"
GUESSED = "a-token-that-nobody-has-but-somebody-sent"
CODE = re.compile(r"\b\d{6}\b")


@dataclass
class Wire:
    """Every secret that was seen on the wire, by what it is; and every page."""

    secrets: dict[str, str] = field(default_factory=dict)
    codes: set[str] = field(default_factory=set)
    pages: list[tuple[str, str]] = field(default_factory=list)
    referred: list[str] = field(default_factory=list)

    def saw(self, path: str, reply: Reply) -> None:
        page = reply.body.decode(errors="replace")
        self.pages.append((path, page))
        for kind, token in re.findall(r"/([us])/([\w%-]{20,})", f"{path} {page}"):
            self.secrets[token] = f"/{kind}/"
        for token in re.findall(r'name="csrf" value="([^"]+)"', page):
            self.secrets[token] = "csrf"
        for name, content in reply.headers:
            if name.lower() == "set-cookie":
                token = content.partition("=")[2].partition(";")[0]
                if token:
                    self.secrets[token] = "cookie"
                    self.secrets[csrf_token(token)] = "csrf"
            if name.lower() == "location":
                self.referred.append(content)
                if sign := re.search(r"sign=(\w+)", content):
                    self.secrets[sign[1]] = "signature"


class Tapped:
    """A gateway that remembers what passes."""

    def __init__(self, server: Server, wire: Wire) -> None:
        self._gateway, self._wire = server.gateway(), wire

    def call(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", _: str = ""
    ) -> Reply:
        reply = self._gateway.call(method, path, headers, body)
        self._wire.saw(path, reply)
        return reply


def browser(server: Server, wire: Wire) -> Visitor:
    visitor = server.visitor()
    visitor._gateway = Tapped(server, wire)  # type: ignore[assignment]
    return visitor


def mailed(server: Server, wire: Wire, to: str) -> tuple[str, str]:
    """Code and link of the newest mail to this account."""
    for path in sorted((server.data / "outbox").glob("*.eml"), reverse=True):
        mail = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
        if mail["To"] == to:
            text = mail.get_content()
            code, link = CODE.findall(text)[0], re.findall(r"(/s/\S+)", text)[0]
            wire.codes.add(code)
            wire.secrets[link.removeprefix("/s/")] = "/s/"
            return code, link
    raise LookupError(f"no mail to {to}")


@contextmanager
def damaged(server: Server) -> Iterator[None]:
    """Every unit's item unreadable: what needs one fails with an exception."""
    with closing(sqlite3.connect(server.data / "baocao.sqlite3")) as connection:
        rows = connection.execute(
            "SELECT pk, sk, body FROM item WHERE pk LIKE 'UNITS#%'"
        ).fetchall()
        connection.execute("UPDATE item SET body = '{\"token' WHERE pk LIKE 'UNITS#%'")
        connection.commit()
        yield
        connection.executemany(
            "UPDATE item SET body = ? WHERE pk = ? AND sk = ?", [(b, p, s) for p, s, b in rows]
        )
        connection.commit()


@contextmanager
def locked(server: Server) -> Iterator[None]:
    """Somebody holds the database longer than a request waits."""
    with closing(sqlite3.connect(server.data / "baocao.sqlite3")) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.rollback()


def a_unit_reports(server: Server, wire: Wire) -> Visitor:
    unit = browser(server, wire)
    link = server.link("unit")
    unit.follow(unit.submit(unit.get(link), link))
    csrf = csrf_token(unit.cookies["bc-unit"])
    saved = unit.post(f"/report/{H1}/draft", {"csrf": csrf, "place": "1", "i1_6": "7"})
    assert saved.status == 200
    where, fields = the_sending(to_the_check_page(unit, H1, i1_6="3"))
    assert unit.follow(unit.post(where, fields)).status == 200
    assert unit.post(where, {**fields, "csrf": "stolen"}).status == 403
    assert unit.post(f"/report/{H1}", {}, origin="https://elsewhere.example").status == 403
    return unit


def staff_sign_in(server: Server, wire: Wire) -> Visitor:
    """By the code, by the mail's link, by the printed link; wrong codes, used links."""
    officer, director, other = (browser(server, wire) for _ in range(3))
    officer.submit(officer.get("/signin"), "/signin", email=OFFICER)
    server.mailed(1)
    code, _ = mailed(server, wire, OFFICER)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    assert officer.post("/signin/code", {"code": wrong}).status == 422
    assert officer.follow(officer.post("/signin/code", {"code": code})).status == 200
    director.submit(director.get("/signin"), "/signin", email=DIRECTOR)
    server.mailed(2)
    _, link = mailed(server, wire, DIRECTOR)
    director.follow(director.submit(director.get(link), link))
    assert other.get(link).status == 404
    printed = server.link("director")
    other.follow(other.submit(other.get(printed), printed))
    summed = director.submit(director.get(DESK), "/summarise")
    director.follow(summed)
    for ending in ("xlsx", "csv"):
        moved = director.get(f"{DESK}/summary.{ending}").header("location")
        assert director.get(moved.removeprefix(server.url)).status == 200
    assert director.get(f"{DESK}/summary.json").status == 200
    assert officer.get("/_outbox").status == 200
    csrf = csrf_token(other.cookies["bc-staff"])
    assert other.post("/desk/signout", {"csrf": csrf}).status == 303
    return director


def what_goes_wrong(server: Server, wire: Wire, unit: Visitor) -> dict[int, str]:
    """Failures on addresses that hold tokens. Status → the id on the page."""
    link, stranger = server.link("unit"), browser(server, wire)
    for method, path in (
        ("GET", f"/u/{GUESSED}"),
        ("POST", f"/u/{GUESSED}"),
        ("PUT", link),
        ("POST", link),
        ("GET", f"{link}/more"),
        ("GET", f"//{GUESSED}?sign={GUESSED}"),
        ("GET", f"/_files/{GUESSED}?sign={GUESSED}&until=99999999999&as=x"),
    ):
        assert stranger._call(method, path).status >= 400
    stranger._call("POST", link, {"content-type": "text/plain"}, GUESSED.encode())
    stranger._call("POST", link, {"content-type": "application/x-www-form-urlencoded"}, b"%ff")
    stranger.cookies["bc-unit"] = GUESSED
    assert stranger.get("/report").status == 401
    moved = stranger._call("GET", link, {"host": f"localhost:{server.port}"})
    assert moved.status == 302
    found = {}
    with damaged(server):
        for page in (stranger.get(link), unit.get(f"/report/{H1}")):
            assert page.status == 500
            found[500] = identity(page)
    with locked(server):
        page = stranger.post(link, {})
        assert page.status == 503
        found[503] = identity(page)
    return found


def identity(page: Reply) -> str:
    return re.findall(r'Mã lỗi: <span class="mono">([^<]+)', page.body.decode())[0]


def forms(secret: str) -> set[str]:
    """As it is, in an address, in hexadecimal."""
    escaped = "".join(f"%{ord(one):02x}" for one in secret)
    return {secret, quote(secret, safe=""), escaped, secret.encode().hex()}


def left_behind(server: Server) -> dict[str, str]:
    """Every file of DATA but the mails and the key, and what went to standard error."""
    found = {"stderr": server.errors}
    for path in sorted(server.data.rglob("*")):
        if path.is_file() and path.name != "key" and path.parent.name != "outbox":
            found[str(path.relative_to(server.data))] = path.read_bytes().decode("latin-1")
    return found


@pytest.mark.e2e
@pytest.mark.guards(
    "no token in log, table, files",
    "the path logged",
    "a traceback as it comes",
    "a token kept raw: each ✓ (the first)",
)
@pytest.mark.guards("one line a request, with its cost")
def test_nothing_that_a_run_leaves_holds_a_token(tmp_path: Path, figure: Figure) -> None:
    """With the log at its most talkative."""
    wire = Wire()
    with Server(tmp_path / "data", LOG="DEBUG") as server:
        unit = a_unit_reports(server, wire)
        director = staff_sign_in(server, wire)
        wrong = what_goes_wrong(server, wire, unit)
        assert director.get(DESK).status == 200
        unit.post("/report/signout", {"csrf": csrf_token(unit.cookies["bc-unit"])})
        write_ahead = server.data / "baocao.sqlite3-wal"
        assert write_ahead.exists()
        before = {"the log while open": write_ahead.read_bytes().decode("latin-1")}
        again = run("links", data=server.data, port=server.port, day=server.day, LOG="DEBUG")
        assert server.stop() == 0
        printed = [urlsplit(line.split(" ")[1]).path for line in server.lines]
        kept = before | left_behind(server) | {"links": again.stderr}
    wire.secrets[GUESSED] = "guessed"
    for path in printed[:3]:
        wire.secrets[path.rpartition("/")[2]] = "printed"
    kinds = {"/s/", "csrf", "cookie", "signature", "guessed", "printed"}
    assert kinds <= set(wire.secrets.values())
    assert {"stderr", "log/baocao.log", "baocao.sqlite3", "the log while open"} <= kept.keys()
    assert any(name.startswith("files/summaries/") for name in kept)
    for secret, kind in wire.secrets.items():
        for name, content in kept.items():
            for form in forms(secret):
                assert form not in content, (kind, name)
    logged = kept["stderr"] + kept["log/baocao.log"]
    lines = [json.loads(one) for one in kept["log/baocao.log"].splitlines()]
    assert sum(line["event"] == "request" for line in lines) == len(wire.pages)
    assert not [code for code in wire.codes if re.search(rf"\b{code}\b", logged)]
    for status, known in wrong.items():
        line = next(json.loads(one) for one in logged.splitlines() if known in one)
        assert line["status"] == status
        assert line["error"]
    assert every_mail_holds_its_own_alone(server, wire) >= 2
    figure(
        len(wire.secrets), "secrets in", len(forms("a")), "forms searched in", len(kept),
        "files,", sum(map(len, kept.values())), "bytes: found 0",
    )  # fmt: skip


def every_mail_holds_its_own_alone(server: Server, wire: Wire) -> int:
    """The outbox stands for the post: a mail holds one link and one code, and no other secret."""
    paths = sorted((server.data / "outbox").glob("*.eml"))
    for path in paths:
        content = path.read_bytes().decode()
        inside = [secret for secret in wire.secrets if secret in content]
        assert len(inside) == 1
        assert wire.secrets[inside[0]] == "/s/"
    return len(paths)


@pytest.mark.guards("a page shows no secret but its own", "the session's token on a page ✓")
def test_a_page_shows_no_secret_but_its_own(tmp_path: Path) -> None:
    """Links on their own pages, the CSRF token in forms of its session, cookies and codes never."""
    wire = Wire()
    with Server(tmp_path / "data") as server:
        a_unit_reports(server, wire)
        staff_sign_in(server, wire)
    for path, page in wire.pages:
        for secret, kind in wire.secrets.items():
            if secret in page and not path.startswith("/_outbox"):
                assert kind == "csrf" or path == f"{kind}{secret}", path
        if not path.startswith("/_outbox"):
            assert not [code for code in wire.codes if re.search(rf"\b{code}\b", page)]
    for where in wire.referred:
        held = [kind for secret, kind in wire.secrets.items() if secret in where]
        assert held in ([], ["signature"]), where
