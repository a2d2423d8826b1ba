"""What a form says at a field that is left: in Chromium, by the server's own rules."""

from collections.abc import Iterator
from itertools import product

import pytest
from playwright.sync_api import Browser, Page

from chalicelib.messages.unit.report import FAULTS
from chalicelib.rules.forms.box_rules import PROBLEMS
from infra.browser import PHONE
from tests import builders
from tests.pages.unit.test_drafts_browser import enter, said
from tests.two_phones import Office, office

pytestmark = pytest.mark.browser

_RATIO = ("latest_ratio", "học sinh/học sinh")
_FORM = builders.as_markdown(
    {
        "survey": [
            ("type", "name", "label", "aggregate", "measured_in"),
            ("begin_group", "s1", "1. Số liệu"),
            ("integer", "c", "1.1 Đảng viên mới", "sum", "người"),
            ("decimal", "a", "1.2 Kinh phí", "sum", "triệu đồng"),
            ("begin_group", "r", "1.3 Học sinh tốt nghiệp", *_RATIO),
            ("integer", "r_num", "Số tốt nghiệp"),
            ("integer", "r_den", "Số dự thi"),
            ("end_group",),
            ("begin_group", "m", "1.3a Vốn giải ngân", "ratio", "triệu đồng/triệu đồng"),
            ("decimal", "m_num", "Đã giải ngân"),
            ("decimal", "m_den", "Kế hoạch"),
            ("end_group",),
            ("select_one co", "y", "1.4 Đã có kế hoạch", "count_yes"),
            ("text", "t", "1.5 Số văn bản", "none"),
            ("text", "l", "1.6 Tên mô hình", "list"),
            ("end_group",),
            ("begin_group", "narratives", "Nhận xét"),
            ("text", "n_done", "Công tác đã triển khai", "none"),
            ("end_group",),
        ],
        "choices": [("list_name", "name", "label"), ("co", "yes", "Có"), ("co", "no", "Chưa")],
        "settings": [("form_title",), ("Thi đua",)],
    }
)
_NUMBERS = (
    *("", "0", "12", "007", "1250", "1.250", "1,250", "1 250", "1\u00a0250", "1.234.567", "1,2,3"),
    *("12.5", "12,5", "0.500", "0,250", "1.2500", "1.250,5", "1,250.5", "1 250,5", "1.25.0"),
    *("12.500", "999,999", "1.000", "0.125", "1.250.00", "1..2", ".5", "5.", ",", "1,234.567,8"),
    *("abc", "12 học sinh", "một", "1e3", "0x1f", "1/2", "½", "10²", "⑩", "Ⅷ", "三", "٣", "−٣"),
    *(
        "１２３",
        "１．２５０",
        "１２，５",
        "𝟏𝟐",
        "-5",
        "−5",
        "– 5",
        "-1.250",
        "--5",
        "5-",
        "+5",
        "- 5a",
    ),
    *("9" * 15, "9" * 16, "1" + ".000" * 5, "1" * 400, " 12 ", "\u200b12", "12\u00ad5", "1\u200d2"),
    *("1\u202e2", "1\u202a2", "12\ufeff", "1\x072", "\x1f12", "12\x85", "1\u20282", "1\ufffe2"),
    *(
        "1\U0001fffe2",
        "\u202b5",
        "5" + "\u0301" * 31,
        "5" + "\u0301" * 30,
        "5\u034f" + "\u0300" * 3,
    ),
    *("1\ufe0f2", "ក\u200d\u200d", "\ufdd0", "😀", "1\t2", "1%", "98,53%", "1'250", "1_000"),
)
_TEXTS = (
    *("x" * 4000, "x" * 4001, "😀" * 4000, "😀" * 4001, "x" * 4000 + " \u200b", "ế" * 4000),
    *(
        "e\u0302\u0301" * 4000,
        "a\u202eb",
        "a\u0301" + "\u0301" * 31,
        "a\nb",
        "ក\u200d\u200d" * 1333,
    ),
    *("a\r\nb", "\ufeff" * 3 + "x" * 4000),
)
_LISTS = (
    *("\n".join("x" * 50), "\n".join("x" * 51), "\n\n".join("x" * 50), "x" * 300, "x" * 301),
    *("😀" * 300, "😀" * 301, f"a\n{'ế' * 300}  \n\t", f"a\n{'ế' * 301}", "a\u2028" * 51, "\x07"),
)
_PARTS = ("", "5", "12", "12,5", "abc", "1.250", "-3", "9" * 16, "１２", "0")
_AMOUNTS = (
    *(
        ("0,1", "0,10"),
        ("0,11", "0,10"),
        ("12", "12,0001"),
        ("12,0001", "12"),
        ("1 250,5", "1250.5"),
    ),
    *(("99999999999999,9", "99999999999999,8"), ("0,10000000000001", "0,1"), ("0", "0,0")),
)


def cases() -> Iterator[dict[str, str]]:
    for typed in _NUMBERS:
        yield {"c": typed}
        yield {"a": typed}
        yield {"r.num": typed, "r.den": "12"}
    for num, den in product(_PARTS, _PARTS):
        yield {"r.num": num, "r.den": den}
        yield {"m.num": num, "m.den": den}
    yield from ({"m.num": num, "m.den": den} for num, den in _AMOUNTS)
    yield from ({"t": typed} for typed in _TEXTS)
    yield from ({"l": typed} for typed in _LISTS)
    for state in ("nil", "na"):
        yield from ({name: typed, "c.state": state} for name, typed in [("c", "5"), ("c", "")])
        yield {"r.num": "", "r.den": "5", "r.state": state}
    yield from ({"nil": "1", name: "5"} for name in ("c", "a", "t", "l", "n_done"))
    yield {"nil": "1", "c": "abc"}
    yield {"nil": "1", "y": "yes"}
    yield {"nil": "1", "c.state": "nil"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("office"), 30, _FORM) as found:
        yield found


@pytest.fixture(scope="module")
def units(served: Office) -> Iterator[str]:
    return iter(served.links.values())


@pytest.fixture
def page(browser: Browser, units: Iterator[str]) -> Iterator[Page]:
    """The form of a unit that no other test has touched."""
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.set_default_timeout(15_000)
    enter(page, next(units))
    yield page
    context.close()


# Every box is emptied; what is given is typed and left. Gives what stands at the fields: the boxes
# that are wrong, and the sentence that each is described by.
_LEFT = """async given => {
  const form = document.getElementById("form");
  for (const one of form.elements) {
    if (!one.name || one.type === "hidden") continue;
    if (one.type === "radio" || one.type === "checkbox") one.checked = false;
    else one.value = one.tagName === "SELECT" ? "value" : "";
    one.dispatchEvent(new Event("input", { bubbles: true }));
  }
  const typed = [...form.elements].filter(one => one.name in given);
  for (const one of typed) {
    const ticked = one.type === "radio" || one.type === "checkbox";
    if (ticked) one.checked = one.value === given[one.name];
    else one.value = given[one.name];
  }
  for (const one of typed) one.dispatchEvent(new FocusEvent("focusout", { bubbles: true }));
  await new Promise(done => setTimeout(done));
  return [FOUND(document), Object.fromEntries(new FormData(form))];
}"""
_JUDGED = """async fields => {
  const body = new URLSearchParams({ ...fields, do: "check" });
  await fetch(location.pathname, { method: "POST", body });
  const answer = await fetch(location.pathname + "?check=1");
  return FOUND(new DOMParser().parseFromString(await answer.text(), "text/html"));
}"""
_FOUND = """(of => [...of.querySelectorAll("[aria-describedby]")].map(one =>
  [one.getAttribute("name") || one.id, one.getAttribute("aria-invalid"),
   of.getElementById(one.getAttribute("aria-describedby")).textContent]))"""


@pytest.mark.guards(
    "a field that is left says what the server says",
    "code units counted ✓",
    "no NFKC on the page ✓",
)
def test_page_and_server_say_the_same_of_every_case(page: Page) -> None:
    """The same fields go to both; the page is asked first, and the server by its own form."""
    differ, sentences = [], set()
    for given in cases():
        here, fields = page.evaluate(_LEFT.replace("FOUND", _FOUND), given)
        there = page.evaluate(_JUDGED.replace("FOUND", _FOUND), fields)
        sentences |= {sentence for _, _, sentence in there}
        if here != there:
            differ.append((given, here, there))
    assert not differ
    assert sentences == {FAULTS[problem] for problem in PROBLEMS}


def fault(page: Page, code: str) -> str:
    """What stands at a field; the box that it is about is described by it, and wrong."""
    told = page.locator(f"#e-{code}")
    told.wait_for()
    assert page.locator(f"[aria-invalid=true][aria-describedby=e-{code}]").count() == 1
    return told.inner_text()


def faultless(page: Page) -> bool:
    page.wait_for_timeout(50)
    return not page.locator(".e, .x, [aria-invalid], [aria-describedby], fieldset fieldset").count()


@pytest.mark.guards(
    "a fault stands at its field from when it is left until it is mended",
    "the page before ✓",
    "shown at each keystroke",
)
def test_a_fault_is_said_when_its_box_is_left_and_goes_when_it_is_mended(page: Page) -> None:
    page.locator("#c").press_sequentially("abc")
    assert faultless(page)
    said(page, "0/5")
    page.locator("#c").press("Tab")
    assert fault(page, "c") == FAULTS["not_a_number"]
    heard = page.locator("[role=status].unseen")
    assert heard.inner_text() == f"1.1 Đảng viên mới: {FAULTS['not_a_number']}"
    page.locator("#c").fill("-5")  # another fault of the same box: said at once
    assert fault(page, "c") == FAULTS["negative"]
    page.locator("#c").fill("5")
    assert faultless(page)
    assert heard.inner_text() == ""
    said(page, "1/5")
    assert page.locator("#c").evaluate("one => one === document.activeElement")


@pytest.mark.guards("a box that can't be read is not counted", "the page before ✓")
def test_what_can_not_be_read_counts_as_not_filled(page: Page) -> None:
    """By the script as it is typed, and by the server when it draws the form again."""
    for typed, filled in [("abc", 0), ("12", 1), ("-1", 0)]:
        page.locator("#c").fill(typed)
        page.locator("[id='r.num']").fill("5")  # half a ratio
        page.locator("#a").fill("1.250")  # two meanings
        said(page, f"{filled}/5")
        page.get_by_role("button", name="Lưu nháp").click()
        said(page, "đã lưu")
        page.reload()
        page.locator("#form").wait_for()
        assert page.locator("summary b").first.inner_text() == f"{filled}/5"
        assert page.evaluate(
            """async () => (await (await fetch(location.href)).text()).match(/<b>(.*?)<.b>/)[1]"""
        ) == (f"{filled}/5")


@pytest.mark.guards(
    "a number with two meanings is asked in its place", "the answer not written into the box"
)
@pytest.mark.parametrize(
    ("typed", "choices", "kept"),
    [
        ("1.250", ("1.250 triệu đồng", "1,25 triệu đồng"), ("1250", "1,25")),
        ("12,345", ("12.345 triệu đồng", "12,345 triệu đồng"), ("12345", "12,3450")),
        ("1.000", ("1.000 triệu đồng", "1 triệu đồng"), ("1000", "1")),
    ],
)
def test_a_number_with_two_meanings_is_asked_at_its_box(
    page: Page, typed: str, choices: tuple[str, str], kept: tuple[str, str]
) -> None:
    for shown, text in zip(choices, kept, strict=True):
        page.locator("#a").fill(typed)
        page.locator("#a").press("Tab")
        assert fault(page, "a") == FAULTS["ambiguous"]
        heard = page.locator("[role=status].unseen").inner_text()
        assert heard == f"1.2 Kinh phí: {FAULTS['ambiguous']}"
        asked = page.get_by_role("group", name=f"Số “{typed}” là:")
        assert tuple(asked.locator("button").all_inner_texts()) == choices
        asked.get_by_role("button", name=shown, exact=True).click()
        assert page.locator("#a").input_value() == text
        assert faultless(page)
    page.get_by_role("button", name="Lưu nháp").click()
    said(page, "đã lưu")
    page.reload()
    assert page.locator("#a").input_value() == kept[1]


def test_the_servers_question_is_answered_in_the_same_way(page: Page) -> None:
    page.locator("#a").fill("1.250")
    page.locator("[id='m.num']").fill("1.000")
    page.locator("[id='m.den']").fill("2.000")
    page.get_by_role("button", name="Kiểm tra").click()
    page.wait_for_url("**?check=1")
    assert page.locator("#faults").get_by_role("listitem").count() == 2
    page.get_by_role("button", name="1", exact=True).click()
    page.get_by_role("button", name="2.000", exact=True).click()
    assert page.locator("[id='m.num']").input_value() == "1"
    assert page.locator("[id='m.den']").input_value() == "2000"
    page.get_by_role("button", name="1,25 triệu đồng", exact=True).click()
    assert page.locator("#a").input_value() == "1,25"
    assert faultless(page)
    assert page.locator("#faults").is_hidden()


@pytest.mark.guards("the percent of a ratio as it is typed", "none shown ✓")
def test_the_percent_of_a_ratio_is_shown_as_it_is_typed(page: Page) -> None:
    num, den = page.locator("[id='r.num']"), page.locator("[id='r.den']")
    share = den.locator("~ i")
    num.press_sequentially("1")
    num.press("Tab")
    assert (faultless(page), share.inner_text()) == (True, "")  # the other half is still to come
    for typed, told in [("1", "100,00\u00a0%"), ("6", "6,25\u00a0%"), ("0", "0,63\u00a0%")]:
        den.press_sequentially(typed)
        assert share.inner_text() == told
    den.fill("0")
    assert share.inner_text() == ""  # above its denominator
    den.press("Shift+Tab")
    num.press("Shift+Tab")
    assert fault(page, "r") == FAULTS["numerator_above_denominator"]
    assert num.get_attribute("aria-invalid") == "true"
    num.fill("999999999999998")
    den.fill("999999999999999")
    assert share.inner_text() == "100,00\u00a0%"
    page.locator("[id='m.num']").fill("0,1")
    page.locator("[id='m.den']").fill("0,3")
    assert page.locator("[id='m.den'] ~ i").inner_text() == "33,33\u00a0%"
    den.fill("")
    page.locator("#c").focus()
    assert fault(page, "r") == FAULTS["half_a_ratio"]


@pytest.mark.guards("no click is lost to a fault that is said", "not awaited ✓")
def test_what_a_pointer_is_pressed_on_does_not_move_away(page: Page) -> None:
    """A fault takes room: it is said when the press is over."""
    page.locator("#c").fill("abc")
    yes = page.get_by_label("Có", exact=True)
    yes.evaluate("one => one.scrollIntoView({ block: 'center' })")
    box = yes.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    page.wait_for_timeout(300)
    page.mouse.up()
    assert fault(page, "c") == FAULTS["not_a_number"]
    assert yes.is_checked()


def test_the_list_of_faults_shrinks_as_they_are_mended(page: Page) -> None:
    page.locator("#c").fill("abc")
    page.locator("[id='r.num']").fill("5")
    page.get_by_role("button", name="Kiểm tra").click()
    page.wait_for_url("**?check=1")
    head = page.locator("#faults")
    assert head.get_by_role("heading").inner_text() == "Có 2 chỗ cần sửa"
    page.locator("[id='r.den']").fill("5")
    assert head.get_by_role("heading").inner_text() == "Có 1 chỗ cần sửa"
    assert FAULTS["not_a_number"] in head.get_by_role("listitem").inner_text()
    page.locator("#c").fill("5")
    assert head.is_hidden()
    assert faultless(page)


def test_a_tick_of_no_figures_at_all_is_judged_with_every_field(page: Page) -> None:
    page.locator("#c").fill("5")
    page.get_by_label("Có", exact=True).check()
    tick = page.get_by_label("Kỳ này đơn vị không phát sinh số liệu nào")
    tick.check()
    assert page.locator(".e").all_inner_texts() == [FAULTS["value_in_nil_report"]] * 2
    assert page.locator("#y").get_attribute("aria-describedby") == "e-y"
    tick.uncheck()
    assert faultless(page)
