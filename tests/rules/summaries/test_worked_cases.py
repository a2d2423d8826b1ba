"""Cases worked by hand: what the nightly sum and the grid must say of them, figure by figure.

Elsewhere: the change of 2025, as reported and by today's units (test_by_unit.py); an exemption
after sending (test_exempt_or_extended.py, "is kept, not counted and counted again");
n:m successions (test_successions.py, test_todays_units.py); the due second (test_report.py).

The period is the fourth quarter of 2026: cut-off 14/12, due 17/12, locked 21/12. 35 schools and
one centre owe a report. Figures are those of i1_5, a count that all are asked.
"""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import pytest

from chalicelib.edges.ports import Site
from chalicelib.jobs import remind, summarise
from chalicelib.rules.programmes.period import end_of
from chalicelib.rules.review.act import Act
from chalicelib.store import moves, programmes, reports
from infra.visitor import Visitor
from tests.conftest import NEW, Clock
from tests.independent import Raw, assert_equal, independent
from tests.officer import OFFICER, move
from tests.pages.reports.test_exempt_or_extended import exempt, fields
from tests.pages.reports.test_progress import GRID, counts, row
from tests.pages.unit.test_form import BY, Q4, codes, filled, sent, text
from tests.pages.units.test_units import change

pytestmark = pytest.mark.guards(
    "cases worked by hand: merged, ended about the cut-off, another bloc, exempt and lifted, "
    "never answered",
    "exempt units still expected ✓",
)

Unit = Callable[..., Visitor]
ASK_TO_AGREE = 'name="agreed" value="'


class Told(NamedTuple):
    """What the sum and the grid say of the period."""

    expected: int
    received: int
    on_time: int
    late: int
    returned: int
    missing: int
    value: int | None


class Desk:
    """An officer who looks at everything after the night."""

    def __init__(self, site: Site, enter: Callable[..., Visitor]) -> None:
        self.site = site
        self._enter = enter

    @property
    def browser(self) -> Visitor:
        """Signed in anew: days go by."""
        return self._enter(OFFICER)

    def summary(self) -> dict[str, Any]:
        """The nightly sum, which the independent one and the grid's counts must equal."""
        summarise.run_one(self.site, NEW, Q4, "a night's")
        browser = self.browser
        whole: dict[str, Any] = json.loads(browser.get(f"/desk/{NEW}/{Q4}/summary.json").body)
        assert_equal(whole, independent(Raw.of_table(self.site.table), NEW, Q4))
        grid = counts(browser.get(GRID))
        assert grid == {name: whole[name] for name in grid}
        return whole

    def told(self) -> Told:
        whole = self.summary()
        return Told(*(whole[name] for name in Told._fields[:-1]), line(whole)["value"])

    def blocs(self) -> dict[str, tuple[int, int, int | None]]:
        """Of each bloc: expected, received, the figure."""
        whole, page = self.summary(), self.browser.get(GRID)
        found = {}
        for bloc, name in (("T", "THPT"), ("G", "GDTX")):
            grid, part = counts(page, name), whole["blocs"][bloc]
            assert grid == {key: part[key] for key in grid}
            value = line(whole)["blocs"][bloc]["value"]
            found[bloc] = (grid["expected"], grid["received"], value)
        return found

    def changes(self, unit: str, verb: str, **typed: str) -> None:
        """What reaches a period that is summed or reported on is agreed to."""
        browser = self.browser
        page = change(browser, unit, verb, **typed)
        if page.status == 422:
            agreed = page.body.decode().partition(ASK_TO_AGREE)[2].partition('"')[0]
            page = change(browser, unit, verb, agreed=agreed, **typed)
        assert page.status == 303, text(page)


def line(whole: dict[str, Any]) -> dict[str, Any]:
    return next(one for one in whole["indicators"] if one["code"] == "i1_5")


@pytest.fixture
def desk(site: Site, as_staff: Callable[..., Visitor]) -> Desk:
    return Desk(site, as_staff)


# ------------------------------------------------------------------ units that change


@pytest.mark.guards("a report of a unit that ended is kept to be read", "only who owes is read ✓")
def test_a_unit_that_merged_mid_period_owes_nothing_and_its_successor_reports_for_both(
    site: Site, desk: Desk, as_unit: Unit
) -> None:
    """T02 becomes a part of T01 on 01/11. T02 had sent 7 by then; T01 sends 10, T03 sends 5."""
    for unit, number in (("T02", "7"), ("T03", "5")):
        sent(site, as_unit(unit), i1_5=number)
    assert desk.told() == Told(36, 2, 2, 0, 0, 34, 12)
    desk.changes("T02", "end", last_day="31/10/2026", successors="T01")
    assert desk.told() == Told(35, 1, 1, 0, 0, 34, 5)  # its 7 would be counted twice with T01's
    sent(site, as_unit("T01"), i1_5="10")
    assert desk.told() == Told(35, 2, 2, 0, 0, 33, 15)
    page = desk.browser.get(GRID)
    assert (
        "Có 1 báo cáo của đơn vị không thuộc danh sách phải gửi kỳ này, không được tính: T02"
        in (text(page))
    )
    assert len(reports.versions(site.table, NEW, Q4, "T02")) == 1  # kept, and read from the grid
    officer = desk.browser
    kept = officer.get(f"/desk/{NEW}/{Q4}/reports/T02")
    assert kept.status == 200
    assert "không tính vào tổng hợp, vì đơn vị không có trong danh sách phải gửi" in text(kept)
    assert 'name="do"' not in text(kept)  # nothing is decided about it
    answer = officer.post(f"/desk/{NEW}/{Q4}/reports/T02", fields(kept, do="accept"))
    assert answer.status == 404
    assert as_unit("T02").get(f"/report/{Q4}").status == 404
    desk.changes("T02", "lift")  # a slip: it had not ended
    assert desk.told() == Told(36, 3, 3, 0, 0, 33, 22)


@pytest.mark.parametrize(
    ("last_day", "right"),
    [
        ("13/12/2026", Told(35, 1, 1, 0, 0, 34, 5)),
        ("14/12/2026", Told(36, 2, 2, 0, 0, 34, 12)),  # the cut-off is its last day
        ("15/12/2026", Told(36, 2, 2, 0, 0, 34, 12)),
    ],
)
def test_who_exists_on_the_cut_off_day_owes_the_report(
    site: Site, desk: Desk, as_unit: Unit, clock: Clock, last_day: str, right: Told
) -> None:
    sent(site, as_unit("T02"), i1_5="7")
    sent(site, as_unit("T03"), i1_5="5")
    clock.now = datetime(2026, 12, 16, 3, tzinfo=UTC)
    desk.changes("T02", "end", last_day=last_day)
    assert desk.told() == right
    owes = right.expected == 36
    assert as_unit("T02").get(f"/report/{Q4}").status == (200 if owes else 404)


@pytest.mark.parametrize(
    ("since", "right"),
    [
        ("01/10/2026", {"T": (34, 1, 5), "G": (2, 2, 107)}),  # mid-period
        ("14/12/2026", {"T": (34, 1, 5), "G": (2, 2, 107)}),  # on the cut-off day
        ("15/12/2026", {"T": (35, 2, 12), "G": (1, 1, 100)}),  # after it
    ],
)
def test_a_unit_is_counted_in_the_bloc_of_the_cut_off_day(
    site: Site,
    desk: Desk,
    as_unit: Unit,
    since: str,
    right: dict[str, tuple[int, int, int]],
) -> None:
    """T02 sent 7 as a school and becomes a centre; T03 sends 5, the centre G01 sends 100."""
    for unit, number in (("T02", "7"), ("T03", "5")):
        sent(site, as_unit(unit), i1_5=number)
    centre = as_unit("G01")
    typed = {f"{code}.state": "nil" for code in codes(site, "G") if code != "i1_5"}
    page = centre.submit(centre.get(f"/report/{Q4}"), Q4, do="check", i1_5="100", **typed)
    assert centre.submit(centre.follow(page), "send", **BY).status == 303
    assert desk.blocs() == {"T": (35, 2, 12), "G": (1, 1, 100)}
    desk.changes("T02", "alter", bloc="G", since=since)
    assert desk.blocs() == right
    assert desk.told() == Told(36, 3, 3, 0, 0, 33, 112)  # the whole is as before


# ------------------------------------------------------------------ terms


def test_an_exemption_lifted_again_leaves_a_late_report_late_and_its_figure_whole(
    site: Site, desk: Desk, as_unit: Unit, clock: Clock
) -> None:
    sent(site, as_unit("T03"), i1_5="5")
    clock.now = datetime(2026, 12, 18, 3, tzinfo=UTC)  # the day after it was due
    sent(site, as_unit("T01"), i1_5="12")
    assert desk.told() == Told(36, 2, 1, 1, 0, 34, 17)
    officer = desk.browser
    exempt(officer, "T01")
    assert desk.told() == Told(35, 1, 1, 0, 0, 34, 5)
    officer.submit(officer.get(f"/desk/{NEW}/{Q4}/terms?unit=T01"), "/lift")
    assert desk.told() == Told(36, 2, 1, 1, 0, 34, 17)


# ------------------------------------------------------------------ a return that is never answered


def test_a_return_never_answered_stays_out_of_totals_and_is_urged_even_after_the_lock(
    site: Site, desk: Desk, as_unit: Unit, clock: Clock
) -> None:
    """T01's 12 is given back until 26/11 and T03's 5 stands; T01 answers 14 on 28/12, or never."""
    sent(site, as_unit("T01"), i1_5="12")
    sent(site, as_unit("T03"), i1_5="5")
    assert desk.told() == Told(36, 2, 2, 0, 0, 34, 17)
    act = Act(clock.now, OFFICER, "return", NEW, Q4, "T01", {"general": "Xem lại số liệu"})
    moves.move(site.table, act, "return", return_due=end_of(date(2026, 11, 26)))
    never = Told(36, 1, 1, 0, 1, 34, 5)
    assert desk.told() == never
    assert "Đang trả lại" in row(desk.browser.get(GRID), "T01")
    assert urged(site) == ("returned", False)

    clock.now = datetime(2026, 11, 27, 3, tzinfo=UTC)  # the day after the return's own due
    assert desk.told() == never
    assert "Quá hạn gửi lại" in row(desk.browser.get(GRID), "T01")
    assert urged(site) == ("returned", True)

    clock.now = datetime(2026, 12, 28, 3, tzinfo=UTC)  # a week after the lock
    assert desk.told() == never
    whole = desk.summary()
    assert [one["code"] for one in whole["returned_units"]] == ["T01"]
    assert "đang trả lại" in text(desk.browser.get(f"/desk/{NEW}/{Q4}"))
    assert "Quá hạn gửi lại" in row(desk.browser.get(GRID), "T01")
    assert urged(site) == ("returned", True)  # while who has sent nothing is locked out
    assert urged(site, "T02") == ("locked", False)

    unit = as_unit("T01")
    page = unit.get(f"/report/{Q4}")
    assert page.status == 200  # a return outlives the lock
    check = unit.follow(unit.submit(page, Q4, do="check", **filled(site, i1_5="14")))
    assert unit.submit(check, "send", reason="Đã rà soát", **BY).status == 303
    assert desk.told() == Told(36, 2, 2, 0, 0, 34, 19)  # in time still: the first one was
    second = reports.version(site.table, NEW, Q4, "T01", 2)
    assert second is not None
    assert (second.late, second.after_due) == (False, True)
    assert urged(site) == ("has_sent", False)


def urged(site: Site, unit: str = "T01") -> tuple[str, bool]:
    """Why a mail may go to the unit or may not, and whether the unit is overdue."""
    programme = programmes.programme(site.table, NEW)
    period = next(one for one in programmes.periods(site.table, NEW) if one.key == Q4)
    assert programme is not None
    now = site.clock()
    found = next(
        one for one in remind.rows(site.table, programme, period, now) if one.unit.code == unit
    )
    if found.case is None:
        return found.reason, False
    return found.case.why, found.case.owed.is_overdue(now)


def test_a_report_taken_in_and_reopened_stays_in_the_totals_until_it_is_answered(
    site: Site, desk: Desk, as_unit: Unit, clock: Clock
) -> None:
    """Beside the return: reopened values count. T01's 12 becomes 14, after the lock."""
    sent(site, as_unit("T01"), i1_5="12")
    move(site.table, NEW, Q4, "T01", "accept")
    clock.now = datetime(2026, 12, 28, 3, tzinfo=UTC)
    move(site.table, NEW, Q4, "T01", "reopen")
    assert desk.told() == Told(36, 1, 1, 0, 0, 35, 12)
    unit = as_unit("T01")
    page = unit.get(f"/report/{Q4}")
    check = unit.follow(unit.submit(page, Q4, do="check", **filled(site, i1_5="14")))
    assert unit.submit(check, "send", reason="Đã rà soát", **BY).status == 303
    assert desk.told() == Told(36, 1, 1, 0, 0, 35, 14)
