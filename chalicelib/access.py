"""Who gets in: links, sessions, one-time sign-ins, and what each route's role may be."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

Role = Literal["unit", "officer", "director"]
STAFF: tuple[Role, ...] = ("officer", "director")

UNIT_SESSION = timedelta(days=30)
MOST_DEVICES = 50  # a unit's open sessions: another one ends the longest unused
LONGEST_REQUEST = timedelta(minutes=1)  # that Lambda or our server lets run, and then some
EXPLAINED = timedelta(days=30)  # that a link says of itself that an officer's leaving replaced it
STAFF_SESSION = timedelta(hours=12)
SIGN_IN = timedelta(minutes=15)
CODE_TRIES = 5
CODES_A_DAY = 20  # tries of codes for one account; its links go on working
SIGN_INS_AN_HOUR = 10  # mails to one account, asked for from one address
SIGN_INS_FOR_ONE = 50  # mails to one account: nobody can use up another's from one address
RESENDS_AN_HOUR = 3  # mails with a unit's link, asked for on the public page by anyone
ASKED_AN_HOUR = 20  # asks on that page from one address
FAILURES_AN_HOUR = 20  # unknown tokens and wrong codes from one address before it says "later"


@dataclass(frozen=True, slots=True)
class Link:
    """What a unit's link stands for."""

    programme: str
    unit: str
    generation: int


@dataclass(frozen=True, slots=True)
class Session:
    """Someone let in. A unit's session names programme and unit; a staff one the account."""

    role: Role
    token: str
    until: datetime
    programme: str = ""
    unit: str = ""
    email: str = ""
    generation: int = 0  # of the unit's link that it was opened with
    name: str = ""  # who uses the device, where that was told
    post: str = ""
    used: str = field(default="", compare=False)  # the day when that was last noted
    # Of the stored item that it stands on, for expecting: a unit's link, a staff member's token.
    revision: int = field(default=0, compare=False)

    @property
    def owner(self) -> tuple[str, str, str]:
        return self.programme, self.unit, self.email

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF


def is_surely_of(generation: int, changed: datetime | None, opened: datetime) -> bool:
    """Whether a session that says no generation is of this one: an older program wrote it.

    There is none before the first. A link that was changed says when the request for it began:
    what was opened with the old one until that request had ended can't be told apart, and ends.
    """
    return generation == 1 or (changed is not None and opened > changed + LONGEST_REQUEST)


def new_token() -> str:
    return secrets.token_urlsafe(32)


def new_code() -> str:
    return f"{secrets.randbelow(1_000_000):06}"


def digest(token: str) -> str:
    """What the table holds of a token."""
    given = token.encode(errors="surrogatepass")  # of a request: it may be anything
    return hashlib.sha256(given).hexdigest()


def link_token(key: bytes, link: Link) -> str:
    """160 bits, the same each time, so that a sheet of links can be printed again."""
    named = "\n".join(("link", link.programme, link.unit, str(link.generation)))
    return _text(hmac.digest(key, named.encode(), "sha256")[:20])


def csrf_token(session_token: str) -> str:
    """Bound to the session; it can't be made without the session's own secret."""
    return _text(hmac.digest(session_token.encode(), b"csrf", "sha256")[:20])


def code_digest(code: str, ask_token: str) -> str:
    """Bound to the browser that asked: a code alone can't be tried elsewhere."""
    return hmac.new(ask_token.encode(), code.encode(), "sha256").hexdigest()


def address_digest(key: bytes, address: str) -> str:
    """Failures are counted per address without keeping the address."""
    return hmac.new(key, b"address\n" + address.encode(), "sha256").hexdigest()[:32]


def same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), right.encode())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
