"""A command that breaks says one line with an id, and its whole trace lies where the line says."""

import re
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chalicelib.edges import embedded
from chalicelib.edges.table import ANYTHING, Put
from chalicelib.rules.texts import clock
from chalicelib.store import keys
from infra import migrations, samples
from infra.breaking import in_one_line
from tests import server
from tests.conftest import HERE, NEW, OLD

_ONE_LINE = re.compile(
    r"baocao: this broke and is no fault of yours "
    r"\((?P<what>\w+), id (?P<id>[0-9a-f]{12})\): the trace is in (?P<path>\S+)\n"
)


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """DATA with a period that nobody can read."""
    data = tmp_path / "data"
    site = embedded.open_site(data, HERE, clock.now)
    migrations.migrate(site.table, lambda _: None)
    samples.load_all(site)
    for p, k in ((NEW, "2026-Q4"), (OLD, "2021")):
        site.table.write(Put(keys.period(p, k), {"json": '{"key": 7}'}, ANYTHING))
    site.table.close()  # type: ignore[attr-defined]
    return data


@pytest.mark.guards(
    "a command that breaks says one line",
    "let through ✓",
    "an interrupt let through ✓",
    "mode 0644",
)
def test_what_nobody_foresaw_is_one_line_and_a_trace(damaged: Path) -> None:
    said = server.run("links", data=damaged, day=None, SAMPLES="no")
    assert (said.returncode, said.stdout) == (1, "")
    line = _ONE_LINE.fullmatch(said.stderr)
    assert line is not None, said.stderr
    assert line["what"] == "ValidationError"
    path = Path(line["path"])
    assert path == damaged / "log" / "commands.log"
    assert path.stat().st_mode & 0o777 == 0o600
    trace = path.read_text()
    assert f"{line['id']} links" in trace
    assert "Traceback (most recent call last)" in trace
    assert "infra/commands.py" in trace
    again = server.run("links", data=damaged, day=None, SAMPLES="no")
    other = _ONE_LINE.fullmatch(again.stderr)
    assert other is not None
    assert other["id"] != line["id"]
    assert path.read_text().startswith(trace)


def test_for_a_stage_the_trace_lies_among_what_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """DATA is not what the command works on, and need not be there."""

    def broken() -> int:
        raise LookupError("planted")

    monkeypatch.setenv("STAGE", "test")
    monkeypatch.setenv("DATA", str(tmp_path / "data"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert in_one_line(broken) == 1
    line = _ONE_LINE.fullmatch(capsys.readouterr().err)
    assert line is not None
    assert (line["what"], Path(line["path"]).parent) == ("LookupError", tmp_path)
    assert Path(line["path"]).stat().st_mode & 0o777 == 0o600
    assert "LookupError: planted" in Path(line["path"]).read_text()
    assert not (tmp_path / "data").exists()


@pytest.fixture
def heard() -> Iterator[None]:
    """A shell that starts tests in the background has SIGINT ignored by all that they start."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.guards("a command that breaks says one line")
@pytest.mark.usefixtures("heard")
def test_somebody_who_stops_a_command_reads_that_it_was_stopped(damaged: Path) -> None:
    """It waits for the database, which another one holds."""
    path = damaged / "baocao.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        process = subprocess.Popen(
            server.command("officer", "canbo@so.example", day=None),
            cwd=server.ROOT,
            env=server.environment(damaged, SAMPLES="no"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        until = time.monotonic() + 30
        while time.monotonic() < until and not _holds(process.pid, path):
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        other.execute("ROLLBACK")  # it hears of the signal when its waiting for a lock has ended
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "baocao: stopped\n")


def _holds(pid: int, path: Path) -> bool:
    """Whether the process has opened the file."""
    try:
        return any(one.resolve() == path for one in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False
