"""The log of one machine: where it is kept, and how `make logs` shows it."""

import contextlib
import json
import logging
import os
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, TextIO

from chalicelib.rules.texts.clock import VIETNAM

_LARGEST = 5_000_000  # bytes of a file, about 25,000 requests
_OLDER = 4  # files kept beside the newest
_PAUSE = 0.3  # seconds between two looks at a file that is followed

_COLUMNS = "{at:<19} {status:>6} {ms:>8} {calls:>5} {units:>7}  {role:<8} {what:<52} {id}"
_TITLES = {
    "at": "time (Viet Nam)",
    "status": "status",
    "ms": "ms",
    "calls": "calls",
    "units": "r/w",
    "role": "role",
    "what": "what",
    "id": "id",
}
_SHOWN = {"at", "level", "event", "id", "route", "role", "status", "ms", "calls", "reads"}
_SHOWN |= {"writes", "error", "trace", "result"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines: of this id, of a status that begins so, and how many of the old ones."""

    identity: str = ""
    status: str = ""
    last: int = 200

    def fits(self, line: dict[str, Any]) -> bool:
        identity, status = str(line.get("id", "")), str(line.get("status", ""))
        return identity.startswith(self.identity) and status.startswith(self.status)


def keeper(data: Path) -> logging.Handler:
    """Writes DATA/log/baocao.log and keeps at most five files of 5 MB."""
    path = _path(data)
    path.parent.mkdir(exist_ok=True)
    return RotatingFileHandler(path, maxBytes=_LARGEST, backupCount=_OLDER, encoding="utf-8")


def _path(data: Path) -> Path:
    return data / "log" / "baocao.log"


def kept(data: Path, *, follow: bool) -> Iterator[str | None]:
    """Every line, the newest last; None where what there was has ended and new ones begin."""
    newest = _path(data)
    for number in range(_OLDER, 0, -1):
        older = newest.with_name(f"{newest.name}.{number}")
        if older.exists():
            yield from older.read_text("utf-8", "replace").splitlines()
    while True:
        with newest.open(encoding="utf-8", errors="replace") as file:
            yield from _to_its_end(file)
            while follow and not _replaced(newest, file):
                time.sleep(_PAUSE)
                yield from _to_its_end(file)
            yield from _to_its_end(file)  # what came before the new file began
        if not follow:
            return


def _to_its_end(file: TextIO) -> Iterator[str | None]:
    """Whole lines; a half one is read again when it is whole."""
    while (text := file.readline()).endswith("\n"):
        yield text
    if text:
        file.seek(file.tell() - len(text.encode()))
    yield None


def _replaced(newest: Path, file: TextIO) -> bool:
    """A full file has been put aside and a new one begun."""
    return newest.exists() and newest.stat().st_ino != os.fstat(file.fileno()).st_ino


def show(lines: Iterable[str | None], wanted: Wanted, out: TextIO = sys.stdout) -> None:
    """A table, the newest line last. What is no line of ours is left out."""
    print(_COLUMNS.format(**_TITLES).rstrip(), file=out)
    recent: deque[dict[str, Any]] = deque(maxlen=wanted.last)
    with contextlib.suppress(KeyboardInterrupt):
        for text in lines:
            if text is not None:
                line = _read(text)
                if line and wanted.fits(line):
                    recent.append(line)
                continue
            _print(recent, out)
    _print(recent, out)


def _print(recent: deque[dict[str, Any]], out: TextIO) -> None:
    while recent:
        print(as_rows(recent.popleft()), file=out)
    out.flush()


def _read(text: str) -> dict[str, Any] | None:
    """The line's object; CloudWatch's tools put the time before it."""
    try:
        line = json.loads(text[text.index("{") :])
    except ValueError:
        return None
    return line if isinstance(line, dict) and "event" in line else None


def as_rows(line: dict[str, Any]) -> str:
    """One row, and below it where it broke."""
    units = f"{line['reads']}/{line['writes']}" if "reads" in line else ""
    more = (f"{name}={content}" for name, content in line.items() if name not in _SHOWN)
    row = _COLUMNS.format(
        at=_moment(str(line.get("at", ""))),
        status=line.get("status", line.get("result", line.get("level", ""))),
        ms=line.get("ms", ""),
        calls=line.get("calls", ""),
        units=units,
        role=line.get("role", ""),
        what=" ".join((str(line.get("route", line["event"])), *more)),
        id=line.get("id", ""),
    )
    below = [f"    {text}" for text in (line.get("error"), *line.get("trace", ())) if text]
    return "\n".join((row.rstrip(), *below))


def _moment(at: str) -> str:
    try:
        return f"{datetime.fromisoformat(at).astimezone(VIETNAM):%d/%m %H:%M:%S.%f}"[:-3]
    except ValueError:
        return at
