"""A locked period's missing report is said alike everywhere, and one from before is nobody's."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from openpyxl import load_workbook

from chalicelib.edges.ports import Site
from chalicelib.jobs import summarise
from chalicelib.rules.programmes.period import end_of
from chalicelib.rules.reports.exempt_or_extended import Terms
from chalicelib.rules.review.act import Act
from chalicelib.rules.texts.clock import today
from chalicelib.store import acts, exempt_or_extended, moves
from infra.visitor import Visitor
from tests.conftest import NEW, Clock
from tests.pages.summaries.test_summary import opened
from tests.pages.unit.test_form import Q4, sent, text

DESK = f"/desk/{NEW}/{Q4}"
LOCKED = "Chưa gửi (kỳ đã khóa)"
AFTER = datetime(2026, 12, 23, 3, tzinfo=UTC)
OFFICER = "chuyenvien@vinhlong.example"


@pytest.fixture
def after(site: Site, as_unit: Callable[..., Visitor], clock: Clock) -> datetime:
    """Two days after the lock: T01 has sent, T03 has more time, nobody else can send."""
    sent(site, as_unit("T01"), i1_5="12")
    longer = Terms("T03", due=end_of(today(AFTER)))
    act = Act(clock.now, OFFICER, "extend", NEW, Q4, "T03")
    acts.commit(site.table, act, exempt_or_extended.put(NEW, Q4, longer))
    clock.now = AFTER
    summarise.run(site, everything=True)
    return AFTER


@pytest.mark.guards(
    "a locked period's missing report is said alike everywhere",
    "overdue although it can't be sent ✓",
    "the summary's list as before the lock ✓",
)
@pytest.mark.parametrize(
    "page",
    [
        f"/desk/{NEW}/years?year=2026&q=T02",
        f"{DESK}/reports?q=T02",
        f"{DESK}/reports/T02",
        f"{DESK}/terms?unit=T02",
        f"{DESK}/urge",
        DESK,
    ],
)
def test_every_page_of_the_desk_says_it_so(
    after: datetime, as_staff: Callable[..., Visitor], page: str
) -> None:
    said = text(as_staff(OFFICER).get(page))
    assert LOCKED in said
    assert "Quá hạn 1" not in said
    assert "✗ Quá hạn" not in said.replace("✗ Quá hạn : đã hết hạn", "")


@pytest.mark.guards("a locked period's missing report is said alike everywhere")
def test_the_unit_reads_the_same_and_who_has_more_time_does_not(
    after: datetime, as_unit: Callable[..., Visitor]
) -> None:
    assert f"{LOCKED} Xin gia hạn" in text(as_unit("T02").get("/report"))
    assert LOCKED in text(as_unit("T02").get(f"/report/{Q4}/ask"))
    extended = text(as_unit("T03").get("/report"))
    assert LOCKED not in extended
    assert "Chưa gửi" in extended


@pytest.mark.guards(
    "a locked period's missing report is said alike everywhere",
    "every missing one as open in the workbook ✓",
)
def test_the_workbooks_say_the_same_unit_by_unit(
    site: Site, after: datetime, as_staff: Callable[..., Visitor]
) -> None:
    director = as_staff()
    grid = load_workbook(io.BytesIO(opened(site, director.get(f"{DESK}/reports.xlsx"))))
    summed = load_workbook(io.BytesIO(opened(site, director.get(f"{DESK}/summary.xlsx"))))
    for sheet, code, state in (
        (grid["Tình hình gửi"], 1, 4),
        (summed["Tình hình gửi"], 1, 4),
        (summed["Theo đơn vị"], 0, 3),
    ):
        said = {str(row[code]): row[state] for row in sheet.iter_rows(values_only=True)}
        assert [said[one] for one in ("T01", "T02", "T03")] == ["Đã gửi", LOCKED, "Chưa gửi"]


@pytest.mark.guards(
    "a locked period's missing report is said alike everywhere",
    "a workbook from before the lock stands ✓",
)
def test_a_summary_from_before_the_lock_is_made_anew_after_it(site: Site, clock: Clock) -> None:
    assert f"{NEW}/{Q4}" in summarise.run(site, everything=True).written
    assert f"{NEW}/{Q4}" in summarise.run(site, everything=True).unchanged
    clock.now = AFTER
    assert f"{NEW}/{Q4}" in summarise.run(site, everything=True).written
    assert f"{NEW}/{Q4}" in summarise.run(site, everything=True).unchanged


@pytest.mark.guards('"changed since"', "not counted on the desk ✓ (the desk)")
def test_the_desk_says_of_a_locked_periods_count_how_old_it_is_and_what_changed(
    site: Site, after: datetime, as_staff: Callable[..., Visitor], clock: Clock
) -> None:
    fresh = as_staff()
    assert "tổng hợp cách đây" not in text(fresh.get("/desk"))
    act = Act(clock.now, OFFICER, "return", NEW, Q4, "T01", {"general": "x"})
    moves.move(site.table, act, "return", return_due=end_of(today(AFTER)))
    clock.now += timedelta(hours=3)
    said = text(as_staff().get("/desk"))
    assert "tổng hợp cách đây 3 giờ; từ đó 1 báo cáo thay đổi" in said


@pytest.mark.guards(
    "a period that was over when the programme began is held against nobody",
    "listed with the others ✓ (the home)",
)
def test_a_period_from_before_the_programme_began_is_held_against_nobody(
    site: Site, as_unit: Callable[..., Visitor], as_staff: Callable[..., Visitor]
) -> None:
    home = text(as_unit("T02").get("/report"))
    assert "Quý IV năm 2026" in home
    assert "Quý III năm 2026" not in home
    summarise.run(site, everything=True)
    director = as_staff()
    assert text(director.get("/desk")).count("Không thu: kỳ trước khi chương trình bắt đầu") > 3
    third = DESK.replace("Q4", "Q3")
    for page in (third, f"{third}/reports", f"{third}/urge"):
        said = text(director.get(page))
        assert "Không thu" in said
        assert "Quá hạn" not in said.replace("Quá hạn chưa gửi", "")
