"""The three edges that nouns never see: Table, Files and Mail, and what holds them together."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Protocol

from chalicelib.table import Table


class Unusable(Exception):
    """An edge can't be used; the text is one clear line for the person who started us."""


class Files(Protocol):
    def write(self, name: str, content: bytes | IO[bytes]) -> None:
        """Keep the bytes, or an open file from its place on, under this name: whole or not."""

    def read(self, name: str) -> bytes | None: ...

    def link(self, name: str, save_as: str, now: datetime) -> str:
        """A URL that downloads the file as `save_as` and ends after five minutes."""


class Mail(Protocol):
    def send(self, to: str, subject: str, text: str, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Site:
    """One installation: its edges, its key, its address, its clock."""

    table: Table
    files: Files
    mail: Mail
    server_key: Callable[[], bytes]  # read when a page needs it: most don't
    public_url: str  # where people reach it, with the stage prefix if there is one
    clock: Callable[[], datetime]

    @property
    def key(self) -> bytes:
        return self.server_key()
