"""Autosaves as a bad network brings them: late, twice, out of order, across phones and buttons."""

import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chalicelib.store import keys
from infra.gateway import Reply
from tests.sizes import Figure, size
from tests.world import K, P, Page, Phone, Start, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    opened = World(Start(tmp_path).fresh())
    yield opened
    opened.close()


@dataclass
class Saving:
    """One saving on its way: everything that it knew when it left the phone."""

    phone: Phone
    page: Page
    fields: dict[str, str]
    number: int
    by_button: bool


@dataclass
class Stands:
    """The ledger's own draft: what must stand on the server, by the rule of the words below.

    A saving is taken where its page has seen what stands, or where what stands is an earlier
    saving of the same page. Anything else is refused, and nothing changes.
    """

    revision: int = 0
    number: int = 0
    page: str = ""
    place: int = 0

    def takes(self, saving: Saving) -> bool:
        if int(saving.fields["draft"]) == self.revision:
            return True
        same_page = saving.fields["page"] == self.page
        return same_page and int(saving.fields["place"]) > self.place

    def take(self, saving: Saving) -> None:
        self.revision += 1
        self.number = saving.number
        self.page, self.place = saving.fields["page"], int(saving.fields["place"])


def draft(world: World) -> dict[str, Any]:
    item = world.plain.table.get(keys.draft(P, K, "T01"))
    return {"revision": item.version, **item.body} if item else {"revision": 0}


def first_field(stands: Mapping[str, Any]) -> int:
    return int(json.loads(stands["typed"])["i1"])


def deliver(saving: Saving) -> Reply:
    path = f"/report/{K}" if saving.by_button else f"/report/{K}/draft"
    more = {"do": "save"} if saving.by_button else {}
    return saving.phone.visitor.post(path, saving.fields | more)


def hear(saving: Saving, reply: Reply) -> None:
    """The answer arrives: the page knows the new revision. After a button it is a new page."""
    if reply.status == 200:
        saving.page.fields["draft"] = str(json.loads(reply.body)["draft"])


class Network:
    """Brings savings to the server, and compares what then stands with the ledger's rule."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self._world = world
        self._chance = chance
        self.stands = Stands()
        self.newest: dict[str, int] = {}  # page -> the number of its newest saving that was taken
        self.told = Counter[str]()

    def brings(self, saving: Saving) -> None:
        before = draft(self._world)
        same = "typed" in before and first_field(before) == saving.number
        reply = deliver(saving)
        after = draft(self._world)
        if after["revision"] != before["revision"]:
            self._taken(saving)
        else:
            assert same or not self.stands.takes(saving)
            assert reply.status == (409 if not same else 303 if saving.by_button else 200)
            self.told["the same again" if same else "refused"] += 1
        assert after["revision"] == self.stands.revision
        assert first_field(after) == self.stands.number
        if self._chance.random() < 0.7:  # or the answer is lost
            hear(saving, reply)

    def _taken(self, saving: Saving) -> None:
        assert self.stands.takes(saving), "an older saving, or one of another phone, was taken"
        page = saving.fields["page"]
        assert saving.number > self.newest.get(page, 0)
        self.newest[page] = saving.number
        self.stands.take(saving)
        self.told["taken"] += 1


def a_page(world: World, phone: Phone, chance: random.Random) -> Page:
    """Mostly the one in view, sometimes an older one, sometimes it is opened anew."""
    if not phone.pages or chance.random() < 0.1:
        opened = world.open_form(phone)
        assert opened is not None
        return opened
    return phone.pages[-1] if chance.random() < 0.85 else chance.choice(phone.pages)


@pytest.mark.soak
def test_of_reordered_savings_nothing_newer_is_overwritten_by_older(
    world: World, figure: Figure
) -> None:
    """Two phones, their pages old and new; each saving may wait, come twice, lose its answer."""
    chance = random.Random(3)  # noqa: S311 - repeatable is what is wanted here
    total = size(150, 3_000)
    phones = [world.phone("T01") for _ in range(2)]
    network, waiting = Network(world, chance), list[Saving]()
    for number in range(1, total + 1):
        phone = chance.choice(phones)
        page = a_page(world, phone, chance)
        fields = world.autosaving(page, number)
        saving = Saving(phone, page, fields, number, chance.random() < 0.15)
        fate = chance.random()
        if fate < 0.5:
            network.brings(saving)
        else:
            waiting += [saving] * (2 if fate > 0.9 else 1)
        while waiting and chance.random() < 0.4:
            network.told["late"] += 1
            network.brings(waiting.pop(chance.randrange(len(waiting))))
    chance.shuffle(waiting)
    for saving in waiting:
        network.told["late"] += 1
        network.brings(saving)
    assert network.told["taken"] > total // 10
    assert network.told["refused"] > total // 10
    figure("savings", total, *(f"{name} {count}," for name, count in network.told.items()))


def test_a_late_autosave_changes_nothing_after_a_button_has_saved(world: World) -> None:
    """The script's saving hangs in the network; the person types on and presses the button."""
    phone = world.phone("T01")
    page = world.open_form(phone)
    assert page is not None
    first, hanging = world.autosaving(page, 1), world.autosaving(page, 2)
    assert world.autosave(phone, page, first).status == 200  # type: ignore[union-attr]
    assert world.save(phone, page, 3, "check").status == 303  # type: ignore[union-attr]
    late = phone.visitor.post(f"/report/{K}/draft", hanging)
    assert late.status == 409
    assert first_field(draft(world)) == 3


def test_a_buttons_saving_that_is_late_changes_nothing_after_the_next_one(world: World) -> None:
    phone = world.phone("T01")
    page = world.open_form(phone)
    assert page is not None
    hanging = world.autosaving(page, 1) | {"do": "save"}
    assert world.save(phone, page, 2, "save").status == 303  # type: ignore[union-attr]
    late = phone.visitor.post(f"/report/{K}", hanging)
    assert late.status == 409
    assert first_field(draft(world)) == 2


def test_a_page_without_its_script_may_save_again_when_it_heard_no_answer(world: World) -> None:
    phone = world.phone("T01")
    page = world.open_form(phone)
    assert page is not None
    for number in (1, 2):
        fields = world.autosaving(page, number) | {"do": "save", "place": ""}
        assert phone.visitor.post(f"/report/{K}", fields).status == 303
        assert first_field(draft(world)) == number
    other = world.phone("T01")
    fields = world.autosaving(page, 3) | {"do": "save", "place": "", "page": "0123456789abcdef"}
    fields["csrf"] = world.open_form(other).fields["csrf"]  # type: ignore[union-attr]
    assert other.visitor.post(f"/report/{K}", fields).status == 409
    assert first_field(draft(world)) == 2


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
