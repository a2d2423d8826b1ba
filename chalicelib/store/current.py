"""Every report of a period as it stands: two ordered readings of the table, merged by unit."""

import json
from collections.abc import Callable, Iterator

from chalicelib.edges.table import Table
from chalicelib.rules.reports.report import Standing, compact
from chalicelib.store import reports

_NO_MORE = ("~", 0, "")  # behind the code of every unit


def current(
    table: Table, p: str, k: str, wanted: Callable[[str], bool]
) -> Iterator[tuple[Standing, str]]:
    """Each wanted unit's head with the JSON of the texts of its own version.

    Heads and texts come in the order of their units' codes, so that one page of each is in
    memory. Where a text is missing or of another version, its report was sent meanwhile: head
    and texts are then read again, from one version.
    """
    texts = reports.texts(table, p, k)
    unit, number, text = next(texts, _NO_MORE)
    for head in reports.all_standing(table, p, k):
        code = head.unit
        if not wanted(code):
            continue
        while unit < code:
            unit, number, text = next(texts, _NO_MORE)
        if unit == code and number == head.version:
            yield head, text
        else:
            yield _together(table, p, k, code)


def _together(table: Table, p: str, k: str, unit: str) -> tuple[Standing, str]:
    head = reports.standing(table, p, k, unit)
    version = reports.version(table, p, k, unit, head.version) if head else None
    if head is None or version is None:
        raise LookupError(f"the report of {unit} for {k} has no version to its head")
    return head, compact(json.loads(version.content)["texts"])
