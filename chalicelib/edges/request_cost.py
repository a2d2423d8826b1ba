"""What the table's calls cost in DynamoDB's units, and the running count of one request.

A strongly consistent read costs one unit for each started 4 kB of a get or of a page of a
query; a write in a transaction costs two for each started kB of each change.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

_READ, _WRITE = 4_096, 1_024  # bytes of a unit


@dataclass(slots=True)
class Spent:
    """`calls` that an engine makes (each page of a query is one), and the units they took."""

    calls: int = 0
    reads: int = 0
    writes: int = 0


_counting: ContextVar[Spent | None] = ContextVar("counting", default=None)


@contextmanager
def counted() -> Iterator[Spent]:
    """Count what this thread's calls cost until the block ends; blocks may nest."""
    spent, outer = Spent(), _counting.get()
    token = _counting.set(spent)
    try:
        yield spent
    finally:
        _counting.reset(token)
        if outer is not None:
            outer.calls += spent.calls
            outer.reads += spent.reads
            outer.writes += spent.writes


def read_units(size: int) -> int:
    """Of one get or page of `size` bytes; one that finds nothing costs a unit too."""
    return max(1, -(-size // _READ))


def write_units(size: int) -> int:
    """Of one change of `size` bytes inside a transaction."""
    return 2 * max(1, -(-size // _WRITE))


def called(*, reads: int = 0, writes: int = 0) -> None:
    """An engine tells one call of its own and its units."""
    spent = _counting.get()
    if spent is not None:
        spent.calls += 1
        spent.reads += reads
        spent.writes += writes
