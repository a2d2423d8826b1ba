"""The scheduled function: its totals against an independent sum, its races, its failures."""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import pytest

import app
from chalicelib.edges.ports import Files, Site
from chalicelib.edges.table import ANYTHING, Change, Conflict, Item, Key, Put, Table
from chalicelib.jobs import summarise as summing
from chalicelib.jobs.summarise import Failed
from chalicelib.rules.forms.form import Form
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.reports.exempt_or_extended import Terms
from chalicelib.rules.reports.report import Content, Head, Sender
from chalicelib.rules.review.act import Act
from chalicelib.rules.summaries import summary
from chalicelib.rules.summaries.department_figures import Entered
from chalicelib.rules.units.unit import Unit
from chalicelib.store import (
    department_figures,
    exempt_or_extended,
    keys,
    programmes,
    reports,
    summaries,
)
from chalicelib.store.reports import Sending
from tests import officer
from tests.conftest import NEW, OLD, Clock
from tests.contract import parallel
from tests.independent import Raw, assert_equal, independent

SENDER = Sender("Nguyễn Thị Thử", "Văn thư", "0270 000 0000", approved=True)
IN_2024 = datetime(2024, 12, 16, 3, 0, tzinfo=UTC)


def assert_equal_to_an_independent_sum(site: Site, path: Path, p: str, k: str) -> dict[str, Any]:
    whole = document(site, p, k)
    assert_equal(whole, independent(Raw.of_file(path), p, k))
    return whole


def amount(chance: random.Random, most: int) -> str:
    return f"{chance.randint(0, most)}.{chance.randint(1, 999):03}".rstrip("0")


def figure(chance: random.Random, one: Any) -> Any:
    most = chance.choice((0, 3, 40, 2_000, 999_999_999_999_999))
    match one.kind:
        case "count" | "rank":
            return chance.randint(0, most)
        case "amount":
            return amount(chance, most)
        case "ratio" if one.parts == "amount":
            return sorted((amount(chance, most), amount(chance, most)), key=Decimal)
        case "ratio":
            whole = chance.randint(0, most)
            return [chance.randint(0, whole), whole]
        case "yesno" | "choice":
            return chance.choice(("yes", "no"))
        case "list":
            return [f"Mô hình “số {chance.randint(1, 99)}”" for _ in range(chance.randint(1, 4))]
        case _:
            return f"Ý kiến = {chance.randint(1, 9_999)}; “đã làm”\nDòng hai"


def content(chance: random.Random, asked: list[Any]) -> Content:
    """A report of somebody in a hurry: some nil, some not applicable, some left out."""
    if chance.random() < 0.06:
        nothing = {one.code: None for one in asked}
        texts = {one.code for one in asked if one.is_text}
        return Content(
            figures={code: None for code in nothing if code not in texts},
            texts=dict.fromkeys(texts),
            nil=True,
        )
    figures: dict[str, Any] = {}
    texts: dict[str, Any] = {}
    for one in asked:
        fate = chance.random()
        if fate < 0.08:
            continue
        held: Any = figure(chance, one)
        if fate < 0.20:
            held = None
        elif fate < 0.28 and not one.is_text:
            held = False
        (texts if one.is_text else figures)[one.code] = held
    return Content(figures, texts)


def send(
    site: Site,
    p: str,
    period: Period,
    unit: str,
    sent: Content,
    *,
    now: datetime,
    base: int = 0,
) -> None:
    reason = "Bổ sung số liệu" if base else ""
    sending = Sending(p, period, unit, sent, base, period.form, SENDER, reason)
    reports.send(site.table, sending, now)


def report_at_random(
    site: Site, chance: random.Random, p: str, period: Period, unit: Unit, every: list[Any]
) -> None:
    """Missing, late, corrected, returned, answered, accepted, reopened: all of them happen."""
    if chance.random() < 0.12:
        return
    asked = [one for one in every if one.asks(unit.bloc) or chance.random() < 0.05]
    late = chance.random() < 0.25
    first = period.due + timedelta(minutes=5) if late else period.due - timedelta(days=2)
    send(site, p, period, unit.code, content(chance, asked), now=first)
    version = 1
    while chance.random() < 0.3:
        send(
            site,
            p,
            period,
            unit.code,
            content(chance, asked),
            now=period.locks - timedelta(minutes=1),
            base=version,
        )
        version += 1

    def move(name: Any) -> None:
        officer.move(site.table, p, period.key, unit.code, name)

    fate = chance.random()
    if fate < 0.2:
        move("return")
    elif fate < 0.3:
        move("return")
        send(
            site,
            p,
            period,
            unit.code,
            content(chance, asked),
            now=period.locks + timedelta(days=3),
            base=version,
        )
    elif fate < 0.6:
        move("accept")
    elif fate < 0.75:
        move("accept")
        move("reopen")


def fill(site: Site, seed: int, p: str, k: str) -> None:
    """Random reports of every unit that ever was, whether it owes this one or not."""
    chance = random.Random(seed)  # noqa: S311 - repeatable is what is wanted here
    period = the_period(site, p, k)
    form = programmes.form(site.table, p, period.form)
    every = [one for section in form.sections for one in section.indicators]
    if chance.random() < 0.8:
        running = form.running(k, period.end)
        every = [one for section in running for one in section.indicators]
    for unit in {one.code: one for one in programmes.units(site.table, p)}.values():
        report_at_random(site, chance, p, period, unit, every)


def the_programme(site: Site, p: str) -> Programme:
    found = programmes.programme(site.table, p)
    assert found is not None
    return found


def the_period(site: Site, p: str, k: str) -> Period:
    return next(one for one in programmes.periods(site.table, p) if one.key == k)


def summarise(site: Site, p: str, k: str) -> bool:
    return summing.summarise(site, the_programme(site, p), the_period(site, p, k))


def document(site: Site, p: str, k: str) -> dict[str, Any]:
    """The summary as it is kept: the item's totals must be those of its file."""
    kept = summaries.summary(site.table, p, k)
    assert kept is not None
    file = site.files.read(kept.files["json"])
    assert file is not None
    whole: dict[str, Any] = json.loads(file)
    without = ("missing_units", "late_units", "returned_units", "narratives", "indicators")
    assert {n: v for n, v in kept.totals.items() if n not in without} == {
        n: v for n, v in whole.items() if n not in without
    }
    for short, line in zip(kept.totals["indicators"], whole["indicators"], strict=True):
        lists = line["kind"] in ("text", "list")
        named = {"answered_no": None} if line["kind"] == "yesno" else {}
        if "not_applicable_units" in line:
            named["not_applicable_units"] = None
        assert short == (line | ({"value": None} if lists else named))
    return whole


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "data" / "baocao.sqlite3"


def move_units(site: Site) -> None:
    """Units that ended, that begin, and that changed their bloc before and after a cut-off."""
    units = {one.code: one for one in programmes.units(site.table, OLD)}
    school, office, centre = units["T03"], units["P01"], units["G01"]

    def dated(unit: Unit, start: date, end: date | None, **more: str) -> Unit:
        return unit.model_copy(update={"valid_from": start, "valid_to": end, **more})

    programmes.keep_units(
        site.table,
        OLD,
        [
            dated(school, date(2024, 3, 1), None, bloc="G", name="Trường đã chuyển khối"),
            dated(units["T04"], date(2024, 12, 15), None, bloc="G"),
            dated(units["T05"], date(2021, 1, 1), date(2024, 12, 14)),
            dated(units["T06"], date(2021, 1, 1), date(2024, 12, 13)),
            dated(units["T07"], date(2021, 1, 1), date(2023, 5, 1)),
            dated(units["T07"], date(2024, 12, 14), None, bloc="T"),
            dated(office, date(2024, 6, 1), date(2024, 11, 30)),
            dated(centre, date(2025, 1, 1), None, code="G02", name="Trung tâm mới"),
        ],
    )


CASES = [
    (OLD, "2024", 1),
    (OLD, "2024", 2),
    (OLD, "2024", 3),
    (OLD, "2024-H1", 4),
    (OLD, "2024-H2", 5),
    (OLD, "2025", 6),
    (NEW, "2026-Q1", 7),
    (NEW, "2026-Q4", 8),
    (NEW, "2026-Q2", 9),
    (OLD, "2023", 10),
]


@pytest.mark.guards(
    "equal over seeded random reports",
    "returned values counted",
    "nil as a value",
    "rounding down",
    "ended units counted: each ✓",
)
@pytest.mark.parametrize(("p", "k", "seed"), CASES)
def test_the_summary_equals_an_independent_sum_over_random_reports(
    site: Site, database: Path, clock: Clock, p: str, k: str, seed: int
) -> None:
    move_units(site)
    fill(site, seed, p, k)
    clock.now = the_period(site, p, k).locks
    assert summarise(site, p, k)
    assert not assert_equal_to_an_independent_sum(site, database, p, k)["locked"]
    clock.now += timedelta(days=30)
    assert summarise(site, p, k)
    whole = assert_equal_to_an_independent_sum(site, database, p, k)
    assert whole["locked"]
    assert whole["as_of"] == clock.now.isoformat()
    for name in ("received", "late", "returned", "missing", "on_time"):
        assert whole[name] > 0


FLOOR = "i3_2"  # a ratio that is to be >=98%


def verdict_of(site: Site, code: str) -> tuple[str, bool | None]:
    lines = {line["code"]: line for line in document(site, OLD, "2024")["indicators"]}
    return lines[code]["verdict"], lines[code]["met"]


def send_half(site: Site) -> None:
    half = Content(figures={FLOOR: [1, 2]}, texts={})
    send(site, OLD, the_period(site, OLD, "2024"), "T01", half, now=IN_2024)


@pytest.mark.guards(
    "at the lock a summary is made anew, once, and its verdicts are final",
    "the lock not in the fingerprint ✓",
    "the lock not handed to the document ✓",
)
def test_at_the_lock_the_summary_is_made_anew_once_and_its_verdicts_are_final(
    site: Site, clock: Clock
) -> None:
    send_half(site)
    clock.now = the_period(site, OLD, "2024").locks
    assert summarise(site, OLD, "2024")
    assert verdict_of(site, FLOOR) == ("incomplete", None)
    clock.now += timedelta(seconds=1)
    assert summarise(site, OLD, "2024")
    assert verdict_of(site, FLOOR) == ("missed", False)
    clock.now += timedelta(days=30)
    assert not summarise(site, OLD, "2024")


@pytest.mark.guards("who has more time than the lock is awaited", "the period's own lock alone ✓")
def test_while_one_unit_has_more_time_than_the_lock_nothing_is_final(
    site: Site, database: Path, clock: Clock
) -> None:
    send_half(site)
    period = the_period(site, OLD, "2024")
    later = period.locks + timedelta(days=7)
    site.table.write(exempt_or_extended.put(OLD, "2024", Terms("T02", due=later)))
    clock.now = later
    assert summarise(site, OLD, "2024")
    assert not assert_equal_to_an_independent_sum(site, database, OLD, "2024")["locked"]
    assert verdict_of(site, FLOOR) == ("incomplete", None)
    clock.now = later + timedelta(seconds=1)
    assert summarise(site, OLD, "2024")
    assert assert_equal_to_an_independent_sum(site, database, OLD, "2024")["locked"]
    assert verdict_of(site, FLOOR) == ("missed", False)


def another_version(form: Form) -> Form:
    """Some indicators out, some of other blocs, some new: every seventh, fifth and third.

    A new ratio is one of amounts.
    """
    sections = []
    for section in form.sections:
        asked = []
        for n, one in enumerate(section.indicators):
            if n % 7 == 3 and section.code != "narratives":
                continue
            blocs = ("T",) if n % 5 == 2 else one.blocs
            asked.append(one.model_copy(update={"blocs": blocs}))
            if n % 3 == 1 and section.code != "narratives":
                new = {"code": f"{one.code[:28]}_new", "parts": "amount"}
                asked.append(one.model_copy(update=new))
        sections.append(section.model_copy(update={"indicators": tuple(asked)}))
    return Form(version=form.version + 1, title=form.title, sections=tuple(sections))


@pytest.mark.guards("mixed versions add up by code; nobody misses what it was not asked")
@pytest.mark.parametrize("seed", range(4))
def test_mixed_versions_of_the_form_equal_an_independent_sum_too(
    site: Site, database: Path, clock: Clock, seed: int
) -> None:
    """Half of the units have begun on the one, half on the other; the period is on either."""
    move_units(site)
    chance = random.Random(seed)  # noqa: S311 - repeatable is what is wanted here
    period = the_period(site, OLD, "2024")
    old = programmes.form(site.table, OLD, period.form)
    new = another_version(old)
    programmes.keep_form(site.table, OLD, new)
    for unit in {one.code: one for one in programmes.units(site.table, OLD)}.values():
        begun = chance.choice((old, new))
        on_it = the_period(site, OLD, "2024").model_copy(update={"form": begun.version})
        running = begun.running("2024", period.end)
        every = [one for section in running for one in section.indicators]
        report_at_random(site, chance, OLD, on_it, unit, every)
    if seed % 2:
        moved = the_period(site, OLD, "2024").model_copy(update={"form": new.version})
        programmes.keep_periods(site.table, OLD, [moved])
    clock.now = period.locks + timedelta(days=30)
    assert summarise(site, OLD, "2024")
    whole = assert_equal_to_an_independent_sum(site, database, OLD, "2024")
    assert set(whole["forms"]) == {str(old.version), str(new.version)}
    only = [line for line in whole["indicators"] if line["forms"]]
    assert {v for line in only for v in line["forms"]} == {old.version, new.version}
    assert any(line["kind"] == "ratio" and "." in str(line["numerator"]) for line in only)


@pytest.mark.guards(
    "a change is summed anew, and until then said", "not in the fingerprint ✓", "not compared ✓"
)
def test_what_the_department_enters_is_summed_anew_and_until_then_said(
    site: Site, clock: Clock
) -> None:
    clock.now = IN_2024
    programme, period = the_programme(site, OLD), the_period(site, OLD, "2024")

    def enter(rank: int, revision: int) -> None:
        act = Act(clock.now, officer.OFFICER, "enter_figures", OLD, "2024")
        department_figures.enter(site.table, act, Entered({"i3_1": rank}, revision=revision))

    def line() -> dict[str, Any]:
        found = document(site, OLD, "2024")["indicators"]
        return next(one for one in found if one["code"] == "i3_1")

    def said() -> bool:
        kept = summaries.summary(site.table, OLD, "2024")
        assert kept is not None
        return summing.entered_since(site, programme, period, kept)

    assert summarise(site, OLD, "2024")
    assert (line()["value"], line()["state"], said()) == (None, "missing", False)
    enter(7, 0)
    assert said()
    assert summarise(site, OLD, "2024")
    assert (line()["value"], line()["met"], said()) == (7, False, False)
    assert not summarise(site, OLD, "2024")
    enter(4, 1)
    assert said()
    assert summarise(site, OLD, "2024")
    assert (line()["value"], line()["met"], line()["expected"]) == (4, True, 0)


def test_the_summary_stays_equal_as_reports_come_in(
    site: Site, database: Path, clock: Clock
) -> None:
    clock.now = IN_2024
    summarise(site, OLD, "2024")
    assert_equal_to_an_independent_sum(site, database, OLD, "2024")
    for seed in (21, 22):
        fill_once(site, seed, f"T{seed}")
        assert summarise(site, OLD, "2024")
        assert_equal_to_an_independent_sum(site, database, OLD, "2024")


def fill_once(site: Site, seed: int, unit: str, *, base: int = 0, k: str = "2024") -> Content:
    chance = random.Random(seed)  # noqa: S311 - repeatable is what is wanted here
    period = the_period(site, OLD, k)
    form = programmes.form(site.table, OLD, period.form)
    asked = [one for part in form.asked_of("T", k, period.end) for one in part.indicators]
    sent = content(chance, asked)
    send(site, OLD, period, unit, sent, now=IN_2024, base=base)
    return sent


def test_the_stored_totals_stay_small(site: Site, clock: Clock) -> None:
    clock.now = IN_2024
    fill(site, 11, OLD, "2024")
    summarise(site, OLD, "2024")
    item = site.table.get(keys.summary(OLD, "2024"))
    assert item is not None
    assert sum(len(str(part).encode()) for part in item.body.values()) <= 100_000


@pytest.mark.guards("a summary of an older shape is summed anew, once", "the shape left out ✓")
def test_a_summary_of_an_older_shape_is_summed_anew_once(
    site: Site, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.now = IN_2024
    send_half(site)
    with monkeypatch.context() as older:
        older.setattr(summary, "SHAPE", 3)
        assert summarise(site, OLD, "2024")
        assert document(site, OLD, "2024")["shape"] == 3
    assert summarise(site, OLD, "2024")
    assert document(site, OLD, "2024")["shape"] == summary.SHAPE
    assert not summarise(site, OLD, "2024")


class CountedFiles:
    """Files that remember what was written, and may be told to fail."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self.written: list[str] = []
        self.ended: list[str] = []
        self.before: Callable[[str], None] = lambda _: None

    def write(self, name: str, content: bytes | IO[bytes]) -> None:
        self.before(name)
        self._files.write(name, content)
        self.written.append(name)

    def read(self, name: str) -> bytes | None:
        return self._files.read(name)

    def has(self, name: str) -> bool:
        return self._files.has(name)

    def end(self, name: str) -> None:
        self.ended.append(name)
        self._files.end(name)

    def link(self, name: str, save_as: str, now: datetime) -> str:
        return self._files.link(name, save_as, now)


class WatchedTable:
    """A table that lets something else happen just before a call."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.before_get: Callable[[Key], None] = lambda _: None
        self.before_query: Callable[[str, str], None] = lambda _, __: None
        self.before_write: Callable[[tuple[Change, ...]], None] = lambda _: None

    def get(self, key: Key) -> Item | None:
        self.before_get(key)
        return self._table.get(key)

    def query(self, partition: str, prefix: str = "") -> Iterator[Item]:
        self.before_query(partition, prefix)
        return self._table.query(partition, prefix)

    def write(self, *changes: Change) -> None:
        self.before_write(changes)
        self._table.write(*changes)

    def everything(self) -> Iterator[Item]:
        return self._table.everything()


def over(site: Site, table: Any = None, files: Any = None) -> Site:
    return Site(
        table or site.table,
        files or site.files,
        site.mail,
        site.server_key,
        site.public_url,
        site.clock,
    )


def once(action: Callable[[], object]) -> Callable[..., None]:
    """The action at the first call, then nothing."""
    left = [action]

    def act(*_: object) -> None:
        if left:
            left.pop()()

    return act


@pytest.mark.guards("unchanged writes nothing", "no fingerprint ✓")
def test_an_unchanged_period_writes_nothing(site: Site, clock: Clock) -> None:
    clock.now = IN_2024
    fill_once(site, 1, "T10")
    assert summarise(site, OLD, "2024")
    before = site.table.get(keys.summary(OLD, "2024"))
    files = CountedFiles(site.files)
    table = WatchedTable(site.table)
    writes: list[tuple[Change, ...]] = []
    table.before_write = writes.append
    clock.now += timedelta(hours=1)
    assert not summarise(over(site, table, files), OLD, "2024")
    assert site.table.get(keys.summary(OLD, "2024")) == before
    assert files.written == []
    assert writes == []


def test_a_run_over_everything_twice_writes_nothing_the_second_time(
    site: Site, clock: Clock
) -> None:
    clock.now = datetime(2022, 1, 10, 3, 0, tzinfo=UTC)
    first = summing.run(site, everything=True)
    assert sorted(first.written) == [
        f"{OLD}/{k}" for k in ("2021", "2021-H1", "2021-H2", "2022", "2022-H1")
    ]
    again = summing.run(site, everything=True)
    assert again.written == []
    assert sorted(again.unchanged) == sorted(first.written)


@pytest.mark.guards("hourly only open ones", "no look at the lock ✓")
def test_the_hourly_run_leaves_locked_and_future_periods_alone(site: Site, clock: Clock) -> None:
    clock.now = datetime(2022, 1, 10, 3, 0, tzinfo=UTC)
    assert sorted(summing.run(site, everything=False).written) == [
        f"{OLD}/2022",
        f"{OLD}/2022-H1",
    ]


def test_the_schedules_run_the_hourly_and_the_nightly_story(site: Site, clock: Clock) -> None:
    clock.now = datetime(2022, 1, 10, 3, 0, tzinfo=UTC)
    app.use(site)
    named = ("version", "id", "detail-type", "source", "account", "time", "region")
    event = dict.fromkeys(named, "") | {"resources": [], "detail": {}}
    app.hourly(event, None)
    kept = [k for k in ("2021", "2022", "2022-H1") if summaries.summary(site.table, OLD, k)]
    assert kept == ["2022", "2022-H1"]
    app.every_night(event, None)
    assert summaries.summary(site.table, OLD, "2021") is not None


@pytest.mark.guards('"changed since"')
@pytest.mark.parametrize("change", ["first", "correction", "return", "accept", "reopen"])
def test_a_changed_head_is_picked_up(site: Site, database: Path, clock: Clock, change: str) -> None:
    clock.now = IN_2024
    if change != "first":
        fill_once(site, 1, "T10")
    if change == "reopen":
        officer.move(site.table, OLD, "2024", "T10", "accept")
    summarise(site, OLD, "2024")
    if change in ("first", "correction"):
        fill_once(site, 2, "T10", base=0 if change == "first" else 1)
    else:
        name: Any = change
        officer.move(site.table, OLD, "2024", "T10", name)
    kept = summaries.summary(site.table, OLD, "2024")
    assert kept is not None
    programme, period = the_programme(site, OLD), the_period(site, OLD, "2024")
    assert summing.changed_since(site, programme, period, kept) == 1
    assert summarise(site, OLD, "2024")
    kept = summaries.summary(site.table, OLD, "2024")
    assert kept is not None
    assert summing.changed_since(site, programme, period, kept) == 0
    assert_equal_to_an_independent_sum(site, database, OLD, "2024")


def test_a_unit_that_ends_is_picked_up(site: Site, database: Path, clock: Clock) -> None:
    clock.now = IN_2024
    fill_once(site, 1, "T10")
    summarise(site, OLD, "2024")
    (unit,) = programmes.unit_versions(site.table, OLD, "T10")
    programmes.keep_units(
        site.table, OLD, [unit.model_copy(update={"valid_to": date(2024, 6, 30)})]
    )
    assert summarise(site, OLD, "2024")
    whole = assert_equal_to_an_independent_sum(site, database, OLD, "2024")
    assert (whole["expected"], whole["received"]) == (44, 0)


def test_a_report_of_a_unit_that_owes_none_is_no_change(site: Site, clock: Clock) -> None:
    clock.now = IN_2024
    summarise(site, OLD, "2024")
    kept = summaries.summary(site.table, OLD, "2024")
    assert kept is not None
    fill_once(site, 1, "X99")
    programme, period = the_programme(site, OLD), the_period(site, OLD, "2024")
    assert summing.changed_since(site, programme, period, kept) == 0
    assert not summarise(site, OLD, "2024")


@pytest.mark.guards("files before the item", "files left out ✓")
def test_files_are_there_before_the_item_that_points_to_them(site: Site, clock: Clock) -> None:
    clock.now = IN_2024
    fill_once(site, 1, "T10")
    seen: list[bool] = []
    table = WatchedTable(site.table)

    def look(changes: tuple[Change, ...]) -> None:
        for change in changes:
            if isinstance(change, Put) and change.key == keys.summary(OLD, "2024"):
                names = json.loads(str(change.body["files"]))
                assert sorted(names) == ["csv", "json", "seen", "xlsx"]
                seen.append(all(site.files.read(name) for name in names.values()))

    table.before_write = look
    assert summarise(over(site, table), OLD, "2024")
    assert seen == [True]


@pytest.mark.parametrize("ending", ["xlsx", "csv", "json", "seen"])
def test_a_file_that_can_not_be_written_leaves_the_old_summary(
    site: Site, clock: Clock, ending: str
) -> None:
    clock.now = IN_2024
    summarise(site, OLD, "2024")
    before = document(site, OLD, "2024")
    item = site.table.get(keys.summary(OLD, "2024"))
    fill_once(site, 1, "T10")
    files = CountedFiles(site.files)

    def full(name: str) -> None:
        if name.endswith(ending):
            raise OSError(28, "No space left on device")

    files.before = full
    with pytest.raises(OSError, match="No space"):
        summarise(over(site, files=files), OLD, "2024")
    assert site.table.get(keys.summary(OLD, "2024")) == item
    assert document(site, OLD, "2024") == before
    assert summarise(site, OLD, "2024")


def test_files_are_named_by_what_they_hold(site: Site, clock: Clock) -> None:
    clock.now = IN_2024
    summarise(site, OLD, "2024")
    first = summaries.summary(site.table, OLD, "2024")
    assert first is not None
    fill_once(site, 1, "T10")
    summarise(site, OLD, "2024")
    second = summaries.summary(site.table, OLD, "2024")
    assert second is not None
    assert not set(first.files.values()) & set(second.files.values())
    assert all(site.files.read(name) for name in first.files.values())


def texts_of(whole: Mapping[str, Any], unit: str) -> dict[str, Any]:
    return {
        line["code"]: one["lines"]
        for line in whole["indicators"] + whole["narratives"]
        if line["kind"] in ("text", "list")
        for one in line["value"]
        if one["unit"] == unit
    }


def as_lines(texts: Mapping[str, Any]) -> dict[str, Any]:
    return {c: t if isinstance(t, list) else [t] for c, t in texts.items() if t}


def test_texts_of_another_version_than_the_head_are_never_mixed_in(
    site: Site, database: Path, clock: Clock
) -> None:
    """A correction lands after the texts were read and before the heads are."""
    clock.now = IN_2024
    fill_once(site, 1, "T10")
    corrected: list[Content] = []

    def correct() -> None:
        corrected.append(fill_once(site, 2, "T10", base=1))

    table = WatchedTable(site.table)
    act = once(correct)
    table.before_query = lambda _, prefix: act() if prefix == "REPORT#" else None
    assert summarise(over(site, table), OLD, "2024")
    whole = assert_equal_to_an_independent_sum(site, database, OLD, "2024")
    assert texts_of(whole, "T10") == as_lines(corrected[0].texts)


@pytest.mark.guards("head and texts of one version", "texts as they come ✓")
def test_a_correction_between_head_and_texts_is_taken_whole(
    site: Site, database: Path, clock: Clock
) -> None:
    """It lands a second time while the first one is being gathered."""
    clock.now = IN_2024
    fill_once(site, 1, "T10")
    table = WatchedTable(site.table)
    first = once(lambda: fill_once(site, 2, "T10", base=1))
    second = once(lambda: fill_once(site, 3, "T10", base=2))
    table.before_query = lambda _, prefix: first() if prefix == "REPORT#" else None

    def at_version(key: Key) -> None:
        if key.sort.startswith("VERSION#"):
            second()

    table.before_get = at_version
    summarise(over(site, table), OLD, "2024")
    summarise(site, OLD, "2024")
    assert_equal_to_an_independent_sum(site, database, OLD, "2024")


@pytest.mark.guards("overlapping runs", "writing over any version ✓")
def test_an_older_reading_never_replaces_a_newer_one(
    site: Site, database: Path, clock: Clock
) -> None:
    """A slow run has read; a report arrives; a fast run keeps it; the slow one wants to write."""
    clock.now = IN_2024
    fill_once(site, 1, "T10")
    table = WatchedTable(site.table)

    def overtake() -> None:
        fill_once(site, 2, "T11")
        assert summarise(site, OLD, "2024")

    act = once(overtake)
    table.before_write = lambda changes: act() if changes[0].key.sort == "SUMMARY" else None
    assert not summarise(over(site, table), OLD, "2024")
    whole = assert_equal_to_an_independent_sum(site, database, OLD, "2024")
    assert whole["received"] == 2
    item = site.table.get(keys.summary(OLD, "2024"))
    assert item is not None
    assert item.version == 1


def test_a_report_that_arrives_while_summing_is_in_the_next_sum(
    site: Site, database: Path, clock: Clock
) -> None:
    clock.now = IN_2024
    fill_once(site, 1, "T10")
    table = WatchedTable(site.table)
    act = once(lambda: fill_once(site, 2, "T11"))
    table.before_write = lambda changes: act() if changes[0].key.sort == "SUMMARY" else None
    summarise(over(site, table), OLD, "2024")
    assert document(site, OLD, "2024")["received"] == 1
    assert summarise(site, OLD, "2024")
    assert assert_equal_to_an_independent_sum(site, database, OLD, "2024")["received"] == 2


@pytest.mark.guards("overlapping runs")
def test_runs_that_overlap_are_harmless(site: Site, database: Path, clock: Clock) -> None:
    clock.now = IN_2024
    fill(site, 9, OLD, "2024")
    wrote = parallel(4, lambda _: summarise(site, OLD, "2024"))
    assert wrote.count(True) == 1
    assert_equal_to_an_independent_sum(site, database, OLD, "2024")
    item = site.table.get(keys.summary(OLD, "2024"))
    assert item is not None
    assert item.version == 1


def test_runs_that_overlap_with_sending_end_in_the_right_sum(
    site: Site, database: Path, clock: Clock
) -> None:
    clock.now = IN_2024

    def work(place: int) -> None:
        for turn in range(6):
            if place < 2:
                with suppress(Conflict):  # the other run was faster five times
                    summarise(site, OLD, "2024")
            else:
                fill_once(site, 100 * place + turn, f"T{10 * place + turn - 10:02}")

    parallel(5, work)
    summarise(site, OLD, "2024")
    whole = assert_equal_to_an_independent_sum(site, database, OLD, "2024")
    assert whole["received"] == 18


def test_a_run_that_always_loses_says_so(site: Site, clock: Clock) -> None:
    clock.now = IN_2024
    table = WatchedTable(site.table)

    def always(changes: tuple[Change, ...]) -> None:
        if changes[0].key.sort == "SUMMARY":
            item = site.table.get(keys.summary(OLD, "2024"))
            body = {**item.body, "fingerprint": f"another {item.version}"} if item else {}
            body = body or {"fingerprint": "x", "as_of": "2024-01-01T00:00:00.000000Z"}
            body = {"totals": "{}", "files": "{}", **body}
            site.table.write(Put(keys.summary(OLD, "2024"), body, ANYTHING))

    table.before_write = always
    with pytest.raises(Conflict):
        summarise(over(site, table), OLD, "2024")


def break_form(site: Site, p: str, version: int = 1) -> None:
    site.table.write(Put(keys.form(p, version), {"json": '{"version": "none"}'}, ANYTHING))


@pytest.mark.guards("one broken doesn't stop the rest; the alarm rings", "`Failed` not raised ✓")
def test_one_broken_programme_does_not_stop_the_others(site: Site, clock: Clock) -> None:
    clock.now = datetime(2026, 1, 10, 3, 0, tzinfo=UTC)
    break_form(site, OLD)
    with pytest.raises(Failed) as failed:
        summing.run(site, everything=True)
    assert f"{OLD}/2024" in str(failed.value)
    assert f"{NEW}/" not in str(failed.value)
    assert summaries.summary(site.table, NEW, "2026-Q1") is not None


def test_one_broken_report_does_not_stop_the_other_periods(site: Site, clock: Clock) -> None:
    clock.now = datetime(2022, 1, 10, 3, 0, tzinfo=UTC)
    site.table.write(Put(keys.head(OLD, "2021", "T10"), {"unit": "T10"}, ANYTHING))
    with pytest.raises(Failed) as failed:
        summing.run(site, everything=True)
    assert str(failed.value) == f"{OLD}/2021"
    for k in ("2021-H1", "2021-H2", "2022", "2022-H1"):
        assert summaries.summary(site.table, OLD, k) is not None
    assert summaries.summary(site.table, OLD, "2021") is None


def test_a_programme_that_can_not_be_read_does_not_stop_the_others(
    site: Site, clock: Clock
) -> None:
    """Its own item is broken, not its form: the list of programmes must still be walked."""
    clock.now = datetime(2026, 1, 10, 3, 0, tzinfo=UTC)
    site.table.write(Put(keys.programme("a-broken-one"), {"json": "{}"}, ANYTHING))
    with pytest.raises(Failed, match="a-broken-one"):
        summing.run(site, everything=False)
    assert summaries.summary(site.table, NEW, "2026-Q1") is not None


def test_a_period_that_can_not_be_read_does_not_stop_the_other_programmes(
    site: Site, clock: Clock
) -> None:
    clock.now = datetime(2026, 1, 10, 3, 0, tzinfo=UTC)
    site.table.write(Put(keys.period(OLD, "2021"), {"json": "{}"}, ANYTHING))
    with pytest.raises(Failed, match=OLD):
        summing.run(site, everything=False)
    assert summaries.summary(site.table, NEW, "2026-Q1") is not None


def test_a_head_without_its_version_is_a_failure_not_a_guess(site: Site, clock: Clock) -> None:
    clock.now = IN_2024
    fill_once(site, 1, "T10")
    head = reports.head(site.table, OLD, "2024", "T10")
    assert isinstance(head, Head)
    item = site.table.get(keys.head(OLD, "2024", "T10"))
    assert item is not None
    site.table.write(Put(item.key, {**item.body, "version": 2}, ANYTHING))
    with pytest.raises(LookupError):
        summarise(site, OLD, "2024")
    assert summaries.summary(site.table, OLD, "2024") is None


# ------------------------------------------------------------------ a period an invocation


@pytest.mark.guards(
    "a period an invocation",
    "a failure that stops the others ✓ (the second)",
    "a failure kept quiet ✓ (the third)",
)
def test_a_run_that_hands_over_names_each_begun_period_and_sums_none(
    site: Site, clock: Clock
) -> None:
    clock.now = datetime(2022, 1, 10, 3, 0, tzinfo=UTC)
    handed: list[tuple[str, str, str]] = []
    done = summing.run(site, everything=True, hand_over=lambda *one: handed.append(one))
    assert {k for _, k, _ in handed} == {"2021", "2021-H1", "2021-H2", "2022", "2022-H1"}
    assert {(p, run) for p, _, run in handed} == {(OLD, done.id)}
    assert len(done.handed) == 5
    assert summaries.summary(site.table, OLD, "2021") is None


def test_an_hourly_run_hands_over_only_what_is_open(site: Site, clock: Clock) -> None:
    clock.now = datetime(2022, 1, 10, 3, 0, tzinfo=UTC)
    handed: list[str] = []
    summing.run(site, everything=False, hand_over=lambda _, k, __: handed.append(k))
    still_open = {one.key for one in programmes.periods(site.table, OLD) if one.is_open(clock.now)}
    assert set(handed) == {k for k in still_open if the_period(site, OLD, k).has_begun(clock.now)}
    assert "2021-H1" not in handed


@pytest.mark.guards("a period an invocation")
def test_a_period_that_can_not_be_handed_over_does_not_stop_the_others(
    site: Site, clock: Clock
) -> None:
    clock.now = datetime(2022, 1, 10, 3, 0, tzinfo=UTC)
    handed: list[str] = []

    def hand_over(_: str, k: str, __: str) -> None:
        if k == "2021-H2":
            raise OSError("no line")
        handed.append(k)

    with pytest.raises(Failed, match=f"^{OLD}/2021-H2$"):
        summing.run(site, everything=True, hand_over=hand_over)
    assert set(handed) == {"2021", "2021-H1", "2022", "2022-H1"}


def test_a_handed_period_is_summed_as_in_a_run_of_one_machine(site: Site, clock: Clock) -> None:
    clock.now = IN_2024
    fill(site, 5, OLD, "2024")
    summing.run_one(site, OLD, "2024", "a-run")
    assert_equal(document(site, OLD, "2024"), independent(Raw.of_table(site.table), OLD, "2024"))


@pytest.mark.guards("a period an invocation")
def test_a_handed_period_that_fails_says_so_to_be_tried_again(site: Site, clock: Clock) -> None:
    clock.now = IN_2024
    break_form(site, OLD)
    with pytest.raises(ValueError, match="Form"):
        summing.run_one(site, OLD, "2024", "a-run")
    with pytest.raises(Failed, match="no-such is not in the table"):
        summing.run_one(site, OLD, "no-such", "a-run")


# ------------------------------------------------------------------ files that a new one replaces


@pytest.mark.guards("no file in use ends")
def test_only_files_that_the_summary_no_longer_points_to_are_ended(
    site: Site, clock: Clock
) -> None:
    clock.now = IN_2024
    fill_once(site, 1, "T10")
    files = CountedFiles(site.files)
    summarise(over(site, files=files), OLD, "2024")
    assert files.ended == []
    first = summaries.summary(site.table, OLD, "2024")
    fill_once(site, 2, "T11")
    summarise(over(site, files=files), OLD, "2024")
    second = summaries.summary(site.table, OLD, "2024")
    assert first is not None
    assert second is not None
    assert set(files.ended) == set(first.files.values()) - set(second.files.values())
    assert files.ended
    assert all(site.files.has(name) for name in second.files.values())


@pytest.mark.guards("no file in use ends", "the failure passed on ✓")
def test_a_file_that_can_not_be_ended_fails_no_run(site: Site, clock: Clock) -> None:
    clock.now = IN_2024
    fill_once(site, 1, "T10")
    summarise(site, OLD, "2024")
    fill_once(site, 2, "T11")
    files = CountedFiles(site.files)

    def refuse(name: str) -> None:
        raise OSError(f"no way to {name}")

    files.end = refuse  # type: ignore[method-assign]
    assert summarise(over(site, files=files), OLD, "2024")
