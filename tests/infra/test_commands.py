"""What a person types: links, summarise, load, demo; and what each says when it can't be done."""

import argparse
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from chalicelib.edges import embedded
from chalicelib.edges.ports import Site, Unusable
from chalicelib.edges.table import ANYTHING, Item, Put
from chalicelib.rules.texts import clock
from chalicelib.rules.units.unit import owing
from chalicelib.store import access, keys, programmes, reports, sign_ins, summaries
from infra import commands, demo, installation, local, samples, ways_in
from tests import officer
from tests.server import free_port

ROOT = Path(__file__).resolve().parents[2]
OLD, NEW = "thi-dua-2021-2025", "thi-dua-2026-2030"
SPRING_2021 = datetime(2021, 3, 1, 3, 0, tzinfo=UTC)  # two periods have begun: 2021-H1 and 2021


@dataclass(frozen=True)
class Said:
    code: int
    out: list[str]
    err: list[str]


Run = Callable[..., Said]


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Sets the day; it begins in the spring of 2021."""

    def at(instant: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: instant)

    at(SPRING_2021)
    return at


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def run(
    data: Path,
    now: Callable[[datetime], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """One command in this process, as `python -m infra` would run it."""
    assert now
    for name in ("PORT", "HOST", "PUBLIC_URL", "LOG", "SAMPLES", "SMTP_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA", str(data))

    def called(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["infra", *arguments])
        capsys.readouterr()
        code = commands.main()
        said = capsys.readouterr()
        return Said(code, said.out.splitlines(), said.err.splitlines())

    return called


def opened(data: Path) -> Site:
    return embedded.open_site(data, "http://127.0.0.1:8000", clock.now)


def items(data: Path) -> list[Item]:
    """All but what says the schema, which any command leaves."""
    table = opened(data).table
    found = [item for item in table.everything() if item.key != keys.schema()]
    table.close()  # type: ignore[attr-defined]
    return found


def tokens(lines: list[str]) -> dict[str, str]:
    pairs = (line.split(" ") for line in lines)
    return {unit: urlsplit(url).path.removeprefix("/u/") for unit, url in pairs}


def test_links_are_one_line_for_each_unit_and_the_same_twice(run: Run, data: Path) -> None:
    first, second = run("links"), run("links")
    assert (first.code, first.err) == (0, [])
    assert first.out == second.out
    assert len(first.out) == 45
    for line in first.out:
        assert re.fullmatch(r"[PTG]\d\d http://127\.0\.0\.1:8000/u/[A-Za-z0-9_-]{22,}", line)
    table = opened(data).table
    for unit, token in tokens(first.out).items():
        found = access.link(table, token)
        assert found is not None
        assert (found.programme, found.unit) == (OLD, unit)
    assert len(set(tokens(first.out).values())) == 45


def test_links_are_those_of_the_programme_in_use(
    run: Run, data: Path, now: Callable[[datetime], None]
) -> None:
    now(datetime(2026, 11, 23, 3, 0, tzinfo=UTC))
    found = tokens(run("links").out)
    assert len(found) == 36
    link = access.link(opened(data).table, found["T01"])
    assert link is not None
    assert link.programme == NEW


@pytest.mark.guards("one function makes every URL, with the stage prefix")
def test_links_carry_the_public_address(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://baocao.example/api/")
    for line in run("links").out:
        assert re.fullmatch(r"\w+ https://baocao\.example/api/u/[A-Za-z0-9_-]+", line)


def test_a_reissued_link_kills_the_old_one_alone(run: Run, data: Path) -> None:
    before = tokens(run("links").out)
    said = run("links", "--reissue", "t5")  # neither case nor padding is the code's
    (unit,) = tokens(said.out)
    after = tokens(run("links").out)
    table = opened(data).table
    assert (said.code, unit) == (0, "T05")
    assert after == before | tokens(said.out)
    assert after["T05"] != before["T05"]
    assert access.link(table, before["T05"]) is None
    assert access.link(table, after["T05"]) is not None
    assert access.link(table, after["T06"]) is not None


def test_reissuing_for_a_unit_that_is_not_there_is_said(run: Run, data: Path) -> None:
    run("links")
    before = items(data)
    said = run("links", "--reissue", "T99")
    assert (said.code, said.out) == (1, [])
    assert len(said.err) == 1
    assert "T99" in said.err[0]
    assert items(data) == before


def test_summarise_says_what_it_did_and_then_has_nothing_to_do(run: Run, data: Path) -> None:
    first, second = run("summarise"), run("summarise")
    assert (first.code, first.out, first.err) == (0, ["2 summarised, 0 unchanged"], [])
    assert (second.code, second.out, second.err) == (0, ["0 summarised, 2 unchanged"], [])
    assert summaries.summary(opened(data).table, OLD, "2021-H1") is not None


def test_summarise_that_failed_ends_as_failed(
    run: Run, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("links")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(embedded.FolderFiles, "write", full)
    said = run("summarise")
    assert (said.code, said.out) == (1, [])
    assert f"{OLD}/2021-H1" in said.err[-1]
    assert f"{OLD}/2021" in said.err[-1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of a sample programme, to be spoilt."""
    copy = tmp_path / "programme"
    shutil.copytree(ROOT / "programmes" / OLD, copy)
    return copy


def rewrite(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, "utf-8")


def test_a_folder_is_loaded_and_loaded_again_without_a_change(
    run: Run, data: Path, folder: Path
) -> None:
    said = run("load", str(folder))
    listed = [f"{OLD} loaded: 45 units, 15 periods"]
    assert (said.code, said.out, said.err) == (0, listed, [])
    before = [(item.key, item.version) for item in items(data) if item.key.partition != "STAFF"]
    assert run("load", str(folder)).code == 0
    after = [(item.key, item.version) for item in items(data) if item.key.partition != "STAFF"]
    assert after == before


@pytest.mark.guards("all faults at once, nothing kept")
def test_every_fault_of_a_form_is_said_and_nothing_kept(run: Run, data: Path, folder: Path) -> None:
    rewrite(
        folder / "form.md",
        ("| select_one yes_no | i1_1 |", "| select_many yes_no | i1_1 |"),
        ("| integer | i1_4 |", "| integer | I1 4 |"),
        ("| text | i1_4_list |", "| text | i1_6 |"),
    )
    opened(data).table.close()  # type: ignore[attr-defined]
    said = run("load", str(folder))
    assert (said.code, said.out) == (1, [])
    assert said.err[0].startswith("baocao: ")
    for fault in ("select_many yes_no", "I1 4", "i1_6"):
        assert [line for line in said.err if fault in line]
    assert all(re.search(r"survey, dòng \d+", line) for line in said.err)
    assert items(data) == []


def test_every_fault_of_a_unit_list_is_said_and_nothing_kept(
    run: Run, data: Path, folder: Path
) -> None:
    rewrite(
        folder / "units.csv",
        ("P02,Phòng GD&ĐT huyện Ba Tri,P,", "P 02,Phòng GD&ĐT huyện Ba Tri,P,"),
        ("P03,Phòng GD&ĐT huyện Bình Đại,P,", "P03,Phòng GD&ĐT huyện Bình Đại,Q,"),
        ("p04@donvi.example", "p04 donvi.example"),
    )
    said = run("load", str(folder))
    assert (said.code, said.out) == (1, [])
    for line in (3, 4, 5):
        assert [fault for fault in said.err if f"dòng {line}" in fault]
    assert items(data) == []


def test_faults_of_form_and_units_are_said_together(run: Run, data: Path, folder: Path) -> None:
    """Every fault at once: nobody mends one file to hear about the other."""
    rewrite(folder / "form.md", ("| integer | i1_4 |", "| whole | i1_4 |"))
    rewrite(folder / "units.csv", ("P02,", "P 02,"))
    said = run("load", str(folder))
    assert said.code == 1
    for fault in ("whole", "units.csv"):
        assert [line for line in said.err if fault in line]
    assert items(data) == []


@pytest.mark.parametrize("name", ["programme.toml", "form.md", "units.csv"])
def test_a_missing_file_is_said(run: Run, data: Path, folder: Path, name: str) -> None:
    (folder / name).unlink()
    said = run("load", str(folder))
    assert (said.code, said.out) == (1, [])
    assert name.partition(".")[0] in "".join(said.err)
    assert items(data) == []


@pytest.mark.parametrize("name", ["programme.toml", "form.md", "units.csv"])
@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"\x00" * 2_000, b"PK\x03\x04"])
def test_a_file_that_is_something_else_is_said(
    run: Run, data: Path, folder: Path, name: str, content: bytes
) -> None:
    (folder / name).write_bytes(content)
    said = run("load", str(folder))
    assert (said.code, said.out) == (1, [])
    assert said.err
    assert items(data) == []


def test_a_kind_that_changed_is_refused_and_the_old_form_stays(
    run: Run, data: Path, folder: Path
) -> None:
    assert run("load", str(folder)).code == 0
    before = items(data)
    rewrite(folder / "form.md", ("| integer | i1_4 |", "| decimal | i1_4 |"))
    said = run("load", str(folder))
    assert (said.code, said.out) == (1, [])
    assert "i1_4" in "".join(said.err)
    assert items(data) == before


def test_a_changed_form_is_used_by_periods_that_have_not_begun(
    run: Run, data: Path, folder: Path
) -> None:
    assert run("load", str(folder)).code == 0
    rewrite(folder / "form.md", ("1.6 Đảng viên mới kết nạp", "1.6 Đảng viên kết nạp mới"))
    assert run("load", str(folder)).code == 0
    table = opened(data).table
    assert [form.version for form in programmes.forms(table, OLD)] == [1, 2]
    by_form = {period.key: period.form for period in programmes.periods(table, OLD)}
    assert {key for key, version in by_form.items() if version == 1} == {"2021-H1", "2021"}


def test_the_demo_fills_what_has_begun_and_then_has_nothing_to_send(run: Run, data: Path) -> None:
    first = run("demo")
    sent = int(first.out[-2].split()[0])
    before = items(data)
    again = run("demo")
    assert first.code == 0
    assert sent > 40
    assert len(first.err) == 2
    assert all(re.match(r"\d/2 " + OLD, line) for line in first.err)
    assert first.out[-1] == "2 summarised, 0 unchanged"
    assert again.out == ["0 reports sent", "0 summarised, 2 unchanged"]
    after = items(data)
    assert [i for i in after if "#" in i.key.partition] == [
        i for i in before if "#" in i.key.partition
    ]
    table = opened(data).table
    heads = [head for k in ("2021-H1", "2021") for head in reports.heads(table, OLD, k)]
    assert len(heads) == sent
    for head in heads:
        assert head.first_sent <= SPRING_2021
        assert not head.late


@pytest.mark.guards(
    "what the README walks through is there with and without the demo",
    "the demo sends for the printed unit ✓",
    "the demo without its sums ✓",
)
def test_after_the_demo_all_is_summed_and_the_printed_unit_has_still_to_send(
    run: Run, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = opened(data)
    samples.load_all(site)
    ways_in.print_ways_in(site)
    before = capsys.readouterr().out.splitlines()[0]
    assert run("demo").code == 0
    site = opened(data)
    ways_in.print_ways_in(site)
    assert capsys.readouterr().out.splitlines()[0] == before
    programme, period = ways_in.in_use_now(site)
    first = owing(programmes.units(site.table, programme), period.end)[0].code
    sent = {head.unit for head in reports.heads(site.table, programme.key, period.key)}
    for key in ("2021-H1", "2021"):  # both are open
        assert first not in {head.unit for head in reports.heads(site.table, OLD, key)}
    kept = summaries.summary(site.table, programme.key, period.key)
    assert kept is not None
    assert kept.totals["received"] == len(sent) > 10


def test_the_demo_is_the_same_on_two_installations(
    run: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes = []
    for name in ("one", "two"):
        monkeypatch.setenv("DATA", str(tmp_path / name))
        assert run("demo").code == 0
        table = opened(tmp_path / name).table
        hashes.append({head.unit: head.hash for head in reports.heads(table, OLD, "2021-H1")})
    assert hashes[0] == hashes[1]
    assert not data.exists()


def test_the_demo_leaves_what_a_unit_has_sent_alone(run: Run, data: Path) -> None:
    run("demo")
    table = opened(data).table
    head = next(reports.heads(table, OLD, "2021-H1"))
    officer.move(table, OLD, "2021-H1", head.unit, "return")
    before = reports.head(table, OLD, "2021-H1", head.unit)
    run("demo")
    assert reports.head(table, OLD, "2021-H1", head.unit) == before


def test_every_command_has_a_line_of_help(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["infra", "--help"])
    with pytest.raises(SystemExit) as ended:
        commands.main()
    assert ended.value.code == 0
    said = capsys.readouterr().out
    for name in ("run", "demo", "summarise", "links", "load"):
        assert re.search(rf"^\s+{name}\s+\w+", said, re.MULTILINE)


def test_an_unknown_command_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["infra", "nothing"])
    with pytest.raises(SystemExit) as ended:
        commands.main()
    assert ended.value.code == 2


def test_an_installation_before_any_period_says_so(
    run: Run, now: Callable[[datetime], None]
) -> None:
    now(SPRING_2021 - timedelta(days=365))
    said = run("links")
    assert (said.code, said.out) == (1, [])
    assert len(said.err) == 1


def test_the_samples_are_loaded_once(run: Run, data: Path) -> None:
    run("links")
    before = [(item.key, item.version) for item in items(data)]
    samples.load_all(opened(data))
    assert [(item.key, item.version) for item in items(data)] == before


# ------------------------------------------------------------------ on a stage of AWS


def test_no_samples_come_to_what_runs_on_aws(
    empty_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "opened", lambda: empty_site)
    monkeypatch.setenv("STAGE", "prod")
    assert list(installation.filled().table.everything()) == []
    monkeypatch.delenv("STAGE")
    assert list(installation.filled().table.everything()) != []


@pytest.mark.parametrize(
    ("command", "said"),
    [("run", "this serves on one machine"), ("demo", "here are real reports")],
)
def test_what_must_not_be_done_to_a_stage_is_refused(
    monkeypatch: pytest.MonkeyPatch, command: str, said: str
) -> None:
    monkeypatch.setenv("STAGE", "prod")
    with pytest.raises(Unusable, match=said):
        getattr(commands, command)(argparse.Namespace())


def test_an_officers_link_is_one_line_and_works(run: Run, data: Path) -> None:
    said = run("officer", "moi@so.example")
    assert (said.code, said.err) == (0, ["baocao: it signs in once, within 15 minutes"])
    (link,) = said.out
    token = urlsplit(link).path.removeprefix("/s/")
    assert sign_ins.sign_in(opened(data).table, token, clock.now()) == "moi@so.example"
    wrong = run("officer", "moi")
    assert (wrong.code, wrong.out) == (1, [])
    assert "MAIL=moi is no mail address" in wrong.err[0]


def test_a_mailbox_that_is_not_marked_is_said_to_be_mailed(run: Run) -> None:
    assert run("reachable", "moi@so.example").out == [
        "moi@so.example was not marked: mails go there"
    ]


def test_a_new_key_is_made_when_told_to_and_every_link_replaced(run: Run, data: Path) -> None:
    before, key = tokens(run("links").out), (data / "key").read_bytes()
    refused = run("rotate")
    assert refused.code == 1
    assert "YES=1" in refused.err[0]
    assert (data / "key").read_bytes() == key
    said = run("rotate", "--yes")
    assert said.code == 0
    assert said.out[-1].startswith(f"{len(said.out) - 1} units have a new link")
    after = tokens(run("links").out)
    assert (data / "key").read_bytes() != key
    assert not set(before.values()) & set(after.values())
    assert {f"{OLD} {unit}" for unit in after} <= set(said.out)


def test_without_samples_nothing_is_loaded_and_nothing_that_lets_in_is_printed(
    run: Run, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setenv("SAMPLES", "no")
    monkeypatch.setenv("PORT", str(port))
    monkeypatch.setattr(local, "serve", lambda *_: None)
    monkeypatch.setattr(local, "stop_on_signals", lambda *_: None)
    assert run("run") == Said(0, [f"serving http://127.0.0.1:{port}"], [])
    assert items(data) == []
    assert run("summarise").out == ["0 summarised, 0 unchanged"]
    monkeypatch.setenv("SAMPLES", "perhaps")
    assert run("summarise").err == ["baocao: SAMPLES=perhaps: say yes or no"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["backup", "a.zip"], "nothing is kept here yet: is it the right DATA"),
        (["backup"], "which file? make backup FILE=baocao.zip"),
        (["restore"], "which file? make restore FILE=baocao.zip"),
        (["restore", "none.zip"], "there is no archive none.zip"),
        (["load"], "which folder? make load FOLDER=programmes/"),
        (["load", "programmes/none"], "programmes/none has no programme.toml"),
        (["links"], "no programme is loaded yet: make load"),
        (["demo"], "here are real reports: no made-up ones"),
    ],
    ids=" ".join,
)
def test_what_is_missing_is_said_in_one_line(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, typed: list[str], said: str
) -> None:
    monkeypatch.setenv("SAMPLES", "no")
    monkeypatch.chdir(tmp_path)
    found = run(*typed)
    assert (found.code, found.out, len(found.err)) == (1, [], 1)
    assert said in found.err[0]
    assert not list(tmp_path.glob("*.zip"))


def test_a_programme_that_is_not_there_is_said_with_those_that_are(run: Run) -> None:
    found = run("links", "--programme", "none")
    assert (found.code, found.err) == (1, [f"baocao: no programme none; there are {OLD}, {NEW}"])


def test_the_log_of_a_stage_is_not_looked_for_on_this_machine(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAGE", "dev")
    found = run("logs", "--status", "5")
    assert (found.code, found.out) == (1, [])
    assert "the log of a stage is in CloudWatch" in found.err[0]


def test_no_made_up_report_stands_beside_a_programme_of_ones_own(
    run: Run, data: Path, folder: Path
) -> None:
    rewrite(folder / "programme.toml", (f'"{OLD}"', '"cua-so"'))
    assert run("load", str(folder)).code == 0
    found = run("demo")
    assert (found.code, found.out) == (1, [])
    assert "cua-so is no sample" in found.err[0]
    assert not [item for item in items(data) if item.key.sort.startswith("REPORT#")]


def test_a_stage_that_holds_reports_gets_no_made_up_ones(site: Site) -> None:
    demo.refuse_real(site, on_aws=True)
    head = Put(keys.head(NEW, "2026-Q4", "T01"), {"unit": "T01"}, ANYTHING)
    site.table.write(head)
    demo.refuse_real(site, on_aws=False)
    with pytest.raises(Unusable, match="this stage holds reports"):
        demo.refuse_real(site, on_aws=True)
