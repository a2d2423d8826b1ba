"""What a person types about archives: backup, restore, drill; and what each says of it."""

import argparse
import os
from pathlib import Path

from chalicelib.edges.ports import Unusable
from chalicelib.rules.texts import clock
from chalicelib.store import schema
from chalicelib.store.item_kinds import shown
from chalicelib.store.schema import SCHEMA
from infra import installation
from infra.archive import Told
from infra.asking import asking

_SHOWN = 5  # differences, to begin looking at


def backup(given: argparse.Namespace) -> None:
    """Write everything but keys and sessions into one archive."""
    from infra import backup

    told = backup.write(installation.as_it_is(), _file(given, "backup"))
    print(f"{given.file}: {told.items} items, {told.files} files")


def _file(given: argparse.Namespace, command: str) -> Path:
    if not given.file:
        raise Unusable(f"which file? make {command} FILE=baocao.zip")
    return Path(given.file)


def restore(given: argparse.Namespace) -> None:
    """Fill an empty installation from an archive."""
    from infra import backup, migrations

    path = _file(given, "restore")
    if not path.exists():
        raise Unusable(f"there is no archive {path}")
    site = installation.as_it_is()
    if where := installation.on_aws():
        migrations.deployed(schema.mark(site.table), where)
    ask = asking(yes=given.yes)

    def agreed(told: Told) -> bool:
        print(*_let_in(told), sep="\n", flush=True)
        return ask(f"restore {path}, and let them in?")

    told = backup.restore(site, path, agreed)
    print(f"{given.file}: {told.items} items, {told.files} files restored")
    if told.schema < SCHEMA:
        print(f"brought from schema {told.schema} to {SCHEMA} on the way")
    lost, among = backup.lost_links(site)
    if lost:
        print(other_key(lost, among))


def drill(given: argparse.Namespace) -> None:
    """Restore the newest archive beside, sum every period anew and compare with a second sum."""
    from infra import nightly_archives
    from infra.drill import drill

    if os.environ.get("STAGE") and not given.file:
        raise Unusable("the archives of a stage lie where you put them: make drill FILE=baocao.zip")
    path = Path(
        given.file
        or nightly_archives.newest(
            installation.backups_folder(installation.data_folder()), clock.now()
        )
    )
    found = drill(path)
    print(found)
    if found.differences:
        raise Unusable("the sums differ: " + "; ".join(found.differences[:_SHOWN]))


def _let_in(told: Told) -> list[str]:
    """Whom an archive would let in, one a line: no hash can tell whether somebody was added."""
    found = [
        f"lets in: {role} {shown(email, 400)}" for email, role in sorted(told.accounts.items())
    ]
    return [*found, f"lets in: {told.links} links of units"]


def other_key(lost: int, among: int) -> str:
    """What a person must know of links that an installation with another key has made."""
    return (
        f"{lost} of {among} links of units were made with another server key. They go on opening, "
        "at the address that is printed on them, and can't be printed or mailed again. Bring the "
        "old key (docs/operations.md), or replace them on the desk or with "
        "`make links REISSUE=CODE`, all of them with `make rotate`, which ends the old ones"
    )
