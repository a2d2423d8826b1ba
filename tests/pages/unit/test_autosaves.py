"""Autosaves as a bad network brings them: late, twice, out of order, across phones and buttons."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chalicelib.rules.reports.draft import Merged, Posted
from chalicelib.store import drafts
from tests.savings import FIELDS, Server, Story
from tests.sizes import Figure, size
from tests.world import K, P, Page, Phone, Start, World, form_of

NAMES = dict(zip(FIELDS, ("i1", "t1"), strict=True))  # as the form calls them


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    opened = World(Start(tmp_path).fresh())
    yield opened
    opened.close()


class Served(Server):
    """The draft of the real server, saved to as the script does; the ledger stays our own."""

    def __init__(self, world: World, pages: dict[str, tuple[Phone, Page]]) -> None:
        super().__init__()
        self._world = world
        self._pages = pages

    def _typed(self) -> dict[str, str]:
        found = drafts.draft(self._world.plain.table, P, K, "T01")
        return {of: found.typed.get(name, "") if found else "" for of, name in NAMES.items()}

    def _merged(self, saving: Posted) -> Merged:
        phone, page = self._pages[saving.page]
        own = {name: page.fields[name] for name in ("csrf", "of.unit", "base", "page")}
        numbers = {"draft": str(saving.known), "place": str(saving.place), "part": "1"}
        typed = {NAMES[of]: text for of, text in saving.typed.items()}
        before = self._typed()
        reply = phone.visitor.post(f"/report/{K}/draft", own | numbers | typed)
        after, told = self._typed(), json.loads(reply.body)
        assert reply.status == (409 if "asked" in told else 200), told
        asked = {of: saving.typed[of] for of in FIELDS if NAMES[of] in told.get("asked", {})}
        theirs = {of: told["theirs"][name] for of, name in NAMES.items() if name in told["theirs"]}
        taken = frozenset(of for of in FIELDS if before[of] != after[of])
        assert all(after[of] == saving.typed[of] for of in taken)
        self.draft = drafts.draft(self._world.plain.table, P, K, "T01") or self.draft
        assert told["draft"] == self.draft.revision
        shown = {of: text for of, text in after.items() if text}
        return Merged(replace(self.draft, typed=shown), taken, theirs, asked)

    def waiting(self) -> list[tuple[str, dict[str, str]]]:
        held = drafts.held(self._world.plain.table, P, K, "T01")
        return [
            (one.page, {of: one.typed[name] for of, name in NAMES.items() if name in one.typed})
            for one in held.parked.values()
        ]


@pytest.mark.guards(
    "in any order, late, twice, unanswered: no text lost, none overwritten unseen, none taken twice"
)
@pytest.mark.soak
def test_of_reordered_savings_nothing_is_lost_nor_overwritten_unseen(
    world: World, figure: Figure
) -> None:
    """Two phones with two tabs each; each saving may wait, come twice, lose its answer."""
    chance = random.Random(3)  # noqa: S311 - repeatable is what is wanted here
    total = size(400, 8_000)
    pages = {}
    for phone in (world.phone("T01"), world.phone("T01")):
        for _ in range(2):
            page = world.open_form(phone)
            assert page is not None
            pages[page.fields["page"]] = (phone, page)
    server = Served(world, pages)
    story = Story(server, list(pages))
    for _ in range(total):
        page, name = chance.choice(story.pages), chance.choice(FIELDS)
        match chance.randrange(6):
            case 0:
                story.types(page, name, chance.random() < 0.2)
            case 1:
                story.saves(page)
            case 2 | 3:
                again, lost = chance.random() < 0.2, chance.random() < 0.3
                story.brings(chance.randrange(9), again, lost)
            case 4:
                story.hears(chance.randrange(9))
            case _:
                story.decides(page, name, chance.random() < 0.5)
    assert server.lost() == []
    assert server.told["taken"] > total // 40
    assert server.told["asked"] > total // 100
    figure("acts", total, *(f"{name} {count}," for name, count in server.told.items()))


def first_field(world: World) -> str:
    found = drafts.draft(world.plain.table, P, K, "T01")
    assert found is not None
    return found.typed.get("i1", "")


@pytest.mark.guards(
    "a saving that hangs while a button saves", "a button outside the order ✓ (the second)"
)
def test_a_late_autosave_changes_nothing_after_a_button_has_saved(world: World) -> None:
    """The script's saving hangs in the network; the person types on and presses the button."""
    phone = world.phone("T01")
    page = world.open_form(phone)
    assert page is not None
    first, hanging = world.autosaving(page, 1), world.autosaving(page, 2)
    assert world.autosave(phone, page, first).status == 200  # type: ignore[union-attr]
    assert world.save(phone, page, 3, "check").status == 303  # type: ignore[union-attr]
    late = phone.visitor.post(f"/report/{K}/draft", hanging)
    assert late.status == 200
    assert first_field(world) == "3"


@pytest.mark.guards("a saving that hangs while a button saves")
def test_a_buttons_saving_that_is_late_changes_nothing_after_the_next_one(world: World) -> None:
    phone = world.phone("T01")
    page = world.open_form(phone)
    assert page is not None
    hanging = world.autosaving(page, 1) | {"do": "save"}
    assert world.save(phone, page, 2, "save").status == 303  # type: ignore[union-attr]
    late = phone.visitor.sees(phone.visitor.post(f"/report/{K}", hanging))
    assert late.status == 200
    assert form_of(late, K)["i1"] == "2"
    assert first_field(world) == "2"


def test_a_page_without_its_script_may_save_again_when_it_heard_no_answer(world: World) -> None:
    phone = world.phone("T01")
    page = world.open_form(phone)
    assert page is not None
    for number in (1, 2):
        fields = world.autosaving(page, number) | {"do": "save", "place": ""}
        assert phone.visitor.post(f"/report/{K}", fields).status == 303
        assert first_field(world) == str(number)
    other = world.phone("T01")
    fields = world.autosaving(page, 3) | {"do": "save", "place": "", "page": "0123456789abcdef"}
    fields["csrf"] = world.open_form(other).fields["csrf"]  # type: ignore[union-attr]
    assert other.visitor.sees(other.visitor.post(f"/report/{K}", fields)).status == 409
    assert first_field(world) == "2"


def test_a_late_autosave_changes_nothing_after_the_sending(world: World) -> None:
    """It may keep a draft; the report, its texts and the summary know only what was sent."""
    phone = world.phone("T01")
    page = world.open_form(phone)
    assert page is not None
    hanging = world.autosaving(page, 1)
    check = world.check(phone, page, 2)
    assert check is not None
    assert world.send(phone, check).status == 303
    assert phone.visitor.post(f"/report/{K}/draft", hanging).status == 409
    shown = world.open_form(phone)
    assert shown is not None
    assert shown.fields["i1"] == "2"
    world.audit()
