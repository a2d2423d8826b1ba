"""The form as a person goes through it: definitions in place, the next part, small screens."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from infra.browser import PHONE, served
from tests.whole.test_browser import open_sections, to_the_form

pytestmark = pytest.mark.browser

ZOOMED = {"width": 180, "height": 370}  # a phone at 200 %

# What reaches beyond the right edge; what only a screen reader is told has no room to keep.
_BEYOND = """() => [...document.querySelectorAll("body *:not(.unseen)")]
  .filter(one => one.getBoundingClientRect().right > innerWidth + .5)
  .map(one => one.outerHTML.slice(0, 120))
  .concat(document.documentElement.scrollWidth > innerWidth ? ["the page itself"] : [])"""


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory, summed: Path) -> Iterator[dict[str, str]]:
    """A server with the samples for all of these: none of them needs what another has typed."""
    folder = tmp_path_factory.mktemp("served") / "data"
    with served(shutil.copytree(summed, folder)) as found:
        yield found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.set_default_timeout(10_000)
    yield page
    context.close()


@pytest.fixture
def plain(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(10_000)
    yield page
    context.close()


@pytest.mark.guards(
    "“Cách tính” opens in place", "the page before ✓", "a link without a script ✓ (the second)"
)
def test_how_a_figure_is_counted_opens_in_place_and_closes_again(
    page: Page, urls: dict[str, str]
) -> None:
    to_the_form(page, urls)
    url = page.url
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url))
    link = page.get_by_role("link", name="Cách tính").first
    expect(link).to_have_attribute("aria-expanded", "false")
    link.click()
    box = page.locator(".f .box")
    expect(box).to_contain_text("Dự thảo chưa ký thì chọn Chưa.")
    expect(box).to_contain_text("Số đơn vị trả lời có")
    expect(link).to_have_attribute("aria-expanded", "true")
    assert asked == [f"{url}/definitions?code=i1_1"]  # nothing before it is opened, and only this
    assert page.url == url
    link.click()
    expect(box).to_have_count(0)
    expect(link).to_have_attribute("aria-expanded", "false")


def test_without_a_network_it_says_so_and_can_be_opened_later(
    page: Page, urls: dict[str, str]
) -> None:
    to_the_form(page, urls)

    def gone(route: Route) -> None:
        route.abort()

    page.route("**/definitions?*", gone)
    link = page.get_by_role("link", name="Cách tính").first
    link.click()
    expect(page.locator(".f .box")).to_have_text("Chưa mở được: đang mất mạng.")
    page.unroute("**/definitions?*", gone)
    link.click()
    link.click()
    expect(page.locator(".f .box")).to_contain_text("Dự thảo chưa ký thì chọn Chưa.")


def test_without_a_script_the_link_leads_to_that_one_definition(
    plain: Page, urls: dict[str, str]
) -> None:
    to_the_form(plain, urls)
    plain.get_by_role("link", name="Cách tính").first.click()
    expect(plain.get_by_role("heading", level=1)).to_have_text("Cách tính")
    expect(plain.locator("article")).to_have_count(1)
    expect(plain.locator("article")).to_contain_text("Dự thảo chưa ký thì chọn Chưa.")
    back = plain.get_by_role("link", name="Quay lại báo cáo")
    assert (back.get_attribute("href") or "").endswith("#i1_1")
    plain.get_by_role("link", name="Cách tính mọi chỉ tiêu").click()
    assert plain.locator("article").count() > 50


@pytest.mark.guards("“Phần tiếp theo” at the end of each part", "the page before ✓")
@pytest.mark.parametrize("scripts", [True, False])
def test_each_part_ends_in_a_way_to_the_next(
    page: Page, plain: Page, urls: dict[str, str], scripts: bool
) -> None:
    form = page if scripts else plain
    to_the_form(form, urls)
    parts = form.locator("details")
    for place in range(1, parts.count()):
        title = parts.nth(place).locator("summary").inner_text().split("\n")[-1]
        link = parts.nth(place - 1).get_by_role("link", name="Phần tiếp theo")
        assert title.endswith((link.text_content() or "").removeprefix("Phần tiếp theo: "))
        link.click()
        expect(parts.nth(place)).to_have_attribute("open", "")
        expect(parts.nth(place).locator(".f").first).to_be_in_viewport()
        if scripts:
            expect(parts.nth(place).locator("summary")).to_be_focused()
    assert not parts.last.get_by_role("link", name="Phần tiếp theo").count()


@pytest.mark.guards("the menu beside a box says its words", "⋯ ✓")
def test_the_menu_beside_a_box_says_its_words(page: Page, urls: dict[str, str]) -> None:
    to_the_form(page, urls)
    open_sections(page)
    menus = page.get_by_label("Tình trạng")
    words = {tuple(one.locator("option").all_inner_texts()) for one in menus.all()}
    assert words == {
        ("Có số liệu", "Không phát sinh", "Không áp dụng"),
        ("Có số liệu", "Không áp dụng"),
    }
    widths = menus.evaluate_all(
        """all => all.map(one => {
          const text = document.createElement("canvas").getContext("2d");
          text.font = getComputedStyle(one).font;
          return one.clientWidth - text.measureText("Không phát sinh").width;
        })"""
    )
    assert min(widths) > 20  # the words, and the arrow beside them
    assert "⋯" not in page.locator("main").inner_text()


@pytest.mark.guards("the bar is one line at 360 px", "the page before ✓")
def test_the_bar_at_the_bottom_is_one_line(page: Page, urls: dict[str, str]) -> None:
    to_the_form(page, urls)
    page.locator("#i1_6").fill("5")
    page.get_by_role("button", name="Lưu nháp").click()
    page.locator("#saved", has_text="đã lưu").wait_for()
    buttons = page.locator(".bar button")
    tops = buttons.evaluate_all("all => all.map(one => one.getBoundingClientRect().top)")
    box, output = page.locator(".bar").bounding_box(), page.locator("#saved").bounding_box()
    assert box is not None
    assert output is not None
    assert len(set(tops)) == 1
    assert box["height"] <= 64
    assert output["y"] + output["height"] <= box["y"] + box["height"]
    page.reload()
    assert box["height"] == page.locator(".bar").evaluate("one => one.offsetHeight")


@pytest.mark.guards("nothing is cut off at 200 %", "a box of 15 rem ✓", "the page before ✓")
def test_at_twice_its_size_nothing_reaches_beyond_the_page(
    page: Page, urls: dict[str, str]
) -> None:
    page.set_viewport_size(ZOOMED)
    page.goto(urls["unit"])
    assert page.evaluate(_BEYOND) == []
    to_the_form(page, urls)
    open_sections(page)
    page.locator("input[inputmode=decimal]").first.fill("1.250")
    page.locator("input[inputmode=numeric]").first.fill("abc")
    page.locator("input[inputmode=numeric]").nth(2).fill("98")
    page.locator("input[inputmode=numeric]").nth(3).fill("99")
    page.get_by_role("link", name="Cách tính").first.click()
    page.locator(".f .box").wait_for()
    assert page.locator(".e").count() == 2
    assert page.evaluate(_BEYOND) == []
    form = page.url
    page.get_by_role("button", name="Kiểm tra").click()
    page.wait_for_url("**?check=1")
    assert page.evaluate(_BEYOND) == []
    for address in (f"{form}/definitions", f"{form}/definitions?code=i1_1", f"{form}/check"):
        page.goto(address)
        assert page.evaluate(_BEYOND) == []
    page.goto(form.rpartition("/")[0])
    assert page.evaluate(_BEYOND) == []
