"""The real change of 2025: nine Phòng end, communes carry on; periods as they were and as now."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from chalicelib.edges.ports import Site
from chalicelib.jobs import summarise
from chalicelib.rules.units.unit import owing
from chalicelib.store import programmes, sign_ins
from infra.gateway import Reply
from infra.visitor import Visitor
from tests.conftest import OLD, Clock
from tests.filling import all_nil
from tests.officer import move
from tests.unit_files import HEADS, book, upload

OFFICER = "chuyenvien@bentre.example"
IN_2025 = datetime(2025, 6, 16, 3, tzinfo=UTC)  # 2025-H1 is open: cut-off 14/06, due 17/06
# Which commune carries on what: P02 alone, P04 and P05 merge, P01, P03 and P06 are split.
HEIRS = {
    "P01": "X01; X02",
    "P02": "X03",
    "P03": "X04; X05",
    "P04": "X06",
    "P05": "X06",
    "P06": "X07; X03",
    "P07": "X08",
    "P08": "X08",
    "P09": "X09",
}
COMMUNES = (
    "Phường Bến Tre",
    "Phường An Hội",
    "Xã Ba Tri",
    "Xã Bình Đại",
    "Xã Thới Thuận",
    "Xã Phú Túc",
    "Xã Giồng Trôm",
    "Xã Mỏ Cày",
    "Xã Thạnh Phú",
)


@pytest.fixture
def clock() -> Clock:
    return Clock(IN_2025)


@pytest.fixture
def officer(site: Site, as_staff: Callable[..., Visitor]) -> Visitor:
    programme = programmes.programme(site.table, OLD)
    assert programme is not None
    blocs = {**programme.blocs, "X": "Xã, phường"}
    programmes.keep_programme(site.table, programme.model_copy(update={"blocs": blocs}))
    return as_staff(OFFICER)


def the_change(site: Site) -> bytes:
    phong = {u.code: u for u in programmes.units(site.table, OLD) if u.bloc == "P"}
    rows: list[tuple[object, ...]] = [
        (code, phong[code].name, "P", phong[code].valid_from, date(2025, 6, 30), heirs)
        for code, heirs in HEIRS.items()
    ]
    rows += [
        (f"X{n:02}", name, "Xã, phường", "01/07/2025") for n, name in enumerate(COMMUNES, start=1)
    ]
    return book(rows, HEADS)


def happens(site: Site, officer: Visitor) -> None:
    page = upload(officer, officer.get(f"/desk/{OLD}/units/import"), the_change(site))
    assert "Mới (9)" in page.body.decode()
    assert officer.submit(page, "confirm").status == 303


def report(as_unit: Callable[..., Visitor], code: str, **typed: str) -> None:
    """Send the first half of 2025, everything but this nil."""
    browser = as_unit(code, OLD)
    page = browser.get("/report/2025-H1")
    check = browser.follow(browser.submit(page, "2025-H1", do="check", **typed))
    check = all_nil(browser, check)
    by = {
        "by.name": "Nguyễn Văn Thử",
        "by.post": "Văn thư",
        "by.phone": "0270 000 0000",
        "approved": "1",
    }
    assert browser.submit(check, "/send", **by).status == 303


def rows(page: Reply) -> dict[str, tuple[str, str]]:
    """First cell, without the code behind its name -> result and parts."""
    body = re.sub(r" <small>[^<]*</small>(?=</td>| <b)", "", page.body.decode())
    found = {}
    for row in re.findall(r"<tr><td.*?</tr>", body, re.DOTALL):
        cells = [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td.*?</td>", row)]
        found[cells[0]] = (cells[-2], cells[-1])
    return found


def see(officer: Visitor, code: str, show: str, k: str = "2025-H1") -> dict[str, tuple[str, str]]:
    page = officer.get(f"/desk/{OLD}/{k}/units?code={code}&show={show}")
    assert page.status == 200
    return rows(page)


@pytest.mark.guards("old periods keep old names", "the old version not closed ✓ (the second)")
def test_old_periods_keep_their_list_and_names_and_new_ones_expect_the_communes(
    site: Site, officer: Visitor
) -> None:
    cut_offs = {p.key: p.end for p in programmes.periods(site.table, OLD)}
    before = {k: owing(programmes.units(site.table, OLD), day) for k, day in cut_offs.items()}
    happens(site, officer)
    after = {k: owing(programmes.units(site.table, OLD), day) for k, day in cut_offs.items()}
    for key in cut_offs:
        if key in ("2025-H2", "2025"):
            assert [u.bloc for u in before[key]] == ["T"] * 35 + ["G"]
            assert sorted(u.bloc for u in after[key]) == ["G", *["T"] * 35, *["X"] * 9]
        else:
            assert [u.name for u in after[key]] == [u.name for u in before[key]]
            assert len(after[key]) == 45


def test_a_unit_page_tells_what_became_of_a_phong(
    site: Site, officer: Visitor, clock: Clock
) -> None:
    happens(site, officer)
    clock.now = datetime(2025, 12, 16, 3, tzinfo=UTC)
    officer = officer_again(site, officer)
    page = officer.get(f"/desk/{OLD}/units/P06").body.decode()
    assert "đã kết thúc ngày 30/06/2025" in page
    assert "Xã Giồng Trôm" in page
    commune = officer.get(f"/desk/{OLD}/units/X03").body.decode()
    assert "Phòng GD&amp;ĐT huyện Ba Tri" in commune
    assert "Phòng GD&amp;ĐT huyện Giồng Trôm" in commune


def officer_again(site: Site, officer: Visitor) -> Visitor:
    """The same browser, signed in anew: months have gone by."""

    token, _, _ = sign_ins.ask_sign_in(site.table, OFFICER, site.clock())
    officer.follow(officer.submit(officer.get(f"/s/{token}"), token))
    return officer


@pytest.mark.guards("by today's units, one total")
def test_totals_as_reported_and_by_todays_units_are_worked_by_hand_and_equal(
    site: Site, officer: Visitor, as_unit: Callable[..., Visitor], clock: Clock
) -> None:
    """i1_5 counts; i1_2 is a ratio: merged ones are 1/1 and 0/99, which is 1 % and not 50 %."""
    ratio = {"P04": ("1", "1"), "P05": ("0", "99"), "P01": ("3", "4")}
    for code, number in {"P01": "7", "P02": "5", "P04": "10", "P05": "20", "T01": "100"}.items():
        num, den = ratio.get(code, ("1", "2"))
        report(as_unit, code, i1_5=number, **{"i1_2.num": num, "i1_2.den": den})
    report(as_unit, "P07", i1_5="1000")
    move(site.table, OLD, "2025-H1", "P07", "return")
    happens(site, officer)
    clock.now = datetime(2025, 12, 16, 3, tzinfo=UTC)
    officer = officer_again(site, officer)

    reported = see(officer, "i1_5", "reported")
    assert len(reported) == 46
    assert reported["Phòng GD&amp;ĐT huyện Châu Thành"] == ("10", "")
    assert reported["Phòng GD&amp;ĐT huyện Mỏ Cày Bắc"] == ("Chưa có", "")  # being returned
    assert reported["Cộng"] == ("142", "")

    today = see(officer, "i1_5", "today")
    assert today["Xã Ba Tri"] == ("5", "")
    assert today["Xã Phú Túc"] == ("30", "")  # P04 and P05
    assert today["Xã Mỏ Cày"] == ("Chưa có", "")
    assert today["Trường THPT Chuyên Bến Tre"] == ("100", "")
    assert today["Phòng GD&amp;ĐT TP Bến Tre không chia được"] == ("7", "")
    assert today["Cộng, bằng tổng như đã báo cáo"] == ("142", "")
    assert len(today) == 4 + 36 + 3 + 1  # communes, schools, three that were split, the total

    assert see(officer, "i1_2", "today")["Xã Phú Túc"] == ("1,00 %", "1/100")
    for show, name in (("reported", "Cộng"), ("today", "Cộng, bằng tổng như đã báo cáo")):
        assert see(officer, "i1_2", show)[name] == ("5,56 %", "6/108")


def test_the_summary_and_the_page_by_unit_have_one_total(
    site: Site, officer: Visitor, as_unit: Callable[..., Visitor], clock: Clock
) -> None:
    for code in ("P01", "P02", "P03", "T01", "G01"):
        report(as_unit, code, i1_5="11", **{"i1_2.num": "1", "i1_2.den": "3"})
    happens(site, officer)
    programme = programmes.programme(site.table, OLD)
    assert programme is not None
    (period,) = [p for p in programmes.periods(site.table, OLD) if p.key == "2025-H1"]
    summarise.summarise(site, programme, period)
    whole = officer.get(f"/desk/{OLD}/2025-H1/summary.json").body.decode()
    assert '"code":"i1_5"' in whole
    assert '"value":55' in whole
    for show in ("reported", "today"):
        total = [cells for name, cells in see(officer, "i1_5", show).items() if "Cộng" in name]
        assert total == [("55", "")]


def test_before_the_change_todays_units_are_those_of_the_period(
    officer: Visitor, as_unit: Callable[..., Visitor]
) -> None:
    report(as_unit, "P01", i1_5="7")
    today = see(officer, "i1_5", "today")
    assert today["Phòng GD&amp;ĐT TP Bến Tre"] == ("7", "")


@pytest.mark.parametrize("query", ["code=khong", "code=n_done", "show=x", "code=i3_1"])
def test_an_indicator_that_is_not_asked_of_units_falls_back_to_the_first(
    officer: Visitor, query: str
) -> None:
    page = officer.get(f"/desk/{OLD}/2025-H1/units?{query}")
    assert page.status == 200
    assert "<h2>1.1" in page.body.decode()


@pytest.mark.guards(
    "by unit, an answer is in the question's words, a total shared among those who answered",
    "a unit's yes as 100 % ✓",
    "the returned left out of who has not answered ✓",
)
def test_an_answer_is_said_in_the_questions_words_and_who_gave_none_is_named(
    site: Site, officer: Visitor, as_unit: Callable[..., Visitor], clock: Clock
) -> None:
    for code, given in {"P04": "yes", "P05": "no", "T01": "no", "P07": "yes"}.items():
        report(as_unit, code, i1_1=given)
    move(site.table, OLD, "2025-H1", "P07", "return")
    happens(site, officer)
    clock.now = datetime(2025, 12, 16, 3, tzinfo=UTC)
    officer = officer_again(site, officer)
    reported = see(officer, "i1_1", "reported")
    assert reported["Phòng GD&amp;ĐT huyện Châu Thành"] == ("Có", "")
    assert reported["Trường THPT Chuyên Bến Tre"] == ("Chưa", "")
    assert reported["Cộng"] == ("Có: 1 (33,33 %); Chưa: 2 (66,67 %)", "")
    assert see(officer, "i1_1", "today")["Xã Phú Túc"] == ("Có: 1 (50,00 %); Chưa: 1 (50,00 %)", "")
    without = see(officer, "i1_1", "missing")
    assert len(without) == 42
    assert without["Phòng GD&amp;ĐT huyện Mỏ Cày Bắc"][1] == "Đang trả lại"
    assert "Trường THPT Chuyên Bến Tre" not in without
    page = officer.get(f"/desk/{OLD}/2025-H1/units?code=i1_1&show=missing").body.decode()
    assert "42/45 đơn vị chưa có số liệu của chỉ tiêu này" in page
