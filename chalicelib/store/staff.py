"""Changes of the staff accounts in the table: an officer stays, whoever removes whom at once."""

import secrets
from collections.abc import Callable
from typing import Literal

from chalicelib.edges.table import (
    ANYTHING,
    NOTHING,
    Change,
    Conflict,
    Delete,
    Item,
    Key,
    Put,
    Table,
)
from chalicelib.rules.access.access import Role
from chalicelib.rules.review.act import Act
from chalicelib.store import acts, keys

_TRIES = 8

Reason = Literal["known", "unknown", "last_officer"]


class NotChanged(Exception):
    """The accounts stay as they are; `reason` is a key of messages.door.staff.FAULTS."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def add(table: Table, act: Act, email: str, role: Role) -> None:
    """Raises NotChanged."""

    def change(accounts: dict[str, Item]) -> Change:
        if email in accounts:
            raise NotChanged("known")
        return _account(keys.staff(email), role, NOTHING)

    _commit(table, act, change)


def give_role(table: Table, act: Act, email: str, role: Role) -> None:
    """Sessions that the former role opened end. Raises NotChanged."""

    def change(accounts: dict[str, Item]) -> Change | None:
        found = _known(accounts, email)
        if found.body["role"] == role:
            return None
        _keep_an_officer(accounts, email)
        return _account(found.key, role, found.version)

    _commit(table, act, change)


def appoint(table: Table, act: Act, email: str, role: Role) -> bool:
    """The account with this role, known or not, from the terminal: False where it has it already.

    Raises NotChanged.
    """
    has_it = False

    def change(accounts: dict[str, Item]) -> Change | None:
        nonlocal has_it
        known = accounts.get(email)
        has_it = known is not None and known.body["role"] == role
        if has_it:
            return None
        if known is None:
            return _account(keys.staff(email), role, NOTHING)
        _keep_an_officer(accounts, email)
        return _account(known.key, role, known.version)

    _commit(table, act, change)
    return not has_it


def remove(table: Table, act: Act, email: str) -> None:
    """The account's sessions end with it: they stand on its grant. Raises NotChanged."""

    def change(accounts: dict[str, Item]) -> Change:
        found = _known(accounts, email)
        _keep_an_officer(accounts, email)
        return Delete(found.key, found.version)

    _commit(table, act, change)
    for session in table.query(keys.staff_access(email), "SESSION#"):
        token = keys.token(session.key.sort.partition("#")[2])
        table.write(Delete(token, ANYTHING), Delete(session.key, ANYTHING))


def _account(key: Key, role: Role, expects: int) -> Put:
    """Every role given is a new grant: no session of before stands on it."""
    return Put(key, {"role": role, "grant": secrets.token_hex(8)}, expects)


def _known(accounts: dict[str, Item], email: str) -> Item:
    if email not in accounts:
        raise NotChanged("unknown")
    return accounts[email]


def _keep_an_officer(accounts: dict[str, Item], email: str) -> None:
    """Nobody but an officer can let another one in."""
    others = (item.body["role"] for other, item in accounts.items() if other != email)
    if accounts[email].body["role"] == "officer" and "officer" not in others:
        raise NotChanged("last_officer")


def _commit(table: Table, act: Act, change: Callable[[dict[str, Item]], Change | None]) -> None:
    """Judge the accounts as they are and write while they still are: the roster stands for all."""
    for _ in range(_TRIES):
        roster = table.get(keys.roster())
        accounts = {item.key.sort: item for item in table.query("STAFF")}
        made = change(accounts)
        if made is None:
            return None
        version = roster.version if roster else NOTHING
        body = {"changes": version + 1}
        try:
            return acts.commit(table, act, made, Put(keys.roster(), body, version))
        except Conflict:
            continue
    raise Conflict(keys.roster())
