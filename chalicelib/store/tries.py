"""Wrong codes in a row of tries, and when the next one is taken: each row stands for itself."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.edges.table import NOTHING, Body, Change, Conflict, Delete, Put, Table
from chalicelib.rules.access import access
from chalicelib.rules.texts.clock import from_iso, iso
from chalicelib.store import keys

_FORGOTTEN = timedelta(days=1)  # after the last wrong one


@dataclass(frozen=True, slots=True)
class Tries:
    """The row as it was read. `count` of them were wrong, the last one at `last`."""

    name: str
    count: int = 0
    last: datetime | None = None
    version: int = NOTHING

    @property
    def again(self) -> datetime | None:
        """From when on the next code is taken; None where at once."""
        wait = access.wait_after(self.count)
        return self.last + wait if self.last and wait else None

    def one_more(self, now: datetime) -> "Tries":
        return Tries(self.name, self.count + 1, now, self.version)

    def change(self, expects: int) -> Change:
        if self.last is None:
            return Delete(keys.tries(self.name), expects)
        body: Body = {"count": self.count, "last": iso(self.last)}
        expires = int((self.last + _FORGOTTEN).timestamp())
        return Put(keys.tries(self.name), body, expects, expires)


def so_far(table: Table, name: str, now: datetime) -> Tries:
    found = table.get(keys.tries(name))
    if found is None:
        return Tries(name)
    last = from_iso(str(found.body["last"]))
    if last + _FORGOTTEN <= now:
        return Tries(name, version=found.version)
    return Tries(name, int(found.body["count"]), last, found.version)


def give_back(table: Table, before: Tries) -> None:
    """The try that was counted was right: the row is as before, unless somebody tried meanwhile."""
    with suppress(Conflict):
        table.write(before.change(before.version + 1))
