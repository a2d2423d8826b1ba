"""A world with an item under every key and a file of every kind goes through every rescue whole."""

import inspect
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from chalicelib.edges import embedded
from chalicelib.edges.ports import Site
from chalicelib.edges.table import ANYTHING, Item, Key, Put
from chalicelib.store import item_kinds, keys, links, schema
from chalicelib.store.schema import SCHEMA, Mark
from infra import backup, migrations, rescue, unpacking
from infra.server_key import ServerKey
from tests import server
from tests.conftest import HERE, NEW, OLD, Clock, on_aws
from tests.everything import EVERY_FOLDER, folders_of, kinds_in, made_by_keys
from tests.ministack import Ministack

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def other(tmp_path: Path, clock: Clock) -> Iterator[Site]:
    site = embedded.open_site(tmp_path / "other", HERE, clock)
    yield site
    site.table.close()  # type: ignore[attr-defined]


def kept(site: Site) -> dict[Key, Item]:
    return {item.key: item for item in site.table.everything() if item_kinds.is_kept(item)}


def members(archive: Path) -> Mapping[str, str]:
    with zipfile.ZipFile(archive) as opened:
        found: Mapping[str, str] = json.loads(opened.read("manifest.json"))["sha256"]
    return found


@pytest.mark.guards(
    "what an item is, is told in one place; nothing unknown gets lost or comes in",
    "a row left out ✓",
    "a key added ✓",
    "only the beginning of a key looked at ✓",
)
def test_it_holds_an_item_under_every_key_and_a_file_of_every_kind(whole: Site) -> None:
    """Whoever adds a key adds its row in store/item_kinds.py, and an act to tests/everything.py."""
    made = kinds_in(whole.table)
    assert made_by_keys() - made.keys() == set()
    assert folders_of(whole.files) == EVERY_FOLDER


@pytest.mark.guards("what an item is, is told in one place; nothing unknown gets lost or comes in")
def test_every_row_is_of_a_function_of_keys() -> None:
    assert made_by_keys() == item_kinds.NAMES


@pytest.mark.guards("what an item is, is told in one place; nothing unknown gets lost or comes in")
def test_no_key_is_made_outside_the_module_of_keys() -> None:
    """What is not made there would have no row, and would be missing in this world unnoticed."""
    sources = [*(ROOT / "chalicelib").rglob("*.py"), *(ROOT / "infra").glob("*.py")]
    made = re.compile(r"\bKey\(\s*f?[\"']|\bKey\(\s*(?:keys\.|_partition)")
    found = [path.name for path in sources if made.search(path.read_text("utf-8"))]
    assert found == ["keys.py"]


def made_again(kind: item_kinds.Kind) -> Key:
    """The key that the kind's function makes of its parts."""
    part = {"p": "", "roll": "", **kind.parts}
    number, day = int(part.get("number", "0")), part.get("day") or part.get("date", "")
    access = keys.staff_access(part["email"]) if "email" in part else ""
    given: dict[str, object] = {
        **part,
        "code": part.get("u"),
        "version": number,
        "number": number,
        "valid_from": date.fromisoformat(day) if "date" in part else None,
        "day": date.fromisoformat(day) if "date" in part else day,
        "name": part.get("act") or part.get("name"),
        "kind": part.get("word"),
        "address": part.get("email"),
        "access": access or keys.unit_access(part["p"], part.get("u", "")),
    }
    function = getattr(keys, kind.name)
    made: Key = function(*(given[name] for name in inspect.signature(function).parameters))
    return made


def test_a_key_read_is_the_one_that_its_function_makes_of_the_parts(whole: Site) -> None:
    for item in whole.table.everything():
        assert made_again(item_kinds.of(item.key)) == item.key


@pytest.mark.guards("what an item is, is told in one place; nothing unknown gets lost or comes in")
@pytest.mark.parametrize(
    "key",
    [
        ("NEWS", "1"),
        ("PERIOD#p#2026-Q4", "REPORTS#T01"),
        ("PERIOD#p#2026-Q4", "REPORT#"),
        ("PERIOD#p", "SUMMARY"),
        ("PERIOD#p#2026-Q4#MORE", "SUMMARY"),
        ("REPORT#p#2026-Q4#T01", "VERSION#1"),
        ("REPORT#p#2026-Q4#T01", "VERSION#0001\n"),
        ("REPORT#p#2026-Q4#T01#x", "DRAFT"),
        ("REPORT#P#2026-Q4#T01", "DRAFT"),
        ("STAFF", "nobody"),
        ("STAFF", "a@b c"),
        ("TOKEN#1", "TOKEN"),
        ("SCHEMA", "SCHEMAS"),
        ("schema", "SCHEMA"),
    ],
)
def test_a_key_that_fits_no_row_is_refused_by_name(key: tuple[str, str]) -> None:
    with pytest.raises(item_kinds.Unknown, match="is the key of no item that we know"):
        item_kinds.of(Key(*key))


def test_a_token_of_no_known_kind_is_refused() -> None:
    item = Item(keys.token("0" * 64), 1, {"kind": "admin"})
    with pytest.raises(item_kinds.Unknown, match="a token of no kind"):
        item_kinds.is_kept(item)


# ------------------------------------------------------------------ backup, restore, move


@pytest.mark.guards(
    "everything goes through backup, AWS and back, the schema's steps, a new key",
    "each `VERSION#` taken for a report's ✓ (the first: `KeyError: 'period'`)",
    "sessions kept (the first)",
)
def test_it_is_backed_up_by_the_command_and_restored(whole: Site, other: Site) -> None:
    path = other.files._folder.parent.with_name("a.zip")  # type: ignore[attr-defined]
    said = server.run("backup", str(path), data=path.with_name("data"))
    assert (said.returncode, said.stderr) == (0, "")
    backup.restore(other, path)
    assert kept(other) == kept(whole)
    assert folders_of(other.files) == {"summaries"}
    left = kinds_in(whole.table).keys() - kinds_in(other.table).keys()
    assert left == {"session", "devices", "rate", "tries", "backups"}
    tokens = [item for item in other.table.everything() if item_kinds.of(item.key).name == "token"]
    assert {item.body["kind"] for item in tokens} == {"link", "replaced"}


@pytest.mark.guards("everything goes through backup, AWS and back, the schema's steps, a new key")
def test_from_one_machine_to_aws_and_back_it_is_the_same(
    whole: Site, other: Site, ministack: Ministack, clock: Clock, tmp_path: Path
) -> None:
    first, second, third = (tmp_path / f"{name}.zip" for name in "abc")
    backup.write(whole, first)
    cloud = on_aws(ministack, clock)
    backup.restore(cloud, first)
    assert kept(cloud) == kept(whole)
    backup.write(cloud, second)
    backup.restore(other, second)
    backup.write(other, third)
    assert members(first) == members(second) == members(third)
    assert len(members(first)) > 4


@pytest.mark.guards("what an item is, is told in one place; nothing unknown gets lost or comes in")
@pytest.mark.parametrize("engine", ["sqlite", "dynamodb"])
def test_an_item_that_nobody_knows_stops_a_backup_by_name(whole: Site, tmp_path: Path) -> None:
    """A program that keeps what this one has no name for: nothing of it may get lost unnoticed."""
    whole.table.write(Put(Key("NEWS#x", "1"), {"a": 1}, ANYTHING))
    with pytest.raises(backup.Unusable, match=r"NEWS#x / 1 is the key of no item that we know"):
        backup.write(whole, tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()


@pytest.mark.guards("JSON inside an item is judged, wherever it stands")
@pytest.mark.parametrize("engine", ["sqlite"])
def test_every_text_of_an_item_that_holds_json_is_judged(whole: Site) -> None:
    """Unjudged, it could come in nested so deep that a page breaks on it."""
    found = {
        name
        for item in kept(whole).values()
        for name, value in item.body.items()
        if isinstance(value, str) and value.startswith(("{", "["))
    }
    assert {"json", "marks", "units"} <= found
    assert found - unpacking.JSON == set()


# ------------------------------------------------------------------ the schema, the key


@pytest.mark.guards("everything goes through backup, AWS and back, the schema's steps, a new key")
@pytest.mark.parametrize("engine", ["sqlite", "dynamodb"])
def test_the_steps_of_the_schema_leave_it_as_it_is(whole: Site) -> None:
    mark = schema.mark(whole.table)
    assert mark is not None
    whole.table.write(schema.put(replace(mark, schema=schema.FIRST)))
    before = kept(whole)
    migrations.migrate(whole.table, lambda _: None)
    after = schema.mark(whole.table)
    assert kept(whole) == before
    assert isinstance(after, Mark)
    assert after.schema == SCHEMA


@pytest.mark.guards("everything goes through backup, AWS and back, the schema's steps, a new key")
@pytest.mark.parametrize("engine", ["sqlite", "dynamodb"])
def test_a_new_server_key_changes_links_sessions_and_the_record_and_nothing_else(
    whole: Site,
) -> None:
    known = [whole.key]
    turned = replace(whole, server_key=lambda: known[-1])
    before = kept(turned)
    key = ServerKey(turned.clock, lambda: known.append(b"n" * 32), timedelta())
    count = rescue.rotate(turned, key, lambda _: True, lambda _: None)
    after = kept(turned)
    touched = {k for k in before.keys() | after.keys() if before.get(k) != after.get(k)}
    assert {item_kinds.of(k).name for k in touched} == {"act", "generation", "link", "token"}
    working = [one for p in (OLD, NEW) for one in links.standings(turned.table, p).values()]
    assert count == len(working) == 45 + 36
    left = [item for item in turned.table.everything() if item_kinds.of(item.key).name == "session"]
    assert {item_kinds.of(item.key).parts.get("u") for item in left} == {
        None
    }  # staff stay signed in
