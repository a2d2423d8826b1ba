"""What the department enters itself, in the table: as it stands, and every version of it."""

import json
from collections.abc import Iterator

from chalicelib.edges.table import Body, Item, Put, Table
from chalicelib.rules.reports.report import compact
from chalicelib.rules.review.act import Act
from chalicelib.rules.summaries.department_figures import Entered
from chalicelib.rules.texts.clock import from_iso, iso
from chalicelib.store import acts, keys


def entered(table: Table, p: str, k: str) -> Entered:
    item = table.get(keys.entered(p, k))
    return _entered(item) if item else Entered()


def revision(table: Table, p: str, k: str) -> int:
    item = table.get(keys.entered(p, k))
    return item.version if item else 0


def versions(table: Table, p: str, k: str) -> Iterator[Entered]:
    """Every version, the oldest first; `revision` is then its number."""
    for item in table.query(keys.entered_before(p, k, 0).partition, "VERSION#"):
        yield _entered(item._replace(version=int(item.key.sort.removeprefix("VERSION#"))))


def enter(table: Table, act: Act, after: Entered) -> None:
    """Keep it in the place of revision `after.revision`. Raises Conflict where that is gone."""
    p, k, number = act.programme, act.period, after.revision + 1
    body: Body = {
        "figures": compact(after.figures),
        "texts": compact(after.texts),
        "at": iso(act.at),
        "who": act.who,
    }
    acts.commit(
        table,
        act,
        Put(keys.entered(p, k), body, expects=after.revision),
        Put(keys.entered_before(p, k, number), body, expects=0),
    )


def _entered(item: Item) -> Entered:
    figures, texts = (json.loads(str(item.body[name])) for name in ("figures", "texts"))
    at, who = from_iso(str(item.body["at"])), str(item.body["who"])
    return Entered(figures, texts, at, who, item.version)
