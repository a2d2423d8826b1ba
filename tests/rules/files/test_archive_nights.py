"""When a night's archive is due, which older ones stay, when a missing one is said."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.rules.files.archive_nights import Known, due, missed, staying
from chalicelib.rules.texts.clock import VIETNAM, today


def at(text: str) -> datetime:
    """An instant by the clock of Việt Nam: `24 01:00` is of November 2026."""
    return datetime.strptime(f"2026-11-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("now", "night"),
    [("24 01:00", "24 01:00"), ("24 00:59", "23 01:00"), ("24 23:59", "24 01:00")],
)
def test_the_archive_of_a_night_is_due_at_one(now: str, night: str) -> None:
    assert due(at(now).astimezone(UTC)) == at(night)


@pytest.mark.guards("an archive from the future is of no night and takes no place")
@pytest.mark.guards(
    "a night without one is said, on the desk too, where there are nights",
    "only a failure that was told ✓",
    "an older failure ✓",
    "no patience ✓",
    "not kept",
    "shown to all ✓",
    "kept in archives",
)
@pytest.mark.parametrize(
    ("made", "failed", "now", "said"),
    [
        ("24 01:00", "", "24 09:00", False),
        ("24 01:00", "", "25 00:59", False),
        ("23 01:00", "", "24 01:30", False),  # it may still be written
        ("23 01:00", "", "24 03:01", True),  # nobody even says that it failed
        ("23 01:00", "24 01:00", "24 01:01", True),
        ("23 01:00", "23 01:00", "24 01:30", False),  # a failure of the night before
        ("24 05:00", "24 04:00", "24 09:00", False),  # made good in the morning
        ("", "", "24 00:30", True),
        ("", "24 01:00", "24 01:01", True),
        ("20 01:00", "24 01:00", "24 09:00", True),
        ("30 01:00", "", "24 09:00", True),  # the clock was wrong
        ("24 09:01", "24 01:00", "24 09:00", True),
        ("24 01:00", "30 01:00", "24 09:00", False),
        ("23 01:00", "30 01:00", "24 01:30", False),
    ],
)
def test_a_night_without_one_is_said(made: str, failed: str, now: str, said: bool) -> None:
    known = Known(*(at(text) if text else None for text in (made, failed)))
    assert missed(known, at(now)) is said


@pytest.mark.guards(
    "days, weeks, months stay; strangers too",
    "the oldest of each ✓",
    "days of UTC ✓",
    "nothing thinned ✓",
)
@pytest.mark.parametrize(
    ("made", "stay"),
    [
        ([], []),
        (["24 01:00"], ["24 01:00"]),
        (["24 01:00", "24 09:00", "24 23:59"], ["24 23:59"]),  # of a day the newest
        (["22 23:59", "23 00:00"], ["22 23:59", "23 00:00"]),  # days end as in Việt Nam
        (
            [f"{day:02} 01:00" for day in range(2, 25)],
            # seven days, and the newest of the weeks that end on the 8th, the 15th, the 22nd
            [f"{day:02} 01:00" for day in (8, 15, 18, 19, 20, 21, 22, 23, 24)],
        ),
        # a machine that was off for long loses nothing by that
        (["02 01:00", "03 01:00", "20 01:00"], ["02 01:00", "03 01:00", "20 01:00"]),
    ],
)
def test_what_stays(made: list[str], stay: list[str]) -> None:
    assert staying(at(one).astimezone(UTC) for one in made) == set(map(at, stay))


@pytest.mark.guards("days, weeks, months stay; strangers too")
def test_night_after_night_for_two_years_there_are_days_weeks_and_months() -> None:
    """Thinned each night, so that nothing can come back that went too early."""
    kept: set[datetime] = set()
    for night in range(730):
        kept = staying({*kept, at("24 01:00") + timedelta(days=night)})
        assert len(kept) <= 7 + 4 + 12
    newest = max(kept)
    days = {today(newest) - today(one) for one in kept}
    assert {timedelta(days=n) for n in range(7)} <= days
    assert len({today(one).isocalendar()[:2] for one in kept}) >= 4
    months = {(today(one).year, today(one).month) for one in kept}
    assert len(months) == 12
    ends = [one for one in kept if (today(one) + timedelta(days=1)).day == 1]
    assert len(ends) >= 11  # the last night of each month that has ended
