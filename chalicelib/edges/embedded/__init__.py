"""One machine as the edge: SQLite as the table, folders for files and mail, a file for the key."""

import os
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile

from chalicelib.edges.embedded.folder import FolderFiles, OutboxMail
from chalicelib.edges.embedded.sqlite import SCHEMA, SqliteTable
from chalicelib.edges.ports import Mail, Site, Unusable, asked_mails

__all__ = ["SCHEMA", "FolderFiles", "OutboxMail", "SqliteTable", "Unusable", "open_site"]

SENDER = "Bao cao <no-reply@baocao.example>"
_KEY_BYTES = 32


def known_key(path: Path) -> bytes | None:
    """The installation's key; None before the first use. Raises Unusable for a damaged one."""
    if not path.exists():
        return None
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise Unusable(f"the key file {path} is damaged: it must hold {_KEY_BYTES} bytes")
    return key


def make_key(path: Path) -> bytes:
    """A new key in a file of mode 0600, never in a backup. Whoever links it first has made it."""
    part = _written_key(path)
    try:
        path.hardlink_to(part)
    except FileExistsError:
        pass  # another process was faster: its key is the one
    except OSError:
        part.replace(path)  # a file system without links
    finally:
        part.unlink(missing_ok=True)
    return path.read_bytes()


def _written_key(path: Path) -> Path:
    """Fresh bytes beside `path`, on the disk, to be put in its place."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(_KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    return part


def replace_key(path: Path) -> None:
    """A new key in the place of the one that is there, whole or not at all."""
    part = _written_key(path)
    try:
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _present_key(path: Path) -> bytes:
    """Read each time, so that a server that runs learns a new one at once. Raises Unusable."""
    found = known_key(path)
    if found is None:
        raise Unusable(f"the key file {path} is gone: put it back")
    return found


def _made(data: Path) -> SqliteTable:
    """The folder with its table and its key. Raises Unusable."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=data, prefix=".writable-"):
            pass
        known = known_key(data / "key")
        table = SqliteTable(data / "baocao.sqlite3")
        if known is None:  # last: a damaged database must not get a new key
            make_key(data / "key")
    except OSError as error:
        raise Unusable(f"DATA={data} can't be written to: {error.strerror}") from error
    return table


def open_site(
    data: Path,
    public_url: str,
    clock: Callable[[], datetime],
    settings: Mapping[str, str] = os.environ,
) -> Site:
    """The installation in this folder, made on first use. Raises Unusable.

    With SMTP_URL among the settings mails go out by that server, else into a folder.
    """
    key = partial(_present_key, data / "key")
    return Site(
        table=_made(data),
        files=FolderFiles(data / "files", key, public_url),
        mail=_mail(data, settings),
        server_key=key,
        public_url=public_url,
        clock=clock,
        asked_mails=asked_mails(settings),
        mails_leave=bool(settings.get("SMTP_URL")),
    )


def _mail(data: Path, settings: Mapping[str, str]) -> Mail:
    if not settings.get("SMTP_URL"):
        alone = settings.get("SAMPLES") == "no"  # then somebody works here and must be told
        return OutboxMail(data / "outbox", SENDER, is_end=alone)
    from chalicelib.edges.embedded.smtp import SmtpMail

    return SmtpMail.told_by(settings)
