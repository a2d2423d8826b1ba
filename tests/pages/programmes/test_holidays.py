"""Working days off on the desk: a preview first, then the days and the ticked deadlines."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from urllib.parse import urlencode

import pytest

from chalicelib.edges.ports import Site
from chalicelib.rules.programmes.period import end_of
from chalicelib.rules.review.act import Act
from chalicelib.store import acts, programmes, unit_lists
from infra.gateway import Reply
from infra.visitor import Visitor
from tests.conftest import NEW
from tests.officer import OFFICER
from tests.pages.programmes.test_forms import text
from tests.pages.programmes.test_periods import change, period

HOLIDAYS = f"/desk/{NEW}/periods/holidays"


@pytest.fixture
def officer(as_staff: Callable[..., Visitor]) -> Visitor:
    return as_staff(OFFICER)


def days(site: Site, year: int = 2027) -> tuple[date, ...]:
    programme = programmes.programme(site.table, NEW)
    assert programme is not None
    return programme.holidays[year]


def preview(site: Site, browser: Visitor, *more: str) -> Reply:
    typed = "\r\n".join([*(day.strftime("%d/%m/%Y") for day in days(site)), *more])
    return browser.get(f"{HOLIDAYS}?{urlencode({'year': 2027, 'days': typed})}")


def test_every_year_of_the_programme_stands_there(officer: Visitor) -> None:
    page = text(officer.get(HOLIDAYS))
    for year in range(2026, 2032):
        assert f"Sửa năm {year}" in page
    assert "chưa có" in page  # 2031, into which the last deadlines may fall


def test_a_preview_shows_what_moves_and_changes_nothing(site: Site, officer: Visitor) -> None:
    items = list(site.table.everything())
    page = text(preview(site, officer, "17/03/2027", "20/03/2027"))
    assert "Thêm 17/03/2027" in page
    assert "(cuối tuần, đã là ngày nghỉ)" in page
    assert "<del>17/03/2027</del> → <ins>18/03/2027</ins>" in page
    assert list(site.table.everything()) == items


def test_confirming_keeps_the_days_and_moves_the_ticked_deadlines(
    site: Site, officer: Visitor
) -> None:
    reply = officer.submit(preview(site, officer, "17/03/2027", "17/06/2027"), "/holidays")
    assert "Đã lưu ngày nghỉ năm 2027" in text(officer.follow(reply))
    assert {date(2027, 3, 17), date(2027, 6, 17)} <= set(days(site))
    assert period(site, "2027-Q1").due == end_of(date(2027, 3, 18))
    assert period(site, "2027-Q2").due == end_of(date(2027, 6, 18))
    (act,) = acts.acts(site.table, NEW, "2026-11")
    assert act.detail["added"] == ["2027-03-17", "2027-06-17"]
    assert set(act.detail["periods"]) == {"2027-Q1", "2027-Q2"}


@pytest.mark.guards("the programme's item keeps its list")
def test_holidays_that_change_after_an_import_leave_its_list_current(
    site: Site, officer: Visitor
) -> None:
    """The programme's item also says which unit list is current."""
    programme = programmes.programme(site.table, NEW)
    assert programme is not None
    act = Act(site.clock(), OFFICER, "units_import", NEW)
    units = [u.model_copy(update={"name": "Nhập"}) for u in programmes.units(site.table, NEW)]
    unit_lists.switch(site.table, act, programme, "a1", units)
    done = officer.submit(preview(site, officer, "17/03/2027"), "holidays")
    assert done.status == 303
    assert date(2027, 3, 17) in days(site)
    assert {u.name for u in programmes.units(site.table, NEW)} == {"Nhập"}


@pytest.mark.guards("holidays move only what has not begun, was not set by hand, and is ticked")
def test_a_deadline_that_is_not_ticked_stays(site: Site, officer: Visitor) -> None:
    page = preview(site, officer, "17/03/2027", "17/06/2027")
    unticked = page.body.replace(b'name="period.2027-Q1"', b'name="x"')
    reply = officer.submit(replace(page, body=unticked), "/holidays")
    officer.follow(reply)
    assert period(site, "2027-Q1").due == end_of(date(2027, 3, 17))
    assert period(site, "2027-Q2").due == end_of(date(2027, 6, 18))


def test_a_new_deadline_counts_the_new_days(site: Site, officer: Visitor) -> None:
    officer.follow(officer.submit(preview(site, officer, "19/03/2027"), "/holidays"))
    page = text(officer.follow(change(officer, "2027-Q1", due="19/03/2027", reason="Nghỉ")))
    assert "ngày 19/03/2027 là ngày nghỉ" in page
    assert period(site, "2027-Q1").due == end_of(date(2027, 3, 22))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("17/03/2027\n31/02/2027", "31/02/2027"),
        ("17/03/2026", "17/03/2026"),
        ("mùng một Tết", "mùng một Tết"),
        ("\n".join(f"{n % 28 + 1:02}/{n // 28 + 1:02}/2027" for n in range(61)), "60 ngày"),
    ],
)
def test_what_is_no_day_of_the_year_is_named_and_stays_typed(
    site: Site, officer: Visitor, typed: str, said: str
) -> None:
    before = days(site)
    reply = officer.get(f"{HOLIDAYS}?{urlencode({'year': 2027, 'days': typed})}")
    assert reply.status == 422
    assert said in text(reply)
    assert typed.splitlines()[0] in text(reply).partition("<textarea")[2]
    assert days(site) == before


def test_a_year_that_is_none_of_the_programmes_is_refused(officer: Visitor) -> None:
    for year in ("2019", "abc", "99999999"):
        assert officer.get(f"{HOLIDAYS}?year={year}").status == 422


def test_what_changed_since_the_preview_is_looked_at_again(site: Site, officer: Visitor) -> None:
    """Another officer's days, or another officer's deadline."""
    mine = preview(site, officer, "17/03/2027")
    officer.follow(officer.submit(preview(site, officer, "16/06/2027"), "/holidays"))
    reply = officer.submit(mine, "/holidays")
    assert reply.status == 409
    assert "Vừa có người khác thay đổi" in text(reply)
    assert "17/03/2027" in text(reply)  # what was typed stays
    assert date(2027, 3, 17) not in days(site)
    mine = preview(site, officer, "17/03/2027")
    officer.follow(change(officer, "2027-Q1", due="16/03/2027", reason="Sớm"))
    assert officer.submit(mine, "/holidays").status == 409
    assert period(site, "2027-Q1").due == end_of(date(2027, 3, 16))


@pytest.mark.guards("settings keep the name of the unit list", "the item written without it ✓")
def test_the_days_change_nothing_of_which_unit_list_is_current(
    site: Site, officer: Visitor
) -> None:
    """The programme's item names the list: who writes its settings alone brings back an old one."""
    programme = programmes.programme(site.table, NEW)
    assert programme is not None
    units = programmes.units(site.table, programme)[1:]
    unit_lists.switch(
        site.table, Act(site.clock(), OFFICER, "units_import", NEW), programme, "b", units
    )
    assert officer.submit(preview(site, officer, "17/03/2027"), "/holidays").status == 303
    assert date(2027, 3, 17) in days(site)
    assert programmes.units(site.table, NEW) == units
