"""The folder of nightly archives: what counts as one, who makes it and when, which ones go."""

import shutil
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from chalicelib.edges import logs
from chalicelib.edges.ports import Site, Unusable
from chalicelib.rules.files import archive_nights as rules
from chalicelib.rules.files.archive_nights import Known
from chalicelib.rules.texts.clock import VIETNAM
from chalicelib.store import backup_log as stored
from infra import backup, migrations
from infra.archive import MANIFEST

_WRITTEN = "baocao-%Y-%m-%d-%H%M%S.zip"  # the clock of Việt Nam, which is never put back
_MARK = ".belongs-to"  # says whose archives these are: their names don't
_LEFT = timedelta(days=1)  # after which a part of an archive is nobody's any more
_LATE = timedelta(hours=1)


def judge(folder: Path, whose: str) -> None:
    """Raises Unusable where another installation writes: each would take the other's archives for
    its own, and let go of them.
    """
    mark = folder / _MARK
    found = mark.read_text("utf-8").strip() if whose and mark.exists() else ""
    if found not in ("", whose):
        raise Unusable(
            f"{folder} holds the archives of another installation, {found}: name another folder "
            f"in BACKUPS; or delete {mark} where that one is this one now"
        )


def look(site: Site, folder: Path, whose: str = "") -> None:
    """Make the night's archive where there is none yet; let go of what is old enough.

    What comes of it is kept for the desk. Raises nothing of a failure: it is an error in the log.
    """
    now = site.clock()
    before = stored.known(site.table) or Known()
    made, failed = before.made, None
    try:
        judge(folder, whose)
        _clear(folder, now)
        made = max(_until(now, folder), default=None)
        if made is None or made < rules.due(now):
            if not migrations.holds_data(site.table):
                return
            if made and now - rules.due(now) > _LATE:
                logs.say("night_without_backup", logs.ERROR, newest=made.isoformat())
            made = _make(site, folder, now)
        _claim(folder, whose)
        _thin(folder, now)
    except Exception as error:
        logs.say("not_backed_up", logs.ERROR, error)
        failed = now
    if before != Known(made, failed):
        stored.keep(site.table, Known(made, failed))


def found(folder: Path) -> dict[datetime, Path]:
    """Every whole archive of ours by the instant that its name says. Others are let alone."""
    named = {_instant(path): path for path in folder.glob("baocao-*.zip") if _is_ours(path)}
    return {instant: path for instant, path in named.items() if _is_whole(path)}


def _until(now: datetime, folder: Path) -> dict[datetime, Path]:
    """Without those of the future: made under a wrong clock, they are of no night, and would hold
    the places of true ones. They are let alone until their day.
    """
    return {instant: path for instant, path in found(folder).items() if instant <= now}


def newest(folder: Path, now: datetime) -> Path:
    """Raises Unusable where there is none."""
    archives = _until(now, folder)
    if not archives:
        raise Unusable(f"{folder} holds no archive yet: name one, FILE=baocao.zip")
    return archives[max(archives)]


def _claim(folder: Path, whose: str) -> None:
    mark = folder / _MARK
    if whose and not mark.exists():
        mark.write_text(f"{whose}\n", "utf-8")


def _make(site: Site, folder: Path, now: datetime) -> datetime:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / now.astimezone(VIETNAM).strftime(_WRITTEN)
    with logs.line("backup", result="failed") as line:
        told = backup.write(site, path)
        line.add(result="written", items=told.items, files=told.files)
    return _instant(path)


def _thin(folder: Path, now: datetime) -> None:
    archives = _until(now, folder)
    for instant in archives.keys() - rules.staying(archives):
        try:
            archives[instant].unlink(missing_ok=True)
        except OSError as error:  # the night has its archive all the same
            logs.say("archive_not_ended", logs.ERROR, error)


def _is_ours(path: Path) -> bool:
    try:
        return _instant(path).strftime(_WRITTEN) == path.name and path.is_file()
    except ValueError:
        return False


def _instant(path: Path) -> datetime:
    return datetime.strptime(path.name, _WRITTEN).replace(tzinfo=VIETNAM)


def _is_whole(path: Path) -> bool:
    """Whether it has an end: one that was cut off while it was copied here has none."""
    try:
        with zipfile.ZipFile(path) as archive:
            return MANIFEST in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


def _clear(folder: Path, now: datetime) -> None:
    """What a process left that was killed while it wrote."""
    for path in _parts(folder):
        if path.stat().st_mtime < (now - _LEFT).timestamp():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _parts(folder: Path) -> Iterator[Path]:
    return folder.glob(".baocao-*")
