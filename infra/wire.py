"""HTTP/1.1 on one connection: a whole request or why it is none, and an answer to it.

h11 reads the heads and writes the answers; what is judged here besides is where it is kinder than
RFC 9112 makes a server be.
"""

import contextlib
import gzip
import re
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus

import h11

from infra.gateway import Reply

IDLE_SECONDS = 30
_HEAD_SECONDS = 15  # from its first byte on
_BODY_SECONDS = 120  # a megabyte at 8 kB a second
_DRAIN_SECONDS = 10
_MOST_DRAINED = 10_000_000  # bytes
_LONGEST_HEAD = 65_536
_MOST_FIELDS = 100
_METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"}
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.~!$&'()*+,;=%-]*)(:\d*)?", re.ASCII)
_COMPRESSIBLE = ("text/", "application/json")


class NoRequest(Exception):
    """What came is no request, or none that is taken. The name is a key of PROBLEMS."""

    def __init__(self, status: int, name: str = "no_request", method: str = "") -> None:
        super().__init__(f"{status} {name}")
        self.status = status
        self.name = name
        self.method = method


class Ended(Exception):
    """Nothing more comes, and nobody waits for an answer."""


@dataclass(frozen=True, slots=True)
class Head:
    """Names in lower case; the target is a path with its query."""

    method: str
    target: str
    fields: Mapping[str, str]
    length: int


class Wire:
    """One connection, by one thread."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._coming = bytearray()
        self._http = h11.Connection(h11.SERVER)
        self._packs = self._bare = False
        self.unread = False  # a body is on its way: what comes next is no head

    def head(self) -> Head:
        """The next request's. Raises NoRequest and Ended."""
        self._http = h11.Connection(h11.SERVER, _LONGEST_HEAD + 4)
        self._packs = self._bare = False
        raw = self._raw_head()
        _judge_lines(raw)
        self._http.receive_data(raw + b"\r\n\r\n")
        try:
            event = self._http.next_event()
        except h11.RemoteProtocolError as error:
            raise NoRequest(400) from error
        if not isinstance(event, h11.Request):
            raise NoRequest(400)
        self._bare = event.method == b"HEAD"
        head = _judged(event)
        self.unread = head.length > 0
        self._packs = "gzip" in head.fields.get("accept-encoding", "")
        return head

    def _raw_head(self) -> bytes:
        """Everything before the empty line."""
        until = time.monotonic() + IDLE_SECONDS
        while (end := self._coming.find(b"\r\n\r\n")) < 0 and len(self._coming) <= _LONGEST_HEAD:
            if self._coming[:1] and self._coming[0] <= 0x20:
                raise NoRequest(400)  # neither a method nor the start of one: TLS, an empty line
            began = bool(self._coming)
            try:
                part = self._receive(until)
            except OSError:
                part = b""
            if not part:
                raise NoRequest(400 if time.monotonic() < until else 408) if began else Ended
            self._coming += part
            until = until if began else time.monotonic() + _HEAD_SECONDS
        raw = bytes(self._coming[: end if end >= 0 else None])
        if len(raw) > _LONGEST_HEAD:
            raise NoRequest(431 if b"\r\n" in raw[:_LONGEST_HEAD] else 414)
        del self._coming[: end + 4]
        return raw

    def body(self, head: Head) -> bytes:
        """As much as comes in time, however slowly it drips. Raises NoRequest for less than all."""
        if self._http.they_are_waiting_for_100_continue and not self._coming:
            self._write(self._http.send(h11.InformationalResponse(status_code=100, headers=[])))
        until = time.monotonic() + _BODY_SECONDS
        with contextlib.suppress(OSError):
            while len(self._coming) < head.length and (part := self._receive(until)):
                self._coming += part
        if len(self._coming) < head.length:  # what came is not what was sent
            raise NoRequest(408, "too_slow", head.method)
        body = bytes(memoryview(self._coming)[: head.length])
        del self._coming[: head.length]
        self._http.receive_data(body)
        while not isinstance(self._http.next_event(), h11.EndOfMessage):
            pass
        self.unread = False
        return body

    def _receive(self, until: float) -> bytes:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(min(left, IDLE_SECONDS))
        return self._socket.recv(65_536)

    def answer(self, reply: Reply, *, last: bool) -> bool:
        """In one write; whether the connection goes on."""
        body, headers = reply.body, list(reply.headers)
        kind = reply.header("content-type")
        if self._packs and len(body) > 1000 and kind.startswith(_COMPRESSIBLE):
            body = gzip.compress(body, 6)
            headers += [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
        headers += [("Content-Length", str(len(body))), ("Date", formatdate(usegmt=True))]
        headers += [("Connection", "close")] if last else []
        reason = HTTPStatus(reply.status).phrase
        response = h11.Response(status_code=reply.status, headers=headers, reason=reason)
        content = h11.Data(data=b"" if self._bare else body)
        parts = [self._http.send(part) for part in (response, content, h11.EndOfMessage())]
        self._write(b"".join(part for part in parts if part))
        return self._http.our_state is h11.DONE

    def _write(self, content: bytes | None) -> None:
        """A reader may be slow, and must go on reading."""
        self._socket.settimeout(IDLE_SECONDS)
        left = memoryview(content or b"")
        while left:
            left = left[self._socket.send(left) :]

    def hang_up(self) -> None:
        """End so that the answer arrives: with bytes unread the system would reset the line.

        What still comes is thrown away, within limits: a browser that is cut off while it sends
        shows no answer.
        """
        self._coming.clear()
        left = _MOST_DRAINED
        until = time.monotonic() + _DRAIN_SECONDS
        self._socket.settimeout(2)
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
            while left > 0 and time.monotonic() < until and (part := self._socket.recv(65_536)):
                left -= len(part)


def _judge_lines(raw: bytes) -> None:
    """What h11 would mend: lines that end otherwise, go on in the next, or say a length twice."""
    lines = raw.split(b"\r\n")
    if len(lines) > _MOST_FIELDS + 1:
        raise NoRequest(431)
    if any(b"\r" in line or b"\n" in line or line[:1] in (b" ", b"\t") for line in lines):
        raise NoRequest(400)
    pairs = (line.partition(b":") for line in lines[1:])
    lengths = [text.strip(b" \t") for name, _, text in pairs if name.lower() == b"content-length"]
    if len(lengths) > 1 or not all(length.isdigit() for length in lengths):
        raise NoRequest(400)


def _judged(request: h11.Request) -> Head:
    """What h11 read, if this server means it alike. Raises NoRequest."""
    if request.http_version not in (b"1.0", b"1.1"):
        raise NoRequest(505)
    method = request.method.decode()
    if method not in _METHODS:
        raise NoRequest(501)
    fields = {name.decode(): text.decode("latin-1") for name, text in request.headers}
    if "transfer-encoding" in fields:
        raise NoRequest(400)
    host = fields.get("host")
    if host is not None and not _HOST.fullmatch(host):
        raise NoRequest(400)
    target = request.target.decode()
    if not target.startswith("/"):  # the form for proxies, which names the host once more
        named = re.fullmatch(r"(?i:http)://([^/?#]*)(.*)", target)
        if not named or named[1].lower() != (host or "").lower():
            raise NoRequest(400)
        target = named[2] if named[2].startswith("/") else f"/{named[2]}"
    target = "/" + target.lstrip("/")  # two would name a host
    return Head(method, target, fields, int(fields.get("content-length", "0")))
