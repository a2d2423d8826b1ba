"""What an archive is: its members, a line an item; unpacking.py has every reason to refuse one.

A zip: `items.jsonl` (a line an item: key, version, body, end; in the order of their keys, so that
the same items are the same bytes from any engine), `files/…` (the summaries' files), and
`manifest.json` with the schema, the counts and the SHA-256 of every member. Among the items one
says the schema, so that no change of it in the manifest goes unseen.
"""

import hashlib
import json
import zipfile
from dataclasses import dataclass, field
from typing import Any

from chalicelib.edges.table import Item
from chalicelib.store import keys
from chalicelib.store.schema import SCHEMA

PROGRAM = "baocao backup"
ITEMS, FILES, MANIFEST = "items.jsonl", "files/", "manifest.json"


@dataclass(slots=True)
class Told:
    """What an archive holds, as its manifest says it."""

    schema: int = SCHEMA
    items: int = 0
    files: int = 0
    members: dict[str, str] = field(default_factory=dict)  # name in the zip -> SHA-256
    # Whom it would let in, as its items say it: address -> role, and links of units that work.
    accounts: dict[str, str] = field(default_factory=dict)
    links: int = 0


def said(number: int) -> Item:
    """What an archive says of its schema among its items."""
    return Item(keys.schema(), 1, {"schema": number})


class Member:
    """One file of the zip, hashed as it is written."""

    def __init__(self, archive: zipfile.ZipFile, name: str, told: Told) -> None:
        self._file = archive.open(name, "w", force_zip64=True)
        self._hash = hashlib.sha256()
        self._name, self._told = name, told

    def write(self, content: bytes) -> None:
        self._hash.update(content)
        self._file.write(content)

    def __enter__(self) -> "Member":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._told.members[self._name] = self._hash.hexdigest()


def line(item: Item) -> bytes:
    entry: dict[str, Any] = {"key": item.key, "version": item.version, "body": dict(item.body)}
    if item.expires is not None:
        entry["expires"] = item.expires
    return (json.dumps(entry, ensure_ascii=False, sort_keys=True) + "\n").encode()


def end(archive: zipfile.ZipFile, told: Told, made: str) -> None:
    """The manifest, once every other member is written."""
    manifest = {
        "program": PROGRAM,
        "schema": told.schema,
        "made": made,
        "items": told.items,
        "files": told.files,
        "sha256": told.members,
    }
    archive.writestr(MANIFEST, json.dumps(manifest, indent=1, sort_keys=True))
