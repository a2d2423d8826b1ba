"""Days as people write them."""

from datetime import date

import pytest

from chalicelib.rules.texts.day import day_of


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("2026-12-25", date(2026, 12, 25)),
        ("25/12/2026", date(2026, 12, 25)),
        ("5/1/2027", date(2027, 1, 5)),
        ("25-12-2026", date(2026, 12, 25)),
        ("25.12.2026", date(2026, 12, 25)),
        ("31/02/2026", None),
        ("2026-13-01", None),
        ("25/12/26", None),
        ("12/25/2026", None),
        ("٢٥/١٢/٢٠٢٦", None),
        ("ngày mai", None),
        ("", None),
    ],
)
def test_a_day_is_read_as_a_field_sends_it_or_as_people_write_it(
    typed: str, day: date | None
) -> None:
    assert day_of(typed) == day
