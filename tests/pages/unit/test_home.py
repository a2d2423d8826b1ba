"""A unit's own page: what it has begun to type, and what was given back to it, until when."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from chalicelib.edges.ports import Site
from chalicelib.store import programmes
from infra.visitor import Forms, Visitor
from tests import officer
from tests.conftest import ENGINES, NEW, Clock
from tests.pages.unit.test_form import BY, Q4, sent, text

AsUnit = Callable[..., Visitor]
FORM = f"/report/{Q4}"
REPORT = f"/desk/{NEW}/{Q4}/reports/T01"
TYPING = "đang nhập dở, lưu lúc 10:00 ngày 23/11/2026"


@pytest.mark.guards(
    "home says what is begun and not sent, and when it was saved",
    "no draft read ✓",
    "a draft from before the last sending taken for one ✓",
    "an emptied draft said ✓",
)
@pytest.mark.parametrize("engine", ENGINES)
def test_home_says_what_is_begun_and_not_sent(site: Site, as_unit: AsUnit) -> None:
    browser = as_unit()
    assert "nhập dở" not in text(browser.get("/report"))
    browser.submit(browser.get(FORM), Q4, do="save", i1_5="12")
    assert f"Chưa gửi · {TYPING}" in text(browser.get("/report"))
    browser.submit(browser.get(FORM), Q4, do="save", i1_5="")
    assert "nhập dở" not in text(browser.get("/report"))
    sent(site, browser, i1_5="12")
    assert "nhập dở" not in text(browser.get("/report"))
    browser.submit(browser.get(FORM), Q4, do="save", i1_5="13")
    assert f"· bản điều chỉnh {TYPING}" in text(browser.get("/report"))


def test_what_cannot_be_sent_any_more_is_not_said_to_be_begun(
    site: Site, as_unit: AsUnit, clock: Clock
) -> None:
    browser = as_unit()
    sent(site, browser, i1_5="12")
    browser.submit(browser.get(FORM), Q4, do="save", i1_5="13")
    officer.move(site.table, NEW, Q4, "T01", "accept")
    assert "nhập dở" not in text(browser.get("/report"))


@pytest.fixture
def given_back(site: Site, as_unit: AsUnit, as_staff: Callable[..., Visitor]) -> Visitor:
    """T01's browser, after an officer has returned its report until 19/12."""
    browser = as_unit()
    sent(site, browser, i1_5="12")
    desk = as_staff(officer.OFFICER)
    page = desk.get(REPORT)
    fields = next(f for _, f in Forms(page.body.decode()).forms if f.get("do") == "return")
    said = {f"comment.{first_section(site)}": "Rà soát <b>mục 1.5</b>", "general": "Xem lại giúp"}
    assert desk.post(REPORT, fields | said | {"due": "19/12/2026"}).status == 303
    return browser


def first_section(site: Site) -> str:
    return programmes.form(site.table, NEW, 1).sections[0].code


@pytest.mark.guards(
    "a returned report shows the comments and its own due date, at home and on the form",
    "the period's due shown ✓",
    "comments on sections counted, not shown ✓",
)
@pytest.mark.parametrize("page", ["/report", FORM, f"{FORM}/receipt/1"])
def test_a_returned_report_shows_the_comments_and_its_own_due_date(
    site: Site, given_back: Visitor, page: str
) -> None:
    said = text(given_back.get(page))
    label = programmes.form(site.table, NEW, 1).sections[0].label
    assert "Xem lại giúp" in said
    assert "Rà soát &lt;b&gt;mục 1.5&lt;/b&gt;" in said
    assert "chậm nhất ngày 19/12/2026" in said
    if "receipt" not in page:
        assert "Hạn gửi lại: hết ngày 19/12/2026" in said
        assert "hết ngày 17/12/2026" not in said
    if page != FORM:
        assert f"{label}: Rà soát" in said
        assert "ghi ngay dưới tên từng nội dung" not in said


def test_what_was_given_back_is_sent_again_by_its_own_due_date(
    site: Site, given_back: Visitor, as_unit: AsUnit, clock: Clock
) -> None:
    """Not by the period's: what comes before the return's is no late correction."""
    clock.now = datetime(2026, 12, 18, 3, 0, tzinfo=UTC)
    browser = as_unit()
    check = browser.follow(browser.submit(browser.get(FORM), Q4, do="check", i1_5="13"))
    assert "quá hạn" not in text(check)
    clock.now = datetime(2026, 12, 19, 17, 0, tzinfo=UTC)
    browser = as_unit()
    for page in ("/report", FORM):
        assert "(đã quá hạn, vẫn gửi lại được)" in text(browser.get(page))
    check = browser.get(f"{FORM}/check")
    assert "Đã quá hạn gửi lại: lần gửi này sẽ ghi là điều chỉnh sau hạn." in text(check)
    receipt = browser.follow(browser.submit(check, "send", **BY, reason="Đã rà soát"))
    assert "Điều chỉnh sau hạn" in text(receipt)
