"""The form on the desk: upload, preview, confirm; who keeps which version; the download."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import Workbook

from chalicelib.edges.ports import Site
from chalicelib.edges.table import Conflict
from chalicelib.jobs import summarise
from chalicelib.rules.access.access import csrf_token
from chalicelib.rules.forms.form import Form
from chalicelib.rules.review.act import Act
from chalicelib.store import acts, authoring, programmes, reports
from infra.gateway import Reply
from infra.visitor import Visitor
from tests.conftest import NEW, Clock
from tests.filling import all_nil
from tests.officer import OFFICER

SAMPLE = (Path(__file__).parents[3] / "programmes" / NEW / "form.md").read_text("utf-8")
OUT = "| | integer | i1_6 |"  # the code that the new version leaves out
SECOND = SAMPLE.replace(OUT, "| | integer | i1_6_new |").replace(
    "1.1a Đã ban hành kế hoạch triển khai phong trào thi đua", "1.1a Đã ký ban hành kế hoạch"
)
FORM = f"/desk/{NEW}/form"


@pytest.fixture
def officer(as_staff: Callable[..., Visitor]) -> Visitor:
    return as_staff(OFFICER)


def upload(browser: Visitor, content: str | bytes, name: str = "mau.md") -> Reply:
    raw = content if isinstance(content, bytes) else content.encode()
    fields = {"csrf": csrf_token(browser.cookies["bc-staff"])}
    return browser.upload(FORM, fields, {"form": (name, raw)})


def text(reply: Reply) -> str:
    return reply.body.decode()


def state(site: Site) -> tuple[list[Form], dict[str, int]]:
    """The forms, and which version each period begins with."""
    periods = programmes.periods(site.table, NEW)
    return programmes.forms(site.table, NEW), {one.key: one.form for one in periods}


def adopt(browser: Visitor, content: str = SECOND, period: str = "2026-Q4", **more: str) -> Reply:
    preview = browser.follow(upload(browser, content))
    return browser.submit(preview, "/offer", period=period, **more)


@pytest.mark.guards(
    "nothing changes before it is confirmed; then all at once",
    "periods over any revision ✓ (the second)",
)
def test_nothing_changes_before_it_is_confirmed(site: Site, officer: Visitor) -> None:
    before = state(site)
    preview = text(officer.follow(upload(officer, SECOND)))
    assert "1 chỉ tiêu thêm, 1 bỏ, 1 chỗ sửa lời, 0 chỗ đổi" in preview
    assert "i1_6_new" in preview
    assert "<del>1.1a Đã ban hành kế hoạch triển khai phong trào thi đua</del>" in preview
    assert state(site) == before


def test_a_confirmed_form_is_the_next_version_from_the_chosen_period_on(
    site: Site, officer: Visitor
) -> None:
    done = officer.follow(adopt(officer, period="2027-Q2"))
    assert "Phiên bản 2 đã được áp dụng" in text(done)
    forms, used = state(site)
    assert [form.version for form in forms] == [1, 2]
    assert "i1_6_new" in forms[1].by_code
    assert [key for key, version in used.items() if version == 1] == [
        *("2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4", "2027-Q1")
    ]
    assert set(used.values()) == {1, 2}
    (adopted,) = (a for a in acts.acts(site.table, NEW, "2026-11") if a.verb == "adopt_form")
    assert adopted.who == OFFICER
    assert adopted.detail["version"] == 2
    assert adopted.detail["from"] == "2027-Q2"
    assert (adopted.detail["added"], adopted.detail["removed"]) == (["i1_6_new"], ["i1_6"])


@pytest.mark.guards("a locked period takes no new form", "locked ones offered ✓")
def test_a_locked_period_is_not_offered_and_not_taken(site: Site, officer: Visitor) -> None:
    before = state(site)
    preview = officer.follow(upload(officer, SECOND))
    assert "2026-Q3" not in text(preview)
    reply = officer.submit(preview, "/offer", period="2026-Q3")
    assert reply.status == 422
    assert "Vui lòng chọn một kỳ có trong danh sách" in text(reply)
    assert state(site) == before


def test_the_same_form_again_is_no_change(site: Site, officer: Visitor) -> None:
    preview = text(officer.follow(upload(officer, SAMPLE)))
    assert "Không có thay đổi" in preview
    assert "Mọi kỳ chưa khóa đều đang dùng phiên bản này" in preview
    assert len(state(site)[0]) == 1


def test_the_newest_version_can_be_used_from_an_earlier_period_too(
    site: Site, officer: Visitor
) -> None:
    officer.follow(adopt(officer, period="2027-Q2"))
    officer.follow(adopt(officer, SECOND, period="2027-Q1"))
    forms, used = state(site)
    assert len(forms) == 2
    assert (used["2026-Q4"], used["2027-Q1"]) == (1, 2)


@pytest.mark.guards("download, upload: nothing lost")
def test_a_download_uploaded_again_is_no_change(
    site: Site, officer: Visitor, as_staff: Callable[..., Visitor]
) -> None:
    officer.follow(adopt(officer))
    for version in (1, 2):
        reply = as_staff().get(f"{FORM}.xlsx?version={version}")  # the director may
        assert reply.status == 303
        (path,) = [p for p in (site_files(site)) if p.name in reply.header("location")]
        assert path.read_bytes().startswith(b"PK")
        preview = text(officer.follow(upload(officer, path.read_bytes(), "mau.xlsx")))
        assert ("Không có thay đổi" in preview) is (version == 2)
    assert officer.get(f"{FORM}.xlsx?version=3").status == 404


def site_files(site: Site) -> Iterator[Path]:
    folder = Path(site.files._folder)  # type: ignore[attr-defined]
    return folder.glob(f"forms/{NEW}/*.xlsx")


# ------------------------------------------------------------------ what is refused


def test_every_fault_of_a_file_is_told_with_its_place(site: Site, officer: Visitor) -> None:
    before = state(site)
    bad = SAMPLE.replace(OUT, "| | number | i1_6 |").replace("| Q4 |", "| Q9 |", 1)
    reply = upload(officer, bad)
    assert reply.status == 422
    page = text(reply)
    assert "có 2 lỗi nên chưa được nhận" in page
    rows = {number for number, line in enumerate(bad.splitlines(), 1) if "| number |" in line}
    (row,) = rows
    assert f'data-is="Dòng">{row}<' in page
    assert 'data-is="Cột">asked<' in page
    assert ">Q9<" in page
    assert state(site) == before


@pytest.mark.guards("no code changes its kind, however long it was away")
def test_another_kind_is_refused_at_the_door(site: Site, officer: Visitor) -> None:
    items = list(site.table.everything())
    reply = upload(officer, SAMPLE.replace(OUT, "| | decimal | i1_6 |"))
    assert reply.status == 422
    assert "số đếm (phiên bản 1)" in text(reply)
    assert list(site.table.everything()) == items


def test_a_code_that_comes_back_with_another_kind_is_refused(site: Site, officer: Visitor) -> None:
    officer.follow(adopt(officer))
    reply = upload(officer, SAMPLE.replace(OUT, "| | decimal | i1_6 |"))
    assert reply.status == 422
    assert "số đếm (phiên bản 1)" in text(reply)
    assert len(state(site)[0]) == 2


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", "<Types/>")
        file.writestr("xl/workbook.xml", b"0" * 30_000_000)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "mau.xlsx", "không có nội dung"),
        (b"%PDF-1.7 ...", "mau.xlsx", "Đây là tệp PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 90, "mau.xlsx", "Excel kiểu cũ"),
        (bomb(), "mau.xlsx", "nở ra quá lớn khi giải nén"),
        (b"PK\x03\x04 broken", "mau.xlsx", "Tệp hỏng"),
        ("Mẫu".encode("utf-16"), "mau.csv", "thiếu trang survey"),
        (b"name,label\n", "mau.csv", "thiếu trang survey"),
        (b"x\x00", "mau.docx", "cũng không phải văn bản"),
        (b"<html><table>", "mau.xls", "Đây là trang web (HTML)"),
        (SAMPLE.replace("1.6 Đ", "1.6 \x01").encode(), "mau.md", "có ký tự không đọc được"),
        (f"{SAMPLE}{'| x' * 300}\n".encode(), "mau.md", "ngoài cột thứ 200"),
    ],
)
def test_what_is_no_form_gets_a_clear_word_and_leaves_nothing(
    site: Site, officer: Visitor, content: bytes, name: str, said: str
) -> None:
    items = list(site.table.everything())
    reply = upload(officer, content, name)
    assert reply.status == 422
    assert said in text(reply)
    assert list(site.table.everything()) == items


def with_sheet(sheet: bytes) -> bytes:
    """A whole workbook whose only sheet is this XML."""
    out, changed = io.BytesIO(), io.BytesIO()
    book = Workbook()
    book.active.title = "survey"
    book.save(out)
    with zipfile.ZipFile(out) as whole, zipfile.ZipFile(changed, "w") as file:
        for part in whole.namelist():
            file.writestr(part, sheet if "sheet1" in part else whole.read(part))
    return changed.getvalue()


_ENTITIES = b"".join(
    b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10 if n else b"x" * 100) for n in range(9)
)


@pytest.mark.guards("bad files: known by their bytes, bounded, no 500")
@pytest.mark.parametrize(
    "sheet",
    [
        b"<worksheet><sheetData><row",
        b"<!DOCTYPE w [%s]><worksheet><sheetData><row><c><v>&a8;</v></c></row></sheetData>"
        % _ENTITIES,
    ],
    ids=["broken", "entities in entities"],
)
def test_a_workbook_whose_sheet_is_no_sheet_is_no_500(officer: Visitor, sheet: bytes) -> None:
    reply = upload(officer, with_sheet(sheet), "mau.xlsx")
    assert reply.status == 422
    assert re.search("Tệp hỏng|nở ra quá lớn", text(reply))


@pytest.mark.guards("what of a file is passed over is said before it is adopted", "not kept ✓")
def test_the_preview_says_what_of_the_file_was_passed_over(officer: Visitor) -> None:
    notes = "| Ghi chú <b> |\n| | Người soạn |\n"
    page = text(officer.follow(upload(officer, SECOND + notes)))
    assert "Trang “Ghi chú &lt;b&gt;” không phải survey, choices, settings" in page
    assert "được đọc hoặc bỏ qua" not in text(officer.follow(upload(officer, SECOND)))


def test_no_file_at_all_is_said(officer: Visitor) -> None:
    fields = {"csrf": csrf_token(officer.cookies["bc-staff"])}
    reply = officer.upload(FORM, fields, {"form": ("", b"")})
    assert reply.status == 422
    assert "Vui lòng chọn tệp biểu mẫu" in text(reply)


@pytest.mark.guards(
    "the preview of a form shows what was understood", "the cells alone ✓ (the page)"
)
def test_the_preview_says_how_new_and_changed_cells_are_read(officer: Visitor) -> None:
    goal = "| | integer | i9_9 | 9.9 Mới | | | | sum | | + | | >=1.000 | | | | | 1/2/2027 | | 2.5 |"
    first = next(line for line in SAMPLE.splitlines() if "| begin_group | s1 |" in line)
    changed = SAMPLE.replace(first, f"{first}\n{goal}", 1).replace(">=98%", ">=1.000%", 1)
    taken = upload(officer, changed)
    assert taken.status == 303, text(taken)[-900:]
    said = text(officer.follow(taken))
    assert "mục tiêu: ≥ 1.000; từ ngày: 01/02/2027; ngưỡng báo thay đổi: hỏi khi gấp 2,5" in said
    assert "hiểu là: ≥ 1%" in said


def test_an_offer_is_kept_for_a_day(as_staff: Callable[..., Visitor], clock: Clock) -> None:
    where = upload(as_staff(OFFICER), SECOND).header("location")
    clock.now += timedelta(hours=23)
    assert as_staff(OFFICER).get(where).status == 200
    clock.now += timedelta(hours=2)
    assert as_staff(OFFICER).get(where).status == 404


def test_what_nobody_offered_can_not_be_confirmed(officer: Visitor) -> None:
    assert officer.get(f"{FORM}/offer?file={'0' * 32}").status == 404
    assert officer.get(f"{FORM}/offer").status == 404


# ------------------------------------------------------------------ two officers at once


@pytest.mark.guards(
    "two officers: one wins, the other is told",
    "a stale preview taken ✓",
    "periods over any revision ✓",
    "both items of the figures over any ✓ (one alone stays green: each guards the other)",
)
def test_of_two_officers_one_wins_and_the_other_sees_what_is_new(
    site: Site, officer: Visitor
) -> None:
    mine = officer.follow(upload(officer, SECOND))
    officer.follow(adopt(officer, SAMPLE.replace(OUT, "| | integer | i1_6_other |")))
    reply = officer.submit(mine, "/offer", period="2027-Q1")
    assert reply.status == 409
    assert "Vừa có người khác thay đổi" in text(reply)
    assert "So với phiên bản 2" in text(reply)
    assert len(state(site)[0]) == 2


@pytest.mark.guards("nothing changes before it is confirmed; then all at once")
def test_a_period_that_moved_in_the_same_moment_leaves_nothing_half_done(
    site: Site, officer: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(site)
    inner = authoring.adopt

    def overtaken(*given: object, **more: object) -> None:
        period = next(p for p in programmes.periods(site.table, NEW) if p.key == "2028-Q1")
        programmes.keep_periods(site.table, NEW, [period.model_copy(update={"label": "Đổi"})])
        inner(*given, **more)  # type: ignore[arg-type]

    preview = officer.follow(upload(officer, SECOND))
    monkeypatch.setattr(authoring, "adopt", overtaken)
    reply = officer.submit(preview, "/offer", period="2027-Q1")
    assert reply.status == 409
    assert state(site) == before


def test_more_periods_than_one_write_holds_are_refused(site: Site, officer: Visitor) -> None:
    first = programmes.periods(site.table, NEW)[-1]
    many = [
        first.model_copy(update={"key": f"x-{n}", "form": 1})
        for n in range(authoring.MOST_PERIODS + 1)
    ]
    programmes.keep_periods(site.table, NEW, many)
    preview = officer.follow(upload(officer, SECOND))
    reply = officer.submit(preview, "/offer", period="2026-Q4")
    assert reply.status == 422
    assert "Quá nhiều kỳ trong một lần" in text(reply)
    assert len(state(site)[0]) == 1


def test_as_many_periods_as_a_write_holds_move_at_once(site: Site, officer: Visitor) -> None:
    open_ones = sum(one.locks > site.clock() for one in programmes.periods(site.table, NEW))
    last = programmes.periods(site.table, NEW)[-1]
    more = authoring.MOST_PERIODS - open_ones
    made = [last.model_copy(update={"key": f"x-{n}", "form": 1}) for n in range(more)]
    programmes.keep_periods(site.table, NEW, made)
    officer.follow(adopt(officer, period="2026-Q4"))
    assert list(state(site)[1].values()).count(2) == authoring.MOST_PERIODS


def test_a_version_is_kept_once(site: Site, officer: Visitor) -> None:
    officer.follow(adopt(officer))
    act = Act(site.clock(), OFFICER, "adopt_form", NEW)
    with pytest.raises(Conflict):
        authoring.adopt(site.table, act, state(site)[0][1], [])


# ------------------------------------------------------------------ reports already begun


def fill_in(unit: Visitor, **more: str) -> Reply:
    """From the form to the receipt."""
    page = unit.get("/report/2026-Q4")
    check = unit.follow(unit.submit(page, "2026-Q4", do="check", **more))
    check = all_nil(unit, check)
    by = {
        "by.name": "Nguyễn Văn Thử",
        "by.post": "Văn thư",
        "by.phone": "0270 000 0000",
        "approved": "1",
    }
    return unit.follow(unit.submit(check, "/send", reason="Bổ sung", **by))


@pytest.mark.guards("a report stays on the form it was begun on")
def test_a_sent_report_keeps_its_form_also_when_it_is_corrected(
    site: Site, officer: Visitor, as_unit: Callable[..., Visitor]
) -> None:
    unit = as_unit("T01")
    fill_in(unit, i1_6="5")
    officer.follow(adopt(officer))
    page = text(unit.get("/report/2026-Q4"))
    assert 'name="i1_6"' in page
    assert 'name="i1_6_new"' not in page
    fill_in(unit, i1_6="6")
    head = reports.head(site.table, NEW, "2026-Q4", "T01")
    assert head is not None
    assert (head.form, head.version) == (1, 2)
    assert '"i1_6":6' in head.figures


@pytest.mark.guards(
    "a report stays on the form it was begun on", "the draft's form not looked at ✓ (the first)"
)
def test_a_draft_begun_before_the_switch_keeps_its_form_to_the_receipt(
    site: Site, officer: Visitor, as_unit: Callable[..., Visitor]
) -> None:
    begun, fresh = as_unit("T01"), as_unit("T02")
    begun.submit(begun.get("/report/2026-Q4"), "2026-Q4", do="save", i1_6="5")
    officer.follow(adopt(officer))
    assert 'name="i1_6"' in text(begun.get("/report/2026-Q4"))
    assert 'name="i1_6_new"' in text(fresh.get("/report/2026-Q4"))
    fill_in(begun)
    fill_in(fresh, i1_6_new="8")
    heads = {head.unit: head for head in reports.heads(site.table, NEW, "2026-Q4")}
    assert (heads["T01"].form, heads["T02"].form) == (1, 2)
    assert '"i1_6":5' in heads["T01"].figures


def test_a_draft_from_before_drafts_named_their_form_is_on_the_periods(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    from chalicelib.edges.table import ANYTHING, Put
    from chalicelib.store import keys

    unit = as_unit("T01")
    unit.submit(unit.get("/report/2026-Q4"), "2026-Q4", do="save", i1_6="5")
    key = keys.draft(NEW, "2026-Q4", "T01")
    item = site.table.get(key)
    assert item is not None
    body = {name: content for name, content in item.body.items() if name != "form"}
    site.table.write(Put(key, body, ANYTHING, item.expires))
    assert 'value="5"' in text(unit.get("/report/2026-Q4"))


def test_both_versions_of_one_period_add_up_by_code_on_the_page(
    site: Site, officer: Visitor, as_unit: Callable[..., Visitor]
) -> None:
    one, other = as_unit("T01"), as_unit("T02")
    fill_in(one, i1_6="5", i1_7="2")
    officer.follow(adopt(officer))
    fill_in(other, i1_6_new="8", i1_7="3")
    programme = programmes.programme(site.table, NEW)
    period = next(p for p in programmes.periods(site.table, NEW) if p.key == "2026-Q4")
    assert programme is not None
    summarise.summarise(site, programme, period)
    page = text(officer.get(f"/desk/{NEW}/2026-Q4"))
    assert "phiên bản 1: 1 báo cáo; phiên bản 2: 1 báo cáo" in page
    assert "chỉ trong biểu mẫu phiên bản 1" in page

    def row(code: str) -> str:
        return page.partition(f'<tr id="{code}">')[2].partition("</tr>")[0]

    assert "<b>5</b>" in row("i1_6")
    assert "1/1 đơn vị" in row("i1_6")
    assert "<b>8</b>" in row("i1_6_new")
    assert "1/35 đơn vị" in row("i1_6_new")
    assert "<b>5</b>" in row("i1_7")
    assert "2/36 đơn vị" in row("i1_7")
    for code, said in (("i1_6", "1/1"), ("i1_6_new", "1/35"), ("i1_7", "2/36")):
        by_unit = text(officer.get(f"/desk/{NEW}/2026-Q4/units?code={code}"))
        assert said in by_unit, code


def test_the_director_reads_and_does_not_act(as_staff: Callable[..., Visitor]) -> None:
    page = text(as_staff().get(FORM))
    assert "Phiên bản 1 (mới nhất)" in page
    assert "Tải lên và xem trước" not in page
