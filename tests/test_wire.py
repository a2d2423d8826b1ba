"""HTTP as broken phones and hostile hands send it: bytes by hand to a real server."""

import http.client
import io
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from chalicelib.edges import Site
from chalicelib.pages.web import LARGEST_BODY, LARGEST_OF_A_STRANGER
from infra import local
from infra.gateway import Gateway
from tests.server import Server

FORM = "Content-Type: application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("wire") / "data") as running:
        yield running


class KeptOpen(io.BufferedReader):
    def close(self) -> None:
        """http.client closes at the end of an answer; the connection goes on."""


class Phone:
    """A connection that sends what it is told and hands back whole answers."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._coming = KeptOpen(socket.SocketIO(self._socket, "r"))

    def send(self, *parts: str | bytes) -> "Phone":
        for part in parts:
            self._socket.sendall(part if isinstance(part, bytes) else part.encode("latin-1"))
        return self

    def say_no_more(self) -> "Phone":
        self._socket.shutdown(socket.SHUT_WR)
        return self

    def answer(self, method: str = "GET") -> tuple[int, dict[str, str], str]:
        found = http.client.HTTPResponse(self, method=method)  # type: ignore[arg-type]
        found.begin()
        headers = {name.lower(): content for name, content in found.getheaders()}
        return found.status, headers, found.read().decode()

    def rest(self) -> bytes:
        """All that comes until the other side closes."""
        return self._coming.read()

    def makefile(self, _: str) -> "KeptOpen":
        """What http.client reads an answer from; the next answer comes the same way."""
        return self._coming

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def phone(server: Server) -> Iterator[Phone]:
    with closing(Phone(server.port)) as one:
        yield one


def post(port: int, *lines: str, version: str = "1.1") -> str:
    here = f"127.0.0.1:{port}"
    head = (f"POST /signin HTTP/{version}", f"Host: {here}", f"Origin: http://{here}", FORM, *lines)
    return "\r\n".join(head) + "\r\n\r\n"


def assert_a_page(answer: tuple[int, dict[str, str], str], *statuses: int) -> None:
    status, headers, body = answer
    assert status in statuses, (status, body)
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert '<html lang="vi">' in body
    assert re.search(r"<h1>[^<]*[À-ỹ][^<]*</h1>", body)


def assert_it_goes_on(server: Server) -> None:
    with closing(Phone(server.port)) as other:
        other.send("GET /signin HTTP/1.0\r\n\r\n")
        assert_a_page(other.answer(), 200)


# ------------------------------------------------------------------ the length of a body


@pytest.mark.parametrize(
    ("size", "status"),
    [
        (LARGEST_OF_A_STRANGER, 422),
        (LARGEST_OF_A_STRANGER + 1, 413),
        (LARGEST_BODY, 413),
        (LARGEST_BODY + 1, 413),
    ],
)
def test_a_body_is_taken_up_to_the_limit_and_not_one_byte_more(
    server: Server, phone: Phone, size: int, status: int
) -> None:
    body = "email=" + "a" * (size - len("email="))
    phone.send(post(server.port, f"Content-Length: {len(body)}"), body)
    assert_a_page(phone.answer(), status)


def test_a_body_that_ends_too_soon_is_not_taken_for_the_whole(server: Server, phone: Phone) -> None:
    phone.send(post(server.port, "Content-Length: 40"), "email=a%40b.example").say_no_more()
    assert_a_page(phone.answer(), 408)
    assert phone.rest() == b""
    assert_it_goes_on(server)


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: 5, 5",),
        ("Content-Length: +5",),
        ("Content-Length: 0x5",),
        ("Content-Length: 5.0",),
        ("Content-Length: 5 5",),
        ("Content-Length:",),
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: identity",),
    ],
    ids=str,
)
def test_a_length_with_two_meanings_is_refused_and_the_connection_closed(
    server: Server, phone: Phone, lines: tuple[str, ...]
) -> None:
    phone.send(post(server.port, *lines), "email=a%40b.example")
    assert_a_page(phone.answer(), 411)
    assert phone.rest() == b""
    assert_it_goes_on(server)


def test_the_same_length_twice_is_one_length(server: Server, phone: Phone) -> None:
    phone.send(post(server.port, "Content-Length: 6", "Content-Length: 6"), "email=")
    assert_a_page(phone.answer(), 422)


def test_what_comes_after_the_body_is_no_part_of_it(server: Server, phone: Phone) -> None:
    phone.send(post(server.port, "Content-Length: 6"), "email=a%40b.example\r\n\r\n")
    assert_a_page(phone.answer(), 422)
    assert_a_page(phone.answer(), 400)
    assert_it_goes_on(server)


def test_a_second_request_behind_the_first_is_answered_by_itself(
    server: Server, phone: Phone
) -> None:
    phone.send(post(server.port, "Content-Length: 6"), "email=", "GET /nothing HTTP/1.1\r\n\r\n")
    assert_a_page(phone.answer(), 422)
    assert_a_page(phone.answer(), 404)


def test_a_body_may_come_letter_by_letter(server: Server, phone: Phone) -> None:
    body = "email=a%40b.example"
    phone.send(post(server.port, f"Content-Length: {len(body)}"), *body)
    assert_a_page(phone.answer(), 200)


def test_a_body_that_never_ends_is_answered_and_dropped(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It drips within the socket's own limit, and would go on for days."""
    import app

    app.use(site)
    monkeypatch.setattr(local, "_BODY_SECONDS", 0.5)
    server = local.Server("127.0.0.1", 0)
    server.site, server.gateway, server.one_address = site, Gateway(app), False
    serving = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    serving.start()
    enough = threading.Event()
    try:
        with closing(Phone(server.server_address[1])) as phone:
            phone.send(post(8000, "Content-Length: 1000"))

            def drip() -> None:
                while not enough.wait(0.05):
                    phone.send("a")

            dripping = threading.Thread(target=drip, daemon=True)
            dripping.start()
            try:
                assert_a_page(phone.answer(), 408)
            finally:
                enough.set()
                dripping.join()
    finally:
        server.shutdown()
        server.server_close()
        serving.join()


# ------------------------------------------------------------------ what a body may be


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Encoding: gzip",),
        ("Content-Encoding: br",),
        ("Content-Type: text/plain",),
    ],
    ids=str,
)
def test_a_packed_body_is_refused(server: Server, phone: Phone, lines: tuple[str, ...]) -> None:
    phone.send(post(server.port, "Content-Length: 19", *lines), "email=a%40b.example")
    assert_a_page(phone.answer(), 415)


def test_ten_thousand_fields_are_a_page(server: Server, phone: Phone) -> None:
    body = "&".join(f"f{n}=1" for n in range(10_000))
    phone.send(post(server.port, f"Content-Length: {len(body)}"), body)
    assert_a_page(phone.answer(), 413)


def test_a_field_sent_twice_with_two_contents_is_named(server: Server, phone: Phone) -> None:
    body = "email=a%40b.example&email=c%40d.example"
    phone.send(post(server.port, f"Content-Length: {len(body)}"), body)
    answer = phone.answer()
    assert_a_page(answer, 400)
    assert "“email”" in answer[2]


# ------------------------------------------------------------------ what is no request


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        ("GET", 400),
        ("GET /", 200),
        ("FOO / HTTP/1.1", 501),
        ("FOO /", 400),
        ("get / HTTP/1.1", 501),
        ("GET / HTTP/9.9", 505),
        ("GET / HTTP/1", 400),
        ("GET / FTP/1.1", 400),
        ("GET / HTTP/1.1 again", 400),
        ("GET /" + "a" * 70_000 + " HTTP/1.1", 414),
        ("\x16\x03\x01\x02\x00\x01", 400),
        ("GET /\r\x00 HTTP/1.1", 400),
    ],
    ids=lambda given: str(given)[:20].encode("unicode_escape").decode(),
)
def test_what_is_no_request_is_a_page_of_ours_and_never_python_s(
    server: Server, phone: Phone, request_line: str, status: int
) -> None:
    phone.send(request_line, "\r\n\r\n").say_no_more()
    everything = phone.rest().decode()
    if request_line == "GET /":  # HTTP/0.9 has no head at all
        assert '<html lang="vi">' in everything
        return
    head, _, body = everything.partition("\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ")
    assert "Content-Security-Policy: default-src 'none'" in head
    assert '<html lang="vi">' in body
    assert_it_goes_on(server)


@pytest.mark.parametrize(
    "headers",
    ["X: " + "a" * 70_000 + "\r\n", "".join(f"X-{n}: 1\r\n" for n in range(200))],
    ids=["a long line", "many lines"],
)
def test_a_head_too_large_is_a_page(server: Server, phone: Phone, headers: str) -> None:
    phone.send("GET / HTTP/1.1\r\n", headers, "\r\n").say_no_more()
    assert_a_page(phone.answer(), 431)


@pytest.mark.parametrize(
    "line",
    [
        "Cookie: bc-unit=a; bc-unit=b",
        "Cookie: bc-unit=a\r\nCookie: bc-unit=b",
        "Cookie: \xff\xfe\x00=;;=",
        "Cookie: " + "bc-unit=" + "x" * 60_000,
        "Cookie: bc-unit=a\r\n b",
        "no colon here",
        ": no name",
        "Host: elsewhere\r\nHost: elsewhere.example",
    ],
    ids=lambda given: str(given)[:40].encode("unicode_escape").decode(),
)
def test_broken_headers_are_answered_and_open_nothing(
    server: Server, phone: Phone, line: str
) -> None:
    phone.send(f"GET /report HTTP/1.1\r\n{line}\r\n\r\n").say_no_more()
    status, headers, body = phone.answer()
    assert status in (302, 400, 401), body
    assert "set-cookie" not in headers


# ------------------------------------------------------------------ methods, versions, redirects


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_say_which_are_allowed(server: Server, phone: Phone, method: str) -> None:
    phone.send(f"{method} /signin HTTP/1.1\r\n\r\n")
    answer = phone.answer()
    assert_a_page(answer, 405)
    assert answer[1]["allow"] == "GET, POST"


def test_head_has_no_body(phone: Phone) -> None:
    phone.send("HEAD /signin HTTP/1.1\r\nConnection: close\r\n\r\n")
    head, _, body = phone.rest().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert body == b""


def test_an_old_phone_speaks_the_old_http(server: Server, phone: Phone) -> None:
    phone.send(post(server.port, "Content-Length: 19", version="1.0"), "email=a%40b.example")
    assert_a_page(phone.answer(), 200)
    assert phone.rest() == b""


@pytest.mark.parametrize(
    "path",
    [
        "//elsewhere.example/",
        "/%0d%0aSet-Cookie:%20bc-unit=x",
        "/\\elsewhere.example",
        "/?x=%0d%0aX:1",
        "/@elsewhere.example",
        "http://elsewhere.example/",
    ],
)
def test_a_redirect_stays_here_and_carries_no_header(
    server: Server, phone: Phone, path: str
) -> None:
    phone.send(f"GET {path} HTTP/1.1\r\nHost: localhost:{server.port}\r\n\r\n")
    status, headers, _ = phone.answer()
    assert status == 302
    assert headers["location"].startswith(f"{server.url}/")
    assert not {"set-cookie", "x"} & headers.keys()
