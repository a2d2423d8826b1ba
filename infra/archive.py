"""What an archive is: its members, a line an item, and every reason to refuse one.

A zip: `items.jsonl` (a line an item: key, version, body, end; in the order of their keys, so that
the same items are the same bytes from any engine), `files/…` (the summaries' files), and
`manifest.json` with the schema, the counts and the SHA-256 of every member. Among the items one
says the schema, so that no change of it in the manifest goes unseen.
"""

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from chalicelib.edges import Unusable
from chalicelib.store import keys, schema
from chalicelib.store.schema import SCHEMA
from chalicelib.table import Item, Key, as_text, can_stand

_PROGRAM = "baocao backup"
ITEMS, FILES, MANIFEST = "items.jsonl", "files/", "manifest.json"
_CHUNK = 1_000_000


@dataclass(slots=True)
class Told:
    """What an archive holds, as its manifest says it."""

    schema: int = SCHEMA
    items: int = 0
    files: int = 0
    members: dict[str, str] = field(default_factory=dict)  # name in the zip -> SHA-256


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


def items(archive: zipfile.ZipFile) -> Iterator[Item]:
    with archive.open(ITEMS) as member:
        yield from map(_item, member)


def end(archive: zipfile.ZipFile, told: Told, made: str) -> None:
    """The manifest, once every other member is written."""
    manifest = {
        "program": _PROGRAM,
        "schema": told.schema,
        "made": made,
        "items": told.items,
        "files": told.files,
        "sha256": told.members,
    }
    archive.writestr(MANIFEST, json.dumps(manifest, indent=1, sort_keys=True))


def judged(archive: zipfile.ZipFile) -> Told:
    """The manifest, once every member is what it says. Raises Unusable."""
    if MANIFEST not in archive.namelist():
        raise Unusable("this is no archive of ours: it has no manifest")
    try:
        manifest = json.loads(archive.read(MANIFEST))
        ours, number = manifest["program"] == _PROGRAM, int(manifest["schema"])
        counts = int(manifest["items"]), int(manifest["files"])
        told = Told(number, *counts, dict(manifest["sha256"]))
    except (ValueError, KeyError, TypeError):
        raise Unusable("the archive's manifest can't be read") from None
    if not ours:
        raise Unusable("this is another program's archive")
    if number > SCHEMA:
        raise Unusable(f"the archive has schema {number}, newer than this program's {SCHEMA}")
    if number < schema.FIRST:
        raise Unusable("the archive's manifest can't be read")
    if sorted([*told.members, MANIFEST]) != sorted(archive.namelist()) or ITEMS not in told.members:
        raise Unusable("the archive does not hold the files that its manifest names")
    for name, digest in told.members.items():
        with archive.open(name) as member:
            if _digest(member.read) != digest:
                raise Unusable(f"the archive was changed: {name}")
    _judge_items(archive, told)
    return told


def _judge_items(archive: zipfile.ZipFile, told: Told) -> None:
    count, number = 0, None
    for item in items(archive):
        count += 1
        if item.key == keys.schema():
            number = item.body.get("schema")
    if count != told.items:
        raise Unusable("the archive does not hold as many items as its manifest says")
    # Before schema 2 nothing among the items said it.
    if number != told.schema and not (number is None and told.schema == schema.FIRST):
        raise Unusable(f"the archive's items are not of schema {told.schema}, as its manifest says")


def _digest(read: Callable[[int], bytes]) -> str:
    digest = hashlib.sha256()
    while part := read(_CHUNK):
        digest.update(part)
    return digest.hexdigest()


def _item(line: bytes) -> Item:
    """Raises Unusable for a line that no item of ours is."""
    try:
        entry = json.loads(line)
        partition, sort = entry["key"]
        key, version = Key(partition, sort), int(entry["version"])
        as_text(key, entry["body"])
        if not can_stand(key):
            raise ValueError(key)
        return Item(key, version, dict(entry["body"]), entry.get("expires"))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Unusable("the archive holds a line that is no item") from None
