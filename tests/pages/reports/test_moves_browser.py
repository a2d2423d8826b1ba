"""Deciding in a real Chromium: an officer by keyboard alone, a unit without JavaScript."""

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page

from chalicelib.rules.texts import clock
from tests.browser import at_the_desk
from tests.conftest import NEW
from tests.whole.test_browser import check_and_send, phone, to_the_form

pytestmark = pytest.mark.browser


def tab_to(page: Page, words: str) -> None:
    """Press Tab until what has the focus is named so."""
    here = "(document.activeElement.labels?.[0] ?? document.activeElement).innerText"
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate(here).strip() == words:
            return
    raise AssertionError(f"no way to {words!r} by keyboard")


def return_by_keyboard(desk: Page) -> None:
    tab_to(desk, "Góp ý cho nội dung này")
    desk.keyboard.press("Enter")
    desk.keyboard.press("Tab")
    desk.keyboard.type("Đề nghị kiểm tra lại mục này")
    tab_to(desk, "Góp ý chung")
    desk.keyboard.type("Rà soát toàn bộ")
    tab_to(desk, "Trả lại báo cáo")
    desk.keyboard.press("Enter")


def ask_without_scripts(unit: Page, urls: dict[str, str]) -> None:
    """Read what was said, then ask for more time."""
    unit.goto(urls["unit"])
    unit.get_by_role("button", name="Vào báo cáo của đơn vị").click()
    unit.get_by_role("link", name="Sửa và gửi lại").click()
    assert unit.locator("#remarks").inner_text().count("Rà soát toàn bộ") == 1
    assert unit.get_by_text("Đề nghị kiểm tra lại mục này").is_visible()
    unit.get_by_role("link", name="Xin gia hạn").click()
    day = (clock.today(clock.now()) + timedelta(days=20)).isoformat()
    unit.get_by_label("Xin gia hạn đến hết ngày").fill(day)
    unit.get_by_label("Lý do").fill("Trường bị ngập sau bão")
    unit.get_by_role("button", name="Gửi đề nghị").click()
    assert unit.get_by_text("Đang chờ Sở trả lời").is_visible()


@pytest.mark.guards("a report is returned by keyboard and answered without scripts")
def test_a_report_is_returned_by_keyboard_and_answered_without_scripts(
    browser: Browser, urls: dict[str, str]
) -> None:
    host = urls["unit"].split("/u/")[0]
    sender = phone(browser)
    to_the_form(sender, urls)
    key, code, _ = check_and_send(sender).split("/")
    desk = at_the_desk(browser, urls)
    desk.goto(f"{host}/desk/{NEW}/{key}/reports/{code}")
    return_by_keyboard(desk)
    desk.get_by_text("Đang trả lại", exact=True).first.wait_for()

    ask_without_scripts(phone(browser, scripts=False), urls)
    desk.goto(f"{host}/desk/{NEW}/{key}/requests")
    desk.get_by_role("button", name="Chấp thuận gia hạn").click()
    desk.get_by_text("Không có đề nghị nào đang chờ").wait_for()
