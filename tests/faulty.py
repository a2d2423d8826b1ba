"""A table and files where something happens at a chosen call: a fault, a kill, another person."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from chalicelib.edges.ports import Files
from chalicelib.edges.table import Busy, Change, Item, Key, Table

# Before the call reaches the table, after it has done its work, or made twice as by an SDK
# whose first try went through while its answer was lost.
When = Literal["before", "after", "again"]


class Killed(BaseException):
    """The process is gone. Nothing of the product's may catch this."""


def busy() -> None:
    raise Busy("planted: the answer did not come")


def killed() -> None:
    raise Killed


@dataclass
class Calls:
    """Numbers the calls of one run, and lets one thing happen at one of them.

    Armed with a name, it happens at the first call whose name begins so, such as the first write.
    """

    made: list[str] = field(default_factory=list)
    fired: bool = False
    _armed: tuple[int | str, When, Callable[[], object]] | None = None

    def arm(self, call: int | str, when: When, act: Callable[[], object] = lambda: None) -> None:
        self.made, self.fired, self._armed = [], False, (call, when, act)

    def disarm(self) -> bool:
        """Whether it has happened."""
        self._armed = None
        return self.fired

    @contextmanager
    def paused(self) -> Iterator[None]:
        """For calls that are not of the act that is numbered."""
        kept = self.made, self._armed
        self.made, self._armed = [], None
        try:
            yield
        finally:
            self.made, self._armed = kept

    def begin(self, what: str) -> int:
        self.made.append(what)
        place = len(self.made) - 1
        if self._armed and isinstance(self._armed[0], str) and what.startswith(self._armed[0]):
            self._armed = (place, *self._armed[1:])
        self.reach(place, "before")
        return place

    def reach(self, place: int, when: When) -> bool:
        if self._armed is None or self._armed[:2] != (place, when):
            return False
        act, self._armed, self.fired = self._armed[2], None, True
        act()
        return True


class FaultyTable:
    """The table behind `calls`. `committed` is told every write that went through.

    A reader that stops to `dawdle` after each query leaves time for others to write.
    """

    def __init__(self, table: Table, calls: Calls) -> None:
        self.inner = table
        self.calls = calls
        self.committed: Callable[[tuple[Change, ...]], object] = lambda _: None
        self.dawdle: Callable[[], object] = lambda: None

    def get(self, key: Key) -> Item | None:
        place = self.calls.begin(f"get {key.sort}")
        found = self.inner.get(key)
        self.calls.reach(place, "after")
        return found

    def query(self, partition: str, prefix: str = "") -> Iterator[Item]:
        place = self.calls.begin(f"query {partition} {prefix}")
        found = list(self.inner.query(partition, prefix))
        self.dawdle()
        self.calls.reach(place, "after")
        return iter(found)

    def write(self, *changes: Change) -> None:
        place = self.calls.begin(f"write {changes[0].key.sort}")
        self.inner.write(*changes)
        self.committed(changes)
        if self.calls.reach(place, "again"):
            self.inner.write(*changes)
        self.calls.reach(place, "after")

    def everything(self) -> Iterator[Item]:
        return self.inner.everything()


class FaultyFiles:
    def __init__(self, files: Files, calls: Calls) -> None:
        self.inner = files
        self.calls = calls

    def write(self, name: str, content: bytes) -> None:
        place = self.calls.begin(f"file {name.rpartition('.')[2]}")
        self.inner.write(name, content)
        self.calls.reach(place, "after")

    def read(self, name: str) -> bytes | None:
        return self.inner.read(name)

    def has(self, name: str) -> bool:
        return self.inner.has(name)

    def end(self, name: str) -> None:
        self.inner.end(name)

    def link(self, name: str, save_as: str, now: datetime) -> str:
        return self.inner.link(name, save_as, now)
