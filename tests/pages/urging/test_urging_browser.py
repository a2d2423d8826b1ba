"""Urging, accounts and the log in real Chromium: by keyboard, without JavaScript, shared."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from infra.browser import PHONE, served

pytestmark = pytest.mark.browser
P, K = "thi-dua-2026-2030", "2026-Q4"


@pytest.fixture(scope="module")
def urls(sampled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    data = shutil.copytree(sampled, tmp_path_factory.mktemp("urging") / "data")
    with served(data) as found:
        yield found


@pytest.fixture(scope="module")
def state(browser: Browser, urls: dict[str, str]) -> object:
    """An officer's cookies: the link works once."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(urls["officer"])
    page.locator("main button").click()
    page.wait_for_url("**/desk")
    return context.storage_state()


def opened(browser: Browser, state: object, **more: object) -> Page:
    context = browser.new_context(storage_state=state, viewport=PHONE, **more)  # type: ignore[arg-type]
    return context.new_page()


def test_an_officer_urges_without_javascript(
    browser: Browser, urls: dict[str, str], state: object
) -> None:
    host = urls["unit"].split("/u/")[0]
    urge = f"{host}/desk/{P}/{K}/urge"
    bare = opened(browser, state, java_script_enabled=False)
    bare.goto(urge)
    bare.get_by_label("Trường THPT Chuyên Bến Tre T01", exact=True).check()
    bare.get_by_role("button", name="Xem trước thư", exact=True).click()
    bare.get_by_label("Viết thêm").fill("Sở đã gọi điện sáng nay.")
    bare.get_by_role("button", name="Xem lại thư").click()
    assert "Sở đã gọi điện sáng nay." in bare.locator("pre").inner_text()
    assert bare.get_by_label("Viết thêm").input_value() == "Sở đã gọi điện sáng nay."
    preview = bare.content()
    bare.get_by_role("button", name="Gửi 1 thư").click()
    assert "Đã ghi vào hộp thư đi" in bare.locator("table").inner_text()
    assert "đường dẫn riêng của từng đơn vị" in preview
    bare.goto(f"{urge}/unit/T02")
    assert f"{host}/u/" in bare.get_by_label("Lời nhắn").input_value()
    assert not bare.get_by_role("button", name="Chia sẻ").is_visible()


def test_the_text_for_one_unit_is_shared_where_the_browser_can(
    browser: Browser, urls: dict[str, str], state: object
) -> None:
    host = urls["unit"].split("/u/")[0]
    page = opened(browser, state)
    page.add_init_script("navigator.share = async (given) => { window.shared = given.text; };")
    page.goto(f"{host}/desk/{P}/{K}/urge/unit/T03")
    page.get_by_role("button", name="Chia sẻ").press("Enter")
    assert page.evaluate("window.shared") == page.get_by_label("Lời nhắn").input_value()


def test_an_account_is_added_and_removed_by_keyboard_alone(
    browser: Browser, urls: dict[str, str], state: object
) -> None:
    page = opened(browser, state)
    page.goto(f"{urls['unit'].split('/u/')[0]}/desk/staff")
    page.get_by_label("Thư điện tử công vụ").focus()
    page.keyboard.type("canbo@so.example")
    page.keyboard.press("Enter")
    page.get_by_text("Đã thêm tài khoản.").wait_for()
    page.get_by_label("Gỡ canbo@so.example").first.press("Enter")
    page.get_by_role("heading", name="Gỡ tài khoản canbo@so.example").wait_for()
    page.get_by_role("button", name="Gỡ canbo@so.example").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Đã gỡ tài khoản").wait_for()
    assert "canbo@so.example" not in page.locator("table").inner_text()
