"""The drill: the newest archive restored beside, summed anew, and held against a second sum."""

import re
from pathlib import Path
from typing import Any

import pytest

from chalicelib.edges.ports import Site
from chalicelib.rules.summaries.aggregate import Aggregate
from infra import backup, drill
from infra.installation import backups_folder, owner_of_backups
from tests import server
from tests.conftest import Clock
from tests.infra.test_hostile_archives import changed

LINE = re.compile(
    r"(\S+): 2 programmes, (\d+) periods summed anew, (\d+) reports with their hashes, "
    r"(\d+) figures compared, (\d+) differences"
)
SOME_DAY = server.datetime(2026, 11, 25, 3, 0, tzinfo=server.UTC)


@pytest.fixture
def nightly_one(whole: Site, tmp_path: Path) -> Path:
    folder = tmp_path / "backups"
    folder.mkdir()
    backup.write(whole, folder / "baocao-2026-11-23-010000.zip")
    path = folder / "baocao-2026-11-24-010000.zip"
    backup.write(whole, path)
    return path


@pytest.mark.guards("the drill finds a wrong sum, and a text that was changed")
def test_the_newest_archive_is_drilled_by_the_command_in_one_line(
    nightly_one: Path, tmp_path: Path
) -> None:
    folder = nightly_one.parent
    data = tmp_path / "nowhere"
    said = server.run("drill", data=data, day=SOME_DAY, patience=120, BACKUPS=str(folder))
    assert (said.returncode, said.stderr) == (0, "")
    (line,) = said.stdout.splitlines()
    found = LINE.fullmatch(line)
    assert found is not None
    name, periods, reports, figures, differences = found.groups()
    assert name == nightly_one.name
    assert (int(periods), int(reports), int(differences)) == (19, 3, 0)
    assert int(figures) > 10_000
    assert not data.exists()


@pytest.mark.guards("a folder of archives is of one installation")
def test_without_an_archive_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = server.run("drill", data=tmp_path / "data")
    assert (said.returncode, said.stdout) == (1, "")
    assert re.fullmatch(r"baocao: \S+/data/backups holds no archive yet: name one.*\n", said.stderr)
    said = server.run("drill", data=tmp_path / "data", STAGE="test")
    assert "lie where you put them" in said.stderr
    monkeypatch.setenv("BACKUPS", "elsewhere")
    assert backups_folder(tmp_path) == Path("elsewhere")
    assert owner_of_backups(tmp_path).endswith(f":{tmp_path.resolve()}")
    monkeypatch.setenv("BACKUPS", str(tmp_path / "its own"))
    assert owner_of_backups(tmp_path) == ""


@pytest.mark.guards(
    "the drill finds a wrong sum, and a text that was changed",
    "a sum wrong by one ✓ (the first is that fault)",
    "not compared ✓",
    "hashes not looked at ✓",
    "the department's own figures left out ✓ (the third)",
)
def test_a_sum_that_is_wrong_by_one_is_found(
    nightly_one: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The product's own adding goes wrong: the second sum doesn't go wrong with it."""
    monkeypatch.setattr(drill, "now", clock)
    right = Aggregate.include

    def wrong(self: Aggregate, other: Aggregate) -> None:
        right(self, other)
        self.total += bool(self.total)

    monkeypatch.setattr(Aggregate, "include", wrong)
    found = drill.drill(nightly_one)
    assert any(" value: " in one for one in found.differences)


@pytest.mark.guards("the drill finds a wrong sum, and a text that was changed")
def test_a_report_whose_text_is_not_that_of_its_hash_is_found(
    nightly_one: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drill, "now", clock)

    def twelve_to_thirteen(given: list[dict[str, Any]]) -> None:
        version = next(one for one in given if "content" in one["body"])
        version["body"]["content"] = version["body"]["content"].replace('"i1_5":12', '"i1_5":13')

    found = drill.drill(changed(nightly_one, twelve_to_thirteen))
    assert any("is not that of its hash" in one for one in found.differences)
    other = str(nightly_one.with_name("changed.zip"))
    said = server.run("drill", other, data=nightly_one, day=SOME_DAY, patience=120)
    assert said.returncode == 1
    assert said.stderr.startswith("baocao: the sums differ: REPORT#")
    assert said.stderr.count("\n") == 1
