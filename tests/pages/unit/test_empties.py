"""What a unit left empty, on the check page: nil at a tap, kept as it stood, not applicable."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from chalicelib.edges.ports import Site
from chalicelib.rules.reports import report
from chalicelib.rules.reports.report import Content
from chalicelib.store import reports
from infra.visitor import Visitor
from tests.conftest import ENGINES, OLD, Clock
from tests.filling import all_nil
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
    assert (
        "2.8 Nhà giáo đạt chuẩn trình độ theo Luật Giáo dục 2019 : lần trước 40/41 (97,56" in said
    )
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


# ------------------------------------------------------------------ reasons


@pytest.mark.guards(
    "what does not apply says why", "sent without ✓", "nothing carried over ✓", "the mark lost"
)
@pytest.mark.parametrize("engine", ENGINES)
def test_what_does_not_apply_needs_a_reason_that_the_next_round_carries_over(
    site: Site, as_unit: AS_UNIT, as_staff: AS_UNIT, clock: Clock
) -> None:
    clock.now = AT[FIRST]
    browser = as_unit("T01", OLD)
    every = [code for code in codes(site, programme=OLD, period=FIRST) if code != "i4_6"]
    nil = {f"{code}.state": "nil" for code in every} | {"i4_6.state": "na"}
    page = browser.get(f"/report/{FIRST}")
    check = browser.follow(browser.submit(page, FIRST, do="check", **nil))
    refused = browser.follow(browser.submit(check, "send", **BY))
    assert refused.status == 422
    assert "Vui lòng ghi vì sao chỉ tiêu này không áp dụng" in text(refused)
    why = {"i4_6.note": "Trung tâm không xếp loại rèn luyện"}
    assert browser.submit(refused, "send", **BY, **why).status == 303
    assert content(site, FIRST).notes == {"i4_6": "Trung tâm không xếp loại rèn luyện"}

    clock.now = AT[SECOND]
    browser = as_unit("T01", OLD)
    check = browser.follow(browser.submit(browser.get(f"/report/{SECOND}"), SECOND, do="check"))
    assert "lần trước Không áp dụng: Trung tâm không xếp loại rèn luyện" in text(check)
    check = browser.follow(browser.submit(check, "/check", do="na"))
    ready = all_nil(browser, check)
    assert 'value="Trung tâm không xếp loại rèn luyện"' in ready.body.decode()
    assert browser.submit(ready, "send", **BY).status == 303
    assert content(site, SECOND).figures["i4_6"] is False
    assert content(site, SECOND).notes == content(site, FIRST).notes
    said = text(as_staff("chuyenvien@vinhlong.example").get(f"/desk/{OLD}/{SECOND}/reports/T01"))
    assert "Giải thích: Trung tâm không xếp loại rèn luyện" in said


def test_a_choice_made_anew_begins_with_the_reason_of_the_round_before(
    site: Site, as_unit: AS_UNIT, clock: Clock
) -> None:
    told(site, as_unit, clock, FIRST, **{"i4_6.state": "na", "i4_6.note": "Không xếp loại"})
    clock.now = AT[SECOND]
    browser = as_unit("T01", OLD)
    page = browser.get(f"/report/{SECOND}")
    check = browser.submit(page, SECOND, do="check", **{"i4_6.state": "na"})
    ready = all_nil(browser, browser.follow(check)).body.decode()
    assert 'name="i4_6.note" type="text" autocomplete="off" value="Không xếp loại"' in ready


@pytest.mark.guards("a nil period after figures says why", "sent without ✓", "asked always ✓")
@pytest.mark.parametrize("engine", ENGINES)
def test_a_nil_period_after_one_with_figures_says_why(
    site: Site, as_unit: AS_UNIT, as_staff: AS_UNIT, clock: Clock
) -> None:
    told(site, as_unit, clock, FIRST, **STOCKS, i1_5="425")
    clock.now = AT[SECOND]
    browser = as_unit("T01", OLD)
    page = browser.get(f"/report/{SECOND}")
    check = browser.follow(browser.submit(page, SECOND, do="check", nil="1"))
    assert ".why" not in check.body.decode()  # one question, not one for each figure
    refused = browser.follow(browser.submit(check, "send", **BY))
    assert refused.status == 422
    assert "Vui lòng ghi vì sao kỳ này không phát sinh số liệu nào" in text(refused)
    why = {"nil.note": "Trường tạm nghỉ để sửa chữa"}
    assert browser.submit(refused, "send", **BY, **why).status == 303
    assert content(site, SECOND).notes == {"nil": "Trường tạm nghỉ để sửa chữa"}
    said = text(as_staff("chuyenvien@vinhlong.example").get(f"/desk/{OLD}/{SECOND}/reports/T01"))
    assert "Lý do: Trường tạm nghỉ để sửa chữa" in said
    assert "425 → Không phát sinh" in said
    again = browser.get(f"/report/{SECOND}").body.decode()
    assert 'name="nil.note" value="Trường tạm nghỉ để sửa chữa"' in again


def test_a_nil_period_after_none_or_nothing_is_not_asked_why(
    site: Site, as_unit: AS_UNIT, clock: Clock
) -> None:
    told(site, as_unit, clock, FIRST, i1_5="0")
    told(site, as_unit, clock, SECOND, nil="1")
    assert content(site, SECOND).notes == {}


# ------------------------------------------------------------------ the officer's marks


@pytest.mark.guards(
    "what stands unchanged is marked for the officer", "one round only ✓", "flows too ✓"
)
def test_the_officer_reads_for_how_many_rounds_a_stock_stood_unchanged(
    site: Site, as_unit: AS_UNIT, as_staff: AS_UNIT, clock: Clock
) -> None:
    for year, more in (("2023", {"i3_7_2": "0"}), (FIRST, {}), (SECOND, {})):
        AT.setdefault(year, datetime(int(year), 12, 16, 3, tzinfo=UTC))
        told(site, as_unit, clock, year, **(STOCKS | {"i1_5": "12"} | more))
    said = text(as_staff("chuyenvien@vinhlong.example").get(f"/desk/{OLD}/{SECOND}/reports/T01"))

    def row(label: str) -> str:
        return said.partition(label)[2].partition("Không áp dụng")[0][:160]

    assert "Không đổi 2 kỳ liền" in row("Nhà giáo đạt chuẩn")
    assert "Không đổi 1 kỳ liền" in row("Trường có mức chuyển đổi số 2")
    assert "Không đổi" not in row("Tập thể, cá nhân")
    assert said.count("Không đổi") == 3  # the yes or no too


@pytest.mark.guards("the way to the sender stays short", "many names unfolded ✓")
def test_many_empty_ones_stand_folded_and_few_do_not(
    site: Site, as_unit: AS_UNIT, clock: Clock
) -> None:
    told(site, as_unit, clock, FIRST, **STOCKS)
    clock.now = AT[SECOND]
    browser = as_unit("T01", OLD)
    check = browser.follow(browser.submit(browser.get(f"/report/{SECOND}"), SECOND, do="check"))
    folded = re.findall(r"<summary>Xem tên (\d+) chỉ tiêu", check.body.decode())
    assert folded
    assert all(int(count) > 10 for count in folded)
    kept = check.body.decode().partition("như đã báo cáo lần trước</h3>")[2]
    assert kept.startswith("<ul>")
