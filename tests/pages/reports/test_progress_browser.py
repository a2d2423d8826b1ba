"""The grid, the years and the terms in a real Chromium, by the keyboard."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import at_the_desk
from tests.conftest import NEW

pytestmark = pytest.mark.browser

GRID, TERMS = f"/desk/{NEW}/2026-Q4/reports", f"/desk/{NEW}/2026-Q4/terms"


@pytest.fixture
def officer(browser: Browser, urls: dict[str, str]) -> Iterator[tuple[Page, str]]:
    """An officer at the desk, without JavaScript, and the address of the server."""
    page = at_the_desk(browser, urls, java_script_enabled=False)
    yield page, urls["officer"].split("/s/")[0]
    page.context.close()


@pytest.mark.guards("the desk by the keyboard alone, without JavaScript")
def test_the_keyboard_alone_filters_ticks_exempts_and_lifts(officer: tuple[Page, str]) -> None:
    """Without JavaScript, too."""
    page, host = officer
    page.goto(host + GRID)
    page.get_by_label("Tìm đơn vị").focus()
    page.keyboard.type("dinh chieu")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=dinh*")
    box = page.get_by_label("T02")
    box.focus()
    page.keyboard.press("Space")
    assert box.is_checked()
    for name in ("Trường THPT Nguyễn Đình Chiểu", "t02@donvi.example"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == name
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Tiếp nhận"
    page.goto(f"{host}{TERMS}?unit=T02")
    page.get_by_label("Lý do miễn").focus()
    page.keyboard.type("Đang sáp nhập")
    page.keyboard.press("Enter")
    page.wait_for_url("**done=exempt")
    assert "Được miễn kỳ này: Đang sáp nhập" in page.locator("section.box").inner_text()
    page.get_by_role("button", name="Bỏ miễn").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**done=unexempt")
    assert "Được miễn" not in page.locator("section.box").inner_text()
