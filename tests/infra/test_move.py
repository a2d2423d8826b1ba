"""A department with real demo data moves from one machine to a deployed stage of AWS, and back."""

import fcntl
import json
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

import app
from chalicelib.edges import aws, embedded
from chalicelib.edges.ports import Site
from chalicelib.edges.table import ANYTHING, Delete
from chalicelib.jobs import summarise
from chalicelib.store import access, links, programmes, summaries
from infra import after_deploy, deploy, destroy, samples, stack
from infra.gateway import Gateway
from infra.package import Package
from infra.stack import Account
from infra.visitor import Visitor
from tests.conftest import HERE, NEW, OLD, Clock
from tests.everything import fill
from tests.independent import Raw, assert_equal, independent
from tests.ministack import REGION, Ministack
from tests.server import run

pytestmark = pytest.mark.e2e

DAY = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
STAGE = "test"
_LONG = 300  # seconds that a command may take with all of the demo, on a busy machine


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """DATA with everything that `make demo` sends, summed, and a backup of it beside.

    Once for every process of this test run: nobody may change it.
    """
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "demo"
    shared.mkdir(exist_ok=True)
    data, archive = shared / "data", shared / "a.zip"
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not archive.exists():
            for command in (("demo",), ("summarise",), ("backup", str(archive))):
                said = run(*command, data=data, day=DAY, patience=_LONG)
                assert said.returncode == 0, said.stderr
    return data


@pytest.fixture
def there(ministack: Ministack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """The account as the commands find it in the environment."""
    for name, content in (
        ("AWS_ENDPOINT_URL", ministack.url),
        ("AWS_DEFAULT_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ):
        monkeypatch.setenv(name, content)
    monkeypatch.setattr(stack, "_POLL_SECONDS", 0.1)
    _forget()
    yield stack.account()
    _forget()


def _forget() -> None:
    aws._client.cache_clear()
    aws._key.cache_clear()


@pytest.fixture
def deployed(there: Account, made: Package) -> Iterator[None]:
    """A stage as `make deploy` leaves it, without an officer: those come with the archive."""

    def quiet(_: str) -> None:
        pass

    told = {"Sender": "no-reply@baocao.example"}
    deploy.deploy(there, STAGE, made, told, lambda _: True, quiet)
    after_deploy.migrated(STAGE, quiet)
    yield
    destroy.destroy(there, STAGE, lambda _: True, quiet)


def typed(*command: str, data: Path, day: datetime = DAY, **more: str) -> list[str]:
    said = run(*command, data=data, day=day, patience=_LONG, **more)
    assert said.returncode == 0, said.stderr
    return said.stdout.splitlines()


def members(archive: Path) -> Mapping[str, str]:
    with zipfile.ZipFile(archive) as opened:
        found: Mapping[str, str] = json.loads(opened.read("manifest.json"))["sha256"]
    return found


def document(site: Site, p: str, k: str) -> dict[str, Any]:
    kept = summaries.summary(site.table, p, k)
    assert kept is not None
    content = site.files.read(kept.files["json"])
    assert content is not None
    whole: dict[str, Any] = json.loads(content)
    return whole


def but_when(whole: dict[str, Any]) -> dict[str, Any]:
    """A summary without the instant of its making."""
    return {name: part for name, part in whole.items() if name != "as_of"}


def cells(site: Site, p: str, k: str) -> list[Any]:
    """Every cell of every sheet, but the one line that says when it was summed."""
    from openpyxl import load_workbook

    kept = summaries.summary(site.table, p, k)
    assert kept is not None
    content = site.files.read(kept.files["xlsx"])
    assert content is not None
    with closing(load_workbook(BytesIO(content), read_only=True)) as book:
        return [
            (sheet.title, row)
            for sheet in book.worksheets
            for row in sheet.iter_rows(values_only=True)
            if not any(isinstance(cell, str) and "tổng hợp lúc" in cell.lower() for cell in row)
        ]


def summed_anew(site: Site) -> None:
    """Without what was kept: nothing of the other installation's run can be what is compared."""
    for p in (OLD, NEW):
        for period in programmes.periods(site.table, p):
            kept = summaries.summary(site.table, p, period.key)
            if kept:
                for name in kept.files.values():
                    site.files.end(name)
                site.table.write(Delete(summaries.keys.summary(p, period.key), ANYTHING))
    summarise.run(site, everything=True)


@pytest.mark.guards(
    "the demo moves to a deployed stage and back: equal hashes, equal summaries, equal to the "
    "independent sum",
    "items in the order of the engine ✓ (the second)",
    "an item's end dropped by `fill` ✓ (the first)",
)
def test_the_demo_moves_to_a_deployed_stage_and_back_and_nothing_has_changed(
    demo: Path, deployed: None, tmp_path: Path
) -> None:
    first, second, third = demo.with_name("a.zip"), tmp_path / "b.zip", tmp_path / "c.zip"
    nowhere, back = tmp_path / "nowhere", tmp_path / "back"
    restored = typed("restore", str(first), "--yes", data=nowhere, STAGE=STAGE)
    assert "links of units were made with another server key" in restored[-1]
    typed("backup", str(second), data=nowhere, STAGE=STAGE)
    assert not nowhere.exists()
    typed("restore", str(second), "--yes", data=back)
    typed("backup", str(third), data=back)
    assert len(members(first)) > 70
    assert members(first) == members(second) == members(third)

    # A scheduled run finds nothing to do, on either: what was restored is what was summed.
    for where in ({"data": nowhere, "STAGE": STAGE}, {"data": back}):
        assert typed("summarise", day=LATER, **where) == ["0 summarised, 19 unchanged"]  # type: ignore[arg-type]

    _forget()
    cloud = aws.open_site(Clock(LATER), stack.settings(STAGE))
    home = embedded.open_site(back, HERE, Clock(LATER))
    origin = embedded.open_site(demo, HERE, Clock(LATER))
    summed_anew(cloud)
    summed_anew(home)
    raw = Raw.of_table(cloud.table)
    for p, k in [(OLD, "2021"), (OLD, "2025-H1"), (NEW, "2026-Q3"), (NEW, "2026-Q4")]:
        whole = document(cloud, p, k)
        assert but_when(whole) == but_when(document(home, p, k)) == but_when(document(origin, p, k))
        assert cells(cloud, p, k) == cells(home, p, k) == cells(origin, p, k)
        assert_equal(whole, independent(raw, p, k))
    for site in (home, origin):
        site.table.close()  # type: ignore[attr-defined]


@pytest.mark.guards("everything goes through backup, AWS and back, the schema's steps, a new key")
def test_a_world_with_every_kind_of_item_moves_to_a_deployed_stage_and_back(
    deployed: None, tmp_path: Path
) -> None:
    nowhere, back = tmp_path / "nowhere", tmp_path / "back"
    first, second, third = (tmp_path / f"{name}.zip" for name in "abc")
    origin = embedded.open_site(tmp_path / "data", HERE, Clock(DAY))
    samples.load_all(origin)
    fill(origin)
    origin.table.close()  # type: ignore[attr-defined]
    typed("backup", str(first), data=tmp_path / "data")
    typed("restore", str(first), "--yes", data=nowhere, STAGE=STAGE)
    typed("backup", str(second), data=nowhere, STAGE=STAGE)
    typed("restore", str(second), "--yes", data=back)
    typed("backup", str(third), data=back)
    assert members(first) == members(second) == members(third)


# ------------------------------------------------------------------ links, and the key that moves


def printed(*given: str, data: Path, **more: str) -> dict[str, str]:
    """Unit -> token, as `make links` prints them."""
    said = run("links", *given, data=data, day=DAY, **more)
    pairs = (line.split(" ") for line in said.stdout.splitlines())
    return {unit: urlsplit(url).path.rpartition("/u/")[2] for unit, url in pairs}


def opens(site: Site, token: str) -> bool:
    """Whether a phone with this link gets in."""
    app.use(site)
    browser = Visitor(app, Gateway(app))
    landing = browser.get(f"/u/{token}")
    if landing.status != 200:
        return False
    return browser.follow(browser.submit(landing, token)).status == 200


@pytest.fixture
def moved(demo: Path, tmp_path: Path) -> Path:
    """DATA restored on another machine, which has made a key of its own."""
    data = tmp_path / "moved"
    typed("restore", str(demo.with_name("a.zip")), "--yes", data=data)
    return data


def opened(data: Path) -> Site:
    return embedded.open_site(data, HERE, Clock(DAY))


@pytest.mark.guards(
    "links made with another server key open, are printed by nobody and ended by nothing unasked",
    "issued anew ✓ (the first two)",
    "taken for none ✓ (the third)",
)
def test_without_the_old_key_old_links_open_and_none_is_ended_unasked(
    demo: Path, moved: Path
) -> None:
    before = printed(data=demo)
    assert len(before) == 36
    said = run("links", data=moved, day=DAY)
    assert (said.returncode, said.stdout) == (1, "")
    assert "36 of 36 links of units were made with another server key" in said.stderr
    assert "REISSUE=CODE" in said.stderr
    samples = Path(__file__).resolve().parents[2] / "programmes" / NEW
    typed("load", str(samples), data=moved)
    site = opened(moved)
    for unit in ("T01", "T20", "G01"):
        assert opens(site, before[unit])
    site.table.close()  # type: ignore[attr-defined]


def test_without_the_old_key_a_link_made_anew_opens_and_ends_the_old_one(
    demo: Path, moved: Path
) -> None:
    before = printed(data=demo)
    anew = printed("--reissue", "T01", data=moved)
    assert anew.keys() == {"T01"}
    site = opened(moved)
    assert opens(site, anew["T01"])
    assert not opens(site, before["T01"])
    assert opens(site, before["T02"])
    site.table.close()  # type: ignore[attr-defined]
    assert printed(data=moved) == anew


@pytest.mark.guards("with the old key the same links are printed again")
def test_with_the_old_key_the_same_links_are_printed_again(demo: Path, tmp_path: Path) -> None:
    data = tmp_path / "moved"
    data.mkdir()
    shutil.copy(demo / "key", data / "key")
    said = typed("restore", str(demo.with_name("a.zip")), "--yes", data=data)
    assert len([line for line in said if not line.startswith("lets in: ")]) == 1
    assert printed(data=data) == printed(data=demo)


@pytest.mark.guards("with the old key the same links are printed again")
def test_with_the_old_key_in_the_stages_parameter_the_same_links_are_printed_again(
    demo: Path, deployed: None, there: Account, tmp_path: Path
) -> None:
    name, key = stack.key_parameter(STAGE), (demo / "key").read_bytes().hex()
    there.client("ssm").put_parameter(Name=name, Value=key, Type="SecureString", Overwrite=True)
    said = typed("restore", str(demo.with_name("a.zip")), "--yes", data=tmp_path, STAGE=STAGE)
    assert len([line for line in said if not line.startswith("lets in: ")]) == 1
    assert printed(data=tmp_path, STAGE=STAGE) == printed(data=demo)
    _forget()
    cloud = replace(aws.open_site(Clock(DAY), stack.settings(STAGE)), public_url=HERE)
    standing = links.standings(cloud.table, NEW)["T01"]
    assert opens(cloud, links.token(cloud.key, standing))
    assert [email for email, _ in access.staff(cloud.table)]
