"""The check page: what stands in the way, first; what a correction changes; who sends it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from markupsafe import escape

from chalicelib.edges.ports import Site
from chalicelib.rules.reports.report import Content, Sender
from chalicelib.store import programmes, reports
from chalicelib.store.reports import Sending
from infra.gateway import Reply
from infra.visitor import Forms, Visitor
from tests.conftest import NEW, Clock
from tests.pages.unit.test_form import BY, Q4, codes, filled, sent, text

AsUnit = Callable[..., Visitor]
CHECK = f"/report/{Q4}/check"


def checked(browser: Visitor, **typed: str) -> Reply:
    page = browser.get(f"/report/{Q4}")
    return browser.follow(browser.submit(page, Q4, do="check", **typed))


def changes(page: Reply) -> dict[str, str]:
    """What a correction changes: label -> then and now, as a person reads it."""
    part = page.body.decode().partition('<dl class="changes">')[2].partition("</dl>")[0]
    rows = re.findall(r"<dt>(.*?)</dt>(.*?)(?=<dt>|$)", part, re.DOTALL)
    return {label: " ".join(re.sub(r"<[^>]+>", " ", said).split()) for label, said in rows}


def in_order(page: Reply, *marks: str) -> None:
    body = page.body.decode()
    places = [body.find(mark) for mark in marks]
    assert -1 not in places, marks[places.index(-1)]
    assert places == sorted(places), marks


@pytest.mark.guards(
    "the check page: faults, questions, empty ones, the sender, and last the figures",
    "the sender below the figures ✓",
    "empty ones before the questions ✓",
)
def test_faults_come_first_then_questions_then_empty_ones_and_the_figures_last(
    site: Site, as_unit: AsUnit, clock: Clock
) -> None:
    clock.now = datetime(2026, 9, 15, 3, 0, tzinfo=UTC)
    browser = as_unit()
    page = browser.get("/report/2026-Q3")
    q3 = {f"{code}.state": "nil" for code in codes(site, period="2026-Q3") if code != "i1_5"}
    check = browser.follow(browser.submit(page, "2026-Q3", do="check", i1_5="12", **q3))
    browser.follow(browser.submit(check, "send", **BY))
    clock.now = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    browser = as_unit()
    page = browser.get(f"/report/{Q4}")
    browser.submit(page, Q4, do="save", i1_5="400", **{"i1_2.num": "9", "i1_2.den": "8"})
    check = browser.get(CHECK)
    marks = ("Có 1 chỗ cần sửa", "kỳ trước", 'id="empties"', 'id="by.name"', 'id="by.phone"')
    in_order(check, *(mark if mark != "kỳ trước" else "400</b>" for mark in marks))
    in_order(check, 'id="by.phone"', "Số liệu hệ thống ghi nhận", '<div class="bar">')


@pytest.mark.guards("all that is lacking is said at once", "the sender asked for last ✓")
def test_all_that_is_lacking_is_said_at_once(site: Site, as_unit: AsUnit) -> None:
    """Name, post, telephone, the head's word and what is empty: after one press, in one go."""
    browser = as_unit()
    check = checked(browser, i1_5="3")
    refused = browser.sees(browser.submit(check, "send", **{"by.name": "Trần Thị Mẫu"}))
    assert refused.status == 422
    said, missing = text(refused), len(codes(site)) - 1
    assert "Chưa gửi: có 4 chỗ cần sửa, bổ sung" in said
    for sentence in (
        f"Còn {missing} chỉ tiêu chưa có số liệu.",
        "Vui lòng nhập chức vụ của người lập báo cáo.",
        "Vui lòng nhập số điện thoại để Sở liên hệ khi cần.",
        "Báo cáo chỉ được gửi sau khi thủ trưởng đơn vị đã duyệt.",
    ):
        assert sentence in said
    fields = next(f for where, f in Forms(refused.body.decode()).forms if where.endswith("send"))
    assert fields["by.name"] == "Trần Thị Mẫu"
    assert reports.head(site.table, NEW, Q4, "T01") is None


def test_a_correction_s_reason_is_said_with_the_rest(site: Site, as_unit: AsUnit) -> None:
    browser = as_unit()
    sent(site, browser, i1_5="12")
    browser.submit(browser.get(f"/report/{Q4}"), Q4, do="save", i1_5="", **{"i1_5.state": "value"})
    refused = browser.sees(browser.submit(browser.get(CHECK), "send"))
    assert refused.status == 422
    said = text(refused)
    assert "Còn 1 chỉ tiêu chưa có số liệu." in said
    assert "Vui lòng ghi lý do điều chỉnh." in said
    assert "Vui lòng nhập chức vụ" in said


@pytest.mark.guards(
    "a correction shows what it changes against the version sent",
    "compared with nothing ✓",
    "texts left out ✓",
    "only figures with a value compared ✓",
)
def test_a_correction_shows_what_it_changes_in_the_questions_own_words(
    site: Site, as_unit: AsUnit
) -> None:
    browser = as_unit()
    first = {"i1_5": "12", "i1_2.num": "8", "i1_2.den": "9", "n_done": "Đã làm <b>xong</b>"}
    sent(site, browser, **first, i1_1="yes")
    assert 'class="changes"' not in browser.get(CHECK).body.decode()
    assert "Chưa có gì thay đổi." in text(browser.get(CHECK))
    given = {"i1_5": "15", "i1_2.num": "9", "n_done": "Đã làm tốt", "i1_1": "no"}
    page = browser.get(f"/report/{Q4}")
    browser.submit(page, Q4, do="save", **given, **{"i1_6.state": "na", "i1_7.state": "value"})
    check = browser.get(CHECK)
    assert "Thay đổi so với lần 1 đã gửi" in text(check)
    labels = labelled(site)
    assert changes(check) == {
        labels["i1_1"]: "Có → Chưa",
        labels["i1_2"]: "8/9 (88,89 %) → 9/9 (100,00 %)",
        labels["i1_5"]: "12 → 15",
        labels["i1_6"]: "Không phát sinh → Không áp dụng",
        labels["i1_7"]: "Không phát sinh → Chưa có",
        labels["n_done"]: "Lần 1: Đã làm &lt;b&gt;xong&lt;/b&gt; Lần này: Đã làm tốt",
    }
    in_order(check, 'class="changes"', 'id="reason"', 'id="by.name"', "Số liệu hệ thống ghi nhận")


def labelled(site: Site) -> dict[str, str]:
    form = programmes.form(site.table, NEW, 1)
    return {one.code: str(escape(one.label)) for part in form.sections for one in part.indicators}


def test_a_text_that_could_not_be_read_stands_in_the_changes_as_it_was_typed(
    site: Site, as_unit: AsUnit
) -> None:
    browser = as_unit()
    sent(site, browser, i1_5="12")
    browser.submit(browser.get(f"/report/{Q4}"), Q4, do="save", i1_5="mười ba", nil="1")
    found = changes(browser.get(CHECK))
    assert found[labelled(site)["i1_5"]] == "12 → mười ba"
    assert found["Không phát sinh cả kỳ"] == "Không → Có"


@pytest.mark.guards("who sends before the data window ends is told so", "never said ✓")
@pytest.mark.parametrize(
    ("at", "said"),
    [
        (datetime(2026, 11, 23, 3, 0, tzinfo=UTC), True),
        (datetime(2026, 12, 14, 16, 59, tzinfo=UTC), True),
        (datetime(2026, 12, 14, 17, 0, tzinfo=UTC), False),
    ],
)
def test_before_the_window_ends_the_check_page_says_so(
    site: Site, as_unit: AsUnit, clock: Clock, at: datetime, said: bool
) -> None:
    clock.now = at
    check = checked(as_unit(), **filled(site, i1_5="3"))
    assert ("Chưa hết kỳ số liệu (đến 14/12)." in text(check)) is said


@pytest.mark.guards("a sender's number is one to call, by the rule of contacts", "not judged ✓")
def test_a_number_that_nobody_can_call_sends_nothing(site: Site, as_unit: AsUnit) -> None:
    browser = as_unit()
    check = checked(browser, **filled(site, i1_5="3"))
    refused = browser.sees(browser.submit(check, "send", **{**BY, "by.phone": "0270"}))
    assert refused.status == 422
    assert "Số điện thoại có từ 8 đến 15 chữ số, ví dụ 0270 000 0000." in text(refused)
    fields = next(f for where, f in Forms(refused.body.decode()).forms if where.endswith("send"))
    assert fields["by.phone"] == "0270"
    assert reports.head(site.table, NEW, Q4, "T01") is None


def test_a_correction_after_the_due_day_is_said_to_be_one(
    site: Site, as_unit: AsUnit, clock: Clock
) -> None:
    browser = as_unit()
    sent(site, browser, i1_5="12")
    clock.now = datetime(2026, 12, 18, 3, 0, tzinfo=UTC)
    check = checked(as_unit(), i1_5="13")
    assert "Đã quá hạn gửi: lần gửi này sẽ ghi là điều chỉnh sau hạn." in text(check)


@pytest.mark.parametrize("page", ["receipt", "desk"])
def test_a_number_that_was_taken_once_is_shown_as_it_was_sent(
    site: Site, as_unit: AsUnit, as_staff: Callable[..., Visitor], page: str
) -> None:
    """Reports from before the rule: nothing is taken away from them."""
    period = next(one for one in programmes.periods(site.table, NEW) if one.key == Q4)
    by = Sender("Trần Thị Mẫu", "Văn thư", "0270 (máy lẻ)", approved=True)
    content = Content(figures=dict.fromkeys(codes(site)))
    sending = Sending(NEW, period, "T01", content, base=0, form=1, sender=by)
    reports.send(site.table, sending, site.clock())
    shown = (
        as_unit().get(f"/report/{Q4}/receipt/1")
        if page == "receipt"
        else as_staff().get(f"/desk/{NEW}/{Q4}/reports/T01")
    )
    assert shown.status == 200
    assert "0270 (máy lẻ)" in text(shown)
