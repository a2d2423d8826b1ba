"""The unit list in a real Chromium: by keyboard, and without scripts."""

import re
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from infra.browser import PHONE
from tests.browser import at_the_desk
from tests.unit_files import book

pytestmark = pytest.mark.browser
P = "thi-dua-2026-2030"
ROWS = [
    ("T02", "Trường THPT Đồ Chiểu", "T", date(2027, 1, 1)),
    ("T04", "Trường THPT Võ Trường Toản", "T", date(2026, 1, 1), date(2030, 12, 31), "T01"),
    ("T90", "Trường THPT Mới", "T", date(2027, 1, 1)),
]


@pytest.fixture
def lists(tmp_path: Path) -> dict[str, Path]:
    rows = {"good": ROWS, "bad": [*ROWS, ("T 9", "=A1", "Z", "hôm qua")]}
    found = {name: tmp_path / f"{name}.xlsx" for name in rows}
    for name, path in found.items():
        path.write_bytes(book(rows[name]))
    return found


def signed_in(browser: Browser, urls: dict[str, str], *, scripts: bool = True) -> tuple[Page, str]:
    page = at_the_desk(browser, urls, java_script_enabled=scripts)
    return page, f"{urls['officer'].split('/s/')[0]}/desk/{P}"


def press_to(page: Page, name: str) -> None:
    """Tab to what has this name, and press Enter."""
    for _ in range(60):
        page.keyboard.press("Tab")
        here = page.evaluate("document.activeElement.textContent")
        if re.fullmatch(name, here.strip()):
            page.keyboard.press("Enter")
            return
    raise LookupError(f"no way by keyboard to {name}")


def test_a_list_is_imported_by_keyboard_on_a_phone_without_scripts(
    browser: Browser, urls: dict[str, str], lists: dict[str, Path]
) -> None:
    page, desk = signed_in(browser, urls, scripts=False)
    page.set_viewport_size(PHONE)
    page.goto(f"{desk}/units/import")
    page.locator("#file").set_input_files(str(lists["bad"]))
    page.get_by_role("button", name="Xem trước").click()
    assert "ô có công thức" in page.locator("table").first.inner_text()
    page.get_by_role("link", name="Chọn tệp khác").click()
    page.locator("#file").set_input_files(str(lists["good"]))
    page.get_by_role("button", name="Xem trước").click()
    page.get_by_role("button", name="Xác nhận ghi 3 thay đổi").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/units?done=import")
    assert "Đã ghi danh sách mới" in page.locator("[role=status]").inner_text()


def test_a_unit_is_found_and_renamed_by_keyboard_alone(
    browser: Browser, urls: dict[str, str]
) -> None:
    page, desk = signed_in(browser, urls)
    page.goto(f"{desk}/units")
    page.locator("#q").focus()
    page.keyboard.type("dinh chieu")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=dinh*")
    press_to(page, "Trường THPT Nguyễn Đình Chiểu")
    page.wait_for_url("**/units/T02")
    page.locator("#f-name").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("Trường THPT Đồ Chiểu")
    page.locator("#f-since").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("01/01/2030")
    page.keyboard.press("Enter")
    page.wait_for_url("**done=1")
    assert "Trường THPT Đồ Chiểu" in page.locator("table").inner_text()
