"""A reopened report may be sent until the day that was set; one without a day stays open."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from email.message import EmailMessage

import pytest

from chalicelib.edges.ports import Site
from chalicelib.rules.programmes.period import end_of
from chalicelib.rules.review.act import Act
from chalicelib.store import moves, reports
from infra.visitor import Visitor
from tests.conftest import ENGINES, NEW, Clock
from tests.pages.reports.test_moves import where
from tests.pages.reports.test_unit_requests import INBOX, answered, asked, taken_in
from tests.pages.unit.test_form import BY, Q4, filled, sent, text

OFFICER = "chuyenvien@vinhlong.example"
DAY = datetime(2026, 12, 29, 3, tzinfo=UTC)  # more than a week after the lock
LAST, OVER = datetime(2026, 12, 31, 16, tzinfo=UTC), datetime(2026, 12, 31, 17, tzinfo=UTC)
AS_UNIT = Callable[..., Visitor]


@pytest.fixture
def unit(site: Site, as_unit: AS_UNIT, clock: Clock) -> Visitor:
    """T01, whose report was taken in, after the lock."""
    sent(site, as_unit(), i1_5="12")
    taken_in(site)
    clock.now = DAY
    return as_unit()


@pytest.fixture
def officer(as_staff: AS_UNIT, unit: Visitor) -> Visitor:
    assert unit
    return as_staff(OFFICER)


def until(site: Site) -> datetime | None:
    head = reports.head(site.table, NEW, Q4, "T01")
    assert head is not None
    return head.return_due


def resend(site: Site, unit: Visitor) -> int:
    """The answer to the corrected report."""
    page = unit.get(f"/report/{Q4}")
    assert page.status == 200
    check = unit.follow(unit.submit(page, Q4, do="check", **filled(site, i1_5="14")))
    return unit.submit(check, "send", reason="Đã rà soát", **BY).status


@pytest.mark.guards(
    "a reopened report may be sent until its day, and not after",
    "open for ever ✓",
    "the day kept nowhere ✓",
)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_granted_reopening_holds_until_its_day(
    site: Site,
    unit: Visitor,
    officer: Visitor,
    clock: Clock,
    outbox: Callable[[], list[EmailMessage]],
) -> None:
    asked(unit, reason="Nhập thiếu")
    page = officer.get(INBOX)
    assert 'value="04/01/2027"' in page.body.decode()  # three days on, the next working day
    done = officer.follow(answered(officer, page, do="grant", until="31/12/2026"))
    assert "đến hết ngày 31/12/2026" in text(done)
    assert until(site) == end_of(date(2026, 12, 31))
    (mail,) = outbox()
    assert "chậm nhất ngày 31/12/2026" in str(mail["Subject"]).replace("\n", "")
    assert "gửi lại được đến hết ngày 31/12/2026" in str(mail.get_content())
    for path in ("/report", f"/report/{Q4}"):
        assert "Quý đơn vị gửi lại được đến hết ngày 31/12/2026" in text(unit.get(path))
    assert "gửi lại được đến hết ngày 31/12/2026" in text(officer.get(where()))
    assert "gửi lại được đến hết ngày 31/12/2026" in text(officer.get(f"{where()[:-4]}?q=T01"))
    clock.now = OVER
    late = unit.get(f"/report/{Q4}")
    assert late.header("location") == f"/report/{Q4}/receipt/1"
    assert "Hiện nay: Đã hết thời hạn mở lại" in text(unit.follow(late))
    assert "Quý đơn vị có thể sửa và gửi lại" not in text(unit.get("/report"))
    assert "Đã hết thời hạn mở lại" in text(unit.get("/report"))
    clock.now = LAST
    assert resend(site, unit) == 303
    head = reports.head(site.table, NEW, Q4, "T01")
    assert head is not None
    assert (head.version, head.state) == (2, "submitted")


@pytest.mark.guards(
    "a reopened report may be sent until its day, and not after",
    "sent after it ✓",
)
def test_what_is_sent_after_the_day_is_refused_and_another_day_may_be_asked_for(
    site: Site, unit: Visitor, officer: Visitor, as_staff: AS_UNIT, clock: Clock
) -> None:
    asked(unit, reason="Nhập thiếu")
    answered(officer, do="grant", until="31/12/2026")
    page = unit.get(f"/report/{Q4}")
    check = unit.follow(unit.submit(page, Q4, do="check", **filled(site, i1_5="14")))
    clock.now = OVER
    refused = unit.follow(unit.submit(check, "send", reason="Đã rà soát", **BY))
    assert "đã hết" in text(refused)
    head = reports.head(site.table, NEW, Q4, "T01")
    assert head is not None
    assert head.version == 1
    assert "Xin mở lại" in text(unit.get("/report"))
    again = asked(unit, reason="Máy hỏng")
    assert again.status == 303, text(again)
    assert "Máy hỏng" in text(unit.follow(again))
    answered(as_staff(OFFICER), do="grant", until="05/01/2027")
    assert until(site) == end_of(date(2027, 1, 5))
    assert resend(site, unit) == 303


def test_an_officer_reopens_with_a_day(site: Site, officer: Visitor) -> None:
    page = officer.get(where())
    assert 'name="until" value="04/01/2027"' in page.body.decode()
    done = officer.submit(page, where(), do="reopen", reason="Theo kiểm tra", until="30/12/2026")
    assert "gửi lại được đến hết ngày 30/12/2026" in text(officer.follow(done))
    assert until(site) == end_of(date(2026, 12, 30))


@pytest.mark.guards("a reopened report may be sent until its day, and not after")
@pytest.mark.parametrize(
    ("day", "why"),
    [
        ("", "Vui lòng nhập ngày"),
        ("31/2/2027", "Ngày không đọc được"),
        ("28/12/2026", "Ngày này đã qua"),
        ("31/12/2028", "Ngày này quá xa"),
    ],
)
def test_a_day_that_can_not_be_is_said_and_nothing_is_done(
    site: Site, unit: Visitor, officer: Visitor, day: str, why: str
) -> None:
    page = officer.get(where())
    done = officer.submit(page, where(), do="reopen", reason="Theo kiểm tra", until=day)
    assert done.status == 422
    assert f"Được gửi lại đến hết ngày: {why}" in text(done)
    assert "Theo kiểm tra" in done.body.decode()
    asked(unit, reason="Nhập thiếu")
    granted = answered(officer, do="grant", until=day)
    assert granted.status == 422
    assert f"Được gửi lại đến hết ngày: {why}" in text(granted)
    head = reports.head(site.table, NEW, Q4, "T01")
    assert head is not None
    assert head.state == "accepted"


@pytest.mark.guards(
    "a reopened report may be sent until its day, and not after",
    "closed where there is no day ✓",
)
def test_a_reopening_from_before_it_had_a_day_stays_open(
    site: Site, unit: Visitor, as_unit: AS_UNIT, clock: Clock
) -> None:
    assert unit
    moves.move(site.table, Act(DAY, OFFICER, "reopen", NEW, Q4, "T01", {"reason": "x"}), "reopen")
    assert until(site) is None
    clock.now = datetime(2027, 3, 1, 3, tzinfo=UTC)
    later = as_unit()
    assert "gửi lại được" not in text(later.get("/report"))
    assert resend(site, later) == 303
