"""The server on one machine: HTTP around the app, the schedule, /_outbox and /_files."""

import contextlib
import gzip
import signal
import socket
import sys
import threading
import time
from email import policy
from email.message import Message
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from types import FrameType
from typing import cast
from urllib.parse import unquote, urlsplit

from chalicelib import logs
from chalicelib.edges import Site
from chalicelib.embedded import FolderFiles
from chalicelib.embedded.queue import Queue
from chalicelib.pages.web import strict, too_large
from infra.gateway import Gateway, Reply, logged
from infra.schedule import Schedule

_SOCKET_SECONDS = 30
_BODY_SECONDS = 120  # a megabyte at 8 kB a second
_LAST_REQUESTS_SECONDS = 10
_MOST_DRAINED = 10_000_000  # bytes
_COMPRESSIBLE = ("text/", "application/json")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, host: str, port: int) -> None:
        super().__init__((host, port), Handler)
        self.site: Site | None = None
        self.gateway: Gateway | None = None
        self.data = Path()
        self.one_address = True  # send other names of this host to the public one
        self.busy = 0
        self.lock = threading.Lock()

    def finish_busy(self) -> None:
        """Let the requests that are being answered end; idle connections are dropped."""
        until = time.monotonic() + _LAST_REQUESTS_SECONDS
        while self.busy and time.monotonic() < until:
            time.sleep(0.02)

    def handle_error(self, *_: object) -> None:
        logs.say("connection_ended", logs.DEBUG, sys.exception())


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Baocao"
    sys_version = ""
    timeout = _SOCKET_SECONDS
    wbufsize = -1  # head and body in one write
    disable_nagle_algorithm = True  # or the last packet waits for the other side's delayed ack

    def do_GET(self) -> None:
        self._answer()

    do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_GET

    def _answer(self) -> None:
        server = cast(Server, self.server)
        with server.lock:
            server.busy += 1
        try:
            self._send(self._reply(server))
        finally:
            with server.lock:
                server.busy -= 1
        if self.close_connection and self.command == "POST":
            self._hang_up()

    def _reply(self, server: Server) -> Reply:
        site, gateway = server.site, server.gateway
        assert site is not None  # both are set before the first request is taken
        assert gateway is not None
        method = "GET" if self.command == "HEAD" else self.command
        length = ",".join(dict.fromkeys(self.headers.get_all("Content-Length", ["0"])))
        if not (length.isascii() and length.isdigit()) or self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            return gateway.problem(411, "unreadable_form", method)
        if problem := too_large(self.headers.get("Content-Type", ""), int(length[:12])):
            self.close_connection = True
            self._drain(int(length[:12]))
            return gateway.problem(413, problem, method)
        body = self._body(int(length))
        if len(body) < int(length):  # what came is not what was sent
            self.close_connection = True
            return gateway.problem(408, "too_slow", method)
        try:
            split = urlsplit(self.path)
        except ValueError:
            return gateway.problem(400, "no_page", method)
        if server.one_address and (moved := self._elsewhere(site, method)):
            return moved
        if split.path.startswith("/_files/"):
            return _file(site, split.path.removeprefix("/_files/"), split.query, gateway)
        if split.path == "/_outbox" or split.path.startswith("/_outbox/"):
            return self._outbox(server, gateway, method)
        headers = {name.lower(): content for name, content in self.headers.items()}
        peer, told = str(self.client_address[0]), headers.get("x-forwarded-for", "")
        client = forwarded(peer, told) if not server.one_address else peer
        return gateway.call(method, self.path, headers, body, client)

    def _body(self, length: int) -> bytes:
        """As much as comes in time, however slowly it drips."""
        until = time.monotonic() + _BODY_SECONDS
        body = b""
        with contextlib.suppress(OSError):
            while len(body) < length and (left := until - time.monotonic()) > 0:
                self.connection.settimeout(min(left, _SOCKET_SECONDS))
                if not (part := self.rfile.read1(length - len(body))):
                    break
                body += part
        self.connection.settimeout(_SOCKET_SECONDS)
        return body

    def send_error(self, code: int, *_: str | None) -> None:
        """What http.server answers in English to what is no request, as a page of ours."""
        self.close_connection = True
        gateway = cast(Server, self.server).gateway
        assert gateway is not None
        self.headers = Message()  # none that were read can be relied on
        self.request_version = self.protocol_version
        self._send(gateway.problem(code, "no_request", ""))
        self._hang_up()

    def _hang_up(self) -> None:
        """End so that the answer arrives: with bytes unread the system would reset the line."""
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
        self._drain(_MOST_DRAINED)

    def _drain(self, left: int) -> None:
        """Read what still comes: a browser that is cut off while sending shows no answer."""
        self.connection.settimeout(2)
        left, until = min(left, _MOST_DRAINED), time.monotonic() + _LAST_REQUESTS_SECONDS
        with contextlib.suppress(OSError):
            while left > 0 and time.monotonic() < until:
                if not (part := self.rfile.read1(min(left, 65_536))):
                    break
                left -= len(part)

    def _elsewhere(self, site: Site, method: str) -> Reply | None:
        """One address for everybody: localhost and 127.0.0.1 have different cookies."""
        public = urlsplit(site.public_url)
        if method != "GET" or self.headers.get("Host", public.netloc) == public.netloc:
            return None
        path = urlsplit(self.path)
        target = f"{public.scheme}://{public.netloc}/{path.path.lstrip('/')}"
        target += f"?{path.query}" if path.query else ""
        with logged(method, 302):
            return Reply(302, [("Location", target), *strict(site).items()], b"")

    def _outbox(self, server: Server, gateway: Gateway, method: str) -> Reply:
        """The mails that went out. They hold sign-in codes: only this machine may look."""
        client = self.client_address[0]
        here = ip_address(client).is_loopback or client == self.connection.getsockname()[0]
        # Behind a proxy everybody seems to be here: only our own address shows it then.
        proxied = not server.one_address or "X-Forwarded-For" in self.headers
        if not here or proxied or "Forwarded" in self.headers:
            return gateway.problem(404, "no_page", f"{method} /_outbox")
        return gateway.page(
            f"{method} /_outbox", "outbox.html", mails=_mails(server.data / "outbox")
        )

    def _send(self, reply: Reply) -> None:
        body, headers = reply.body, list(reply.headers)
        kind = reply.header("content-type")
        accepted = "gzip" in self.headers.get("Accept-Encoding", "")
        if accepted and len(body) > 1000 and kind.startswith(_COMPRESSIBLE):
            body = gzip.compress(body, 6)
            headers += [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
        self.send_response(reply.status)
        for name, content in headers:
            self.send_header(name, content)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """The app logs each request by its route: a path may hold a token."""


def forwarded(peer: str, told: str) -> str:
    """Whom the proxy on this machine speaks for: the last one named, which it has added itself.

    Else all schools would share one count of failures.
    """
    last = told.rpartition(",")[2].strip()
    try:
        return str(ip_address(last)) if ip_address(peer).is_loopback else peer
    except ValueError:
        return peer


def _file(site: Site, name: str, query: str, gateway: Gateway) -> Reply:
    files = cast(FolderFiles, site.files)
    found = files.opened(unquote(name), query, site.clock())
    if found is None:
        return gateway.problem(404, "no_page", "GET /_files")
    content, save_as = found
    headers = [
        ("Content-Type", "application/octet-stream"),
        ("Content-Disposition", f'attachment; filename="{save_as}"'),
        *strict(site).items(),
    ]
    with logged("GET /_files", 200):
        return Reply(200, headers, content)


def _mails(folder: Path) -> list[dict[str, object]]:
    """The newest first."""
    mails = []
    for path in sorted(folder.glob("*.eml"), reverse=True)[:100]:
        mail = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
        part = mail.get_body(("plain",))
        lines = (part.get_content() if part else "").splitlines()
        mails.append({"subject": mail["Subject"], "to": mail["To"], "lines": lines})
    return mails


def stop_on_signals(server: Server) -> None:
    """SIGINT and SIGTERM end the serving, also when they come before it has begun."""

    def stop(_: int, __: FrameType | None) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, stop)


def serve(server: Server, asked: Queue) -> None:
    """Until a signal; requests being answered are answered first, then what they asked for."""
    assert server.site is not None
    schedule = Schedule(server.site)
    schedule.start()
    asked.start()
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    server.finish_busy()
    asked.stop()
    schedule.stop()
