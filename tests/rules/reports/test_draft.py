"""Drafts by field: the pure merge in a table, and under every order of savings that a bad network
brings: late, twice, out of order, their answers lost."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.rules.reports import draft as rules
from chalicelib.rules.reports.draft import (
    Draft,
    Mark,
    Parked,
    Posted,
    Saving,
    begun,
    forgetting,
    merge,
)
from tests.savings import FIELDS, NOW, Server, Story
from tests.sizes import size

EMPTY = begun({}, 0, NOW)


def posted(known: int, place: int, page: str = "a", **typed: str) -> Posted:
    return Posted(typed, 0, NOW, known, page, place)


def after(*savings: Posted, of: Draft = EMPTY) -> Draft:
    for one in savings:
        of = merge(of, one).draft
    return of


FIRST = after(posted(0, 1, x="1", y="1"))


@pytest.mark.guards(
    "two phones' fields merge; only what both changed is asked",
    "taken unseen ✓ (the first)",
    "no second reading after a conflict ✓ (the second)",
)
@pytest.mark.parametrize(
    ("before", "saving", "stands", "taken", "asked"),
    [
        (EMPTY, posted(0, 1, x="1"), {"x": "1"}, {"x"}, {}),
        (FIRST, posted(1, 1, "b", x="2"), {"x": "2", "y": "1"}, {"x"}, {}),
        (FIRST, posted(0, 1, "b", z="2"), {"x": "1", "y": "1", "z": "2"}, {"z"}, {}),
        (FIRST, posted(0, 1, "b", x="2", z="3"), {"x": "1", "y": "1", "z": "3"}, {"z"}, {"x": "2"}),
        (FIRST, posted(0, 1, "b", x="1"), {"x": "1", "y": "1"}, set(), {}),
        (FIRST, posted(0, 1, "b", x=""), {"x": "1", "y": "1"}, set(), {}),
        (FIRST, posted(1, 1, "b", x=""), {"y": "1"}, {"x"}, {}),
        (FIRST, posted(0, 2, x="2"), {"x": "2", "y": "1"}, {"x"}, {}),
        (FIRST, posted(0, 2, x=""), {"y": "1"}, {"x"}, {}),
        (FIRST, posted(0, 1, x="0"), {"x": "1", "y": "1"}, set(), {}),
        (
            after(posted(1, 3, x="3"), of=FIRST),
            posted(0, 2, x="2"),
            {"x": "3", "y": "1"},
            set(),
            {},
        ),
        (
            after(posted(1, 1, "b", x="2"), of=FIRST),
            posted(0, 2, x="1"),
            {"x": "2", "y": "1"},
            set(),
            {},
        ),
        (
            after(posted(1, 1, "b", x="2"), of=FIRST),
            posted(0, 2, x="3"),
            {"x": "2", "y": "1"},
            set(),
            {"x": "3"},
        ),
    ],
    ids=[
        "into nothing",
        "upon what it was shown",
        "another field than the other page",
        "one field both, one alone",
        "both the same",
        "never shown it, never typed it",
        "emptied by one who saw it",
        "the same page again, its answer lost",
        "emptied by the page that filled it, its answer lost",
        "the same saving twice, otherwise",
        "overtaken by the same page",
        "its own text, which another has read and replaced",
        "typed on while another replaced its text",
    ],
)
def test_a_saving_is_merged_field_by_field(
    before: Draft,
    saving: Posted,
    stands: Mapping[str, str],
    taken: set[str],
    asked: Mapping[str, str],
) -> None:
    merged = merge(before, saving)
    assert merged.draft.typed == stands
    assert merged.taken == taken
    assert merged.asked == asked


def test_a_page_hears_what_others_changed_and_not_what_it_knows() -> None:
    stands = after(posted(1, 1, "b", x="2"), posted(1, 1, "c", z="9"), of=FIRST)
    assert merge(stands, posted(1, 2, y="5")).theirs == {"x": "2", "z": "9"}
    assert merge(stands, posted(2, 2, y="5")).theirs == {"z": "9"}
    assert merge(stands, posted(3, 2, y="5")).theirs == {}


def test_a_page_without_its_script_saves_again_after_back() -> None:
    stands = after(posted(0, 0, x="1"), posted(0, 0, x="2"))
    assert stands.typed == {"x": "2"}
    assert merge(stands, posted(0, 0, x="2")).draft == stands


@pytest.mark.guards(
    "in any order, late, twice, unanswered: no text lost, none overwritten unseen, none taken twice"
)
def test_a_saving_that_changes_nothing_still_overtakes_the_ones_before_it() -> None:
    stands = after(posted(0, 2, x=""))
    assert merge(stands, posted(0, 1, x="late")).taken == set()


def test_upon_what_was_sent_only_what_was_changed_is_taken() -> None:
    """A correction: the whole form comes back, filled with what was sent."""
    stands = begun({"x": "1", "y": "2"}, 1, NOW)
    merged = merge(stands, posted(0, 1, x="1", y="3", z=""))
    assert (merged.draft.typed, merged.taken) == ({"x": "1", "y": "3"}, {"y"})
    other = merge(merged.draft, posted(0, 1, "b", x="5", y="2", z=""))
    assert (other.draft.typed, other.asked) == ({"x": "5", "y": "3"}, {})


@pytest.mark.guards(
    "what a page was shown is known, or it is asked",
    "a gap not said ✓ (the first)",
    "marks that never give way ✓ (the last)",
)
def test_of_many_former_texts_the_first_and_the_last_are_still_known() -> None:
    """Nobody is asked about a text that was on the page; what is forgotten is asked about."""
    stands = EMPTY
    for number in range(1, 31):
        stands = merge(stands, posted(number - 1, number, x=str(number))).draft
    assert len(stands.marks["x"].former) == rules.MOST_FORMER
    for revision, shown in ((0, ""), (28, "28"), (29, "29"), (30, "30")):
        whole = merge(stands, posted(revision, 1, "b", x=shown, y="1"))
        assert (whole.asked, whole.draft.typed) == ({}, {"x": "30", "y": "1"})
    assert merge(stands, posted(12, 1, "b", x="12")).asked == {"x": "12"}
    assert merge(stands, posted(12, 1, "b", x="")).asked == {"x": ""}  # emptied, or never shown?
    assert merge(stands, posted(0, 1, "b", x="7")).asked == {"x": "7"}


@pytest.mark.guards("what a page was shown is known, or it is asked")
def test_a_draft_that_forgets_asks_where_it_knew_before() -> None:
    stands = forgetting(after(posted(1, 2, x="2"), of=FIRST))
    assert stands.marks["x"] == Mark(2, ((0, ""),))
    assert merge(stands, posted(1, 1, "b", x="1")).asked == {"x": "1"}
    assert merge(stands, posted(2, 1, "b", x="3")).taken == {"x"}


def test_a_page_that_no_text_is_known_by_is_forgotten_at_last() -> None:
    stands = EMPTY
    for number in range(1, 61):
        stands = merge(
            stands, Posted({"x": str(number)}, 0, NOW, number - 1, f"p{number}", 1)
        ).draft
    assert len(stands.pages) <= rules.MOST_PAGES
    assert {saving.page for saving in stands.savings.values()} <= stands.pages.keys()
    assert stands.written("x") == Saving(NOW, "p60", 1)


def parked(number: int, page: str = "a", place: int = 1, **typed: str) -> Parked:
    return Parked(number, typed, 0, NOW, "clash", page, place)


@pytest.mark.guards(
    "a parked copy: one a page, never older over newer, leaves when answered, emptied and not "
    "deleted",
    "any order ✓ (the first)",
    "answered and kept ✓ (the second)",
    "deleted ✓ (the fourth)",
    "the copy's version not compared ✓ (the fifth)",
    "all thrown away for a name that isn't there ✓ (the last)",
)
def test_a_page_parks_in_its_own_copy_and_never_older_over_newer() -> None:
    before = parked(2, place=3, x="3")
    assert rules.slot({2: before}, "a") == 2
    assert rules.slot({2: before}, "b") == 1
    assert rules.slot({2: before}, "") == 1
    assert rules.park(before, parked(2, place=2, x="2", y="2")) == before
    assert rules.park(before, parked(2, place=4, y="4")).typed == {"x": "3", "y": "4"}


def test_an_emptied_copy_is_free_and_five_full_ones_leave_no_room() -> None:
    full = {number: parked(number, f"p{number}", x="1") for number in range(1, rules.SLOTS + 1)}
    assert rules.slot(full, "a") is None
    assert rules.slot(full, "p3") == 3
    emptied = full | {4: replace(full[4], typed={}, revision=7)}
    assert rules.slot(emptied, "a") == 4
    assert rules.park(emptied[4], parked(4, x="2")) == replace(parked(4, x="2"), revision=7)


# ------------------------------------------------------------------ any order

ACTS = st.tuples(
    st.sampled_from(["type", "save", "bring", "bring", "hear", "hear", "decide"]),
    st.integers(0, 5),
    st.sampled_from(FIELDS),
    st.sampled_from([False, False, False, True]),
    st.booleans(),
)


@pytest.mark.guards(
    "in any order, late, twice, unanswered: no text lost, none overwritten unseen, none taken "
    "twice",
    "no number kept ✓",
    "late ones taken ✓",
    "an asked text dropped ✓",
    "taken unseen ✓ (each the first two)",
)
@given(st.integers(2, 4), st.lists(ACTS, min_size=30, max_size=80))
@settings(max_examples=size(200, 10_000), deadline=None)
def test_no_order_of_savings_loses_a_text_that_nobody_was_asked_about(
    pages: int, acts: list[tuple[str, int, str, bool, bool]]
) -> None:
    story = Story(Server(), [f"p{number}" for number in range(pages)])
    for act, number, name, seldom, often in acts:
        page = story.pages[number % pages]
        match act:
            case "type":
                story.types(page, name, seldom)
            case "save":
                story.saves(page)
            case "bring":
                story.brings(number, seldom, lost=often)
            case "hear":
                story.hears(number)
            case _:
                story.decides(page, name, often)
    assert story.server.lost() == []
