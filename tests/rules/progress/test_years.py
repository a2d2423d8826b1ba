"""Facts about unit by period: every unit once, a cell a period, ended and not yet begun told."""

from datetime import UTC, date, datetime
from typing import get_args

import pytest

from chalicelib.messages.reports import progress as words
from chalicelib.rules.programmes.period import Period, end_of, start_of
from chalicelib.rules.progress import years
from chalicelib.rules.progress.years import Cell, Column
from chalicelib.rules.reports.exempt_or_extended import Terms
from chalicelib.rules.reports.report import Standing
from chalicelib.rules.units.unit import Unit
from tests.builders import head, period, standing, unit

TODAY = date(2026, 1, 15)
NOW = datetime(2026, 1, 15, 3, tzinfo=UTC)


def of(key: str, start: date, end: date, due: date) -> Period:
    return period(key, start=start, end=end, opens=start_of(start), due=end_of(due))


H1 = of("2025-H1", date(2024, 12, 15), date(2025, 6, 14), date(2025, 6, 17))
H2 = of("2025-H2", date(2025, 6, 15), date(2025, 12, 14), date(2025, 12, 17))


def column(which: Period, *heads: Standing, terms: tuple[Terms, ...] = ()) -> Column:
    return Column(which, {one.unit: one for one in heads}, {one.unit: one for one in terms})


def sent(code: str = "T01", **more: object) -> Standing:
    return standing(head(code, **more))


def lines(units: list[Unit], *columns: Column) -> dict[str, tuple[Cell, ...]]:
    return {one.unit.code: one.cells for one in years.lines(units, columns, NOW, TODAY)}


def test_a_line_has_a_cell_for_each_period_with_state_and_lateness() -> None:
    first = column(H1, sent(state="accepted"), sent("T02", late=True))
    second = column(H2, sent(state="returned"))
    assert lines([unit("T01"), unit("T02")], first, second) == {
        "T01": (Cell("accepted"), Cell("returned")),
        "T02": (Cell("submitted", late=True), Cell("overdue")),
    }


@pytest.mark.guards(
    "years: the list of each period's cut-off, today's names, ended told",
    "today's list of units ✓",
    "the first name ✓",
    "exempt only where nothing was sent ✓",
)
def test_the_end_of_the_district_offices() -> None:
    """Nine Phòng ended on 30/06/2025: they owe the first half, and for the second are ended."""
    old = unit("P01", valid_to="2025-06-30")
    commune = unit("X01", valid_from="2025-07-01")
    assert lines([old, commune], column(H1, sent("P01")), column(H2)) == {
        "P01": (Cell("submitted"), Cell("ended")),
        "X01": (Cell("not_yet"), Cell("overdue")),
    }
    ended = {
        one.unit.code: one.ended for one in years.lines([old, commune], [column(H1)], NOW, TODAY)
    }
    assert ended == {"P01": date(2025, 6, 30)}  # a commune that owes nothing here has no line


@pytest.mark.guards("years: the list of each period's cut-off, today's names, ended told")
@pytest.mark.parametrize(
    ("last_day", "cell"), [(date(2025, 6, 13), "ended"), (date(2025, 6, 14), "overdue")]
)
def test_a_unit_that_ended_the_day_before_the_cut_off_does_not_owe(
    last_day: date, cell: str
) -> None:
    """It had sent for the half before, so that its line is there."""
    before = of("2024-H2", date(2024, 6, 15), date(2024, 12, 14), date(2024, 12, 17))
    found = lines([unit("T01", valid_to=last_day)], column(before, sent()), column(H1))
    assert found["T01"] == (Cell("submitted"), Cell(cell))


def test_an_exemption_counts_more_than_what_was_sent() -> None:
    exempt = Terms("T01", "Đang sáp nhập")
    assert lines([unit("T01")], column(H1, sent(), terms=(exempt,)))["T01"] == (Cell("exempt"),)


def test_an_extension_moves_the_day_from_which_a_unit_is_overdue() -> None:
    more = Terms("T01", due=end_of(date(2026, 1, 20)))
    found = lines([unit("T01"), unit("T02")], column(H2, terms=(more,)))
    assert found == {"T01": (Cell("missing"),), "T02": (Cell("overdue"),)}


def test_a_report_of_a_unit_that_no_longer_owes_is_still_to_be_seen() -> None:
    gone = unit("T01", valid_to="2025-05-31")
    assert lines([gone], column(H1, sent()))["T01"] == (Cell("not_owed"),)


@pytest.mark.guards("years: the list of each period's cut-off, today's names, ended told")
def test_a_line_has_todays_name_and_tells_the_name_of_its_periods() -> None:
    old = unit("T01", name="Trường THPT Bán công Ba Tri", valid_to="2025-08-31")
    new = unit("T01", name="Trường THPT Phan Ngọc Tòng", valid_from="2025-09-01")
    (line,) = years.lines([old, new], [column(H1), column(H2)], NOW, TODAY)
    assert line.unit.name == "Trường THPT Phan Ngọc Tòng"
    assert line.former == ("Trường THPT Bán công Ba Tri",)
    assert line.ended is None
    assert line.cells == (Cell("overdue"), Cell("overdue"))


def test_lines_are_in_official_order() -> None:
    units = [unit("T01", order=3), unit("T02", order=1), unit("T03", order=2)]
    assert list(lines(units, column(H1))) == ["T02", "T03", "T01"]


@pytest.mark.parametrize(
    ("key", "year"), [("2025-H1", 2025), ("2025", 2025), ("2026-M01", 2026), ("x-dot-xuat", 2025)]
)
def test_a_period_is_filed_under_its_keys_year_or_its_last_days(key: str, year: int) -> None:
    assert years.year_of(of(key, H2.start, H2.end, date(2025, 12, 17))) == year


def test_every_cell_has_a_sign_and_a_word() -> None:
    states, others = get_args(years.Kind)
    assert set(words.CELLS) == {*get_args(states), *get_args(others)}
    assert words.cell("accepted", late=True) == "Đã tiếp nhận, trễ"
    for sign, word in words.CELLS.values():
        assert len(sign) == 1
        assert word[0].isupper()
