"""Unit by period over the whole handler: a year at a time, old names, the same as a spreadsheet."""

import io
import re
from collections.abc import Callable
from datetime import date, datetime

import pytest
from openpyxl import load_workbook

from chalicelib.edges.ports import Site
from chalicelib.rules.reports.exempt_or_extended import Terms
from chalicelib.rules.review.act import Act
from chalicelib.store import acts, exempt_or_extended, programmes
from infra.gateway import Reply
from infra.visitor import Visitor
from tests.conftest import NEW, OLD, Clock
from tests.officer import AT, OFFICER, move
from tests.pages.summaries.test_summary import opened
from tests.pages.unit.test_form import Q4, sent, text

YEARS = f"/desk/{NEW}/years"


def lines(page: Reply) -> dict[str, dict[str, str]]:
    """Unit -> period -> what its cell says."""
    found = {}
    for name, cells in re.findall(
        r'<tr><th scope="row">.*?<small>(\w+) .*?</th>(.*?)</tr>', page.body.decode(), re.DOTALL
    ):
        found[name] = dict(re.findall(r'<td data-is="([^"]+)"[^>]*>([^<]+)</td>', cells))
    return found


@pytest.fixture
def director(as_staff: Callable[..., Visitor]) -> Visitor:
    return as_staff()


def test_the_year_in_use_is_shown_with_every_begun_period(
    site: Site, as_unit: Callable[..., Visitor], director: Visitor
) -> None:
    sent(site, as_unit("T01"))
    move(site.table, NEW, Q4, "T01", "accept")
    sent(site, as_unit("T02"))
    act = Act(AT, OFFICER, "exempt", NEW, Q4, "T03")
    acts.commit(site.table, act, exempt_or_extended.put(NEW, Q4, Terms("T03", "Sáp nhập")))
    page = director.get(YEARS)
    found = lines(page)
    assert list(found) == [*(f"T{n:02}" for n in range(1, 36)), "G01"]
    quarter = "Quý {} năm 2026"
    assert found["T01"] == {
        quarter.format("I"): "· Không thu",
        quarter.format("II"): "· Không thu",
        quarter.format("III"): "· Không thu",
        quarter.format("IV"): "✓ Đã tiếp nhận",
    }
    cells = [found[code][quarter.format("IV")] for code in ("T02", "T03", "T04")]
    assert cells == ["✓ Đã gửi", "– Miễn", "○ Chưa gửi"]
    assert f'href="{Q4}/reports"' in page.body.decode()


def test_a_year_that_has_not_begun_says_so_and_an_unknown_one_is_named(director: Visitor) -> None:
    page = director.get(f"{YEARS}?year=2028")
    assert "Năm 2028 chưa có kỳ báo cáo nào bắt đầu." in text(page)
    page = director.get(f"{YEARS}?year=1999&bloc=Z")
    assert page.status == 422
    assert "Không đọc được: Khối thi đua, Năm." in text(page)
    assert "Các kỳ báo cáo năm 2026" in text(page)
    assert director.get("/desk/nothing/years").status == 404


def test_units_that_ended_stand_with_their_periods(as_staff: Callable[..., Visitor]) -> None:
    page = as_staff("giamdoc@bentre.example").get(f"/desk/{OLD}/years?year=2025")
    assert lines(page)["P01"] == {
        "6 tháng đầu năm 2025": "· Không thu",
        "Năm 2025": "■ Đã kết thúc",
        "6 tháng cuối năm 2025": "■ Đã kết thúc",
    }
    assert "P01 · Phòng GD&amp;ĐT · đã kết thúc 30/06/2025" in page.body.decode()


def test_lines_are_found_by_bloc_and_without_accents(director: Visitor) -> None:
    assert list(lines(director.get(f"{YEARS}?bloc=G"))) == ["G01"]
    assert list(lines(director.get(f"{YEARS}?q=dinh%20chieu"))) == ["T02"]
    assert "Không có đơn vị nào phù hợp" in text(director.get(f"{YEARS}?q=dinh&bloc=G"))


def test_a_renamed_unit_has_todays_name_and_the_old_one_beside_it(
    site: Site, clock: Clock, as_staff: Callable[..., Visitor]
) -> None:
    (known,) = programmes.unit_versions(site.table, NEW, "T01")
    old = known.model_copy(update={"valid_to": date(2026, 12, 31)})
    renamed = {"name": "Trường THPT Chuyên Vĩnh Long", "valid_from": date(2027, 1, 1)}
    programmes.keep_units(site.table, NEW, [old, known.model_copy(update=renamed)])
    clock.now = datetime.fromisoformat("2027-01-10T03:00:00Z")
    director = as_staff()
    page = text(director.get(f"{YEARS}?year=2026&q=T01"))
    assert "Trường THPT Chuyên Vĩnh Long T01 · THPT · trước đây: Trường THPT Chuyên Bến Tre" in page
    file = io.BytesIO(opened(site, director.get(f"{YEARS}.xlsx?year=2026&q=T01")))
    sheet = load_workbook(file)["Năm 2026"]
    heads, line = ([cell.value for cell in row] for row in sheet["A4:I5"])
    assert dict(zip(heads, line, strict=True)) == {
        "Mã": "T01",
        "Đơn vị": "Trường THPT Chuyên Vĩnh Long",
        "Khối thi đua": "THPT",
        "Kết thúc": None,
        "Quý I năm 2026": "Không thu",
        "Quý II năm 2026": "Không thu",
        "Quý III năm 2026": "Không thu",
        "Quý IV năm 2026": "Chưa gửi (kỳ đã khóa)",
        "Tên trong các kỳ này": "Trường THPT Chuyên Bến Tre",
    }


def test_the_spreadsheet_has_the_cells_of_the_page(
    site: Site, as_unit: Callable[..., Visitor], director: Visitor
) -> None:
    sent(site, as_unit("T02"))
    shown = lines(director.get(YEARS))
    sheet = load_workbook(io.BytesIO(opened(site, director.get(f"{YEARS}.xlsx"))))["Năm 2026"]
    heads, *rows = ([cell.value for cell in row] for row in sheet.iter_rows(min_row=4))
    read = {row[0]: dict(zip(heads[4:8], row[4:8], strict=True)) for row in rows}
    assert read == {
        code: {period: cell[2:].replace(" ·", ",") for period, cell in cells.items()}
        for code, cells in shown.items()
    }
