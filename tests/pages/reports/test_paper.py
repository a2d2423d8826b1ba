"""A paper report that an officer enters on a unit's behalf: the whole handler."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from chalicelib.edges.ports import Site
from chalicelib.rules.programmes.period import end_of, start_of
from chalicelib.rules.reports import submission
from chalicelib.rules.reports.states import Refused
from chalicelib.rules.review.act import Act
from chalicelib.store import access, acts, exempt_or_extended, moves, programmes, reports
from infra.gateway import Reply
from infra.visitor import Forms, Visitor
from tests import builders
from tests.builders import instant
from tests.conftest import ENGINES, NEW, Clock
from tests.filling import all_nil
from tests.pages.reports.test_moves import (
    OFFICER,
    SECOND,
    form_fields,
    returned,
    state,
    where,
)
from tests.pages.unit.test_form import BY, Q4, codes, filled, sent, text

PAPER = f"{where()}/paper"
SIGNED = {"by.name": "Lê Thị Giấy", "approved": "1", "arrived": "2026-11-20"}
LONG_AFTER = datetime(2027, 1, 5, 3, tzinfo=UTC)
AS_UNIT, AS_STAFF = Callable[..., Visitor], Callable[..., Visitor]


@pytest.fixture
def officer(as_staff: AS_STAFF) -> Visitor:
    return as_staff(OFFICER)


def entered(site: Site, officer: Visitor, page: Reply | None = None, **typed: str) -> Reply:
    page = page or officer.get(PAPER)
    return officer.submit(page, "/paper", **(SIGNED | filled(site, **typed)))


def fields(reply: Reply) -> dict[str, str]:
    return next(f for at, f in Forms(reply.body.decode()).forms if at.endswith("/paper"))


@pytest.mark.guards(
    "paper: marked, exact, not lost",
    "no mark ✓",
    "jumps not asked about ✓",
    "the text not given back ✓",
    "no check of the session ✓",
)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_paper_report_is_kept_as_of_the_day_it_arrived_and_marked(
    site: Site, as_unit: AS_UNIT, officer: Visitor
) -> None:
    done = officer.follow(entered(site, officer, i1_5="12", n_done="Theo bản giấy"))
    said = text(done)
    assert "Báo cáo giấy" in said
    assert "giấy, nhận ngày 20/11/2026" in said
    assert f"{OFFICER} nhập báo cáo giấy nhận ngày 20/11/2026 (người lập: Lê Thị Giấy)" in said
    version = reports.version(site.table, NEW, Q4, "T01", 1)
    assert version is not None
    assert (version.actor, version.sender.name) == (OFFICER, "Lê Thị Giấy")
    assert version.sent == start_of(date(2026, 11, 20))
    assert version.entered == site.clock()
    head = reports.head(site.table, NEW, Q4, "T01")
    assert head is not None
    assert (head.paper, head.state, head.late) == (True, "submitted", False)
    assert [act.verb for act in acts.events(site.table, NEW, Q4, "T01")] == ["paper"]
    unit = as_unit()
    receipt = text(unit.get(f"/report/{Q4}/receipt/1"))
    assert "Báo cáo giấy, Sở nhận ngày 20/11/2026" in receipt
    assert "Theo bản giấy" in receipt
    assert "Báo cáo giấy" in text(unit.get("/report"))


@pytest.mark.guards("paper: the day it arrived decides", "judged when it was typed ✓ (the first)")
@pytest.mark.parametrize(
    ("day", "late"), [("2026-12-17", False), ("2026-12-18", True), ("2026-12-21", True)]
)
def test_lateness_is_judged_on_the_day_of_arrival_also_long_after_the_lock(
    site: Site, as_staff: AS_STAFF, clock: Clock, day: str, late: bool
) -> None:
    clock.now = LONG_AFTER
    officer = as_staff(OFFICER)
    assert entered(site, officer, i1_5="12", arrived=day).status == 303
    head = reports.head(site.table, NEW, Q4, "T01")
    assert head is not None
    assert head.late is late
    assert ("Gửi trễ hạn" in text(officer.get(where()))) is late


@pytest.mark.guards("paper: the day it arrived decides")
def test_a_paper_that_came_after_the_lock_needs_an_extension(
    site: Site, as_staff: AS_STAFF, clock: Clock
) -> None:
    clock.now = LONG_AFTER
    officer = as_staff(OFFICER)
    reply = entered(site, officer, i1_5="12", arrived="2026-12-22")
    assert reply.status == 409
    assert "sau ngày khóa kỳ" in text(reply)
    assert fields(reply)["i1_5"] == "12"
    terms = exempt_or_extended.of(site.table, NEW, Q4, "T01")._replace(
        due=end_of(date(2026, 12, 24))
    )
    site.table.write(exempt_or_extended.put(NEW, Q4, terms))
    assert entered(site, officer, reply, i1_5="12", arrived="2026-12-22").status == 303
    head = reports.head(site.table, NEW, Q4, "T01")
    assert head is not None
    assert not head.late  # its own due is the 24th


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"arrived": ""}, "Ngày nhận báo cáo giấy: Vui lòng nhập ngày"),
        ({"arrived": "2026-11-24"}, "không thể sau hôm nay"),
        ({"arrived": "2026-09-14"}, "trước khi kỳ báo cáo mở"),
        ({"arrived": "hôm qua"}, "Ngày không đọc được"),
        ({"by.name": ""}, "Vui lòng nhập họ tên"),
        ({"by.post": "x" * 101}, "Nội dung quá dài"),
        ({"by.phone": "0\x00"}, "ký tự không đọc được"),
        ({"by.phone": "0270"}, "Số điện thoại có từ 8 đến 15 chữ số"),
        ({"approved": ""}, "Vui lòng xác nhận bản giấy có chữ ký"),
        ({"i1_5": "mười hai"}, "Vui lòng nhập số"),
        ({"i1_5.state": ""}, "Còn 1 ô trống"),
        ({"i9_9": "5"}, "không thuộc báo cáo này"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named_and_what_was_typed_stays(
    site: Site, officer: Visitor, typed: dict[str, str], sentence: str
) -> None:
    reply = entered(site, officer, **({"n_done": "Gõ lại rất lâu"} | typed))
    assert reply.status == 422
    assert sentence in text(reply)
    kept = fields(reply)
    assert kept["n_done"] == "Gõ lại rất lâu"
    for name in typed.keys() - {"approved", "i1_5.state", "i9_9"}:
        assert kept[name].replace("\x00", "") == typed[name].replace("\x00", "")
    links = re.findall(r'<li><a href="#([^"]+)"', reply.body.decode())
    assert links
    assert all(f'id="{link}"' in reply.body.decode() for link in links)
    assert state(site) == "missing"
    assert acts.events(site.table, NEW, Q4, "T01") == []


def test_boxes_that_the_paper_left_empty_are_nil_where_the_officer_says_so(
    site: Site, officer: Visitor
) -> None:
    page = officer.get(PAPER)
    assert officer.submit(page, "/paper", **SIGNED, i1_5="12").status == 422
    left = officer.submit(page, "/paper", **SIGNED, i1_5="12", fill="1")
    form = programmes.form(site.table, NEW, 1)
    standing = [code for code in codes(site) if not form.by_code[code].occurs]
    assert f"Còn {len(standing)} ô trống" in text(left)
    stated = {f"{code}.state": "na" for code in standing}
    assert officer.submit(page, "/paper", **SIGNED, **stated, i1_5="12", fill="1").status == 303
    head = reports.head(site.table, NEW, Q4, "T01")
    assert head is not None
    assert '"i1_5":12' in head.figures
    assert '"i1_6":null' in head.figures


@pytest.mark.guards("paper: marked, exact, not lost")
def test_a_slip_of_the_finger_is_asked_about_once(
    site: Site, as_unit: AS_UNIT, as_staff: AS_STAFF, clock: Clock
) -> None:
    now, clock.now = clock.now, datetime(2026, 9, 1, 3, tzinfo=UTC)
    unit = as_unit()
    page = unit.get("/report/2026-Q3")
    check = unit.follow(unit.submit(page, "2026-Q3", do="check", i1_5="12"))
    check = all_nil(unit, check)
    assert unit.submit(check, "/send", **BY).status == 303
    clock.now = now
    officer = as_staff(OFFICER)
    reply = entered(site, officer, i1_5="120")
    assert reply.status == 422
    assert "12 → 120" in text(reply)
    assert entered(site, officer, reply, i1_5="1200").status == 422  # another one is asked anew
    note = {"i1_5.note": "Theo bản giấy"}
    assert officer.submit(reply, "/paper", **SIGNED, fill="1", **note).status == 303
    version = reports.version(site.table, NEW, Q4, "T01", 1)
    assert version is not None
    assert "Theo bản giấy" in version.content


@pytest.mark.guards("paper never over what a unit sent")
def test_what_the_unit_has_sent_is_its_own_to_correct(
    site: Site, as_unit: AS_UNIT, officer: Visitor
) -> None:
    sent(site, as_unit(), i1_5="12")
    reply = officer.get(PAPER)
    assert reply.status == 409
    assert "không nhập báo cáo giấy" in text(reply)
    assert "Nhập báo cáo giấy" not in text(officer.get(where()))
    base = {"base": "1", "reason": "Bản giấy khác", "arrived": "2026-11-23"}
    token = {"csrf": form_fields(officer, "x")["csrf"]}
    typed = SIGNED | filled(site, i1_5="13") | base | token
    reply = officer.post(PAPER, typed)
    assert reply.status == 409
    assert "không nhập báo cáo giấy" in text(reply)
    moves.move(site.table, Act(site.clock(), SECOND, "accept", NEW, Q4, "T01"), "accept")
    assert officer.post(PAPER, typed).status == 409
    assert len(reports.versions(site.table, NEW, Q4, "T01")) == 1


@pytest.mark.guards("paper never over what a unit sent")
def test_a_unit_that_sent_meanwhile_is_not_overwritten(
    site: Site, as_unit: AS_UNIT, officer: Visitor
) -> None:
    page = officer.get(PAPER)
    sent(site, as_unit(), i1_5="12")
    reply = entered(site, officer, page, i1_5="13")
    assert reply.status == 409
    assert "vừa có lần gửi khác" in text(reply)
    assert "Trần Thị Mẫu đã gửi lần 1" in text(reply)
    assert fields(reply)["i1_5"] == "13"
    assert len(reports.versions(site.table, NEW, Q4, "T01")) == 1


def test_a_double_tap_is_one_paper(site: Site, officer: Visitor) -> None:
    page = officer.get(PAPER)
    assert [entered(site, officer, page, i1_5="12").status for _ in range(2)] == [303, 303]
    assert len(reports.versions(site.table, NEW, Q4, "T01")) == 1
    assert len(acts.events(site.table, NEW, Q4, "T01")) == 1


def test_a_return_may_be_answered_on_paper(
    site: Site, as_unit: AS_UNIT, as_staff: AS_STAFF, clock: Clock
) -> None:
    sent(site, as_unit(), i1_5="12", n_done="Đã gửi qua mạng")
    returned(as_staff(OFFICER), general="Xem lại", due="2026-11-25")
    clock.now = clock.now.replace(day=27)
    officer = as_staff(OFFICER)
    page = officer.get(PAPER)
    assert fields(page)["n_done"] == "Đã gửi qua mạng"  # begins with what was returned
    early = entered(site, officer, page, i1_5="13", arrived="2026-11-22", reason="Theo góp ý")
    assert early.status == 422
    assert "trước lần gửi gần nhất" in text(early)
    assert entered(site, officer, page, i1_5="13", arrived="2026-11-26").status == 422  # no reason
    done = entered(site, officer, page, i1_5="13", arrived="2026-11-26", reason="Theo góp ý")
    assert done.status == 303
    version = reports.version(site.table, NEW, Q4, "T01", 2)
    assert version is not None
    assert (version.after_due, version.reason) == (True, "Theo góp ý")  # due on the 25th
    head = reports.head(site.table, NEW, Q4, "T01")
    assert head is not None
    assert (head.state, head.paper, head.late) == ("submitted", True, False)


def test_an_electronic_answer_takes_the_mark_of_paper_away(
    site: Site, as_unit: AS_UNIT, officer: Visitor
) -> None:
    entered(site, officer, i1_5="12")
    unit = as_unit()
    page = unit.get(f"/report/{Q4}")
    check = unit.follow(unit.submit(page, Q4, do="check", i1_5="13"))
    assert unit.submit(check, "send", **BY, reason="Gửi qua mạng").status == 303
    head = reports.head(site.table, NEW, Q4, "T01")
    assert head is not None
    assert not head.paper


def test_for_an_exempt_unit_no_paper_is_entered(site: Site, officer: Visitor) -> None:
    page = officer.get(PAPER)
    terms = exempt_or_extended.of(site.table, NEW, Q4, "T01")._replace(exempt="Đang sáp nhập")
    site.table.write(exempt_or_extended.put(NEW, Q4, terms))
    assert officer.get(PAPER).status == 409
    reply = entered(site, officer, page, i1_5="12")
    assert reply.status == 409
    assert "Đơn vị này được miễn" in text(reply)


@pytest.mark.guards("paper: marked, exact, not lost")
def test_an_officer_signed_out_meanwhile_keeps_nothing(
    site: Site, officer: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = officer.get(PAPER)
    session = access.session(site.table, officer.cookies["bc-staff"], site.clock())
    assert session is not None
    send = reports.send

    def late(*given: Any) -> Any:
        access.close_session(site.table, session)
        return send(*given)

    monkeypatch.setattr(reports, "send", late)
    reply = entered(site, officer, page, i1_5="12")
    assert reply.status == 409
    assert "Vui lòng đăng nhập lại" in text(reply)
    assert state(site) == "missing"


@pytest.mark.guards("paper: marked, exact, not lost")
def test_what_was_typed_outlives_a_session_that_ended(
    site: Site, officer: Visitor, as_staff: AS_STAFF
) -> None:
    page = officer.get(PAPER)
    officer.cookies.clear()
    lost = entered(site, officer, page, i1_5="12")
    assert lost.status == 401
    assert "đăng nhập ở một thẻ khác" in text(lost)
    officer.cookies |= as_staff(OFFICER).cookies  # another tab of the same browser
    (_, typed), *_ = Forms(lost.body.decode()).forms
    again = officer.post(PAPER, typed)
    assert again.status == 403  # the page's token is of the session that ended
    (_, typed), *_ = Forms(again.body.decode()).forms
    assert officer.post(PAPER, typed).status == 303
    head = reports.head(site.table, NEW, Q4, "T01")
    assert head is not None
    assert '"i1_5":12' in head.figures


@pytest.mark.guards("paper never over what a unit sent", "the rule left out ✓ (the first two)")
def test_the_rule_itself_refuses_paper_over_a_sent_report() -> None:
    """Whatever page asks: submitted is the unit's to correct, returned and reopened are not."""
    given = {
        "period": builders.period(),
        "unit": "T01",
        "content": builders.content(),
        "now": instant(16),
        "form": 1,
        "sender": builders.submit()[0].sender,
        "reason": "Theo bản giấy",
        "entered": instant(18),
    }
    with pytest.raises(Refused) as refused:
        submission.submit(builders.head(), **given)
    assert refused.value.reason == "paper_from_submitted"
    for standing in ("returned", "reopened"):
        version, head = submission.submit(builders.head(state=standing), **given)
        assert (version.entered, version.sent, head.paper) == (instant(18), instant(16), True)


def test_a_stored_paper_reads_back_as_it_was(site: Site) -> None:
    period = next(one for one in programmes.periods(site.table, NEW) if one.key == Q4)
    sender = builders.submit()[0].sender
    sending = reports.Sending(NEW, period, "T01", builders.content(), 0, 1, sender)
    paper = replace(sending, actor=OFFICER, entered=site.clock())
    kept = reports.send(site.table, paper, instant(20, month=11))
    assert reports.version(site.table, NEW, Q4, "T01", 1) == kept
    assert (kept.actor, kept.entered) == (OFFICER, site.clock())
