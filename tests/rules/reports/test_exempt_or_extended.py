"""What holds for one unit in one period: an extension gives time and never takes any."""

from datetime import date, datetime

import pytest

from chalicelib.rules.programmes.period import end_of
from chalicelib.rules.reports.exempt_or_extended import Terms
from tests.builders import period

DAYS = [end_of(date(2026, 12, day)) for day in (18, 24, 25)]
EXTENDED = Terms("T01", due=DAYS[1])


@pytest.mark.guards(
    "an extension takes no time: days moved past it hold for its unit too",
    "the extension alone ✓",
    "told as one where all have more ✓ (the first)",
)
@pytest.mark.parametrize(
    ("common", "due", "extension"),
    [
        (DAYS[0], DAYS[1], DAYS[1]),
        (DAYS[1], DAYS[1], None),
        (DAYS[2], DAYS[2], None),  # the days of all were moved past it
    ],
)
def test_the_later_of_the_units_own_due_and_that_of_all_holds(
    common: datetime, due: datetime, extension: datetime | None
) -> None:
    moved = period(due=common)
    assert EXTENDED.due_in(moved) == due
    assert EXTENDED.extension_in(moved) == extension
