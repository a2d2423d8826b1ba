"""HTTP as broken phones and hostile hands send it: bytes by hand to a real server."""

import http.client
import io
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

import app
from chalicelib.edges.ports import Site
from chalicelib.pages.frame.bodies import LARGEST_BODY, LARGEST_OF_A_STRANGER, LARGEST_UPLOAD
from infra import local, wire
from infra.crowd import SMALL, Crowd
from infra.gateway import Gateway
from infra.visitor import Forms
from tests.server import Server, enter

FORM = "Content-Type: application/x-www-form-urlencoded"
FILES = "Content-Type: multipart/form-data; boundary=x"


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

    def line(self) -> bytes:
        return self._coming.readline()

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


def get(port: int, path: str, *lines: str, method: str = "GET") -> str:
    head = (f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", *lines)
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


@pytest.mark.guards(
    "a body is whole, of one length, and in time",
    "a short one taken ✓",
    "the first length wins ✓",
    "no limit of time ✓",
)
def test_a_body_that_ends_too_soon_is_not_taken_for_the_whole(server: Server, phone: Phone) -> None:
    phone.send(post(server.port, "Content-Length: 40"), "email=a%40b.example").say_no_more()
    assert_a_page(phone.answer(), 408)
    assert phone.rest() == b""
    assert_it_goes_on(server)


@pytest.mark.guards("a body is whole, of one length, and in time")
@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: 5", "Content-Length: 5"),
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
    assert_a_page(phone.answer(), 400)
    assert phone.rest() == b""
    assert_it_goes_on(server)


@pytest.mark.guards(
    "a length beyond all bounds is not waited for",
    "the first twelve digits judged, all of them read ✓",
)
@pytest.mark.parametrize(
    ("length", "status"),
    [
        ("200000000", 413),
        ("00000000200000000", 413),
        ("99999999999999999999", 413),
        ("000000000000200000000", 400),  # more digits than any length has
        ("9" * 5_000, 400),
    ],
    ids=lambda given: str(given)[:25],
)
def test_a_length_beyond_all_bounds_is_not_waited_for(
    server: Server, phone: Phone, length: str, status: int
) -> None:
    phone.send(post(server.port, f"Content-Length: {length}"), "email=")
    assert_a_page(phone.answer(), status)
    assert phone.rest() == b""


def test_what_comes_after_the_body_is_no_part_of_it(server: Server, phone: Phone) -> None:
    phone.send(post(server.port, "Content-Length: 6"), "email=a%40b.example\r\n\r\n")
    assert_a_page(phone.answer(), 422)
    assert_a_page(phone.answer(), 400)
    assert_it_goes_on(server)


def test_a_second_request_behind_the_first_is_answered_by_itself(
    server: Server, phone: Phone
) -> None:
    phone.send(post(server.port, "Content-Length: 6"), "email=", get(server.port, "/nothing"))
    assert_a_page(phone.answer(), 422)
    assert_a_page(phone.answer(), 404)


def test_a_body_may_come_letter_by_letter(server: Server, phone: Phone) -> None:
    body = "email=a%40b.example"
    phone.send(post(server.port, f"Content-Length: {len(body)}"), *body)
    assert_a_page(phone.answer(), 200)


@pytest.fixture
def inside(site: Site) -> Iterator[local.Server]:
    """A server in this process."""
    app.use(site)
    server = local.Server("127.0.0.1", 0)
    server.site, server.gateway, server.one_address = site, Gateway(app), False
    serving = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    serving.start()
    try:
        yield server
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


@pytest.fixture
def impatient(inside: local.Server, monkeypatch: pytest.MonkeyPatch) -> int:
    """The port of one that waits half a second for what has begun."""
    monkeypatch.setattr(wire, "_HEAD_SECONDS", 0.5)
    monkeypatch.setattr(wire, "_BODY_SECONDS", 0.5)
    return inside.server_port


@pytest.mark.guards("a body is whole, of one length, and in time")
@pytest.mark.parametrize(
    "begun",
    ["GET /signin HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ", post(8000, "Content-Length: 1000")],
    ids=["a head", "a body"],
)
def test_what_drips_and_never_ends_is_answered_and_dropped(impatient: int, begun: str) -> None:
    """It drips within the socket's own limit, and would go on for days."""
    enough = threading.Event()
    with closing(Phone(impatient)) as phone:
        phone.send(begun)

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


# ------------------------------------------------------------------ what is read of a body at all


def head_of(method: str, path: str, kind: str, length: int, port: int) -> str:
    return get(port, path, kind, f"Content-Length: {length}", method=method)


IMPORT = "/desk/thi-dua-2026-2030/units/import"
UPLOADS = LARGEST_UPLOAD + LARGEST_BODY


@pytest.mark.guards(
    "of a body no more is read than its way takes, and what isn't read is no request",
    "the server before ✓ (all but the second)",
    "a stranger's way as any ✓, files to any way ✓, a GET's body read ✓ (each the first)",
    "the connection goes on ✓ (the first, the third)",
    "closed with bytes unread ✓ (the last)",
)
@pytest.mark.parametrize(
    ("method", "path", "kind", "length", "status"),
    [
        ("POST", "/signin", FORM, LARGEST_OF_A_STRANGER + 1, 413),
        ("POST", "/signin/?a=b", FORM, LARGEST_OF_A_STRANGER + 1, 413),
        ("POST", "/u/a-token", FILES, LARGEST_OF_A_STRANGER + 1, 413),
        ("POST", "/report/2021", FORM, LARGEST_BODY + 1, 413),
        ("POST", "/report/2021", FILES, LARGEST_BODY + 1, 413),
        ("POST", IMPORT, FORM, LARGEST_BODY + 1, 413),
        ("POST", IMPORT, FILES, UPLOADS + 1, 413),
        ("POST", "/no/such/page", FORM, 9, 404),
        ("POST", "//[", FORM, 9, 404),
        ("POST", "/robots.txt", FORM, 9, 405),
        ("POST", "/_outbox", FORM, 9, 404),
        ("PUT", "/signin", FORM, 9, 405),
        ("GET", "/signin", FORM, 9, 200),
    ],
)
def test_more_than_a_way_takes_is_answered_before_it_comes(
    impatient: int, method: str, path: str, kind: str, length: int, status: int
) -> None:
    """Only the head is sent: who waits for the rest answers 408."""
    with closing(Phone(impatient)) as phone:
        phone.send(head_of(method, path, kind, length, impatient))
        assert_a_page(phone.answer(method), status)
        assert phone.rest() == b""


@pytest.mark.guards(
    "of a body no more is read than its way takes, and what isn't read is no request"
)
@pytest.mark.parametrize(
    ("path", "kind", "length"),
    [
        ("/signin", FORM, LARGEST_OF_A_STRANGER),
        ("/report/2021", FORM, LARGEST_BODY),
        (IMPORT, FILES, UPLOADS),
    ],
)
def test_as_much_as_a_way_takes_is_waited_for(
    impatient: int, path: str, kind: str, length: int
) -> None:
    with closing(Phone(impatient)) as phone:
        phone.send(head_of("POST", path, kind, length, impatient))
        assert_a_page(phone.answer("POST"), 408)


@pytest.mark.guards(
    "of a body no more is read than its way takes, and what isn't read is no request"
)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_body_that_no_way_takes_is_no_request_either(
    server: Server, phone: Phone, method: str
) -> None:
    behind = get(server.port, "/smuggled")
    phone.send(head_of(method, "/signin", FORM, len(behind), server.port), behind)
    assert_a_page(phone.answer(method), 200, 405)
    assert phone.rest() == b""


@pytest.mark.guards(
    "of a body no more is read than its way takes, and what isn't read is no request"
)
def test_a_body_that_is_not_read_does_not_keep_its_answer_from_arriving(server: Server) -> None:
    """All of it is sent before the answer is looked at, as some browsers do."""
    for path, kind, status in (("/signin", FILES, 413), ("/no/such/page", FORM, 404)):
        with closing(Phone(server.port)) as phone:
            phone.send(head_of("POST", path, kind, UPLOADS, server.port), b"a" * UPLOADS)
            assert_a_page(phone.answer("POST"), status)


def wait_until_held(crowd: Crowd, size: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with crowd._changed:
            if sum(guest.holds for guest in crowd._guests) == size:
                return
        time.sleep(0.01)
    raise AssertionError(f"{size} bytes were not held")


@pytest.mark.guards("large bodies share a budget, who holds most gives way, small ones always pass")
def test_beyond_the_budget_of_all_bodies_a_large_one_is_asked_to_come_again(
    inside: local.Server,
) -> None:
    inside.crowd = Crowd(most_held=UPLOADS)
    port = inside.server_port
    with closing(Phone(port)) as slow, closing(Phone(port)) as other:
        slow.send(head_of("POST", IMPORT, FILES, UPLOADS, port), b"a")
        wait_until_held(inside.crowd, UPLOADS)
        other.send(head_of("POST", IMPORT, FILES, LARGEST_BODY, port))
        answer = other.answer("POST")
        assert_a_page(answer, 503)
        assert answer[1]["retry-after"] == "60"
        assert other.rest() == b""
        with closing(Phone(port)) as small:
            small.send(head_of("POST", "/report/2021", FORM, SMALL, port), b"a" * SMALL)
            assert_a_page(small.answer("POST"), 403)
        slow.send(b"a" * (UPLOADS - 1))
        assert_a_page(slow.answer("POST"), 403)
        with closing(Phone(port)) as again:
            again.send(head_of("POST", IMPORT, FILES, LARGEST_BODY, port), b"a" * LARGEST_BODY)
            assert_a_page(again.answer("POST"), 403)


@pytest.mark.guards("large bodies share a budget, who holds most gives way, small ones always pass")
def test_a_unit_s_long_report_and_an_officer_s_large_file_arrive(server: Server) -> None:
    unit = enter(server, server.link("unit"))
    page = unit.get("/report/2021")
    kept = unit.submit(page, "/report/2021", do="save", beside="a" * 90_000)
    assert kept.status == 303, kept.body
    officer = enter(server, server.link("officer"))
    page = officer.get(IMPORT)
    fields = Forms(page.body.decode()).forms
    csrf = next(given["csrf"] for where, given in fields if where.endswith("/import"))
    large = {"file": ("don-vi.xlsx", b"a" * LARGEST_UPLOAD)}
    reply = officer.upload(IMPORT, {"csrf": csrf}, large)
    assert reply.status == 422, reply.body
    assert officer.upload(IMPORT, {"csrf": csrf}, large).status == 422, "one after the other"


# ------------------------------------------------------------------ one head, one meaning


MALFORMED = {
    "a blank before the colon": "Transfer-Encoding : chunked",
    "a blank before the colon of a length": "Content-Length : 5",
    "chunks": "Transfer-Encoding: chunked",
    "chunks of another name": "Transfer-Encoding: xchunked",
    "chunks and a length": "Content-Length: 5\r\nTransfer-Encoding: chunked",
    "a length twice": "Content-Length: 0\r\nContent-Length: 0",
    "a length as a list": "Content-Length: 0, 0",
    "a length with an underline": "Content-Length: 1_0",
    "a length of another script": "Content-Length: \xb2",
    "a folded line": "X: a\r\n b",
    "a folded length": "Content-Length:\r\n 5",
    "a line that ends in CR": "X: a\rContent-Length: 5",
    "a line that ends in LF": "X: a\nContent-Length: 5",
    "a NUL": "X: a\0b",
    "no colon": "Content-Length 5",
    "no name": ": 5",
    "a name that is no token": "X(y): 5",
    "a name beyond ASCII": "X\xe9: 5",
    "a second host": "Host: elsewhere.example",
}


def assert_refused_once(phone: Phone, *statuses: int) -> None:
    """One answer, and the end: what came behind is not taken for another request."""
    assert_a_page(phone.answer(), *(statuses or (400,)))
    assert phone.rest() == b""


@pytest.mark.guards(
    "a head has one meaning, and what follows a malformed one is no request",
    "Python's `http.server`, which answered the bytes behind ✓",
)
@pytest.mark.parametrize("lines", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_head_is_answered_once_and_what_follows_is_no_request(
    server: Server, phone: Phone, lines: str
) -> None:
    phone.send(post(server.port, lines), get(server.port, "/smuggled"))
    assert_refused_once(phone)


@pytest.mark.guards("a head has one meaning, and what follows a malformed one is no request")
@pytest.mark.parametrize(
    "head",
    [
        "\r\n\r\n",
        "\r\nGET /first HTTP/1.1\r\nHost: {here}\r\n\r\n",
        " \r\n\r\n",
        "GET /first HTTP/1.1\r\n Host: {here}\r\n\r\n",
        "GET /first HTTP/1.1\r\n\r\n",
        "GET /first HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET  /first HTTP/1.1\r\nHost: {here}\r\n\r\n",
        "GET\t/first\tHTTP/1.1\r\nHost: {here}\r\n\r\n",
        "GET /fi\x01rst HTTP/1.1\r\nHost: {here}\r\n\r\n",
        "GET /first http/1.1\r\nHost: {here}\r\n\r\n",
        "GET /first HTTP/1.10\r\nHost: {here}\r\n\r\n",
        "GET first HTTP/1.1\r\nHost: {here}\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: {here}\r\n\r\n",
        "GET http://elsewhere.example/ HTTP/1.1\r\nHost: {here}\r\n\r\n",
        "GET http://{here}/ HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n",
        "GET http://a@{here}/ HTTP/1.1\r\nHost: {here}\r\n\r\n",
    ],
)
def test_a_head_that_two_servers_may_read_in_two_ways_is_none(
    server: Server, phone: Phone, head: str
) -> None:
    here = f"127.0.0.1:{server.port}"
    phone.send(head.format(here=here), get(server.port, "/smuggled"))
    assert_refused_once(phone)


def test_the_whole_address_is_a_target_too(server: Server, phone: Phone) -> None:
    phone.send(get(server.port, f"http://127.0.0.1:{server.port}/signin"))
    assert_a_page(phone.answer(), 200)


def test_a_client_that_asks_whether_to_send_is_told_so(server: Server, phone: Phone) -> None:
    phone.send(post(server.port, "Content-Length: 19", "Expect: 100-continue"))
    assert phone.line() == b"HTTP/1.1 100 \r\n"
    assert phone.line() == b"\r\n"
    phone.send("email=a%40b.example")
    assert_a_page(phone.answer(), 200)


# ------------------------------------------------------------------ what a body may be


@pytest.mark.guards("only a form as browsers send it is read")
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


@pytest.mark.guards(
    "what is no request is a page of ours, and arrives",
    "Python's own pages ✓",
    "closed with bytes unread ✓",
)
@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        ("GET", 400),
        ("GET /", 400),
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
    phone.send(request_line, f"\r\nHost: 127.0.0.1:{server.port}\r\n\r\n").say_no_more()
    everything = phone.rest().decode()
    head, _, body = everything.partition("\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ")
    assert "Content-Security-Policy: default-src 'none'" in head
    assert '<html lang="vi">' in body
    assert_it_goes_on(server)


@pytest.mark.guards("what is no request is a page of ours, and arrives")
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
    phone.send(get(server.port, "/report", line)).say_no_more()
    status, headers, body = phone.answer()
    assert status in (302, 400, 401), body
    assert "set-cookie" not in headers


# ------------------------------------------------------------------ methods, versions, redirects


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_say_which_are_allowed(server: Server, phone: Phone, method: str) -> None:
    phone.send(get(server.port, "/signin", method=method))
    answer = phone.answer()
    assert_a_page(answer, 405)
    assert answer[1]["allow"] == "GET, POST"


def test_head_has_no_body(server: Server, phone: Phone) -> None:
    phone.send(get(server.port, "/signin", "Connection: close", method="HEAD"))
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
