"""A unit's links in the table: at most one that works, and what ends together with it.

Every change of a link is one transaction with its index item, its token and, where there is one,
the record of the act. The index item's version decides between two who change at one moment. A
session stands on the link's generation (`store.access`): with that write all of them have ended,
and their items are swept afterwards.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from chalicelib.edges.table import (
    ANYTHING,
    MOST_CHANGES,
    NOTHING,
    Body,
    Busy,
    Change,
    Conflict,
    Delete,
    Item,
    Key,
    Put,
    Scalar,
    Table,
)
from chalicelib.rules.access import access
from chalicelib.rules.access.access import Link
from chalicelib.rules.review.act import Act
from chalicelib.rules.texts.clock import from_iso, iso
from chalicelib.store import acts, keys

_TRIES = 8


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


def replace(table: Table, key: bytes, p: str, unit: str, act: Act, seen: datetime) -> None:
    """A new link in the place of one that works; the old one says so of itself for thirty days.
    Raises Changed where none works any more, or somebody has changed it since `seen`.
    """
    for _ in range(_TRIES):
        known = standing(table, p, unit)
        if known is None or not known.works or known.since(seen):
            raise Changed
        try:
            renew(table, key, p, unit, known, act, explained=True)
            return
        except Conflict as conflict:
            last = conflict
    raise last


def under(table: Table, key: bytes, p: str, unit: str, act: Act) -> bool:
    """A new link in the place of one that works and was made with another server key, which ends
    with its sessions. False where there is none such.
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
    """End the unit's link, and with it every session. Raises Changed.
    False where there was no link that works.
    """
    for _ in range(_TRIES):
        known = standing(table, p, unit)
        if known is None or not known.works:
            return False
        if known.since(seen):
            raise Changed
        body = _index(known.generation, known.digest, False, act)
        changes: list[Change] = [
            Put(keys.link(p, unit), body, known.revision),
            Delete(keys.token(known.digest), ANYTHING),
        ]
        try:
            _write(table, p, unit, changes, act, known.generation + 1)
            return True
        except Conflict as conflict:
            last = conflict
    raise last


def renew(
    table: Table,
    key: bytes,
    p: str,
    unit: str,
    known: Standing | None,
    act: Act | None,
    *,
    explained: bool = False,
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
        old = keys.token(known.digest)
        changes.append(_explained(old, act.at) if act and explained else Delete(old, ANYTHING))
    _write(table, p, unit, changes, act, generation)
    return made


def renew_as_told(table: Table, key: bytes, known: Standing, act: Act) -> str:
    """The next generation after this one, whose link has gone out already: a device that ends at
    the same moment, which writes the index too, must not stop it. Raises Changed, Conflict.
    """
    now: Standing | None = known
    for _ in range(_TRIES):
        if now is None or not now.works or now.generation != known.generation:
            raise Changed
        try:
            return renew(table, key, known.programme, known.unit, now, act)
        except Conflict as conflict:
            last = conflict
        now = standing(table, known.programme, known.unit)
    raise last


def _explained(old: Key, at: datetime) -> Put:
    """All that is kept of a link that was replaced: that it was, and when."""
    until = at + access.EXPLAINED
    body: Body = {"kind": "replaced", "replaced": iso(at), "until": iso(until)}
    return Put(old, body, ANYTHING, int(until.timestamp()))


def _write(
    table: Table, p: str, unit: str, changes: list[Change], act: Act | None, first: int
) -> None:
    """The link's change; then the items of sessions that ended with it go.

    That is housekeeping: where the table refuses it, they end with their time.
    """
    if act:
        acts.commit(table, act, *changes)
    else:
        table.write(*changes)
    with suppress(Busy, Conflict):
        _sweep(table, p, unit, first)


def _sweep(table: Table, p: str, unit: str, first: int) -> None:
    """All sessions of generations before this one: of each its token, before what finds it."""
    ends: list[Change] = []
    for item in table.query(keys.unit_access(p, unit), "SESSION#"):
        if int(item.body.get("generation", 0)) < first:
            digest = item.key.sort.partition("#")[2]
            ends += [Delete(keys.token(digest), ANYTHING), Delete(item.key, ANYTHING)]
    for start in range(0, len(ends), MOST_CHANGES):
        table.write(*ends[start : start + MOST_CHANGES])


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
