"""What older programs left is brought into today's shape, whatever happens on the way."""

import json
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import app
from chalicelib.edges import embedded
from chalicelib.edges.ports import Site, Unusable
from chalicelib.edges.table import (
    ANYTHING,
    NOTHING,
    Body,
    Busy,
    Change,
    Delete,
    Item,
    Key,
    Put,
    Table,
)
from chalicelib.jobs import summarise
from chalicelib.rules.reports.draft import Posted, merge
from chalicelib.rules.texts import clock as clocks
from chalicelib.store import (
    access,
    draft_items,
    drafts,
    keys,
    links,
    reports,
    schema,
    sign_ins,
    summaries,
)
from chalicelib.store.schema import SCHEMA, Unready
from infra import backup, commands, installation, migrations
from infra.browser import ROOT
from infra.gateway import Gateway
from infra.visitor import Visitor
from tests.conftest import ENGINES, HERE, Clock, on_aws
from tests.contract import parallel
from tests.faulty import Calls, FaultyTable, Killed, When, killed
from tests.filling import all_nil
from tests.independent import Raw, assert_equal, independent
from tests.older import (
    OFFICER,
    OLD_KEY,
    ON_THE_DAY,
    Q3,
    Q4,
    SCHEMA_1,
    P,
    data_of_the_first_version,
    items_of,
    left_in,
)
from tests.server import Server, enter

LEFT = ("data-0", "schema-1")
WORKING = {"T01": 1, "T02": 1, "T03": 2, "T04": 1, "G01": 1}  # unit -> generation of its link

SAVED = "2026-12-10T03:00:00.000000Z"

EVENT = {  # as EventBridge says that a time has come
    "version": "0",
    "id": "x",
    "source": "aws.events",
    "resources": [],
    "detail": {},
    "detail-type": "Scheduled Event",
    "account": "1",
    "region": "x",
    "time": "x",
}


def unheard(_: str) -> None:
    pass


@pytest.fixture
def clock() -> Clock:
    return Clock(ON_THE_DAY)


@pytest.fixture(params=ENGINES)
def empty(tmp_path: Path, clock: Clock, request: pytest.FixtureRequest) -> Iterator[Site]:
    """An installation that holds nothing, with the server key of the older ones."""
    if request.param == "dynamodb":
        yield replace(
            on_aws(request.getfixturevalue("ministack"), clock), server_key=lambda: OLD_KEY
        )
        return
    site = embedded.open_site(tmp_path / "data", HERE, clock)
    yield replace(site, server_key=lambda: OLD_KEY)
    site.table.close()  # type: ignore[attr-defined]


@pytest.fixture(params=LEFT)
def left(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def old(empty: Site, left: str, tmp_path: Path) -> Site:
    return left_in(empty, left, tmp_path / "left")


@pytest.fixture
def migrated(old: Site) -> Site:
    migrations.migrate(old.table, unheard)
    return old


def kept(table: Table) -> dict[Key, tuple[int, dict[str, Any], int | None]]:
    """All but the version of what says the schema: who starts twice may write it twice."""
    return {
        item.key: (0 if item.key == keys.schema() else item.version, dict(item.body), item.expires)
        for item in table.everything()
    }


# ------------------------------------------------------------------ what there is to see


def document(site: Site, k: str) -> Mapping[str, Any]:
    found = summaries.summary(site.table, P, k)
    assert found is not None
    content = site.files.read(found.files["json"])
    assert content is not None
    whole: Mapping[str, Any] = json.loads(content)
    return whole


@pytest.mark.guards("what older programs left is read, summed and shown as it was")
def test_what_an_older_program_left_is_summed_as_it_is(migrated: Site) -> None:
    summarise.run(migrated, everything=True)
    for k in (Q3, Q4):
        assert_equal(document(migrated, k), independent(Raw.of_table(migrated.table), P, k))
    q3, q4 = document(migrated, Q3), document(migrated, Q4)
    assert [q3[n] for n in ("expected", "received", "late", "nil")] == [6, 6, 0, 1]
    assert [q4[n] for n in ("expected", "received", "returned", "missing")] == [6, 3, 1, 2]
    first, second = ({one["code"]: one for one in whole["indicators"]} for whole in (q3, q4))
    assert (first["i1"]["value"], first["a1"]["value"]) == (1 + 2 + 3 + 4 + 5, "7.5")
    assert (second["i1"]["value"], second["a1"]["value"]) == (12 + 21 + 50, "7.75")
    assert (second["r1"]["numerator"], second["r1"]["denominator"]) == (98 + 91 + 50, 250)


def test_every_version_that_was_sent_is_there_with_its_proof(
    migrated: Site, left: str, tmp_path: Path
) -> None:
    raw = {item.key: item for item in items_of(left, tmp_path / "raw")}
    sent = [key for key in raw if key.sort.startswith("VERSION#")]
    assert len(sent) == 12
    for key in sent:
        assert migrated.table.get(key) == raw[key]
    (first, second) = reports.versions(migrated.table, P, Q4, "T01")
    assert (first.reason, second.reason) == ("", "Sửa một ô")


@pytest.mark.guards(
    "its links are in the index, its drafts name their form",
    "a revoked link taken for one that works ✓",
    "no step for drafts ✓",
    "their end dropped ✓",
)
def test_links_of_before_the_index_are_in_the_list_and_work(migrated: Site) -> None:
    found = links.standings(migrated.table, P)
    assert {code: one.generation for code, one in found.items() if one.works} == WORKING
    assert not found["G02"].works
    for code in WORKING:
        token = links.token(migrated.key, found[code])
        assert token
        stands_for = access.link(migrated.table, token)
        assert stands_for is not None
        assert stands_for.unit == code


@pytest.mark.guards("its links are in the index, its drafts name their form")
def test_a_draft_names_the_form_that_it_was_begun_on(migrated: Site) -> None:
    found = [item for item in migrated.table.everything() if item.key.sort == "DRAFT"]
    assert len(found) == 11
    assert {item.body["form"] for item in found} == {1}
    assert None not in {item.expires for item in found}


@pytest.fixture
def visitor(migrated: Site) -> Callable[[], Visitor]:
    app.use(migrated)
    gateway = Gateway(app)
    return lambda: Visitor(app, gateway)


def text_of(browser: Visitor, path: str) -> str:
    page = browser.get(path)
    assert page.status == 200, (path, page.body.decode())
    return page.body.decode()


@pytest.mark.guards("what older programs left is read, summed and shown as it was")
def test_the_desk_shows_what_an_older_program_left(
    migrated: Site, visitor: Callable[[], Visitor], clock: Clock
) -> None:
    token, _, _ = sign_ins.ask_sign_in(migrated.table, OFFICER, clock.now)
    browser = visitor()
    browser.follow(browser.submit(browser.get(f"/s/{token}"), token))
    text_of(browser, "/desk")
    stale = text_of(browser, f"/desk/{P}/{Q4}")
    assert "Tổng hợp ngay" in stale  # one of an older shape is not shown
    summarise.run(migrated, everything=True)
    whole = re.sub(r"<[^>]+>|\s+", " ", text_of(browser, f"/desk/{P}/{Q4}"))
    assert "83" in whole
    listed = text_of(browser, f"/desk/{P}/links")
    assert len(re.findall(r"Đang dùng", listed)) >= len(WORKING)
    assert "Trường THPT Thử Ba" in text_of(browser, f"/desk/{P}/links/sheet?units=T03")
    assert "t03@donvi.example" in text_of(browser, f"/desk/{P}/contacts")
    assert "đang trả lại" in text_of(browser, f"/desk/{P}/{Q4}/reports").lower()
    pages = (f"{Q4}/terms", f"{Q4}/requests", f"{Q4}/urge", Q3, "years", "units", "form", "audit")
    for page in pages:
        text_of(browser, f"/desk/{P}/{page}")
    text_of(browser, "/desk")
    text_of(browser, "/desk/staff")
    assert "Sửa một ô" in text_of(browser, f"/desk/{P}/{Q4}/reports/T01")


def entered(browser: Visitor, site: Site, code: str) -> Visitor:
    """With the link that was printed then."""
    token = links.access.link_token(OLD_KEY, links.Link(P, code, WORKING[code]))
    browser.follow(browser.submit(browser.get(f"/u/{token}"), token))
    return browser


@pytest.mark.guards("what older programs left is read, summed and shown as it was")
def test_units_go_on_where_they_were(migrated: Site, visitor: Callable[[], Visitor]) -> None:
    form = text_of(entered(visitor(), migrated, "T03"), f"/report/{Q4}")
    assert "Đang gõ" in form
    assert 'value="33"' in form
    returned = entered(visitor(), migrated, "T04")
    page = returned.get(f"/report/{Q4}")
    typed = {"i1": "44", "a1": "4", "r1.num": "40", "r1.den": "40", "y1": "yes"}
    check = returned.follow(returned.submit(page, Q4, do="check", **typed))
    check = all_nil(returned, check)
    by = {
        "by.name": "Trần Thị Mẫu",
        "by.post": "Văn thư",
        "by.phone": "0270 000 0000",
        "approved": "1",
    }
    returned.follow(returned.submit(check, "send", **by, reason="Đã sửa"))
    head = reports.head(migrated.table, P, Q4, "T04")
    assert head is not None
    assert (head.state, head.version) == ("submitted", 2)


# ------------------------------------------------------------------ restored and started


@pytest.mark.guards(
    "an older archive is migrated before anything is touched", "filled as it is ✓ (the first)"
)
def test_an_archive_of_schema_1_is_restored_as_if_it_had_been_migrated_in_place(
    empty: Site, tmp_path: Path, clock: Clock
) -> None:
    other = embedded.open_site(tmp_path / "other", HERE, clock)
    migrations.migrate(left_in(other, "schema-1", tmp_path / "left").table, unheard)
    told = backup.restore(empty, SCHEMA_1)
    assert told.schema == 1
    assert kept(empty.table) == kept(other.table)
    other.table.close()  # type: ignore[attr-defined]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """DATA of the first version, as commands find it."""
    for name in ("PORT", "HOST", "PUBLIC_URL", "STAGE", "TABLE"):
        monkeypatch.delenv(name, raising=False)
    data = data_of_the_first_version(tmp_path / "data")
    monkeypatch.setenv("DATA", str(data))
    monkeypatch.setattr(clocks, "now", lambda: ON_THE_DAY)
    return data


def command(monkeypatch: pytest.MonkeyPatch, *given: str) -> int:
    monkeypatch.setattr(sys, "argv", ["infra", *given])
    return commands.main()


def test_a_command_brings_the_data_up_and_says_so_once(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(monkeypatch, "links", "--programme", P) == 0
    first = capsys.readouterr()
    steps = range(1, SCHEMA)
    assert first.err.splitlines() == [
        f"baocao: bringing the data from schema {before} to {before + 1} …" for before in steps
    ]
    site = embedded.open_site(data, HERE, clocks.now)
    standing = links.standings(site.table, P)
    assert {code for code, one in standing.items() if one.works} >= WORKING.keys()
    assert command(monkeypatch, "links", "--programme", P) == 0
    again = capsys.readouterr()
    assert (again.err, again.out) == ("", first.out)
    site.table.close()  # type: ignore[attr-defined]


@pytest.mark.guards("a backup before an upgrade is of what it found", "the data brought up first ✓")
def test_a_backup_before_an_upgrade_brings_nothing_up(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    site = embedded.open_site(data, HERE, clocks.now)
    before = kept(site.table)
    assert command(monkeypatch, "backup", str(tmp_path / "before.zip")) == 0
    assert capsys.readouterr().err == ""
    assert kept(site.table) == before
    with zipfile.ZipFile(tmp_path / "before.zip") as archive:
        assert json.loads(archive.read("manifest.json"))["schema"] == 1
    site.table.close()  # type: ignore[attr-defined]


def test_restoring_an_older_archive_says_that_it_was_brought_up(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    (fresh / "key").write_bytes(OLD_KEY)
    monkeypatch.setenv("DATA", str(fresh))
    assert command(monkeypatch, "restore", str(SCHEMA_1), "--yes") == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.splitlines()[-1:] == [f"brought from schema 1 to {SCHEMA} on the way"]


def test_a_server_started_on_old_data_lets_a_unit_go_on(data: Path) -> None:
    """With the link that was printed then, over HTTP."""
    with Server(data, day=ON_THE_DAY) as server:
        token = links.access.link_token(OLD_KEY, links.Link(P, "T03", 2))
        page = enter(server, f"/u/{token}").get(f"/report/{Q4}")
        assert page.status == 200
        assert "Đang gõ" in page.body.decode()
    site = embedded.open_site(data, HERE, clocks.now)
    assert len(links.standings(site.table, P)) == 6
    site.table.close()  # type: ignore[attr-defined]


def test_a_new_installation_says_its_schema_at_once(empty: Site) -> None:
    migrations.migrate(empty.table, unheard)
    mark = schema.mark(empty.table)
    assert mark is not None
    assert (mark.schema, mark.restoring) == (SCHEMA, "")
    assert len(list(empty.table.everything())) == 1


def test_there_is_a_step_from_every_schema() -> None:
    assert sorted(migrations.STEPS) == list(range(schema.FIRST, SCHEMA))
    assert all(migrations.STEPS.values())


# ------------------------------------------------------------------ cut off, twice, meanwhile


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each item is a write of its own: as many places to be cut off at as there can be."""
    monkeypatch.setattr(migrations, "_TOGETHER", 1)


@pytest.mark.guards(
    "a migration cut off anywhere goes on; many at once do what one does",
    "the mark before the step ✓",
    "the mark's clash let through ✓",
    "an older generation indexed ✓ (the second)",
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_cut_off_at_any_call_it_goes_on_at_the_next_start(
    old: Site, left: str, tmp_path: Path, one_by_one: None, when: When
) -> None:
    calls = Calls()
    table = FaultyTable(old.table, calls)
    cuts = [*range(1, 200, 2)]
    for cut in cuts:
        calls.arm(cut, when, killed)
        try:
            migrations.migrate(table, unheard)
            break
        except Killed:
            continue
    assert 10 < cut < cuts[-1]
    assert kept(old.table) == brought_up(items_of(left, tmp_path / "raw"))


_ON_ITS_WAY = """
import sys
from pathlib import Path
from chalicelib.edges import embedded
from infra import migrations
from tests.faulty import Calls, FaultyTable
from tests.killer import die
from tests.filling import all_nil
calls = Calls()
table = FaultyTable(embedded.SqliteTable(Path(sys.argv[1])), calls)
calls.arm(int(sys.argv[2]), "after", die)
migrations._TOGETHER = 1
migrations.migrate(table, print)
"""


def test_killed_on_its_way_it_goes_on_at_the_next_start(left: str, tmp_path: Path) -> None:
    """kill -9 of the process, more than once, each a little further on."""
    path = tmp_path / "baocao.sqlite3"
    table = embedded.SqliteTable(path)
    table.fill(items_of(left, tmp_path / "left"))
    for call in (2, 9, 17, 29):
        order = [sys.executable, "-c", _ON_ITS_WAY, str(path), str(call)]
        ended = subprocess.run(order, cwd=ROOT, capture_output=True, timeout=60, check=False)
        assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert schema.mark(table) is None
    migrations.migrate(table, unheard)
    assert kept(table) == brought_up(items_of(left, tmp_path / "raw"))
    table.close()


def brought_up(items: list[Item]) -> dict[Key, Any]:
    """What the steps make of the raw items, without a table."""
    found = {item.key: item for item in items}
    for step in (step for number in range(1, SCHEMA) for step in migrations.STEPS[number]):
        for item in list(found.values()):
            for change in step(item, found.get):
                before = found.get(change.key)
                assert change.expects in (ANYTHING, before.version if before else NOTHING)
                if isinstance(change, Put):
                    made = Item(change.key, change.expects + 1, change.body, change.expires)
                    found[change.key] = made
                elif isinstance(change, Delete):
                    found.pop(change.key, None)
    whole = {key: (item.version, dict(item.body), item.expires) for key, item in found.items()}
    return whole | {keys.schema(): (0, {"schema": SCHEMA}, None)}


@pytest.mark.guards("a migration cut off anywhere goes on; many at once do what one does")
def test_many_starts_at_once_do_what_one_does(old: Site, one_by_one: None) -> None:
    expected = 0
    parallel(4, lambda _: migrations.migrate(old.table, unheard))
    for item in old.table.everything():
        if item.key.sort == "DRAFT":
            assert item.body["form"] == 1
            expected += 1
        if item.key.partition == f"LINKS#{P}":
            assert item.version == 1
    assert expected == 11
    assert {code for code, one in links.standings(old.table, P).items() if one.works} == set(
        WORKING
    )
    mark = schema.mark(old.table)
    assert mark is not None
    assert mark.schema == SCHEMA


@pytest.mark.guards(
    "what people do meanwhile stands", "a clash passed over ✓", "an index over any other ✓"
)
def test_what_people_do_meanwhile_stands(old: Site) -> None:
    """An officer replaces a link and a unit goes on typing, just before the steps write."""
    calls = Calls()
    table = FaultyTable(old.table, calls)
    typed: list[int] = []

    def meanwhile() -> None:
        links.reissue_link(old.table, old.key, P, "T01")
        draft = old.table.get(keys.draft(P, Q4, "T03"))
        assert draft is not None
        body: Body = {**draft.body, "typed": '{"i1":"34"}'}
        old.table.write(Put(draft.key, body, draft.version, draft.expires))
        typed.append(draft.version + 1)

    calls.arm("write", "before", meanwhile)
    migrations.migrate(table, unheard)
    assert calls.fired
    standing = links.standings(old.table, P)["T01"]
    assert standing.generation == 2
    assert access.link(old.table, links.token(old.key, standing)) is not None
    draft = old.table.get(keys.draft(P, Q4, "T03"))
    assert draft is not None
    assert (draft.body["typed"], draft.body["form"]) == ('{"i1":"34"}', 1)
    assert len(links.standings(old.table, P)) == 6


@pytest.mark.guards("writes of a migration stay within the limits", "50 items, however large ✓")
def test_large_items_fit_into_their_writes(empty: Site) -> None:
    period = {"json": json.dumps({"form": 3})}
    typed = json.dumps({"i1": "ữ" * 60_000}, ensure_ascii=False)
    body: Body = {"typed": typed, "base": 0, "page": "p", "place": 1, "saved": SAVED}
    all_of_them = [keys.draft(P, Q4, f"T{n:02}") for n in range(40)]
    empty.table.fill([Item(keys.period(P, Q4), 1, period)])
    empty.table.fill(Item(key, 1, body, 4_000_000_000) for key in all_of_them)
    migrations.migrate(empty.table, unheard)
    found = [empty.table.get(key) for key in all_of_them]
    assert {item.body["form"] for item in found if item} == {3}
    assert len([item for item in found if item]) == 40


@pytest.mark.guards(
    "its drafts say of each field which saving wrote it; open pages go on, the program before "
    "reads what this one writes",
    "a revision that no page was shown ✓ (the first)",
    "the former shape read without marks ✓ (the second)",
)
def test_a_draft_of_schema_2_says_of_each_field_what_its_last_saving_was(empty: Site) -> None:
    """Pages that stood open over a deployment go on: what they were shown is not asked about."""
    typed = {"i1": "7", "i4.state": "nil"}
    body: Body = {"typed": json.dumps(typed), "base": 0, "page": "p", "place": 4, "saved": SAVED}
    item = Item(keys.draft(P, Q4, "T01"), 5, {**body, "form": 1}, 4_000_000_000)
    empty.table.fill([item, Item(keys.schema(), 1, {"schema": 2})])
    migrations.migrate(empty.table, unheard)
    after = empty.table.get(item.key)
    assert after is not None
    assert after.expires == item.expires
    assert {name: after.body[name] for name in item.body} == item.body
    found = drafts.draft(empty.table, P, Q4, "T01")
    assert found is not None
    old = draft_items.draft(item)
    assert (found.revision, replace(found, revision=5)) == (6, old)
    assert found.written("i1").place == 4
    shown = merge(found, Posted({"i1": "8"}, 0, found.saved, 5, "q", 1))
    assert (shown.taken, shown.asked) == ({"i1"}, {})
    unseen = merge(found, Posted({"i1": "8"}, 0, found.saved, 3, "q", 1))
    assert unseen.asked == {"i1": "8"}
    migrations.migrate(empty.table, unheard)
    assert empty.table.get(item.key) == after


def test_a_table_that_is_busy_is_said_and_brought_up_at_the_next_start(old: Site) -> None:
    calls = Calls()

    def busy() -> None:
        raise Busy("planted")

    calls.arm("write", "before", busy)
    with pytest.raises(Busy):
        migrations.migrate(FaultyTable(old.table, calls), unheard)
    migrations.migrate(old.table, unheard)
    assert {code for code, one in links.standings(old.table, P).items() if one.works} == set(
        WORKING
    )


@pytest.mark.guards("an older archive is migrated before anything is touched")
def test_a_step_that_breaks_leaves_an_empty_installation_empty(
    empty: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(item: Item, _: migrations.Look) -> Iterator[Change]:
        if item.key.sort.startswith("VERSION#"):
            raise ValueError("planted")
        yield from ()

    monkeypatch.setattr(migrations, "STEPS", {1: (migrations.index_link, broken)})
    with pytest.raises(ValueError, match="planted"):
        backup.restore(empty, SCHEMA_1)
    assert list(empty.table.everything()) == []
    monkeypatch.undo()
    backup.restore(empty, SCHEMA_1)
    assert len(links.standings(empty.table, P)) == 6


# ------------------------------------------------------------------ newer than this program


def marked(site: Site, number: int) -> Site:
    site.table.write(Put(keys.schema(), {"schema": number}, NOTHING))
    return site


@pytest.mark.guards(
    "newer data is left alone, by programs from before the item too",
    "not judged ✓, by the schedules ✓",
    "the header left at 1 ✓",
)
def test_data_of_a_newer_program_is_left_alone(empty: Site, tmp_path: Path) -> None:
    newer = marked(empty, SCHEMA + 1)
    before = kept(newer.table)
    why = f"the data has schema {SCHEMA + 1}, newer than this program's {SCHEMA}: use the newer"
    for act in (
        lambda: migrations.migrate(newer.table, unheard),
        lambda: migrations.current(newer.table, "dev"),
        lambda: backup.write(newer, tmp_path / "x.zip"),
        lambda: backup.restore(newer, SCHEMA_1),
    ):
        with pytest.raises(Unusable, match=why):
            act()
    app.use(newer)
    for run in (app.hourly, app.every_night):
        with pytest.raises(Unready, match=why):
            run(EVENT, None)
    assert kept(newer.table) == before
    assert not (tmp_path / "x.zip").exists()


@pytest.mark.guards("newer data is left alone, by programs from before the item too")
def test_a_program_of_before_refuses_the_file_of_today(tmp_path: Path) -> None:
    """It knew the file's header alone, and refuses a number above its own, which was 1."""
    data = data_of_the_first_version(tmp_path / "data")
    embedded.open_site(data, HERE, Clock(ON_THE_DAY)).table.close()  # type: ignore[attr-defined]
    header = (data / "baocao.sqlite3").read_bytes()[:100]
    assert int.from_bytes(header[60:64], "big") == SCHEMA == embedded.SCHEMA > 1


@pytest.mark.guards("a deployment moves the data, a command does not, an older package is refused")
def test_a_command_does_not_bring_up_what_a_deployment_has_to(old: Site) -> None:
    before = kept(old.table)
    with pytest.raises(Unusable, match="the data of dev has schema 1, older than this"):
        migrations.current(old.table, "dev")
    assert kept(old.table) == before
    migrations.migrate(old.table, unheard)
    migrations.current(old.table, "dev")


@pytest.mark.guards("a deployment moves the data, a command does not, an older package is refused")
def test_nothing_is_restored_into_a_stage_that_an_older_program_serves(
    empty: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    marked(empty, SCHEMA - 1)
    before = kept(empty.table)
    monkeypatch.setattr(installation, "as_it_is", lambda: empty)
    monkeypatch.setenv("STAGE", "dev")
    assert command(monkeypatch, "restore", str(SCHEMA_1), "--yes") == 1
    assert "deploy this program first (make deploy)" in capsys.readouterr().err
    assert kept(empty.table) == before


@pytest.mark.guards("a deployment moves the data, a command does not, an older package is refused")
def test_a_schedule_reads_what_is_not_brought_up_yet(
    old: Site, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    app.use(marked(old, 1))
    app.every_night(EVENT, None)
    assert "schema_behind" in caplog.text
    assert_equal(document(old, Q4), independent(Raw.of_table(old.table), P, Q4))


def test_a_backup_before_an_upgrade_is_of_the_schema_that_it_found(
    old: Site, tmp_path: Path, clock: Clock
) -> None:
    before = kept(old.table)
    told = backup.write(old, tmp_path / "before.zip")
    assert told.schema == 1
    assert kept(old.table) == before
    other = embedded.open_site(tmp_path / "other", HERE, clock)
    backup.restore(other, tmp_path / "before.zip")
    assert {code for code, one in links.standings(other.table, P).items() if one.works} == set(
        WORKING
    )
    other.table.close()  # type: ignore[attr-defined]
