"""Items that an older program wrote brought into today's shape, as they lie in the table.

A step looks at one item and gives the changes that bring it, or what belongs beside it, from one
schema to the next. It says shapes literally: today's functions may write a later one. It leaves
alone what has that shape already, so that all may be run again, or twice at once (decision 0020).
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.edges.ports import Unusable
from chalicelib.edges.table import (
    ANYTHING,
    NOTHING,
    Body,
    Change,
    Check,
    Conflict,
    Delete,
    Item,
    Key,
    Put,
    Table,
    as_text,
)
from chalicelib.rules.texts.clock import from_iso, iso, today
from chalicelib.store import item_kinds, keys, schema
from chalicelib.store.schema import FIRST, SCHEMA, Mark, Unready

Look = Callable[[Key], Item | None]
Step = Callable[[Item, Look], Iterable[Change]]
Say = Callable[[str], object]

_TOGETHER, _ROOM = 50, 500_000  # changes of one write, and characters of what it keeps
_TRIES = 8


def index_link(item: Item, look: Look) -> Iterator[Change]:
    """A unit's newest link stands in an index of its programme too: the desk's lists read that."""
    kind = item_kinds.of(item.key)
    if kind.name != "generation":
        return
    p, unit = kind.parts["p"], kind.parts["u"]
    generation, digest = int(item.body["generation"]), str(item.body["token"])
    index = keys.link(p, unit)
    if look(index) or look(keys.generation(p, unit, generation + 1)):
        return
    works = look(keys.token(digest)) is not None
    body: Body = {"generation": generation, "token": digest, "works": works, "changed": ""}
    yield Put(index, body, NOTHING)


def name_form_of_draft(item: Item, look: Look) -> Iterator[Change]:
    """A draft says on which form it was begun: another one of its period leaves it alone."""
    kind = item_kinds.of(item.key)
    if kind.name != "draft" or item.body.get("form"):
        return
    period = look(keys.period(kind.parts["p"], kind.parts["k"]))
    if period is None:
        return
    form = int(json.loads(str(period.body["json"]))["form"])
    yield Put(item.key, {**item.body, "form": form}, item.version, item.expires)
    yield Check(period.key, period.version)


def draft_by_field(item: Item, _: Look) -> Iterator[Change]:
    """A draft says of each field which saving wrote it: here all came with the last one, and what
    stood before is not known. A page that was shown this draft knows it by its present version.
    """
    if item_kinds.of(item.key).name != "draft" or "marks" in item.body:
        return
    body, revision = item.body, item.version
    typed, page, place = json.loads(str(body["typed"])), str(body["page"]), int(body["place"])
    seconds = int(datetime.fromisoformat(str(body["saved"])).timestamp())
    marks = {name: [revision, [0, ""]] for name in typed}
    savings = {str(revision): [seconds, 0 if page else -1, place]}
    pages = [[page, place]] if page else []
    new = {"marks": _compact(marks), "savings": _compact(savings), "pages": _compact(pages)}
    yield Put(item.key, {**body, **new}, item.version, item.expires)


def _compact(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def give_session_its_generation(item: Item, look: Look) -> Iterator[Change]:
    """A unit's open session says of which generation of the link it is, and what device it is on.

    One that may be of an earlier generation ends: it must not come to life with the new link.
    """
    body = item.body
    if (body.get("kind"), body.get("role")) != ("session", "unit") or "generation" in body:
        return
    p, unit = str(body["programme"]), str(body["unit"])
    digest = item.key.partition.removeprefix("TOKEN#")
    listed, link = keys.session(keys.unit_access(p, unit), digest), look(keys.link(p, unit))
    opened = from_iso(str(body["until"])) - timedelta(days=30)
    if link is None or not link.body["works"] or not _is_of(link.body, opened):
        yield Delete(item.key, item.version)
        yield Delete(listed, ANYTHING)
        return
    beside = look(listed)
    known: Body = {
        "until": body["until"],
        "generation": link.body["generation"],
        "used": today(opened).isoformat(),
        "name": "",
        "post": "",
    }
    yield Put(item.key, {**body, **known}, item.version, item.expires)
    own: Body = {"opened": iso(opened), "device": "", **known}
    yield Put(listed, own, beside.version if beside else NOTHING, item.expires)
    yield Check(link.key, link.version)


def _is_of(link: Body, opened: datetime) -> bool:
    """Whether what was opened then is surely of this link: none was before the first, and the
    request that changed it had ended within a minute of the instant that it kept.
    """
    changed = str(link["changed"])
    late = bool(changed) and opened > from_iso(changed) + timedelta(minutes=1)
    return link["generation"] == 1 or late


# From which schema -> what leads to the next.
STEPS: Mapping[int, tuple[Step, ...]] = {
    1: (index_link, name_form_of_draft),
    2: (draft_by_field, give_session_its_generation),
}


def holds_data(table: Table) -> bool:
    """Whether anything is there but what passes by itself. Raises Unusable."""
    with only_what_we_know():
        return any(map(item_kinds.is_kept, table.everything()))


@contextmanager
def only_what_we_know() -> Iterator[None]:
    """Raises Unusable for an item that this program has no name for."""
    try:
        yield
    except item_kinds.Unknown as unknown:
        raise Unusable(f"the table holds what this program doesn't know: {unknown}") from None


def found(table: Table) -> Mark:
    """Where the table stands. One that says nothing and holds something is of the first schema."""
    return schema.mark(table) or Mark(FIRST if holds_data(table) else SCHEMA)


def judged(table: Table) -> Mark:
    """Raises Unusable where this program must not touch the table."""
    mark = found(table)
    try:
        schema.judge(mark)
    except Unready as reason:
        raise Unusable(str(reason)) from None
    return mark


def migrate(table: Table, say: Say) -> None:
    """Bring every item to today's schema, and say so in the table: a step whole, then its mark.

    Cut off anywhere, it goes on at the next start. Raises Unusable, Busy.
    """
    while True:
        mark = judged(table)
        after = mark.schema
        if mark.schema < SCHEMA:
            say(f"bringing the data from schema {mark.schema} to {mark.schema + 1} …")
            with only_what_we_know():
                _carry_out(table, STEPS[mark.schema])
            after += 1
        elif mark.revision != NOTHING:
            return
        with suppress(Conflict):  # another one who starts was faster: look where it stands now
            table.write(schema.put(replace(mark, schema=after)))


def current(table: Table, where: str) -> None:
    """Raises Unusable where a deployed stage is not of this program's schema."""
    deployed(judged(table), where)


def deployed(mark: Mark | None, where: str) -> None:
    """Raises Unusable where the stage's functions may be older than this program."""
    if mark and mark.schema < SCHEMA:
        raise Unusable(
            f"the data of {where} has schema {mark.schema}, older than this program's {SCHEMA}: "
            "deploy this program first (make deploy)"
        )


def _carry_out(table: Table, steps: Iterable[Step]) -> None:
    for step in steps:
        waiting: list[tuple[Item, list[Change]]] = []
        for item in table.everything():
            if changes := list(step(item, table.get)):
                waiting.append((item, changes))
            if _is_full(waiting):
                _write(table, step, waiting)
                waiting = []
        _write(table, step, waiting)


def _is_full(waiting: Sequence[tuple[Item, list[Change]]]) -> bool:
    changes = [change for _, some in waiting for change in some]
    size = sum(len(as_text(put.key, put.body)) for put in changes if isinstance(put, Put))
    return len(changes) >= _TOGETHER or size >= _ROOM


def _write(table: Table, step: Step, waiting: list[tuple[Item, list[Change]]]) -> None:
    """All in one write; where somebody changed one of them meanwhile, each by itself."""
    together = {change.key: change for _, changes in waiting for change in changes}
    if not together:
        return
    try:
        table.write(*together.values())
    except Conflict:
        for item, _ in waiting:
            _alone(table, step, item.key)


def _alone(table: Table, step: Step, key: Key) -> None:
    """The step for this item as it stands now. Raises Conflict when others are always faster."""
    for attempt in range(_TRIES):
        item = table.get(key)
        changes = list(step(item, table.get)) if item else []
        try:
            if changes:
                table.write(*changes)
            break
        except Conflict:
            if attempt == _TRIES - 1:
                raise
