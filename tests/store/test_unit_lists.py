"""A unit list becomes current by one switch: never half of it, never over somebody's edit."""

import itertools
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings, strategies
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from chalicelib.edges.embedded import SqliteTable
from chalicelib.edges.table import Busy, Change, Conflict
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.review.act import Act
from chalicelib.store import acts, programmes, unit_lists
from tests.builders import unit
from tests.store.test_programmes import a_programme

OLD = [unit("T01"), unit("T02")]
NEW = [unit("T01", name="Tên mới"), *(unit(f"T{n:04}") for n in range(250))]


@pytest.fixture
def table(tmp_path: Path) -> Iterator[SqliteTable]:
    opened = SqliteTable(tmp_path / "baocao.sqlite3")
    programmes.keep_programme(opened, a_programme("p"))
    programmes.keep_units(opened, "p", OLD)
    yield opened
    opened.close()


def act(verb: str = "units_import") -> Act:
    return Act(datetime(2026, 11, 25, tzinfo=UTC), "a@so.example", verb, "p")


def now(table: SqliteTable) -> Programme:
    found = programmes.programme(table, "p")
    assert found is not None
    return found


def current(table: SqliteTable) -> set[str]:
    found = programmes.units(table, "p")
    assert found == programmes.units(table, now(table))
    return {one.name for one in found}


def names(units: list[object]) -> set[str]:
    return {one.name for one in units}  # type: ignore[attr-defined]


def test_a_list_of_many_batches_is_current_as_a_whole(table: SqliteTable) -> None:
    unit_lists.switch(table, act(), now(table), "a1", NEW)
    assert current(table) == names([*NEW])
    assert [one.verb for one in acts.acts(table, "p", "2026-11")] == ["units_import"]
    assert programmes.unit_versions(table, "p", "T01") == [NEW[0]]


def test_who_has_read_the_programme_reads_its_list_without_another_reading(
    table: SqliteTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit_lists.switch(table, act(), now(table), "a1", NEW)
    programme = now(table)
    monkeypatch.setattr(table, "get", None)
    assert len(programmes.unit_versions(table, programme, "T0001")) == 1
    assert len(programmes.units(table, programme)) == 251


@pytest.mark.guards(
    "current by one switch, whole or not at all",
    "one partition for all lists ✓",
    "a switch that expects any version ✓",
)
@pytest.mark.parametrize("broken", [0, 1, 2, 3])
def test_a_crash_between_leaves_the_old_list_and_a_second_try_works(
    table: SqliteTable, monkeypatch: pytest.MonkeyPatch, broken: int
) -> None:
    """251 units are three batches and the switch: each of the four writes is lost once."""
    write, calls = table.write, iter(range(100))

    def faulty(*changes: Change) -> None:
        if next(calls) == broken:
            raise Busy
        write(*changes)

    monkeypatch.setattr(table, "write", faulty)
    programme = now(table)
    with pytest.raises(Busy):
        unit_lists.switch(table, act(), programme, "a1", NEW)
    assert current(table) == names([*OLD])
    assert list(acts.acts(table, "p", "2026-11")) == []
    unit_lists.switch(table, act(), programme, "a1", NEW)
    assert current(table) == names([*NEW])


@pytest.mark.guards("current by one switch, whole or not at all")
def test_what_a_broken_import_left_behind_is_in_no_other_list(table: SqliteTable) -> None:
    programme = now(table)
    stale = programme.model_copy(update={"revision": 99})
    with pytest.raises(Conflict):
        unit_lists.switch(table, act(), stale, "a1", NEW)
    unit_lists.switch(table, act(), programme, "b2", [unit("T09")])
    assert current(table) == {"Đơn vị T09"}


def test_of_two_imports_at_once_one_is_current_and_whole(table: SqliteTable) -> None:
    programme = now(table)
    unit_lists.switch(table, act(), programme, "a1", NEW)
    with pytest.raises(Conflict):
        unit_lists.switch(table, act(), programme, "b2", [unit("T09")])
    assert current(table) == names([*NEW])


@pytest.mark.guards("no edit lost to an import, no import to an edit")
def test_a_second_tap_after_an_edit_takes_nothing_back(table: SqliteTable) -> None:
    """The tap was on its way when the first one made the list current, and an edit followed."""
    programme = now(table)
    unit_lists.switch(table, act(), programme, "a1", NEW)
    unit_lists.amend(table, act("unit_change"), now(table), [unit("T01", name="Sửa tay")])
    with pytest.raises(Conflict):
        unit_lists.switch(table, act(), programme, "a1", NEW)
    assert "Sửa tay" in current(table)


def test_two_taps_at_one_moment_write_one_list(
    table: SqliteTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second tap runs as a whole in the middle of the first one's writing."""
    programme, write, calls = now(table), table.write, itertools.count()

    def between(*changes: Change) -> None:
        if next(calls) == 1:
            unit_lists.switch(table, act(), programme, "a1", NEW)
        write(*changes)

    monkeypatch.setattr(table, "write", between)
    with pytest.raises(Conflict):
        unit_lists.switch(table, act(), programme, "a1", NEW)
    assert current(table) == names([*NEW])
    assert len(list(acts.acts(table, "p", "2026-11"))) == 1


EDITS: dict[str, Callable[[SqliteTable], None]] = {
    "by an officer": lambda t: unit_lists.amend(
        t, act("unit_end"), now(t), [unit("T02", phone="1")]
    ),
    "of a folder loaded again": lambda t: programmes.keep_units(t, "p", [unit("T02", phone="1")]),
    "of the programme": lambda t: programmes.keep_programme(t, a_programme("p", name="Tên khác")),
}


@pytest.mark.guards(
    "no edit lost to an import, no import to an edit",
    "a loaded folder that leaves the programme's version ✓",
    "writing over what is there ✓",
    "an edit into the first list ✓",
    "any version ✓ (the machine)",
)
@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_an_import_prepared_before_an_edit_does_not_lose_it(
    table: SqliteTable, edit: Callable[[SqliteTable], None]
) -> None:
    programme = now(table)
    edit(table)
    with pytest.raises(Conflict):
        unit_lists.switch(table, act(), programme, "a1", NEW)
    assert current(table) == names([*OLD])


def test_an_edit_prepared_before_an_import_is_refused_and_not_lost_in_an_old_list(
    table: SqliteTable,
) -> None:
    programme = now(table)
    unit_lists.switch(table, act(), programme, "a1", NEW)
    with pytest.raises(Conflict):
        unit_lists.amend(table, act("unit_end"), programme, [unit("T02", name="Lạc")])
    assert "Lạc" not in current(table)
    unit_lists.amend(table, act("unit_end"), now(table), [unit("T02", name="Còn")])
    assert "Còn" in current(table)


@pytest.mark.guards("the programme's item keeps its list", "settings written alone ✓")
def test_a_programme_kept_again_keeps_its_list(table: SqliteTable) -> None:
    unit_lists.switch(table, act(), now(table), "a1", NEW)
    programmes.keep_programme(table, a_programme("p", name="Tên khác"))
    assert (now(table).name, now(table).roll) == ("Tên khác", "a1")
    table.write(programmes.put(now(table).model_copy(update={"name": "Tên nữa"})))
    assert current(table) == names([*NEW])


def test_units_of_a_folder_go_into_the_current_list(table: SqliteTable) -> None:
    unit_lists.switch(table, act(), now(table), "a1", NEW)
    programmes.keep_units(table, "p", [unit("T02", name="Từ thư mục")])
    assert "Từ thư mục" in current(table)
    revision = now(table).revision
    programmes.keep_units(table, "p", [unit("T02", name="Từ thư mục")])
    assert now(table).revision == revision


@pytest.mark.guards("settings keep the name of the unit list")
@pytest.mark.guards("the programme's item keeps its list")
def test_a_programmes_item_is_written_in_one_place_that_knows_of_its_list() -> None:
    """Who wrote its settings alone would drop the name of the list, and bring back an old one."""
    sources = Path(programmes.__file__).parents[1].rglob("*.py")
    naming = {path.name for path in sources if "keys.programme(" in path.read_text("utf-8")}
    assert naming == {"programmes.py"}


# ------------------------------------------------------------------ any order of acts, any crash

CODES = ("T01", "T02", "T03")


@dataclass
class Prepared:
    """What an officer has looked at: the list then, and what it should become."""

    programme: Programme
    units: dict[str, str]  # code -> name
    roll: str = ""  # of an import


class TwoOfficers(RuleBasedStateMachine):
    """Imports and edits, prepared and then confirmed in any order, each of which may break."""

    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.path = self.folder / f"{secrets.token_hex(8)}.sqlite3"
        self.table = SqliteTable(self.path)
        programmes.keep_programme(self.table, a_programme("p"))
        programmes.keep_units(self.table, "p", [unit(code) for code in CODES])
        self.right = {code: f"Đơn vị {code}" for code in CODES}
        self.waiting: list[Prepared] = []
        self.names = itertools.count()

    def teardown(self) -> None:
        self.table.close()

    def _listed(self) -> dict[str, str]:
        return {one.code: one.name for one in programmes.units(self.table, "p")}

    @rule(codes=strategies.lists(strategies.sampled_from(CODES), min_size=1, unique=True))
    def an_import_is_looked_at(self, codes: list[str]) -> None:
        named = {code: f"Nhập {next(self.names)}" for code in codes}
        units = self._listed() | named | {f"X{next(self.names)}": "Mới"}
        self.waiting.append(Prepared(now(self.table), units, secrets.token_hex(4)))

    @rule(code=strategies.sampled_from(CODES))
    def an_edit_is_typed(self, code: str) -> None:
        self.waiting.append(Prepared(now(self.table), {code: f"Sửa {next(self.names)}"}))

    @precondition(lambda self: self.waiting)
    @rule(
        which=strategies.integers(0, 9),
        breaks=strategies.sampled_from([None, None, 0, 1]),
        after=strategies.booleans(),
    )
    def one_is_confirmed(self, which: int, breaks: int | None, after: bool) -> None:
        one = self.waiting[which % len(self.waiting)]
        before, calls, write = self.right, itertools.count(), self.table.write

        def faulty(*changes: Change) -> None:
            here = next(calls) == breaks
            if here and not after:
                raise Busy
            write(*changes)
            if here:
                raise Busy

        self.table.write = faulty  # type: ignore[method-assign]
        units = [unit(code, bloc="T", name=name) for code, name in one.units.items()]
        is_current = now(self.table).revision == one.programme.revision
        try:
            if one.roll:
                unit_lists.switch(self.table, act(), one.programme, one.roll, units)
            else:
                unit_lists.amend(self.table, act("unit_change"), one.programme, units)
            assert is_current
            self.right = one.units if one.roll else before | one.units
        except Conflict:
            assert not is_current
        except Busy:  # nobody knows: the list is the old one or the new one, and whole
            new = one.units if one.roll else before | one.units
            self.right = new if self._listed() == new and is_current else before
        finally:
            del self.table.write  # type: ignore[method-assign]

    @invariant()
    def the_list_is_what_was_acknowledged_last(self) -> None:
        assert self._listed() == self.right


@pytest.mark.guards("no edit lost to an import, no import to an edit")
def test_in_any_order_with_any_crash_the_list_is_what_was_acknowledged_last(
    tmp_path: Path,
) -> None:
    class Here(TwoOfficers):
        folder = tmp_path

    run_state_machine_as_test(
        Here, settings=settings(max_examples=40, stateful_step_count=15, deadline=None)
    )
