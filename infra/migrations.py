"""Items that an older program wrote brought into today's shape, as they lie in the table.

A step looks at one item and gives the changes that bring it, or what belongs beside it, from one
schema to the next. It says shapes literally: today's functions may write a later one. It leaves
alone what has that shape already, so that all may be run again, or twice at once (decision 0020).
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from chalicelib.edges import Unusable
from chalicelib.store import keys, schema
from chalicelib.store.schema import FIRST, SCHEMA, Mark, Unready
from chalicelib.table import NOTHING, Body, Change, Check, Conflict, Item, Key, Put, Table, as_text

Look = Callable[[Key], Item | None]
Step = Callable[[Item, Look], Iterable[Change]]
Say = Callable[[str], object]

_TOGETHER, _ROOM = 50, 500_000  # changes of one write, and characters of what it keeps
_TRIES = 8
_PASSING = ("session", "sign_in", "code")  # kinds of tokens that let somebody in right now


def index_link(item: Item, look: Look) -> Iterator[Change]:
    """A unit's newest link stands in an index of its programme too: the desk's lists read that."""
    partition, sort = item.key
    if not (partition.startswith("ACCESS#") and sort.startswith("LINK#")):
        return
    generation, digest = int(item.body["generation"]), str(item.body["token"])
    index = keys.link(str(item.body["programme"]), str(item.body["unit"]))
    if look(index) or look(Key(partition, f"LINK#{generation + 1:04}")):
        return
    works = look(keys.token(digest)) is not None
    body: Body = {"generation": generation, "token": digest, "works": works, "changed": ""}
    yield Put(index, body, NOTHING)


def name_form_of_draft(item: Item, look: Look) -> Iterator[Change]:
    """A draft says on which form it was begun: another one of its period leaves it alone."""
    if item.key.sort != "DRAFT" or item.body.get("form"):
        return
    _, p, k, _ = item.key.partition.split("#")
    period = look(keys.period(p, k))
    if period is None:
        return
    form = int(json.loads(str(period.body["json"]))["form"])
    yield Put(item.key, {**item.body, "form": form}, item.version, item.expires)
    yield Check(period.key, period.version)


def draft_by_field(item: Item, _: Look) -> Iterator[Change]:
    """A draft says of each field which saving wrote it: here all came with the last one, and what
    stood before is not known. A page that was shown this draft knows it by its present version.
    """
    if item.key.sort != "DRAFT" or "marks" in item.body:
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


# From which schema -> what leads to the next.
STEPS: Mapping[int, tuple[Step, ...]] = {
    1: (index_link, name_form_of_draft),
    2: (draft_by_field,),
}


def is_kept(item: Item) -> bool:
    """Whether a backup keeps it: not what passes by itself, nor what says the schema."""
    sort, partition = item.key.sort, item.key.partition
    passing = partition.startswith("RATE#") or sort.startswith("SESSION#")
    return not passing and item.key != keys.schema() and item.body.get("kind") not in _PASSING


def found(table: Table) -> Mark:
    """Where the table stands. One that says nothing and holds something is of the first schema."""
    said = schema.mark(table)
    if said:
        return said
    return Mark(FIRST if any(map(is_kept, table.everything())) else SCHEMA)


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
