"""Links, sessions and accounts in the table: tokens only as hashes."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib import access
from chalicelib.access import Link, Role, Session
from chalicelib.clock import from_iso, iso
from chalicelib.store import keys
from chalicelib.table import (
    ANYTHING,
    NOTHING,
    Check,
    Conflict,
    Delete,
    Item,
    Put,
    Table,
)

if TYPE_CHECKING:
    from chalicelib.store.links import issue_link, reissue_link, revoke
    from chalicelib.store.sign_ins import Tried, ask_sign_in, sign_in, use_code, use_link

__all__ = [
    "Account",
    "Tried",
    "account",
    "ask_sign_in",
    "close_session",
    "enter",
    "issue_link",
    "keep_staff",
    "link",
    "open_session",
    "reissue_link",
    "revoke",
    "session",
    "sign_in",
    "staff",
    "staff_role",
    "still_open",
    "use_code",
    "use_link",
]

# A link ends with its sessions: who lets people in or out finds both here. A unit's form needs
# none of these, and what starts cold does not wait for them.
_ELSEWHERE = {
    **dict.fromkeys(("issue_link", "reissue_link", "revoke"), "links"),
    **dict.fromkeys(("Tried", "ask_sign_in", "sign_in", "use_code", "use_link"), "sign_ins"),
}


def __getattr__(name: str) -> object:
    if name not in _ELSEWHERE:
        raise AttributeError(name)
    return getattr(import_module(f"chalicelib.store.{_ELSEWHERE[name]}"), name)


def link(table: Table, token: str) -> Link | None:
    """What a link stands for; None for an unknown and for a revoked one."""
    body = read_token(table, token, "link")
    if body is None:
        return None
    return Link(body["programme"], body["unit"], body["generation"])


def read_token(table: Table, token: str, kind: str, now: datetime | None = None) -> Any:
    """What a token of this kind stands for, with its item's version; None where it is over."""
    item = table.get(keys.token(access.digest(token)))
    if item is None or item.body["kind"] != kind:
        return None
    if now and from_iso(str(item.body["until"])) <= now:
        return None
    return {**item.body, "revision": item.version}


def enter(table: Table, token: str, now: datetime) -> Session | None:
    """Open a unit's session with its link; None where the link is unknown or ended meanwhile."""
    body = read_token(table, token, "link")
    if body is None:
        return None
    standing = Check(keys.token(access.digest(token)), body["revision"])
    who = {"programme": body["programme"], "unit": body["unit"]}
    try:
        return open_session(table, "unit", now, standing, **who)
    except Conflict:
        return None


def open_session(table: Table, role: Role, now: datetime, *standing: Check, **who: str) -> Session:
    """Let someone in: `who` is programme and unit, or a staff member's email.

    A staff session carries the grant of the account's role; see `session`.
    """
    until = now + (access.STAFF_SESSION if role in access.STAFF else access.UNIT_SESSION)
    if role in access.STAFF:
        account = table.get(keys.staff(who["email"]))
        standing = (*standing, Check(keys.staff(who["email"]), _version(account)))
        who = {**who, "grant": _grant(account, role)}
    session = _session(role, access.new_token(), until, who)
    digest, expires = access.digest(session.token), int(until.timestamp())
    body = {"kind": "session", "role": role, "until": iso(until), **who}
    kept = {"until": iso(until)}
    try:
        table.write(
            Put(keys.token(digest), body, 0, expires),
            Put(keys.session(_partition(session), digest), kept, 0, expires),
            *standing,
        )
    except Conflict as conflict:
        # Nobody else can have made this token: a second try of the SDK met its first.
        if conflict.key != keys.token(digest):
            raise
    return session


def _session(role: Role, token: str, until: datetime, who: Mapping[str, Any]) -> Session:
    programme, unit, email = (str(who.get(name, "")) for name in ("programme", "unit", "email"))
    return Session(role, token, until, programme, unit, email)


def _partition(session: Session) -> str:
    if session.is_staff:
        return keys.staff_access(session.email)
    return keys.unit_access(session.programme, session.unit)


def session(table: Table, token: str, now: datetime) -> Session | None:
    """Who is let in; None for an unknown, ended or expired session.

    A staff session stands on the grant of its role. Every new role is a new grant, so that with
    the old role, and with the account, its sessions end.
    """
    body = read_token(table, token, "session", now)
    if body is None:
        return None
    if body["role"] in access.STAFF:
        grant = _grant(table.get(keys.staff(body["email"])), body["role"])
        if not grant or grant != body.get("grant"):
            return None
    until = from_iso(body["until"])
    return replace(_session(body["role"], token, until, body), revision=body["revision"])


def still_open(session: Session) -> Check:
    """For a write that must not outlive the session: revoking it meanwhile breaks the write."""
    return Check(keys.token(access.digest(session.token)), session.revision)


def close_session(table: Table, session: Session) -> None:
    digest = access.digest(session.token)
    table.write(
        Delete(keys.token(digest), ANYTHING),
        Delete(keys.session(_partition(session), digest), ANYTHING),
    )


def keep_staff(table: Table, email: str, role: Role) -> None:
    """The account with this role; sessions that another role opened end."""
    account = table.get(keys.staff(email))
    if account is None or account.body["role"] != role:
        body = {"role": role, "grant": secrets.token_hex(8)}
        table.write(Put(keys.staff(email), body, ANYTHING))


def _version(item: Item | None) -> int:
    return item.version if item else NOTHING


def _grant(account: Item | None, role: Role) -> str:
    """Empty where the account has no such role: no session stands on that."""
    if account is None or account.body["role"] != role:
        return ""
    return str(account.body.get("grant", "before grants"))


def staff(table: Table) -> Iterator[tuple[str, Role]]:
    return ((item.key.sort, item.body["role"]) for item in table.query("STAFF"))  # type: ignore[misc]


def staff_role(table: Table, email: str) -> Role | None:
    found = account(table, email)
    return found.role if found else None


class Account(NamedTuple):
    role: Role
    grant: str


def account(table: Table, email: str) -> Account | None:
    item = table.get(keys.staff(email)) if email else None
    if item is None:
        return None
    role: Role = item.body["role"]  # type: ignore[assignment]
    return Account(role, _grant(item, role))
