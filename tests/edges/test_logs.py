"""The log: one line of JSON for whatever happens, its id on the error page, read by make logs."""

import io
import json
import logging
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import app
from chalicelib.edges import logs
from chalicelib.edges.ports import Site
from chalicelib.edges.table import Busy
from chalicelib.jobs import summarise
from chalicelib.store import programmes
from infra import logs as kept_logs
from infra.visitor import Visitor
from tests.server import ROOT, Server, enter, environment, run

TOKEN = "aB3_-xYz0123456789aB3_-xYz0"  # noqa: S105 - as long as a unit's link
REQUEST = {
    "at",
    "level",
    "event",
    "id",
    "route",
    "role",
    "status",
    "ms",
    "calls",
    "reads",
    "writes",
}


@pytest.fixture
def logged() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What the product has logged since: each line read as JSON."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logs.Lines())
    logger = logging.getLogger("baocao")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    logger.removeHandler(handler)
    logger.setLevel(before)


# A line.


def record(*arguments: Any, name: str = "baocao", **more: Any) -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, "x.py", 1, *arguments, **more)


def caught(error: BaseException, cause: BaseException | None = None) -> Any:
    try:
        raise error from cause
    except BaseException as raised:
        return type(raised), raised, raised.__traceback__


@pytest.mark.guards("no values", "texts as they come", "a library's values filled in: each ✓")
@pytest.mark.parametrize(
    "said",
    [
        f"no page /u/{TOKEN}/more",
        "no page /s/short",
        f"https://baocao.example/api/u/{TOKEN}?a=b",
        f"cookie: __Host-unit={TOKEN}aaaaaaaaaaaaaaaa; Path=/",
        f"csrf={TOKEN}",
        "code 123456 is wrong",
        "mail to giamdoc@vinhlong.example failed",
        "invalid literal for int() with base 10: '0912 Nguyễn Thị Định'",
        'not "Nguyễn Thị Định"',
        "first line\nNguyễn Thị Định",
    ],
)
def test_the_text_of_an_error_loses_what_was_typed_or_sent(said: str) -> None:
    line = logs.Lines().format(record("request", (), caught(ValueError(said))))
    for secret in (TOKEN, "short", "123456", "giamdoc", "0912", "Nguy"):
        assert secret not in line
        assert json.dumps(secret)[1:-1] not in line
    assert json.loads(line)["error"].startswith("ValueError: ")


def test_a_text_keeps_what_helps() -> None:
    assert logs.without_secrets("no such column: body") == "no such column: body"
    assert logs.without_secrets("missing 'tries' in 2026-Q4") == "missing 'tries' in 2026-Q4"


@pytest.mark.guards("every line is JSON, a failure is one", "Python's own traceback ✓ (the first)")
def test_a_trace_names_files_and_calls_without_locals_or_source() -> None:
    password = TOKEN
    cause = caught(KeyError(password))[1]
    line = logs.Lines().format(record("request", (), caught(RuntimeError("broken"), cause)))
    assert "\n" not in line
    assert TOKEN not in line
    told = json.loads(line)
    assert told["error"] == "RuntimeError: broken"
    assert [re.sub(r"\d+", "n", one) for one in told["trace"]] == [
        "tests/edges/test_logs.py:n caught",
        "caused by KeyError: '***'",
        "tests/edges/test_logs.py:n caught",
    ]
    assert str(ROOT) not in line


def test_an_endless_recursion_is_one_short_line() -> None:
    def deeper() -> None:
        deeper()

    try:
        deeper()
    except RecursionError as error:
        line = logs.Lines().format(record("request", (), (type(error), error, error.__traceback__)))
    assert len(line) < 4_000


@pytest.mark.guards("no values")
def test_a_librarys_line_keeps_its_words_without_its_values() -> None:
    line = logs.Lines().format(
        record("Caught exception for path %s", (f"/u/{TOKEN}",), None, name="chalice")
    )
    told = json.loads(line)
    assert told["text"] == "Caught exception for path %s"
    assert told["from"] == "chalice"


@pytest.mark.parametrize("value", ["a\nb", "\u2028", "\ud800", "\x00\x1b[31m", Path("/x"), {1: 2}])
def test_whatever_is_said_stays_one_line_of_ascii(value: Any) -> None:
    given = record("event", (), None)
    given.fields = {"value": value}
    line = logs.Lines().format(given)
    assert line.isascii()
    assert len(line.splitlines()) == 1
    assert not re.search(r"[\x00-\x1f]", line)
    assert json.loads(line)["event"] == "event"


# A request.


@pytest.mark.guards(
    "one line a request, with its cost",
    "no calls counted ✓ (the first)",
    "a moved address without a line ✓ (the second)",
)
def test_every_request_is_one_line_with_what_it_cost(
    as_unit: Callable[..., Visitor], logged: Callable[[], list[dict[str, Any]]]
) -> None:
    browser = as_unit("T01")
    before = len(logged())
    browser.get("/report/2026-Q4")
    (line,) = logged()[before:]
    assert line.keys() == REQUEST
    assert line["route"] == "GET /report/{period}"
    assert (line["role"], line["status"], line["level"]) == ("unit", 200, "INFO")
    assert line["calls"] >= 5
    assert line["reads"] >= line["calls"]
    assert line["writes"] == 0
    assert re.fullmatch(r"[0-9a-f]{12}", line["id"])


@pytest.mark.guards(
    "refused ones too, without their path", "the path as the route", "413 outside the line: each ✓"
)
def test_what_the_gateway_refuses_is_one_line_without_its_path(
    visitor: Callable[[], Visitor], logged: Callable[[], list[dict[str, Any]]]
) -> None:
    browser = visitor()
    browser.get(f"/nothing/{TOKEN}")
    browser._call("PUT", f"/u/{TOKEN}")
    browser._call("POST", f"/u/{TOKEN}", {"content-type": "text/plain"}, b"a")
    browser.post(f"/u/{TOKEN}", {"a": "b" * 1_000_001})
    lines = logged()
    assert [(line["route"], line["status"]) for line in lines] == [
        ("GET", 404),
        ("PUT /u/{token}", 405),
        ("POST /u/{token}", 415),
        ("POST /u/{token}", 413),
    ]
    assert all(line.keys() == REQUEST for line in lines)
    assert TOKEN not in json.dumps(lines)


@pytest.mark.guards("the page's id stands in the log", "another id on the page ✓")
@pytest.mark.parametrize(
    ("error", "status"), [(RuntimeError(f"/u/{TOKEN}"), 500), (Busy("b"), 503)]
)
def test_the_error_page_shows_the_id_that_stands_in_the_log(
    as_staff: Callable[..., Visitor],
    logged: Callable[[], list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
) -> None:
    browser = as_staff()
    before = len(logged())

    def broken(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(programmes, "programmes", broken)
    page = browser.get("/desk")
    (line,) = logged()[before:]
    assert (page.status, line["status"]) == (status, status)
    assert line["id"] in page.body.decode()
    assert line["error"].startswith(f"{type(error).__name__}: ")
    assert line["trace"][-1].startswith("tests/edges/test_logs.py:")
    assert TOKEN not in json.dumps(line)


XRAY = "Root=1-67891233-abcdef012345678912345678"


def on_lambda(headers: dict[str, str]) -> tuple[dict[str, Any], Any]:
    """An event as API Gateway sends it, and its context."""
    event = {
        "requestContext": {
            "httpMethod": "GET",
            "resourcePath": "/desk",
            "path": "/api/desk",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "identity": {"sourceIp": "192.0.2.1"},
        },
        "headers": headers,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
    }
    return event, SimpleNamespace(aws_request_id="x")


@pytest.mark.parametrize(
    ("given", "logged_as"),
    [
        (f"{XRAY};Sampled=1", XRAY),
        (TOKEN, None),
    ],
)  # fmt: skip
def test_on_lambda_the_id_is_api_gateways_own(
    site: Site, logged: Callable[[], list[dict[str, Any]]], given: str, logged_as: str | None
) -> None:
    app.use(site)
    app.app(*on_lambda({"X-Amzn-Trace-Id": given}))
    (line,) = logged()
    assert line["id"] == "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
    assert line.get("xray") == logged_as
    assert line["status"] == 401


@pytest.mark.guards("every line is JSON, a failure is one")
def test_on_lambda_every_line_is_json_too(tmp_path: Path) -> None:
    """The runtime has put a handler of its own on the root logger before the app is read."""
    source = """
import logging, sys
logging.getLogger().addHandler(logging.StreamHandler(sys.stderr))
import app
from tests.edges.test_logs import on_lambda
app.app(*on_lambda({}))
logging.getLogger("botocore").warning("retrying %s", "/u/token")
logging.getLogger("botocore").debug("headers")
"""
    more = {"AWS_LAMBDA_FUNCTION_NAME": "baocao", "LOG": "DEBUG"}
    done = subprocess.run(
        [sys.executable, "-c", source], env=environment(tmp_path / "data", **more), cwd=ROOT,
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["request", "library"]
    assert lines[1]["text"] == "retrying %s"
    assert done.stdout == ""


# The scheduled runs.


@pytest.mark.guards("runs say what they did", "a period's line without the run's id ✓")
def test_a_run_says_what_it_did_with_each_period_and_what_that_cost(
    site: Site, logged: Callable[[], list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    summarise.run(site, everything=False)
    summarise.run(site, everything=False)
    *periods, whole = logged()[: len(logged()) // 2]
    assert periods
    assert {line["result"] for line in periods} == {"written"}
    assert whole["event"] == "run"
    assert (whole["written"], whole["unchanged"], whole["failed"]) == (len(periods), 0, 0)
    assert {line["id"] for line in (*periods, whole)} == {whole["id"]}
    for line in (*periods, whole):
        assert line.keys() >= {"ms", "calls", "reads", "writes"}
        assert line["writes"] > 0
    assert whole["calls"] > sum(line["calls"] for line in periods)
    assert logged()[-1]["unchanged"] == len(periods)

    def broken(*_: Any) -> Any:
        raise RuntimeError("a fault")

    monkeypatch.setattr(summarise, "_attempt", broken)
    with pytest.raises(summarise.Failed):
        summarise.run(site, everything=False)
    assert logged()[-2]["error"] == "RuntimeError: a fault"
    assert logged()[-2]["result"] == "failed"
    assert (logged()[-1]["failed"], logged()[-1]["level"]) == (len(periods), "ERROR")


# One machine.


def written(data: Path) -> list[dict[str, Any]]:
    text = (data / "log" / "baocao.log").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.guards("`make logs` finds it", "a filter left out")
def test_the_server_keeps_its_log_and_make_logs_shows_it(tmp_path: Path) -> None:
    with Server(tmp_path / "data", LOG="INFO") as server:
        enter(server, server.link("unit")).get("/report/2021-H1")
        server.gateway().call("GET", f"/nothing/{TOKEN}", {})
        server.gateway().call("HEAD", "/", {})
        server.gateway().call("POST", "/", {"transfer-encoding": "chunked"}, b"")
        assert server.stop() == 0
    lines = written(server.data)
    assert [json.loads(line) for line in server.errors.splitlines()] == lines
    assert (server.data / "log" / "baocao.log").stat().st_mode & 0o077 == 0
    requests = [line for line in lines if line["event"] == "request"]
    assert [(one["route"], one["status"]) for one in requests[-6:]] == [
        ("POST /u/{token}", 303),
        ("GET /report", 200),
        ("GET /report/{period}", 200),
        ("GET", 404),
        ("GET /", 200),
        ("", 400),  # what is no request names no way
    ]
    shown = run("logs", data=server.data)
    assert shown.returncode == 0
    assert shown.stderr == ""
    rows = shown.stdout.splitlines()
    assert re.match(r"time \(Viet Nam\) +status +ms +calls +r/w +role +what +id", rows[0])
    assert len(rows) == 1 + len(lines)
    for row, line in zip(rows[1:], lines, strict=True):
        assert row.endswith(line.get("id", ""))
    only = run("logs", "--id", requests[-2]["id"], data=server.data).stdout.splitlines()
    assert len(only) == 2
    assert "GET /" in only[1]
    four = run("logs", "--status", "4", data=server.data).stdout.splitlines()
    assert [re.search(r" (4\d\d) ", row)[1] for row in four[1:]] == ["404", "400"]  # type: ignore[index]
    last = run("logs", "--last", "1", data=server.data).stdout.splitlines()
    assert last[1:] == rows[-1:]


def test_a_failure_is_shown_with_where_it_broke() -> None:
    line = {
        "at": "2026-11-23T03:00:00.123+00:00", "level": "ERROR", "event": "request", "id": "ab12",
        "route": "GET /desk", "role": "director", "status": 500, "ms": 12.5, "calls": 3,
        "reads": 4, "writes": 2, "error": "RuntimeError: broken", "trace": ["app.py:1 view"],
    }  # fmt: skip
    row, *below = kept_logs.as_rows(line).splitlines()
    assert row.split() == [
        "23/11", "10:00:00.123", "500", "12.5", "3", "4/2", "director", "GET", "/desk", "ab12",
    ]  # fmt: skip
    assert below == ["    RuntimeError: broken", "    app.py:1 view"]


def test_standard_input_is_read_too_and_strange_lines_left_out(tmp_path: Path) -> None:
    """`aws logs tail … --format short | make logs STDIN=1`."""
    given = (
        'START RequestId: 1\n2026-11-23T03:00:00 {"event": "request", "id": "ab", "status": 200}\n'
        '{"event": \n[]\n{"other": 1}\n{"event": "run", "id": "cd", "written": 3}\n'
    )
    done = subprocess.run(
        [sys.executable, "-m", "infra", "logs", "--stdin"], env=environment(tmp_path / "none"),
        cwd=ROOT, input=given, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    rows = done.stdout.splitlines()
    assert len(rows) == 3
    assert "run written=3" in rows[2]


def test_without_a_log_it_is_said_in_one_line(tmp_path: Path) -> None:
    done = run("logs", data=tmp_path / "none")
    assert done.returncode == 1
    assert done.stderr.startswith("baocao: ")
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "none").exists()


@pytest.mark.guards("bounded, and read over its files", "no largest size ✓ (the first)")
def test_the_log_is_bounded_and_read_over_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_logs, "_LARGEST", 2_000)
    keeper = kept_logs.keeper(tmp_path)
    keeper.setFormatter(logs.Lines())
    for number in range(200):
        one = record("request", (), None)
        one.fields = {"number": number}
        keeper.emit(one)
    keeper.close()
    sizes = [path.stat().st_size for path in (tmp_path / "log").iterdir()]
    assert len(sizes) == 5
    assert max(sizes) <= 2_000
    told = [json.loads(line)["number"] for line in kept_logs.kept(tmp_path, follow=False) if line]
    assert told == list(range(told[0], 200))


@pytest.mark.guards("bounded, and read over its files")
def test_following_goes_on_through_a_new_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_logs, "_PAUSE", 0.01)
    path = tmp_path / "log" / "baocao.log"
    path.parent.mkdir()
    path.write_text("one\nhal")
    kept = kept_logs.kept(tmp_path, follow=True)
    lines = (line for line in kept if line is not None)
    assert next(lines) == "one\n"
    with path.open("a") as file:
        file.write("f\n")
    assert next(lines) == "half\n"
    path.rename(path.with_name("baocao.log.1"))
    path.write_text("new\n")
    assert next(lines) == "new\n"
    kept.close()  # type: ignore[attr-defined]


@pytest.mark.guards("every line is JSON, a failure is one")
def test_a_failed_thread_is_one_line_of_json(tmp_path: Path) -> None:
    source = """
import threading
from chalicelib.edges import logs
logs.begin("INFO")
def fail(): raise ValueError("a fault")
thread = threading.Thread(target=fail); thread.start(); thread.join()
"""
    done = subprocess.run(
        [sys.executable, "-c", source], env=environment(tmp_path), cwd=ROOT,
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    (line,) = done.stderr.splitlines()
    assert json.loads(line)["error"] == "ValueError: a fault"
