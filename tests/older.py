"""What older programs left behind (tests/archives/README.md), opened for a test."""

import json
import sqlite3
import zipfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from chalicelib.edges.ports import Site
from chalicelib.edges.table import Item, Key

ARCHIVES = Path(__file__).with_name("archives")
SCHEMA_1, SCHEMA_2 = ARCHIVES / "schema-1.zip", ARCHIVES / "schema-2.zip"
P, Q3, Q4 = "thu-nghiem", "2026-Q3", "2026-Q4"
OLD_KEY = b"k" * 32
OFFICER = "chuyenvien@so.example"
ON_THE_DAY = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)  # an hour after the last sending


def data_of_the_first_version(folder: Path) -> Path:
    """DATA as the first whole version left it."""
    return data_of("data-0", folder)


def data_of(name: str, folder: Path) -> Path:
    """DATA as an older program left it."""
    with zipfile.ZipFile(ARCHIVES / f"{name}.zip") as kept:
        kept.extractall(folder)
    return folder


def items_of(name: str, folder: Path) -> list[Item]:
    """The raw items of one of them, as they were written."""
    if name.startswith("schema-"):
        with zipfile.ZipFile(ARCHIVES / f"{name}.zip") as archive:
            lines = [json.loads(line) for line in archive.read("items.jsonl").splitlines()]
        return [
            Item(Key(*one["key"]), one["version"], one["body"], one.get("expires")) for one in lines
        ]
    path = data_of(name, folder) / "baocao.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT pk, sk, version, body, expires FROM item").fetchall()
    return [Item(Key(pk, sk), v, json.loads(body), end) for pk, sk, v, body, end in rows]


def files_of(name: str, folder: Path) -> dict[str, bytes]:
    if name.startswith("schema-"):
        with zipfile.ZipFile(ARCHIVES / f"{name}.zip") as archive:
            named = [one for one in archive.namelist() if one.startswith("files/")]
            return {one.removeprefix("files/"): archive.read(one) for one in named}
    kept = data_of(name, folder) / "files"
    return {str(p.relative_to(kept)): p.read_bytes() for p in kept.rglob("*") if p.is_file()}


def left_in(site: Site, name: str, folder: Path) -> Site:
    """The installation as an older program left it."""
    site.table.fill(items_of(name, folder))
    for file, content in files_of(name, folder).items():
        site.files.write(file, content)
    return site
