"""A function as Lambda runs it: Lambda's own client over the unzipped package, its Runtime API."""

import contextlib
import json
import os
import queue
import subprocess
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

from chalicelib.rules.texts import clock
from infra.browser import ROOT

PYTHON = ROOT / ".venv-lambda" / "bin" / "python"
REGION = "ap-southeast-1"
LARGEST = 6 * 1024 * 1024  # bytes that Lambda takes as an answer
_API = "/2018-06-01/runtime"
_NAME = f"arn:aws:lambda:{REGION}:000000000000:function:baocao"
_PATIENCE = 60  # seconds; API Gateway waits 29, but not for a machine that does five things at once


class NoRuntime(Exception):
    """Its environment was not built on this machine."""


class Failed(Exception):
    """What the function told Lambda instead of an answer, or that it ended without one."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What the client posted: to which of its addresses, and what."""

    where: str
    body: bytes


class _Api(ThreadingHTTPServer):
    """https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html, for one function."""

    daemon_threads = True

    def __init__(self) -> None:
        self.events: queue.SimpleQueue[tuple[str, bytes] | None] = queue.SimpleQueue()
        self.told: queue.SimpleQueue[_Told] = queue.SimpleQueue()
        super().__init__(("127.0.0.1", 0), _Asked)


class _Asked(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body in one write: apart, each call would wait 40 ms for the other

    @property
    def _api(self) -> _Api:
        return cast(_Api, self.server)

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # the function was ended while it waited
            super().handle()

    def do_GET(self) -> None:
        event = self._api.events.get() if self.path == f"{_API}/invocation/next" else None
        if event is None:  # nothing will come any more, or nothing that there is
            self.close_connection = True
            return
        identity, body = event
        self._answer(
            200,
            body,
            {
                "Content-Type": "application/json",
                "Lambda-Runtime-Aws-Request-Id": identity,
                "Lambda-Runtime-Deadline-Ms": f"{clock.now().timestamp() * 1000 + 29_000:.0f}",
                "Lambda-Runtime-Invoked-Function-Arn": _NAME,
                "Lambda-Runtime-Trace-Id": "Root=1-00000000-000000000000000000000000;Sampled=0",
            },
        )

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(202, b'{"status":"OK"}', {"Content-Type": "application/json"})
        self.wfile.flush()
        self._api.told.put(_Told(self.path.removeprefix(f"{_API}/"), body))

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, content in headers.items():
            self.send_header(name, content)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """What the function says stands in its own log."""


class Function:
    """A started function; `running` makes one. One event at a time, as on Lambda."""

    def __init__(self, api: _Api, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self._api = api
        self._process = process
        self._log = log
        self._asked = 0
        self.seconds = 0.0  # CPU, user and system, from its start to its end: known after that

    def invoke(self, event: object) -> Any:
        """Raises Failed."""
        self._asked += 1
        identity = f"00000000-0000-4000-8000-{self._asked:012}"
        self._api.events.put((identity, json.dumps(event).encode()))
        told = self._wait()
        if told.where != f"invocation/{identity}/response":
            raise Failed(f"{told.where}: {told.body.decode()}")
        if len(told.body) > LARGEST:
            raise Failed(f"an answer of {len(told.body):,} bytes; Lambda takes {LARGEST:,}")
        return json.loads(told.body)

    def said(self) -> str:
        """What it has written so far: on Lambda it stands in CloudWatch."""
        return self._log.read_text("utf-8")

    def _wait(self) -> _Told:
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            with contextlib.suppress(queue.Empty):
                return self._api.told.get(timeout=0.2)
            if self._process.poll() is not None and self._api.told.empty():
                raise Failed(f"it ended with {self._process.returncode}: {self.said()[-2000:]}")
        raise Failed(f"no answer within {_PATIENCE} seconds: {self.said()[-2000:]}")

    def end(self) -> None:
        if self._process.returncode is not None:
            return
        self._process.kill()
        _, status, used = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self.seconds = used.ru_utime + used.ru_stime


def unzip(package: Path, folder: Path, *, compiled: bool = True) -> None:
    """The package as it lies on Lambda: nobody can write there, so no .pyc is ever added."""
    with zipfile.ZipFile(package) as archive:
        names = [name for name in archive.namelist() if compiled or not name.endswith(".pyc")]
        archive.extractall(folder, names)


def close(folder: Path) -> None:
    """From here on read-only, for root too (`_command`)."""
    for path in [*folder.rglob("*"), folder]:
        path.chmod(0o555 if path.is_dir() else 0o444)


def environment(settings: Mapping[str, str], name: str, handler: str) -> dict[str, str]:
    """What Lambda gives a function, and its settings; of this machine only where programs are."""
    return {
        "PATH": os.environ["PATH"],
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PYTHONPATH": "",
        "_HANDLER": handler,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.11",
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/23/[$LATEST]0",
        **settings,
    }


def _command(handler: str) -> list[str]:
    command = [str(PYTHON), "-m", "awslambdaric", handler]
    if os.geteuid():
        return command
    return ["setpriv", "--bounding-set", "-dac_override", "--", *command]  # root writes anywhere


@contextlib.contextmanager
def running(
    folder: Path, handler: str, settings: Mapping[str, str], log: Path
) -> Iterator[Function]:
    """The function `handler` of the unzipped package in `folder`. Raises NoRuntime."""
    if not PYTHON.exists():
        raise NoRuntime("no runtime of Lambda here: python3 infra/bootstrap.py --lambda")
    api = _Api()
    threading.Thread(target=api.serve_forever, daemon=True).start()
    given = environment(settings, handler.partition(".")[2], handler)
    given["AWS_LAMBDA_RUNTIME_API"] = f"127.0.0.1:{api.server_port}"
    try:
        with log.open("wb") as said:
            process = subprocess.Popen(
                _command(handler), cwd=folder, env=given, stdout=said, stderr=said
            )
        function = Function(api, process, log)
        try:
            yield function
        finally:
            function.end()
    finally:
        api.events.put(None)
        api.shutdown()
        api.server_close()
