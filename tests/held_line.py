"""The processes of deployed functions, and a line between one and AWS that a test can cut."""

import http.client
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.deployed import Deployed

_SERVICES = ("AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3")


class Line:
    """Passes calls on and knows their names; does what it is armed with at one of them."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.done = threading.Event()
        self._lock = threading.Lock()
        self._at: tuple[str, str] | None = None
        self._act: Callable[[], None] = lambda: None

    def arm(self, name: str, when: str, act: Callable[[], None]) -> None:
        """At the next call of this name, "before" it comes to AWS or "after" it is done there."""
        with self._lock:
            self.made, self._at, self._act = [], (name, when), act
            self.done.clear()

    def watch(self) -> None:
        self.arm("", "never", lambda: None)

    def cuts(self, name: str, when: str) -> bool:
        with self._lock:
            if when == "before":
                self.made.append(name)
            if self._at not in ((name, when), ("any", when)):
                return False
            self._at = None
        self._act()
        self.done.set()
        return True


def _handler(line: Line, port: int) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Nothing: the test tells what went wrong."""

        def pass_on(self) -> None:
            self.close_connection = True
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            target = self.headers.get("X-Amz-Target", "").partition(".")[2]
            name = target or f"{self.command} {self.path.rpartition('.')[2]}"
            if line.cuts(name, "before"):
                return
            answer, content = self._forwarded(body)
            if line.cuts(name, "after"):
                return
            self.send_response(answer.status)
            for name, text in answer.getheaders():
                if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                    self.send_header(name, text)
            length = answer.getheader("Content-Length", "0")
            self.send_header("Content-Length", length if self.command == "HEAD" else len(content))  # type: ignore[arg-type]
            self.end_headers()
            self.wfile.write(content)

        def _forwarded(self, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
            onward = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            with suppress(BrokenPipeError):
                onward.request(self.command, self.path, body, dict(self.headers.items()))
            answer = onward.getresponse()
            try:
                return answer, answer.read()
            finally:
                onward.close()

        do_GET = do_HEAD = do_POST = do_PUT = pass_on  # noqa: N815 - http.server's own names

    return Handler


@contextmanager
def held(stage: Deployed, function: str) -> Iterator[Line]:
    """A function of an open stage, its table and files reached through a line of ours."""
    line = Line()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(line, stage.emulated.port)) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        client, name = stage.client("lambda"), stage.there[function]
        told = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        ours = dict.fromkeys(_SERVICES, f"http://127.0.0.1:{server.server_port}")
        client.update_function_configuration(
            FunctionName=name, Environment={"Variables": told | ours}
        )
        try:
            yield line
        finally:
            client.update_function_configuration(FunctionName=name, Environment={"Variables": told})
            server.shutdown()


def kill(stage: Deployed, function: str) -> int:
    """kill -9 every process of this function. How many there were."""
    pids = processes(stage, function)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    return len(pids)


def processes(stage: Deployed, function: str) -> list[int]:
    """Of this stage's emulator only: another one's function may have the same name."""
    mark = f"ministack-lambda-{stage.there[function]}-".encode()
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and mark in (entry / "cmdline").read_bytes():
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
                if int(parent) == stage.emulated.pid:
                    found.append(int(entry.name))
    return found


def credentials(stage: Deployed, function: str) -> dict[str, str]:
    """Those that the function's role has given to its process."""
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    (pid, *_) = processes(stage, function)
    entries = (Path("/proc") / str(pid) / "environ").read_bytes().decode().split("\0")
    given = dict(entry.split("=", 1) for entry in entries if "=" in entry)
    return {name.lower(): given[name] for name in names}
