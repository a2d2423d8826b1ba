"""Files and mail as folders: signed links of five minutes, an outbox of .eml files."""

import hashlib
import hmac
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO
from urllib.parse import parse_qs, quote, urlencode

from chalicelib.edges import mail
from chalicelib.edges.ports import PASSING, NotSent

_LINK_SECONDS = 300
_ENDED = ".ended"  # beside a file that nothing points to any more


class FolderFiles:
    """Files as a folder; links are signed with the installation's key."""

    def __init__(self, folder: Path, key: Callable[[], bytes], public_url: str) -> None:
        self._folder = folder
        self._key = key
        self._public_url = public_url

    def write(self, name: str, content: bytes | IO[bytes]) -> None:
        _write_whole(self._path(name), content)
        self._ended(name).unlink(missing_ok=True)

    def read(self, name: str) -> bytes | None:
        path = self._path(name)
        return path.read_bytes() if path.is_file() else None

    def has(self, name: str) -> bool:
        return self._path(name).is_file()

    def end(self, name: str) -> None:
        self._ended(name).touch()

    def sweep(self, now: datetime) -> None:
        """Delete what nobody needs any more, as the lifecycle of a bucket does."""
        month_ago, week_ago = (now - timedelta(days=days) for days in (30, 7))
        for mark in _older(self._folder.rglob(f"*{_ENDED}"), month_ago):
            mark.with_name(mark.name.removesuffix(_ENDED)).unlink(missing_ok=True)
            mark.unlink(missing_ok=True)
        for name in PASSING:
            for path in _older((self._folder / name).rglob("*"), week_ago):
                path.unlink(missing_ok=True)

    def _ended(self, name: str) -> Path:
        path = self._path(name)
        return path.with_name(path.name + _ENDED)

    def link(self, name: str, save_as: str, now: datetime) -> str:
        until = str(int(now.timestamp()) + _LINK_SECONDS)
        query = urlencode({"as": save_as, "until": until, "sign": self._sign(name, save_as, until)})
        return f"{self._public_url}/_files/{quote(name)}?{query}"

    def opened(self, name: str, query: str, now: datetime) -> tuple[bytes, str] | None:
        """The bytes behind a link and the name to save them as; None for a bad or old link."""
        given = {key: values[0] for key, values in parse_qs(query).items()}
        until, save_as = given.get("until", ""), given.get("as", "")
        right, sign = self._sign(name, save_as, until), given.get("sign", "")
        signed = hmac.compare_digest(right.encode(), sign.encode(errors="replace"))
        if not signed or int(until) < now.timestamp():
            return None
        content = self.read(name)
        return (content, save_as) if content is not None else None

    def _sign(self, *parts: str) -> str:
        own = hmac.digest(self._key(), b"files", "sha256")
        return hmac.new(own, "\n".join(parts).encode(), hashlib.sha256).hexdigest()

    def _path(self, name: str) -> Path:
        if not re.fullmatch(r"[A-Za-z0-9_-]+(?:[./][A-Za-z0-9_-]+)*", name):
            raise ValueError(f"{name!r} is no file name of ours")
        return self._folder / name


def _older(paths: Iterable[Path], than: datetime) -> list[Path]:
    found = [path for path in paths if path.is_file()]
    return [path for path in found if path.stat().st_mtime < than.timestamp()]


class OutboxMail:
    """Mail as a folder of .eml files, each whole; the newest sorts last.

    Where it is the end of the way, no mail counts as sent, though a person may find it there.
    """

    def __init__(self, folder: Path, sender: str, *, is_end: bool = False) -> None:
        self._folder = folder
        self._sender = sender
        self._is_end = is_end

    def send(self, to: str, subject: str, text: str, now: datetime) -> None:
        name = f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}.eml"
        path = self._folder / name
        try:
            _write_whole(path, mail.written(self._sender, to, subject, text, now))
        except (OSError, ValueError) as error:
            if path.exists():
                raise
            raise NotSent(type(error).__name__) from error
        if self._is_end:
            raise NotSent("no mail server")


def _write_whole(path: Path, content: bytes | IO[bytes]) -> None:
    """Write beside, flush to the disk, then rename: a reader sees all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with part.open("wb") as file:
            if isinstance(content, bytes):
                file.write(content)
            else:
                shutil.copyfileobj(content, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # or a power cut could take the name back
        finally:
            os.close(folder)
    finally:
        part.unlink(missing_ok=True)
