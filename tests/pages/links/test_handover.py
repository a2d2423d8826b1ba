"""Handing over: old links and sessions end, the draft stays, the new link goes to the mailbox."""

import re
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage

import pytest

from chalicelib.edges.ports import NotSent, Site
from chalicelib.edges.table import Put
from chalicelib.store import access, acts, drafts, links
from infra.visitor import Visitor
from tests.conftest import NEW, Clock
from tests.pages.links.test_mailing import without_mailbox

OFFICER = "chuyenvien@vinhlong.example"
TYPED = "Đã phát động đợt thi đua cao điểm"
AsStaff = Callable[..., Visitor]
AsUnit = Callable[..., Visitor]
Outbox = Callable[[], list[EmailMessage]]


def save_draft(browser: Visitor) -> None:
    page = browser.get("/report/2026-Q4")
    assert browser.submit(page, "2026-Q4", do="save", n_done=TYPED).status == 303


def link_in(mail: EmailMessage) -> str:
    return re.findall(r"http://127.0.0.1:8000(/u/\S+)", str(mail.get_content()))[0]


def opens_the_draft(browser: Visitor, path: str) -> bool:
    browser.follow(browser.submit(browser.get(path), path))
    return TYPED in browser.get("/report/2026-Q4").body.decode()


@pytest.mark.guards(
    "handing over keeps the draft and locks nobody out", "the old link ended before the mail ✓"
)
def test_a_unit_hands_over_and_the_draft_opens_from_the_new_link(
    site: Site, as_unit: AsUnit, visitor: Callable[[], Visitor], outbox: Outbox
) -> None:
    phone, other = as_unit("T01"), as_unit("T01")
    old = links.issue_link(site.table, site.key, NEW, "T01")
    save_draft(phone)
    before = len(outbox())
    reply = phone.submit(phone.get("/report/handover"), "/handover", sure="1")
    assert reply.header("location") == "/links?done=handover"
    assert "Đã bàn giao" in phone.follow(reply).body.decode()
    assert reply.header("clear-site-data") == '"storage"'
    assert phone.get("/report").status == 401
    assert other.get("/report").status == 401
    assert visitor().get(f"/u/{old}").status == 404
    (mail,) = outbox()[before:]
    assert mail["To"] == "t01@donvi.example"
    assert opens_the_draft(visitor(), link_in(mail))
    (act,) = acts.acts(site.table, NEW, "2026-11")
    assert (act.verb, act.who, act.unit) == ("handover", "unit", "T01")


def test_it_wants_a_tick(site: Site, as_unit: AsUnit, outbox: Outbox) -> None:
    phone = as_unit("T01")
    before = len(outbox())
    reply = phone.sees(phone.submit(phone.get("/report/handover"), "/handover"))
    assert reply.status == 422
    assert "đánh dấu ô xác nhận" in reply.body.decode()
    assert phone.get("/report").status == 200
    assert len(outbox()) == before


def test_without_a_mailbox_it_is_refused_with_advice(
    site: Site, as_unit: AsUnit, outbox: Outbox
) -> None:
    without_mailbox(site, "T01")
    phone = as_unit("T01")
    page = phone.get("/report/handover").body.decode()
    assert "chưa có hộp thư đã đăng ký" in page
    assert "<form" not in page
    before = len(outbox())
    fields = {"csrf": re.findall(r'name="csrf" value="([^"]+)"', home(phone))[0], "sure": "1"}
    reply = phone.sees(phone.post("/report/handover", fields))
    assert reply.status == 409
    assert "gọi cho Sở" in reply.body.decode()
    assert phone.get("/report").status == 200
    assert len(outbox()) == before


def home(phone: Visitor) -> str:
    return phone.get("/report").body.decode()


@pytest.mark.guards("handing over keeps the draft and locks nobody out")
def test_where_the_mail_fails_nothing_changes(
    site: Site, as_unit: AsUnit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the unit would be locked out with a link that reached nobody."""
    phone = as_unit("T01")
    old = links.issue_link(site.table, site.key, NEW, "T01")
    page = phone.get("/report/handover")

    def fail(*_: object) -> None:
        raise NotSent("no line")

    monkeypatch.setattr(type(site.mail), "send", fail)
    reply = phone.sees(phone.submit(page, "/handover", sure="1"))
    assert reply.status == 503
    assert "chưa có gì thay đổi" in reply.body.decode()
    assert access.link(site.table, old)
    assert phone.get("/report").status == 200


def on_the_desk(officer: Visitor, clock: Clock, unit: str = "T01", **fields: str) -> str:
    page = officer.get(f"/desk/{NEW}/links/of/{unit}")
    clock.now += timedelta(seconds=1)
    reply = officer.submit(page, f"/of/{unit}", **fields)
    assert reply.status in (303, 422)
    return (officer.follow(reply) if reply.status == 303 else reply).body.decode()


def test_an_officer_hands_over_for_a_unit(
    site: Site,
    as_unit: AsUnit,
    as_staff: AsStaff,
    visitor: Callable[[], Visitor],
    outbox: Outbox,
    clock: Clock,
) -> None:
    phone, officer = as_unit("T01"), as_staff(OFFICER)
    save_draft(phone)
    before = len(outbox())
    page = on_the_desk(officer, clock, sure="1", reason="phone")
    assert "Đã bàn giao" in page
    assert "Đã gửi đường dẫn" in page or "đã gửi đến hộp thư" in page
    assert phone.get("/report").status == 401
    (mail,) = outbox()[before:]
    assert opens_the_draft(visitor(), link_in(mail))
    (act,) = acts.acts(site.table, NEW, "2026-11")
    assert (act.verb, act.who) == ("handover", OFFICER)
    assert act.detail == {"reason": "Mất hoặc đổi điện thoại"}
    assert drafts.draft(site.table, NEW, "2026-Q4", "T01") is not None


def test_an_officer_is_told_what_to_do_where_no_mail_goes(
    site: Site,
    as_staff: AsStaff,
    outbox: Outbox,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    officer = as_staff(OFFICER)
    assert "đánh dấu ô xác nhận" in on_the_desk(officer, clock)
    without_mailbox(site, "T02")
    before = len(outbox())
    assert "Vui lòng in tờ mã QR" in on_the_desk(officer, clock, "T02", sure="1")
    assert len(outbox()) == before

    def fail(*_: object) -> None:
        raise NotSent("no line")

    monkeypatch.setattr(type(site.mail), "send", fail)
    assert "chưa gửi được" in on_the_desk(officer, clock, "T03", sure="1")
    known = links.standings(site.table, NEW)
    assert [known[u].generation for u in ("T01", "T02", "T03")] == [1, 2, 2]


def test_a_unit_that_has_ended_can_lose_its_link(
    site: Site, as_unit: AsUnit, as_staff: AsStaff, clock: Clock
) -> None:
    """The list shows today's units alone; a unit that is gone still has its page."""
    phone = as_unit("T01")
    (item,) = site.table.query(f"UNITS#{NEW}", "UNIT#T01#")
    text = str(item.body["json"]).replace('"valid_to":null', '"valid_to":"2026-10-31"')
    site.table.write(Put(item.key, {"json": text}, item.version))
    officer = as_staff(OFFICER)
    assert "T01" not in officer.get(f"/desk/{NEW}/links").body.decode()
    said = on_the_desk(officer, clock, sure="1", do="revoke")
    assert "Đã thu hồi đường dẫn" in said
    assert phone.get("/report").status == 401
    assert "chưa thực hiện gì" in on_the_desk(officer, clock, sure="1", do="revoke")
    assert [one.verb for one in acts.acts(site.table, NEW, "2026-11")] == ["revoke_link"]


@pytest.mark.guards("a second press ends no new link")
def test_an_older_page_ends_no_newer_link(site: Site, as_staff: AsStaff, clock: Clock) -> None:
    officer, page = as_staff(OFFICER), f"/desk/{NEW}/links/of/T01"
    opened = officer.get(page)
    clock.now += timedelta(seconds=1)
    officer.submit(opened, "/of/T01", sure="1")
    token = links.issue_link(site.table, site.key, NEW, "T01")
    clock.now += timedelta(seconds=1)
    again = officer.follow(officer.submit(opened, "/of/T01", sure="1")).body.decode()
    assert "chưa thực hiện gì" in again
    assert access.link(site.table, token)


def test_the_units_page_tells_its_sessions_and_never_its_link(
    site: Site, as_unit: AsUnit, as_staff: AsStaff, clock: Clock
) -> None:
    as_unit("T01")
    clock.now += timedelta(hours=2)
    as_unit("T01")
    token = links.issue_link(site.table, site.key, NEW, "T01")
    page = as_staff(OFFICER).get(f"/desk/{NEW}/links/of/T01").body.decode()
    assert "<dt>Máy đang mở</dt><dd>2 · mở gần nhất lúc 12:00 ngày 23/11/2026</dd>" in page
    assert token not in page
    assert as_staff(OFFICER).get(f"/desk/{NEW}/links/of/KHONG").status == 404
