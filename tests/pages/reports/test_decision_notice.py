"""A unit hears of what was decided about its report: over the whole handler, with real mails."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest

import app
from chalicelib.edges.ports import NotSent, Site
from chalicelib.edges.table import Busy, Change, Table
from chalicelib.jobs.bounces import careful
from chalicelib.rules.review.act import Act
from chalicelib.rules.units.contact import Contact
from chalicelib.store import contacts, links, notices, programmes, reports, unreachable
from infra.gateway import Reply
from infra.visitor import Visitor
from tests.conftest import NEW, Clock
from tests.pages.links.test_mailing import without_mailbox
from tests.pages.reports.test_moves import OFFICER, corrected, form, officer, returned, state, where
from tests.pages.reports.test_unit_requests import INBOX, answered, asked, more_time, taken_in
from tests.pages.unit.test_form import BY, Q4, sent, text

__all__ = ["officer"]  # a fixture

AS_UNIT, AS_STAFF = Callable[..., Visitor], Callable[..., Visitor]
OUTBOX = Callable[[], list[EmailMessage]]
MAILBOX = "t01@donvi.example"
NO_LINK = (
    "Hiện nay quý đơn vị không có đường dẫn riêng nào dùng được. "
    "Vui lòng gọi số điện thoại dưới đây để được cấp đường dẫn mới."
)


@pytest.fixture
def reachable(site: Site) -> None:
    """T01 has a mailbox that an officer has confirmed."""
    act = Act(site.clock(), OFFICER, "change_contact", NEW, unit="T01")
    contacts.keep(site.table, act, Contact(mailbox=MAILBOX, phone="0270 111 2222"))


@pytest.fixture
def unit(site: Site, as_unit: AS_UNIT) -> Visitor:
    """T01, whose report has been sent."""
    browser = as_unit()
    sent(site, browser, i1_5="12")
    return browser


def one_mail(outbox: OUTBOX) -> tuple[str, str]:
    """Subject and text of the only mail, which went to the unit's mailbox."""
    (mail,) = outbox()
    assert mail["To"] == MAILBOX
    return str(mail["Subject"]), str(mail.get_content())


def reopening(officer: Visitor, reason: str = "Theo kết luận kiểm tra") -> Reply:
    return officer.post(where(), form(officer.get(where()), "reopen") | {"reason": reason})


class Post:
    """A mail edge that fails as it is told, and counts."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.tried = 0

    def send(self, to: str, subject: str, text: str, now: datetime) -> None:  # noqa: ARG002
        self.tried += 1
        raise self.error


# ------------------------------------------------------------------ what the mail says


@pytest.mark.guards(
    "a unit hears of what was decided, until when, and no figure or remark",
    "nothing sent ✓",
    "an ended link ✓",
    "the start page named, which mails no ended link again ✓",
    "the closed told ✓",
)
@pytest.mark.usefixtures("reachable", "unit")
def test_a_return_is_mailed_with_its_due_day_and_says_that_there_are_remarks(
    site: Site, officer: Visitor, outbox: OUTBOX
) -> None:
    done = returned(officer, general="Số 12 chưa khớp", comment__s1="Rà soát", due="01/12/2026")
    said = text(officer.follow(done))
    subject, mail = one_mail(outbox)
    assert "trả lại" in subject
    assert "01/12/2026" in subject
    assert "chậm nhất ngày 01/12/2026" in mail
    assert "góp ý chung" in mail
    assert "chưa khớp" not in mail
    assert "12 chưa" not in mail
    assert "Cần hỗ trợ, vui lòng liên hệ" in mail
    token = links.token(site.key, links.standing(site.table, NEW, "T01"))
    assert f"{site.public_url}/u/{token}" in mail
    assert f"Đã gửi thư báo đến {MAILBOX}." in said


@pytest.mark.guards("a unit hears of what was decided, until when, and no figure or remark")
@pytest.mark.usefixtures("reachable", "unit")
def test_a_reopening_is_mailed(site: Site, officer: Visitor, outbox: OUTBOX) -> None:
    taken_in(site)
    done = officer.follow(reopening(officer))
    subject, mail = one_mail(outbox)
    assert "mở lại" in subject
    assert "Lý do của Sở ghi ở trang báo cáo" in mail
    assert "kết luận kiểm tra" not in mail
    assert f"Đã gửi thư báo đến {MAILBOX}." in text(done)


@pytest.mark.guards("a unit hears of what was decided, until when, and no figure or remark")
@pytest.mark.usefixtures("reachable")
@pytest.mark.parametrize(
    ("do", "typed", "subject", "sentence"),
    [
        (
            "grant",
            {"until": "24/12/2026"},
            "gia hạn đến hết ngày 24/12/2026",
            "đến hết ngày 24/12/2026",
        ),
        (
            "refuse",
            {"answer": "Đã quá hạn báo cáo UBND tỉnh"},
            "chưa chấp thuận gia hạn, hạn vẫn là ngày 17/12/2026",
            "vẫn là hết ngày 17/12/2026",
        ),
    ],
)
def test_the_answer_to_a_request_for_more_time_is_mailed(
    site: Site,
    as_unit: AS_UNIT,
    officer: Visitor,
    outbox: OUTBOX,
    do: str,
    typed: dict[str, str],
    subject: str,
    sentence: str,
) -> None:
    more_time(as_unit())
    done = officer.follow(answered(officer, do=do, **typed))
    found, mail = one_mail(outbox)
    assert subject in found
    assert sentence in mail
    assert "UBND" not in mail
    assert ("Trả lời của Sở ghi ở trang báo cáo" in mail) == (do == "refuse")
    above = text(done).partition("Đang chờ trả lời")[0]
    assert f"Đã gửi thư báo đến {MAILBOX}." in above
    assert f"Đã gửi thư báo đến {MAILBOX}." in text(officer.get(INBOX)).partition("Đã trả lời (")[2]
    assert not reports.versions(site.table, NEW, Q4, "T01")


@pytest.mark.usefixtures("reachable")
@pytest.mark.parametrize(("do", "word"), [("grant", "chấp thuận"), ("refuse", "chưa chấp thuận")])
def test_the_answer_to_a_request_to_reopen_is_mailed(
    site: Site, unit: Visitor, officer: Visitor, outbox: OUTBOX, do: str, word: str
) -> None:
    taken_in(site)
    asked(unit)
    assert answered(officer, do=do, answer="Đã xem").status == 303
    subject, mail = one_mail(outbox)
    assert f"Sở {word} mở lại" in subject
    assert f"{word} đề nghị mở lại" in mail
    assert (state(site) == "reopened") == (do == "grant")


@pytest.mark.guards("a unit hears of what was decided, until when, and no figure or remark")
@pytest.mark.usefixtures("reachable")
def test_a_request_that_is_closed_and_reports_taken_in_mail_nobody(
    site: Site, as_unit: AS_UNIT, officer: Visitor, outbox: OUTBOX
) -> None:
    browser = as_unit()
    more_time(browser)
    sent(site, browser, i1_5="12")
    assert answered(officer, do="close").status == 303
    page = officer.get(f"/desk/{NEW}/{Q4}/reports")
    many = officer.post(
        f"/desk/{NEW}/{Q4}/reports/accept",
        {
            "unit.T01": "1",
            "seen": "T01:1",
            "csrf": re.findall(r'name="csrf" value="([^"]+)', page.body.decode())[0],
        },
    )
    assert many.status == 200
    assert state(site) == "accepted"
    assert not outbox()
    assert not list(notices.of_period(site.table, NEW, Q4))


@pytest.mark.guards("a unit hears of what was decided, until when, and no figure or remark")
@pytest.mark.usefixtures("reachable", "unit")
def test_a_unit_whose_link_has_ended_is_told_whom_to_call_for_a_new_one(
    site: Site, officer: Visitor, outbox: OUTBOX
) -> None:
    """The public page would mail it nothing: an ended link stays ended."""
    act = Act(site.clock(), OFFICER, "revoke_link", NEW, unit="T01")
    links.revoke(site.table, NEW, "T01", act, site.clock())
    returned(officer, general="Rà soát", due="01/12/2026")
    _, mail = one_mail(outbox)
    assert "http" not in mail
    programme = programmes.programme(site.table, NEW)
    assert programme is not None
    lines = mail.splitlines()
    after = lines[lines.index(NO_LINK) + 2]
    assert after.startswith(f"Cần hỗ trợ, vui lòng liên hệ {programme.department.contact}")
    assert programme.department.phone in after


@pytest.mark.guards("a unit hears of what was decided, until when, and no figure or remark")
@pytest.mark.usefixtures("reachable", "unit")
def test_a_link_that_can_not_be_written_out_again_is_named_and_whom_to_call(
    site: Site, officer: Visitor, outbox: OUTBOX
) -> None:
    """Made with another server key: it opens, and no mail can hold it."""
    app.use(replace(site, server_key=lambda: b"other key" * 4))
    returned(officer, general="Rà soát", due="01/12/2026")
    _, mail = one_mail(outbox)
    assert "http" not in mail
    assert "bằng đường dẫn riêng đã được cấp. Nếu không còn đường dẫn, vui lòng gọi" in mail


# ------------------------------------------------------------------ once, and never in the way


@pytest.mark.guards(
    "one mail an act, after it, and never in its way",
    "told by a second tap ✓ ✓",
    "before the act ✓",
    "a time-out let through ✓",
)
@pytest.mark.usefixtures("reachable", "unit")
def test_a_double_tap_on_return_is_one_mail(officer: Visitor, outbox: OUTBOX) -> None:
    page = form(officer.get(where()), "return") | {"general": "Rà soát", "due": "01/12/2026"}
    assert [officer.post(where(), page).status for _ in range(3)] == [303] * 3
    one_mail(outbox)


@pytest.mark.guards("one mail an act, after it, and never in its way")
@pytest.mark.usefixtures("reachable")
def test_a_double_tap_on_an_answer_is_one_mail(
    as_unit: AS_UNIT, officer: Visitor, outbox: OUTBOX
) -> None:
    more_time(as_unit())
    page = officer.get(INBOX)
    for _ in range(3):
        assert answered(officer, page, do="grant", until="24/12/2026").status == 303
    one_mail(outbox)


@pytest.mark.guards("one mail an act, after it, and never in its way")
@pytest.mark.usefixtures("reachable", "unit")
@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (NotSent("planted"), f"Thư báo đến {MAILBOX} không gửi được. Vui lòng gọi"),
        (TimeoutError("planted"), f"Chưa rõ thư báo đến {MAILBOX} đã đi hay chưa. Vui lòng gọi"),
    ],
)
def test_a_mail_that_fails_lets_the_act_stand_and_is_said(
    site: Site, officer: Visitor, error: Exception, sentence: str
) -> None:
    post = Post(error)
    app.use(replace(site, mail=post))
    page = form(officer.get(where()), "return") | {"general": "Rà soát", "due": "01/12/2026"}
    done = officer.post(where(), page)
    assert done.status == 303
    assert state(site) == "returned"
    assert sentence in text(officer.follow(done))
    assert officer.post(where(), page).status == 303
    assert post.tried == 1  # one mail an act, whatever became of it


@pytest.mark.guards("what became of it is said")
@pytest.mark.usefixtures("reachable", "unit")
def test_a_mailbox_that_bounced_gets_no_mail_and_the_officer_is_told(
    site: Site, officer: Visitor, outbox: OUTBOX
) -> None:
    unreachable.mark(site.table, MAILBOX, "bounce", site.clock())
    app.use(careful(site))
    said = text(officer.follow(returned(officer, general="Rà soát", due="01/12/2026")))
    assert not outbox()
    assert f"Thư báo đến {MAILBOX} không gửi được" in said


@pytest.mark.guards("what became of it is said")
@pytest.mark.usefixtures("unit")
def test_of_a_unit_without_a_mailbox_the_officer_is_told_to_call(
    site: Site, officer: Visitor, outbox: OUTBOX
) -> None:
    without_mailbox(site, "T01")
    done = officer.follow(returned(officer, general="Rà soát", due="01/12/2026"))
    assert not outbox()
    assert "Đơn vị chưa có hộp thư nên không có thư báo. Vui lòng gọi" in text(done)
    copied = text(officer.get(f"{where()}/notice"))
    assert "chậm nhất ngày 01/12/2026" in copied
    assert "/u/" in copied


@pytest.mark.guards("one mail an act, after it, and never in its way")
@pytest.mark.usefixtures("reachable", "unit")
def test_the_mail_goes_out_after_the_act_is_kept(site: Site, officer: Visitor) -> None:
    seen = []

    class Looks:
        def send(self, *_: object) -> None:
            kept = notices.of_unit(site.table, NEW, Q4, "T01")
            seen.append((state(site), [one.state for one in kept]))

    app.use(replace(site, mail=Looks()))
    returned(officer, general="Rà soát", due="01/12/2026")
    assert seen == [("returned", ["reserved"])]


class _Full:
    """A table that takes what an officer does, and then no more."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def __getattr__(self, name: str) -> object:
        return getattr(self._table, name)

    def write(self, *changes: Change) -> None:
        if len(changes) == 1 and changes[0].key.sort.startswith("NOTICE#"):
            raise Busy("planted")
        self._table.write(*changes)


@pytest.mark.guards(
    "what became of it is said", "on its way for ever ✓", "a busy table let through ✓ (the first)"
)
@pytest.mark.usefixtures("reachable", "unit")
def test_what_became_of_a_mail_and_could_not_be_kept_is_unknown_after_a_while(
    site: Site, officer: Visitor, outbox: OUTBOX, clock: Clock
) -> None:
    app.use(replace(site, table=_Full(site.table)))  # type: ignore[arg-type]
    done = returned(officer, general="Rà soát", due="01/12/2026")
    assert done.status == 303
    one_mail(outbox)
    assert f"Đang gửi thư báo đến {MAILBOX}" in text(officer.follow(done))
    clock.now += timedelta(minutes=3)
    assert "Chưa rõ thư báo" in text(officer.get(where()))


@pytest.mark.usefixtures("reachable", "unit")
def test_a_director_reads_what_became_of_the_mail_and_no_link(
    as_staff: AS_STAFF, officer: Visitor
) -> None:
    returned(officer, general="Rà soát", due="01/12/2026")
    director = as_staff()
    page = director.get(where())
    assert "Đã gửi thư báo" in text(page)
    assert "/notice" not in page.body.decode()
    assert director.get(f"{where()}/notice").status == 403


@pytest.mark.usefixtures("reachable")
def test_what_was_told_stays_in_the_course_of_events(
    site: Site, unit: Visitor, officer: Visitor
) -> None:
    returned(officer, general="Rà soát", due="01/12/2026")
    page = unit.get(f"/report/{Q4}")
    check = unit.follow(unit.submit(page, Q4, do="check", i1_5="13"))
    unit.follow(unit.submit(check, "send", **BY, reason="Sửa"))
    page = officer.get(where())
    assert 'role="status"' not in page.body.decode()
    assert text(page).count(f"Đã gửi thư báo đến {MAILBOX}.") == 1


@pytest.mark.usefixtures("reachable")
def test_a_text_that_the_unit_has_answered_since_is_said_to_be_past(
    officer: Visitor, unit: Visitor
) -> None:
    assert returned(officer, general="Thiếu số liệu").status == 303
    now_past = "báo cáo của đơn vị đã có thay đổi"
    assert now_past not in text(officer.get(f"{where()}/notice"))
    corrected(unit, i1_5="14")
    page = text(officer.get(f"{where()}/notice"))
    assert now_past in page
    assert "đã trả lại" in page
