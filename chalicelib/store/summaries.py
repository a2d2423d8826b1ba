"""Stored summaries in the table: totals, a proof of what they were made of, their files' names."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.edges.table import Body, Put, Table
from chalicelib.rules.reports import report
from chalicelib.rules.texts.clock import from_iso, iso
from chalicelib.store import keys


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored summary: its totals, a proof of what it was made of, and where its files are."""

    as_of: datetime
    fingerprint: str
    totals: Mapping[str, Any]
    files: Mapping[str, str]  # xlsx, csv, json, seen -> name in Files
    revision: int = 0


def summary(table: Table, p: str, k: str) -> Kept | None:
    item = table.get(keys.summary(p, k))
    if item is None:
        return None
    totals, files = (json.loads(str(item.body[n])) for n in ("totals", "files"))
    as_of, fingerprint = from_iso(str(item.body["as_of"])), str(item.body["fingerprint"])
    return Kept(as_of, fingerprint, totals, files, item.version)


def keep_summary(table: Table, p: str, k: str, kept: Kept) -> None:
    """Raises Conflict where another run was faster: its reading is the newer one or equal."""
    body: Body = {
        "as_of": iso(kept.as_of),
        "fingerprint": kept.fingerprint,
        "totals": report.compact(kept.totals),
        "files": report.compact(kept.files),
    }
    table.write(Put(keys.summary(p, k), body, expects=kept.revision))
