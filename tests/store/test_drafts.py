"""Drafts in the table: merged as they are kept, parked beside, in today's shape and the former."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chalicelib.edges.aws import DynamoTable
from chalicelib.edges.embedded import SqliteTable
from chalicelib.edges.table import NOTHING, Put, Table
from chalicelib.rules.programmes.period import Period, build, window
from chalicelib.rules.reports.draft import SLOTS, Mark, Posted, Saving
from chalicelib.rules.texts.clock import iso
from chalicelib.store import drafts, keys, programmes
from chalicelib.store.draft_items import TooLarge
from chalicelib.store.drafts import Kept, Place
from tests.contract import parallel
from tests.ministack import Ministack, new_table

P, K, U = "thi-dua", "2026-Q4", "T01"
NOW = datetime(2026, 12, 10, 3, 0, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "dynamodb"])
def table(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Table]:
    if request.param == "dynamodb":
        emulated: Ministack = request.getfixturevalue("ministack")
        client = emulated.client("dynamodb", max_pool_connections=50)
        yield DynamoTable(client, new_table(client), wait=lambda _: None)
        return
    opened = SqliteTable(tmp_path / "baocao.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def period(table: Table) -> Period:
    built = build(
        K, "Quý IV năm 2026", days=window(K), due_day=17, lock_day=20, holidays=(), form=1
    )
    programmes.keep_periods(table, P, [built])
    return programmes.periods(table, P)[0]


def place(period: Period, newest: int = 0, **sent: str) -> Place:
    """A report whose newest version holds this; what differs from it is lacking there."""

    def lacking(typed: Mapping[str, str]) -> dict[str, str]:
        return {name: text for name, text in typed.items() if text != sent.get(name, "")}

    return Place(P, period, U, newest, 1, lambda: sent, lacking)


def posted(known: int, number: int, page: str = "a", base: int = 0, **typed: str) -> Posted:
    return Posted(typed, base, NOW, known, page, number)


def parked(table: Table) -> dict[int, dict[str, str]]:
    return {n: dict(one.typed) for n, one in drafts.held(table, P, K, U).parked.items()}


def test_a_draft_reads_back_as_it_was_kept(table: Table, period: Period) -> None:
    typed = {"i1": " 1.250", "t1": "Dòng một\nDòng hai “–”", "i4.state": "nil", "lạ": "\U0001f600"}
    first = drafts.keep(table, place(period), posted(0, 1, **typed))
    second = drafts.keep(table, place(period), posted(1, 4, "b", i1="", i2="7"))
    found = drafts.draft(table, P, K, U)
    assert found == second.draft
    assert found is not None
    assert first.draft is not None
    assert found.typed == {**{n: t for n, t in typed.items() if n != "i1"}, "i2": "7"}
    assert (found.revision, found.saved, found.form) == (2, NOW, 1)
    assert found.written("i2") == Saving(NOW, "b", 4)
    assert found.marks["i1"].former[0] == (0, first.draft.marks["i1"].former[0][1])
    assert drafts.held(table, P, K, U).draft == found


@pytest.mark.guards("two phones' fields merge; only what both changed is asked")
def test_phones_that_save_at_one_moment_lose_nothing(table: Table, period: Period) -> None:
    """Each its own field; and one field that all of them fill, which all but one are asked of."""

    def save(number: int) -> Kept:
        mine = {f"i{number}": str(number), "all": str(number)}
        return drafts.keep(table, place(period), posted(0, 1, f"p{number}", **mine))

    parallel(5, save)
    held = drafts.held(table, P, K, U)
    assert held.draft is not None
    assert {name for name in held.draft.typed if name != "all"} == {f"i{n}" for n in range(5)}
    waiting = sorted(one.typed["all"] for one in held.parked.values())
    assert sorted([held.draft.typed["all"], *waiting]) == list("01234")


@pytest.mark.guards(
    "a parked copy: one a page, never older over newer, leaves when answered, emptied and not "
    "deleted"
)
def test_what_both_changed_is_parked_by_page_and_leaves_when_it_is_answered(
    table: Table, period: Period
) -> None:
    drafts.keep(table, place(period), posted(0, 1, i1="1", i2="1"))
    asked = drafts.keep(table, place(period), posted(0, 1, "b", i1="2", i2="2", i3="3"))
    assert asked.merged is not None
    assert asked.draft is not None
    assert (asked.merged.asked, asked.parked) == ({"i1": "2", "i2": "2"}, 1)
    assert asked.draft.typed == {"i1": "1", "i2": "1", "i3": "3"}
    again = drafts.keep(table, place(period), posted(0, 2, "b", i1="4"))
    assert (again.parked, parked(table)) == (1, {1: {"i1": "4", "i2": "2"}})
    late = drafts.keep(table, place(period), posted(0, 1, "b", i1="2", i2="2", i3="3"))
    assert (late.parked, parked(table)) == (0, {1: {"i1": "4", "i2": "2"}})
    assert again.draft is not None
    drafts.keep(table, place(period), posted(again.draft.revision, 3, "b", i1="4"))
    assert parked(table) == {1: {"i2": "2"}}
    drafts.drop(table, place(period), 1)
    assert parked(table) == {1: {}}
    assert table.get(keys.parked(P, K, U, 1)) is not None  # emptied, not deleted
    found = drafts.draft(table, P, K, U)
    assert found is not None
    assert found.typed == {"i1": "4", "i2": "1", "i3": "3"}


def test_a_parked_copy_is_taken_up_field_by_field_and_only_upon_what_was_shown(
    table: Table, period: Period
) -> None:
    drafts.keep(table, place(period), posted(0, 1, i1="1", i2="1"))
    drafts.keep(table, place(period), posted(0, 1, "b", i1="2", i2="2"))
    shown = drafts.draft(table, P, K, U)
    assert shown is not None
    drafts.keep(table, place(period), posted(shown.revision, 2, i1="5"))  # meanwhile
    kept = drafts.keep(table, place(period), posted(shown.revision, 0, "", i1="2", i2="2"), of=1)
    assert kept.draft is not None
    assert (kept.draft.typed, kept.parked) == ({"i1": "5", "i2": "2"}, 1)
    assert parked(table) == {1: {"i1": "2"}}
    kept = drafts.keep(table, place(period), posted(kept.draft.revision, 0, "", i1="2"), of=1)
    assert kept.draft is not None
    assert (kept.draft.typed["i1"], kept.parked, parked(table)) == ("2", 0, {1: {}})
    drafts.keep(table, place(period), posted(kept.draft.revision, 9, "b", i3="1"))
    found = drafts.draft(table, P, K, U)  # page b was not numbered on by what others took of it
    assert found is not None
    assert found.typed["i3"] == "1"


@pytest.mark.guards(
    "a stale draft, a page from before the last sending: beside the draft",
    "each of the first three left out ✓",
    "contents alone compared ✓ (the last)",
)
def test_a_draft_of_an_older_version_is_parked_where_a_new_one_begins(
    table: Table, period: Period
) -> None:
    drafts.keep(table, place(period), posted(0, 1, i1="1", i2="2", i3="3"))
    now = place(period, 1, i1="1", i2="0", i4="4")
    kept = drafts.keep(table, now, posted(1, 1, "b", base=1, i3="3", i5="5"))
    assert kept.draft is not None
    assert kept.draft.typed == {"i1": "1", "i2": "0", "i3": "3", "i4": "4", "i5": "5"}
    assert (kept.draft.base, kept.draft.revision) == (1, 2)
    assert parked(table) == {1: {"i2": "2"}}
    assert drafts.held(table, P, K, U).parked[1].why == "stale"


def test_a_stale_draft_that_holds_nothing_new_is_not_parked(table: Table, period: Period) -> None:
    drafts.keep(table, place(period), posted(0, 1, i1="1"))
    drafts.keep(table, place(period, 1, i1="1"), posted(1, 1, "b", base=1, i1="2"))
    assert parked(table) == {}


def test_a_stale_draft_thrown_away_is_emptied_to_what_was_sent(
    table: Table, period: Period
) -> None:
    drafts.keep(table, place(period), posted(0, 1, i1="9"))
    drafts.begin_anew(table, place(period, 1, i1="1"), NOW)
    found = drafts.draft(table, P, K, U)
    assert found is not None
    assert (found.typed, found.base, parked(table)) == ({"i1": "1"}, 1, {})


@pytest.mark.guards("a stale draft, a page from before the last sending: beside the draft")
def test_a_page_from_before_the_last_sending_is_parked_and_merged_into_nothing(
    table: Table, period: Period
) -> None:
    before = drafts.keep(table, place(period), posted(0, 1, i1="1")).draft
    now = place(period, 1, i1="1")
    kept = drafts.keep(table, now, posted(1, 2, i1="1", i2="2", **{"by.name": "A"}))
    assert (kept.too_old, kept.parked, kept.draft) == (True, 1, before)
    assert parked(table) == {1: {"i2": "2", "by.name": "A"}}
    for same in (posted(1, 1, i2="0"), posted(1, 2, i1="1"), posted(1, 3, i1="1")):
        late = drafts.keep(table, now, same)
        assert (late.too_old, late.parked) == (True, 0)
    assert parked(table) == {1: {"i2": "2", "by.name": "A"}}


@pytest.mark.guards("a stale draft, a page from before the last sending: beside the draft")
def test_of_a_send_all_is_parked_also_what_another_page_had_read_and_replaced(
    table: Table, period: Period
) -> None:
    drafts.keep(table, place(period), posted(0, 1, i1="1", i2="2"))
    drafts.keep(table, place(period), posted(1, 1, "b", i1="7"))
    now = place(period, 1, i1="7", i2="2")
    kept = drafts.keep(table, now, posted(1, 0, i1="1", i2="2"), meant=True)
    assert (kept.too_old, parked(table)) == (True, {1: {"i1": "1"}})


@pytest.mark.guards("five copies full: said, with what was typed")
def test_with_five_copies_kept_a_sixth_is_refused_and_the_rest_is_merged(
    table: Table, period: Period
) -> None:
    drafts.keep(table, place(period), posted(0, 1, i1="1"))
    for number in range(SLOTS):
        drafts.keep(table, place(period), posted(0, 1, f"p{number}", i1=f"{number + 2}"))
    kept = drafts.keep(table, place(period), posted(0, 1, "q", i1="9", i2="2"))
    assert kept.draft is not None
    assert (kept.full, kept.parked, kept.draft.typed) == (True, 0, {"i1": "1", "i2": "2"})
    assert len(parked(table)) == SLOTS
    old = drafts.keep(table, place(period, 1), posted(1, 1, "r", i9="9"))
    assert (old.full, old.too_old) == (True, True)
    new = drafts.keep(table, place(period, 1), posted(1, 1, "s", base=1, i9="9"))
    assert (new.full, new.merged) == (True, None)  # the stale draft must not be overwritten
    drafts.drop(table, place(period), 3)
    assert drafts.keep(table, place(period), posted(0, 2, "q", i1="9")).parked == 3


def test_a_draft_and_its_copies_outlive_the_lock_by_ninety_days(
    table: Table, period: Period
) -> None:
    drafts.keep(table, place(period), posted(0, 1, i1="1"))
    drafts.keep(table, place(period), posted(0, 1, "b", i1="2"))
    draft, copy = table.get(keys.draft(P, K, U)), table.get(keys.parked(P, K, U, 1))
    assert draft is not None
    assert copy is not None
    assert draft.expires == int((period.locks + timedelta(days=90)).timestamp())
    assert copy.expires == int((NOW + timedelta(days=90)).timestamp())


def test_two_pages_together_may_not_type_more_than_one_item_holds(
    table: Table, period: Period
) -> None:
    drafts.keep(table, place(period), posted(0, 1, i1="a" * 150_000))
    with pytest.raises(TooLarge):
        drafts.keep(table, place(period), posted(0, 1, "b", i2="a" * 150_000))
    found = drafts.draft(table, P, K, U)
    assert found is not None
    assert set(found.typed) == {"i1"}


@pytest.mark.guards("what a page was shown is known, or it is asked")
def test_where_marks_would_not_fit_what_stood_before_is_forgotten(
    table: Table, period: Period
) -> None:
    """As many fields as a page can post, each typed over and over, beside texts of full size."""
    many = {f"chi_tieu_dai_{number:04}.num": "x" for number in range(1_990)}
    for number in range(1, 9):
        typed = {name: str(number) for name in many}
        drafts.keep(table, place(period), posted(number - 1, 1, f"p{number}", **typed))
    found = drafts.draft(table, P, K, U)
    assert found is not None
    assert set(found.typed.values()) == {"8"}
    assert found.marks["chi_tieu_dai_0001.num"].revision == 8
    kept = drafts.keep(table, place(period), posted(8, 1, "q", t="a" * 140_000))
    assert kept.draft is not None
    found = drafts.draft(table, P, K, U)
    assert found is not None
    assert found.marks["chi_tieu_dai_0001.num"] == Mark(8, ((0, ""),))
    assert len(found.typed) == 1_991


def of_schema_2(table: Table, version: int = 1) -> None:
    """As the program before fields kept it: the whole form of the last saving."""
    body = {
        "typed": json.dumps({"i1": "1", "i2": "2"}),
        "base": 0,
        "saved": iso(NOW),
        "page": "a",
        "place": 3,
        "form": 1,
    }
    for expects in range(version):
        table.write(Put(keys.draft(P, K, U), body, expects or NOTHING))


@pytest.mark.guards(
    "its drafts say of each field which saving wrote it; open pages go on, the program before "
    "reads what this one writes"
)
def test_a_draft_of_the_former_shape_is_read_and_merged_into(table: Table, period: Period) -> None:
    of_schema_2(table, 2)
    found = drafts.draft(table, P, K, U)
    assert found is not None
    assert (found.typed, found.page, found.place) == ({"i1": "1", "i2": "2"}, "a", 3)
    assert found.written("i1") == Saving(NOW, "a", 3)
    assert drafts.keep(table, place(period), posted(0, 3, i1="0")).draft == found  # late
    kept = drafts.keep(table, place(period), posted(1, 1, "b", i1="7", i2="2", i3="3"))
    assert kept.merged is not None
    assert kept.merged.asked == {"i1": "7"}  # what stood at revision 1 is not known any more
    kept = drafts.keep(table, place(period), posted(2, 4, i1="8"))
    assert kept.draft is not None
    assert kept.draft.typed == {"i1": "8", "i2": "2", "i3": "3"}
    assert drafts.draft(table, P, K, U) == kept.draft


@pytest.mark.guards(
    "its drafts say of each field which saving wrote it; open pages go on, the program before "
    "reads what this one writes"
)
def test_the_program_before_reads_what_this_one_keeps(table: Table, period: Period) -> None:
    """In the minutes of a deployment both are at work."""
    drafts.keep(table, place(period), posted(0, 2, i1="1"))
    item = table.get(keys.draft(P, K, U))
    assert item is not None
    for name, kind in (("typed", str), ("base", int), ("saved", str), ("page", str)):
        assert isinstance(item.body[name], kind)
    assert (item.body["place"], item.body["form"]) == (2, 1)


def test_a_units_draft_is_never_taken_for_anothers(table: Table, period: Period) -> None:
    drafts.keep(table, replace(place(period), unit="T1"), posted(0, 1, i1="1"))
    assert drafts.draft(table, P, K, "T10") is None
    assert drafts.held(table, P, "2026-Q3", "T1").draft is None
