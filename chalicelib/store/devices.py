"""A unit's sessions in the table, each a device: opened with its link, fifty at most, and ended."""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from itertools import islice

from chalicelib.edges.table import (
    ANYTHING,
    MOST_CHANGES,
    NOTHING,
    Body,
    Busy,
    Change,
    Check,
    Conflict,
    Delete,
    Item,
    Key,
    Put,
    Scalar,
    Table,
)
from chalicelib.rules.access import access
from chalicelib.rules.access.access import Session
from chalicelib.rules.access.device import About, Device
from chalicelib.rules.texts.clock import from_iso, iso, today
from chalicelib.store import access as doors
from chalicelib.store import keys, links
from chalicelib.store.links import Standing

_TRIES = 50  # of as many people who open one unit's link at the same moment
_TOGETHER = (MOST_CHANGES - 4) // 2  # sessions that one write ends beside what else it does
NOBODY = About()


def enter(table: Table, token: str, now: datetime, about: About = NOBODY) -> Session | None:
    """Open a session with the unit's link; None where the link is unknown or has ended.

    At most fifty stand: the longest unused goes in the same write. Raises Conflict where others
    are always faster.
    """
    link = doors.link(table, token)
    if link is None:
        return None
    for _ in range(_TRIES):
        standing = links.standing(table, link.programme, link.unit)
        if standing is None or not standing.works or standing.generation != link.generation:
            return None
        try:
            return _open(table, standing, now, about)
        except Conflict as conflict:
            last = conflict
    raise last


def _open(table: Table, standing: Standing, now: datetime, about: About) -> Session:
    p, unit, until = standing.programme, standing.unit, now + access.UNIT_SESSION
    roster = table.get(keys.devices(p, unit))
    ends = _making_room(table, standing, now)
    common = _common(until, standing.generation, now, about)
    whose = p, unit, "", standing.generation, about.name, about.post
    session = Session("unit", access.new_token(), until, *whose, used=today(now).isoformat())
    digest, expires = access.digest(session.token), int(until.timestamp())
    body: Body = {"kind": "session", "role": "unit", "programme": p, "unit": unit, **common}
    listed: Body = {"opened": iso(now), "device": about.kind, **common}
    version = roster.version if roster else NOTHING
    doors.open_once(
        table,
        Put(keys.token(digest), body, NOTHING, expires),
        Put(keys.session(keys.unit_access(p, unit), digest), listed, NOTHING, expires),
        Put(keys.devices(p, unit), {"changes": version + 1}, version, expires),
        Check(keys.link(p, unit), standing.revision),
        *_ended(ends),
    )
    return session


def _common(until: datetime, generation: int, now: datetime, about: About) -> dict[str, Scalar]:
    """What both items of a session hold: the one of its token and the one of its unit's list."""
    return {
        "until": iso(until),
        "generation": generation,
        "used": today(now).isoformat(),
        "name": about.name,
        "post": about.post,
    }


def _making_room(table: Table, standing: Standing, now: datetime) -> Sequence[Key]:
    """What one more device ends in its own write; more than fits there goes before."""
    ends = _without_room(table, standing, now)
    while len(ends) > _TOGETHER:  # an older program opened any number
        table.write(*_ended(ends[:_TOGETHER]))
        ends = ends[_TOGETHER:]
    return ends


def _without_room(table: Table, standing: Standing, now: datetime) -> list[Key]:
    """Whose place one more takes: all that have ended, and the longest unused above the most."""
    found = list(table.query(keys.unit_access(standing.programme, standing.unit), "SESSION#"))
    living = [item for item in found if _stands(item, standing, now)]
    living.sort(key=lambda item: _unused_since(_device(item)))
    ended = {item.key for item in found} - {item.key for item in living}
    above = max(0, len(living) - access.MOST_DEVICES + 1)
    return [*sorted(ended), *(item.key for item in living[:above])]


def _unused_since(device: Device) -> tuple[date, datetime]:
    return device.used, device.opened


def _stands(item: Item, standing: Standing, now: datetime) -> bool:
    if not standing.works or from_iso(str(item.body["until"])) <= now:
        return False
    generation = item.body.get("generation")
    if generation is None:  # an older program opened it
        return access.is_surely_of(standing.generation, standing.changed, _device(item).opened)
    return generation == standing.generation


def _device(item: Item) -> Device:
    body = item.body
    opened = from_iso(str(body.get("opened", "")) or str(body["until"]))
    if "opened" not in body:
        opened -= access.UNIT_SESSION
    kind, name, post = (str(body.get(field, "")) for field in ("device", "name", "post"))
    used = date.fromisoformat(str(body["used"])) if body.get("used") else today(opened)
    return Device(item.key.sort.partition("#")[2], About(kind, name, post), opened, used)


def _ended(found: Sequence[Key]) -> list[Change]:
    """Each session's token goes before the item that finds it."""
    ends: list[Change] = []
    for key in found:
        ends += [Delete(keys.token(key.sort.partition("#")[2]), ANYTHING), Delete(key, ANYTHING)]
    return ends


def devices(table: Table, p: str, unit: str, now: datetime) -> list[Device]:
    """Those whose session stands, the last used first."""
    standing = links.standing(table, p, unit)
    if standing is None:
        return []
    found = table.query(keys.unit_access(p, unit), "SESSION#")
    living = [_device(item) for item in found if _stands(item, standing, now)]
    return sorted(living, key=_unused_since, reverse=True)


def end(table: Table, session: Session, ended: Collection[Device]) -> None:
    """End the sessions of these devices, which are of the same unit as this session.

    The link's item is written too: what one of them has on its way rests on it (`still_open`).
    """
    p, unit = session.programme, session.unit
    partition = keys.unit_access(p, unit)
    left = iter([keys.session(partition, device.id) for device in ended])
    while some := list(islice(left, _TOGETHER)):
        _end(table, keys.link(p, unit), some)


def _end(table: Table, link: Key, ended: Sequence[Key]) -> None:
    for _ in range(_TRIES):
        item = table.get(link)
        touched = [Put(item.key, item.body, item.version)] if item else []
        try:
            return table.write(*touched, *_ended(ended))
        except Conflict as conflict:
            last = conflict
    raise last


def note_use(table: Table, session: Session, now: datetime) -> None:
    """That the device is used today: one write a day. Where the table is busy, another day."""
    if session.used != today(now).isoformat():
        with suppress(Busy, Conflict):
            _rewrite(table, session, now, session.until, lambda known: known)


def go_on(table: Table, session: Session, now: datetime, about: About) -> Session | None:
    """The same session for as long as a new one: who opens the link again where it is open.

    None where it has ended meanwhile.
    """

    def told(known: About) -> About:
        return About(about.kind, about.name or known.name, about.post or known.post)

    for _ in range(_TRIES):
        with suppress(Conflict):
            return _rewrite(table, session, now, now + access.UNIT_SESSION, told)
    return None


def name(table: Table, session: Session, now: datetime, name: str, post: str) -> Session | None:
    """Who uses this device; None where its session has ended meanwhile. Raises Conflict."""
    return _rewrite(table, session, now, session.until, lambda known: About(known.kind, name, post))


def _rewrite(
    table: Table,
    session: Session,
    now: datetime,
    until: datetime,
    told: Callable[[About], About],
) -> Session | None:
    """The session lasts until then, or longer where another request has said so meanwhile."""
    digest = access.digest(session.token)
    listed = keys.session(keys.unit_access(session.programme, session.unit), digest)
    token, found = table.get(keys.token(digest)), table.get(listed)
    if token is None or found is None:
        return None
    until = max(until, from_iso(str(token.body["until"])))
    known = _device(found)
    about = told(known.about)
    common = _common(until, session.generation, now, about)
    body: Body = {"opened": iso(known.opened), "device": about.kind, **common}
    expires = int(until.timestamp())
    table.write(
        Put(token.key, {**token.body, **common}, token.version, expires),
        Put(listed, body, found.version, expires),
    )
    return replace(session, until=until, name=about.name, post=about.post)
