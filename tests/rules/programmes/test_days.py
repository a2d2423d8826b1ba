"""Days as people pick or type them."""

from datetime import UTC, date, datetime

import pytest

from chalicelib.rules.programmes import days

# 23:30 of 15/12/2026 in Việt Nam.
LATE = datetime(2026, 12, 15, 16, 30, tzinfo=UTC)


@pytest.mark.parametrize("typed", ["2026-12-20", "20/12/2026"])
def test_a_day_is_read_as_a_box_sends_it_and_as_people_type_it(typed: str) -> None:
    assert days.read(typed) == date(2026, 12, 20)


@pytest.mark.guards(
    "no day is so far that it breaks the page", "only what is no day at all refused ✓"
)
@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("", "no_day"),
        ("31/02/2026", "bad_day"),
        ("2026-13-01", "bad_day"),
        ("mai", "bad_day"),
        ("20/12", "bad_day"),
        ("20/12/26/1", "bad_day"),
        ("0/0/0", "bad_day"),
        ("1/1/99999", "bad_day"),
        ("1/1/99999999999", "bad_day"),  # more than the machine counts
        ("14/12/2026", "day_past"),
        ("17/12/2027", "day_far"),
    ],
)
def test_another_text_is_refused_with_what_is_wrong(typed: str, problem: str) -> None:
    with pytest.raises(days.Unfit) as refused:
        days.end_to_come(typed, LATE)
    assert refused.value.problem == problem


def test_a_due_day_ends_with_its_last_second_in_viet_nam_and_may_be_today() -> None:
    assert days.end_to_come("15/12/2026", LATE) == datetime(2026, 12, 15, 16, 59, 59, tzinfo=UTC)


def test_in_viet_nam_it_is_already_the_next_day() -> None:
    """At 17:30 UTC the fifteenth is over."""
    with pytest.raises(days.Unfit) as refused:
        days.end_to_come("15/12/2026", LATE.replace(hour=17))
    assert refused.value.problem == "day_past"


@pytest.mark.guards("more time is more", "`<` for `<=` ✓")
def test_an_extension_must_be_later_than_what_stands() -> None:
    after = datetime(2026, 12, 17, 16, 59, 59, tzinfo=UTC)
    with pytest.raises(days.Unfit) as refused:
        days.end_to_come("17/12/2026", LATE, after)
    assert refused.value.problem == "day_not_later"
    assert days.end_to_come("18/12/2026", LATE, after).day == 18
