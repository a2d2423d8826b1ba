"""Sign-ins in the table: a link and a code that come by mail, each used once."""

import json
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.edges.table import ANYTHING, Conflict, Delete, Key, Put, Scalar, Table
from chalicelib.rules.access import access as rules
from chalicelib.rules.texts.clock import iso
from chalicelib.store import access, keys, tries


def ask_sign_in(
    table: Table, email: str, now: datetime, ask_token: str = "", reserve: str = ""
) -> tuple[str, str, str]:
    """A fresh link token, a code, and the token of the browser that asks.

    `reserve` names the tries that its codes count for. Raises Conflict for a browser's token that
    a mail was made for before.
    """
    link_token, code = rules.new_token(), rules.new_code()
    ask_token = ask_token or rules.new_token()
    until = now + rules.SIGN_IN
    expires = int(until.timestamp())
    link_key, ask_key = (keys.token(rules.digest(token)) for token in (link_token, ask_token))
    common: dict[str, Scalar] = {"email": email, "until": iso(until)}
    code_body: dict[str, Scalar] = {
        "kind": "code",
        "code": rules.code_digest(code, ask_token),
        "reserve": reserve,
        **common,
    }
    table.write(
        Put(link_key, {"kind": "sign_in", "other": json.dumps(ask_key), **common}, 0, expires),
        Put(ask_key, {"other": json.dumps(link_key), **code_body}, 0, expires),
    )
    return link_token, code, ask_token


def sign_in(table: Table, link_token: str, now: datetime) -> str | None:
    """The account of a link that was not used yet."""
    body = access.read_token(table, link_token, "sign_in", now)
    return str(body["email"]) if body else None


def use_link(table: Table, link_token: str, now: datetime) -> str | None:
    """The account that the link signs in, once."""
    body = access.read_token(table, link_token, "sign_in", now)
    return _spend(table, link_token, body) if body else None


class Tried(NamedTuple):
    """What became of a code: whom it signs in, or from when on the next one is taken."""

    email: str = ""
    judged: bool = True
    again: datetime | None = None  # None: at once


def use_code(table: Table, ask_token: str, code: str, now: datetime, reserve: str = "") -> Tried:
    """Sign in by the code, in the browser that asked, within the tries that are left.

    For an address without account the same calls: its tries are `reserve`'s. A try is counted
    before it is judged, so that many at one moment are no more than one after another; a right one
    is given back.
    """
    for _ in range(rules.CODE_TRIES * 2):
        body = access.read_token(table, ask_token, "code", now)
        whose = body["reserve"] if body and body.get("reserve") else reserve
        before = tries.so_far(table, f"code-{whose}", now)
        if before.again and before.again > now:
            return Tried(judged=False, again=before.again)
        counted = before.one_more(now)
        try:
            table.write(counted.change(before.version))
        except Conflict:
            continue
        if body is None or not rules.same(rules.code_digest(code, ask_token), body["code"]):
            return Tried(again=counted.again)
        if email := _spend(table, ask_token, body):
            tries.give_back(table, before)
            return Tried(email)
        return Tried(again=counted.again)
    return Tried()


def _spend(table: Table, token: str, body: dict[str, Any]) -> str | None:
    """Used links and codes are deleted together, so that neither works again."""
    other = Key(*json.loads(body["other"]))
    try:
        table.write(
            Delete(keys.token(rules.digest(token)), body["revision"]), Delete(other, ANYTHING)
        )
    except Conflict:
        return None
    return str(body["email"])
