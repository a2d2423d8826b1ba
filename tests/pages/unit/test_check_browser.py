"""The check page under a person's keys: what Enter presses, where a link leads, what is kept."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from infra.browser import PHONE
from tests.two_phones import Office, office

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("office"), 4) as found:
        yield found


@pytest.fixture(scope="module")
def links(served: Office) -> Iterator[str]:
    return iter(served.links.values())


@pytest.fixture(params=[True, False], ids=["script", "no script"])
def page(browser: Browser, links: Iterator[str], request: pytest.FixtureRequest) -> Iterator[Page]:
    """A phone at the check page of a report in which one figure is empty."""
    context = browser.new_context(viewport=PHONE, java_script_enabled=request.param)
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto(next(links))
    page.get_by_role("button", name="Vào báo cáo của đơn vị").click()
    page.get_by_role("link", name="Nhập báo cáo").click()
    page.get_by_role("button", name="Kiểm tra").click()
    page.locator("#empties").wait_for()
    yield page
    context.close()


@pytest.mark.guards(
    "Enter in a box of the sender sends, and marks nothing as nil", "one form for both buttons ✓"
)
def test_enter_in_a_box_of_the_sender_marks_nothing_as_nil(page: Page) -> None:
    page.get_by_label("Họ và tên").fill("Trần Thị Mẫu")
    page.get_by_label("Họ và tên").press("Enter")
    page.wait_for_url("**/check?send=1")
    assert page.locator("#empties").count() == 1
    lacking = page.get_by_role("alert").first.inner_text()
    assert "Chưa gửi: có" in lacking
    assert "chỉ tiêu chưa có số liệu." in lacking
    assert "Vui lòng nhập chức vụ của người lập báo cáo." in lacking
    assert page.get_by_label("Họ và tên").input_value() == "Trần Thị Mẫu"
    page.get_by_role("button", name="Đánh dấu không phát sinh cho").click()
    page.locator("#empties").wait_for(state="detached")
    assert page.get_by_label("Họ và tên").input_value() == "Trần Thị Mẫu"


@pytest.mark.guards(
    "a button outside its form says which one it is", "only clicks inside the form heard ✓"
)
@pytest.mark.parametrize("page", [True], ids=["script"], indirect=True)
def test_a_button_outside_its_form_says_which_one_it_is(page: Page) -> None:
    button = page.get_by_role("button", name="Đánh dấu không phát sinh cho")
    button.evaluate("(one) => { one.name = 'do'; one.value = 'nil'; }")
    with page.expect_request(lambda one: one.method == "POST") as asked:
        button.click()
    assert "do=nil" in (asked.value.post_data or "")
