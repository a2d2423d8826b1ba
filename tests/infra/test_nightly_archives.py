"""Each night an archive by itself: made once, whole, thinned, and known to the desk."""

import os
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from chalicelib.edges import embedded, logs
from chalicelib.edges.ports import Site, Unusable
from chalicelib.edges.table import Item
from chalicelib.rules.files.archive_nights import Known
from chalicelib.rules.texts.clock import VIETNAM
from chalicelib.store import backup_log, keys
from infra import backup, nightly_archives, unpacking
from infra.schedule import Schedule
from infra.visitor import Visitor
from tests.conftest import HERE, Clock
from tests.faulty import Killed
from tests.officer import OFFICER
from tests.pages.unit.test_form import text

EVENING = datetime(2026, 11, 23, 22, 0, tzinfo=VIETNAM)
NIGHT = datetime(2026, 11, 24, 1, 0, tzinfo=VIETNAM)
HOUR = timedelta(hours=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def schedule(site: Site, folder: Path, clock: Clock) -> Schedule:
    clock.now = EVENING
    return Schedule(site, folder)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Every line of the log: what, and how bad."""
    lines: list[tuple[str, int]] = []

    def say(event: str, level: int = logs.INFO, *_: object, **__: object) -> None:
        lines.append((event, level))

    monkeypatch.setattr(logs, "say", say)
    return lines


def errors(said: list[tuple[str, int]]) -> list[str]:
    return [event for event, level in said if level >= logs.ERROR]


def names(folder: Path) -> list[str]:
    """But the mark of whose it is."""
    return sorted(path.name for path in folder.iterdir() if path.name != ".belongs-to")


def nights(schedule: Schedule, clock: Clock, count: int) -> None:
    """So many nights, of each some hours."""
    for night in range(count):
        for hour in (0, 1, 2, 9):
            clock.now = NIGHT + timedelta(days=night) + hour * HOUR
            schedule.hour(everything=False)


@pytest.mark.guards(
    "each night an archive, once, also late", "only at one o'clock ✓", "nothing looked at before"
)
def test_an_archive_is_made_at_the_start_and_then_once_a_night(
    schedule: Schedule, site: Site, folder: Path, clock: Clock
) -> None:
    schedule.hour(everything=False)
    assert names(folder) == ["baocao-2026-11-23-220000.zip"]
    schedule.hour(everything=False)
    nights(schedule, clock, 2)
    assert names(folder) == [
        "baocao-2026-11-23-220000.zip",
        "baocao-2026-11-24-010000.zip",
        "baocao-2026-11-25-010000.zip",
    ]
    assert backup_log.known(site.table) == Known(made=NIGHT + timedelta(days=1))
    assert folder.stat().st_mode & 0o777 == 0o700
    for path in folder.iterdir():
        with unpacking.opened(path) as (_, told):
            assert told.items > 100


@pytest.mark.guards("days, weeks, months stay; strangers too")
def test_older_ones_go_and_what_is_none_of_ours_stays(
    schedule: Schedule, folder: Path, clock: Clock
) -> None:
    folder.mkdir()
    strangers = ["baocao.zip", "baocao-2026-11-01.zip", "baocao-2026-13-40-990000.zip", "x.txt"]
    for name in strangers:
        (folder / name).write_bytes(b"x")
    nights(schedule, clock, 12)
    ours = [name for name in names(folder) if name not in strangers]
    # seven days, and the Sunday of the week before them
    assert ours == [f"baocao-2026-{day}-010000.zip" for day in (
        "11-29", "11-30", "12-01", "12-02", "12-03", "12-04", "12-05",
    )]  # fmt: skip
    assert set(strangers) <= set(names(folder))


@pytest.mark.guards(
    "half an archive counts for none, and is cleared away",
    "any file of the name counted ✓",
    "parts left ✓",
)
def test_half_an_archive_is_none(
    schedule: Schedule, site: Site, folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off while it was written, or while it was copied into the folder."""

    class Cut:
        def __getattr__(self, name: str) -> object:
            return getattr(site.table, name)

        def everything(self) -> Iterator[Item]:
            yield next(iter(site.table.everything()))
            yield next(iter(site.table.everything()))
            raise Killed

    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)  # kill -9 clears nothing away
    with pytest.raises(Killed):
        nightly_archives.look(replace(site, table=Cut()), folder)  # type: ignore[arg-type]
    monkeypatch.undo()
    left = names(folder)
    assert left
    assert all(name.startswith(".baocao-") for name in left)
    assert nightly_archives.found(folder) == {}
    clock.now = NIGHT
    schedule.hour(everything=False)
    (whole,) = nightly_archives.found(folder).values()
    half = folder / "baocao-2026-11-24-020000.zip"
    half.write_bytes(whole.read_bytes()[:-400])
    assert nightly_archives.newest(folder, clock.now + 2 * HOUR) == whole
    clock.now = NIGHT + timedelta(days=1)
    schedule.hour(everything=False)
    assert len(nightly_archives.found(folder)) == 2
    old = (clock.now - timedelta(days=2)).timestamp()
    for name in left:
        os.utime(folder / name, (old, old))
    schedule.hour(everything=False)
    assert not [name for name in names(folder) if name.startswith(".")]


@pytest.mark.guards("each night an archive, once, also late")
def test_a_machine_that_was_off_at_night_makes_it_when_it_is_on_again(
    schedule: Schedule, folder: Path, clock: Clock, said: list[tuple[str, int]]
) -> None:
    schedule.hour(everything=False)
    assert errors(said) == []
    clock.now = NIGHT + timedelta(days=3, hours=7)
    schedule.hour(everything=False)
    assert names(folder)[-1] == "baocao-2026-11-27-080000.zip"
    assert errors(said) == ["night_without_backup"]


@pytest.mark.guards("a night without one is said, on the desk too, where there are nights")
def test_a_night_that_fails_is_an_error_each_hour_and_made_good(
    schedule: Schedule, site: Site, folder: Path, clock: Clock, said: list[tuple[str, int]]
) -> None:
    schedule.hour(everything=False)
    shutil.move(folder, folder.with_name("away"))
    folder.write_text("no folder")
    clock.now = NIGHT
    schedule.hour(everything=False)
    assert errors(said) == ["not_backed_up"]
    assert backup_log.known(site.table) == Known(None, NIGHT)
    folder.unlink()
    shutil.move(folder.with_name("away"), folder)
    clock.now = NIGHT + HOUR / 2
    schedule.hour(everything=False)
    assert backup_log.known(site.table) == Known(NIGHT + HOUR / 2)


@pytest.mark.guards(
    "whatever fails of a look is said, and an old one that stays fails no night",
    "the folder looked at outside ✓ (the first)",
    "a failed unlink let through ✓ (the second)",
)
@pytest.mark.parametrize("what", ["_clear", "found", "migrations.holds_data"])
def test_whatever_fails_of_a_look_is_an_error_and_known_to_the_desk(
    schedule: Schedule,
    site: Site,
    clock: Clock,
    said: list[tuple[str, int]],
    monkeypatch: pytest.MonkeyPatch,
    what: str,
) -> None:
    schedule.hour(everything=False)

    def broken(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    clock.now = NIGHT
    monkeypatch.setattr(f"infra.nightly_archives.{what}", broken)
    schedule.hour(everything=False)
    assert errors(said) == ["not_backed_up"]
    assert backup_log.known(site.table) == Known(EVENING, NIGHT)
    monkeypatch.undo()
    clock.now = NIGHT + HOUR
    schedule.hour(everything=False)
    assert backup_log.known(site.table) == Known(NIGHT + HOUR)


@pytest.mark.guards("whatever fails of a look is said, and an old one that stays fails no night")
def test_an_old_archive_that_does_not_go_fails_no_night(
    schedule: Schedule,
    site: Site,
    folder: Path,
    clock: Clock,
    said: list[tuple[str, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nights(schedule, clock, 9)
    kept = names(folder)

    def broken(path: Path, **_: object) -> None:
        if path.name.startswith("baocao-"):
            raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", broken)
    clock.now = NIGHT + timedelta(days=9)
    schedule.hour(everything=False)
    assert backup_log.known(site.table) == Known(clock.now)
    assert len(names(folder)) == len(kept) + 1
    assert set(errors(said)) == {"archive_not_ended"}


@pytest.mark.guards(
    "an archive from the future is of no night and takes no place",
    "believed ✓ (each)",
    "thinned among the true ones ✓ (the first)",
)
def test_an_archive_from_the_future_is_of_no_night_and_takes_no_place(
    schedule: Schedule, site: Site, folder: Path, clock: Clock, said: list[tuple[str, int]]
) -> None:
    """Made while the clock of the machine was wrong."""
    for year in range(2030, 2046):
        clock.now = EVENING.replace(year=year)
        schedule.hour(everything=False)
    wrong = names(folder)
    assert backup_log.known(site.table) == Known(EVENING.replace(year=2045))
    clock.now = EVENING
    schedule.hour(everything=False)
    assert names(folder) == ["baocao-2026-11-23-220000.zip", *wrong]
    assert backup_log.known(site.table) == Known(EVENING)
    assert nightly_archives.newest(folder, clock.now).name == "baocao-2026-11-23-220000.zip"
    said.clear()
    nights(schedule, clock, 3)
    assert len(names(folder)) == len(wrong) + 4
    assert errors(said) == []


@pytest.mark.guards(
    "a folder of archives is of one installation",
    "not judged ✓, not marked ✓ (each the first)",
    "the line left out ✓ (the second)",
)
def test_two_installations_never_thin_each_others_archives(
    site: Site, folder: Path, clock: Clock, said: list[tuple[str, int]]
) -> None:
    clock.now = EVENING
    schedules = [Schedule(site, folder, whose) for whose in ("here:/srv/a", "there:/srv/a")]
    schedules[0].hour(everything=False)
    nightly_archives.judge(folder, "here:/srv/a")
    with pytest.raises(Unusable, match=r"another installation, here:/srv/a: .*\.belongs-to"):
        nightly_archives.judge(folder, "there:/srv/a")
    clock.now = NIGHT
    schedules[1].hour(everything=False)
    assert names(folder) == ["baocao-2026-11-23-220000.zip"]
    assert errors(said) == ["not_backed_up"]
    assert backup_log.known(site.table) == Known(EVENING, NIGHT)
    schedules[0].hour(everything=False)
    assert len(names(folder)) == 2
    (folder / ".belongs-to").unlink()
    schedules[1].hour(everything=False)
    with pytest.raises(Unusable, match="there:/srv/a"):
        nightly_archives.judge(folder, "here:/srv/a")


@pytest.mark.guards("each night an archive, once, also late")
def test_an_empty_installation_makes_none(
    tmp_path: Path, folder: Path, clock: Clock, said: list[tuple[str, int]]
) -> None:
    site = embedded.open_site(tmp_path / "empty", HERE, clock)
    Schedule(site, folder).hour(everything=True)
    assert not folder.exists()
    assert backup_log.known(site.table) is None
    assert errors(said) == []
    site.table.close()  # type: ignore[attr-defined]


@pytest.mark.guards("a night without one is said, on the desk too, where there are nights")
def test_what_is_known_of_archives_is_in_none_of_them(
    schedule: Schedule, folder: Path, tmp_path: Path, clock: Clock
) -> None:
    """Restored elsewhere, it would speak of archives that are not there."""
    nights(schedule, clock, 2)
    other = embedded.open_site(tmp_path / "other", HERE, clock)
    backup.restore(other, nightly_archives.newest(folder, clock.now))
    assert backup_log.known(other.table) is None
    with zipfile.ZipFile(nightly_archives.newest(folder, clock.now)) as archive:
        assert keys.backups().partition.encode() not in archive.read("items.jsonl")
    other.table.close()  # type: ignore[attr-defined]


# ------------------------------------------------------------------ the desk


@pytest.fixture
def desk(as_staff: Callable[..., Visitor], clock: Clock) -> Callable[[datetime, str], str]:
    def page(now: datetime, who: str) -> str:
        clock.now = now
        return text(as_staff(who).get("/desk"))

    return page


DIRECTOR = "giamdoc@vinhlong.example"
MADE, MISSED = "Bản sao lưu gần nhất được lập lúc", "Đêm qua chưa sao lưu được dữ liệu"


@pytest.mark.guards("a night without one is said, on the desk too, where there are nights")
def test_officers_read_when_the_last_one_was_made(
    site: Site, desk: Callable[[datetime, str], str]
) -> None:
    backup_log.keep(site.table, Known(made=NIGHT))
    page = desk(NIGHT + 8 * HOUR, OFFICER)
    assert f"{MADE} 01:00 ngày 24/11/2026" in page
    assert MISSED not in page
    assert "sao lưu" not in desk(NIGHT + 8 * HOUR, DIRECTOR).lower()


@pytest.mark.guards("a night without one is said, on the desk too, where there are nights")
def test_officers_read_plainly_that_a_night_had_none(
    site: Site, desk: Callable[[datetime, str], str]
) -> None:
    backup_log.keep(site.table, Known(made=NIGHT))
    page = desk(NIGHT + timedelta(days=1, hours=8), OFFICER)  # and nobody even said so
    assert MISSED in page
    assert f"{MADE} 01:00 ngày 24/11/2026" in page
    backup_log.keep(site.table, Known(failed=NIGHT))
    page = desk(NIGHT + HOUR, OFFICER)
    assert MISSED in page
    assert "Hiện chưa có bản sao lưu nào" in page


def test_where_no_schedule_makes_archives_nothing_is_said_of_them(
    desk: Callable[[datetime, str], str],
) -> None:
    assert not re.search("sao lưu", desk(NIGHT, OFFICER), re.IGNORECASE)
