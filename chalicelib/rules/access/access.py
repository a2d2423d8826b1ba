"""Who gets in: links, sessions, one-time sign-ins, and what each route's role may be."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import Literal

Role = Literal["unit", "officer", "director"]
STAFF: tuple[Role, ...] = ("officer", "director")

UNIT_SESSION = timedelta(days=30)
MOST_DEVICES = 50  # a unit's open sessions: another one ends the longest unused
LONGEST_REQUEST = timedelta(minutes=1)  # that Lambda or our server lets run, and then some
EXPLAINED = timedelta(days=30)  # that a link says of itself that an officer's leaving replaced it
STAFF_SESSION = timedelta(hours=12)
SIGN_IN = timedelta(minutes=15)
CODE_TRIES = 5  # wrong codes before the next has to wait; its links go on working
LONGEST_WAIT = timedelta(hours=1)  # that a code may have to
SIGN_INS_AN_HOUR = 6  # mails to one account: for all strangers, and for each browser it knows
SIGN_IN_ASKS_AN_HOUR = 60  # asks to sign in from one address, or of one known browser
RESENDS_AN_HOUR = 3  # mails with a unit's link, asked for on the public page by anyone
ASKED_AN_HOUR = 20  # asks on that page from one address
ASKED_MAILS_AN_HOUR = 200  # that strangers may cause in all, where no setting says another number
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


def wait_after(tries: int) -> timedelta:
    """How long after so many wrong codes the next one is taken: 1, 2, 4 … 60 minutes."""
    if tries < CODE_TRIES:
        return timedelta()
    return min(timedelta(minutes=2 ** min(tries - CODE_TRIES, 6)), LONGEST_WAIT)


def account_mark(key: bytes, email: str) -> str:
    """What counts of an account are kept under, whether it exists or not: no address in them."""
    return _text(hmac.digest(key, b"account\n" + email.encode(), "sha256")[:16])


def new_ask(key: bytes, reserve: str) -> str:
    """The token of a browser that asks to sign in: whose tries its codes count for is signed."""
    named = f"{new_token()}.{reserve}"
    return f"{named}.{proof(key, 'ask', named)}"


def reserve_of(key: bytes, ask_token: str) -> str:
    """Whose tries the codes of this browser count for; empty where the token is none of ours."""
    named, _, signed = ask_token.rpartition(".")
    return named.partition(".")[2] if same(signed, proof(key, "ask", named)) else ""


def is_known(ask_token: str) -> bool:
    """Of a token of ours: whether it was given to a browser that has signed in before."""
    return ask_token.count(".") == 3


def proof(key: bytes, what: str, text: str) -> str:
    """That this text is of ours: nobody makes it without the server key."""
    given = f"{what}\n{text}".encode(errors="surrogatepass")  # of a request: it may be anything
    return _text(hmac.digest(key, given, "sha256")[:20])


def address_digest(key: bytes, address: str) -> str:
    """Failures are counted per address without keeping the address."""
    counted = b"address\n" + _network(address).encode(errors="surrogatepass")
    return hmac.new(key, counted, "sha256").hexdigest()[:32]


def _network(address: str) -> str:
    """What one household or attacker has: an IPv4 address, or an IPv6 network of 64 bits."""
    try:
        found = ip_address(address.partition("%")[0].strip())
    except ValueError:
        return "unknown"
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or f"{int(found) >> 64:x}/64")


def same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), right.encode())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
