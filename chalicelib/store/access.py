"""Links, sessions and sign-ins in the table: tokens only as hashes."""

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

from chalicelib import access
from chalicelib.access import Link, Role, Session
from chalicelib.clock import from_iso, iso
from chalicelib.store import keys, rates
from chalicelib.table import (
    ANYTHING,
    NOTHING,
    Check,
    Conflict,
    Delete,
    Item,
    Key,
    Put,
    Scalar,
    Table,
)

if TYPE_CHECKING:
    from chalicelib.store.links import issue_link, reissue_link, revoke

__all__ = [
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
_OF_LINKS = ("issue_link", "reissue_link", "revoke")


def __getattr__(name: str) -> object:
    if name not in _OF_LINKS:
        raise AttributeError(name)
    return getattr(import_module("chalicelib.store.links"), name)


def link(table: Table, token: str) -> Link | None:
    """What a link stands for; None for an unknown and for a revoked one."""
    body = _token(table, token, "link")
    if body is None:
        return None
    return Link(body["programme"], body["unit"], body["generation"])


def _token(table: Table, token: str, kind: str, now: datetime | None = None) -> Any:
    item = table.get(keys.token(access.digest(token)))
    if item is None or item.body["kind"] != kind:
        return None
    if now and from_iso(str(item.body["until"])) <= now:
        return None
    return {**item.body, "revision": item.version}


def enter(table: Table, token: str, now: datetime) -> Session | None:
    """Open a unit's session with its link; None where the link is unknown or ended meanwhile."""
    body = _token(table, token, "link")
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
    body = _token(table, token, "session", now)
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
    item = table.get(keys.staff(email)) if email else None
    return item.body["role"] if item else None  # type: ignore[return-value]


def ask_sign_in(table: Table, email: str, now: datetime) -> tuple[str, str, str]:
    """A fresh link token, a code, and the token of the browser that asks."""
    link_token, ask_token, code = access.new_token(), access.new_token(), access.new_code()
    until = now + access.SIGN_IN
    expires = int(until.timestamp())
    link_key, ask_key = (keys.token(access.digest(token)) for token in (link_token, ask_token))
    common: dict[str, Scalar] = {"email": email, "until": iso(until)}
    code_body: dict[str, Scalar] = {
        "kind": "code",
        "code": access.code_digest(code, ask_token),
        "tries": 0,
        **common,
    }
    table.write(
        Put(link_key, {"kind": "sign_in", "other": json.dumps(ask_key), **common}, 0, expires),
        Put(ask_key, {"other": json.dumps(link_key), **code_body}, 0, expires),
    )
    return link_token, code, ask_token


def sign_in(table: Table, link_token: str, now: datetime) -> str | None:
    """The account of a link that was not used yet."""
    body = _token(table, link_token, "sign_in", now)
    return str(body["email"]) if body else None


def use_link(table: Table, link_token: str, now: datetime) -> str | None:
    """The account that the link signs in, once."""
    body = _token(table, link_token, "sign_in", now)
    return _spend(table, link_token, body) if body else None


def use_code(table: Table, ask_token: str, code: str, now: datetime) -> str | None:
    """The account that the code signs in, in the browser that asked, within five tries, and
    twenty a day for the account, whoever asked: of a million codes that is few.

    A try is counted before it is judged: many at one moment are five all the same.
    """
    for _ in range(access.CODE_TRIES * 2):
        body = _token(table, ask_token, "code", now)
        if body is None or body["tries"] >= access.CODE_TRIES:
            return None
        tries, counted = rates.today(table, f"code-{access.digest(body['email'])}", now)
        if tries > access.CODES_A_DAY:
            return None
        revision = body.pop("revision")
        tried = {**body, "tries": body["tries"] + 1}
        expires = int(from_iso(body["until"]).timestamp())
        own = Put(keys.token(access.digest(ask_token)), tried, revision, expires)
        try:
            table.write(own, counted)
        except Conflict:
            continue
        if access.same(access.code_digest(code, ask_token), body["code"]):
            return _spend(table, ask_token, {**tried, "revision": revision + 1})
        return None
    return None


def _spend(table: Table, token: str, body: dict[str, Any]) -> str | None:
    """Used links and codes are deleted together, so that neither works again."""
    other = Key(*json.loads(body["other"]))
    try:
        table.write(
            Delete(keys.token(access.digest(token)), body["revision"]), Delete(other, ANYTHING)
        )
    except Conflict:
        return None
    return str(body["email"])
