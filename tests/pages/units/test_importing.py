"""The unit list from a file, over HTTP: looked at first, then made current by one switch."""

import io
from collections.abc import Callable
from datetime import date, timedelta

import pytest
import xlsxwriter
from openpyxl import Workbook

from chalicelib.edges.ports import Site
from chalicelib.edges.table import Busy, Change, Item
from chalicelib.messages.units.units import labels
from chalicelib.rules.units import list_workbook
from chalicelib.store import acts, programmes
from infra.gateway import Reply
from infra.visitor import Visitor
from tests.conftest import NEW, Clock
from tests.unit_files import HEADS, book, upload

OFFICER = "chuyenvien@vinhlong.example"
ROWS = [
    ("T01", "Trường THPT Chuyên Bến Tre", "T", date(2026, 1, 1)),  # as it is
    ("T02", "Trường THPT Đồ Chiểu", "T", date(2027, 1, 1)),  # renamed from a day on
    ("T03", "Trường THPT Lạc Long Quân", "GDTX", date(2027, 1, 1)),  # moved, by the bloc's name
    ("T04", "Trường THPT Võ Trường Toản", "T", date(2026, 1, 1), date(2026, 12, 31), "T01"),
    ("T90", "Trường THPT Mới", "T", date(2027, 1, 1)),
]


@pytest.fixture
def officer(as_staff: Callable[..., Visitor]) -> Visitor:
    return as_staff(OFFICER)


def look(officer: Visitor, content: bytes, name: str = "don-vi.xlsx") -> Reply:
    return upload(officer, officer.get(f"/desk/{NEW}/units/import"), content, name)


def stored(site: Site) -> list[Item]:
    """Everything but sessions and the record of acts."""
    return [i for i in site.table.everything() if i.key.partition.startswith(("UNITS", "PROGR"))]


def listed(site: Site) -> bytes:
    out = io.BytesIO()
    programme = programmes.programme(site.table, NEW)
    assert programme is not None
    list_workbook.as_xlsx(out, programmes.units(site.table, programme), labels(programme))
    return out.getvalue()


@pytest.mark.guards("nothing changes before it is confirmed", "a preview that writes ✓ (the first)")
def test_a_file_is_looked_at_before_anything_changes(site: Site, officer: Visitor) -> None:
    before = stored(site)
    page = look(officer, book(ROWS))
    assert page.status == 200
    said = page.body.decode()
    for words in ("Mới (1)", "Kết thúc (1)", "Đổi tên (1)", "Chuyển khối thi đua, cấp trên (1)"):
        assert words in said
    assert "<s>Trường THPT Nguyễn Đình Chiểu</s> → Trường THPT Đồ Chiểu" in said
    assert "Xác nhận ghi 4 thay đổi" in said
    assert stored(site) == before
    assert list(acts.acts(site.table, NEW, "2026-11")) == []


def test_a_confirmed_list_is_current_on_record_and_a_second_import_changes_nothing(
    site: Site, officer: Visitor
) -> None:
    done = officer.submit(look(officer, book(ROWS)), "confirm")
    assert "Đã ghi danh sách mới" in officer.follow(done).body.decode()
    known = {(u.code, u.valid_from.year): u for u in programmes.units(site.table, NEW)}
    assert len(known) == 36 + 3
    assert known["T02", 2026].name == "Trường THPT Nguyễn Đình Chiểu"
    assert known["T02", 2027].name == "Trường THPT Đồ Chiểu"
    assert known["T02", 2027].email == "t02@donvi.example"  # a column that the file has not
    assert known["T03", 2027].bloc == "G"
    assert known["T04", 2026].successors == ("T01",)
    (act,) = acts.acts(site.table, NEW, "2026-11")
    assert (act.who, act.verb, act.detail["file"]) == (OFFICER, "units_import", "don-vi.xlsx")
    assert act.detail["units"]["new"] == ["T90"]
    before = stored(site)
    again = look(officer, book(ROWS)).body.decode()
    assert "Không có gì thay đổi" in again
    assert "Xác nhận" not in again
    assert stored(site) == before


@pytest.mark.guards(
    "a list brought back changes nothing; what is not named stays",
    "absent columns emptied ✓",
    "absent units dropped ✓",
)
def test_the_list_taken_home_and_brought_back_changes_nothing(site: Site, officer: Visitor) -> None:
    reply = officer.get(f"/desk/{NEW}/units.xlsx")
    assert reply.status == 303
    assert "Không có gì thay đổi" in look(officer, listed(site)).body.decode()
    officer.submit(look(officer, book(ROWS)), "confirm")
    assert "Không có gì thay đổi" in look(officer, listed(site)).body.decode()


def test_a_csv_does_as_well(site: Site, officer: Visitor) -> None:
    lines = ["Mã;Tên;Khối thi đua;Từ ngày", "T91;Trường mới;THPT;01/01/2027"]
    page = look(officer, "\r\n".join(lines).encode("utf-8-sig"), "don-vi.csv")
    assert officer.submit(page, "confirm").status == 303
    assert programmes.unit_versions(site.table, NEW, "T91")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Tệp không có nội dung"),
        (b"%PDF-1.7", "Đây là tệp PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Excel kiểu cũ (.xls)"),
        (book([]), "không có dòng đơn vị nào"),
        (book(ROWS, more=lambda b: b.create_sheet("Hai").append(HEADS)), "(Sheet1, Hai)"),
    ],
    ids=["empty", "pdf", "old", "no rows", "sheets"],
)
def test_a_file_that_cannot_be_taken_is_refused_in_words_and_nothing_is_kept(
    site: Site, officer: Visitor, content: bytes, sentence: str
) -> None:
    before = stored(site)
    page = look(officer, content, "bảng <b>.xlsx")
    assert page.status == 422
    assert sentence in page.body.decode()
    assert "bảng &lt;b&gt;.xlsx" in page.body.decode()
    assert stored(site) == before


def test_no_file_is_said(officer: Visitor) -> None:
    page = officer.get(f"/desk/{NEW}/units/import")
    assert upload(officer, page, b"", "").status == 422


@pytest.mark.guards("nothing changes before it is confirmed")
def test_one_refused_row_stops_the_whole_list_and_every_one_is_named(
    site: Site, officer: Visitor
) -> None:
    bad = [("T92", "=A1", "T", date(2027, 1, 1)), ("T 3", "Tên", "Z", "hôm qua")]
    page = look(officer, book([*ROWS, *bad]))
    said = page.body.decode()
    assert page.status == 422
    assert "3 chỗ cần sửa" in said
    for words in ("Dòng 7", "ô có công thức", "Dòng 8", "mã chỉ gồm chữ không dấu"):
        assert words in said
    for cell in ("=A1", "T 3", "hôm qua"):
        assert f"<q>{cell}</q>" in said
    assert "“Z” (từ dòng 8) không có trong chương trình" in said
    assert "Tên cột đọc ở dòng 1 của tệp." in said
    assert "Mới (1)" in said  # what the good rows would do is shown all the same
    assert "Xác nhận" not in said


@pytest.mark.guards("a fault quotes what the cell holds: short, escaped")
def test_what_a_faulty_cell_holds_is_escaped(officer: Visitor) -> None:
    said = look(officer, book([("<b>", "Tên", "T", date(2027, 1, 1))])).body.decode()
    assert "<q>&lt;b&gt;</q>" in said


def test_a_sheet_with_a_merged_title_is_taken_and_the_row_of_its_heads_named(
    site: Site, officer: Visitor
) -> None:
    def merge(made: Workbook) -> None:
        made.active.merge_cells("A1:F1")

    whole = [("Kèm theo Kế hoạch số 12",), HEADS, ("T91", "Trường mới", "T", date(2027, 1, 1))]
    page = look(officer, book(whole, ("DANH SÁCH ĐƠN VỊ",), more=merge))
    assert "Tên cột đọc ở dòng 3 của tệp." in page.body.decode()
    assert officer.submit(page, "confirm").status == 303
    assert programmes.unit_versions(site.table, NEW, "T91")


def test_a_sheet_without_heads_says_so(officer: Visitor) -> None:
    said = look(officer, book([("x",)], ("DANH SÁCH",))).body.decode()
    assert "Không tìm thấy dòng tên cột trong 15 dòng đầu" in said


def test_a_successor_that_is_not_there_is_named_with_its_line(officer: Visitor) -> None:
    row = ("T04", "Trường THPT Võ Trường Toản", "T", date(2026, 1, 1), date(2026, 12, 31), "T99")
    said = look(officer, book([row])).body.decode()
    assert "Dòng 2 (T04)" in said
    assert "đơn vị kế thừa không có trong danh sách" in said
    assert "<q>T99</q>" in said


def test_a_change_inside_a_period_that_is_over_is_warned_of(officer: Visitor) -> None:
    row = ("T01", "Trường THPT Tên Khác", "T", date(2026, 1, 1))
    said = look(officer, book([row])).body.decode()
    assert "Danh sách phải gửi của các kỳ sau sẽ khác đi" in said
    assert "Quý I năm 2026" in said
    assert "Quý IV" not in said  # open, not due, not summed


# ------------------------------------------------------------------ between looking and confirming


def test_an_edit_meanwhile_asks_to_look_again(site: Site, officer: Visitor) -> None:
    page = look(officer, book(ROWS))
    (first,) = programmes.unit_versions(site.table, NEW, "T05")
    edited = first.model_copy(update={"name": "Trường THPT Sửa Tay"})
    programmes.keep_units(site.table, NEW, [edited])
    again = officer.submit(page, "confirm")
    assert again.status == 409
    assert "vừa thay đổi sau lúc xem trước" in again.body.decode()
    assert programmes.unit_versions(site.table, NEW, "T90") == []
    assert officer.submit(again, "confirm").status == 303
    assert programmes.unit_versions(site.table, NEW, "T90")
    assert programmes.unit_versions(site.table, NEW, "T05") == [edited]


def test_a_double_tap_is_one_import(site: Site, officer: Visitor) -> None:
    page = look(officer, book(ROWS))
    assert officer.submit(page, "confirm").status == 303
    before = stored(site)
    assert officer.submit(page, "confirm").status == 303
    assert stored(site) == before
    assert len(list(acts.acts(site.table, NEW, "2026-11"))) == 1


def test_a_crash_while_it_is_written_leaves_the_old_list_and_the_button_works_again(
    site: Site, officer: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, write = look(officer, book(ROWS)), site.table.write
    before = programmes.units(site.table, NEW)

    def broken(*changes: Change) -> None:
        if any(change.key.partition == "PROGRAMMES" for change in changes):
            raise Busy
        write(*changes)

    monkeypatch.setattr(type(site.table), "write", lambda _, *changes: broken(*changes))
    assert officer.submit(page, "confirm").status == 503
    assert programmes.units(site.table, NEW) == before
    monkeypatch.undo()
    assert officer.submit(page, "confirm").status == 303
    assert len(programmes.units(site.table, NEW)) == 39


@pytest.mark.parametrize("staged", ["", "0" * 32, "../../etc/passwd", "x"])
def test_a_preview_that_is_not_there_is_said(officer: Visitor, staged: str) -> None:
    page = look(officer, book(ROWS))
    refused = officer.submit(page, "confirm", staged=staged)
    assert refused.status == 422
    assert "không còn dùng được" in refused.body.decode()


@pytest.mark.guards(
    "a preview is one officer's, for a day", "whose it is not compared ✓", "no end ✓"
)
def test_a_preview_is_its_officers_own_and_ends_after_a_day(
    site: Site, officer: Visitor, as_staff: Callable[..., Visitor], clock: Clock
) -> None:
    page = look(officer, book(ROWS))
    other = as_staff("chuyenvien@bentre.example")
    theirs = look(other, book(ROWS)).body.decode()
    assert "Xác nhận" in theirs
    mine = page.body.decode().split('name="staged" value="')[1][:32]
    assert other.submit(look(other, book(ROWS)), "confirm", staged=mine).status == 422
    clock.now += timedelta(hours=25)
    late = as_staff(OFFICER)
    assert late.submit(look(late, book(ROWS)), "confirm", staged=mine).status == 422
    assert programmes.unit_versions(site.table, NEW, "T90") == []


def test_the_director_reads_the_list_and_imports_nothing(as_staff: Callable[..., Visitor]) -> None:
    director = as_staff("giamdoc@vinhlong.example")
    assert "Nhập từ tệp" not in director.get(f"/desk/{NEW}/units").body.decode()
    assert director.get(f"/desk/{NEW}/units/import").status == 403


@pytest.mark.guards("real files are no burden")
def test_ten_thousand_rows_go_through(site: Site, officer: Visitor) -> None:
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"constant_memory": True})
    sheet = made.add_worksheet()
    sheet.write_row(0, 0, HEADS[:4])
    for n in range(10_000):
        sheet.write_row(n + 1, 0, (f"X{n:05}", f"Trường số {n}", "X", "01/07/2025"))
    made.close()
    page = look(officer, out.getvalue())
    said = page.body.decode()
    assert page.status == 200
    assert "Mới (10.000)" in said
    assert "… và còn 9.800 đơn vị khác." in said
    assert len(page.body) < 300_000
    assert officer.submit(page, "confirm").status == 303
    assert len(programmes.units(site.table, NEW)) == 10_036
    reply = officer.get(f"/desk/{NEW}/units")
    assert "10.036 đơn vị đang có hiệu lực" in reply.body.decode()
    assert len(reply.body) < 150_000
