"""One machine as the edge: SQLite as the table, a folder of files, an outbox of .eml files."""

import hashlib
import hmac
import json
import os
import re
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import TypeAlias
from urllib.parse import parse_qs, quote, urlencode

from chalicelib.edges import Site
from chalicelib.table import (
    ANYTHING,
    NOTHING,
    Busy,
    Change,
    Check,
    Conflict,
    Delete,
    Item,
    Key,
    Put,
    refuse,
)

_APPLICATION = 0x42414F43  # "BAOC" in the file's header: this database is ours
SCHEMA = 1
_PAGE = 200
_BUSY_MS = 10_000
_LINK_SECONDS = 300

_Row: TypeAlias = tuple[str, str, int, int | None, str]
_COLUMNS = "SELECT pk, sk, version, expires, body FROM item WHERE"
_FROM = f"{_COLUMNS} pk = ? AND sk >= ? ORDER BY sk LIMIT ?"
_AFTER = f"{_COLUMNS} pk = ? AND sk > ? ORDER BY sk LIMIT ?"
_ALL_AFTER = f"{_COLUMNS} (pk, sk) > (?, ?) ORDER BY pk, sk LIMIT ?"
SENDER = "Bao cao <no-reply@baocao.example>"


class Unusable(Exception):
    """DATA can't be used; the text is one clear line for the person who started us."""


class SqliteTable:
    """The table on SQLite: durable before a write returns, safe from many threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        if path.exists():
            self._inspect()
        try:
            with self._connection() as connection:
                self._create(connection)
        except sqlite3.DatabaseError as error:
            raise Unusable(f"the database {path} can't be opened: {error}") from error

    def _inspect(self) -> None:
        """Look before the first write, so that a file which isn't ours stays as it was."""
        try:
            connection = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True)
            try:
                ours = connection.execute("PRAGMA application_id").fetchone()[0]
                schema = connection.execute("PRAGMA user_version").fetchone()[0]
                sound = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            finally:
                connection.close()
        except sqlite3.DatabaseError as error:
            raise Unusable(f"the database {self._path} is damaged: {error}") from error
        if ours not in (0, _APPLICATION):
            raise Unusable(f"{self._path} is another program's database")
        if schema > SCHEMA:
            raise Unusable(
                f"the database {self._path} has schema {schema}, newer than this "
                f"program's {SCHEMA}: start the newer program"
            )
        if sound != "ok":
            raise Unusable(f"the database {self._path} is damaged: {sound}")

    @staticmethod
    def _create(connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS item (pk TEXT, sk TEXT, version INTEGER NOT NULL,"
            " expires INTEGER, body TEXT NOT NULL, PRIMARY KEY (pk, sk)) WITHOUT ROWID"
        )
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(f"PRAGMA user_version = {SCHEMA}")
        connection.execute("COMMIT")

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        connection = connection or self._connect()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        with self._lock:
            self._idle.append(connection)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=_BUSY_MS / 1000, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    def get(self, key: Key) -> Item | None:
        with self._connection() as connection:
            row = connection.execute(f"{_COLUMNS} pk = ? AND sk = ?", key).fetchone()
        return _item(row) if row else None

    def query(self, partition: str, prefix: str = "") -> Iterator[Item]:
        rows = self._page(_FROM, partition, prefix)
        while rows:
            for row in rows:
                if not row[1].startswith(prefix):
                    return
                yield _item(row)
            rows = self._page(_AFTER, partition, rows[-1][1]) if len(rows) == _PAGE else []

    def everything(self) -> Iterator[Item]:
        rows = self._page(_ALL_AFTER, "", "")
        while rows:
            yield from map(_item, rows)
            rows = self._page(_ALL_AFTER, *rows[-1][:2]) if len(rows) == _PAGE else []

    def _page(self, statement: str, partition: str, sort: str) -> "list[_Row]":
        """One page: no connection is held while the reader works on it."""
        with self._connection() as connection:
            return connection.execute(statement, (partition, sort, _PAGE)).fetchall()

    def write(self, *changes: Change) -> None:
        refuse(changes)
        try:
            with self._connection() as connection:
                connection.execute("BEGIN IMMEDIATE")
                broken = next((c.key for c in changes if not _apply(connection, c)), None)
                connection.execute("ROLLBACK" if broken else "COMMIT")
        except sqlite3.OperationalError as error:
            if "locked" in str(error) or "busy" in str(error):
                raise Busy(str(error)) from error
            raise
        if broken:
            raise Conflict(broken)

    def close(self) -> None:
        with self._lock:
            for connection in self._idle:
                connection.close()
            self._idle.clear()


def _item(row: _Row) -> Item:
    partition, sort, version, expires, body = row
    return Item(Key(partition, sort), version, json.loads(body), expires)


def _apply(connection: sqlite3.Connection, change: Change) -> bool:
    """Carry out one change inside the open transaction; False where its expectation broke."""
    row = connection.execute(
        "SELECT version FROM item WHERE pk = ? AND sk = ?", change.key
    ).fetchone()
    found = row[0] if row else NOTHING
    if change.expects not in (ANYTHING, found):
        return False
    match change:
        case Put():
            body = json.dumps(change.body, ensure_ascii=False, separators=(",", ":"))
            connection.execute(
                "INSERT OR REPLACE INTO item (pk, sk, version, expires, body)"
                " VALUES (?, ?, ?, ?, ?)",
                (*change.key, found + 1, change.expires, body),
            )
        case Delete():
            connection.execute("DELETE FROM item WHERE pk = ? AND sk = ?", change.key)
        case Check():
            pass
    return True


class FolderFiles:
    """Files as a folder; links are signed with the installation's key."""

    def __init__(self, folder: Path, key: bytes, public_url: str) -> None:
        self._folder = folder
        self._key = hmac.digest(key, b"files", "sha256")
        self._public_url = public_url

    def write(self, name: str, content: bytes) -> None:
        _write_whole(self._path(name), content)

    def read(self, name: str) -> bytes | None:
        path = self._path(name)
        return path.read_bytes() if path.is_file() else None

    def link(self, name: str, save_as: str, now: datetime) -> str:
        until = str(int(now.timestamp()) + _LINK_SECONDS)
        query = urlencode({"as": save_as, "until": until, "sign": self._sign(name, save_as, until)})
        return f"{self._public_url}/_files/{quote(name)}?{query}"

    def opened(self, name: str, query: str, now: datetime) -> tuple[bytes, str] | None:
        """The bytes behind a link and the name to save them as; None for a bad or old link."""
        given = {key: values[0] for key, values in parse_qs(query).items()}
        until, save_as = given.get("until", ""), given.get("as", "")
        signed = hmac.compare_digest(self._sign(name, save_as, until), given.get("sign", ""))
        if not signed or int(until) < now.timestamp():
            return None
        content = self.read(name)
        return (content, save_as) if content is not None else None

    def _sign(self, *parts: str) -> str:
        return hmac.new(self._key, "\n".join(parts).encode(), hashlib.sha256).hexdigest()

    def _path(self, name: str) -> Path:
        if not re.fullmatch(r"[A-Za-z0-9_-]+(?:[./][A-Za-z0-9_-]+)*", name):
            raise ValueError(f"{name!r} is no file name of ours")
        return self._folder / name


class OutboxMail:
    """Mail as a folder of .eml files, each whole; the newest sorts last."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    def send(self, to: str, subject: str, text: str, now: datetime) -> None:
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = to
        message["Subject"] = subject
        message["Date"] = now
        message.set_content(text, cte="8bit")
        name = f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}.eml"
        _write_whole(self._folder / name, message.as_bytes(policy=SMTP.clone(cte_type="8bit")))


def _write_whole(path: Path, content: bytes) -> None:
    """Write beside, flush to the disk, then rename: a reader sees all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def server_key(path: Path) -> bytes:
    """The installation's key, made on first use; mode 0600, never in a backup."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_bytes()
        if len(key) != 32:
            raise Unusable(f"the key file {path} is damaged: it must hold 32 bytes") from None
        return key
    with os.fdopen(descriptor, "wb") as file:
        key = secrets.token_bytes(32)
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key


def open_site(data: Path, public_url: str, clock: Callable[[], datetime]) -> Site:
    """The installation in this folder, made on first use. Raises Unusable."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        probe = data / ".writable"
        probe.write_bytes(b"")
        probe.unlink()
        key = server_key(data / "key")
    except OSError as error:
        raise Unusable(f"DATA={data} can't be written to: {error.strerror}") from error
    return Site(
        table=SqliteTable(data / "baocao.sqlite3"),
        files=FolderFiles(data / "files", key, public_url),
        mail=OutboxMail(data / "outbox", SENDER),
        key=key,
        public_url=public_url,
        clock=clock,
    )
