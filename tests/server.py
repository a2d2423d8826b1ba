"""The product in a process of its own: started, stopped, killed, and visited over HTTP."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any
from urllib.parse import urlsplit

from infra.gateway import Reply
from infra.visitor import Forms, Visitor
from infra.wire import IDLE_SECONDS
from tests.filling import all_nil

ROOT = Path(__file__).resolve().parents[1]
SPRING_2021 = datetime(2021, 3, 1, 3, 0, tzinfo=UTC)  # two periods have begun: 2021-H1 and 2021
_PATIENCE = 30

# The same command as `python -m infra`, on a day of our choice.
_ON_A_DAY = """
import sys, time
from datetime import datetime, timedelta
from chalicelib.rules.texts import clock
began, day = time.monotonic(), datetime.fromisoformat(sys.argv.pop(1))
clock.now = lambda: day + timedelta(seconds=time.monotonic() - began)
from infra.commands import main
from tests.filling import all_nil
sys.exit(main())
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(*arguments: str, day: datetime | None = SPRING_2021) -> list[str]:
    if day is None:
        return [sys.executable, "-m", "infra", *arguments]
    return [sys.executable, "-c", _ON_A_DAY, day.isoformat(), *arguments]


def environment(data: Path, port: int = 8000, **more: str) -> dict[str, str]:
    ours = ("DATA", "PORT", "HOST", "PUBLIC_URL", "LOG")
    kept = {name: content for name, content in os.environ.items() if name not in ours}
    given = {"DATA": str(data), "PORT": str(port), "LOG": "ERROR", "PYTHONPATH": str(ROOT)}
    return kept | given | more


def run(
    *arguments: str,
    data: Path,
    port: int = 8000,
    day: datetime | None = SPRING_2021,
    before: tuple[str, ...] = (),
    patience: float = _PATIENCE,
    **more: str,
) -> subprocess.CompletedProcess[str]:
    """One command to its end; `before` is the command that starts it."""
    return subprocess.run(
        [*before, *command(*arguments, day=day)],
        cwd=ROOT,
        env=environment(data, port, **more),
        capture_output=True,
        text=True,
        timeout=patience,
        check=False,
    )


class Server:
    """`infra run` on a free port; ready when it has printed where to click."""

    def __init__(
        self, data: Path, port: int = 0, day: datetime | None = SPRING_2021, **more: str
    ) -> None:
        self.data = data
        self.port = port or free_port()
        self.day = day
        self.more = more
        self.lines: list[str] = []
        self._gateways: list[HttpGateway] = []
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            command("run", day=self.day),
            cwd=ROOT,
            env=environment(self.data, self.port, **self.more),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines = []
        self.errors = ""
        impatient = threading.Timer(_PATIENCE, self._process.kill)
        impatient.start()
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.startswith("outbox "):
                break
        impatient.cancel()
        if len(self.lines) < 4:
            self.kill()
            raise AssertionError(f"the server did not start: {self.errors}")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self._process.pid

    def link(self, name: str) -> str:
        """The path of the printed link."""
        return urlsplit(dict(line.split(" ", 1) for line in self.lines)[name]).path

    @property
    def mails(self) -> int:
        """How many have gone out."""
        return len(list((self.data / "outbox").glob("*.eml")))

    def mailed(self, count: int) -> None:
        """Wait until so many mails have gone out: they do after the answer."""
        end = time.monotonic() + _PATIENCE
        while self.mails < count:
            assert time.monotonic() < end, f"{count} mails did not go out"
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """The exit code. What was printed besides is kept in `lines` and `errors`."""
        if self._process.poll() is None:
            self._process.send_signal(how)
        out, self.errors = self._process.communicate(timeout=_PATIENCE)
        for gateway in self._gateways:
            gateway.close()
        self.lines += out.splitlines()
        return self._process.returncode

    def kill(self) -> int:
        """kill -9."""
        return self.stop(signal.SIGKILL)

    def gateway(self) -> "HttpGateway":
        opened = HttpGateway(self.port)
        self._gateways.append(opened)
        return opened

    def visitor(self) -> Visitor:
        """A new browser: its own connection and cookies."""
        module: Any = SimpleNamespace(site=lambda: SimpleNamespace(public_url=self.url))
        gateway: Any = self.gateway()
        return Visitor(module, gateway)

    def __enter__(self) -> "Server":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()


class HttpGateway:
    """Answers as the gateway in process does, over one kept-alive HTTP connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
        self._used = time.monotonic()

    def call(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        _: str = "",
    ) -> Reply:
        given = dict(headers)
        if time.monotonic() - self._used > IDLE_SECONDS / 2:
            self._connection.close()  # as a browser: the server may hang up at any moment
        try:
            self._connection.request(method, path, body or None, given)
            answer = self._connection.getresponse()
            return Reply(answer.status, answer.getheaders(), answer.read())
        except BaseException:
            self._connection.close()
            raise
        finally:
            self._used = time.monotonic()

    def close(self) -> None:
        self._connection.close()


def enter(server: Server, link: str) -> Visitor:
    """A browser that has opened a unit's link."""
    visitor = server.visitor()
    visitor.follow(visitor.submit(visitor.get(link), link))
    return visitor


def to_the_check_page(visitor: Visitor, period: str, **typed: str) -> Reply:
    """Some fields typed, what is still empty marked as nil: ready to send."""
    page = visitor.get(f"/report/{period}")
    check = visitor.follow(visitor.submit(page, period, do="check", **typed))
    return all_nil(visitor, check)


def the_sending(check: Reply, **more: str) -> tuple[str, dict[str, str]]:
    """Where the check page sends the report, and all that it sends."""
    by = {
        "by.name": "Người lập",
        "by.post": "Văn thư",
        "by.phone": "0270 000 0000",
        "approved": "1",
    }
    forms = Forms(check.body.decode()).forms
    where, given = next(one for one in forms if one[0].endswith("/send"))
    return where, given | by | more


def links(server: Server) -> dict[str, str]:
    """Unit -> the path of its link."""
    printed = run("links", data=server.data, port=server.port, day=server.day)
    assert printed.returncode == 0, printed.stderr
    pairs = (line.split(" ") for line in printed.stdout.splitlines())
    return {unit: urlsplit(url).path for unit, url in pairs}
