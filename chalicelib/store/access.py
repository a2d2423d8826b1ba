"""Links, sessions and accounts in the table: tokens only as hashes."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from chalicelib.edges.table import (
    ANYTHING,
    NOTHING,
    Busy,
    Change,
    Check,
    Conflict,
    Delete,
    Item,
    Put,
    Table,
)
from chalicelib.rules.access import access
from chalicelib.rules.access.access import Link, Role, Session
from chalicelib.rules.reports.states import Refused
from chalicelib.rules.texts.clock import from_iso, iso
from chalicelib.store import keys

_Done = TypeVar("_Done")
_TRIES = 5


class Ended(Refused):
    """The session in which something was to be written has ended meanwhile."""


def link(table: Table, token: str) -> Link | None:
    """What a link stands for; None for an unknown and for a revoked one."""
    body = read_token(table, token, "link")
    if body is None:
        return None
    return Link(body["programme"], body["unit"], body["generation"])


def replaced(table: Table, token: str, now: datetime) -> datetime | None:
    """When an officer's leaving ended this link, for thirty days after it."""
    body = read_token(table, token, "replaced", now)
    return from_iso(body["replaced"]) if body else None


def read_token(table: Table, token: str, kind: str, now: datetime | None = None) -> Any:
    """What a token of this kind stands for, with its item's version; None where it is over."""
    item = table.get(keys.token(access.digest(token)))
    if item is None or item.body["kind"] != kind:
        return None
    if now and from_iso(str(item.body["until"])) <= now:
        return None
    return {**item.body, "revision": item.version}


def open_session(table: Table, role: Role, now: datetime, email: str) -> Session:
    """Let a staff member in. The session carries the grant of the account's role; see `session`.

    A unit's are opened in `store.devices`.
    """
    until = now + access.STAFF_SESSION
    account = table.get(keys.staff(email))
    session = Session(role, access.new_token(), until, email=email)
    digest, expires = access.digest(session.token), int(until.timestamp())
    end = iso(until)
    grant = _grant(account, role)
    body = {"kind": "session", "role": role, "until": end, "email": email, "grant": grant}
    open_once(
        table,
        Put(keys.token(digest), body, NOTHING, expires),
        Put(keys.session(keys.staff_access(email), digest), {"until": end}, NOTHING, expires),
        Check(keys.staff(email), _version(account)),
    )
    return session


def open_once(table: Table, token: Put, *changes: Change) -> None:
    """Write a new session with all that it stands on. Raises Conflict of what else it expects.

    Nobody else can have made its token: where that is there, a second try of the SDK met its first.
    """
    try:
        table.write(token, *changes)
    except Conflict as conflict:
        if conflict.key != token.key:
            raise


def _partition(session: Session) -> str:
    if session.is_staff:
        return keys.staff_access(session.email)
    return keys.unit_access(session.programme, session.unit)


def session(table: Table, token: str, now: datetime) -> Session | None:
    """Who is let in; None for an unknown, ended or expired session.

    A staff session stands on the grant of its role, a unit's on the generation of its link. Every
    new role is a new grant and every new link a new generation, so that with the old role or link,
    and with the account, the sessions end, whatever becomes of their items.
    """
    body = read_token(table, token, "session", now)
    if body is None:
        return None
    until = from_iso(body["until"])
    if body["role"] in access.STAFF:
        grant = _grant(table.get(keys.staff(body["email"])), body["role"])
        if not grant or grant != body.get("grant"):
            return None
        revision = body["revision"]
        return Session(body["role"], token, until, email=body["email"], revision=revision)
    return _of_a_unit(table, token, until, body)


def _of_a_unit(
    table: Table, token: str, until: datetime, body: Mapping[str, Any]
) -> Session | None:
    p, unit = body["programme"], body["unit"]
    item = table.get(keys.link(p, unit))
    link: Mapping[str, Any]
    if item is None:
        link, revision = _before_the_index(table, p, unit), NOTHING
    else:
        link, revision = item.body, item.version
    generation = body.get("generation") or _surely(link, until - access.UNIT_SESSION)
    if not link["works"] or generation != link["generation"]:
        return None
    about = {name: body.get(name, "") for name in ("name", "post", "used")}
    return Session("unit", token, until, p, unit, generation=generation, revision=revision, **about)


def _surely(link: Mapping[str, Any], opened: datetime) -> int:
    """The generation of a session that an older program wrote, and that says none; 0 where
    nobody can tell.
    """
    changed = from_iso(link["changed"]) if link["changed"] else None
    generation: int = link["generation"]
    return generation if access.is_surely_of(generation, changed, opened) else 0


def _before_the_index(table: Table, p: str, unit: str) -> Mapping[str, Any]:
    """Of a link that an installation made before links had an index."""
    from chalicelib.store import links

    found = links.standing(table, p, unit)
    works = found is not None and found.works
    return {"works": works, "generation": found.generation if found else 0, "changed": ""}


def still_open(session: Session) -> Check:
    """For a write that must not outlive the session: ending it meanwhile breaks the write."""
    if session.is_staff:
        return Check(keys.token(access.digest(session.token)), session.revision)
    return Check(keys.link(session.programme, session.unit), session.revision)


def in_session(
    table: Table, session: Session, now: datetime, write: Callable[[Check], _Done]
) -> _Done:
    """What `write` gives, which writes together with the check that it is handed, or raises that
    check's Conflict. The end of another device changes the link's item too: then once more.

    Raises Ended, Busy.
    """
    for _ in range(_TRIES):
        check = still_open(session)
        try:
            return write(check)
        except Conflict as conflict:
            if conflict.key != check.key:
                raise
        session = _again(table, session, now)
    raise Busy("others' devices always end first")


def _again(table: Table, known: Session, now: datetime) -> Session:
    """Raises Ended."""
    found = session(table, known.token, now)
    if found is None:
        raise Ended("session_ended")
    return found


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
