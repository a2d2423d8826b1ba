"""A browser that has signed in before: what its cookie holds, and what that proves."""

import re
import secrets
from datetime import timedelta

from chalicelib.rules.access import access

LASTS = timedelta(days=365)  # of the cookie, from the last sign-in on
_MOST = 5  # accounts that a browser is known to; the one used longest ago goes
_ENTRY = re.compile(r"([\w-]{27})\.([\w-]{27})", re.ASCII)
_MARK = 11  # signs at the end of a browser's name: of the grant that it signed in under


def browser(key: bytes, cookie: str, account: str) -> str:
    """The browser's name with this account; empty where it has not signed in to it."""
    for name, signed in _entries(cookie):
        if access.same(signed, _proof(key, account, name)):
            return name
    return ""


def stands(key: bytes, name: str, grant: str) -> bool:
    """Whether the account still has the grant under which the browser signed in."""
    return access.same(name[-_MARK:], _mark(key, grant))


def remembered(key: bytes, cookie: str, account: str, grant: str) -> str:
    """The cookie of a browser that has just signed in. It keeps its name while it stands."""
    name = browser(key, cookie, account)
    others = [f"{one}.{signed}" for one, signed in _entries(cookie) if one != name]
    if not name or not stands(key, name, grant):
        name = secrets.token_urlsafe(12) + _mark(key, grant)
    return "~".join([f"{name}.{_proof(key, account, name)}", *others][:_MOST])


def _entries(cookie: str) -> list[tuple[str, str]]:
    found = (_ENTRY.fullmatch(one) for one in cookie.split("~", _MOST)[:_MOST])
    return [(one[1], one[2]) for one in found if one]


def _proof(key: bytes, account: str, name: str) -> str:
    return access.proof(key, "known", f"{account}\n{name}")


def _mark(key: bytes, grant: str) -> str:
    return access.proof(key, "grant", grant)[:_MARK]
