"""A table in memory: the port with nothing behind it, so that a bench measures what is above."""

from collections.abc import Iterable, Iterator

from chalicelib.edges.table import (
    ANYTHING,
    NOTHING,
    Change,
    Conflict,
    Delete,
    Item,
    Key,
    Put,
    can_stand,
    checked,
)


class MemoryTable:
    """Items by partition and sort key. One process, one thread."""

    def __init__(self) -> None:
        self._partitions: dict[str, dict[str, Item]] = {}

    def get(self, key: Key) -> Item | None:
        if not can_stand(key):
            return None
        return self._partitions.get(key.partition, {}).get(key.sort)

    def query(self, partition: str, prefix: str = "") -> Iterator[Item]:
        found = self._partitions.get(partition, {})
        # By code points, which is the order of the UTF-8 bytes, too.
        return (found[sort] for sort in sorted(found) if sort.startswith(prefix))

    def write(self, *changes: Change) -> None:
        checked(changes)
        for change in changes:
            if change.expects not in (ANYTHING, self._version(change.key)):
                raise Conflict(change.key)
        for change in changes:
            if isinstance(change, Put):
                version = self._version(change.key) + 1
                self.fill([Item(change.key, version, dict(change.body), change.expires)])
            elif isinstance(change, Delete):
                self._partitions.get(change.key.partition, {}).pop(change.key.sort, None)

    def _version(self, key: Key) -> int:
        found = self.get(key)
        return found.version if found else NOTHING

    def everything(self) -> Iterator[Item]:
        for partition in sorted(self._partitions):
            yield from self.query(partition)

    def fill(self, items: Iterable[Item]) -> None:
        for item in items:
            self._partitions.setdefault(item.key.partition, {})[item.key.sort] = item

    def restore(self, items: Iterable[Item]) -> None:
        """Hold these and nothing else: the next round finds the table as this one did."""
        self._partitions = {}
        self.fill(items)
