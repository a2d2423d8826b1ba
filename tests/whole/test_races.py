"""Many at one moment: duplicate sends, two phones, summaries that overlap with sends."""

import itertools
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.edges.table import Busy, Conflict
from chalicelib.jobs import summarise as summing
from chalicelib.store import drafts, keys, programmes
from tests.conftest import ENGINES
from tests.contract import parallel
from tests.independent import Raw, assert_equal, independent
from tests.ledger import typed
from tests.sizes import Figure, size
from tests.world import K, P, Phone, Sent, Start, World

MANY = tuple(f"T{number:02}" for number in range(1, 13))


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def world(tmp_path: Path, engine: str, request: pytest.FixtureRequest) -> Iterator[World]:
    port = request.getfixturevalue("ministack").port if engine == "dynamodb" else 0
    opened = World(Start(tmp_path, MANY, port).fresh())
    yield opened
    opened.close()


def same_session(world: World, phone: Phone) -> Phone:
    """The phone's second tab."""
    other = world.phone(phone.unit)
    other.visitor.cookies = phone.visitor.cookies
    return other


@pytest.mark.guards("sent once")
@pytest.mark.guards("duplicates at one moment", "no recognition of a content already kept ✓")
@pytest.mark.soak
def test_duplicate_sends_at_one_moment_are_one_report(
    world: World, engine: str, figure: Figure
) -> None:
    """First sends, corrections and answers to returns, each tapped by many threads at once."""
    total = size(48, 9_000 if engine == "sqlite" else 1_000)
    threads, kinds = 8, Counter[str]()
    turns = total // threads
    for turn in range(turns):
        world.now += timedelta(minutes=4)  # no unit sends more often than it may
        unit = MANY[turn % len(MANY)]
        phone = world.phone(unit)
        if turn >= len(MANY) and turn % 3 == 0:
            world.move(unit, "return")
        check = world.ready(phone, turn + 1)
        kinds["first" if turn < len(MANY) else "later"] += 1
        before = len(world.versions(unit))
        tabs = [same_session(world, phone) for _ in range(threads)]

        def tap(place: int, tabs: list[Phone] = tabs, check: Any = check) -> Sent:
            return world.send(tabs[place], check)

        ended = parallel(threads, tap)
        if turn % len(MANY) < 3 and engine == "sqlite":
            world.restart()
            ended.append(world.send(phone, check))
        assert {sent.receipt for sent in ended} == {before + 1}  # type: ignore[attr-defined]
        assert len(world.versions(unit)) == before + 1
    world.audit()
    receipts = world.ledger.told["receipts"]
    assert receipts >= turns * threads
    assert len(world.ledger.receipts) == turns
    figure("taps", receipts, "reports", turns, "receipts lost 0, double 0")


@pytest.mark.guards("two phones at one moment", "version and head that expect anything ✓")
@pytest.mark.soak
def test_of_two_phones_at_one_moment_one_is_kept_and_the_other_told(
    world: World, engine: str, figure: Figure
) -> None:
    races = size(24 if engine == "sqlite" else 8, 500 if engine == "sqlite" else 100)
    for race in range(races):
        world.now += timedelta(minutes=4)  # no unit sends more often than it may
        unit = MANY[race % len(MANY)]
        both = [world.phone(unit) for _ in range(2)]
        checks = [world.ready(both[0], 2 * race + 1)]
        checks.append(checks[0] | typed(2 * race + 2) | {"csrf": csrf(world, both[1])})

        def tap(place: int, both: Any = both, checks: Any = checks) -> Sent:
            return world.send(both[place], checks[place])

        ended = parallel(2, tap)
        (won,) = (place for place, sent in enumerate(ended) if sent.status == 303)  # type: ignore[attr-defined]
        (lost,) = (place for place, sent in enumerate(ended) if sent.status == 409)  # type: ignore[attr-defined]
        assert world.versions(unit)[-1] == 2 * race + 1 + won
        page = ended[lost].page  # type: ignore[attr-defined]
        assert f'value="{2 * race + 1 + won}"' in page or f">{2 * race + 1 + won}<" in page
        assert "Trần Thị Mẫu" in page
        throws_away(world, both[lost])  # five such copies are kept, and no more
    world.audit()
    assert len(world.ledger.receipts) == races
    figure("races", races, "kept", len(world.ledger.receipts), "told", world.ledger.told["refused"])


def throws_away(world: World, phone: Phone) -> None:
    for number in drafts.held(world.plain.table, P, K, phone.unit).parked:
        shown = world.answer(phone, "GET", f"/report/{K}?parked={number}")
        assert shown is not None
        world.decide(phone, shown, 0)


def csrf(world: World, phone: Phone) -> str:
    page = world.open_form(phone)
    assert page is not None
    return page.fields["csrf"]


def as_seen(world: World, seen: dict[str, int]) -> Raw:
    """The table as it was when each head had the version that the summary has seen."""
    raw = Raw.of_table(world.plain.table)
    heads = raw.items[f"PERIOD#{P}#{K}"]
    for sort in [sort for sort in heads if sort.startswith("REPORT#")]:
        unit = sort.removeprefix("REPORT#")
        if unit not in seen:
            del heads[sort]
            continue
        body = dict(world.heads[unit, seen[unit]])
        heads[sort] = body
        chain = raw.items[f"REPORT#{P}#{K}#{unit}"]
        for name in [n for n in chain if n > f"VERSION#{body['version']:04}"]:
            del chain[name]
    return raw


@pytest.mark.guards("overlapping summaries", "over any version ✓")
@pytest.mark.soak
def test_overlapping_summaries_are_of_a_state_that_existed(
    world: World, engine: str, figure: Figure
) -> None:
    """Each stored one is the independent sum of the very heads that it names; the last one, of all.

    Between two of them reports are sent, corrected, returned and accepted.
    """
    rounds = size(5 if engine == "sqlite" else 3, 100 if engine == "sqlite" else 20)
    chance = random.Random(5)  # noqa: S311 - repeatable is what is wanted here
    phones = [world.phone(unit) for unit in MANY[:4]]
    checks = {phone.unit: world.ready(phone, 1) for phone in phones}
    told: Counter[str] = Counter()
    world.table.dawdle = lambda: time.sleep(chance.random() / 100)
    programme = programmes.programme(world.plain.table, P)
    assert programme is not None

    def summarise() -> str:
        try:
            return "written" if summing.summarise(world.site, programme, world.period) else "same"
        except (Conflict, Busy):
            return "gave way"

    for turn in range(rounds):
        world.now += timedelta(minutes=4)  # no unit sends more often than it may
        acts: list[Callable[[], object]] = [summarise, summarise]
        for phone in phones:
            acts.append(lambda phone=phone: world.send(phone, checks[phone.unit]))
        said = parallel(len(acts), lambda place, acts=acts: acts[place]())
        told.update(str(one) for one in said[:2])
        kept = world.plain.table.get(keys.summary(P, K))
        assert kept is not None
        seen = world.seen_by(kept.body)
        assert_equal(world.document(), independent(as_seen(world, seen), P, K))
        for phone in phones:
            move = chance.choice(["", "return", "accept", "accept and reopen"])
            for one in move.split(" and "):
                if one:
                    world.move(phone.unit, one)
            if move == "accept":
                world.move(phone.unit, "reopen")
            checks[phone.unit] = world.ready(phone, turn + 2)
    world.audit()
    stored = [seen for _, seen in sorted(world.summaries.items())]
    for older, newer in itertools.pairwise(stored):
        assert all(newer[unit] >= revision for unit, revision in older.items())
    figure("overlapping", 2 * rounds, dict(told), "wrong 0")
