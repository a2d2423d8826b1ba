"""Everything of an installation in one archive, and back into an empty one of either engine.

A zip: `items.jsonl` (a line an item: key, version, body, end), `files/…` (the summaries' files),
and `manifest.json` with the schema, the counts and the SHA-256 of every member. Left out: the
server key, sessions, sign-ins, counts of failures. Links stand as the hashes that the table holds.
"""

import hashlib
import json
import os
import secrets
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chalicelib.clock import iso
from chalicelib.edges import Site, Unusable
from chalicelib.store import keys
from chalicelib.table import Busy, Item, Key, Table

SCHEMA = 1
_PROGRAM = "baocao backup"
_ITEMS, _FILES, _MANIFEST = "items.jsonl", "files/", "manifest.json"
_CHUNK = 1_000_000
_SOON_OVER = ("session", "sign_in", "code")  # kinds of tokens that let somebody in right now


@dataclass(slots=True)
class Told:
    """What an archive holds, as its manifest says it."""

    items: int = 0
    files: int = 0
    members: dict[str, str] = field(default_factory=dict)  # name in the zip -> SHA-256


def write(site: Site, path: Path) -> Told:
    """A new archive, whole or not at all. Raises Unusable where one has the name already."""
    if path.exists():
        raise Unusable(f"{path} is there already: choose another name")
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                told = _fill(site, archive)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return told


def _fill(site: Site, archive: zipfile.ZipFile) -> Told:
    told, names = Told(), set[str]()
    with _Member(archive, _ITEMS, told) as member:
        for item in _whole(site.table):
            member.write(_line(item))
            told.items += 1
            if item.key.sort == "SUMMARY":
                names |= set(json.loads(str(item.body["files"])).values())
    for name in sorted(names):
        content = site.files.read(name)
        if content is not None:  # a summary without its file is summed again
            with _Member(archive, _FILES + name, told) as member:
                member.write(content)
            told.files += 1
    manifest = {
        "program": _PROGRAM,
        "schema": SCHEMA,
        "made": iso(site.clock()),
        "items": told.items,
        "files": told.files,
        "sha256": told.members,
    }
    archive.writestr(_MANIFEST, json.dumps(manifest, indent=1, sort_keys=True))
    return told


class _Member:
    """One file of the zip, hashed as it is written."""

    def __init__(self, archive: zipfile.ZipFile, name: str, told: Told) -> None:
        self._file = archive.open(name, "w", force_zip64=True)
        self._hash = hashlib.sha256()
        self._name, self._told = name, told

    def write(self, content: bytes) -> None:
        self._hash.update(content)
        self._file.write(content)

    def __enter__(self) -> "_Member":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._told.members[self._name] = self._hash.hexdigest()


def _whole(table: Table) -> Iterator[Item]:
    """Every item that is kept. Heads come last, each with all versions up to its own.

    Units send while we read. A head that is read after the rest is never older than a version
    that was read before, so no report stands in an archive that could not be sent again.
    """
    versions, reports = set[Key](), set[tuple[str, str, str]]()
    for item in table.everything():
        if item.key.sort.startswith("REPORT#"):
            reports.add(_report_of(item))
        elif _is_kept(item):
            if item.key.sort.startswith("VERSION#"):
                versions.add(item.key)
                reports.add(_report_of(item))
            yield item
    for p, k, unit in sorted(reports):
        head = table.get(keys.head(p, k, unit))
        if head is None:
            raise LookupError(f"the report of {unit} for {k} has versions and no head")
        for number in range(1, int(head.body["version"]) + 1):
            key = keys.version(p, k, unit, number)
            version = None if key in versions else table.get(key)
            if version is not None:
                yield version
        yield head


def _report_of(item: Item) -> tuple[str, str, str]:
    """Programme, period and unit of a head or a version."""
    p = item.key.partition.split("#")[1]
    return p, str(item.body["period"]), str(item.body["unit"])


def _is_kept(item: Item) -> bool:
    sort, partition = item.key.sort, item.key.partition
    passing = partition.startswith("RATE#") or sort.startswith("SESSION#")
    return not passing and item.body.get("kind") not in _SOON_OVER


def _line(item: Item) -> bytes:
    entry: dict[str, Any] = {"key": item.key, "version": item.version, "body": dict(item.body)}
    if item.expires is not None:
        entry["expires"] = item.expires
    return (json.dumps(entry, ensure_ascii=False, sort_keys=True) + "\n").encode()


def restore(site: Site, path: Path) -> Told:
    """Fill an empty installation. Raises Unusable for a store in use, or an archive that is
    damaged, changed or not ours; then nothing was touched."""
    if next(iter(site.table.everything()), None) is not None:
        raise Unusable("this installation holds data already: restore into an empty one")
    try:
        with zipfile.ZipFile(path) as archive:
            told = _judged(archive)
            for name in told.members:
                if name.startswith(_FILES):
                    site.files.write(name.removeprefix(_FILES), archive.read(name))
            with archive.open(_ITEMS) as lines:
                site.table.fill(map(_item, lines))
    except FileNotFoundError:
        raise Unusable(f"there is no archive {path}") from None
    except Busy as busy:
        raise Unusable(
            f"the table is busy ({busy}) and holds a part of {path}: empty it, then restore again"
        ) from None
    except (zipfile.BadZipFile, EOFError) as error:
        raise Unusable(f"{path} is damaged or no archive of ours: {error}") from None
    return told


def _judged(archive: zipfile.ZipFile) -> Told:
    """The manifest, once every member is what it says. Raises Unusable."""
    if _MANIFEST not in archive.namelist():
        raise Unusable("this is no archive of ours: it has no manifest")
    try:
        manifest = json.loads(archive.read(_MANIFEST))
        ours, schema = manifest["program"] == _PROGRAM, int(manifest["schema"])
        told = Told(int(manifest["items"]), int(manifest["files"]), dict(manifest["sha256"]))
    except (ValueError, KeyError, TypeError):
        raise Unusable("the archive's manifest can't be read") from None
    if not ours:
        raise Unusable("this is another program's archive")
    if schema > SCHEMA:
        raise Unusable(f"the archive has schema {schema}, newer than this program's {SCHEMA}")
    if sorted([*told.members, _MANIFEST]) != sorted(archive.namelist()):
        raise Unusable("the archive does not hold the files that its manifest names")
    for name, digest in told.members.items():
        with archive.open(name) as member:
            if _digest(member.read) != digest:
                raise Unusable(f"the archive was changed: {name}")
    with archive.open(_ITEMS) as lines:
        if sum(1 for _ in map(_item, lines)) != told.items:
            raise Unusable("the archive does not hold as many items as its manifest says")
    return told


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
        return Item(key, version, dict(entry["body"]), entry.get("expires"))
    except (ValueError, KeyError, TypeError):
        raise Unusable("the archive holds a line that is no item") from None
