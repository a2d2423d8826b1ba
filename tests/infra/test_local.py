"""The server on one machine: how it starts, refuses, answers, bears a crowd and stops."""

import gzip
import hashlib
import http.client
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

import app
from chalicelib.edges import embedded
from chalicelib.edges.ports import Site
from chalicelib.pages.frame.bodies import LARGEST_OF_A_STRANGER
from chalicelib.pages.frame.web import cookie_name, unencrypted
from chalicelib.store import programmes
from infra.gateway import Gateway, Reply
from infra.local import forwarded, named_rightly
from infra.visitor import Visitor
from infra.wire import Head
from tests.conftest import NEW
from tests.contract import parallel
from tests.devices import let_in
from tests.server import (
    ROOT,
    Server,
    command,
    enter,
    environment,
    free_port,
    links,
    run,
    the_sending,
    to_the_check_page,
)

H1 = "2021-H1"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("local") / "data") as running:
        yield running


@pytest.fixture
def data(tmp_path: Path, sampled: Path) -> Path:
    """An installation that was used and closed."""
    return shutil.copytree(sampled, tmp_path / "data")


def prints(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def refused(result: "subprocess.CompletedProcess[str]") -> str:
    """The one line on standard error."""
    assert result.returncode not in (0, None)
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    (line,) = result.stderr.splitlines()
    assert line.startswith("baocao: ")
    assert len(line) > 20
    return line


# Starting and refusing to start.


@pytest.mark.guards(
    "prints where to click; again the same, and a unit that has not sent",
    "another line, another generation",
)
def test_the_command_prints_where_to_click_and_nothing_else(tmp_path: Path) -> None:
    """The real `python -m infra run`, today."""
    with Server(tmp_path / "data", day=None) as running:
        names = [line.split(" ")[0] for line in running.lines]
        for line in running.lines:
            assert re.fullmatch(rf"\w+ {running.url}/\S+", line)
        for name, path in (("unit", "/u/"), ("officer", "/s/"), ("director", "/s/")):
            assert running.link(name).startswith(path)
            assert running.gateway().call("GET", running.link(name), {}).status == 200
        assert running.link("outbox") == "/_outbox"
        assert running.stop() == 0
        assert names == ["unit", "officer", "director", "outbox"]
        assert len(running.lines) == 4
        assert running.errors == ""


@pytest.mark.parametrize(
    ("peer", "told", "whom"),
    [
        ("127.0.0.1", "198.51.100.3", "198.51.100.3"),
        ("127.0.0.1", "192.0.2.9, 198.51.100.3", "198.51.100.3"),  # the first anybody can write
        ("127.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "unknown", "127.0.0.1"),
        ("198.51.100.7", "192.0.2.9", "198.51.100.7"),  # no proxy of ours
    ],
)
def test_behind_a_proxy_each_client_is_counted_by_its_own_address(
    peer: str, told: str, whom: str
) -> None:
    assert forwarded(peer, told) == whom


@pytest.mark.guards(
    "staff and the terminal hear that the line is not encrypted",
    "the sentence left out",
    "the line left out: each ✓",
    "IPv4 written as IPv6 not seen ✓ (the first)",
)
@pytest.mark.parametrize(
    ("public", "open_to_all"),
    [
        ("http://192.0.2.7:8000", True),
        ("http://baocao.example", True),
        ("http://127.evil.example", True),
        ("https://baocao.example", False),
        ("http://127.0.0.1:8000", False),
        ("http://127.1.2.3:8000", False),
        ("http://localhost:8000", False),
        ("http://[::1]:8000", False),
        ("http://[0:0:0:0:0:0:0:1]", False),
        ("http://[::ffff:127.0.0.1]:8000", False),
        ("http://[2001:db8::1]:8000", True),
        ("http://[::ffff:192.0.2.7]:8000", True),
    ],
)
def test_staff_are_told_where_the_line_is_not_encrypted(
    site: Site, as_staff: Callable[..., Visitor], public: str, open_to_all: bool
) -> None:
    assert unencrypted(replace(site, public_url=public)) is open_to_all
    sentence = "Kết nối chưa được mã hóa"
    officer = as_staff("chuyenvien@vinhlong.example")
    assert sentence not in officer.get("/desk").body.decode()
    app.use(replace(site, public_url=public))
    officer.cookies["__Host-staff"] = officer.cookies["bc-staff"]
    assert (sentence in officer.get("/desk").body.decode()) is open_to_all
    assert sentence not in officer.get("/signin").body.decode()


@pytest.mark.guards("a folder of archives is of one installation")
def test_the_terminal_is_told_that_backups_are_another_installations(tmp_path: Path) -> None:
    (tmp_path / ".belongs-to").write_text("elsewhere:/srv/data\n")
    with Server(tmp_path / "data", BACKUPS=str(tmp_path)) as server:
        server.stop()
    told = [line for line in server.errors.splitlines() if line.startswith("baocao: ")]
    assert len(told) == 1
    assert "no archive is made" in told[0]
    assert "elsewhere:/srv/data" in told[0]


@pytest.mark.guards("staff and the terminal hear that the line is not encrypted")
def test_the_terminal_is_told_too_in_one_line(tmp_path: Path) -> None:
    with Server(tmp_path / "data", PUBLIC_URL="http://baocao.example") as running:
        assert running.stop() == 0
        (line,) = running.errors.splitlines()
        assert line.startswith("baocao: http://baocao.example is not encrypted: ")
        assert "PUBLIC_URL=https://" in line


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_may_be_stopped_as_soon_as_it_has_printed(tmp_path: Path, how: signal.Signals) -> None:
    with Server(tmp_path / "data") as running:
        assert running.stop(how) == 0
        assert running.errors == ""


@pytest.mark.guards(
    "prints where to click; again the same, and a unit that has not sent",
    "the first unit whatever it has sent ✓",
)
def test_started_again_it_has_everything_and_prints_a_unit_that_has_not_sent(
    tmp_path: Path,
) -> None:
    with Server(tmp_path / "data") as running:
        first = running.link("unit")
        assert running.stop() == 0
        running.start()
        assert running.link("unit") == first
        visitor = enter(running, first)
        where, fields = the_sending(to_the_check_page(visitor, H1, i1_6="3"))
        sent = visitor.post(where, fields)
        receipt = visitor.follow(sent).body
        assert running.stop() == 0
        running.start()
        assert running.link("unit") != first
        assert "Nhập báo cáo" in enter(running, running.link("unit")).get("/report").body.decode()
        assert visitor.get(sent.header("location")).body == receipt
        assert running.link("director") != first


@pytest.mark.guards(
    "taken port, bad DATA: one line, nothing changed", "opening DATA before the port"
)
def test_a_taken_port_is_said_and_nothing_is_made(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = refused(run("run", data=tmp_path / "data", port=port))
    assert str(port) in line
    assert not (tmp_path / "data").exists()


def test_a_taken_port_leaves_the_data_of_the_running_one_alone(server: Server) -> None:
    visitor = enter(server, server.link("unit"))
    refused(run("run", data=server.data, port=server.port))
    assert visitor.get("/report").status == 200


@pytest.mark.parametrize("port", ["abc", "-1", "70000", "²", "8 000"])
def test_a_port_that_is_none_is_said(tmp_path: Path, port: str) -> None:
    assert "PORT" in refused(run("run", data=tmp_path / "data", PORT=port))
    assert not (tmp_path / "data").exists()


def test_an_unknown_host_is_said(tmp_path: Path) -> None:
    refused(run("run", data=tmp_path / "data", port=free_port(), HOST="999.999.999.999"))
    assert not (tmp_path / "data").exists()


def as_an_ordinary_owner() -> tuple[str, ...]:
    """Root may write what nobody may: here without that right."""
    if os.geteuid():
        return ()
    return ("setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner")


@pytest.mark.guards("taken port, bad DATA: one line, nothing changed")
@pytest.mark.parametrize("below", [".", "deeper/data"])
def test_an_unwritable_data_is_said_and_left_alone(tmp_path: Path, below: str) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    result = run("run", data=locked / below, port=free_port(), before=as_an_ordinary_owner())
    assert str(locked) in refused(result)
    assert list(locked.iterdir()) == []


@pytest.mark.parametrize("what", ["baocao.sqlite3", "key"])
def test_a_file_of_data_that_may_not_be_used_is_said_and_left_alone(data: Path, what: str) -> None:
    (data / what).chmod(0o444 if what == "baocao.sqlite3" else 0)
    before = prints(data)
    refused(run("run", data=data, port=free_port(), before=as_an_ordinary_owner()))
    assert prints(data) == before


@pytest.mark.parametrize("what", ["run", "links", "summarise", "demo"])
def test_a_damaged_database_is_said_and_left_alone(data: Path, what: str) -> None:
    with (data / "baocao.sqlite3").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 40_000)
    before = prints(data)
    assert "baocao.sqlite3" in refused(run(what, data=data, port=free_port()))
    assert prints(data) == before


@pytest.mark.parametrize("what", ["run", "links", "summarise", "demo"])
def test_a_newer_database_is_said_and_left_alone(data: Path, what: str) -> None:
    connection = sqlite3.connect(data / "baocao.sqlite3")
    connection.execute(f"PRAGMA user_version = {embedded.SCHEMA + 1}")
    connection.close()
    before = prints(data)
    assert "newer" in refused(run(what, data=data, port=free_port()))
    assert prints(data) == before


def test_two_commands_may_be_the_first_at_one_moment(tmp_path: Path) -> None:
    """`make run` in one window, `make links` and `make summarise` in others."""
    results = parallel(4, lambda _: run("links", data=tmp_path / "data"))
    for result in results:
        assert isinstance(result, subprocess.CompletedProcess)
        assert (result.returncode, result.stderr) == (0, "")
    assert len({result.stdout for result in results}) == 1  # type: ignore[attr-defined]


# Answers that are no page of the product.


def ask(server: Server, method: str, path: str, **headers: str) -> Reply:
    given = {name.replace("_", "-"): content for name, content in headers.items()}
    body = given.pop("body", "")
    return server.gateway().call(method, path, given, body.encode())


def assert_a_page(reply: Reply, status: int) -> None:
    page = reply.body.decode()
    assert reply.status == status, page
    assert reply.header("content-type") == "text/html; charset=utf-8"
    assert '<html lang="vi">' in page
    assert re.search(r"<h1>[^<]*[À-ỹ][^<]*</h1>", page)
    assert reply.header("content-security-policy").startswith("default-src 'none'")
    assert "Traceback" not in page


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "POST"])
def test_a_wrong_method_is_a_page(server: Server, method: str) -> None:
    assert_a_page(ask(server, method, "/desk"), 405)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading_what_is_only_sent_to_is_a_page(server: Server, method: str) -> None:
    reply = ask(server, method, "/report/signout")
    if method == "GET":
        assert_a_page(reply, 405 if "signout" in reply.body.decode() else reply.status)
    assert reply.status in (401, 404, 405)


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/desk/a/b/c",
        "/u",
        "/report/2021-H1/receipt/1/2",
        "/.data/key",
        "/_files",
        "/_files/",
        "/_files/key",
        "/_files/../key",
        "/_files/..%2fkey",
        "/_files/%2e%2e/key?as=key&until=99999999999&sign=ch%E1%BB%AF",
        "/static/../app.py",
        "//nothing",
        "/%00",
        "/%ff%fe",
        "/" + "a" * 5_000,
    ],
)
def test_an_unknown_path_is_a_page(server: Server, path: str) -> None:
    assert_a_page(ask(server, "GET", path), 404)


@pytest.mark.parametrize(
    "target", ["//[", "//[::1", "/u/%zz", "/report?draft=%ff", "/?" + "a" * 900]
)
def test_an_odd_path_is_answered(server: Server, target: str) -> None:
    reply = ask(server, "GET", target)
    assert_a_page(reply, reply.status)
    assert reply.status < 500


@pytest.mark.parametrize(
    "kind", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""]
)
def test_a_wrong_content_type_is_a_page(server: Server, kind: str) -> None:
    headers = {"Content-Type": kind, "Origin": server.url} if kind else {"Origin": server.url}
    reply = server.gateway().call("POST", "/signin", headers, b"email=a@b.example")
    assert_a_page(reply, 415)


def test_a_body_too_large_is_a_page(server: Server) -> None:
    """The whole body is sent before the answer is read, as browsers do."""
    reply = server.gateway().call("POST", "/signin", FORM, b"email=" + b"a" * 1_500_000)
    assert_a_page(reply, 413)


def test_a_body_as_large_as_allowed_is_read(server: Server) -> None:
    headers = FORM | {"Origin": server.url}
    body = b"email=" + b"a" * (LARGEST_OF_A_STRANGER - len("email="))
    assert_a_page(server.gateway().call("POST", "/signin", headers, body), 422)


def raw(server: Server, request: str) -> tuple[int, bytes]:
    """A request written by hand; the status and the body of the answer."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as phone:
        phone.sendall(request.encode("latin-1"))
        with closing(http.client.HTTPResponse(phone)) as answer:
            answer.begin()
            return answer.status, answer.read()


def posted(server: Server, *lines: str, body: str = "") -> str:
    head = (
        "POST /signin HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        f"Origin: {server.url}",
        "Content-Type: application/x-www-form-urlencoded",
        *lines,
    )
    return "\r\n".join(head) + "\r\n\r\n" + body


@pytest.mark.parametrize(
    "length", ["", "Content-Length: x", "Content-Length: -5", "Content-Length: \xb2"]
)
def test_a_missing_or_odd_length_is_a_page(server: Server, length: str) -> None:
    lines = (length,) if length else ()
    status, body = raw(server, posted(server, *lines))
    assert 400 <= status < 500
    assert '<html lang="vi">' in body.decode()


def test_a_length_without_end_is_a_page(server: Server) -> None:
    status, body = raw(server, posted(server, "Content-Length: " + "9" * 5_000))
    assert status in (400, 411, 413)
    assert '<html lang="vi">' in body.decode()


def test_a_chunked_body_is_refused_with_a_page(server: Server) -> None:
    status, body = raw(
        server, posted(server, "Transfer-Encoding: chunked", body="3\r\na=b\r\n0\r\n\r\n")
    )
    assert status == 400
    assert '<html lang="vi">' in body.decode()


def test_after_every_odd_request_the_server_goes_on(server: Server) -> None:
    for request in (
        "\r\n\r\n",
        "GET\r\n\r\n",
        "FOO / HTTP/1.1\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as phone:
            phone.sendall(request.encode("latin-1"))
    assert ask(server, "GET", "/").status == 200


# How a page travels.


@pytest.mark.parametrize("path", ["/", "/signin", "/nothing", "/_outbox"])
def test_head_is_get_without_its_body(server: Server, path: str) -> None:
    given = ask(server, "GET", path)
    head = ask(server, "HEAD", path)
    assert head.body == b""
    assert head.status == given.status
    assert head.header("content-length") == given.header("content-length")
    assert head.header("content-type") == given.header("content-type")


def test_a_page_is_packed_where_the_browser_unpacks(server: Server) -> None:
    visitor = enter(server, server.link("unit"))
    where = f"/report/{H1}/definitions"
    plain = visitor.get(where)
    cookies = "; ".join(f"{name}={content}" for name, content in visitor.cookies.items())
    packed = ask(server, "GET", where, Accept_Encoding="gzip, br", Cookie=cookies)
    assert plain.header("content-encoding") == ""
    assert packed.header("content-encoding") == "gzip"
    assert packed.header("vary") == "Accept-Encoding"
    assert gzip.decompress(packed.body) == plain.body
    assert int(packed.header("content-length")) == len(packed.body) < len(plain.body) / 2


def test_no_page_waits_for_the_other_sides_delayed_acknowledgement(server: Server) -> None:
    """A head and a body in two packets cost 40 ms each time; 34 kB take far less."""
    visitor = enter(server, server.link("unit"))
    times = []
    for _ in range(12):
        began = time.perf_counter()
        assert len(visitor.get(f"/report/{H1}").body) > 20_000
        times.append(time.perf_counter() - began)
    assert min(times[1:]) < 0.035


@pytest.mark.parametrize(
    "path", ["/", "/signin?next=1", "/report/2021-H1?draft=old", "//evil.example"]
)
def test_localhost_is_sent_to_the_public_address(server: Server, path: str) -> None:
    reply = ask(server, "GET", path, Host=f"localhost:{server.port}")
    assert reply.status == 302
    assert reply.header("location").startswith(f"{server.url}/")
    assert reply.header("location").endswith(path.lstrip("/"))


@pytest.mark.guards("a name that only leads here opens nothing", "any Host for what is no GET ✓")
@pytest.mark.parametrize("path", ["/signin", "/_outbox", "/_files/key", "/u/nothing"])
def test_a_name_that_only_leads_here_opens_nothing(server: Server, path: str) -> None:
    """DNS rebinding: another site's name, and this machine's address behind it."""
    for method, status in {"GET": 302, "HEAD": 302, "POST": 421, "PUT": 421}.items():
        for host in ("evil.example", f"evil.example:{server.port}", "127.0.0.1", "", "."):
            reply = ask(server, method, path, Host=host)
            assert (reply.status, reply.header("set-cookie")) == (status, ""), (method, host)
            if status == 302:
                assert reply.header("location") == f"{server.url}{path}"
                assert reply.body == b""
            else:
                assert_a_page(reply, 421)


def test_the_outbox_and_files_are_only_read(server: Server) -> None:
    for path in ("/_outbox", "/_files/key"):
        assert_a_page(ask(server, "POST", path, Origin=server.url), 405)


PUBLIC = "https://baocao.example:8443"


@pytest.mark.parametrize(
    ("public", "host", "proxy", "right"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1:8000", False, True),
        ("http://127.0.0.1:8000", None, False, True),  # HTTP/1.0
        ("http://127.0.0.1:8000", "localhost:8000", False, False),
        ("http://127.0.0.1:8000", "127.0.0.1", False, False),
        ("http://127.0.0.1:8000", "evil.example:8000", False, False),
        ("http://baocao.example", "BAOCAO.example:80", False, True),
        (PUBLIC, "baocao.example:8443", True, True),
        (PUBLIC, "baocao.example", True, True),  # nginx's $host
        (PUBLIC, "127.0.0.1:8000", True, True),  # nginx's own default
        (PUBLIC, "baocao.example.evil.example", True, False),
        (PUBLIC, "evil.example:8443", True, False),
        (PUBLIC, "", True, False),
    ],
)
def test_a_request_names_this_installation(
    site: Site, public: str, host: str | None, proxy: bool, right: bool
) -> None:
    head = Head("GET", "/", {} if host is None else {"host": host}, 0)
    here = replace(site, public_url=public)
    assert named_rightly(here, head, behind_a_proxy=proxy) is right


@pytest.mark.guards("a name that only leads here opens nothing")
def test_behind_a_proxy_a_wrong_name_goes_round_in_no_circle(tmp_path: Path) -> None:
    with Server(tmp_path / "data", PUBLIC_URL=f"{PUBLIC}/bao-cao") as running:
        assert ask(running, "GET", "/signin", Host="baocao.example:8443").status == 200
        direct = ask(running, "GET", "/signin", Host="192.0.2.7:8000")
        assert direct.header("location") == f"{PUBLIC}/signin"
        told = {"Host": "upstream", "X-Forwarded-For": "198.51.100.3"}
        assert_a_page(running.gateway().call("GET", "/signin", told), 421)
        assert_a_page(ask(running, "GET", "/_outbox", Host="baocao.example:8443"), 404)


def test_what_is_sent_under_another_name_changes_nothing(server: Server) -> None:
    link = server.link("unit")
    other = f"localhost:{server.port}"
    headers = FORM | {"Host": other, "Origin": f"http://{other}"}
    reply = server.gateway().call("POST", link, headers, b"")
    assert_a_page(reply, 421)
    assert reply.header("set-cookie") == ""


def test_the_outbox_shows_what_was_mailed(server: Server) -> None:
    visitor = server.visitor()
    page = visitor.get("/signin")
    before = server.mails
    visitor.submit(page, "/signin", email="giamdoc@bentre.example")
    server.mailed(before + 1)
    outbox = visitor.get("/_outbox")
    text = outbox.body.decode()
    assert outbox.status == 200
    assert "giamdoc@bentre.example" in text
    found = re.findall(rf'href="{server.url}(/s/[^"]+)"', text)
    assert found
    signed_in = visitor.follow(visitor.submit(visitor.get(found[0]), found[0]))
    assert signed_in.status == 200


def test_a_download_is_a_file_with_a_name(server: Server) -> None:
    visitor = server.visitor()
    asked = visitor.get("/signin")
    before = server.mails
    visitor.submit(asked, "/signin", email="chuyenvien@bentre.example")
    server.mailed(before + 1)
    text = visitor.get("/_outbox").body.decode()
    link = re.findall(rf'href="{server.url}(/s/[^"]+)"', text)[0]
    visitor.follow(visitor.submit(visitor.get(link), link))
    page = visitor.get(f"/desk/thi-dua-2021-2025/{H1}")
    visitor.follow(visitor.submit(page, "/summarise"))
    for ending in ("xlsx", "csv"):
        reply = visitor.get(f"/desk/thi-dua-2021-2025/{H1}/summary.{ending}")
        assert reply.status == 303
        path = reply.header("location").removeprefix(server.url)
        assert path.startswith("/_files/summaries/")
        file = visitor.get(path)
        assert file.status == 200
        assert re.fullmatch(
            rf'attachment; filename="[a-z0-9-]+\.{ending}"', file.header("content-disposition")
        )
        stored = server.data / "files" / path.removeprefix("/_files/").partition("?")[0]
        assert file.body == stored.read_bytes()
        assert_a_page(visitor.get(path.replace("until=", "until=9")), 404)


@pytest.mark.guards("each person their own page", "one current request for all threads")
def test_thirty_people_at_once_each_get_their_own_page(server: Server) -> None:
    """One current request for all threads would show one unit another's report."""
    paths = list(links(server).items())[:30]

    def look(place: int) -> list[str]:
        unit, path = paths[place]
        landing = server.gateway().call("GET", path, {}).body.decode()
        name = re.search(r"<h1>([^<]+)</h1>", landing)
        assert name is not None
        visitor = enter(server, path)
        seen = []
        for turn in range(3):
            typed = f"{place:02}{turn}"
            page = visitor.get(f"/report/{H1}")
            assert name[1] in page.body.decode()
            visitor.follow(visitor.submit(page, H1, do="save", i1_6=typed))
            assert name[1] in visitor.get("/report").body.decode()
            kept = visitor.get(f"/report/{H1}").body.decode()
            assert f"/{unit}" in kept
            value = re.search(r'name="i1_6"[^>]*value="(\d+)"', kept)
            assert value is not None
            seen.append(value[1])
        return seen

    found = parallel(30, look)
    assert found == [[f"{place:02}{turn}" for turn in range(3)] for place in range(30)]


def test_threads_never_take_one_anothers_request(site: Site) -> None:
    """In process, with threads that change places all the time: a server hides this for long."""
    app.use(site)
    gateway = Gateway(app)
    units = [unit.code for unit in programmes.units(site.table, NEW)][:12]

    def look(cookie: str) -> bytes:
        return gateway.call("GET", "/report", {"cookie": cookie}).body

    cookies = []
    for unit in units:
        session = let_in(site.table, site.key, NEW, unit, site.clock())
        cookies.append(f"{cookie_name(site, 'unit')}={session.token}")
    pages = [look(cookie) for cookie in cookies]
    assert len(set(pages)) == len(units)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        right = parallel(
            len(units), lambda place: [look(cookies[place]) == pages[place] for _ in range(20)]
        )
    finally:
        sys.setswitchinterval(interval)
    assert right == [[True] * 20] * len(units)


def test_a_slow_reader_holds_up_nobody(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as slow:
        slow.sendall(b"POST /signin HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nemail=")
        began = time.monotonic()
        assert ask(server, "GET", "/").status == 200
        assert time.monotonic() - began < 2


def test_a_request_being_answered_is_answered_before_the_end(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as running:
        visitor = enter(running, running.link("unit"))
        where, fields = the_sending(to_the_check_page(visitor, H1, i1_6="3"))

        def work(place: int) -> object:
            if place:
                return running.stop()
            return visitor.post(where, fields).status

        sent, stopped = None, None
        try:
            sent, stopped = parallel(2, work)
        except (OSError, http.client.HTTPException):
            stopped = running.stop()  # it came too late to be taken: then nothing may be kept
        assert stopped == 0
        running.start()
        again = visitor.post(where, fields)
        assert again.header("location") == f"/report/{H1}/receipt/1"
        assert sent in (303, None)


@pytest.mark.guards("no token in log, table, files")
def test_the_log_holds_no_token(tmp_path: Path) -> None:
    with Server(tmp_path / "data", LOG="INFO") as running:
        visitor = enter(running, running.link("unit"))
        visitor.get("/report")
        visitor.get("/u/a-token-that-nobody-has")
        visitor.get(running.link("director"))
        assert running.stop() == 0
        secrets = [running.link(name).rpartition("/")[2] for name in ("unit", "director")]
        secrets += [*visitor.cookies.values(), "a-token-that-nobody-has"]
        assert '"status": 200' in running.errors
        assert not [secret for secret in secrets if secret in running.errors]


def test_the_server_needs_nothing_from_its_folder(tmp_path: Path) -> None:
    """DATA is where it was said to be, seen from where the command was started."""
    result = subprocess.run(
        command("links"),
        cwd=tmp_path,
        env=environment(Path("here")),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "here" / "baocao.sqlite3").is_file()
    assert not (ROOT / "here").exists()
