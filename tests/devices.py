"""Sessions of units for tests: opened with a link, many at once, or as an older program did."""

import secrets
from datetime import datetime

from chalicelib.edges.table import ANYTHING, MOST_CHANGES, Change, Put, Table
from chalicelib.rules.access import access as rules
from chalicelib.rules.access.access import Link, Session
from chalicelib.rules.texts.clock import iso
from chalicelib.store import access, devices, keys, links


def let_in(table: Table, key: bytes, p: str, unit: str, now: datetime) -> Session:
    """Somebody with the unit's link, which is issued where there is none."""
    session = devices.enter(table, links.issue_link(table, key, p, unit), now)
    assert session is not None
    return session


def left_open(table: Table, link: Link, now: datetime, number: int, *, older: bool) -> list[str]:
    """Tokens of so many sessions of this link, as a program without a bound left them; an older
    one's say no generation.
    """
    tokens = [secrets.token_urlsafe(32) for _ in range(number)]
    changes: list[Change] = []
    until = now + rules.UNIT_SESSION
    own = {} if older else {"generation": link.generation}
    for token in tokens:
        digest, expires = rules.digest(token), int(until.timestamp())
        whose = {"programme": link.programme, "unit": link.unit}
        body = {"kind": "session", "role": "unit", "until": iso(until), **whose, **own}
        listed = keys.session(keys.unit_access(link.programme, link.unit), digest)
        changes.append(Put(keys.token(digest), body, ANYTHING, expires))
        changes.append(Put(listed, {"until": iso(until), **own}, ANYTHING, expires))
    for start in range(0, len(changes), MOST_CHANGES):
        table.write(*changes[start : start + MOST_CHANGES])
    return tokens


def standing(table: Table, tokens: list[str], now: datetime) -> int:
    """How many of these let somebody in."""
    return sum(access.session(table, token, now) is not None for token in tokens)
