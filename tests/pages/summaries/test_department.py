"""The department's own figures on the desk: read like a unit's, kept as acts, told and judged."""

import json
from collections.abc import Callable

import pytest

from chalicelib.edges.ports import Site
from chalicelib.store import acts, department_figures, summaries
from infra.gateway import Reply
from infra.visitor import Visitor
from tests.conftest import NEW
from tests.officer import OFFICER
from tests.pages.programmes.test_forms import text

PERIOD = f"/desk/{NEW}/2026-Q4"
SHEET = f"{PERIOD}/department"


@pytest.fixture
def officer(as_staff: Callable[..., Visitor]) -> Visitor:
    return as_staff(OFFICER)


def enter(browser: Visitor, **typed: str) -> Reply:
    return browser.submit(browser.get(SHEET), "/department", **typed)


def summarise(browser: Visitor) -> str:
    reply = browser.submit(browser.get(PERIOD), "/summarise")
    return text(browser.follow(reply))


def test_a_rank_is_entered_and_stands_there_with_who_and_when(site: Site, officer: Visitor) -> None:
    page = text(officer.follow(enter(officer, i3_1="7")))
    assert "Đã lưu và ghi vào nhật ký" in page
    assert f"Nhập lần 1, 10:00 ngày 23/11/2026, {OFFICER}" in page
    assert department_figures.entered(site.table, NEW, "2026-Q4").figures == {"i3_1": 7}
    page = text(officer.follow(enter(officer, i3_1="5")))
    assert "7 → 5" in page
    assert "chưa có → 7" in page
    found = list(acts.acts(site.table, NEW, "2026-11"))
    assert sorted(act.detail["i3_1"] for act in found) == [["7", "5"], ["Chưa có", "7"]]
    assert {(act.verb, act.period, act.who) for act in found} == {
        ("enter_figures", "2026-Q4", OFFICER)
    }


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"i3_1": "4,5"}, "vui lòng nhập số nguyên"),
        ({"i3_1": "-1"}, "không được âm"),
        ({"i3_1": "năm"}, "Vui lòng nhập số"),
        ({"i3_1": "7", "i3_1.state": "nil"}, "nhưng vẫn có số liệu"),
    ],
)
def test_what_can_not_be_read_is_said_and_stays_typed(
    site: Site, officer: Visitor, typed: dict[str, str], said: str
) -> None:
    reply = enter(officer, **typed)
    assert reply.status == 422
    assert said in text(reply)
    assert f'value="{typed["i3_1"]}"' in text(reply)
    assert department_figures.revision(site.table, NEW, "2026-Q4") == 0
    assert list(acts.acts(site.table, NEW, "2026-11")) == []


def test_the_same_again_is_no_second_act(site: Site, officer: Visitor) -> None:
    page = officer.get(SHEET)
    for _ in range(2):  # a double tap sends the same page twice
        officer.follow(officer.submit(page, "/department", i3_1="7"))
    assert len(list(acts.acts(site.table, NEW, "2026-11"))) == 1
    assert department_figures.revision(site.table, NEW, "2026-Q4") == 1


def test_of_two_officers_one_wins_and_the_other_sees_both(site: Site, officer: Visitor) -> None:
    mine = officer.get(SHEET)
    officer.follow(enter(officer, i3_1="4"))
    reply = officer.submit(mine, "/department", i3_1="9")
    assert reply.status == 409
    assert "Vừa có người khác thay đổi" in text(reply)
    assert 'value="9"' in text(reply)
    assert "<b>4</b>" in text(reply)
    assert department_figures.entered(site.table, NEW, "2026-Q4").figures == {"i3_1": 4}


def test_an_emptied_box_takes_the_figure_away_on_record(site: Site, officer: Visitor) -> None:
    officer.follow(enter(officer, i3_1="7"))
    officer.follow(enter(officer, i3_1=""))
    assert department_figures.entered(site.table, NEW, "2026-Q4").figures == {}
    found = [act.detail["i3_1"] for act in acts.acts(site.table, NEW, "2026-11")]
    assert ["7", "Chưa có"] in found


def test_it_stands_in_page_xlsx_csv_and_json_judged_and_marks_the_summary(
    site: Site, officer: Visitor
) -> None:
    officer.follow(enter(officer, i3_1="7"))
    page = summarise(officer)
    row = page.partition('<tr id="i3_1">')[2].partition("</tr>")[0]
    assert "<b>7</b>" in row
    assert "✗ Chưa đạt" in row
    assert "Sở nhập" in row
    assert (
        "3.1 Xếp hạng PAR INDEX trong khối sở, ban, ngành tỉnh</a>: <b>Chưa đạt: 7 hạng</b>" in page
    )
    whole = json.loads(officer.get(f"{PERIOD}/summary.json").body)
    (line,) = (one for one in whole["indicators"] if one["code"] == "i3_1")
    assert (line["value"], line["verdict"], line["expected"]) == (7, "missed", 0)
    kept = summaries.summary(site.table, NEW, "2026-Q4")
    assert kept is not None
    csv = site.files.read(kept.files["csv"])
    assert csv is not None
    assert "i3_1;" in csv.decode("utf-8-sig")
    assert ";Sở nhập;<=5;Chưa đạt;7;" in csv.decode("utf-8-sig")
    assert "Số liệu do Sở nhập đã thay đổi" not in page
    officer.follow(enter(officer, i3_1="5"))
    assert "Số liệu do Sở nhập đã thay đổi" in text(officer.get(PERIOD))
    page = summarise(officer)
    assert "Số liệu do Sở nhập đã thay đổi" not in page
    assert "✓ Đạt" in page.partition('<tr id="i3_1">')[2].partition("</tr>")[0]


def test_in_the_workbook_it_is_a_whole_number(site: Site, officer: Visitor) -> None:
    import io

    from openpyxl import load_workbook

    officer.follow(enter(officer, i3_1="7"))
    summarise(officer)
    kept = summaries.summary(site.table, NEW, "2026-Q4")
    assert kept is not None
    content = site.files.read(kept.files["xlsx"])
    assert content is not None
    sheet = load_workbook(io.BytesIO(content))["Tổng hợp"]
    (row,) = (row for row in sheet.iter_rows() if row[0].value == "i3_1")
    assert (row[3].value, row[6].value, row[6].number_format) == ("Sở nhập", 7, "#,##0")


def test_a_period_that_asks_nothing_of_the_department_says_so(officer: Visitor) -> None:
    page = text(officer.get(f"/desk/{NEW}/2026-Q3/department"))
    assert "không có chỉ tiêu nào do Sở nhập" in page


def test_a_period_that_has_not_begun_takes_nothing(site: Site, officer: Visitor) -> None:
    assert "chưa bắt đầu" in text(officer.get(f"/desk/{NEW}/2027-Q4/department"))
    reply = officer.submit(officer.get(SHEET), "/department", i3_1="7")
    assert reply.status == 303
    fields = {"i3_1": "7", "revision": "0"}
    csrf = text(officer.get(SHEET)).partition('name="csrf" value="')[2].partition('"')[0]
    where = f"/desk/{NEW}/2027-Q4/department"
    assert officer.post(where, {**fields, "csrf": csrf}).status == 404
    assert department_figures.revision(site.table, NEW, "2027-Q4") == 0


def test_the_director_reads_the_figure_and_has_no_box(
    officer: Visitor, as_staff: Callable[..., Visitor]
) -> None:
    officer.follow(enter(officer, i3_1="7"))
    page = text(as_staff().get(SHEET))
    assert "<b>7</b>" in page
    assert 'name="i3_1"' not in page
