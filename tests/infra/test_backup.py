"""One archive of everything: out of one engine, into another, and every archive that is refused."""

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from chalicelib.edges import embedded
from chalicelib.edges.ports import Site, Unusable
from chalicelib.edges.table import ANYTHING, Delete, Item, Key, Put, Table
from chalicelib.jobs import summarise
from chalicelib.rules.reports.states import Move
from chalicelib.rules.review.act import Act
from chalicelib.store import access, keys, links, moves, programmes, reports, schema, summaries
from chalicelib.store.schema import SCHEMA
from infra import backup, migrations, samples
from infra.visitor import Visitor
from tests.conftest import HERE, NEW, Clock, on_aws
from tests.faulty import Killed
from tests.ministack import Ministack
from tests.officer import OFFICER
from tests.older import SCHEMA_1
from tests.pages.unit.test_form import BY, Q4, filled, sent

LIVING = ("SESSION#", "RATE#", "DEVICES")


@pytest.fixture
def reported(site: Site, as_unit: Callable[..., Visitor], as_staff: Callable[..., Visitor]) -> Site:
    """Three units have sent, one is typing, the summary is made, staff are signed in."""
    migrations.migrate(site.table, print)
    for code in ("T01", "T02", "T06"):
        sent(site, as_unit(code), i1_5="12", n_done="Đã triển khai “đủ”\ntừng tổ")
    browser = as_unit("T03")
    browser.submit(browser.get(f"/report/{Q4}"), Q4, do="save", i1_5="7")
    as_staff()
    visitor = as_unit("T04")
    assert visitor.get("/u/unknown").status == 404  # a failure is counted
    summarise.run_one(site, NEW, Q4, "a night's")
    return site


@pytest.fixture
def archive(reported: Site, tmp_path: Path) -> Path:
    path = tmp_path / "baocao.zip"
    backup.write(reported, path)
    return path


@pytest.fixture
def empty(tmp_path: Path, clock: Clock) -> Iterator[Site]:
    site = embedded.open_site(tmp_path / "other", "http://127.0.0.1:8000", clock)
    yield site
    site.table.close()


def kept(site: Site) -> dict[Key, tuple[object, ...]]:
    """Everything but what lets somebody in, and what says the schema."""
    return {
        item.key: (item.version, dict(item.body), item.expires)
        for item in site.table.everything()
        if not lets_in(item) and item.key != keys.schema()
    }


def lets_in(item: Item) -> bool:
    living = any(part.startswith(LIVING) for part in item.key)
    return living or item.body.get("kind") in ("session", "sign_in", "code")


def files_of(site: Site, k: str = Q4) -> list[bytes | None]:
    summary = summaries.summary(site.table, NEW, k)
    assert summary is not None
    return [site.files.read(name) for name in summary.files.values()]


def rezipped(path: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """The archive with members changed, or left out where `change` gives None."""
    other = path.with_name("changed.zip")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return other


@pytest.mark.guards(
    "a backup is whole, and restores the same on either engine",
    "heads written as they are scanned ✓ (the third)",
)
def test_a_restored_installation_holds_the_same(reported: Site, archive: Path, empty: Site) -> None:
    told = backup.restore(empty, archive)
    assert kept(empty) == kept(reported)
    assert told.items == len(kept(empty)) + 1  # the archive's word for its schema
    assert files_of(empty) == files_of(reported)
    assert None not in files_of(empty)
    for code in ("T01", "T02", "T06"):
        version = reports.version(empty.table, NEW, Q4, code, 1)
        assert version is not None
        assert hashlib.sha256(version.content.encode()).hexdigest() == version.hash


def test_the_summary_of_a_restored_installation_is_the_same(
    reported: Site, archive: Path, empty: Site
) -> None:
    backup.restore(empty, archive)
    before = summaries.summary(reported.table, NEW, Q4)
    period = next(p for p in programmes.periods(empty.table, NEW) if p.key == Q4)
    programme = programmes.programme(empty.table, NEW)
    assert programme is not None
    assert summarise.summarise(empty, programme, period) is False
    after = summaries.summary(empty.table, NEW, Q4)
    assert before is not None
    assert after is not None
    assert (after.fingerprint, after.totals) == (before.fingerprint, before.totals)


@pytest.mark.guards("a backup is whole, and restores the same on either engine")
def test_from_one_machine_to_aws_and_back_nothing_changes(
    reported: Site, archive: Path, empty: Site, ministack: Ministack, clock: Clock, tmp_path: Path
) -> None:
    cloud = on_aws(ministack, clock)
    backup.restore(cloud, archive)
    assert kept(cloud) == kept(reported)
    assert files_of(cloud) == files_of(reported)
    back = tmp_path / "back.zip"
    backup.write(cloud, back)
    backup.restore(empty, back)
    assert kept(empty) == kept(reported)
    assert files_of(empty) == files_of(reported)


@pytest.mark.guards(
    "the demo moves to a deployed stage and back: equal hashes, equal summaries, equal to the "
    "independent sum"
)
def test_an_archive_is_the_same_in_whatever_order_an_engine_reads(
    reported: Site, archive: Path
) -> None:
    """DynamoDB reads a table in the order of hashes that nobody knows."""

    class Hashed:
        def __getattr__(self, name: str) -> object:
            return getattr(reported.table, name)

        def everything(self) -> Iterator[Item]:
            whole = reported.table.everything()
            return iter(sorted(whole, key=lambda i: hashlib.sha256(repr(i.key).encode()).digest()))

    path = archive.with_name("hashed.zip")
    told = backup.write(replace(reported, table=Hashed()), path)  # type: ignore[arg-type]
    with zipfile.ZipFile(archive) as opened:
        assert told.members == json.loads(opened.read("manifest.json"))["sha256"]


@pytest.mark.guards("no key, no session in a backup", "sessions kept ✓", "mode 0644 ✓")
def test_no_key_and_nothing_that_lets_somebody_in_is_in_an_archive(
    reported: Site, archive: Path
) -> None:
    living = [item for item in reported.table.everything() if lets_in(item)]
    assert {str(item.body.get("kind")) for item in living} >= {"session", "None"}
    with zipfile.ZipFile(archive) as opened:
        whole = b"".join(opened.read(name) for name in opened.namelist())
    assert reported.key not in whole
    assert reported.key.hex().encode() not in whole
    for item in living:
        for part in item.key:
            secret = part.rpartition("#")[2]
            assert len(secret) < 40 or secret.encode() not in whole
    assert archive.stat().st_mode & 0o777 == 0o600


def test_a_links_still_opens_after_a_restore_with_the_same_key(
    reported: Site, archive: Path, empty: Site
) -> None:
    token = links.issue_link(reported.table, reported.key, NEW, "T01")
    moved = replace(empty, server_key=reported.server_key)
    backup.restore(moved, archive)
    assert links.issue_link(moved.table, moved.key, NEW, "T01") == token
    assert access.link(moved.table, token) is not None


@pytest.mark.guards(
    "a damaged, changed or foreign archive touches nothing, on both engines, of an older "
    "program too"
)
def test_a_store_in_use_is_left_alone(archive: Path, empty: Site) -> None:
    samples.load_all(empty)
    before = kept(empty)
    with pytest.raises(Unusable, match="empty"):
        backup.restore(empty, archive)
    assert kept(empty) == before


# ------------------------------------------------------------------ refused, nothing touched


_made: dict[str, bytes] = {}  # the archive of `reported` is made once a process: reading it is all


@pytest.fixture
def today(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """An archive for a test that wants nothing of the installation it came from."""
    if not _made:
        found: Path = request.getfixturevalue("archive")
        _made["archive"] = found.read_bytes()
    path = tmp_path / "today.zip"
    path.write_bytes(_made["archive"])
    return path


@pytest.fixture(params=["today", "schema 1"])
def any_archive(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """An archive of today, and one of an older program."""
    if request.param == "today":
        found: Path = request.getfixturevalue("today")
        return found
    return shutil.copy(SCHEMA_1, tmp_path / "older.zip")


@pytest.fixture(params=["sqlite", "dynamodb"])
def target(request: pytest.FixtureRequest, clock: Clock) -> Site:
    """An empty installation of either engine."""
    if request.param == "sqlite":
        site: Site = request.getfixturevalue("empty")
        return site
    return on_aws(request.getfixturevalue("ministack"), clock)


class Untouched:
    """Files that fail a test that writes one."""

    def write(self, name: str, _: object) -> None:
        raise AssertionError(f"{name} was written")


def refused(site: Site, path: Path, why: str) -> None:
    with pytest.raises(Unusable, match=why):
        backup.restore(replace(site, files=Untouched()), path)  # type: ignore[arg-type]
    assert list(site.table.everything()) == []
    assert [one.name for one in path.parent.iterdir() if one.name.startswith(".baocao-")] == []


@pytest.mark.guards(
    "a damaged, changed or foreign archive touches nothing, on both engines, of an older "
    "program too",
    "hashes not compared ✓",
    "members not compared ✓",
    "any schema taken ✓",
    "a store in use filled ✓",
    "`zlib.error` not caught ✓",
)
@pytest.mark.parametrize("share", [0, 10, 50, 99])
def test_an_archive_cut_short_is_refused(any_archive: Path, target: Site, share: int) -> None:
    whole = any_archive.read_bytes()
    short = any_archive.with_name("short.zip")
    short.write_bytes(whole[: len(whole) * share // 100])
    refused(target, short, "damaged")


@pytest.mark.guards(
    "a damaged, changed or foreign archive touches nothing, on both engines, of an older "
    "program too"
)
def test_an_archive_with_a_damaged_byte_is_refused(any_archive: Path, target: Site) -> None:
    whole = any_archive.read_bytes()
    with zipfile.ZipFile(any_archive) as opened:
        members = opened.infolist()
    for member in members:
        header = whole[member.header_offset : member.header_offset + 30]
        longer = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        place = member.header_offset + 30 + longer + member.compress_size // 2
        spoilt = any_archive.with_name("spoilt.zip")
        spoilt.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        refused(target, spoilt, "damaged|changed|can't be read")


@pytest.mark.guards(
    "a damaged, changed or foreign archive touches nothing, on both engines, of an older "
    "program too"
)
def test_a_changed_item_is_refused(any_archive: Path, target: Site) -> None:
    def change(name: str, content: bytes) -> bytes:
        if name != "items.jsonl":
            return content
        return content.replace("Đã triển khai".encode(), "Đã triển khoi".encode())

    refused(target, rezipped(any_archive, change), "changed: items.jsonl")


@pytest.mark.guards(
    "a damaged, changed or foreign archive touches nothing, on both engines, of an older "
    "program too"
)
def test_a_changed_or_missing_file_is_refused(any_archive: Path, target: Site) -> None:
    ends = ".xlsx"
    spoilt = rezipped(any_archive, lambda name, c: c + b" " if name.endswith(ends) else c)
    refused(target, spoilt, "changed: files/")
    missing = rezipped(any_archive, lambda name, c: None if name.endswith(ends) else c)
    refused(target, missing, "does not hold")


def manifest_with(**more: object) -> Callable[[str, bytes], bytes]:
    def change(name: str, content: bytes) -> bytes:
        if name != "manifest.json":
            return content
        return json.dumps(json.loads(content) | more).encode()

    return change


@pytest.mark.guards(
    "a damaged, changed or foreign archive touches nothing, on both engines, of an older "
    "program too"
)
@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"program": "another"}, "another program"),
        ({"schema": 99}, "newer"),
        ({"items": 3}, "as many items"),
        ({"sha256": None}, "can't be read"),
        ({"sha256": {}}, "does not hold the files"),
        ({"schema": "x"}, "can't be read"),
        ({"schema": 0}, "can't be read"),
    ],
)
def test_another_manifest_is_refused(
    any_archive: Path, target: Site, more: dict[str, object], why: str
) -> None:
    refused(target, rezipped(any_archive, manifest_with(**more)), why)


@pytest.mark.guards(
    "… nor one that lies about its schema, or holds what no engine takes",
    "not compared ✓",
    "lines not tried ✓",
)
def test_an_archive_that_says_another_schema_than_its_items_is_refused(
    today: Path, target: Site
) -> None:
    why = "items are not of schema|out of its order"
    refused(target, rezipped(today, manifest_with(schema=SCHEMA - 1)), why)
    older = shutil.copy(SCHEMA_1, today.with_name("older.zip"))
    refused(target, rezipped(older, manifest_with(schema=SCHEMA)), why)


@pytest.mark.guards("… nor one that lies about its schema, or holds what no engine takes")
@pytest.mark.parametrize(
    "line",
    [
        b"no JSON",
        b"[]",
        b'{"key": ["A"], "version": 1, "body": {}}',
        b'{"key": ["A", ""], "version": 1, "body": {}}',
        b'{"key": ["A", "B"], "version": 1, "body": {"x": 1.5}}',
        b'{"key": ["A", "B"], "version": 1, "body": {"x": ["y"]}}',
        b'{"key": ["A", "B"], "version": 1, "body": "x"}',
        b'{"key": ["A", "B"], "version": 1, "body": {"x": "%b"}}' % (b"y" * 300_000),
    ],
    ids=["text", "list", "half a key", "empty key", "float", "list in it", "no body", "too large"],
)
def test_a_line_that_no_engine_takes_is_refused_though_its_hash_is_right(
    today: Path, target: Site, line: bytes
) -> None:
    with zipfile.ZipFile(today) as opened:
        told, whole = json.loads(opened.read("manifest.json")), opened.read("items.jsonl")
    lines = whole + line + b"\n"
    hashes = told["sha256"] | {"items.jsonl": hashlib.sha256(lines).hexdigest()}
    manifest = manifest_with(items=told["items"] + 1, sha256=hashes)
    made = rezipped(today, lambda n, c: lines if n == "items.jsonl" else manifest(n, c))
    refused(target, made, r"items.jsonl, line \d+: a line that is no item")


def test_what_is_no_archive_of_ours_is_refused(tmp_path: Path, target: Site) -> None:
    foreign = tmp_path / "foreign.zip"
    with zipfile.ZipFile(foreign, "w") as made:
        made.writestr("readme.txt", "x")
    refused(target, foreign, "none of ours: its member readme.txt")
    (tmp_path / "text.zip").write_text("PK, but no zip")
    refused(target, tmp_path / "text.zip", "damaged")
    refused(target, tmp_path / "nothing.zip", "no archive")


# ------------------------------------------------------------------ cut off and gone on with


class Cut:
    """A table whose process is killed in the n-th filling, after some items of it."""

    def __init__(self, table: Table, filling: int, items: int) -> None:
        self._table, self._left, self._items = table, filling, items

    def __getattr__(self, name: str) -> object:
        return getattr(self._table, name)

    def fill(self, items: Iterator[Item]) -> None:
        self._left -= 1
        if self._left:
            self._table.fill(items)
            return
        self._table.fill(islice(items, self._items))
        raise Killed


@pytest.mark.guards(
    "a restore that was cut off is run again, and nobody works on half of one",
    "its own half taken for data ✓",
    "the mark not judged ✓",
    "any archive gone on with ✓",
)
@pytest.mark.parametrize(("filling", "items"), [(1, 0), (1, 40), (2, 0), (2, 3)])
def test_a_restore_that_was_cut_off_is_run_again(
    any_archive: Path, target: Site, filling: int, items: int
) -> None:
    with pytest.raises(Killed):
        backup.restore(
            replace(target, table=Cut(target.table, filling, items)),  # type: ignore[arg-type]
            any_archive,
        )
    for act in (
        lambda: migrations.migrate(target.table, print),
        lambda: backup.write(target, any_archive.with_name("half.zip")),
    ):
        with pytest.raises(Unusable, match="a restore is under way or was cut off"):
            act()
    backup.restore(target, any_archive)
    whole, mark = kept(target), schema.mark(target.table)
    assert mark is not None
    assert (mark.schema, mark.restoring) == (SCHEMA, "")
    at_once = embedded.open_site(any_archive.with_name("at-once"), HERE, target.clock)
    backup.restore(at_once, any_archive)
    assert whole == kept(at_once)
    at_once.table.close()  # type: ignore[attr-defined]


@pytest.mark.guards(
    "nobody sends into half an installation, nor is written over",
    "accounts and tokens among the rest ✓",
    "all filled again ✓",
)
def test_nobody_gets_in_before_all_else_is_there(today: Path, target: Site) -> None:
    with pytest.raises(Killed):
        backup.restore(replace(target, table=Cut(target.table, 2, 0)), today)  # type: ignore[arg-type]
    there = [item.key.partition for item in target.table.everything()]
    assert f"REPORT#{NEW}#{Q4}#T01" in there
    assert not [one for one in there if one == "STAFF" or one.startswith("TOKEN#")]


@pytest.mark.guards("nobody sends into half an installation, nor is written over")
def test_what_was_sent_after_a_cut_off_restore_is_not_written_over(
    today: Path, target: Site
) -> None:
    """Somebody with a link that was back already has sent when the rest is restored."""
    with pytest.raises(Killed):
        backup.restore(replace(target, table=Cut(target.table, 2, 99)), today)  # type: ignore[arg-type]
    head = target.table.get(keys.head(NEW, Q4, "T01"))
    assert head is not None
    target.table.write(Put(head.key, {**head.body, "hash": "of a later version"}, head.version))
    backup.restore(target, today)
    after = target.table.get(head.key)
    assert after is not None
    assert after.body["hash"] == "of a later version"


@pytest.mark.guards("a restore that was cut off is run again, and nobody works on half of one")
def test_another_archive_is_not_restored_over_half_of_one(today: Path, target: Site) -> None:
    with pytest.raises(Killed):
        backup.restore(replace(target, table=Cut(target.table, 1, 40)), today)  # type: ignore[arg-type]
    before = kept(target)
    with pytest.raises(Unusable, match="a restore of another archive was cut off"):
        backup.restore(target, SCHEMA_1)
    assert kept(target) == before


@pytest.mark.guards("what robots leave on an empty stage is no data", "counts taken for data ✓")
def test_a_failure_that_somebody_made_meanwhile_is_no_data(today: Path, target: Site) -> None:
    """A stage that stands is found by robots before anything is restored into it."""
    count = Item(Key("RATE#x", "HOUR#2026112303"), 1, {"count": 1}, 4_000_000_000)
    target.table.fill([count])
    backup.restore(target, today)
    assert reports.head(target.table, NEW, Q4, "T01") is not None


def test_a_name_that_is_taken_is_not_written_over(reported: Site, archive: Path) -> None:
    before = archive.read_bytes()
    with pytest.raises(Unusable, match="another name"):
        backup.write(reported, archive)
    assert archive.read_bytes() == before


def corrected(site: Site, browser: Visitor) -> None:
    form = browser.get(f"/report/{Q4}")
    check = browser.follow(browser.submit(form, Q4, do="check", **filled(site, i1_5="4")))
    browser.follow(browser.submit(check, "send", **BY, reason="Bổ sung"))


@pytest.mark.guards("a backup is whole, and restores the same on either engine")
@pytest.mark.parametrize("heads_first", [True, False], ids=["as SQLite reads", "as a scan may"])
def test_an_archive_made_while_units_send_is_whole(
    reported: Site,
    as_unit: Callable[..., Visitor],
    tmp_path: Path,
    empty: Site,
    heads_first: bool,
) -> None:
    """One unit sends for the first time and one corrects, when half of the table has been read."""

    class Meanwhile:
        def __getattr__(self, name: str) -> object:
            return getattr(reported.table, name)

        def everything(self) -> Iterator[Item]:
            def first(item: Item) -> bool:
                return item.key.sort.startswith("REPORT#") == heads_first

            yield from [item for item in reported.table.everything() if first(item)]
            sent(reported, as_unit("T05"), i1_5="3")
            corrected(reported, as_unit("T01"))
            yield from [item for item in reported.table.everything() if not first(item)]

    path = tmp_path / "busy.zip"
    backup.write(replace(reported, table=Meanwhile()), path)  # type: ignore[arg-type]
    backup.restore(empty, path)
    for code, number in (("T05", 1), ("T01", 2)):
        head = reports.head(empty.table, NEW, Q4, code)
        kept_versions = reports.versions(empty.table, NEW, Q4, code)
        assert head is not None
        assert head.version == number
        assert [version.number for version in kept_versions] == [*range(1, number + 1)]
        assert head.hash == kept_versions[-1].hash
    summarise.run(empty, everything=True)


@pytest.mark.guards(
    "an archive that is made while an officer acts holds what moved the report",
    "what moved it not fetched ✓",
)
def test_an_archive_made_while_an_officer_acts_holds_what_moved_the_report(
    reported: Site, tmp_path: Path, empty: Site
) -> None:
    """Everything but the heads has been read when a report is taken in and then reopened."""
    names: tuple[Move, ...] = ("accept", "reopen")
    acts = [Act(reported.clock(), OFFICER, name, NEW, Q4, "T01") for name in names]

    class Meanwhile:
        def __getattr__(self, name: str) -> object:
            return getattr(reported.table, name)

        def everything(self) -> Iterator[Item]:
            yield from list(reported.table.everything())
            for act, name in zip(acts, names, strict=True):
                moves.move(reported.table, act, name)

    path = tmp_path / "busy.zip"
    backup.write(replace(reported, table=Meanwhile()), path)  # type: ignore[arg-type]
    backup.restore(empty, path)
    head = reports.head(empty.table, NEW, Q4, "T01")
    assert head is not None
    assert (head.state, head.event) == ("reopened", acts[-1].name)
    for act in acts:
        for key in (keys.event(NEW, Q4, "T01", act.name), keys.act(NEW, act.name)):
            assert empty.table.get(key) is not None
            assert empty.table.get(key) == reported.table.get(key)


def test_a_report_without_its_head_is_named(reported: Site, tmp_path: Path) -> None:
    reported.table.write(Delete(keys.head(NEW, Q4, "T01"), ANYTHING))
    with pytest.raises(Unusable, match=f"the report of T01 for {Q4} is damaged"):
        backup.write(reported, tmp_path / "damaged.zip")
