"""Every report of a period as it stands: two ordered readings of the table, merged by unit."""

import json
from collections.abc import Callable, Iterator

from chalicelib.report import Head, compact
from chalicelib.store import reports
from chalicelib.table import Table

_NO_MORE = ("~", 0, "")  # behind the code of every unit


def current(
    table: Table, p: str, k: str, wanted: Callable[[str], bool]
) -> Iterator[tuple[Head, str]]:
    """Each wanted unit's head with the JSON of the texts of its own version.

    Heads and texts come in the order of their units' codes, so that one page of each is in
    memory. Where a text is missing or of another version, its report was sent meanwhile: head
    and texts are then read again, from one version.
    """
    texts = reports.texts(table, p, k)
    unit, number, text = next(texts, _NO_MORE)
    for head in reports.heads(table, p, k):
        if not wanted(head.unit):
            continue
        while unit < head.unit:
            unit, number, text = next(texts, _NO_MORE)
        if (unit, number) == (head.unit, head.version):
            yield head, text
        else:
            yield _together(table, p, k, head.unit)


def _together(table: Table, p: str, k: str, unit: str) -> tuple[Head, str]:
    head = reports.head(table, p, k, unit)
    version = reports.version(table, p, k, unit, head.version) if head else None
    if head is None or version is None:
        raise LookupError(f"the report of {unit} for {k} has no version to its head")
    return head, compact(json.loads(version.content)["texts"])
