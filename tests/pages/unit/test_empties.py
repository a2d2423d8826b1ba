"""What a unit left empty, on the check page: nil at a tap, kept as it stood, not applicable."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from chalicelib.edges.ports import Site
from chalicelib.rules.reports import report
from chalicelib.rules.reports.report import Content
from chalicelib.store import reports
from infra.visitor import Visitor
from tests.conftest import ENGINES, OLD, Clock
from tests.pages.unit.test_form import BY, codes, text

AS_UNIT = Callable[..., Visitor]
FIRST, SECOND = "2024", "2025"  # years of the older programme: all is asked in each
AT = {FIRST: datetime(2024, 12, 16, 3, tzinfo=UTC), SECOND: datetime(2025, 12, 16, 3, tzinfo=UTC)}
STOCKS = {"i2_8.num": "40", "i2_8.den": "41", "i3_7_2": "1", "i1_1": "yes"}


def told(site: Site, as_unit: AS_UNIT, clock: Clock, key: str, **typed: str) -> None:
    """A whole yearly report; nil but for what is typed."""
    clock.now = AT[key]
    browser = as_unit("T01", OLD)
    given = {name.partition(".")[0] for name in typed}
    every = codes(site, programme=OLD, period=key)
    nil = {f"{code}.state": "nil" for code in every if code not in given}
    page = browser.get(f"/report/{key}")
    check = browser.follow(browser.submit(page, key, do="check", **nil, **typed))
    assert browser.submit(check, "send", **BY).status == 303


def content(site: Site, key: str) -> Content:
    version = reports.version(site.table, OLD, key, "T01", 1)
    assert version is not None
    return report.parse(version.content)


@pytest.mark.guards(
    "nil only where nothing can occur", "figures nil at a tap ✓", "stocks nil at a tap ✓"
)
@pytest.mark.parametrize("engine", ENGINES)
def test_one_tap_marks_nil_what_was_nil_and_another_keeps_what_stood(
    site: Site, as_unit: AS_UNIT, clock: Clock
) -> None:
    told(site, as_unit, clock, FIRST, **STOCKS, i1_5="425", i1_6="0")
    clock.now = AT[SECOND]
    browser = as_unit("T01", OLD)
    check = browser.follow(browser.submit(browser.get(f"/report/{SECOND}"), SECOND, do="check"))
    said = text(check)
    assert "Giữ nguyên 3 số liệu trên" in said
    assert "2.8 Nhà giáo đạt chuẩn trình độ theo Luật Giáo dục 2019 : 40/41 (97,56" in said
    browser.follow(browser.submit(check, "/check", do="nil"))
    kept = browser.follow(browser.submit(check, "/check", do="keep"))
    left = text(kept).partition("chỉ tiêu chưa có số liệu")[2].partition("Số liệu hệ thống")[0]
    assert "1.5 " in left  # 425 last year: nobody marks that nil with a tap
    assert "1.6 " not in left  # 0 last year
    assert "2.8 " not in left
    form = browser.get(f"/report/{SECOND}").body.decode()
    assert 'name="i2_8.num" inputmode="numeric" value="40"' in form
    assert 'name="i2_8.den" inputmode="numeric" value="41"' in form
    assert 'name="i1_1" value="yes" checked' in form


def test_a_tap_fills_nothing_that_was_typed_meanwhile(
    site: Site, as_unit: AS_UNIT, clock: Clock
) -> None:
    told(site, as_unit, clock, FIRST, **STOCKS)
    clock.now = AT[SECOND]
    browser = as_unit("T01", OLD)
    check = browser.follow(browser.submit(browser.get(f"/report/{SECOND}"), SECOND, do="check"))
    page = browser.get(f"/report/{SECOND}")
    browser.submit(page, SECOND, do="save", i3_7_2="0", i1_6="7")
    browser.submit(check, "/check", do="keep")
    browser.submit(check, "/check", do="nil")
    form = browser.get(f"/report/{SECOND}").body.decode()
    assert 'name="i3_7_2" inputmode="numeric" value="0"' in form
    assert 'name="i1_6" inputmode="numeric" value="7"' in form


@pytest.mark.guards("nil only where nothing can occur", "offered to stocks ✓")
def test_a_stock_is_offered_no_nil(site: Site, as_unit: AS_UNIT, clock: Clock) -> None:
    clock.now = AT[FIRST]
    page = as_unit("T01", OLD).get(f"/report/{FIRST}").body.decode()
    for code, offered in (("i1_5", True), ("i3_7_2", False), ("i2_8", False), ("i1_1", False)):
        menu = page.partition(f'<select name="{code}.state"')[2].partition("</select>")[0]
        assert ('value="nil"' in menu) is offered
        assert 'value="na"' in menu
