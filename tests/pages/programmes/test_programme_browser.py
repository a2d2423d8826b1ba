"""The form, periods and the department's figures in a real Chromium: keyboard, no script."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from infra.browser import PHONE
from tests.browser import at_the_desk
from tests.conftest import NEW
from tests.pages.programmes.test_forms import SECOND

pytestmark = pytest.mark.browser


@pytest.mark.guards("a programme’s pages by keyboard, without a script")
def test_an_officer_without_a_mouse_and_without_scripts_runs_a_period(
    browser: Browser, urls: dict[str, str], tmp_path: Path
) -> None:
    """On a phone's width: a new form from the next period on, a moved lock, a rank entered."""
    page = at_the_desk(browser, urls, java_script_enabled=False)
    page.set_viewport_size(PHONE)
    desk = f"{urls['unit'].split('/u/')[0]}/desk/{NEW}"

    def press(name: str, role: str = "button") -> None:
        target = page.get_by_role(role, name=name).first  # type: ignore[arg-type]
        for _ in range(120):
            if target.evaluate("element => element === document.activeElement"):
                return page.keyboard.press("Enter")
            page.keyboard.press("Tab")
        raise AssertionError(f"{name} is not reached by Tab")

    page.goto(f"{desk}/form")
    (tmp_path / "mau.md").write_text(SECOND, "utf-8")
    page.set_input_files("#form", tmp_path / "mau.md")
    press("Tải lên và xem trước")
    page.get_by_role("heading", name="Xem trước biểu mẫu").wait_for()
    press("Xác nhận biểu mẫu mới")
    page.get_by_role("status").wait_for()
    assert "Phiên bản 2 đã được áp dụng" in page.get_by_role("status").inner_text()
    page.goto(f"{desk}/periods")
    press("Quý IV năm 2026", "link")
    page.get_by_label("Ngày khóa").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("23/12/2026")
    page.keyboard.press("Tab")
    page.keyboard.type("Bão số 9")
    page.keyboard.press("Enter")
    page.get_by_role("status").wait_for()
    assert "23:59 ngày 23/12/2026" in page.locator("table").inner_text()
    page.goto(f"{desk}/2026-Q4/department")
    page.locator("#i3_1").focus()
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    page.get_by_role("status").wait_for()
    assert "Đã lưu" in page.get_by_role("status").inner_text()
