"""kill -9 at every table call of handing over, re-issuing and revoking: what ended has ended.

Four hundred sessions of one unit at full size, as a program without a bound left them.
"""

import random
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import app
from chalicelib.rules.access.access import Link, csrf_token, link_token
from chalicelib.store import access, links
from infra.gateway import Gateway
from infra.visitor import Visitor
from tests.devices import left_open, standing
from tests.killer import Killer, Order, killer
from tests.sizes import Figure, size
from tests.world import KEY, UNITS, P, Start, World

KILLED = -9
OFFICER = "mot@so.example"
MINUTE = timedelta(minutes=1)
Act = tuple[str, dict[str, str]]  # where it is posted, and what


@pytest.fixture(scope="module")
def kill() -> Iterator[Killer]:
    with killer() as ready:
        yield ready


def by_the_unit(world: World, unit: str) -> Act:
    return "/report/handover", {"sure": "1"}


def by_an_officer(world: World, unit: str) -> Act:
    seen = world.now.isoformat()
    return f"/desk/{P}/links/of/{unit}", {"sure": "1", "seen": seen, "mail": "1"}


def revoked(world: World, unit: str) -> Act:
    where, fields = by_an_officer(world, unit)
    return where, {**fields, "do": "revoke"}


def in_bulk(world: World, unit: str) -> Act:
    seen = world.now.isoformat()
    return f"/desk/{P}/links", {"do": "reissue", "which": "all", "sure": "1", "seen": seen}


def for_a_leaver(world: World, unit: str) -> Act:
    return "/desk/staff/leaver", {"account": "hai@so.example", "since": world.now.isoformat()}


ACTS: tuple[Callable[[World, str], Act], ...] = (
    by_the_unit,
    by_an_officer,
    revoked,
    in_bulk,
    for_a_leaver,
)


class Scene:
    """A unit with many sessions, a minute before somebody ends them."""

    def __init__(self, start: Start, number: int, act: Callable[[World, str], Act]) -> None:
        world = World(start.fresh())
        self.unit, table = UNITS[1], world.plain.table
        for unit in UNITS:
            links.issue_link(table, KEY, P, unit)
        phone = world.phone(self.unit)
        own = phone.visitor.cookies["bc-unit"]
        link = Link(P, self.unit, 1)
        self.sessions = [own]
        self.sessions += left_open(table, link, world.now, number // 2, older=False)
        self.sessions += left_open(table, link, world.now, number - number // 2, older=True)
        access.keep_staff(table, OFFICER, "officer")
        officer = access.open_session(table, "officer", world.now, email=OFFICER)
        world.now += MINUTE
        self.where, fields = act(world, self.unit)
        who = own if act is by_the_unit else officer.token
        name = "bc-unit" if act is by_the_unit else "bc-staff"
        self.fields = {**fields, "csrf": csrf_token(who)}
        self.cookies = {name: who}
        self.now = world.now + MINUTE
        world.close()
        self.here = world.here

    def calls(self) -> int:
        """How many there are where nobody is killed."""
        here = self.here.copy()
        world = World(here, self.now)
        world.calls.arm(-1, "before")
        visitor = Visitor(app, Gateway(app))
        visitor.cookies = dict(self.cookies)
        assert visitor.post(self.where, self.fields).status == 303
        made = len(world.calls.made)
        world.close()
        return made


def judged(scene: Scene, world: World) -> str:
    """Old link and old sessions stand together or not at all; and some page or mail lets in."""
    table, unit = world.plain.table, scene.unit
    old = link_token(KEY, Link(P, unit, 1))
    works = access.link(table, old) is not None
    alive = standing(table, scene.sessions, world.now)
    if works:
        assert alive == len(scene.sessions)
        return "before"
    assert alive == 0, f"{alive} of {len(scene.sessions)} old sessions work"
    known = links.standing(table, P, unit)
    assert known is not None
    if known.works:
        new = links.token(KEY, known)
        assert access.link(table, new) == Link(P, unit, 2)
        if scene.where == "/report/handover":
            mails = [path.read_bytes() for path in sorted(world.here.data.glob("outbox/*.eml"))]
            assert any(new.encode() in mail for mail in mails), "a new link that no mail names"
    return "after"


@pytest.mark.guards(
    "a unit's session is of its link's generation: whatever is killed, none works beside a new "
    "link",
    "the generation not compared ✓ (the first: 61 of 61 work)",
)
@pytest.mark.soak
@pytest.mark.parametrize("act", ACTS, ids=lambda one: one.__name__)
def test_killed_anywhere_no_old_session_works_beside_the_new_link(
    kill: Killer, tmp_path: Path, act: Callable[[World, str], Act], figure: Figure
) -> None:
    scene = Scene(Start(tmp_path), size(60, 400), act)
    places = [(call, when) for call in range(scene.calls()) for when in ("before", "after")]
    chosen = random.Random(7).sample(places, min(len(places), size(8, 10_000)))  # noqa: S311
    ends = {"before": 0, "after": 0}
    for call, when in chosen:
        here = scene.here.copy()
        order = Order(
            here,
            scene.now,
            call,
            when,  # type: ignore[arg-type]
            cookies=scene.cookies,
            check=scene.fields,
            where=scene.where,
        )
        assert kill(order) == KILLED
        world = World(here, scene.now + MINUTE)
        ends[judged(scene, world)] += 1
        world.close()
    sessions = len(scene.sessions)
    figure(
        "kills", len(chosen), "sessions", sessions, *(part for end in ends.items() for part in end)
    )


def test_what_is_left_of_a_cut_off_handover_is_named_on_the_officers_page(tmp_path: Path) -> None:
    """The link is there, the mail is not: the page tells, and the next press mails it."""
    scene = Scene(Start(tmp_path), 4, by_an_officer)
    world = World(scene.here, scene.now)
    links.reissue_link(world.plain.table, KEY, P, scene.unit)
    visitor = Visitor(app, Gateway(app))
    visitor.cookies = dict(scene.cookies)
    page = re.sub(r"<[^>]+>", " ", visitor.get(scene.where).body.decode())
    assert "cấp lần 2" in page
    assert "Tờ mã QR của đơn vị" in page
    world.close()
