"""The table port: what an engine must do, and the limits that every engine refuses alike."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias

MOST_CHANGES = 100
LARGEST_ITEM = 300_000  # bytes of key and kept text; DynamoDB's own limit is 400 kB
LARGEST_WRITE = 3_000_000  # bytes of all kept texts; DynamoDB's own limit is 4 MB
LONGEST_KEY = (2_048, 1_024)  # bytes of partition and sort, as in DynamoDB

Scalar: TypeAlias = str | int | bool
Body: TypeAlias = Mapping[str, Scalar]


class Key(NamedTuple):
    partition: str
    sort: str


class Item(NamedTuple):
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

    def fill(self, items: Iterable[Item]) -> None:
        """Put items as they were, with their versions, into an empty table: for restoring alone.

        Not all or nothing. Raises Busy.
        """


def can_stand(key: Key) -> bool:
    """Whether an item can have this key at all: a path that somebody made up may not fit."""
    try:
        partition, sort = (len(part.encode()) for part in key)
    except UnicodeEncodeError:  # half a character
        return False
    return 0 < partition <= LONGEST_KEY[0] and 0 < sort <= LONGEST_KEY[1]


def checked(changes: tuple[Change, ...]) -> Mapping[Key, str]:
    """The text that each put keeps: its body as JSON, the same in every engine.

    Raises ValueError for a write outside the port's limits, before any engine sees it.
    """
    if not changes:
        raise ValueError("a write needs at least one change")
    if len(changes) > MOST_CHANGES:
        raise ValueError(f"a write holds at most {MOST_CHANGES} changes, not {len(changes)}")
    seen: set[Key] = set()
    for change in changes:
        if not can_stand(change.key):
            _refuse_key(change.key)
        if change.key in seen:
            raise ValueError(f"a write names this key twice: {change.key}")
        if change.expects < ANYTHING:
            raise ValueError(f"no version can be {change.expects}")
        seen.add(change.key)
    puts = (change for change in changes if isinstance(change, Put))
    texts = {put.key: as_text(put.key, put.body) for put in puts}
    whole = sum(len(text.encode()) for text in texts.values())
    if whole > LARGEST_WRITE:
        raise ValueError(f"a write holds at most {LARGEST_WRITE} bytes, not {whole}")
    return texts


def _refuse_key(key: Key) -> None:
    sizes = tuple(len(part.encode()) for part in key)
    if 0 in sizes:
        raise ValueError(f"a key part is empty: {key}")
    raise ValueError(f"a key of {sizes} bytes, more than {LONGEST_KEY}")


def as_text(key: Key, body: Body) -> str:
    """What an item keeps of its body. Raises ValueError for a body that no engine takes."""
    for name, value in body.items():
        if not isinstance(value, str | int):
            raise ValueError(f"{name} is {type(value).__name__}: only text, int and bool are kept")
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    size = sum(len(part.encode()) for part in (*key, text))
    if size > LARGEST_ITEM:
        raise ValueError(f"{key} has {size} bytes, more than {LARGEST_ITEM}")
    return text
