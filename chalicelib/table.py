"""The table port: what an engine must do, and the limits that every engine refuses alike."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias

MOST_CHANGES = 100
LARGEST_ITEM = 300_000  # bytes; DynamoDB's own limit is 400 kB

Scalar: TypeAlias = str | int | bool
Body: TypeAlias = Mapping[str, Scalar]


class Key(NamedTuple):
    partition: str
    sort: str


@dataclass(frozen=True, slots=True)
class Item:
    key: Key
    version: int
    body: Body
    expires: int | None = None


# What a change expects to find: an item of this version, no item, or anything at all.
NOTHING = 0
ANYTHING = -1


@dataclass(frozen=True, slots=True)
class Put:
    """Write the item. It gets version 1 where nothing stood, else the next one."""

    key: Key
    body: Body
    expects: int
    expires: int | None = None  # seconds since 1970; engines may delete later, never sooner


@dataclass(frozen=True, slots=True)
class Delete:
    key: Key
    expects: int


@dataclass(frozen=True, slots=True)
class Check:
    """Change nothing, but fail the whole write when the expectation is broken."""

    key: Key
    expects: int


Change: TypeAlias = Put | Delete | Check


class Conflict(Exception):
    """An expectation was broken: nothing was written. `key` names the first broken change."""

    def __init__(self, key: Key) -> None:
        super().__init__(f"{key.partition} / {key.sort}")
        self.key = key


class Busy(Exception):
    """The engine could not take the call now; nothing is known to be wrong with it."""


class Table(Protocol):
    def get(self, key: Key) -> Item | None: ...

    def query(self, partition: str, prefix: str = "") -> Iterator[Item]:
        """Every item of the partition whose sort key starts with prefix, in byte order."""

    def write(self, *changes: Change) -> None:
        """All or nothing. Raises Conflict, Busy, or ValueError for what no engine takes."""

    def everything(self) -> Iterator[Item]:
        """Every item of the table: for backup alone."""


def refuse(changes: tuple[Change, ...]) -> None:
    """Raise ValueError for a write outside the port's limits, before any engine sees it."""
    if not changes:
        raise ValueError("a write needs at least one change")
    if len(changes) > MOST_CHANGES:
        raise ValueError(f"a write holds at most {MOST_CHANGES} changes, not {len(changes)}")
    seen: set[Key] = set()
    for change in changes:
        if not change.key.partition or not change.key.sort:
            raise ValueError(f"a key part is empty: {change.key}")
        if change.key in seen:
            raise ValueError(f"a write names this key twice: {change.key}")
        if change.expects < ANYTHING:
            raise ValueError(f"no version can be {change.expects}")
        seen.add(change.key)
        if isinstance(change, Put):
            _refuse_body(change)


def _refuse_body(change: Put) -> None:
    size = sum(len(part.encode()) for part in change.key)
    for name, value in change.body.items():
        if not isinstance(value, str | int):
            raise ValueError(f"{name} is {type(value).__name__}: only text, int and bool are kept")
        size += len(name.encode()) + len(str(value).encode())
    if size > LARGEST_ITEM:
        raise ValueError(f"{change.key} has {size} bytes, more than {LARGEST_ITEM}")
