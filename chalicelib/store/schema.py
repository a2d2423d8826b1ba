"""Which shape the table's items have: one item says it, and whether a restore was cut off.

Pages never read it: what they need stands in decision 0020.
"""

from dataclasses import dataclass

from chalicelib.edges.table import NOTHING, Item, Put, Table
from chalicelib.store import keys

SCHEMA = 3  # of what this program writes; infra/migrations.py has the steps that lead to it
FIRST = 1  # of an installation from before its table said so


class Unready(Exception):
    """This program must not work on the table as it stands; the text says why."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What the item says. `restoring` is the archive that is being restored, or was cut off;
    `opening`, that all but what lets somebody in has been restored of it.
    """

    schema: int
    restoring: str = ""
    opening: bool = False
    revision: int = NOTHING


def mark(table: Table) -> Mark | None:
    item = table.get(keys.schema())
    return _mark(item) if item else None


def _mark(item: Item) -> Mark:
    body = item.body
    restoring, opening = str(body.get("restoring", "")), bool(body.get("opening", False))
    return Mark(int(body["schema"]), restoring, opening, item.version)


def put(mark: Mark) -> Put:
    """The change that keeps this mark in place of that of `mark.revision`."""
    body: dict[str, str | int | bool] = {"schema": mark.schema}
    if mark.restoring:
        body |= {"restoring": mark.restoring, "opening": mark.opening}
    return Put(keys.schema(), body, mark.revision)


def judge(mark: Mark | None) -> None:
    """Raises Unready for a table that a newer program has written, or whose restore is not done.

    One of an older schema may be worked on: this program reads it, and a deployment migrates it.
    """
    if mark is None:
        return
    if mark.schema > SCHEMA:
        raise Unready(
            f"the data has schema {mark.schema}, newer than this program's {SCHEMA}: "
            "use the newer program"
        )
    if mark.restoring:
        raise Unready(
            "a restore is under way or was cut off: run it again with the same archive, "
            "or begin with an empty installation"
        )
