"""The three edges that nouns never see: Table, Files and Mail, and what holds them together."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import IO, Protocol, Self

from chalicelib.edges.table import Table
from chalicelib.rules.access import access
from chalicelib.rules.texts.clock import from_iso, iso


class Unusable(Exception):
    """An edge can't be used; the text is one clear line for the person who started us."""


_ADDRESS = re.compile(r"(https?)://([^/?#@:]+)(?::(\d+))?((?:/[^/?#]+)*)/?", re.IGNORECASE)
_USUAL = {"http": "80", "https": "443"}


def public_address(given: str) -> str:
    """PUBLIC_URL as browsers write it in Origin: no capitals in the host, no usual port.

    Raises Unusable for what is no address.
    """
    found = _ADDRESS.fullmatch(given)
    if not found:
        raise Unusable(f"PUBLIC_URL={given} is no address like https://baocao.example")
    scheme, name, port, path = found.groups()
    scheme = scheme.lower()
    port = "" if port in (None, _USUAL[scheme]) else f":{port}"
    return f"{scheme}://{name.lower()}{port}{path}"


def is_here(host: str) -> bool:
    """Whether it names the very machine that says it: nobody else is on the way there."""
    if host == "localhost":
        return True
    try:
        found = ip_address(host)
    except ValueError:
        return False
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback


def asked_mails(settings: Mapping[str, str]) -> int:
    """ASKED_MAILS_AN_HOUR. Raises Unusable for what is no number."""
    given = settings.get("ASKED_MAILS_AN_HOUR") or str(access.ASKED_MAILS_AN_HOUR)
    if not re.fullmatch(r"[1-9][0-9]{0,6}", given):
        raise Unusable(f"ASKED_MAILS_AN_HOUR={given} is no number of mails like 200")
    return int(given)


# Files under these are made for one download or one step, and go after a week.
PASSING = ("audit", "exports", "forms", "staged", "units")


class Files(Protocol):
    def write(self, name: str, content: bytes | IO[bytes]) -> None:
        """Keep the bytes, or an open file from its place on, under this name: whole or not."""

    def read(self, name: str) -> bytes | None: ...

    def has(self, name: str) -> bool: ...

    def end(self, name: str) -> None:
        """Nothing points to this file any more. It goes within a month, unless written again."""

    def link(self, name: str, save_as: str, now: datetime) -> str:
        """A URL that downloads the file as `save_as` and ends after five minutes."""


class NotSent(Exception):
    """The mail is known not to have gone out. After any other failure it may have."""


class Mail(Protocol):
    def send(self, to: str, subject: str, text: str, now: datetime) -> None:
        """Hand the mail over, once: what may have gone out is never tried again here.

        Raises NotSent.
        """


HandOver = Callable[[str, str, str], None]  # programme, period, id of the run


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks for at a door that is open to anyone, to be looked up after the answer.

    It never holds a link or a code.
    """

    door: str  # sign_in or resend
    text: str  # the mail address or what else was typed
    at: datetime
    public_url: str  # that the browser came to
    browser: str = ""  # the token of one that asks to sign in

    def event(self) -> dict[str, str]:
        told = {"door": self.door, "text": self.text, "browser": self.browser}
        return {**told, "at": iso(self.at), "public_url": self.public_url}

    @classmethod
    def read(cls, event: Mapping[str, str]) -> Self:
        door, text, browser = (event[name] for name in ("door", "text", "browser"))
        return cls(door, text, from_iso(event["at"]), event["public_url"], browser)


Afterwards = Callable[[Asked], None]


@dataclass(frozen=True, slots=True)
class Site:
    """One installation: its edges, its key, its address, its clock."""

    table: Table
    files: Files
    mail: Mail
    server_key: Callable[[], bytes]  # read when a page needs it: most don't
    public_url: str  # where people reach it, with the stage prefix if there is one
    clock: Callable[[], datetime]
    hand_over: HandOver | None = None  # who sums a period elsewhere; None: this process does
    afterwards: Afterwards | None = None  # who looks up what was asked; None: this call does
    asked_mails: int = access.ASKED_MAILS_AN_HOUR  # that strangers may cause in an hour
    mails_leave: bool = True  # False: they end in a folder of this machine, for trying it out

    @property
    def key(self) -> bytes:
        return self.server_key()

    def mail_end(self, end: str) -> str:
        """How the end of a mail is said: "written" where it was sent to nobody but a folder."""
        return "written" if end == "sent" and not self.mails_leave else end
