"""What a person sees of saving: in place, through bad networks, from two phones, after a crash."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, Route

from chalicelib.rules.reports.exempt_or_extended import Terms
from chalicelib.store import exempt_or_extended
from infra.browser import PHONE
from tests.browser import close, until
from tests.pages.reports.test_moves_browser import tab_to
from tests.two_phones import Office, Stored, office
from tests.world import K, P

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("office"), 60) as found:
        yield found


@pytest.fixture(scope="module")
def units(served: Office) -> Iterator[str]:
    return iter(served.links.values())


@pytest.fixture
def link(units: Iterator[str]) -> str:
    """A unit that no other test has touched."""
    return next(units)


@pytest.fixture
def phone(browser: Browser, link: str) -> Iterator[Open]:
    """A new phone at the unit's form."""
    made = []

    def opened(*, scripts: bool = True) -> Page:
        context = browser.new_context(viewport=PHONE, java_script_enabled=scripts)
        made.append(context)
        if scripts:
            context.clock.install()
        page = context.new_page()
        page.set_default_timeout(15_000)
        enter(page, link)
        return page

    yield opened
    for context in made:
        context.close()


def enter(page: Page, link: str) -> None:
    page.goto(link)
    page.get_by_role("button", name="Vào báo cáo của đơn vị").click()
    page.get_by_role("link", name="Nhập báo cáo").click()
    page.locator("#form").wait_for()


def reopened(page: Page) -> Page:
    """The tab is closed at once; later the form is opened in a new one."""
    url, context = page.url, page.context
    close(page)
    again = context.new_page()
    again.set_default_timeout(15_000)
    again.goto(url)
    return again


def said(page: Page, words: str) -> None:
    page.locator("#saved", has_text=words).wait_for()


def save(page: Page) -> None:
    page.get_by_role("button", name="Lưu nháp").click()
    said(page, "đã lưu")


def minute(page: Page) -> None:
    page.clock.fast_forward(61_000)


def clash(phone: Open) -> tuple[Page, Page]:
    """Both changed the first box; the second phone is asked."""
    one, two = phone(), phone()
    one.locator("#t1").fill("của máy một")
    save(one)
    two.locator("#t1").fill("của máy hai")
    minute(two)
    two.locator(".asks").wait_for()
    return one, two


# ------------------------------------------------------------------ saved in place


@pytest.mark.guards(
    "saved in place; a press without a network stays", "the pages before ✓ (but the last)"
)
def test_luu_nhap_scrolls_and_folds_nothing(phone: Open) -> None:
    page = phone()
    page.set_viewport_size({"width": 360, "height": 300})
    page.locator("#i1").fill("5")
    page.evaluate("window.mark = 1; scrollTo(0, 250)")
    before = page.evaluate("[scrollY, document.querySelectorAll('details[open]').length]")
    box = page.get_by_role("button", name="Lưu nháp").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 5, box["y"] + 5)  # click() would scroll by itself
    said(page, "đã lưu")
    after = page.evaluate("[scrollY, document.querySelectorAll('details[open]').length]")
    assert (page.evaluate("window.mark"), after) == (1, before)


@pytest.mark.guards("saved in place; a press without a network stays")
def test_enter_in_a_box_saves_in_place(phone: Open) -> None:
    page = phone()
    page.evaluate("window.mark = 1")
    page.locator("#i1").fill("5")
    page.locator("#i1").press("Enter")
    page.locator("#saved", has_text="đã lưu").wait_for(timeout=5_000)  # before it saves by itself
    assert page.evaluate("[window.mark, document.activeElement.id]") == [1, "i1"]


@pytest.mark.guards("Back and reload show our page", "the pages before ✓")
@pytest.mark.parametrize("scripts", [True, False], ids=["with-script", "without"])
def test_back_and_reload_after_a_fault_show_our_page(phone: Open, scripts: bool) -> None:
    page = phone(scripts=scripts)
    page.locator("#i1").fill("năm")
    page.get_by_role("button", name="Kiểm tra").click()
    page.locator("#faults").wait_for()
    page.reload()
    assert page.locator("#i1").input_value() == "năm"
    page.locator("header a").click()
    page.get_by_role("heading", name="Kỳ đang mở").wait_for()
    page.go_back()
    page.locator("#faults").wait_for()
    assert page.locator("#i1").input_value() == "năm"


# ------------------------------------------------------------------ a bad network


@pytest.mark.guards("saved in place; a press without a network stays")
@pytest.mark.parametrize("button", ["Lưu nháp", "Kiểm tra"])
def test_a_press_without_a_network_stays_and_says_what_is_kept(phone: Open, button: str) -> None:
    page = phone()
    page.context.set_offline(True)
    page.locator("#i1").fill("5")
    page.get_by_role("button", name=button).click()
    said(page, "đang mất mạng: chưa lưu, vẫn giữ trên máy này")
    assert page.locator("#i1").input_value() == "5"


@pytest.mark.guards("saved in place; a press without a network stays")
def test_a_send_without_a_network_stays_and_can_be_pressed_again(phone: Open) -> None:
    page = to_the_check_page(phone())
    page.context.set_offline(True)
    page.get_by_role("button", name="Gửi báo cáo").click()
    page.get_by_text("Chưa thực hiện được: đang mất mạng").wait_for()
    assert page.get_by_label("Họ và tên").input_value() == "Trần Thị Mẫu"
    page.context.set_offline(False)
    page.get_by_role("button", name="Gửi báo cáo").click()
    page.get_by_role("heading", name="Xác nhận đã gửi báo cáo").wait_for()


@pytest.mark.guards("saved in place; a press without a network stays")
def test_marking_the_empty_ones_without_a_network_stays_too(phone: Open) -> None:
    page = phone()
    page.get_by_role("button", name="Kiểm tra").click()
    page.get_by_role("button", name=re.compile("Đánh dấu")).wait_for()
    page.context.set_offline(True)
    page.get_by_role("button", name=re.compile("Đánh dấu")).click()
    page.get_by_text("Chưa thực hiện được: đang mất mạng").wait_for()


@pytest.mark.guards("saved in place; a press without a network stays")
@pytest.mark.parametrize(
    ("where", "button"),
    [("contacts", "Lưu"), ("handover", "Bàn giao"), (f"{K}/ask", "Gửi đề nghị")],
)
def test_the_units_other_presses_without_a_network_stay_too(
    phone: Open, where: str, button: str
) -> None:
    page = phone()
    page.goto(page.url.replace(f"/report/{K}", f"/report/{where}"))
    page.context.set_offline(True)
    page.locator("main form button", has_text=button).first.click()
    page.get_by_text(
        "Chưa thực hiện được: đang mất mạng. Nội dung trang này vẫn còn nguyên"
    ).wait_for()


def with_a_reason(page: Page) -> Page:
    """On the check page of a correction, where the reason is typed and nothing else."""
    to_the_check_page(page).get_by_role("button", name="Gửi báo cáo").click()
    page.get_by_role("link", name="Điều chỉnh").click()
    page.locator("#i1").fill("6")
    page.get_by_role("button", name="Kiểm tra").click()
    page.locator("#reason").fill("Bổ sung số liệu")
    return page


def to_the_check_page(page: Page) -> Page:
    page.locator("#i1").fill("5")
    page.get_by_role("button", name="Kiểm tra").click()
    page.get_by_label("Họ và tên").fill("Trần Thị Mẫu")
    page.get_by_label("Chức vụ").fill("Văn thư")
    page.get_by_label("Số điện thoại").fill("0270 000 0000")
    page.get_by_label("Đã được thủ trưởng duyệt").check()
    return page


def throttled(route: Route) -> None:
    """As API Gateway says it."""
    route.fulfill(status=429, json={"message": "Too Many Requests"})


def unavailable(route: Route) -> None:
    route.fulfill(status=503, content_type="text/html", body="<h1>Service Unavailable</h1>")


def a_cafe(route: Route) -> None:
    """A network that wants to be logged in to answers everything with its own page."""
    route.fulfill(status=200, content_type="text/html", body="<h1>Welcome</h1>")


@pytest.mark.guards(
    "a busy server, a foreign page, a dead session are told apart", "the script before ✓"
)
@pytest.mark.parametrize("weather", [throttled, unavailable, a_cafe])
def test_a_busy_server_is_no_ended_session_and_saving_goes_on(
    phone: Open, weather: Callable[[Route], None]
) -> None:
    page = phone()
    page.route("**/draft", weather)
    page.locator("#i1").fill("5")
    minute(page)
    said(page, "hệ thống đang bận: chưa lưu, vẫn giữ trên máy này")
    assert page.get_by_text("Phiên làm việc").count() == 0
    page.unroute("**/draft")
    minute(page)
    said(page, "đã lưu")


@pytest.mark.guards("a busy server, a foreign page, a dead session are told apart")
def test_the_waits_of_a_busy_server_grow(phone: Open) -> None:
    page = phone()
    tries: list[str] = []

    def counted(route: Route) -> None:
        tries.append(route.request.url)
        throttled(route)

    page.route("**/draft", counted)
    page.locator("#i1").fill("5")
    for _ in range(60):
        page.clock.run_for(10_000)
        page.wait_for_timeout(5)
    assert 3 <= len(tries) <= 9  # ten minutes; without growing waits they were twenty


@pytest.mark.guards("a busy server, a foreign page, a dead session are told apart")
def test_a_dead_session_says_so_and_the_copy_stays(phone: Open, link: str) -> None:
    page = phone()
    page.context.clear_cookies()
    page.locator("#t1").fill("Số 5/KH")
    minute(page)
    notice = page.locator("#notice")
    notice.wait_for()
    assert "Vui lòng mở lại đường dẫn" in notice.inner_text()
    assert "vẫn giữ trên máy này" in notice.inner_text()
    enter(page, link)
    assert page.locator("#t1").input_value() == "Số 5/KH"
    said(page, "đã khôi phục nội dung nhập lúc")


def test_a_phone_that_keeps_nothing_asks_to_leave_the_page_open(phone: Open) -> None:
    page = phone()
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('full'); }; }")
    page.context.set_offline(True)
    page.locator("#i1").fill("5")
    said(page, "chưa giữ được trên máy này, vui lòng đừng đóng trang")


def test_what_was_typed_back_after_a_lost_reply_is_saved_so(phone: Open) -> None:
    page = phone()

    def not_heard(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/draft", not_heard)
    page.locator("#t1").fill("nhầm")
    minute(page)
    said(page, "đang mất mạng")
    page.unroute("**/draft")
    page.locator("#t1").fill("")
    minute(page)
    said(page, "đã lưu")
    assert reopened(page).locator("#t1").input_value() == ""


# ------------------------------------------------------------------ two phones


def test_two_phones_in_different_boxes_merge_and_see_each_other(phone: Open) -> None:
    one, two = phone(), phone()
    one.locator("#t1").fill("của máy một")
    save(one)
    two.locator("#i1").fill("22")
    save(two)
    assert two.locator("#t1").input_value() == "của máy một"
    minute(one)
    one.locator("#l1").fill("mô hình")
    save(one)
    assert one.locator("#i1").input_value() == "22"
    assert two.locator(".asks").count() == one.locator(".asks").count() == 0


@pytest.mark.guards(
    "a question in its place, asked once",
    "the script before ✓",
    "the parked copy not emptied ✓ (the fourth)",
)
def test_a_box_that_both_changed_is_asked_about_in_its_place(phone: Open) -> None:
    _, two = clash(phone)
    question = two.locator(".asks")
    assert "của máy một" in question.inner_text()
    assert "của máy hai" in question.inner_text()
    assert two.locator("#t1").input_value() == "của máy hai"
    said(two, "còn 1 ô có hai nội dung, vui lòng chọn")


@pytest.mark.guards("a question in its place, asked once")
def test_a_question_answered_with_this_phones_text_is_saved_and_over(phone: Open) -> None:
    _, two = clash(phone)
    two.get_by_role("button", name="Dùng nội dung máy này").click()
    minute(two)
    said(two, "đã lưu")
    again = reopened(two)
    assert again.locator("#t1").input_value() == "của máy hai"
    assert again.get_by_text("còn giữ").count() == 0


@pytest.mark.guards("a question in its place, asked once")
def test_a_question_answered_with_the_other_text_is_over(phone: Open) -> None:
    _, two = clash(phone)
    with two.expect_response(lambda answer: answer.request.method == "POST"):
        two.get_by_role("button", name="Dùng nội dung nơi khác").click()
    assert two.locator("#t1").input_value() == "của máy một"
    again = reopened(two)
    assert again.locator("#t1").input_value() == "của máy một"
    assert again.get_by_text(re.compile("còn giữ", re.IGNORECASE)).count() == 0


@pytest.mark.guards("a question in its place, asked once")
def test_kiem_tra_leads_to_the_open_question(phone: Open) -> None:
    _, two = clash(phone)
    two.get_by_role("button", name="Kiểm tra").click()
    until(lambda: two.evaluate("document.activeElement.classList.contains('asks')"))
    assert two.url.endswith(f"/report/{K}")


@pytest.mark.guards("a question in its place, asked once")
def test_what_is_typed_while_the_other_text_arrives_is_asked_about(phone: Open) -> None:
    one, two = phone(), phone()
    one.locator("#t1").fill("của máy một")
    save(one)
    held: list[Route] = []
    two.route("**/draft", lambda route: held.append(route))  # noqa: PLW0108 - it must be a plain function
    two.locator("#i1").fill("22")
    two.get_by_role("button", name="Lưu nháp").click()
    until(lambda: two.evaluate("1") == 1 and bool(held))
    two.locator("#t1").fill("của máy hai")
    held[0].continue_()
    two.locator(".asks").wait_for()
    assert two.locator("#t1").input_value() == "của máy hai"
    assert "của máy một" in two.locator(".asks").inner_text()


@pytest.mark.guards(
    "the phone's copy is asked about, used, thrown away",
    "the script before ✓",
    "an open question put back in silence ✓ (the first three)",
)
def test_a_tab_closed_after_a_clash_keeps_what_was_typed(phone: Open) -> None:
    _, two = clash(phone)
    again = reopened(two)
    notice = again.locator("#notice")
    assert "Máy này còn giữ nội dung nhập lúc" in notice.inner_text()
    again.locator("#notice summary").click()
    assert "của máy hai" in notice.inner_text()
    assert "của máy một" in notice.inner_text()
    assert again.locator("#t1").input_value() == "của máy một"


@pytest.mark.guards("the phone's copy is asked about, used, thrown away")
def test_the_phones_copy_can_be_used_again(phone: Open) -> None:
    again = reopened(clash(phone)[1])
    again.locator("#notice summary").click()
    again.get_by_role("button", name="Dùng lại", exact=True).click()
    minute(again)
    said(again, "đã lưu")
    last = reopened(again)
    assert last.locator("#t1").input_value() == "của máy hai"
    assert last.locator("#notice").is_hidden()


@pytest.mark.guards("the phone's copy is asked about, used, thrown away")
def test_the_phones_copy_can_be_thrown_away(phone: Open) -> None:
    again = reopened(clash(phone)[1])
    again.locator("#notice summary").click()
    with again.expect_response(lambda answer: answer.request.method == "POST"):
        again.get_by_role("button", name="Bỏ", exact=True).click()
    assert again.locator("#notice").is_hidden()
    last = reopened(again)
    assert last.locator("#t1").input_value() == "của máy một"
    assert last.get_by_text(re.compile("còn giữ", re.IGNORECASE)).count() == 0


@pytest.mark.guards("the phone's copy is asked about, used, thrown away")
def test_the_copy_of_the_former_script_is_offered(phone: Open) -> None:
    page = phone()
    key = page.locator("#form").get_attribute("data-key")
    page.evaluate(
        """key => localStorage.setItem("draft/" + key, JSON.stringify({
        base: "0", draft: "0", page: "aa", at: 1, saved: true, values: { t1: "thuở trước" } }))""",
        key,
    )
    again = reopened(page)
    again.locator("#notice summary").click()
    assert "thuở trước" in again.locator("#notice").inner_text()
    again.get_by_role("button", name="Dùng lại", exact=True).click()
    minute(again)
    said(again, "đã lưu")
    assert again.evaluate("Object.keys(localStorage).filter(k => k.startsWith('draft/'))") == []


def test_after_another_phone_has_sent_this_ones_text_is_kept_and_shown(phone: Open) -> None:
    one, two = phone(), phone()
    two.locator("#t1").fill("chưa gửi")
    to_the_check_page(one).get_by_role("button", name="Gửi báo cáo").click()
    one.get_by_role("heading", name="Xác nhận đã gửi báo cáo").wait_for()
    minute(two)
    two.get_by_role("link", name="Xem nội dung vừa nhập và bản đã gửi").click()
    two.get_by_text("chưa gửi", exact=True).wait_for()


def test_a_reason_typed_for_the_check_page_outlives_its_tab(phone: Open) -> None:
    page = with_a_reason(phone())
    assert reopened(page).locator("#reason").input_value() == "Bổ sung số liệu"


# ------------------------------------------------------------------ signing out

_COPIES = "Object.keys(localStorage).filter(key => !key.startsWith('by/'))"


def home(page: Page) -> Page:
    page.locator("header a").click()
    page.get_by_role("heading", name="Kỳ đang mở").wait_for()
    return page


def unit_of(served: Office, link: str) -> str:
    return next(code for code, one in served.links.items() if one == link)


def home_with_unsaved_text(page: Page) -> Page:
    """The server refuses this page's savings, also the one as it is left."""
    page.locator('#form [name="csrf"]').evaluate("field => field.value = 'stale'")
    page.locator("#t1").fill("chưa lưu")
    return home(page)


def press_sign_out(page: Page) -> Locator:
    page.get_by_role("button", name="Đăng xuất", exact=True).click()
    return page.get_by_role("group", name="Máy này còn giữ")


def signed_out(page: Page) -> None:
    page.get_by_role("heading", name="gửi từ điện thoại").wait_for()
    assert page.evaluate("Object.keys(localStorage)") == []


@pytest.mark.guards(
    "signing out asks where the phone holds what the server has not got, and only there",
    "the pages before, without the script ✓ (but the last)",
    "never asked ✓ (the last)",
)
def test_signing_out_asks_about_text_that_the_server_has_not_got(phone: Open) -> None:
    page = home_with_unsaved_text(phone())
    question = press_sign_out(page)
    question.wait_for()
    assert re.search(
        r"Quý IV năm 2026: nhập lúc \d\d:\d\d ngày \d\d/\d\d/\d{4}\.", question.inner_text()
    )
    question.get_by_role("link", name="Xem lại").click()
    page.locator("#form").wait_for()
    assert page.locator("#t1").input_value() == "chưa lưu"


@pytest.mark.guards(
    "signing out asks where the phone holds what the server has not got, and only there"
)
def test_what_a_phone_keeps_goes_when_its_owner_says_so(phone: Open, link: str) -> None:
    page = home_with_unsaved_text(phone())
    press_sign_out(page).get_by_role("button", name="Đăng xuất và bỏ").click()
    signed_out(page)
    enter(page, link)
    assert page.locator("#t1").input_value() == ""


@pytest.mark.guards(
    "signing out asks where the phone holds what the server has not got, and only there"
)
def test_whoever_stays_signed_in_keeps_all(phone: Open) -> None:
    page = home_with_unsaved_text(phone())
    question = press_sign_out(page)
    question.get_by_role("button", name="Không đăng xuất").click()
    assert question.count() == 0
    assert len(page.evaluate(_COPIES)) == 1
    page.reload()
    page.get_by_role("heading", name="Kỳ đang mở").wait_for()


@pytest.mark.guards("… one press where it has all", "every copy taken for unsaved ✓ (the second)")
def test_signing_out_is_one_press_where_all_is_saved(phone: Open) -> None:
    page = phone()
    page.locator("#t1").fill("Số 5/KH")
    save(page)
    press_sign_out(home(page))
    signed_out(page)


@pytest.mark.guards("… one press where it has all")
def test_signing_out_is_one_press_where_a_page_left_at_once_was_saved(
    phone: Open, served: Office, link: str
) -> None:
    """The page that could have heard it was gone: its copy is still there."""
    page = phone()
    page.locator("#t1").fill("Số 5/KH")
    home(page)
    until(lambda: "Số 5/KH" in Stored(served.table, unit_of(served, link)).draft()[0])
    assert len(page.evaluate(_COPIES)) == 1
    press_sign_out(page)
    signed_out(page)


@pytest.mark.guards("… one press where it has all")
def test_without_scripts_signing_out_is_one_press(phone: Open) -> None:
    page = home(phone(scripts=False))
    page.get_by_role("button", name="Đăng xuất", exact=True).click()
    page.get_by_role("heading", name="gửi từ điện thoại").wait_for()


@pytest.mark.guards(
    "signing out asks where the phone holds what the server has not got, and only there"
)
def test_signing_out_asks_about_what_another_tab_is_still_typing(phone: Open) -> None:
    page = phone()
    other = page.context.new_page()
    other.goto(page.url)
    home(page)
    other.locator("#t1").fill("đang nhập")  # nothing is posted before it has been quiet
    press_sign_out(page).wait_for()


@pytest.mark.guards(
    "signing out asks where the phone holds what the server has not got, and only there"
)
def test_signing_out_asks_about_a_reason_typed_for_the_check_page(phone: Open) -> None:
    page = with_a_reason(phone())
    page.goto(page.url.split(f"/{K}")[0])
    press_sign_out(page).get_by_role("link", name="Xem lại").click()
    assert page.locator("#reason").input_value() == "Bổ sung số liệu"


@pytest.mark.guards(
    "signing out asks where the phone holds what the server has not got, and only there"
)
def test_text_of_a_period_that_takes_none_is_shown_in_the_question_itself(
    phone: Open, served: Office, link: str
) -> None:
    page = home_with_unsaved_text(phone())
    served.table.write(
        exempt_or_extended.put(P, K, Terms(unit_of(served, link), exempt="Đang sáp nhập"))
    )
    page.reload()
    question = press_sign_out(page)
    question.get_by_text("chưa lưu", exact=True).wait_for()
    assert question.locator("dt").all_inner_texts() == ["Số văn bản"]
    assert question.get_by_role("link").count() == 0


@pytest.mark.guards(
    "signing out asks where the phone holds what the server has not got, and only there"
)
def test_another_units_text_is_named_and_not_shown(phone: Open, units: Iterator[str]) -> None:
    page = home_with_unsaved_text(phone())
    code = page.locator("h1").inner_text().removeprefix("Trường ")
    page.goto(next(units))
    page.get_by_role("button", name="Vào báo cáo của đơn vị").click()
    question = press_sign_out(page)
    question.wait_for()
    assert re.search(f"Đơn vị {code}, kỳ {K}: nhập lúc", question.inner_text())
    assert "chưa lưu" not in question.inner_text().removeprefix("Máy này còn giữ nội dung chưa lưu")
    assert question.get_by_role("link").count() == 0


@pytest.mark.guards(
    "signing out asks where the phone holds what the server has not got, and only there"
)
def test_the_question_is_answered_by_keyboard(phone: Open) -> None:
    page = home_with_unsaved_text(phone())
    tab_to(page, "Đăng xuất")
    page.keyboard.press("Enter")
    until(lambda: page.evaluate("document.activeElement.getAttribute('role')") == "group")
    tab_to(page, "Không đăng xuất")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "Đăng xuất"
    page.keyboard.press("Enter")
    until(lambda: page.evaluate("document.activeElement.getAttribute('role')") == "group")
    tab_to(page, "Đăng xuất và bỏ")
    page.keyboard.press("Enter")
    signed_out(page)
