"""Lists as offices keep them go through in one preview: said, mended, asked, and then written."""

import re
from collections.abc import Callable

import pytest

from chalicelib.edges.ports import Site
from chalicelib.rules.units.unit import Unit
from chalicelib.store import programmes
from infra.gateway import Reply
from infra.visitor import Visitor
from tests.builders import unit as a_unit
from tests.conftest import NEW
from tests.unit_files import HEADS, book, case, upload

OFFICER = "chuyenvien@vinhlong.example"
HOA_SEN, SAO_MAI = "Trường THPT Hoa Sen", "Trường THPT Sao Mai"


@pytest.fixture
def officer(as_staff: Callable[..., Visitor]) -> Visitor:
    return as_staff(OFFICER)


def look(officer: Visitor, content: bytes, name: str = "don-vi.xlsx") -> Reply:
    return upload(officer, officer.get(f"/desk/{NEW}/units/import"), content, name)


def text_of(page: Reply) -> str:
    """What a person reads, in one line."""
    bare = re.sub(
        r"<(?:style|select)\b.*?</(?:style|select)>|<[^>]+>", " ", page.body.decode(), flags=re.S
    )
    return re.sub(r"\s+", " ", bare.replace("&#39;", "'")).strip()


def units(site: Site) -> dict[str, Unit]:
    return {unit.code: unit for unit in programmes.units(site.table, NEW)}


def confirmed(officer: Visitor, page: Reply, **answers: str) -> None:
    done = officer.submit(page, "confirm", **answers)
    assert done.status == 303, text_of(done)


@pytest.mark.guards(
    "an office's own list is taken in one preview",
    "two rows of heads not read ✓",
    "a total a unit ✓",
)
def test_the_list_of_an_office_is_taken_in_one_preview(site: Site, officer: Visitor) -> None:
    before = units(site)
    page = look(officer, case("units-messy-real-life.xlsx"))
    said = text_of(page)
    assert page.status == 200
    for words in (
        "Đọc trang tính “Danh sách 2026”. Tên cột đọc ở dòng 6",
        "Không đọc các trang tính: Đơn vị giải thể",
        "Chưa đọc 1 cột: I (Ghi chú)",
        "Cần quý vị cho biết (4)",
        "“MN” (từ dòng 8) không có trong chương trình",
        "Dòng 127 (Trường Tiểu học An Hội 2 (cơ sở 2)) trùng mã X03-TH2 và ngày bắt đầu",
        "Mới (120)",
        "X01-MN1 05/09/2025 (chờ chọn)",
        "thêm 120 đơn vị phải gửi",
        "Thêm số 0 ở đầu số điện thoại: 61 ô",
        "G7 Điện thoại 909000100 0909000100",
        "B7 Mã đơn vị X01␣ X01",
        "Dòng 3 (Kèm theo Công văn số 123/SYT-NVY ngày 05/01/2026) tiêu đề phía trên bảng",
        "Dòng 128 Tổng cộng: 120 đơn vị dòng cộng",
    ):
        assert words in said
    assert units(site) == before
    answers = {"bloc.mn": "X", "bloc.th": "X", "bloc.thcs": "X"}
    confirmed(officer, page, **answers)
    now = units(site)
    assert len(now) == len(before) + 120
    assert (now["X01"].phone, now["X01"].name) == ("0909000100", "Xã Mỹ Thạnh")
    assert now["X01-MN1"].email == "x01.mn1@vinhlong.example"
    assert now["X01-MN1"].valid_from.isoformat() == "2025-09-05"
    assert now["X03-TH2"].name == "Trường Tiểu học An Hội 2"
    assert now["X15-MN7"].parent == "X15"


def test_an_open_question_is_asked_again_and_nothing_is_written(
    site: Site, officer: Visitor
) -> None:
    before = units(site)
    page = look(officer, case("units-messy-real-life.xlsx"))
    again = officer.submit(page, "confirm", **{"bloc.mn": "X"})
    assert again.status == 422
    assert "Còn câu hỏi chưa trả lời" in text_of(again)
    assert units(site) == before
    confirmed(officer, again, **{"bloc.th": "X", "bloc.thcs": "-"})
    assert len(units(site)) == len(before) + 120 - 30
    assert "X01-MN1" in units(site)


@pytest.mark.guards("what was not seen in a preview is not written", "columns not compared ✓")
def test_another_choice_of_columns_is_looked_at_before_it_is_written(
    site: Site, officer: Visitor
) -> None:
    before = units(site)
    page = look(officer, case("units-extra-address-column.xlsx"))
    assert "Chưa đọc 1 cột: H (Địa chỉ)" in text_of(page)
    again = officer.submit(page, "confirm", **{"head.7": "aliases"})
    assert (again.status, units(site)) == (409, before)
    assert "Quý vị vừa chọn lại cột" in text_of(again)
    confirmed(officer, again)
    assert units(site)["T01"].aliases == ("ấp 1",)
    page = officer.submit(
        look(officer, case("units-extra-address-column.xlsx")), "confirm", do="look"
    )
    assert page.status == 200


def test_a_list_without_days_gets_one_for_all_rows(site: Site, officer: Visitor) -> None:
    page = look(officer, book([("T91", "Trường mới", "THPT")], HEADS[:3]))
    assert (page.status, "Xác nhận" in text_of(page)) == (422, False)
    page = officer.submit(page, "confirm", do="look", **{"fill.valid_from": "1/1/2027"})
    assert "Mới (1)" in text_of(page)
    confirmed(officer, page)
    assert units(site)["T91"].valid_from.isoformat() == "2027-01-01"


# ------------------------------------------------------------------ each file of tests/cases

# File -> status, what its preview says, and the units that it makes when it is confirmed.
CASES = {
    "units-code-number-format-000.xlsx": (
        200, ["Đổi tên (2)"], {"001": HOA_SEN, "002": SAO_MAI},
    ),
    "units-dash-for-empty.xlsx": (
        200, ["Dấu gạch, “không có” được hiểu là để trống: 1 ô", "E2 Thư điện tử - (trống)"],
        {"T01": HOA_SEN},
    ),
    "units-extra-address-column.xlsx": (200, ["H (Địa chỉ)"], {"T01": HOA_SEN, "T02": SAO_MAI}),
    "units-footer-signature.xlsx": (
        200, ["Dòng 6 NGƯỜI LẬP BIỂU phần ký tên"], {"T01": HOA_SEN, "T02": SAO_MAI},
    ),
    "units-hidden-filtered-row.xlsx": (
        200, ["Các dòng đang ẩn trong tệp vẫn được đọc: 3."], {"T01": HOA_SEN, "T02": SAO_MAI},
    ),
    "units-merged-group-row.xlsx": (
        200, ["Dòng 2 I. KHỐI THPT dòng nhóm"], {"T01": HOA_SEN, "T02": SAO_MAI},
    ),
    "units-mojibake.xlsx": (
        200, ["chữ Unicode bị đọc sai bảng mã", f"đọc là “{HOA_SEN}”"], {"T01": HOA_SEN},
    ),
    "units-name-alt-enter.xlsx": (
        200, ["B2 Tên đơn vị Trường THPT↵Hoa Sen Trường THPT Hoa Sen"], {"T01": HOA_SEN},
    ),
    "units-odd-mailboxes.xlsx": (
        422, ["5 chỗ cần sửa", "Dòng 2 Thư điện tử (ô E2) cần một địa chỉ thư",
        "mailto:z01@donvi."], {},
    ),
    "units.ods": (422, ["Đây là tệp OpenDocument (.ods). Vui lòng lưu lại dạng .xlsx"], {}),
    "units-pipe.csv": (200, ["Tên cột đọc ở dòng 1"], {"T01": HOA_SEN, "T02": SAO_MAI}),
    "units-tcvn3.xlsx": (
        200, ["TCVN3 (ABC)", "đọc là “Trường THPT Nguyễn Đình Chiểu”"],
        {"T01": "Trường THPT Nguyễn Đình Chiểu"},
    ),
    "units-two-phones.xlsx": (200, ["ô có 2 số điện thoại"], {"T01": HOA_SEN}),
    "units-workbook2.xlsx": (200, ["Đổi tên (2)"], {"T01": HOA_SEN, "T02": SAO_MAI}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_file_that_people_have_is_taken_or_named(site: Site, officer: Visitor, name: str) -> None:
    status, sentences, made = CASES[name]
    if "000" in name:
        both = [a_unit("001", bloc="T"), a_unit("002", bloc="T")]
        programmes.keep_units(site.table, NEW, both)
    before = units(site)
    page = look(officer, case(name), name)
    assert page.status == status
    for words in sentences:
        assert words in text_of(page)
    assert units(site) == before
    if made:
        confirmed(officer, page)
    now = units(site)
    assert {code: now[code].name for code in made} == made
    assert len({code.lstrip("0") for code in now}) == len(now)


def test_a_phone_that_was_chosen_and_a_text_that_was_kept_are_written(
    site: Site, officer: Visitor
) -> None:
    page = look(officer, case("units-two-phones.xlsx"))
    confirmed(officer, page, **{"phone.2": "0912 000 001"})
    assert units(site)["T01"].phone == "0912 000 001"
    page = look(officer, case("units-tcvn3.xlsx"))
    fields = page.body.decode()
    assert 'name="text.2.name" value="read"' in fields
    confirmed(officer, page, **{"text.2.name": ""})
