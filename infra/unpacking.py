"""What an archive from anywhere must be before anything of it is taken: names, sizes, every line.

Whoever remakes the manifest remakes the hashes, so no hash is trusted here: each reason to refuse
says what, and where.
"""

import hashlib
import json
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from chalicelib.edges.ports import Unusable
from chalicelib.edges.table import LARGEST_ITEM, Item, Key, as_text, can_stand
from chalicelib.rules.access.access import STAFF
from chalicelib.store import item_kinds, schema
from chalicelib.store.item_kinds import shown
from chalicelib.store.schema import SCHEMA
from infra.archive import FILES, ITEMS, MANIFEST, PROGRAM, Told

_CHUNK = 1_000_000
_LARGEST_MANIFEST = 5_000_000  # bytes: 20,000 periods with four files each
_LARGEST = 64_000_000_000  # bytes of all members; 100,000 units with twelve periods have 15 GB
_TIGHTEST = 100  # times smaller than what it holds; ours are 5 to 20 times smaller
_SMALL = 10_000  # bytes that may well hold little else than the same again
_LONGEST_LINE = 2 * LARGEST_ITEM
_LARGEST_NUMBER = 2**53
_ENTRY = {"key", "version", "body", "expires"}
# Names of attributes that hold JSON of ours, wherever they stand.
JSON = {"json", "figures", "texts", "content", "sender", "totals", "files", "typed", "detail"}
JSON |= {"marks", "savings", "pages", "units", "devices", "passed"}
_FILE = re.compile(
    r"summaries/[a-z0-9-]+/[A-Za-z0-9-]+/(?P<digest>[0-9a-f]{32})\.(?:xlsx|csv|json|seen)"
)


# What zipfile raises for one that is damaged, or made to break it.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    UnicodeError,
    struct.error,
)


@contextmanager
def opened(path: Path) -> Iterator[tuple[zipfile.ZipFile, Told]]:
    """The archive, judged whole, and what it holds. Raises Unusable."""
    with ExitStack() as opening:
        try:
            archive = opening.enter_context(zipfile.ZipFile(path))
            told = judged(archive, path.stat().st_size)
        except FileNotFoundError:
            raise Unusable(f"there is no archive {path}") from None
        except _BROKEN as error:
            raise Unusable(
                f"{path} is damaged or no archive of ours: {shown(str(error))}"
            ) from None
        yield archive, told


def judged(archive: zipfile.ZipFile, size: int) -> Told:
    """What the archive of `size` bytes holds, once every byte of it was looked at.

    Raises Unusable, with what is wrong and where.
    """
    _judge_members(archive, size)
    told = _manifest(archive)
    held = {info.filename for info in archive.infolist()}
    if {*told.members, MANIFEST} != held or ITEMS not in told.members:
        raise Unusable("the archive does not hold the files that its manifest names")
    if told.files != len(told.members) - 1:
        raise Unusable("the archive does not hold as many files as its manifest says")
    for name, digest in told.members.items():
        with archive.open(name) as member:
            if _digest(member.read) != digest:
                raise Unusable(f"the archive was changed: {name}")
        named = _FILE.fullmatch(name.removeprefix(FILES))
        if named and not digest.startswith(named["digest"]):
            raise Unusable(f"the archive was changed: {name} does not hold what its name says")
    _judge_items(archive, told)
    return told


# ------------------------------------------------------------------ the zip


def _judge_members(archive: zipfile.ZipFile, size: int) -> None:
    seen: set[str] = set()
    for info in archive.infolist():
        name = info.filename
        if fault := _fault_of_member(info, twice=name in seen):
            raise Unusable(f"the archive is none of ours: its member {shown(name)} {fault}")
        seen.add(name)
    if MANIFEST not in seen:
        raise Unusable("this is no archive of ours: it has no manifest")
    if archive.getinfo(MANIFEST).file_size > _LARGEST_MANIFEST:
        raise Unusable(f"the archive's manifest is larger than {_LARGEST_MANIFEST} bytes")
    whole = sum(info.file_size for info in archive.infolist())
    if whole > min(_LARGEST, _TIGHTEST * size):
        raise Unusable(
            f"the archive of {size} bytes would unpack to {whole}: more than {_TIGHTEST} times "
            f"its size, or than {_LARGEST}; it is damaged or made to fill the disk"
        )


def _fault_of_member(info: zipfile.ZipInfo, *, twice: bool) -> str:
    kind = stat.S_IFMT(info.external_attr >> 16)
    own = info.filename in (ITEMS, MANIFEST) or (
        info.filename.startswith(FILES) and _FILE.fullmatch(info.filename.removeprefix(FILES))
    )
    if not own or info.orig_filename != info.filename:
        return "has a name that no file of ours has"
    if twice:
        return "is there twice"
    if kind not in (0, stat.S_IFREG):
        return "is a link, or something else that is no file"
    if info.flag_bits & 0x1:
        return "is encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is packed in another way than ours"
    if info.file_size > _TIGHTEST * max(info.compress_size, _SMALL):
        return f"would unpack to {info.file_size} bytes, more than {_TIGHTEST} times its size"
    return ""


def _digest(read: Callable[[int], bytes]) -> str:
    digest = hashlib.sha256()
    while part := read(_CHUNK):
        digest.update(part)
    return digest.hexdigest()


# ------------------------------------------------------------------ the manifest


def _manifest(archive: zipfile.ZipFile) -> Told:
    try:
        manifest = json.loads(archive.read(MANIFEST))
        ours, number = manifest["program"] == PROGRAM, _number(manifest["schema"])
        counts = _number(manifest["items"]), _number(manifest["files"])
        members = manifest["sha256"]
        if not all(isinstance(digest, str) for digest in members.values()):
            raise TypeError
        told = Told(number, *counts, dict(members))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Unusable("the archive's manifest can't be read") from None
    if not ours:
        raise Unusable("this is another program's archive")
    if number > SCHEMA:
        raise Unusable(f"the archive has schema {number}, newer than this program's {SCHEMA}")
    if number < schema.FIRST:
        raise Unusable("the archive's manifest can't be read")
    return told


def _number(given: Any, least: int = 0) -> int:
    """Raises ValueError for what is no whole number, or one that no engine takes."""
    if type(given) is not int or not least <= given < _LARGEST_NUMBER:
        raise ValueError(f"{type(given).__name__} is no number of ours")
    return given


# ------------------------------------------------------------------ the items


def _judge_items(archive: zipfile.ZipFile, told: Told) -> None:
    found, number, files = 0, None, set[str]()
    for item, where in _unlike(archive, told.schema):
        found += 1
        kind = item_kinds.of(item.key).name
        if kind == "schema":
            number = item.body.get("schema")
        elif kind == "staff":
            told.accounts[item.key.sort] = _role(item, where)
        elif kind == "token" and item.body["kind"] == "link":
            told.links += 1
        elif kind == "summary":
            files |= _named_files(item, where)
    if found != told.items:
        raise Unusable("the archive does not hold as many items as its manifest says")
    # Before schema 2 nothing among the items said it.
    if number != told.schema and not (number is None and told.schema == schema.FIRST):
        raise Unusable(f"the archive's items are not of schema {told.schema}, as its manifest says")
    for name in told.members:
        if name != ITEMS and name.removeprefix(FILES) not in files:
            raise Unusable(f"the archive holds {name}, which no summary in it names")


def _unlike(archive: zipfile.ZipFile, number: int) -> Iterator[tuple[Item, str]]:
    """Every item and its place, none of them twice: they stand in the order of their keys.

    Those of the first schema stand in any order.
    """
    before, seen = None, set[Key]()
    for item, where in _lines(archive):
        if number == schema.FIRST:
            again = item.key in seen
            seen.add(item.key)
        else:
            again = before is not None and item.key <= before
            before = item.key
        if again:
            raise Unusable(f"{where}: the item {_key(item)} is there twice, or out of its order")
        yield item, where


def items(archive: zipfile.ZipFile) -> Iterator[Item]:
    for item, _ in _lines(archive):
        yield item


def _lines(archive: zipfile.ZipFile) -> Iterator[tuple[Item, str]]:
    """Every item, and its place for whoever looks for it."""
    with archive.open(ITEMS) as member:
        for number in count(1):
            where = f"{ITEMS}, line {number}"
            line = member.readline(_LONGEST_LINE + 1)
            if not line:
                return
            if len(line) > _LONGEST_LINE:
                raise Unusable(f"{where}: a line longer than {_LONGEST_LINE} bytes is no item")
            yield _item(line, where), where


def _item(line: bytes, where: str) -> Item:
    """Raises Unusable for a line that no item of ours is."""
    try:
        entry = json.loads(line)
        if not isinstance(entry, dict) or not entry.keys() <= _ENTRY:
            raise TypeError("it is no object with key, version and body")
        partition, sort = entry["key"]
        key, body, expires = Key(partition, sort), entry["body"], entry.get("expires")
        if not isinstance(body, dict):
            raise TypeError("its body is no object")
        as_text(key, body)
        if not can_stand(key):
            raise ValueError("its key is empty or too long")
        for name in JSON & body.keys():
            json.loads(body[name])
        item = Item(key, _number(entry["version"], 1), body, expires)
        if expires is not None:
            _number(expires)
        item_kinds.is_kept(item)
    except RecursionError:
        raise Unusable(f"{where}: a line nested so deep is no item") from None
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise Unusable(f"{where}: a line that is no item of ours: {_said(fault)}") from None
    return item


def _said(fault: Exception) -> str:
    match fault:
        case item_kinds.Unknown() | TypeError():
            return shown(str(fault), 200)
        case KeyError():
            return "its key, version or body is missing"
        case json.JSONDecodeError():
            return "it is no JSON"
        case _:
            return shown(str(fault))


def _role(item: Item, where: str) -> str:
    role = item.body.get("role")
    if role not in STAFF:
        raise Unusable(f"{where}: the account {shown(item.key.sort)} has no role that we know")
    return str(role)


def _named_files(item: Item, where: str) -> set[str]:
    try:
        named = set(json.loads(str(item.body["files"])).values())
        if all(_FILE.fullmatch(name) for name in named):
            return named
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise Unusable(f"{where}: the summary {_key(item)} names files that are none of ours")


def _key(item: Item) -> str:
    return " / ".join(map(shown, item.key))
