"""The table on SQLite: one file, durable before a write returns."""

import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from chalicelib.edges import request_cost
from chalicelib.edges.ports import Unusable
from chalicelib.edges.table import (
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
    as_text,
    can_stand,
    checked,
)

_APPLICATION = 0x42414F43  # "BAOC" in the file's header: this database is ours
# The data's schema (store.schema), also in the file's header: a program of the time when no item
# said it looks here, and refuses what is newer.
SCHEMA = 3
_PAGE = 200
# Of a new file, in bytes: a head fits in a leaf of this size. In one of 4,096 it would need a page
# of its own beside it, and reading all heads of a period would take half as long again.
_LEAF = 8_192
_BUSY_MS = 10_000
# Connections at once; who comes when all are in use waits. SQLite keeps the file of a connection
# that was closed open as long as another one to the same database is, so what opens stays open
# until all of them close: they do when nobody uses one, some time after more than a few were.
_MOST = 16
_FEW = 4
_LULL = 10.0  # seconds

_QUESTIONS = (
    "SELECT count(*) FROM sqlite_master",  # first: who makes the table marks the file with it
    "PRAGMA application_id",
    "PRAGMA user_version",
    "PRAGMA quick_check(1)",
)

_Row: TypeAlias = tuple[str, str, int, int | None, str]
_COLUMNS = "SELECT pk, sk, version, expires, body FROM item WHERE"
# A page's bodies come as bytes: they are decoded and counted together.
_PAGED = "SELECT pk, sk, version, expires, CAST(body AS BLOB) FROM item WHERE"
_FROM = f"{_PAGED} pk = ? AND sk >= ? ORDER BY sk LIMIT ?"
_AFTER = f"{_PAGED} pk = ? AND sk > ? ORDER BY sk LIMIT ?"
_INSERT = "INSERT OR REPLACE INTO item (pk, sk, version, expires, body) VALUES (?, ?, ?, ?, ?)"
_ALL_AFTER = f"{_PAGED} (pk, sk) > (?, ?) ORDER BY pk, sk LIMIT ?"


class SqliteTable:
    """The table on SQLite: durable before a write returns, safe from many threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self._in_use = 0
        self._crowded = 0.0  # when more than a few were in use at once
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(_MOST)
        if path.exists():
            self._inspect()
        try:
            with self._connection() as connection:
                self._create(connection)
        except sqlite3.DatabaseError as error:
            raise Unusable(f"the database {path} can't be opened: {error}") from error

    def _inspect(self) -> None:
        """Look before the first write, so that a file which isn't ours stays as it was."""
        if not os.access(self._path, os.R_OK | os.W_OK):
            raise Unusable(f"the database {self._path} can't be read and written")
        # Without a log beside it the file is whole: immutable leaves no file of SQLite's behind.
        alone = not self._log.exists()
        try:
            self._judge(*self._answers("&immutable=1" if alone else ""))
        except Unusable:
            if not (alone and self._log.exists()):
                raise
            self._judge(*self._answers(""))  # another process began to use it meanwhile

    @property
    def _log(self) -> Path:
        return self._path.with_name(f"{self._path.name}-wal")

    def _answers(self, how: str) -> list[Any]:
        try:
            uri = f"{self._path.absolute().as_uri()}?mode=ro{how}"
            with closing(sqlite3.connect(uri, uri=True)) as connection:
                return [connection.execute(question).fetchone()[0] for question in _QUESTIONS]
        except sqlite3.DatabaseError as error:
            raise Unusable(f"the database {self._path} is damaged: {error}") from error

    def _judge(self, tables: int, ours: int, schema: int, sound: str) -> None:
        if ours != _APPLICATION and (ours or tables):
            raise Unusable(f"{self._path} is another program's database")
        if schema > SCHEMA:
            raise Unusable(
                f"the database {self._path} has schema {schema}, newer than this "
                f"program's {SCHEMA}: start the newer program"
            )
        if sound != "ok":
            raise Unusable(f"the database {self._path} is damaged: {sound.splitlines()[-1]}")

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
        with self._places:
            connection, sound = self._take(), False
            try:
                connection = connection or self._connect()
                yield connection
                sound = True
            finally:
                if connection and not sound:
                    connection.close()
                self._give_back(connection if sound else None)

    def _take(self) -> sqlite3.Connection | None:
        with self._lock:
            self._in_use += 1
            if self._in_use > _FEW:
                self._crowded = time.monotonic()
            return self._idle.pop() if self._idle else None

    def _give_back(self, connection: sqlite3.Connection | None) -> None:
        with self._lock:
            self._in_use -= 1
            if connection:
                self._idle.append(connection)
            quiet = time.monotonic() - self._crowded >= _LULL
            if quiet and not self._in_use and len(self._idle) > _FEW:
                self._close_idle()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=_BUSY_MS / 1000, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute(f"PRAGMA page_size = {_LEAF}")  # says nothing to a file that is
            self._write_ahead(connection)
            connection.execute("PRAGMA synchronous = FULL")
        except BaseException:
            connection.close()
            raise
        return connection

    @staticmethod
    def _write_ahead(connection: sqlite3.Connection) -> None:
        """SQLite does not wait by itself for this one: https://sqlite.org/wal.html#busy"""
        until = time.monotonic() + _BUSY_MS / 1000
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > until:
                    raise
                time.sleep(0.005)

    def get(self, key: Key) -> Item | None:
        if not can_stand(key):
            return None
        with self._connection() as connection:
            row = connection.execute(f"{_COLUMNS} pk = ? AND sk = ?", key).fetchone()
        request_cost.called(
            reads=request_cost.read_units(_size(row[0], row[1], row[4]) if row else 0)
        )
        return _item(row) if row else None

    def query(self, partition: str, prefix: str = "") -> Iterator[Item]:
        if not can_stand(Key(partition, prefix or "-")):
            return
        items = self._page(_FROM, partition, prefix)
        while items:
            after = items[-1].key.sort
            if not after.startswith(prefix):  # in this order, then the end of them is here
                yield from (item for item in items if item.key.sort.startswith(prefix))
                return
            yield from items
            items = self._page(_AFTER, partition, after) if len(items) == _PAGE else []

    def everything(self) -> Iterator[Item]:
        items = self._page(_ALL_AFTER, "", "")
        while items:
            yield from items
            items = self._page(_ALL_AFTER, *items[-1].key) if len(items) == _PAGE else []

    def _page(self, statement: str, partition: str, sort: str) -> list[Item]:
        """One page, decoded in one go: no connection is held while the reader works on it."""
        with self._connection() as connection:
            rows = connection.execute(statement, (partition, sort, _PAGE)).fetchall()
        if not rows:
            request_cost.called(reads=request_cost.read_units(0))
            return []
        partitions, sorts, versions, ends, texts = zip(*rows, strict=True)
        whole = sum(map(len, texts)) + _size("".join(partitions), "".join(sorts))
        request_cost.called(reads=request_cost.read_units(whole))
        bodies = json.loads(b"[%b]" % b",".join(texts))
        return list(map(Item, map(Key, partitions, sorts), versions, bodies, ends))

    def write(self, *changes: Change) -> None:
        texts = checked(changes)
        try:
            with self._connection() as connection:
                connection.execute("BEGIN IMMEDIATE")
                broken = next((c.key for c in changes if not _apply(connection, c, texts)), None)
                connection.execute("ROLLBACK" if broken else "COMMIT")
        except sqlite3.OperationalError as error:
            if "locked" in str(error) or "busy" in str(error):
                raise Busy(str(error)) from error
            raise
        units = (request_cost.write_units(_size(*c.key, texts.get(c.key, ""))) for c in changes)
        request_cost.called(writes=sum(units))
        if broken:
            raise Conflict(broken)

    def fill(self, items: Iterable[Item]) -> None:
        rows = ((*i.key, i.version, i.expires, as_text(i.key, i.body)) for i in items)
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_INSERT, rows)
            connection.execute("COMMIT")

    def sweep(self, now: datetime) -> None:
        """Delete what has expired, as DynamoDB does by itself."""
        with self._connection() as connection:
            connection.execute("DELETE FROM item WHERE expires < ?", (int(now.timestamp()),))

    def close(self) -> None:
        with self._lock:
            self._close_idle()

    def _close_idle(self) -> None:
        for connection in self._idle:
            connection.close()
        self._idle.clear()

    def __del__(self) -> None:
        self.close()


def _size(*texts: str) -> int:
    return sum(len(text.encode()) for text in texts)


def _item(row: _Row) -> Item:
    partition, sort, version, expires, body = row
    return Item(Key(partition, sort), version, json.loads(body), expires)


def _apply(connection: sqlite3.Connection, change: Change, texts: Mapping[Key, str]) -> bool:
    """Carry out one change inside the open transaction; False where its expectation broke."""
    row = connection.execute(
        "SELECT version FROM item WHERE pk = ? AND sk = ?", change.key
    ).fetchone()
    found = row[0] if row else NOTHING
    if change.expects not in (ANYTHING, found):
        return False
    match change:
        case Put():
            connection.execute(
                _INSERT,
                (*change.key, found + 1, change.expires, texts[change.key]),
            )
        case Delete():
            connection.execute("DELETE FROM item WHERE pk = ? AND sk = ?", change.key)
        case Check():
            pass
    return True
