"""A whole period of 45 units, from the imported list to the director's workbook.

Two units and the officer sit in real Chromium, 42 units come over HTTP, one sends paper. After
every step the grid is read again and must say what the story has counted by hand.
"""

import io
import json
import re
from collections.abc import Callable
from datetime import date, datetime
from html import escape
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser, Page

from chalicelib.jobs import summarise
from infra.browser import DESK as DESK_SIZE
from infra.browser import PHONE
from infra.gateway import Reply
from infra.visitor import Visitor
from tests.conftest import Figure
from tests.filling import fill_what_stands
from tests.independent import (
    COVERAGE,
    Raw,
    assert_equal,
    assert_in_the_workbook,
    independent,
)
from tests.season import (
    BLOCS,
    DESK,
    DIRECTOR,
    OFFICER,
    STATES,
    Books,
    K,
    Office,
    P,
    Tables,
    at,
    entered,
    link_in,
    listed,
    mailboxes,
    opened,
    sent,
    shown,
)
from tests.unit_files import book

pytestmark = [pytest.mark.browser, pytest.mark.e2e]

NO_SCRIPTS, ON_PHONE, ON_PAPER = "T05", "T12", "P05"  # in Chromium, in Chromium, by post
NEVER, EXEMPT, LATE, EXTENDED = "P09", "T31", ("T33", "T34", "T35"), "T30"
RETURNED, UNANSWERED, LAST_SECOND, BETWEEN = "T08", "T35", "T29", "T20"
BOTH_COMMENTS = ("Đề nghị kiểm tra lại số người", "Rà soát toàn bộ báo cáo")


class Season:
    """The people of the story, and the books that are kept beside it."""

    def __init__(self, office: Office, browser: Browser) -> None:
        self.office = office
        self.names = {row["code"]: row["name"] for row in listed()}
        self.books = Books({row["code"]: row["bloc"] for row in listed()})
        self.units: dict[str, Visitor] = {}
        self.no_scripts = self._page(browser, java_script_enabled=False)
        self.phone = self._page(browser, viewport=PHONE, has_touch=True)
        self.desk = self._page(browser, viewport=DESK_SIZE)

    @staticmethod
    def _page(browser: Browser, **how: object) -> Page:
        page = browser.new_context(**how).new_page()  # type: ignore[arg-type]
        page.set_default_timeout(20_000)
        return page

    def goto(self, page: Page, path: str) -> None:
        page.goto(self.office.site.public_url + path)

    def press(self, words: str) -> None:
        self.desk.get_by_role("button", name=words).first.click()

    def a_day_begins(self, now: datetime) -> None:
        """The officer signs in with the mailed link: yesterday's session has ended."""
        self.office.clock.set(now)
        self.goto(self.desk, "/signin")
        self.desk.get_by_label("Địa chỉ thư điện tử công vụ").fill(OFFICER)
        self.press("Gửi mã đăng nhập")
        self.desk.get_by_text("sáu chữ số").first.wait_for()
        self.goto(self.desk, self.office.sign_in_link(OFFICER))
        self.press("Đăng nhập với tài khoản này")
        self.desk.wait_for_url("**/desk")

    def compare(self, after: str) -> None:
        self.books.compare(self.office.watched(f"{DESK}/reports").body.decode(), after)

    def compare_in_chromium(self, after: str) -> None:
        self.goto(self.desk, f"{DESK}/reports")
        self.books.compare(self.desk.content(), f"{after}, in Chromium")

    def send(self, code: str, seed: str = "", **more: str) -> Reply:
        """A unit over HTTP sends a first time or again."""
        receipt = sent(self.units[code], f"{code}{seed}", **more)
        self.books[code].submit(self.office.clock())
        self.compare(f"{code} sends")
        return receipt

    def mailed(self, before: int) -> list[str]:
        return [str(mail["To"]) for mail in self.office.mails()[before:]]


def tab_to(page: Page, words: str, most: int = 400) -> None:
    """Press Tab until what has the focus is named so."""
    here = "(document.activeElement.labels?.[0] ?? document.activeElement).innerText"
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate(here).strip() == words:
            return
    raise AssertionError(f"no way to {words!r} by keyboard")


# ------------------------------------------------------------------ 3 June: units and links


def the_list_is_imported(story: Season) -> None:
    heads = ("Mã", "Tên đơn vị", "Khối", "STT", "Tên khác", "Email", "Từ ngày", "Đến ngày")
    rows = [
        (
            *(row["code"], row["name"], BLOCS[row["bloc"]], int(row["order"]), row["aliases"]),
            *(row["email"], date.fromisoformat(row["valid_from"]), day_or_none(row["valid_to"])),
        )
        for row in listed()
    ]
    file = {"name": "don-vi-2024.xlsx", "mimeType": "", "buffer": book(rows, heads)}
    story.goto(story.desk, f"/desk/{P}/units/import")
    story.desk.get_by_label("Tệp XLSX hoặc CSV").set_input_files(file)  # type: ignore[arg-type]
    story.press("Xem trước")
    story.desk.get_by_role("heading", name="Mới (45)").wait_for()
    assert shown(story.office.watched(f"{DESK}/reports").body.decode()).rows == {}
    story.press("Xác nhận ghi 45 thay đổi")
    story.desk.get_by_text("Đã ghi danh sách mới").wait_for()
    story.compare_in_chromium("the import")


def day_or_none(given: str) -> date | None:
    return date.fromisoformat(given) if given else None


def links_are_issued_and_mailed(story: Season) -> None:
    story.goto(story.desk, f"/desk/{P}/links")
    story.desk.get_by_label("Tất cả 45 đơn vị trong danh sách").check()
    story.press("Cấp đường dẫn")
    story.desk.get_by_text("Đã cấp đường dẫn cho 45 đơn vị.").wait_for()
    story.desk.get_by_label("Tất cả 45 đơn vị trong danh sách").check()
    story.press("Gửi qua thư")
    story.desk.get_by_text("Còn 5 đơn vị chờ gửi").wait_for()
    story.press("Gửi tiếp")
    story.desk.get_by_text("45", exact=True).wait_for()
    mails = story.office.mails()
    assert {str(mail["To"]) for mail in mails} == mailboxes(story.names)
    assert len({link_in(mail) for mail in mails}) == len(mails) == 45
    story.compare("the links")


def units_open_their_links(story: Season) -> None:
    for mail in story.office.mails():
        code = str(mail["To"]).partition("@")[0].upper()
        if code == ON_PAPER:
            continue
        if code in (NO_SCRIPTS, ON_PHONE):
            page = story.no_scripts if code == NO_SCRIPTS else story.phone
            page.goto(link_in(mail))
            page.get_by_role("button", name="Vào báo cáo của đơn vị").click()
            home = page.content()
        else:
            story.units[code] = entered(story.office, link_in(mail))
            home = story.units[code].get("/report").body.decode()
        assert f"<h1>{escape(story.names[code])}</h1>" in home
    assert len(story.units) == 42
    story.compare("the links were opened")


# ------------------------------------------------------------------ 4 to 13 June: sending


def the_first_reports_arrive(story: Season) -> None:
    for code in [f"T{place:02}" for place in (1, 2, 3, 4, 6, 7, 8, 9, 10, 11)]:
        story.send(code)


def a_unit_without_javascript_sends(story: Season) -> None:
    page = story.no_scripts
    page.get_by_role("link", name="Nhập báo cáo").first.click()
    while (closed := page.locator("details:not([open]) > summary")).count():
        closed.first.click()
    page.locator("#i1_5").fill("12")
    page.locator('[id="i1_2.num"]').fill("41")
    page.locator('[id="i1_2.den"]').fill("40")
    page.locator("#n_done").fill("Đã phổ biến đến từng tổ")
    page.get_by_role("button", name="Kiểm tra").click()
    assert "chỗ cần sửa" in page.locator("#faults").inner_text()
    page.locator('[id="i1_2.den"]').fill("42")
    send_in_chromium(page)
    story.books[NO_SCRIPTS].submit(story.office.clock())
    story.compare("the unit without JavaScript sends")


def send_in_chromium(page: Page, reason: str = "") -> None:
    """From the form to the receipt; of what is empty nothing occurred."""
    fill_what_stands(page)
    page.get_by_role("button", name="Kiểm tra").click()
    page.get_by_role("heading", name="Kiểm tra trước khi gửi").wait_for()
    fill_nil = page.get_by_role("button", name=re.compile("Đánh dấu không phát sinh cho"))
    if fill_nil.count():
        fill_nil.click()
        fill_nil.wait_for(state="detached")
    if reason:
        page.get_by_label("Lý do điều chỉnh").fill(reason)
    page.get_by_label("Họ và tên").fill("Trần Thị Mẫu")
    page.get_by_label("Chức vụ").fill("Văn thư")
    page.get_by_label("Số điện thoại").fill("0270 000 0000")
    page.get_by_label("Đã được thủ trưởng duyệt").check()
    page.get_by_role("button", name="Gửi báo cáo").click()
    page.get_by_role("heading", name="Xác nhận đã gửi báo cáo").wait_for()


def those_that_owe_are_urged(story: Season) -> None:
    """One unit sends while the officer reads the preview: it gets no mail."""
    before = len(story.office.mails())
    owing = set(story.books.owing("missing")) - {BETWEEN}
    story.goto(story.desk, f"{DESK}/urge")
    story.press(f"Xem trước cả {len(owing) + 1} thư")
    story.desk.get_by_role("heading", name=f"Sẽ gửi ({len(owing) + 1})").wait_for()
    story.send(BETWEEN)
    story.press(f"Gửi {len(owing) + 1} thư")
    story.desk.wait_for_url("**/urge/round/*")
    while (more := story.desk.get_by_role("button", name=re.compile("Gửi tiếp"))).count():
        more.click()
    mailed = story.mailed(before)
    assert set(mailed) == mailboxes(owing)
    assert len(mailed) == len(owing)
    text = str(story.office.mails()[-1].get_content())
    assert "trân trọng đề nghị quý đơn vị gửi báo cáo 6 tháng đầu năm 2024" in text
    nobody_is_left_to_urge(story)
    story.compare_in_chromium("the urging")


def nobody_is_left_to_urge(story: Season) -> None:
    """Neither on the page, nor where a stale page is sent again."""
    before = len(story.office.mails())
    story.goto(story.desk, f"{DESK}/urge")
    assert story.desk.get_by_text("Hôm nay đã có thư cho cả").is_visible()
    officer = story.office.signed_in(OFFICER)
    page = officer.get(f"{DESK}/terms").body.decode()
    (csrf,) = set(re.findall(r'name="csrf" value="([^"]+)"', page))
    everyone = {f"unit.{code}": "1" for code in story.names}
    refused = officer.post(f"{DESK}/urge/begin", {"csrf": csrf, **everyone})
    assert refused.status == 422
    assert story.mailed(before) == []


def more_time_is_asked_for_and_granted(story: Season) -> None:
    unit = story.units[EXTENDED]
    page = unit.get(f"/report/{K}/ask")
    asked = unit.submit(page, "/ask", reason="Đang chuyển trụ sở", wanted="2024-06-24")
    assert "Đang chờ Sở trả lời" in unit.follow(asked).body.decode()
    story.compare("more time is asked for")
    story.goto(story.desk, f"{DESK}/requests")
    assert story.desk.get_by_text("Đang chuyển trụ sở").is_visible()
    story.press("Chấp thuận gia hạn")
    story.desk.get_by_text("Không có đề nghị nào đang chờ").wait_for()
    story.books[EXTENDED].more_time = date(2024, 6, 24)
    story.compare_in_chromium("more time is granted")


def the_phone_sends(story: Season) -> None:
    page = story.phone
    page.get_by_role("link", name="Nhập báo cáo").first.click()
    page.wait_for_url("**/report/*")
    page.locator("#i1_5").fill("7")
    send_in_chromium(page)
    story.books[ON_PHONE].submit(story.office.clock())
    story.compare("the phone sends")


def most_reports_arrive(story: Season) -> None:
    waiting = {NEVER, EXEMPT, EXTENDED, ON_PAPER, LAST_SECOND, *LATE}
    for place, code in enumerate(c for c in story.books.owing("missing") if c not in waiting):
        story.send(code, **({"nil": "1"} if place == 3 else {}))
    story.send("T09", seed=" lần hai", reason="Bổ sung số liệu")
    assert story.books["T09"].version == 2


# ------------------------------------------------------------------ 17 to 19 June: late, returned


def the_last_second_is_in_time(story: Season) -> None:
    story.office.clock.set(at(17, 23, 59))
    assert "Đúng hạn" in story.send(LAST_SECOND).body.decode()


def late_ones_send(story: Season) -> None:
    story.office.clock.set(at(18, 0, 1))
    story.compare("the due day is over")
    assert "Gửi trễ hạn" in story.send(LATE[0]).body.decode()


def paper_is_entered(story: Season) -> None:
    """It came on the 14th and is typed in on the 18th: in time."""
    desk = story.desk
    story.goto(desk, f"{DESK}/reports/{ON_PAPER}")
    desk.get_by_role("link", name="Nhập báo cáo giấy thay đơn vị").click()
    desk.get_by_label("Ngày nhận báo cáo giấy").fill("2024-06-14")
    desk.locator("#i1_5").fill("31")
    fill_what_stands(desk)  # of what stands at the cut-off an empty box says nothing
    desk.get_by_label("Ô bỏ trống là không phát sinh").check()
    desk.get_by_label("Họ và tên người lập").fill("Lê Thị Giấy")
    desk.get_by_label("Bản giấy có chữ ký").check()
    story.press("Lưu báo cáo giấy")
    desk.get_by_text("giấy, nhận ngày 14/06/2024").first.wait_for()
    story.books[ON_PAPER].submit(at(14, 0))
    story.compare("the paper is entered")


def one_is_exempted(story: Season) -> None:
    story.goto(story.desk, f"{DESK}/terms?unit={EXEMPT}")
    story.desk.get_by_label("Lý do miễn").fill("Đang sáp nhập")
    story.desk.get_by_role("button", name="Miễn báo cáo").click()
    story.desk.get_by_text("Đã miễn báo cáo kỳ này.").wait_for()
    story.books[EXEMPT].exempt = "Đang sáp nhập"
    story.compare_in_chromium("one is exempted")


def two_are_returned(story: Season) -> None:
    """The first by keyboard alone, the second with a comment on one section only."""
    desk = story.desk
    story.goto(desk, f"{DESK}/reports/{ON_PHONE}")
    tab_to(desk, "Góp ý cho nội dung này")
    desk.keyboard.press("Enter")
    desk.keyboard.press("Tab")
    desk.keyboard.type(BOTH_COMMENTS[0])
    tab_to(desk, "Góp ý chung")
    desk.keyboard.type(BOTH_COMMENTS[1])
    tab_to(desk, "Trả lại báo cáo")
    desk.keyboard.press("Enter")
    desk.locator("dd", has_text="Đang trả lại").first.wait_for()
    story.books[ON_PHONE].state = "returned"
    story.compare("the phone's report is returned")
    story.goto(desk, f"{DESK}/reports/{RETURNED}")
    desk.get_by_text("Góp ý cho nội dung này").nth(1).click()
    desk.locator('textarea[name^="comment."]').nth(1).fill("Số học sinh giỏi chưa khớp")
    desk.get_by_role("button", name="Trả lại báo cáo").click()
    desk.locator("dd", has_text="Đang trả lại").first.wait_for()
    story.books[RETURNED].state = "returned"
    story.compare_in_chromium("two are returned")


def the_late_and_the_returned_are_urged(story: Season) -> None:
    before = len(story.office.mails())
    owing = {NEVER, EXTENDED, LATE[1], LATE[2], ON_PHONE, RETURNED}
    assert set(story.books.owing("missing", "returned")) == owing
    story.goto(story.desk, f"{DESK}/urge")
    assert story.desk.get_by_role("button", name="3 đơn vị quá hạn").is_visible()
    story.press("Xem trước cả 6 thư")
    story.press("Gửi 6 thư")
    story.desk.wait_for_url("**/urge/round/*")
    found = {str(one["To"]): str(one.get_content()) for one in story.office.mails()[before:]}
    assert found.keys() == mailboxes(owing)
    assert len(story.mailed(before)) == 6
    for code in (ON_PHONE, RETURNED):
        (box,) = mailboxes([code])
        assert "đã trả lại báo cáo" in found[box]
    (box,) = mailboxes([EXTENDED])
    assert "đúng hạn: 23:59 ngày 24/06/2024" in found[box]
    nobody_is_left_to_urge(story)
    story.compare("the late and the returned are urged")


def the_phone_answers_the_return(story: Season) -> None:
    page = story.phone
    mails = [one for one in story.office.mails() if str(one["To"]) in mailboxes([ON_PHONE])]
    page.goto(link_in(mails[-1]))
    page.get_by_role("button", name="Vào báo cáo của đơn vị").click()
    page.get_by_role("link", name="Sửa và gửi lại").click()
    page.wait_for_url("**/report/*")
    assert BOTH_COMMENTS[1] in page.locator("#remarks").inner_text()
    assert page.locator("details[open]").get_by_text(BOTH_COMMENTS[0]).is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.locator("#i1_5").fill("9")
    send_in_chromium(page, "Đã sửa theo góp ý")
    story.books[ON_PHONE].submit(story.office.clock())
    story.compare("the phone answers the return")


def the_other_answers_over_http(story: Season) -> None:
    form = story.units[RETURNED].get(f"/report/{K}").body.decode()
    assert "Góp ý của Sở:</b> Số học sinh giỏi chưa khớp" in form
    story.send(RETURNED, seed=" sửa", reason="Đã sửa theo góp ý")
    story.send(LATE[1])


# ------------------------------------------------------------------ 19 to 22 June: taken in, summed


def many_are_taken_in_by_keyboard(story: Season) -> None:
    desk, waiting = story.desk, story.books.owing("submitted")
    story.goto(desk, f"{DESK}/reports?state=submitted")
    tab_to(desk, "Đánh dấu tất cả đơn vị đang hiện")
    desk.keyboard.press("Enter")
    desk.wait_for_url("**tick=all**")
    tab_to(desk, "Tiếp nhận")
    desk.keyboard.press("Enter")
    desk.get_by_text(f"Đã tiếp nhận {len(waiting)}/{len(waiting)} đơn vị").wait_for()
    for code in waiting:
        story.books[code].state = "accepted"
    assert len(waiting) == 41
    story.compare_in_chromium("many are taken in")


def reopening_is_asked_for_without_javascript_and_granted(story: Season) -> None:
    unit = story.no_scripts
    story.goto(unit, "/report")
    unit.get_by_role("link", name="Xin mở lại").click()
    unit.get_by_label("Lý do").fill("Ghi nhầm số đảng viên")
    unit.get_by_role("button", name="Gửi đề nghị").click()
    assert unit.get_by_text("Đang chờ Sở trả lời").is_visible()
    story.compare("reopening is asked for")
    story.goto(story.desk, f"{DESK}/requests")
    story.press("Chấp thuận mở lại")
    story.desk.get_by_text("Không có đề nghị nào đang chờ").wait_for()
    story.books[NO_SCRIPTS].state = "reopened"
    story.compare_in_chromium("it is reopened")


def what_was_reopened_is_corrected_and_taken_in(story: Season) -> None:
    unit = story.no_scripts
    story.goto(unit, "/report")
    unit.get_by_role("link", name="Điều chỉnh").click()
    unit.locator("#i1_6").evaluate("box => box.closest('details').open = true")
    unit.locator("#i1_6").fill("3")
    row = unit.locator(".f", has=unit.locator("#i1_6"))
    row.locator("select").select_option("value")
    send_in_chromium(unit, "Sửa số đảng viên mới kết nạp")
    story.books[NO_SCRIPTS].submit(story.office.clock())
    story.compare("the reopened one is corrected")
    story.goto(story.desk, f"{DESK}/reports/{NO_SCRIPTS}")
    story.desk.get_by_role("button", name="Tiếp nhận", exact=True).first.click()
    story.desk.locator("dd", has_text="Đã tiếp nhận").first.wait_for()
    story.books[NO_SCRIPTS].state = "accepted"
    story.compare("the correction is taken in")


def after_the_lock_the_extended_one_is_in_time(story: Season) -> None:
    assert story.units[NEVER].get(f"/report/{K}").status == 409
    story.compare("the period is locked")
    assert "Đúng hạn" in story.send(EXTENDED).body.decode()
    assert "Gửi trễ hạn" not in story.units[EXTENDED].get("/report").body.decode()


def a_late_one_is_returned_and_never_answers(story: Season) -> None:
    desk = story.desk
    story.goto(desk, f"{DESK}/reports/{UNANSWERED}")
    desk.get_by_label("Góp ý chung").fill("Thiếu phụ lục")
    desk.get_by_role("button", name="Trả lại báo cáo").click()
    desk.locator("dd", has_text="Đang trả lại").first.wait_for()
    story.books[UNANSWERED].state = "returned"
    story.compare_in_chromium("a late one is returned")


def every_filter_leaves_whom_it_should(story: Season) -> None:
    others = ("missing", "overdue", "locked", "received", "on_time", "late", "extended")
    for name in (*others, *STATES):
        page = story.office.watched(f"{DESK}/reports?state={name}").body.decode()
        tables = Tables(page).tables
        found = {row[0] for row in tables[1][1:]} if len(tables) > 1 else set()
        assert (name, found) == (name, story.books.in_state(name, story.office.clock()))


def everything_is_summed_at_night(story: Season) -> None:
    done = summarise.run(story.office.site, everything=True)
    assert f"{P}/{K}" in map(str, done.written) or done.written
    raw = Raw.of_file(story.office.data / "baocao.sqlite3")
    right = independent(raw, P, K)
    assert [right[name] for name in COVERAGE] == story.books.counts()[:6]
    director = story.office.signed_in(DIRECTOR)
    page = director.get(DESK).body.decode()
    assert f"<b>{right['received']}/{right['expected']}</b>" in page
    assert "từ đó chưa có báo cáo nào thay đổi" in page
    whole = director.get(f"{DESK}/summary.json")
    assert_equal(json_of(whole), right)
    workbook = downloaded(story, director, f"{DESK}/summary.xlsx")
    assert assert_in_the_workbook(workbook, json_of(whole), right) > 30


def json_of(reply: Reply) -> dict[str, object]:
    found: dict[str, object] = json.loads(reply.body)
    return found


def downloaded(story: Season, visitor: Visitor, path: str) -> bytes:
    where = visitor.get(path).header("location").removeprefix(story.office.site.public_url)
    reply = visitor.get(where)
    assert reply.status == 200
    return reply.body


def the_grids_workbook_says_the_same(story: Season) -> None:
    director = story.office.signed_in(DIRECTOR)
    book = load_workbook(io.BytesIO(downloaded(story, director, f"{DESK}/reports.xlsx")))
    by_bloc = [[cell.value for cell in row] for row in book["Theo khối thi đua"].iter_rows()]
    counted = {str(row[0]): [*row[1:7], row[9]] for row in by_bloc if isinstance(row[1], int)}
    right = {BLOCS[bloc]: story.books.counts(bloc) for bloc in BLOCS}
    assert counted == right | {"Tất cả": story.books.counts()}
    rows = [[cell.value for cell in row] for row in book["Tình hình gửi"].iter_rows()]
    states = {row[1]: row[4] for row in rows if row[1] in story.names}
    shut = story.books.in_state("locked", story.office.clock())
    assert states == {
        code: "Được miễn" if one.exempt else STATES[one.state] + " (kỳ đã khóa)" * (code in shut)
        for code, one in story.books.units.items()
    }


Step = Callable[[Season], None]
JUNE: tuple[tuple[datetime, tuple[Step, ...]], ...] = (
    (at(3), (the_list_is_imported, links_are_issued_and_mailed, units_open_their_links)),
    (at(4), (the_first_reports_arrive, a_unit_without_javascript_sends)),
    (at(10), (those_that_owe_are_urged, more_time_is_asked_for_and_granted)),
    (at(13), (the_phone_sends, most_reports_arrive, the_last_second_is_in_time, late_ones_send)),
    (at(18), (paper_is_entered, one_is_exempted, two_are_returned)),
    (at(18, 20), (the_late_and_the_returned_are_urged,)),
    (at(19), (the_phone_answers_the_return, the_other_answers_over_http)),
    (at(19, 20), (many_are_taken_in_by_keyboard,)),
    (at(20), (reopening_is_asked_for_without_javascript_and_granted,)),
    (
        at(20, 14),
        (what_was_reopened_is_corrected_and_taken_in, lambda s: s.send(UNANSWERED) and None),
    ),
    (
        at(21),
        (after_the_lock_the_extended_one_is_in_time, a_late_one_is_returned_and_never_answers),
    ),
    (at(22, 1), (every_filter_leaves_whom_it_should, everything_is_summed_at_night)),
    (at(22, 9), (the_grids_workbook_says_the_same,)),
)


@pytest.mark.guards(
    "the grid is right at every step: overall, by bloc, each unit",
    "a reopened report counted as missing ✓",
    "an exempt unit still expected ✓",
    "a returned one counted as received ✓",
    "lateness that knows no extension ✓",
    "judged again on the answer to a return ✓",
    "a paper judged on the day it was typed in ✓",
    "taking in many that says done and does nothing ✓",
    "that skips one ✓",
)
@pytest.mark.guards(
    "who owes is urged, nobody else, once a day",
    "heads not looked at ✓",
    "heads as they were ten minutes ago ✓",
    "the exempt urged ✓",
    "a second mail on the same day ✓",
)
@pytest.mark.guards("what is granted holds", "an extension granted and not kept ✓")
@pytest.mark.guards(
    "the director's page, JSON and workbook equal the independent sum", "returned figures summed ✓"
)
def test_a_whole_period_of_45_units_is_run_from_the_desk(
    browser: Browser, tmp_path: Path, figure: Figure
) -> None:
    with opened(tmp_path, at(3, 8)) as office:
        story = Season(office, browser)
        for now, steps in JUNE:
            story.a_day_begins(now)
            for step in steps:
                step(story)
        figure("the grid was right", story.books.looks, "times")
        figure("mails to units", len(office.mails()), "reports", story.books.counts()[:6])
