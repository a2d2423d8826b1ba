"""A unit's links in the table: at most one that works, and what ends together with it.

Every change of a link is one transaction with its index item, its token and, where there is one,
the record of the act. The index item's version decides between two who change at one moment.
"""

from dataclasses import dataclass
from datetime import datetime

from chalicelib import access
from chalicelib.access import Link
from chalicelib.audit import Act
from chalicelib.clock import from_iso, iso
from chalicelib.store import acts, keys
from chalicelib.table import (
    ANYTHING,
    MOST_CHANGES,
    NOTHING,
    Change,
    Conflict,
    Delete,
    Item,
    Put,
    Scalar,
    Table,
)

_TRIES = 8
_RECORD = 1  # what `acts.commit` adds for an act of no period


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a unit's newest link stands; `changed` is None where no act on record made it."""

    programme: str
    unit: str
    generation: int
    digest: str  # of its token
    works: bool
    changed: datetime | None
    revision: int  # of the index item; NOTHING where an older installation has none

    def since(self, seen: datetime | None) -> bool:
        """Whether it was changed after `seen`: who decided by an older page decided otherwise."""
        return seen is not None and self.changed is not None and self.changed > seen


class Changed(Exception):
    """Somebody changed the link after the page that this act comes from was opened."""


def standing(table: Table, p: str, unit: str) -> Standing | None:
    """None for a unit that never had a link."""
    item = table.get(keys.link(p, unit))
    return _standing(p, item) if item else _before_the_index(table, p, unit)


def standings(table: Table, p: str) -> dict[str, Standing]:
    """Of every unit that has or had a link, by code: one query.

    A link older than the index comes in with the first act on it, or with `make links`.
    """
    return {item.key.sort: _standing(p, item) for item in table.query(f"LINKS#{p}")}


def token(key: bytes, standing: Standing | None) -> str:
    """The link's token, to be handed out again; empty where none works.

    Made with another server key it can't be made again: backups leave the key out.
    """
    if standing is None or not standing.works:
        return ""
    made = access.link_token(key, Link(standing.programme, standing.unit, standing.generation))
    return made if access.digest(made) == standing.digest else ""


def issue_link(table: Table, key: bytes, p: str, unit: str, act: Act | None = None) -> str:
    """The unit's link token: the one that works, or a new one."""
    for _ in range(_TRIES):
        known = standing(table, p, unit)
        works = token(key, known)
        if works and known and known.revision != NOTHING:
            return works
        try:
            if works and known:
                index = _index(known.generation, known.digest, True, None)
                table.write(Put(keys.link(p, unit), index, NOTHING))
                return works
            return renew(table, key, p, unit, known, act)
        except Conflict as conflict:
            last = conflict
    raise last


def standing_or_first_link(
    table: Table, key: bytes, p: str, unit: str, act: Act | None = None
) -> str:
    """As `issue_link`, but a link that works is never ended for another: empty where it was made
    with another server key and can't be handed out again.
    """
    known = standing(table, p, unit)
    lost = known is not None and known.works and not token(key, known)
    return "" if lost else issue_link(table, key, p, unit, act)


def reissue_link(
    table: Table,
    key: bytes,
    p: str,
    unit: str,
    act: Act | None = None,
    seen: datetime | None = None,
) -> str:
    """A new link. The old one and every session that it opened end. Raises Changed."""
    for _ in range(_TRIES):
        known = standing(table, p, unit)
        if known and known.since(seen):
            raise Changed
        try:
            return renew(table, key, p, unit, known, act)
        except Conflict as conflict:
            last = conflict
    raise last


def next_token(key: bytes, p: str, unit: str, known: Standing | None) -> str:
    """The token that `renew` would make: to be mailed before the old one ends."""
    return access.link_token(key, Link(p, unit, (known.generation if known else 0) + 1))


def under(table: Table, key: bytes, p: str, unit: str, act: Act) -> bool:
    """A new link in the place of one that works and was made with another server key.

    The old one ends with its sessions. False where there is none such.
    """
    for _ in range(_TRIES):
        known = standing(table, p, unit)
        if known is None or not known.works or token(key, known):
            return False
        try:
            renew(table, key, p, unit, known, act)
            return True
        except Conflict as conflict:
            last = conflict
    raise last


def revoke(
    table: Table, p: str, unit: str, act: Act | None = None, seen: datetime | None = None
) -> bool:
    """End the unit's link, then its sessions: a session can't be opened with an ended link, so
    none begins between the two. A session dies with its token's item.

    False where there was no link that works. Raises Changed.
    """
    for _ in range(_TRIES):
        known = standing(table, p, unit)
        if known is None or not known.works:
            _end_sessions(table, p, unit)
            return False
        if known.since(seen):
            raise Changed
        body = _index(known.generation, known.digest, False, act)
        changes: list[Change] = [
            Put(keys.link(p, unit), body, known.revision),
            Delete(keys.token(known.digest), ANYTHING),
        ]
        try:
            _write(table, p, unit, changes, act)
            return True
        except Conflict as conflict:
            last = conflict
    raise last


def renew(
    table: Table, key: bytes, p: str, unit: str, known: Standing | None, act: Act | None
) -> str:
    """The next generation in place of the one that is known. Raises Conflict."""
    generation = (known.generation if known else 0) + 1
    made = access.link_token(key, Link(p, unit, generation))
    digest = access.digest(made)
    body: dict[str, Scalar] = {"programme": p, "unit": unit, "generation": generation}
    own = keys.generation(p, unit, generation)
    index = _index(generation, digest, True, act)
    changes: list[Change] = [
        Put(keys.link(p, unit), index, known.revision if known else NOTHING),
        Put(keys.token(digest), {"kind": "link", **body}, ANYTHING),
        Put(own, {"token": digest, **body}, ANYTHING),
    ]
    if known and known.digest != digest:
        changes.append(Delete(keys.token(known.digest), ANYTHING))
    _write(table, p, unit, changes, act)
    return made


def _write(table: Table, p: str, unit: str, changes: list[Change], act: Act | None) -> None:
    """The link's change with as many of the sessions as fit, and then the rest.

    A session may still have begun after they were read and before the link ended, so they are
    read once more; with an ended link none begins after that.
    """
    room = MOST_CHANGES - len(changes) - _RECORD
    with_them = [*changes, *_sessions(table, p, unit)[:room]]
    if act:
        acts.commit(table, act, *with_them)
    else:
        table.write(*with_them)
    _end_sessions(table, p, unit)


def _end_sessions(table: Table, p: str, unit: str) -> None:
    left = _sessions(table, p, unit)
    for start in range(0, len(left), MOST_CHANGES):
        table.write(*left[start : start + MOST_CHANGES])


def _sessions(table: Table, p: str, unit: str) -> list[Delete]:
    """What ends every session: of each its token, before the item that finds it."""
    ends = []
    for item in table.query(keys.unit_access(p, unit), "SESSION#"):
        ends.append(Delete(keys.token(item.key.sort.partition("#")[2]), ANYTHING))
        ends.append(Delete(item.key, ANYTHING))
    return ends


def sessions(table: Table, p: str, unit: str, now: datetime) -> list[datetime]:
    """When each session of the unit that has not ended was opened, the newest first."""
    found = table.query(keys.unit_access(p, unit), "SESSION#")
    ends = (from_iso(str(item.body["until"])) for item in found)
    return sorted((end - access.UNIT_SESSION for end in ends if end > now), reverse=True)


def _index(generation: int, digest: str, works: bool, act: Act | None) -> dict[str, Scalar]:
    changed = iso(act.at) if act else ""
    return {"generation": generation, "token": digest, "works": works, "changed": changed}


def _standing(p: str, item: Item) -> Standing:
    body = item.body
    changed = str(body["changed"])
    return Standing(
        programme=p,
        unit=item.key.sort,
        generation=int(body["generation"]),
        digest=str(body["token"]),
        works=bool(body["works"]),
        changed=from_iso(changed) if changed else None,
        revision=item.version,
    )


def _before_the_index(table: Table, p: str, unit: str) -> Standing | None:
    """From what an installation kept before links had an index."""
    newest = None
    for item in table.query(keys.unit_access(p, unit), "LINK#"):
        newest = item
    if newest is None:
        return None
    digest = str(newest.body["token"])
    works = table.get(keys.token(digest)) is not None
    return Standing(p, unit, int(newest.body["generation"]), digest, works, None, NOTHING)
