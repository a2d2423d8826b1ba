"""The whole line in a real Chromium at 360 × 740, with JavaScript and without it."""

import io
import json
import re
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser, Error, Page, Route

from infra.browser import PHONE
from tests.browser import close, until
from tests.filling import fill_what_stands

pytestmark = pytest.mark.browser


def phone(browser: Browser, *, scripts: bool = True) -> Page:
    context = browser.new_context(viewport=PHONE, java_script_enabled=scripts, bypass_csp=False)
    page = context.new_page()
    page.set_default_timeout(10_000)
    return page


def to_the_form(page: Page, urls: dict[str, str]) -> None:
    page.goto(urls["unit"])
    page.get_by_role("button", name="Vào báo cáo của đơn vị").click()
    page.get_by_role("link", name="Nhập báo cáo").first.click()
    page.wait_for_url("**/report/*")


@pytest.mark.guards("no token in a Referer")
def test_no_request_tells_a_token_in_its_referer(browser: Browser, urls: dict[str, str]) -> None:
    """From the link to the form and from the sign-in link to the desk, as Chromium sends it."""
    page = phone(browser)
    referers: dict[str, str] = {}
    page.on(
        "request", lambda sent: referers.update({sent.url: sent.all_headers().get("referer", "")})
    )
    to_the_form(page, urls)
    page.goto(urls["director"])
    page.get_by_role("button", name="Đăng nhập với tài khoản này").click()
    page.wait_for_url("**/desk")
    here = urls["unit"].split("/u/")[0]
    assert referers[f"{here}/report"] == referers[f"{here}/desk"] == f"{here}/"
    assert any(sent.endswith("/report") for sent in referers.values())  # ordinary pages say theirs
    assert not [sent for sent in referers.values() if "/u/" in sent or "/s/" in sent]


def open_sections(page: Page) -> None:
    while (closed := page.locator("details:not([open]) > summary")).count():
        closed.first.click()


def check_and_send(page: Page) -> str:
    """From the form to the receipt; of what is left empty nothing occurred. Gives the reference."""
    fill_what_stands(page)
    page.get_by_role("button", name="Kiểm tra").click()
    fill_nil = page.get_by_role("button", name=re.compile("Đánh dấu không phát sinh cho"))
    fill_nil.click()
    fill_nil.wait_for(state="detached")
    page.get_by_label("Họ và tên").fill("Trần Thị Mẫu")
    page.get_by_label("Chức vụ").fill("Văn thư")
    page.get_by_label("Số điện thoại").fill("0270 000 0000")
    page.get_by_label("Đã được thủ trưởng duyệt").check()
    page.get_by_role("button", name="Gửi báo cáo").click()
    page.get_by_role("heading", name="Xác nhận đã gửi báo cáo").wait_for()
    return page.locator("#reference").inner_text()


def to_the_outbox(page: Page, urls: dict[str, str]) -> None:
    """The mail goes out after the answer."""
    page.goto(urls["outbox"])
    for _ in range(200):
        if page.locator("article a").count():
            return
        page.reload()


def to_the_summary(page: Page, urls: dict[str, str]) -> None:
    """The director asks for a link, opens it from the outbox, sums the period in use."""
    page.goto(urls["director"].split("/s/")[0] + "/signin")
    page.get_by_label("Địa chỉ thư điện tử công vụ").fill("giamdoc@vinhlong.example")
    page.get_by_role("button", name="Gửi mã đăng nhập").click()
    to_the_outbox(page, urls)
    page.locator("article a").first.click()
    page.get_by_role("button", name="Đăng nhập với tài khoản này").click()
    page.locator("table a").first.click()
    page.get_by_role("button", name=re.compile("Tổng hợp")).click()


def compare_cell_by_cell(page: Page) -> None:
    """The page's XLSX, opened again, against the page's JSON."""
    where = page.url
    with page.expect_download() as started:
        page.get_by_role("link", name="Tải XLSX").click()
    book = load_workbook(io.BytesIO(Path(started.value.path()).read_bytes()))
    assert started.value.suggested_filename.endswith(".xlsx")
    page.goto(f"{where}/summary.json")
    whole = json.loads(page.locator("body").inner_text())
    sheet = book["Tổng hợp"]
    assert [sheet.cell(row, 3).value for row in range(3, 9)] == [
        whole[name] for name in ("expected", "received", "on_time", "late", "returned", "missing")
    ]
    rows = {row[0].value: [cell.value for cell in row] for row in sheet.iter_rows(min_row=11)}
    assert len(rows) == len(whole["indicators"])
    for line in whole["indicators"]:
        cells = rows[line["code"]]
        value = None if line["kind"] in ("text", "list") else line["value"]
        assert cells[6] == (None if value is None else float(Decimal(value)))
        parts = (
            "numerator",
            "denominator",
            "expected",
            "with_value",
            "nil",
            "not_applicable",
            "missing",
        )
        assert cells[7:14] == [line[name] for name in parts]


@pytest.mark.guards("works with and without JavaScript, link to workbook", "any step broken")
def test_a_phone_with_scripts_from_link_to_workbook(browser: Browser, urls: dict[str, str]) -> None:
    page = phone(browser)
    to_the_form(page, urls)
    open_sections(page)
    page.locator("#i1_5").fill("12")
    page.locator('[id="i1_2.num"]').fill("40")
    page.locator('[id="i1_2.den"]').fill("41")
    assert "2/" in page.locator("#saved").inner_text()
    page.reload()
    assert page.locator("#i1_5").input_value() == "12"
    assert "khôi phục" in page.locator("#saved").inner_text()
    hide(page)
    until(lambda: "đã lưu" in page.locator("#saved").inner_text())
    assert check_and_send(page).endswith("/T01/1")
    director = phone(browser)
    to_the_summary(director, urls)
    row = director.locator("#i1_5")
    assert "12" in row.inner_text()
    assert "97,56" in director.locator("#i1_2").inner_text()
    compare_cell_by_cell(director)


@pytest.mark.guards("works with and without JavaScript, link to workbook")
def test_a_phone_without_scripts_from_link_to_workbook(
    browser: Browser, urls: dict[str, str]
) -> None:
    page = phone(browser, scripts=False)
    to_the_form(page, urls)
    page.locator("#i1_5").fill("7")
    page.get_by_role("button", name="Lưu nháp").click()
    page.locator("#saved", has_text="đã lưu").wait_for()
    page.reload()
    assert page.locator("#i1_5").input_value() == "7"
    page.locator("#i1_5").fill("bảy")
    page.get_by_role("button", name="Kiểm tra").click()
    page.get_by_role("link", name=re.compile("Vui lòng nhập số")).click()
    assert page.locator("#i1_5").input_value() == "bảy"
    page.locator("#i1_5").fill("7")
    assert check_and_send(page).endswith("/T01/1")
    director = phone(browser, scripts=False)
    to_the_summary(director, urls)
    assert "7" in director.locator("#i1_5").inner_text()
    compare_cell_by_cell(director)


@pytest.mark.guards("survives tab and network", "no copy on the phone")
def test_what_was_typed_survives_a_dead_tab_and_a_dead_network(
    browser: Browser, urls: dict[str, str]
) -> None:
    page = phone(browser)
    to_the_form(page, urls)
    form = page.url
    page.context.set_offline(True)
    page.locator("#i1_5").fill("31")
    close(page)
    page.context.set_offline(False)
    again = page.context.new_page()
    again.goto(form)
    assert again.locator("#i1_5").input_value() == "31"


def hide(page: Page) -> None:
    """As when the person turns to another app."""
    page.evaluate(
        "Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true});"
        "dispatchEvent(new Event('visibilitychange'))"
    )


def test_after_back_from_the_check_page_saving_goes_on(
    browser: Browser, urls: dict[str, str]
) -> None:
    page = phone(browser)
    to_the_form(page, urls)
    page.locator("#i1_5").fill("5")
    page.get_by_role("button", name="Kiểm tra").click()
    page.get_by_role("heading", name="Kiểm tra trước khi gửi").wait_for()
    page.evaluate("history.back()")  # not go_back(): a page kept whole is not loaded again
    page.wait_for_url(re.compile(r"/report/[^/]+$"), wait_until="commit")
    page.locator("#i1_5").fill("6")
    hide(page)
    page.locator("#saved", has_text="đã lưu").wait_for()
    assert page.locator("#notice").is_hidden()


def test_a_button_carries_the_number_of_its_saving(browser: Browser, urls: dict[str, str]) -> None:
    """So that an autosave which is late on its way can't write over it."""
    page = phone(browser)
    to_the_form(page, urls)
    page.locator("#i1_5").fill("5")
    hide(page)
    page.locator("#saved", has_text="đã lưu").wait_for()
    with page.expect_request(lambda sent: sent.method == "POST") as pressed:
        page.get_by_role("button", name="Lưu nháp").click()
    assert parse_qs(pressed.value.post_data or "")["place"] == ["2"]


def test_a_lost_reply_is_no_other_phone(browser: Browser, urls: dict[str, str]) -> None:
    page = phone(browser)
    to_the_form(page, urls)

    def stored_but_not_heard(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/draft", stored_but_not_heard)
    page.locator("#i1_5").fill("5")
    hide(page)
    page.locator("#saved", has_text="mất mạng").wait_for()
    page.unroute("**/draft")
    page.locator("#i1_5").fill("6")
    page.evaluate("dispatchEvent(new Event('online'))")
    page.locator("#saved", has_text="đã lưu").wait_for()
    assert page.locator("#notice").is_hidden()


def test_an_old_receipt_leaves_a_correction_on_the_phone_alone(
    browser: Browser, urls: dict[str, str]
) -> None:
    page = phone(browser)
    to_the_form(page, urls)
    form = page.url
    page.locator("#i1_5").fill("5")
    check_and_send(page)
    receipt = page.url
    page.goto(form)
    page.context.set_offline(True)
    page.locator("#i1_5").fill("777")
    close(page)
    page.context.set_offline(False)
    again = page.context.new_page()
    again.goto(receipt)
    again.goto(form)
    assert again.locator("#i1_5").input_value() == "777"


def test_what_was_typed_before_the_script_arrived_is_kept_too(
    browser: Browser, urls: dict[str, str]
) -> None:
    page = phone(browser)
    held: list[Route] = []
    page.route("**/assets/form*", lambda route: held.append(route))  # noqa: PLW0108 - it must be a plain function
    page.goto(urls["unit"])
    page.get_by_role("button", name="Vào báo cáo của đơn vị").click()
    page.get_by_role("link", name="Nhập báo cáo").first.click(no_wait_after=True)
    page.locator("#i1_5").fill("31")
    until(lambda: page.evaluate("1") == 1 and bool(held))
    held[0].continue_()
    page.wait_for_load_state("load")
    kept = page.evaluate("Object.entries(localStorage).find(e => e[0].startsWith('draft/'))[1]")
    assert json.loads(kept)["fields"]["i1_5"]["text"] == "31"


def test_the_receipt_forgets_the_copy_on_the_phone(browser: Browser, urls: dict[str, str]) -> None:
    page = phone(browser)
    to_the_form(page, urls)
    page.locator("#i1_5").fill("12")
    assert (
        page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('draft/')).length") == 1
    )
    check_and_send(page)
    assert (
        page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('draft/')).length") == 0
    )
    assert page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('by/')).length") == 1


@pytest.mark.guards(
    "signing out asks where the phone holds what the server has not got, and only there"
)
def test_staff_who_sign_out_are_asked_about_a_units_text_in_the_same_browser(
    browser: Browser, urls: dict[str, str]
) -> None:
    """Named by unit and period: what it says is for the unit to see."""
    page = phone(browser)
    to_the_form(page, urls)
    page.locator('#form [name="csrf"]').evaluate("field => field.value = 'stale'")
    page.locator("#i1_5").fill("7777")
    page.goto(urls["director"])
    page.get_by_role("button", name="Đăng nhập với tài khoản này").click()
    page.get_by_role("button", name="Đăng xuất").click()
    question = page.get_by_role("group", name="Máy này còn giữ")
    question.get_by_text(re.compile("Đơn vị T01, kỳ 20.*: nhập lúc")).wait_for()
    assert "7777" not in question.inner_text()
    page.get_by_role("button", name="Đăng xuất và bỏ").click()
    page.wait_for_url("**/signin")
    assert page.evaluate("Object.keys(localStorage)") == []


def test_a_form_grown_stale_keeps_what_was_typed_without_a_script(
    browser: Browser, urls: dict[str, str]
) -> None:
    page = phone(browser)
    page.route("**/assets/*", lambda route: route.abort())
    to_the_form(page, urls)
    page.locator("#i1_5").fill("5")
    page.locator('#form [name="csrf"]').evaluate("field => field.value = 'stale'")
    page.get_by_role("button", name="Lưu nháp").click()
    page.get_by_role("button", name="Thử lại").wait_for()
    assert page.locator('main [name="i1_5"]').input_value() == "5"


def test_a_page_can_be_closed_while_it_loads(browser: Browser, urls: dict[str, str]) -> None:
    """Playwright's own `close` waits for ever then, soon in such a row."""
    context = browser.new_context()
    for _ in range(10):
        page = context.new_page()
        page.goto(urls["unit"])
        with suppress(Error):
            page.evaluate("location.reload(); new Promise(() => {})")
        close(page)
    assert context.pages == []
    context.close()
