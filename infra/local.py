"""The server on one machine: HTTP around the app, /_outbox and /_files.

Beside what the app answers: HEAD, gzip, bounds on time, heads and connections (decision 0027), a
page of ours for what is no HTTP request, a redirect to the public host name (421 where another host
is meant), signed links to files, the outbox for this machine alone. On SIGINT and SIGTERM running
requests come to their end, then what they asked for.
"""

import signal
import socket
import threading
from email import policy
from email.parser import BytesParser
from ipaddress import ip_address
from pathlib import Path
from types import FrameType
from typing import cast
from urllib.parse import unquote, urlsplit

from chalicelib.edges import logs
from chalicelib.edges.embedded import FolderFiles
from chalicelib.edges.embedded.queue import Queue
from chalicelib.edges.ports import Site
from chalicelib.pages.frame.bodies import too_large
from chalicelib.pages.frame.web import strict
from infra.crowd import Crowd, Guest
from infra.gateway import Gateway, Reply, logged
from infra.installation import backups_folder, owner_of_backups
from infra.schedule import Schedule
from infra.wire import Ended, Head, NoRequest, Wire

_LAST_REQUESTS_SECONDS = 10
_BACKLOG = 1024
_PROXYS = {"forwarded", "via", "x-forwarded-for", "x-forwarded-host"}  # what a proxy writes
_USUAL_PORTS = {"http": 80, "https": 443}


class Server:
    """Listens as soon as it is made; answers once it has a site and a gateway."""

    def __init__(self, host: str, port: int) -> None:
        self._listener = socket.create_server((host, port), backlog=_BACKLOG)
        self.server_address: tuple[str, int] = self._listener.getsockname()[:2]
        self.site: Site | None = None
        self.gateway: Gateway | None = None
        self.data = Path()
        self.one_address = True  # no proxy in front: who connects is who asks
        self.crowd = Crowd()
        self._stopped = threading.Event()

    @property
    def server_port(self) -> int:
        return self.server_address[1]

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.server_close()

    def serve_forever(self, poll_interval: float = 0.1) -> None:
        """Until `shutdown`, which may have come before."""
        self._listener.settimeout(poll_interval)
        while not self._stopped.is_set():
            try:
                line, (peer, *_) = self._listener.accept()
            except TimeoutError:
                continue
            except OSError as error:  # no file is left, or the other side has gone
                logs.say("not_accepted", logs.WARNING, error)
                self.crowd.make_room()
                self._stopped.wait(0.05)
                continue
            proxy = not self.one_address and ip_address(peer).is_loopback
            guest = self.crowd.admit(line, peer, speaks_for_many=proxy)
            try:
                threading.Thread(target=self.converse, args=(guest,), daemon=True).start()
            except RuntimeError as error:  # the system has no thread to give
                logs.say("not_accepted", logs.WARNING, error)
                self.crowd.leave(guest)

    def shutdown(self) -> None:
        self._stopped.set()
        self.crowd.close()

    def server_close(self) -> None:
        self._listener.close()

    def finish_busy(self) -> None:
        """Let the requests that are being answered end; idle connections are dropped."""
        self.crowd.finish(_LAST_REQUESTS_SECONDS)

    def converse(self, guest: Guest) -> None:
        """One connection from its first byte to its end."""
        try:
            # Or the last packet waits for the other side's delayed ack.
            guest.line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            wire = Wire(guest.line)
            while self._one_request(guest, wire):
                pass
        except Ended:
            pass
        except Exception as error:
            logs.say("connection_ended", logs.DEBUG, error)
        finally:
            self.crowd.leave(guest)

    def _one_request(self, guest: Guest, wire: Wire) -> bool:
        """Whether another may follow."""
        assert self.gateway is not None  # set before the first request is taken
        refused, reply = False, None
        try:
            head = wire.head()
            if self.crowd.goes_on(guest, "comes"):
                body = self._body(guest, wire, head) if wire.unread else b""
                if self.crowd.goes_on(guest, "is worked on"):
                    with self.crowd.desks:
                        reply = self.reply(head, body, guest)
        except NoRequest as problem:
            refused = True
            if self.crowd.goes_on(guest, "is worked on"):
                with self.crowd.desks:
                    reply = self.gateway.problem(problem.status, problem.name, problem.method)
        if reply is None or not self.crowd.goes_on(guest, "is answered"):
            return False
        ends = refused or wire.unread
        goes_on = wire.answer(reply, last=ends or self._stopped.is_set())
        if not self.crowd.goes_on(guest, "waits"):
            return False
        if ends:
            wire.hang_up()
        return goes_on and not ends

    def _body(self, guest: Guest, wire: Wire, head: Head) -> bytes:
        """What came behind the head; nothing, unread, where its way takes none. Raises NoRequest.

        How much is judged from outside: who is in can't be known before.
        """
        assert self.gateway is not None
        way = self.gateway.way(head.method, head.target)
        if way is None or way.method == "GET":
            return b""
        kind = head.fields.get("content-type", "")
        too_much = too_large(kind, head.length, stranger=way.stranger, uploads=way.uploads)
        if too_much:
            raise NoRequest(413, too_much, head.method)
        if not self.crowd.has_room_for(guest, head.length):
            raise NoRequest(503, "too_many", head.method)
        return wire.body(head)

    def reply(self, head: Head, body: bytes, guest: Guest) -> Reply:
        site, gateway = self.site, self.gateway
        assert site is not None
        assert gateway is not None
        method = "GET" if head.method == "HEAD" else head.method
        try:
            split = urlsplit(head.target)
        except ValueError:
            return gateway.problem(400, "no_page", method)
        if not named_rightly(site, head, behind_a_proxy=not self.one_address):
            return _elsewhere(site, gateway, head, method)
        if split.path.startswith("/_files/"):
            return _file(site, gateway, method, split.path.removeprefix("/_files/"), split.query)
        if split.path == "/_outbox" or split.path.startswith("/_outbox/"):
            return self._outbox(gateway, head, guest, method)
        told = head.fields.get("x-forwarded-for", "")
        client = guest.peer if self.one_address else forwarded(guest.peer, told)
        return gateway.call(method, head.target, head.fields, body, client)

    def _outbox(self, gateway: Gateway, head: Head, guest: Guest, method: str) -> Reply:
        """The mails that went out. They hold sign-in codes: only this machine may look."""
        here = ip_address(guest.peer).is_loopback or guest.peer == guest.line.getsockname()[0]
        # Behind a proxy everybody seems to be here: only our own address shows it then.
        if not here or not self.one_address or _PROXYS & head.fields.keys():
            return gateway.problem(404, "no_page", f"{method} /_outbox")
        if method != "GET":
            return gateway.problem(405, "no_method", f"{method} /_outbox")
        return gateway.page("GET /_outbox", "frame/outbox.html", mails=_mails(self.data / "outbox"))


def named_rightly(site: Site, head: Head, *, behind_a_proxy: bool) -> bool:
    """Whether the request names this installation: a name that only leads here opens nothing.

    A proxy may leave out the port, or name the address where it reaches us.
    """
    public = urlsplit(site.public_url)
    host = head.fields.get("host", public.netloc).lower()  # HTTP/1.0 may name none
    host = host.removesuffix(f":{_USUAL_PORTS[public.scheme]}")
    if not behind_a_proxy:
        return host == public.netloc
    name = host.rpartition(":")[0] if ":" in host else host
    return name in {public.hostname, "127.0.0.1", "localhost"}


def _elsewhere(site: Site, gateway: Gateway, head: Head, method: str) -> Reply:
    """Reading goes to the one address for everybody; what was sent is not taken elsewhere."""
    if method != "GET" or _PROXYS & head.fields.keys():  # a proxy would bring it here again
        return gateway.problem(421, "other_host", method)
    public, path = urlsplit(site.public_url), urlsplit(head.target)
    target = f"{public.scheme}://{public.netloc}/{path.path.lstrip('/')}"
    target += f"?{path.query}" if path.query else ""
    with logged(method, 302):
        return Reply(302, [("Location", target), *strict(site).items()], b"")


def forwarded(peer: str, told: str) -> str:
    """Whom the proxy on this machine speaks for: the last one named, which it has added itself.

    Else all schools would share one count of failures.
    """
    last = told.rpartition(",")[2].strip()
    try:
        return str(ip_address(last)) if ip_address(peer).is_loopback else peer
    except ValueError:
        return peer


def _file(site: Site, gateway: Gateway, method: str, name: str, query: str) -> Reply:
    if method != "GET":
        return gateway.problem(405, "no_method", f"{method} /_files")
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
    data = server.data
    schedule = Schedule(server.site, backups_folder(data), owner_of_backups(data))
    schedule.start()
    asked.start()
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    server.finish_busy()
    asked.stop()
    schedule.stop()
