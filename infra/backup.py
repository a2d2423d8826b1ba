"""Everything of an installation in one archive, and back into an empty one of either engine.

Left out: the server key, sessions, sign-ins, counts of failures. Links stand as the hashes that
the table holds.
"""

import json
import os
import secrets
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from chalicelib.edges.embedded import SqliteTable
from chalicelib.edges.ports import Site, Unusable
from chalicelib.edges.table import Busy, Item, Key, Table
from chalicelib.rules.texts.clock import iso
from chalicelib.store import item_kinds, keys, links, programmes, schema
from chalicelib.store.schema import SCHEMA, Mark
from infra import archive as archives
from infra import migrations, unpacking
from infra.archive import FILES, ITEMS, Member, Told
from infra.migrations import only_what_we_know


def write(site: Site, path: Path) -> Told:
    """A new archive, whole or not at all, of the schema that the installation has.

    Raises Unusable where one has the name already, or this program can't read the installation.
    """
    if path.exists():
        raise Unusable(f"{path} is there already: choose another name")
    told = Told(migrations.judged(site.table).schema)
    if not migrations.holds_data(site.table):
        raise Unusable("nothing is kept here yet: is it the right DATA, or the right stage?")
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                _fill(site, archive, told, path.parent)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return told


def _fill(site: Site, archive: zipfile.ZipFile, told: Told, beside: Path) -> None:
    names = set[str]()
    with _scratch(beside) as ordered, Member(archive, ITEMS, told) as member:
        with only_what_we_know():
            ordered.fill(_whole(site.table))
        ordered.fill([archives.said(told.schema)])
        for item in ordered.everything():
            member.write(archives.line(item))
            told.items += 1
            if item_kinds.of(item.key).name == "summary":
                names |= set(json.loads(str(item.body["files"])).values())
    for name in sorted(names):
        content = site.files.read(name)
        if content is not None:  # a summary without its file is summed again
            with Member(archive, FILES + name, told) as member:
                member.write(content)
            told.files += 1
    archives.end(archive, told, iso(site.clock()))


@contextmanager
def _scratch(beside: Path | None = None) -> Iterator[SqliteTable]:
    """A table on this machine for as long as it takes: it orders, or migrates, what is too much
    for memory. Where nothing is said of the place, it is TMPDIR.
    """
    with TemporaryDirectory(dir=beside, prefix=".baocao-") as folder:
        table = SqliteTable(Path(folder) / "items.sqlite3")
        try:
            yield table
        finally:
            table.close()


_WITH_A_HEAD = ("version", "event", "notice", "act")  # what a head may rest on


def _whole(table: Table) -> Iterator[Item]:
    """Every item that is kept. Heads come last, each with all that it rests on.

    Units send, and officers act, while we read. A head that is read after the rest is never older
    than a version that was read before, so no report stands in an archive that could not be sent
    again; and what has moved it meanwhile comes with it. Raises Unusable for a damaged report,
    Unknown.
    """
    there, reports = set[Key](), set[tuple[str, str, str]]()
    for item in table.everything():
        kind = item_kinds.of(item.key)
        if kind.name in ("head", "version"):
            reports.add((kind.parts["p"], kind.parts["k"], kind.parts["u"]))
        if kind.name == "head" or not item_kinds.is_kept(item):
            continue
        if kind.name in _WITH_A_HEAD:
            there.add(item.key)
        yield item
    for report in sorted(reports):
        head = table.get(keys.head(*report))
        if head is None:
            p, k, unit = report
            raise Unusable(f"{p}: the report of {unit} for {k} is damaged: versions, and no head")
        yield from _late(table, report, head, there)
        yield head


def _late(
    table: Table, report: tuple[str, str, str], head: Item, there: set[Key]
) -> Iterator[Item]:
    """What the head rests on and was not there yet when the rest was read."""
    wanted = [
        key
        for number in range(1, int(head.body["version"]) + 1)
        if (key := keys.version(*report, number)) not in there
    ]
    moved = str(head.body.get("event", ""))
    if moved and keys.event(*report, moved) not in there:
        p, k, unit = report
        for event in table.query(keys.event(*report, moved).partition, "EVENT#"):
            name = event.key.sort.removeprefix("EVENT#")
            also = (event.key, keys.act(p, name), keys.notice(p, k, unit, name))
            wanted += [key for key in also if key not in there]
    for key in wanted:
        if (item := table.get(key)) is not None:
            yield item


def restore(site: Site, path: Path, agreed: Callable[[Told], bool] = lambda _: True) -> Told:
    """Fill an empty installation, with what an older schema needs brought into today's.

    `agreed` says whether those whom the archive lets in may come in: who remade its manifest may
    have added some, and no hash tells. Cut off, it is run again with the same archive. Raises
    Unusable for a store in use, or an archive that is damaged, changed or not ours, or not agreed
    to; then nothing was touched.
    """
    mark = _free(site.table)
    try:
        with unpacking.opened(path) as (archive, told):
            if mark.restoring not in ("", told.members[ITEMS]):
                raise Unusable(
                    "a restore of another archive was cut off here: run that one again, "
                    "or begin with an empty installation"
                )
            with _current(archive, told) as items:
                if not agreed(told):
                    raise Unusable("nothing was changed")
                _take(site, archive, told, items, mark)
    except Busy as busy:
        raise Unusable(
            f"the table is busy ({busy}) and holds a part of {path}: restore again"
        ) from None
    return told


def _free(table: Table) -> Mark:
    """What an empty installation says of itself, or one whose restore was cut off."""
    mark = schema.mark(table) or Mark(SCHEMA)
    if mark.schema > SCHEMA:
        migrations.judged(table)
    if not mark.restoring and migrations.holds_data(table):
        raise Unusable("this installation holds data already: restore into an empty one")
    return mark


@contextmanager
def _current(archive: zipfile.ZipFile, told: Told) -> Iterator[Callable[[], Iterator[Item]]]:
    """The archive's items in today's shape, as often as they are asked for.

    Those of an older one are migrated before the installation is touched.
    """
    if told.schema == SCHEMA:
        yield lambda: unpacking.items(archive)
        return
    with _scratch() as table:
        table.fill(unpacking.items(archive))
        table.fill([archives.said(told.schema)])
        migrations.migrate(table, lambda _: None)
        yield table.everything


def _take(
    site: Site,
    archive: zipfile.ZipFile,
    told: Told,
    items: Callable[[], Iterable[Item]],
    mark: Mark,
) -> None:
    """Files, then items; last what lets people in, so that nobody sends before all is there.

    What a cut-off restore has opened already is not filled over again: somebody may have sent.
    """
    table = site.table
    if not mark.opening:
        mark = _marked(table, replace(mark, restoring=told.members[ITEMS]))
        for name in told.members:
            if name.startswith(FILES):
                site.files.write(name.removeprefix(FILES), archive.read(name))
        table.fill(item for item in items() if item_kinds.is_kept(item) and not _lets_in(item))
        mark = _marked(table, replace(mark, opening=True))
    table.fill(item for item in items() if item_kinds.is_kept(item) and _lets_in(item))
    _marked(table, Mark(SCHEMA, revision=mark.revision))


def _marked(table: Table, mark: Mark) -> Mark:
    table.write(schema.put(mark))
    return replace(mark, revision=mark.revision + 1)


def _lets_in(item: Item) -> bool:
    return item_kinds.of(item.key).name in ("staff", "token")


def lost_links(site: Site) -> tuple[int, int]:
    """How many links of units this installation's key can't make again, of how many that work."""
    working = [
        one
        for p in programmes.programme_keys(site.table)
        for one in links.standings(site.table, p).values()
        if one.works
    ]
    return sum(not links.token(site.key, one) for one in working), len(working)
