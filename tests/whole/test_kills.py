"""kill -9 before and after every table call of a send and of a summarising run."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.independent import Raw, assert_equal, independent
from tests.killer import Killer, Order, killer
from tests.ministack import Ministack
from tests.sizes import Figure, size
from tests.world import BEGAN, REASON, UNITS, K, P, Phone, Start, World

KILLED = -9
DUE = datetime(2026, 12, 17, 16, 59, 59, tzinfo=UTC)
Stage = Callable[[World, random.Random], tuple[Phone, dict[str, str]]]


@pytest.fixture(scope="module")
def kill() -> Iterator[Killer]:
    with killer() as ready:
        yield ready


@pytest.fixture
def start(tmp_path: Path) -> Start:
    return Start(tmp_path)


def first(world: World, chance: random.Random) -> tuple[Phone, dict[str, str]]:
    phone = world.phone(chance.choice(UNITS))
    return phone, world.ready(phone, chance.randint(1, 9))


def correction(world: World, chance: random.Random) -> tuple[Phone, dict[str, str]]:
    phone, check = first(world, chance)
    for _ in range(chance.randint(1, 2)):
        assert world.send(phone, check).status == 303
        check = world.ready(phone, int(check["i1"]) + 1)
    return phone, check


def answer(world: World, chance: random.Random) -> tuple[Phone, dict[str, str]]:
    phone, check = first(world, chance)
    assert world.send(phone, check).status == 303
    world.move(phone.unit, "return", world.now + timedelta(days=chance.randint(-1, 2)))
    # The same content once more, or another.
    return phone, world.ready(phone, int(check["i1"]) + chance.randint(0, 1))


def length(world: World, act: Callable[[], object]) -> int:
    world.calls.arm(-1, "before")
    act()
    return len(world.calls.made)


def killed_sends(
    kill: Killer, start: Start, stage: Stage, seeds: range, *, apart: int = 1
) -> tuple[int, int, int]:
    """Kills at every `apart`-th call, and at the next tap: receipts of what was kept before, and
    clean sendings.
    """
    kills = kept = clean = 0
    for seed in seeds:
        chance = random.Random(seed)  # noqa: S311 - repeatable is what is wanted here
        world = World(start.fresh(), chance.choice([BEGAN, DUE, DUE + timedelta(hours=1)]))
        phone, check = stage(world, chance)
        world.close()
        untouched = world.here
        world.here = untouched.copy()
        world.open()
        calls = length(world, lambda w=world, p=phone, c=check: w.send(p, c))  # type: ignore[misc]
        number = len(world.versions(phone.unit))
        world.close()
        for call in range(chance.randrange(apart), calls, apart):
            for when in ("before", "after"):
                world.here = untouched.copy()
                # What the trial above was told is not of this copy.
                world.ledger.receipts.pop((phone.unit, number), None)
                fields = {**check, "reason": REASON}
                world.ledger.tries(phone.unit, int(check["i1"]), world.now)
                order = Order(
                    world.here,
                    world.now,
                    call,
                    when,
                    phone.unit,
                    phone.visitor.cookies,
                    fields,  # type: ignore[arg-type]
                )
                assert kill(order) == KILLED
                kills += 1
                world.open()
                before = len(world.versions(phone.unit))
                assert before in (number - 1, number)
                phone.unanswered = fields
                sent = world.tap_again(phone)
                assert (sent.status, sent.receipt) == (303, number)
                assert len(world.versions(phone.unit)) == number
                kept, clean = kept + (before == number), clean + (before < number)
                world.audit()
                world.close()
    return kills, kept, clean


@pytest.mark.guards(
    "killed before or after any call of a send: a receipt or a clean sending at the next tap",
    "the version written before the rest ✓ (the first)",
)
@pytest.mark.soak
@pytest.mark.parametrize("stage", [first, correction, answer], ids=lambda one: one.__name__)
def test_a_send_killed_at_any_call_ends_at_the_next_tap(
    kill: Killer, start: Start, stage: Stage, figure: Figure
) -> None:
    seeds = range(size(1, 20))
    kills, kept, clean = killed_sends(kill, start, stage, seeds)
    assert kills > 15 * len(seeds)
    assert kept == len(seeds)  # after the write, and only then
    figure("seeds", len(seeds), "kills", kills, "kept before", kept, "sent at the next tap", clean)


@pytest.mark.guards(
    "killed before or after any call of a send: a receipt or a clean sending at the next tap"
)
@pytest.mark.soak
def test_a_send_killed_at_any_call_on_dynamodb(
    kill: Killer, tmp_path: Path, ministack: Ministack, figure: Figure
) -> None:
    seeds, apart, there = range(size(1, 5)), size(3, 1), Start(tmp_path, port=ministack.port)
    kills, kept, clean = killed_sends(kill, there, correction, seeds, apart=apart)
    assert kept <= len(seeds) if apart > 1 else kept == len(seeds)
    figure("seeds", len(seeds), "kills", kills, "kept before", kept, "sent at the next tap", clean)


def some_reports(world: World, chance: random.Random) -> None:
    """A summary that stands, and then changes: sent, corrected, returned, accepted."""
    everyone = [world.phone(unit) for unit in UNITS]
    for phone in everyone[: chance.randint(1, 3)]:
        world.send(phone, world.ready(phone, chance.randint(1, 9)))
    if chance.random() < 0.7:
        world.summarise()
    world.send(everyone[0], world.ready(everyone[0], chance.randint(10, 19)))
    move = chance.choice(["accept", "return", ""])
    if move:
        world.move(everyone[0].unit, move)


def killed_runs(kill: Killer, start: Start, seeds: range, *, apart: int = 1) -> tuple[int, int]:
    """Kills at every `apart`-th call, and how many left the new summary behind."""
    kills = finished = 0
    for seed in seeds:
        chance = random.Random(seed)  # noqa: S311 - repeatable is what is wanted here
        world = World(start.fresh())
        some_reports(world, chance)
        old = world.document()
        right = independent(Raw.of_table(world.plain.table), P, K)
        world.close()
        untouched = world.here
        world.here = untouched.copy()
        world.open()
        calls = length(world, world.summarise)
        world.close()
        for call in range(chance.randrange(apart), calls, apart):
            for when in ("before", "after"):
                world.here = untouched.copy()
                assert kill(Order(world.here, world.now, call, when)) == KILLED  # type: ignore[arg-type]
                kills += 1
                world.open()
                stands = world.document()
                if stands != old:
                    assert_equal(stands, right)
                    finished += 1
                world.audit()
                world.close()
    return kills, finished


@pytest.mark.guards(
    "killed in a summarising run: the old summary or the new one, whole",
    "the item before its files ✓ (the first)",
)
@pytest.mark.soak
def test_a_run_killed_at_any_call_leaves_a_whole_summary_and_the_next_is_whole(
    kill: Killer, start: Start, figure: Figure
) -> None:
    """The one before, or the new one with its files; never a part of it."""
    seeds = range(size(1, 20))
    kills, finished = killed_runs(kill, start, seeds)
    assert kills > 30 * len(seeds)
    assert finished >= len(seeds)
    figure("seeds", len(seeds), "kills", kills, "with the new summary", finished)


@pytest.mark.guards("killed in a summarising run: the old summary or the new one, whole")
@pytest.mark.soak
def test_a_run_killed_at_any_call_on_dynamodb(
    kill: Killer, tmp_path: Path, ministack: Ministack, figure: Figure
) -> None:
    seeds, there = range(size(1, 3)), Start(tmp_path, port=ministack.port)
    kills, finished = killed_runs(kill, there, seeds, apart=size(4, 1))
    figure("seeds", len(seeds), "kills", kills, "with the new summary", finished)
