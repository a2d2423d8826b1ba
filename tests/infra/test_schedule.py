"""The hours of one machine: none missed that woke early or began late, each night once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infra.schedule import Schedule

EVENING = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
NIGHT = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)  # one o'clock in Việt Nam
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


class Days:
    """A schedule on a clock that only its waits and its work move; what it did, and when."""

    def __init__(self, now: datetime = EVENING) -> None:
        self.now = now
        self.done: list[tuple[datetime, bool]] = []
        self.work = 5 * SECOND
        self.late: dict[int, timedelta] = {}  # by which a wait ends after its time, or before
        self.waits: list[float] = []
        site: Any = SimpleNamespace(clock=lambda: self.now)
        self.schedule = Schedule(site, Path())
        stopped: Any = SimpleNamespace(wait=self._wait)
        self.schedule._stopped = stopped
        self.schedule.hour = self._hour  # type: ignore[method-assign]

    def _hour(self, *, everything: bool) -> None:
        self.done.append((self.now, everything))
        self.now += self.work

    def _wait(self, seconds: float) -> bool:
        late = self.late.get(len(self.waits), timedelta())
        self.waits.append(seconds)
        self.now += max(timedelta(), timedelta(seconds=seconds) + late)
        return self.now >= self._until

    def run(self, until: datetime) -> list[datetime]:
        """When all periods were summed."""
        self._until = until
        self.schedule.run()
        return [when for when, everything in self.done if everything]


@pytest.mark.guards(
    "no night is missed: early wakes, long work, sleep, a clock put right",
    "the clock's hour compared ✓ (the last three)",
    "the next hour reckoned from the end ✓ (all but the first and fourth)",
    "nights that only go up ✓, no bound of the wait ✓ (each the last)",
)
def test_all_is_done_at_the_start_and_once_a_night_and_what_is_open_each_hour() -> None:
    days = Days()
    assert days.run(NIGHT + timedelta(days=2)) == [EVENING, NIGHT, NIGHT + timedelta(days=1)]
    assert [when for when, _ in days.done[1:]] == [
        NIGHT - HOUR + place * HOUR for place in range(len(days.done) - 1)
    ]


@pytest.mark.guards("no night is missed: early wakes, long work, sleep, a clock put right")
@pytest.mark.parametrize("early", [timedelta(milliseconds=3), timedelta(seconds=2)])
def test_a_wait_that_ends_a_moment_early_misses_no_night(early: timedelta) -> None:
    days = Days()
    days.late = {1: -early}
    assert days.run(NIGHT + 12 * HOUR)[1:] == [NIGHT - early + days.work]


@pytest.mark.guards("no night is missed: early wakes, long work, sleep, a clock put right")
def test_work_that_takes_more_than_an_hour_misses_no_night() -> None:
    days = Days(NIGHT - HOUR + 5 * SECOND)
    days.work = timedelta(minutes=125)
    assert days.run(NIGHT + 12 * HOUR)[1] == days.done[0][0] + days.work


@pytest.mark.guards("no night is missed: early wakes, long work, sleep, a clock put right")
def test_a_machine_that_slept_through_the_hour_makes_up_for_the_night() -> None:
    days = Days()
    days.late = {0: 8 * HOUR}
    assert days.run(NIGHT + 12 * HOUR)[1:] == [NIGHT - HOUR + 8 * HOUR]


@pytest.mark.guards("no night is missed: early wakes, long work, sleep, a clock put right")
def test_a_clock_that_was_wrong_is_waited_for_no_longer_than_an_hour() -> None:
    days = Days(EVENING.replace(year=2030))
    put_right = iter([True])

    def work(*, everything: bool) -> None:
        days.done.append((days.now, everything))
        if next(put_right, False):
            days.now = EVENING

    days.schedule.hour = work  # type: ignore[method-assign]
    assert days.run(NIGHT + 3 * HOUR)[1:] == [NIGHT - HOUR / 2, NIGHT]
    assert max(days.waits) <= 3600
