"""Drafts in the table, by field, and the parked copies beside them; merging as they are kept."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.edges.table import Busy, Conflict, Key, Put, Table
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.reports import draft as rules
from chalicelib.rules.reports.draft import Draft, Merged, Parked, Posted
from chalicelib.store import draft_items, keys

_TRIES = 8
KEPT = timedelta(days=90)  # of a draft: after the lock or the last saving, whichever is later


@dataclass(frozen=True, slots=True)
class Held:
    """What stands of a unit's report that is not sent: the draft, and copies by number."""

    draft: Draft | None
    parked: Mapping[int, Parked]


@dataclass(frozen=True, slots=True)
class Place:
    """Whose report it is, and what a saving is judged by: the version that was sent last, its
    texts as they would be typed, and which of a draft's texts those lack.
    """

    programme: str
    period: Period
    unit: str
    newest: int
    form: int
    sent: Callable[[], Mapping[str, str]]
    lacking: Callable[[Mapping[str, str]], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Kept:
    """How a saving ended. `parked` is the copy that holds what was not taken, 0 for none; with
    `full` there was no room for it; `too_old`: a later version has been sent meanwhile.
    """

    draft: Draft | None
    merged: Merged | None = None
    parked: int = 0
    full: bool = False
    too_old: bool = False


def held(table: Table, p: str, k: str, unit: str) -> Held:
    """One reading for all of it."""
    found, parked = None, dict[int, Parked]()
    for item in table.query(keys.draft(p, k, unit).partition, keys.draft(p, k, unit).sort):
        if item.key == keys.draft(p, k, unit):
            found = draft_items.draft(item)
        else:
            one = draft_items.parked(item)
            parked[one.number] = one
    return Held(found, parked)


def draft(table: Table, p: str, k: str, unit: str) -> Draft | None:
    item = table.get(keys.draft(p, k, unit))
    return draft_items.draft(item) if item else None


def keep(
    table: Table,
    place: Place,
    posted: Posted,
    stands: Held | None = None,
    *,
    of: int | None = None,
    meant: bool = False,
) -> Kept:
    """Merge what a page says into the draft; park what it can't take. Nothing is overwritten
    that the page was not shown. With `of` the texts come from that parked copy, from the stale
    draft where it is 0. In a send all is `meant`, also what the page did not change.

    Raises TooLarge, Busy.
    """
    where = place.programme, place.period.key, place.unit
    for _ in range(_TRIES):
        found = stands or held(table, *where)
        if posted.base != place.newest:
            kept, changes = _too_old(place, posted, found, of, meant)
        else:
            kept, changes = _judged(place, posted, found, of)
        if not changes:
            return kept
        try:
            table.write(*changes)
        except Conflict:
            stands = None
            continue
        return kept
    raise Busy(f"others always save first: {where}")


def _judged(place: Place, posted: Posted, found: Held, of: int | None) -> tuple[Kept, list[Put]]:
    before, stale = found.draft, None
    if before is None or before.base != place.newest:
        stale = before
        before = rules.begun(place.sent(), place.newest, posted.at, stale)
        before = replace(before, form=place.form)
    merged = rules.merge(before, posted)
    parked, changes, full = dict(found.parked), list[Put](), False
    if merged.draft is not before:
        if stale and not _put_by(place, parked, stale, merged.draft, changes):
            return Kept(stale, full=True), []
        changes.append(_put(place, merged.draft, before.revision))
    number = of or 0
    if merged.asked and of is None:
        made = Parked(0, merged.asked, posted.base, posted.at, "clash", posted.page, posted.place)
        number = _park(place, parked, made, changes)
        full = not number
    if answered := _answered(parked, posted, merged, of):
        changes = [one for one in changes if one.key != _key(place, answered.number)]
        changes.append(_parked_put(place, answered))
    return Kept(merged.draft, merged, number if merged.asked else 0, full), changes


def _too_old(
    place: Place, posted: Posted, found: Held, of: int | None, meant: bool
) -> tuple[Kept, list[Put]]:
    """Somebody has sent since the page was opened: its texts go beside the draft."""
    mine, stands = posted.typed, found.draft
    if of is not None:
        return Kept(stands, parked=of, too_old=True), []
    if stands and stands.base == posted.base:
        if rules.is_overtaken(stands, posted):
            return Kept(stands, too_old=True), []
        merged = rules.merge(stands, posted)
        changed = {*merged.taken, *merged.asked}
        mine = {name: text for name, text in mine.items() if meant or name in changed}
    lacking = dict(place.lacking(mine)) if mine else {}
    if not lacking:
        return Kept(stands, too_old=True), []
    lacking |= {name: mine[name] for name in rules.BESIDE if mine.get(name)}
    made = Parked(0, lacking, posted.base, posted.at, "base", posted.page, posted.place)
    parked, changes = dict(found.parked), list[Put]()
    number = _park(place, parked, made, changes)
    return Kept(stands, parked=number, full=not number, too_old=True), changes


def _put_by(
    place: Place, parked: dict[int, Parked], stale: Draft, begun: Draft, changes: list[Put]
) -> bool:
    """Park what of a stale draft is in neither what was sent nor in the new draft; False where
    there is no room for it.
    """
    lacking = {
        name: text
        for name, text in place.lacking(stale.typed).items()
        if begun.typed.get(name, "") != text
    }
    made = Parked(0, lacking, stale.base, stale.saved, "stale")
    return not lacking or bool(_park(place, parked, made, changes))


def _park(place: Place, parked: dict[int, Parked], made: Parked, changes: list[Put]) -> int:
    """The number of the copy that holds it; 0 where all are full."""
    number = rules.slot(parked, made.page)
    if number is None:
        return 0
    before = parked.get(number)
    after = rules.park(before, replace(made, number=number))
    if after != before:
        changes.append(_parked_put(place, after))
        parked[number] = after
    return number


def _answered(
    parked: Mapping[int, Parked], posted: Posted, merged: Merged, of: int | None
) -> Parked | None:
    """The copy whose question this saving answers, without what stands in the draft now."""
    own = (n for n, one in parked.items() if posted.page and one.page == posted.page)
    one = parked.get(of or next(own, 0))
    if one is None:
        return None
    stands = merged.draft.typed
    left = {
        name: text
        for name, text in one.typed.items()
        if name not in posted.typed or name in merged.asked or stands.get(name, "") != text
        if name not in merged.taken
    }
    return None if left == one.typed else replace(one, typed=left)


def drop(table: Table, place: Place, number: int, names: Iterable[str] | None = None) -> None:
    """Empty a parked copy, or only some fields of it: what is thrown away is not deleted."""
    where = place.programme, place.period.key, place.unit
    for _ in range(_TRIES):
        one = held(table, *where).parked.get(number)
        if one is None or not one.typed:
            return
        gone = set(one.typed if names is None else names)
        left = {name: text for name, text in one.typed.items() if name not in gone}
        try:
            table.write(_parked_put(place, replace(one, typed=left)))
        except Conflict:
            continue
        return
    raise Busy(f"others always save first: {where}")


def begin_anew(table: Table, place: Place, now: datetime) -> None:
    """Throw a stale draft away: one that holds what was sent stands in its place."""
    where = place.programme, place.period.key, place.unit
    stale = draft(table, *where)
    if stale is None or stale.base == place.newest:
        return
    begun = replace(rules.begun(place.sent(), place.newest, now, stale), form=place.form)
    try:
        table.write(_put(place, replace(begun, revision=stale.revision + 1), stale.revision))
    except Conflict:
        return  # somebody has begun another one: nothing stale is left


def _key(place: Place, number: int) -> Key:
    return keys.parked(place.programme, place.period.key, place.unit, number)


def _put(place: Place, draft: Draft, expects: int) -> Put:
    """Raises TooLarge."""
    key = keys.draft(place.programme, place.period.key, place.unit)
    # A returned report may be worked on long after the lock.
    expires = int((max(place.period.locks, draft.saved) + KEPT).timestamp())
    return Put(key, draft_items.of_draft(key, draft), expects, expires)


def _parked_put(place: Place, one: Parked) -> Put:
    """Raises TooLarge."""
    expires = int((one.at + KEPT).timestamp())
    return Put(_key(place, one.number), draft_items.of_parked(one), one.revision, expires)
