"""An archive that somebody made to break in or to break: refused in a sentence, nothing written."""

import hashlib
import io
import json
import random
import stat
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib.edges import embedded
from chalicelib.edges.ports import Site, Unusable
from chalicelib.rules.texts import clock
from infra import backup, unpacking
from tests.conftest import HERE
from tests.infra.test_backup import (
    Untouched,
    archive,
    empty,
    manifest_with,
    reported,
    rezipped,
    today,
)
from tests.server import run
from tests.sizes import size

pytestmark = pytest.mark.guards(
    "a made-up archive is refused in a sentence, nothing written",
    "each check of `infra/unpacking.py` left out ✓",
    "the program of before: 33 were restored, one was a traceback ✓",
)

__all__ = ["archive", "empty", "reported", "today"]  # fixtures

ITEMS, MANIFEST = "items.jsonl", "manifest.json"
SUMMARY = f"files/summaries/thi-dua-2026-2030/2026-Q4/{'0' * 32}.json"
Line = dict[str, Any]


def refused(site: Site, path: Path, why: str) -> None:
    with pytest.raises(Unusable, match=why) as told:
        backup.restore(replace(site, files=Untouched()), path)  # type: ignore[arg-type]
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 400
    assert list(site.table.everything()) == []


def lines(path: Path) -> list[Line]:
    with zipfile.ZipFile(path) as opened:
        return [json.loads(line) for line in opened.read(ITEMS).splitlines()]


def as_bytes(given: Iterable[Line]) -> bytes:
    return b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in given)


def remade(path: Path, items: bytes) -> Path:
    """With other items, and a manifest that fits them: what somebody makes who knows how."""
    with zipfile.ZipFile(path) as opened:
        told = json.loads(opened.read(MANIFEST))
    told["items"] = items.count(b"\n")
    told["sha256"][ITEMS] = hashlib.sha256(items).hexdigest()
    manifest = json.dumps(told).encode()
    return rezipped(path, lambda n, c: items if n == ITEMS else manifest if n == MANIFEST else c)


def changed(path: Path, change: Callable[[list[Line]], object]) -> Path:
    given = lines(path)
    change(given)
    return remade(path, as_bytes(given))


def sorted_in(given: list[Line], *more: Line) -> None:
    given += more
    given.sort(key=lambda one: one["key"])


def item(partition: str, sort: str, **body: object) -> Line:
    return {"key": [partition, sort], "version": 1, "body": body}


def with_members(path: Path, *more: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    """With further members, which its manifest names, too."""
    with zipfile.ZipFile(path) as opened:
        told = json.loads(opened.read(MANIFEST))
    for info, content in more:
        name = info if isinstance(info, str) else info.filename
        told["sha256"][name] = hashlib.sha256(content).hexdigest()
        told["files"] += 1
    other = rezipped(path, lambda n, c: json.dumps(told).encode() if n == MANIFEST else c)
    with zipfile.ZipFile(other, "a") as opened:
        for info, content in more:
            opened.writestr(info, content)
    return other


# ------------------------------------------------------------------ names


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/cron.d/x",
        "files/../../../x",
        "files/summaries/../../key",
        "/etc/passwd",
        "files//etc/passwd",
        "C:/x",
        "C:\\x",
        "files/summaries\\p\\x.json",
        "\\\\host\\share\\x",
        "files/",
        "files/summaries/p/",
        "files/summaries/p/k/x.json",
        "files/staged/p/0123.json",
        "files/key",
        "baocao.sqlite3",
        "ITEMS.JSONL",
        "items.jsonl ",
        "files/summaries/p/k/" + "0" * 32 + ".json\n",
        "a" * 60_000,
    ],
)
def test_a_member_with_a_name_that_is_none_of_ours(today: Path, empty: Site, name: str) -> None:
    refused(empty, with_members(today, (name, b"x")), "its member .* has a name that no file")


def test_a_file_that_no_summary_names_or_that_is_not_what_its_name_says(
    today: Path, empty: Site
) -> None:
    right = hashlib.sha256(b"x").hexdigest()[:32]
    named = SUMMARY.replace("0" * 32, right)
    refused(empty, with_members(today, (named, b"x")), f"holds {named}, which no summary")
    refused(empty, with_members(today, (SUMMARY, b"x")), "does not hold what its name says")


def test_a_member_that_is_there_twice(today: Path, empty: Site) -> None:
    with zipfile.ZipFile(today, "a") as opened, pytest.warns(UserWarning, match="Duplicate"):
        opened.writestr(ITEMS, b"")
    refused(empty, today, "its member items.jsonl is there twice")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_a_member_that_is_a_link_or_a_device(today: Path, empty: Site, kind: int) -> None:
    link = zipfile.ZipInfo(SUMMARY)
    link.create_system, link.external_attr = 3, (kind | 0o777) << 16
    refused(empty, with_members(today, (link, b"/etc/passwd")), "is a link, or something else")


def test_a_member_that_is_packed_in_another_way_or_encrypted(today: Path, empty: Site) -> None:
    packed = zipfile.ZipInfo(SUMMARY)
    packed.compress_type = zipfile.ZIP_BZIP2
    refused(empty, with_members(today, (packed, b"x" * 99)), "packed in another way")
    whole = bytearray(today.read_bytes())
    place = whole.rindex(b"PK\x01\x02", 0, whole.rindex(b"PK\x05\x06"))
    whole[place + 8] |= 1
    today.write_bytes(whole)
    refused(empty, today, "is encrypted")


# ------------------------------------------------------------------ sizes


def test_a_bomb_is_refused_before_it_is_unpacked(
    today: Path, empty: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = zipfile.ZipInfo(SUMMARY)
    bomb.compress_type = zipfile.ZIP_DEFLATED
    path = with_members(today, (bomb, bytes(10_000_000)))
    monkeypatch.setattr(unpacking, "_digest", lambda _: pytest.fail("it was unpacked"))
    refused(empty, path, r"its member \S+ would unpack to 10000000 bytes, more than 100 times")


def test_an_archive_that_holds_more_than_any_of_ours_is_refused(
    today: Path, empty: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "_LARGEST", 50_000)
    refused(empty, today, "made to fill the disk")


def test_members_that_lie_over_one_another_are_counted_each(today: Path, empty: Site) -> None:
    """Many names for the same bytes: small in the archive, endless on the disk."""
    whole = today.read_bytes()
    end = whole.rindex(b"PK\x05\x06")
    count, length, start = struct.unpack("<HII", whole[end + 10 : end + 20])
    entries = whole[start : start + length]
    first = entries[: 46 + len(ITEMS) + struct.unpack("<HH", entries[30:34])[0]]
    more = b"".join(
        first.replace(ITEMS.encode(), f"item{n:02}.json".encode()[: len(ITEMS)]) for n in range(99)
    )
    closing = bytearray(whole[end:])
    closing[8:16] = struct.pack("<HHI", count + 99, count + 99, length + len(more))
    today.write_bytes(whole[:end] + more + closing)
    refused(empty, today, "has a name that no file of ours has|would unpack to|damaged")


def test_a_line_without_an_end_is_not_read_whole(today: Path, empty: Site) -> None:
    endless = b'{"key": "' + bytes(range(33, 127)) * 10_000
    refused(empty, remade(today, endless), "items.jsonl, line 1: a line longer than")


# ------------------------------------------------------------------ JSON


DEEP = b"[" * 10_000 + b"]" * 10_000


def test_json_that_is_nested_ten_thousand_deep(today: Path, empty: Site) -> None:
    whole = as_bytes(lines(today))
    refused(empty, remade(today, DEEP + b"\n" + whole), "line 1: a line nested so deep")
    body = b'{"key": ["STAFF", "a@b.example"], "version": 1, "body": {"x": %b}}\n' % DEEP
    refused(empty, remade(today, body + whole), "line 1: a line nested so deep")
    manifest = rezipped(today, lambda n, c: DEEP if n == MANIFEST else c)
    refused(empty, manifest, "manifest can't be read")


def test_json_that_lies_deep_in_a_text(today: Path, empty: Site) -> None:
    """A page would break on it, days after the restore."""

    def deepen(given: list[Line]) -> None:
        head = next(one for one in given if one["key"][1].startswith("REPORT#"))
        head["body"]["figures"] = DEEP.decode()

    refused(empty, changed(today, deepen), r"line \d+: a line nested so deep")


@pytest.mark.guards("JSON inside an item is judged, wherever it stands", "names left out ✓")
@pytest.mark.parametrize("name", ["marks", "savings", "pages"])
def test_json_that_lies_deep_in_a_draft(today: Path, empty: Site, name: str) -> None:
    """The unit's form would break on it for good."""

    def deepen(given: list[Line]) -> None:
        draft = next(one for one in given if one["key"][1] == "DRAFT")
        draft["body"][name] = DEEP.decode()

    refused(empty, changed(today, deepen), r"line \d+: a line nested so deep")


@pytest.mark.parametrize(
    ("name", "given", "why"),
    [
        ("version", "1", "str is no number"),
        ("version", 1.0, "float is no number"),
        ("version", True, "bool is no number"),
        ("version", 0, "int is no number"),
        ("version", -3, "int is no number"),
        ("version", 10**30, "int is no number"),
        ("expires", 10**30, "int is no number"),
        ("expires", "soon", "str is no number"),
        ("expires", -1, "int is no number"),
        ("body", None, "its body is no object"),
        ("body", [], "its body is no object"),
        ("body", [["role", "officer"]], "its body is no object"),
        ("body", "x", "its body is no object"),
        ("body", {"role": None}, "role is NoneType"),
        ("body", {"role": 1.5}, "role is float"),
        ("body", {"role": {"a": 1}}, "role is dict"),
        ("body", {"role": "\ud800"}, "can't encode character"),
        ("body", {"role": "officer", "json": "{"}, "it is no JSON"),
        ("body", {"role": "officer", "json": 7}, "must be str"),
        ("body", {"role": "owner"}, "has no role that we know"),
        ("body", {"role": 1}, "has no role that we know"),
        ("body", {}, "has no role that we know"),
        ("key", "STAFF", "too many values"),
        ("key", ["STAFF"], "not enough values"),
        ("key", [1, 2], "no item of ours"),
        ("key", ["STAFF", None], "no item of ours"),
        ("key", ["STAFF", "nobody"], "STAFF / nobody is the key of no item that we know"),
        ("key", ["NEWS", "1"], "NEWS / 1 is the key of no item that we know"),
        ("key", ["TOKEN#" + "0" * 64, "TOKEN"], "a token of no kind that we know"),
        ("more", 1, "it is no object with key, version and body"),
    ],
)
def test_a_line_with_a_wrong_part(
    today: Path, empty: Site, name: str, given: object, why: str
) -> None:
    line = item("STAFF", "a@b.example", role="officer") | {name: given}
    whole = json.dumps(line).encode() + b"\n"
    refused(empty, remade(today, whole), rf"items.jsonl, line 1: .*{why}")


@pytest.mark.parametrize("digits", [5_000, 200_000])
def test_a_number_without_an_end(today: Path, empty: Site, digits: int) -> None:
    line = b'{"key": ["STAFF", "a@b.example"], "version": %b, "body": {}}\n' % (b"9" * digits)
    refused(empty, remade(today, line), "line 1: a line that is no item")
    manifest = b'{"program": "baocao backup", "schema": %b}' % (b"9" * digits)
    refused(empty, rezipped(today, lambda n, c: manifest if n == MANIFEST else c), "can't be read")


@pytest.mark.parametrize("given", [True, "2", 2.0, -1, 10**30, None, []])
def test_a_manifest_with_a_number_that_is_none(today: Path, empty: Site, given: object) -> None:
    for name in ("schema", "items", "files"):
        told = rezipped(today, manifest_with(**{name: given}))
        refused(empty, told, "manifest can't be read|newer")


# ------------------------------------------------------------------ items


def test_an_item_that_is_there_twice(today: Path, empty: Site) -> None:
    """Side by side or far apart: the later one would take the place of the first."""
    for place in (0, 9):

        def again(given: list[Line], place: int = place) -> None:
            staff = next(n for n, one in enumerate(given) if one["key"][0] == "STAFF")
            given.insert(staff + 1 if not place else len(given), given[staff])

        path = changed(today, again)
        refused(empty, path, r"line \d+: the item STAFF / \S+ is there twice, or out of its order")


def test_an_added_officer_is_seen_where_the_manifest_is_not_remade(
    today: Path, empty: Site
) -> None:
    given = lines(today)
    sorted_in(given, item("STAFF", "kedot@nhap.example", role="officer", grant="x"))
    whole = as_bytes(given)
    refused(empty, rezipped(today, lambda n, c: whole if n == ITEMS else c), "changed: items.jsonl")


@pytest.mark.guards("whom an archive lets in is said, and asked", "not asked ✓")
def test_an_added_officer_is_named_where_the_manifest_is_remade(today: Path, empty: Site) -> None:
    """No hash can tell: so a person is asked, before anything is written."""
    path = changed(
        today, lambda g: sorted_in(g, item("STAFF", "kedot@nhap.example", role="officer"))
    )
    seen: list[tuple[dict[str, str], int]] = []

    def no(told: backup.Told) -> bool:
        seen.append((told.accounts, told.links))
        return False

    with pytest.raises(Unusable, match="nothing was changed"):
        backup.restore(replace(empty, files=Untouched()), path, no)  # type: ignore[arg-type]
    ((accounts, links),) = seen
    assert accounts["kedot@nhap.example"] == "officer"
    assert accounts["giamdoc@vinhlong.example"] == "director"
    assert links == 36 + 45
    assert list(empty.table.everything()) == []


@pytest.mark.guards(
    "… no address hides its own line; links that were replaced are not counted",
    "any sign in an address ✓ (the first two)",
    "every token of a link counted ✓ (the last)",
)
@pytest.mark.parametrize("more", ["\x1b[1A\x1b[2K", "\x7f", "\u202e"])
def test_an_account_that_would_hide_its_own_line(today: Path, empty: Site, more: str) -> None:
    line = item("STAFF", f"evil@a.example{more}", role="officer")
    path = changed(today, lambda g: sorted_in(g, line))
    refused(empty, path, "is the key of no item that we know")


@pytest.mark.guards("… no address hides its own line; links that were replaced are not counted")
def test_links_that_were_replaced_let_nobody_in_and_are_not_counted(
    today: Path, empty: Site
) -> None:
    body = {"kind": "replaced", "replaced": "2026-10-01T00:00:00Z"}
    path = changed(today, lambda g: sorted_in(g, item(f"TOKEN#{'0' * 64}", "TOKEN", **body)))
    seen: list[int] = []
    backup.restore(empty, path, lambda told: not seen.append(told.links))  # type: ignore[func-returns-value]
    assert seen == [36 + 45]


@pytest.mark.guards("whom an archive lets in is said, and asked")
def test_the_command_says_whom_it_lets_in_and_writes_nothing_until_somebody_agrees(
    today: Path, tmp_path: Path
) -> None:
    path, data = today, tmp_path / "there"
    path = changed(path, lambda g: sorted_in(g, item("STAFF", "a@b.example", role="officer")))
    let_in = {"lets in: director giamdoc@vinhlong.example", "lets in: officer a@b.example"}
    said = run("restore", str(path), data=data)
    assert said.returncode == 1
    assert let_in < set(said.stdout.splitlines())
    assert said.stdout.splitlines()[-1] == "lets in: 81 links of units"
    assert said.stderr.startswith(f"baocao: restore {path}, and let them in? Nobody is there")
    assert "YES=1" in said.stderr
    site = embedded.open_site(data, HERE, clock.now)
    assert list(site.table.everything()) == []
    assert not (data / "files").exists()
    site.table.close()  # type: ignore[attr-defined]
    agreed = run("restore", str(path), "--yes", data=data)
    assert (agreed.returncode, agreed.stderr) == (0, "")
    assert let_in < set(agreed.stdout.splitlines())


@pytest.mark.parametrize("files", ["[]", '{"json": "../../key"}', '{"json": 1}', "7", '"x"'])
def test_a_summary_that_names_files_that_are_none_of_ours(
    today: Path, empty: Site, files: str
) -> None:
    def rename(given: list[Line]) -> None:
        kept = next(one for one in given if one["key"][1] == "SUMMARY")
        kept["body"]["files"] = files

    refused(empty, changed(today, rename), r"line \d+: the summary PERIOD#.* names files")


# ------------------------------------------------------------------ bytes


def spoilt(whole: bytes, seed: int) -> bytes:
    """With some bytes changed, taken out or put in, most of them where a zip keeps its names."""
    chance, made = random.Random(seed), bytearray(whole)  # noqa: S311 - the same bytes each time
    for _ in range(chance.choice((1, 1, 2, 8))):
        place = chance.randrange(len(made))
        if chance.random() < 0.6:
            place = chance.randrange(len(made) * 9 // 10, len(made))
        match chance.randrange(4):
            case 0 | 1:
                made[place] = chance.randrange(256)
            case 2:
                del made[place : place + chance.randrange(1, 9)]
            case _:
                made[place:place] = chance.randbytes(chance.randrange(1, 9))
    return bytes(made)


@pytest.mark.soak
def test_whatever_bytes_change_it_is_refused_in_a_sentence_or_whole(
    today: Path, empty: Site
) -> None:
    whole = today.read_bytes()
    with zipfile.ZipFile(io.BytesIO(whole)) as opened:
        right = json.loads(opened.read(MANIFEST))["sha256"]

    def stop(told: backup.Told) -> bool:
        assert told.members == right
        return False

    said: set[str] = set()
    for seed in range(size(100, full=20_000)):
        today.write_bytes(spoilt(whole, seed))
        with pytest.raises(Unusable) as told:
            backup.restore(empty, today, stop)
        said.add(str(told.value))
    assert list(empty.table.everything()) == []
    assert len(said) > 10


@pytest.fixture(autouse=True)
def _quick(recwarn: pytest.WarningsRecorder) -> Iterator[None]:
    yield
    recwarn.clear()
