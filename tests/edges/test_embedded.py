"""The edges on one machine: the contract, and what only a folder promises or can suffer."""

import errno
import hashlib
import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import pytest

from chalicelib.edges import embedded
from chalicelib.edges.embedded import FolderFiles, OutboxMail, SqliteTable, Unusable, sqlite
from chalicelib.edges.ports import Files, NotSent, Site
from chalicelib.edges.table import NOTHING, Busy, Conflict, Key, Put
from tests import contract
from tests.contract import NOW

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def table(tmp_path: Path) -> Iterator[SqliteTable]:
    opened = SqliteTable(tmp_path / "baocao.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def files(tmp_path: Path) -> FolderFiles:
    return FolderFiles(tmp_path / "files", lambda: b"k" * 32, "http://127.0.0.1:8000")


@pytest.fixture
def fetch(files: FolderFiles) -> Callable[[str], tuple[bytes, str]]:
    def fetched(link: str) -> tuple[bytes, str]:
        found = opened(files, link, NOW)
        assert found is not None
        return found

    return fetched


@pytest.fixture
def mail(tmp_path: Path) -> OutboxMail:
    return OutboxMail(tmp_path / "outbox", embedded.SENDER)


@pytest.fixture
def sent(tmp_path: Path) -> Callable[[], list[EmailMessage]]:
    def read() -> list[EmailMessage]:
        parser = BytesParser(policy=policy.default)
        paths = sorted((tmp_path / "outbox").glob("*"))
        return [parser.parsebytes(path.read_bytes()) for path in paths]  # type: ignore[misc]

    return read


class TestTable(contract.TableContract): ...


class TestTableRaces(contract.TableRaces): ...


class TestFiles(contract.FilesContract): ...


class TestMail(contract.MailContract): ...


def opened(files: FolderFiles, link: str, now: datetime) -> tuple[bytes, str] | None:
    split = urlsplit(link)
    return files.opened(unquote(split.path.removeprefix("/_files/")), split.query, now)


def changed(link: str, **fields: str) -> str:
    split = urlsplit(link)
    return split._replace(query=urlencode(dict(parse_qsl(split.query)) | fields)).geturl()


def open_site(data: Path) -> Site:
    return embedded.open_site(data, "http://127.0.0.1:8000", lambda: NOW)


def prints(folder: Path) -> dict[str, str]:
    """Every file below the folder and what it holds."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def filled(data: Path, items: int = 400) -> Path:
    """An installation with some pages in its database, closed."""
    table = open_site(data).table
    contract.put_many(table, (Key("P", f"{n:05}") for n in range(items)), text="nội dung " * 20)
    table.close()
    return data / "baocao.sqlite3"


def refused(data: Path) -> str:
    """The line said on opening; whatever DATA holds must stand as it stood."""
    before = prints(data)
    with pytest.raises(Unusable) as unusable:
        open_site(data)
    assert prints(data) == before
    line = str(unusable.value)
    assert line.splitlines() == [line]
    return line


def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    filled(tmp_path)
    with_sqlite = SqliteTable(tmp_path / "baocao.sqlite3")
    assert len(list(with_sqlite.query("P"))) == 400
    with_sqlite.close()


@pytest.mark.guards("acknowledged is kept", "`synchronous` other than FULL ✓ (the second)")
def test_what_was_acknowledged_outlives_kill_9(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path;"
        "from chalicelib.edges.embedded import SqliteTable;"
        "from chalicelib.edges.table import Key, Put;"
        "table = SqliteTable(Path(sys.argv[1]));"
        "[table.write(Put(Key('P', f'{n:03}'), {'n': n}, 0)) for n in range(50)];"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    path = tmp_path / "baocao.sqlite3"
    killed = subprocess.run(
        [sys.executable, "-c", script, str(path)], cwd=ROOT, check=False, timeout=30
    )
    assert killed.returncode == -9
    again = SqliteTable(path)
    assert [item.body["n"] for item in again.query("P")] == list(range(50))
    again.close()


@pytest.mark.guards("acknowledged is kept")
def test_the_disk_has_a_write_before_the_writer_goes_on(table: SqliteTable) -> None:
    with table._connection() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


@pytest.mark.guards("summaries stay quick on SQLite", "the size left to SQLite ✓ (the first)")
def test_a_new_file_has_leaves_that_hold_a_head(table: SqliteTable) -> None:
    with table._connection() as connection:
        assert connection.execute("PRAGMA page_size").fetchone()[0] == 8_192


@pytest.mark.guards("summaries stay quick on SQLite")
def test_a_file_of_other_leaves_is_used_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA page_size = 4096")
        connection.execute("PRAGMA journal_mode = WAL")
    table = SqliteTable(path)
    table.write(Put(Key("P", "S"), {"n": "Đã làm" * 2_000}, NOTHING))
    assert [item.body["n"] for item in table.query("P")] == ["Đã làm" * 2_000]
    table.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA page_size").fetchone()[0] == 4_096


def test_two_processes_share_one_table(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path;"
        "from chalicelib.edges.embedded import SqliteTable;"
        "from chalicelib.edges.table import Conflict, Key, Put\n"
        "table = SqliteTable(Path(sys.argv[1])); left = 60\n"
        "while left:\n"
        "    item = table.get(Key('P', 'n')); n = item.version if item else 0\n"
        "    try:\n"
        "        table.write(Put(Key('P', 'n'), {'n': n + 1}, n)); left -= 1\n"
        "    except Conflict:\n"
        "        pass\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "baocao.sqlite3")]
    workers = [subprocess.Popen(command, cwd=ROOT) for _ in range(3)]
    assert [worker.wait(30) for worker in workers] == [0, 0, 0]
    table = SqliteTable(tmp_path / "baocao.sqlite3")
    item = table.get(Key("P", "n"))
    assert item is not None
    assert item.body["n"] == 180
    table.close()


def test_installations_opened_at_one_moment_agree_on_one_key(tmp_path: Path) -> None:
    """`make run`, `make links` and `make summarise` may all be the first."""
    script = (
        "import sys, time; from pathlib import Path; from chalicelib.edges import embedded\n"
        "for turn in range(30):\n"
        "    while time.time() < float(sys.argv[2]) + turn * 0.03:\n"
        "        pass\n"
        "    site = embedded.open_site(Path(sys.argv[1]) / str(turn), 'http://x', lambda: None)\n"
        "    print(site.key.hex())\n"
        "    site.table.close()\n"
    )
    begin = str(time.time() + 0.8)
    command = [sys.executable, "-c", script, str(tmp_path), begin]
    workers = [
        subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(6)
    ]
    said = [worker.communicate(timeout=60) for worker in workers]
    assert [errors.splitlines()[-1:] for _, errors in said] == [[]] * 6
    assert len({printed for printed, _ in said}) == 1
    assert len(set(said[0][0].split())) == 30


def test_a_writer_that_waits_too_long_is_told_the_table_is_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_BUSY_MS", 50)
    table = SqliteTable(tmp_path / "baocao.sqlite3")
    other = sqlite3.connect(tmp_path / "baocao.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Busy):
        table.write(Put(Key("P", "s"), {}, NOTHING))
    other.execute("ROLLBACK")
    other.close()
    table.write(Put(Key("P", "s"), {}, NOTHING))
    assert table.get(Key("P", "s")) is not None
    table.close()


def test_a_writer_waits_for_a_short_one(table: SqliteTable, tmp_path: Path) -> None:
    other = sqlite3.connect(
        tmp_path / "baocao.sqlite3", isolation_level=None, check_same_thread=False
    )
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.3, other.execute, ["ROLLBACK"]).start()
    table.write(Put(Key("P", "s"), {}, NOTHING))
    assert table.get(Key("P", "s")) is not None
    other.close()


@pytest.mark.guards(
    "the table's handles are bounded and given back",
    "unbounded connections ✓ (the first)",
    "each closed by itself ✓ (the second)",
)
def test_a_crowd_of_readers_waits_for_one_of_a_few_connections(tmp_path: Path) -> None:
    filled(tmp_path)
    table = SqliteTable(tmp_path / "baocao.sqlite3")
    most, inside, lock = 0, 0, threading.Lock()
    real = table._connection

    @contextmanager
    def counted() -> Iterator[sqlite3.Connection]:
        nonlocal most, inside
        with real() as connection:
            with lock:
                inside += 1
                most = max(most, inside)
            time.sleep(0.02)
            yield connection
            with lock:
                inside -= 1

    table._connection = counted  # type: ignore[method-assign]
    found = contract.parallel(60, lambda _: table.get(Key("P", "00007")))
    assert len(found) == 60
    assert None not in found
    assert 1 < most <= sqlite._MOST
    table.close()


@pytest.mark.guards("the table's handles are bounded and given back")
def test_after_a_crowd_every_handle_is_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite keeps what one connection closes until all to the same file are closed."""

    def handles() -> int:
        links = (os.readlink(path) for path in Path("/proc/self/fd").iterdir() if path.exists())
        return sum(str(tmp_path) in link for link in links)

    filled(tmp_path)
    monkeypatch.setattr(sqlite, "_LULL", 0.0)
    table = SqliteTable(tmp_path / "baocao.sqlite3")
    with ExitStack() as stack:
        for _ in range(sqlite._MOST):
            stack.enter_context(table._connection())
        assert handles() > sqlite._MOST
    assert handles() == 0
    assert table.get(Key("P", "00007")) is not None
    assert 0 < handles() < 5
    table.close()


def test_a_few_connections_stay_open_for_who_comes_next(tmp_path: Path) -> None:
    table = SqliteTable(filled(tmp_path))
    with ExitStack() as stack:
        first = [stack.enter_context(table._connection()) for _ in range(sqlite._FEW)]
    with table._connection() as again:
        assert again in first
    table.close()


def test_a_conflict_holds_no_lock(table: SqliteTable, tmp_path: Path) -> None:
    table.write(Put(Key("P", "s"), {}, NOTHING))
    with pytest.raises(Conflict):
        table.write(Put(Key("P", "s"), {}, NOTHING))
    other = sqlite3.connect(tmp_path / "baocao.sqlite3", isolation_level=None, timeout=0)
    other.execute("BEGIN IMMEDIATE")
    other.execute("ROLLBACK")
    other.close()


@pytest.mark.guards("taken port, bad DATA: one line, nothing changed")
@pytest.mark.parametrize(
    ("where", "what"), [(0, b"no database"), (4096, b"\xff" * 4096), (8192 + 7, b"\x00" * 9000)]
)
def test_a_damaged_database_is_said_in_one_line_and_left_alone(
    tmp_path: Path, where: int, what: bytes
) -> None:
    path = filled(tmp_path)
    with path.open("r+b") as file:
        file.seek(where)
        file.write(what)
    assert "damaged" in refused(tmp_path)


def test_a_database_cut_short_is_left_alone(tmp_path: Path) -> None:
    path = filled(tmp_path)
    os.truncate(path, path.stat().st_size // 2)
    assert "damaged" in refused(tmp_path)


def test_a_damaged_database_without_its_key_gets_no_new_key(tmp_path: Path) -> None:
    (tmp_path / "baocao.sqlite3").write_bytes(b"no database at all" * 300)
    assert "damaged" in refused(tmp_path)


def test_a_newer_database_is_left_to_the_newer_program(tmp_path: Path) -> None:
    path = filled(tmp_path)
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {embedded.SCHEMA + 1}")
    connection.close()
    line = refused(tmp_path)
    assert "newer" in line
    assert str(embedded.SCHEMA + 1) in line


@pytest.mark.parametrize("application", [0, 0x12345678])
def test_another_programs_database_is_left_alone(tmp_path: Path, application: int) -> None:
    """Most programs leave the application id at 0: their tables tell them apart."""
    open_site(tmp_path).table.close()
    path = tmp_path / "baocao.sqlite3"
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE invoice (id INTEGER PRIMARY KEY, text TEXT)")
    connection.execute(f"PRAGMA application_id = {application}")
    connection.commit()
    connection.close()
    assert "another program" in refused(tmp_path)


def test_data_that_is_a_file_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(Unusable, match="can't be written to"):
        open_site(tmp_path / "data")
    with pytest.raises(Unusable, match="can't be written to"):
        open_site(tmp_path / "data" / "below")
    assert (tmp_path / "data").read_text() == "a file"


@pytest.mark.guards("the key", "mode 0644 ✓")
def test_the_key_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    site = open_site(tmp_path)
    site.table.close()
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert len(site.key) == 32


def test_the_key_is_made_once(tmp_path: Path) -> None:
    first, second = open_site(tmp_path), open_site(tmp_path)
    assert first.key == second.key
    first.table.close()
    second.table.close()


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_damaged_key_is_said_and_left_alone(tmp_path: Path, content: bytes) -> None:
    filled(tmp_path)
    (tmp_path / "key").write_bytes(content)
    assert "key" in refused(tmp_path)


def test_two_installations_have_two_keys(tmp_path: Path) -> None:
    sites = [open_site(tmp_path / name) for name in "ab"]
    assert sites[0].key != sites[1].key
    for site in sites:
        site.table.close()


def test_a_link_ends_after_five_minutes(files: FolderFiles) -> None:
    files.write("a.csv", b"content")
    link = files.link("a.csv", "a.csv", NOW)
    assert opened(files, link, NOW + timedelta(seconds=299)) == (b"content", "a.csv")
    assert opened(files, link, NOW + timedelta(seconds=301)) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"until": "99999999999"},
        {"until": ""},
        {"until": "x"},
        {"until": "²"},
        {"as": "virus.exe"},
        {"as": ""},
        {"sign": ""},
        {"sign": "0" * 64},
        {"sign": "chữ ký"},
    ],
)
def test_a_link_that_was_altered_opens_nothing(files: FolderFiles, fields: dict[str, str]) -> None:
    files.write("a.csv", b"content")
    link = changed(files.link("a.csv", "a.csv", NOW), **fields)
    assert opened(files, link, NOW) is None


def test_a_link_opens_no_other_file(files: FolderFiles) -> None:
    for name in ("a.csv", "b.csv"):
        files.write(name, name.encode())
    link = files.link("a.csv", "a.csv", NOW)
    assert opened(files, link.replace("/a.csv?", "/b.csv?"), NOW) is None
    assert files.opened("a.csv", "", NOW) is None


def test_a_link_of_another_installation_opens_nothing(files: FolderFiles, tmp_path: Path) -> None:
    files.write("a.csv", b"content")
    other = FolderFiles(tmp_path / "files", lambda: b"o" * 32, "http://127.0.0.1:8000")
    assert opened(files, other.link("a.csv", "a.csv", NOW), NOW) is None


def test_a_link_to_a_file_that_went_opens_nothing(files: FolderFiles) -> None:
    assert opened(files, files.link("gone.csv", "a.csv", NOW), NOW) is None


OUTSIDE = (
    "../key",
    "../../etc/passwd",
    "/etc/passwd",
    "a/../../key",
    "a/./b",
    "a//b",
    "..",
    ".",
    "",
    ".hidden",
    "a/",
    "a\\..\\key",
    "a\x00b",
    "a\n",
    "%2e%2e/key",
)


@pytest.mark.parametrize("name", OUTSIDE)
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "key").write_bytes(b"secret")
    files: Files = FolderFiles(tmp_path / "files", lambda: b"k" * 32, "http://127.0.0.1:8000")
    with pytest.raises(ValueError, match="no file name of ours"):
        files.read(name)
    with pytest.raises(ValueError, match="no file name of ours"):
        files.write(name, b"bad")
    assert (tmp_path / "key").read_bytes() == b"secret"
    assert prints(tmp_path) == {"key": hashlib.sha256(b"secret").hexdigest()}


@pytest.mark.parametrize("name", ["../key", "..%2fkey", "%2e%2e/key", "../key\n"])
def test_no_unsigned_link_leads_out_of_the_folder(files: FolderFiles, name: str) -> None:
    (files._folder.parent / "key").write_bytes(b"secret")
    files.write("a.csv", b"content")
    link = files.link("a.csv", "a.csv", NOW).replace("/a.csv?", f"/{quote(name)}?")
    assert opened(files, link, NOW) is None


def test_a_file_appears_whole_or_not_at_all(
    files: FolderFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.write("a.csv", b"the old one")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write("a.csv", b"the new one")
    assert files.read("a.csv") == b"the old one"


def test_a_write_that_failed_leaves_no_part_behind(
    files: FolderFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write("a.csv", b"the new one")
    assert prints(tmp_path / "files") == {}


def test_a_mail_is_a_file_that_any_mail_program_reads(mail: OutboxMail, tmp_path: Path) -> None:
    mail.send("a@b.example", "Mã đăng nhập Báo cáo: 123456", "Xin chào quý vị", NOW)
    (path,) = (tmp_path / "outbox").iterdir()
    raw = path.read_bytes()
    assert path.suffix == ".eml"
    assert b"\n" not in raw.replace(b"\r\n", b"")
    message = BytesParser(policy=policy.default).parsebytes(raw)
    assert message["Subject"] == "Mã đăng nhập Báo cáo: 123456"
    assert message["From"].addresses[0].addr_spec == "no-reply@baocao.example"
    assert message["Date"].datetime == NOW
    assert message.get_content_charset() == "utf-8"


@pytest.mark.parametrize("samples", ["no", "yes"])
def test_where_somebody_works_without_a_mail_server_no_mail_counts_as_sent(
    tmp_path: Path, samples: str
) -> None:
    """What lies in the folder only is for whoever tries the program."""
    site = embedded.open_site(tmp_path, "http://127.0.0.1:8000", lambda: NOW, {"SAMPLES": samples})
    told = pytest.raises(NotSent) if samples == "no" else nullcontext()
    with told:
        site.mail.send("t01@donvi.example", "Chủ đề", "Nội dung", NOW)
    assert len(list((tmp_path / "outbox").glob("*.eml"))) == 1
    site.table.close()  # type: ignore[attr-defined]


def test_the_newest_mail_sorts_last(mail: OutboxMail, tmp_path: Path) -> None:
    for place in (3, 1, 2, 0):
        mail.send("a@b.example", f"Thư {place}", "x", NOW + timedelta(milliseconds=place))
    parser = BytesParser(policy=policy.default)
    found = sorted((tmp_path / "outbox").iterdir())
    assert [str(parser.parsebytes(p.read_bytes())["Subject"]) for p in found] == [
        f"Thư {place}" for place in range(4)
    ]


@pytest.mark.guards("what the mail edge knows")
def test_a_mail_that_does_not_reach_the_folder_is_known_not_to_have_gone_out(
    mail: OutboxMail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(NotSent):
            mail.send("a@b.example", "Thư", "x", NOW)
    assert list((tmp_path / "outbox").glob("*.eml")) == []


def test_a_mail_whose_last_flush_fails_may_have_gone_out(
    mail: OutboxMail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has its name already: whoever reads the folder sees it."""
    flush, made = os.fsync, []

    def second_fails(file: int) -> None:
        made.append(file)
        if len(made) == 2:
            raise OSError(errno.EIO, "Input/output error")
        flush(file)

    monkeypatch.setattr(os, "fsync", second_fails)
    with pytest.raises(OSError, match="Input"):
        mail.send("a@b.example", "Thư", "x", NOW)
    assert len(list((tmp_path / "outbox").glob("*.eml"))) == 1


@pytest.mark.guards("no file in use ends")
def test_files_that_nobody_needs_go_as_a_buckets_lifecycle_takes_them(tmp_path: Path) -> None:
    files = FolderFiles(tmp_path, lambda: bytes(32), "http://127.0.0.1:8000")
    for name in ("summaries/p/k/new.json", "summaries/p/k/old.json", "exports/p/k/a.xlsx"):
        files.write(name, b"{}")
    files.end("summaries/p/k/old.json")
    now = datetime.now(UTC)
    files.sweep(now + timedelta(days=6))
    assert files.has("exports/p/k/a.xlsx")
    files.sweep(now + timedelta(days=29))
    assert not files.has("exports/p/k/a.xlsx")
    assert files.has("summaries/p/k/old.json")
    files.sweep(now + timedelta(days=31))
    assert not files.has("summaries/p/k/old.json")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["new.json"]


def test_an_ended_file_that_is_written_again_stays(tmp_path: Path) -> None:
    files = FolderFiles(tmp_path, lambda: bytes(32), "http://127.0.0.1:8000")
    files.write("summaries/p/k/a.json", b"{}")
    files.end("summaries/p/k/a.json")
    files.write("summaries/p/k/a.json", b"{}")
    files.sweep(datetime.now(UTC) + timedelta(days=400))
    assert files.has("summaries/p/k/a.json")
