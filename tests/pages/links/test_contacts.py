"""Pages of contacts: what a unit changes at once, what waits, and who hears of a new mailbox."""

from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage

import pytest

from chalicelib.edges.ports import NotSent, Site
from chalicelib.rules.units.contact import Contact
from chalicelib.store import acts, contacts
from infra.gateway import Reply
from infra.visitor import Visitor
from tests.conftest import NEW, Clock

OFFICER = "chuyenvien@vinhlong.example"
GIVEN = {
    "mailbox": "vanthu@t01.example",
    "head": "Nguyễn Văn Mẫu",
    "preparer": "Trần Thị Mẫu",
    "phone": "0270 123 4567",
}
AsStaff = Callable[..., Visitor]
AsUnit = Callable[..., Visitor]
Outbox = Callable[[], list[EmailMessage]]


def change(browser: Visitor, **fields: str) -> Reply:
    return browser.submit(browser.get("/report/contacts"), "/contacts", **fields)


def kept(site: Site, unit: str = "T01") -> Contact:
    return contacts.contact(site.table, NEW, unit)


def decide(officer: Visitor, do: str) -> str:
    page = officer.get(f"/desk/{NEW}/contacts")
    return officer.follow(officer.submit(page, "/contacts", do=do)).body.decode()


def test_a_units_names_hold_at_once_and_its_mailbox_after_an_officers_word(
    site: Site, as_unit: AsUnit, as_staff: AsStaff, outbox: Outbox
) -> None:
    phone, officer = as_unit("T01"), as_staff(OFFICER)
    page = phone.follow(change(phone, **GIVEN)).body.decode()
    assert "Hộp thư mới chờ Sở xác nhận" in page
    waiting = Contact("", GIVEN["head"], GIVEN["preparer"], GIVEN["phone"], GIVEN["mailbox"])
    assert kept(site) == waiting
    before = len(outbox())
    said = decide(officer, "confirm")
    assert "Đã xác nhận hộp thư mới của Trường THPT Chuyên Bến Tre." in said
    assert "Đã gửi thư báo cho hộp thư cũ." in said
    assert kept(site).mailbox == GIVEN["mailbox"]
    assert kept(site).proposed == ""
    (notice,) = outbox()[before:]
    assert notice["To"] == "t01@donvi.example"
    assert "Hộp thư mới: vanthu@t01.example" in str(notice.get_content())
    assert "/u/" not in str(notice.get_content())
    recorded = {(one.verb, one.who) for one in acts.acts(site.table, NEW, "2026-11")}
    assert recorded == {("propose_mailbox", "unit"), ("confirm_mailbox", OFFICER)}


def test_a_refused_mailbox_changes_nothing_and_tells_nobody(
    site: Site, as_unit: AsUnit, as_staff: AsStaff, outbox: Outbox
) -> None:
    change(as_unit("T01"), mailbox="la@khac.example")
    before = len(outbox())
    assert "Đã từ chối" in decide(as_staff(OFFICER), "refuse")
    assert kept(site) == Contact()
    assert len(outbox()) == before


@pytest.mark.guards("a mail that fails stops nothing")
def test_a_notice_that_fails_blocks_nothing(
    site: Site, as_unit: AsUnit, as_staff: AsStaff, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(as_unit("T01"), mailbox=GIVEN["mailbox"])
    officer = as_staff(OFFICER)

    def fail(*_: object) -> None:
        raise NotSent("no line")

    monkeypatch.setattr(type(site.mail), "send", fail)
    assert "Thư báo cho hộp thư cũ chưa gửi được." in decide(officer, "confirm")
    assert kept(site).mailbox == GIVEN["mailbox"]


@pytest.mark.guards("a mailbox counts after an officer's word on that very address")
def test_only_the_mailbox_that_the_officer_has_read_is_confirmed(
    site: Site, as_unit: AsUnit, as_staff: AsStaff
) -> None:
    phone, officer = as_unit("T01"), as_staff(OFFICER)
    change(phone, mailbox="mot@t01.example")
    page = officer.get(f"/desk/{NEW}/contacts")
    change(phone, mailbox="hai@t01.example")
    said = officer.follow(officer.submit(page, "/contacts", do="confirm")).body.decode()
    assert "vừa thay đổi hoặc đã được xử lý" in said
    assert (kept(site).mailbox, kept(site).proposed) == ("", "hai@t01.example")
    decide(officer, "confirm")
    again = officer.follow(officer.submit(page, "/contacts", do="confirm")).body.decode()
    assert "vừa thay đổi hoặc đã được xử lý" in again
    assert kept(site).mailbox == "hai@t01.example"


@pytest.mark.guards("one’s own second tap is done, and not told as somebody else’s act")
def test_ones_own_second_tap_is_not_told_as_somebody_elses(
    site: Site, as_unit: AsUnit, as_staff: AsStaff, outbox: Outbox, clock: Clock
) -> None:
    phone, officer = as_unit("T01"), as_staff(OFFICER)
    page = phone.get("/report/contacts")
    for _ in range(2):
        reply = phone.submit(page, "/contacts", **GIVEN)
        assert reply.header("location") == "/report/contacts?done=proposed"
    page, before = officer.get(f"/desk/{NEW}/contacts"), len(outbox())
    clock.now += timedelta(seconds=1)
    for _ in range(2):
        said = officer.follow(officer.submit(page, "/contacts", do="confirm")).body.decode()
        assert "Đã xác nhận hộp thư mới" in said
    page = officer.get(f"/desk/{NEW}/contacts/T02")
    for _ in range(2):
        reply = officer.submit(page, "/contacts/T02", mailbox="vanthu@t02.example")
        assert reply.status == 303
    assert len(outbox()) == before + 2
    other = as_staff("chuyenvien@bentre.example")
    change(phone, mailbox="khac@t01.example")
    page = other.get(f"/desk/{NEW}/contacts")
    clock.now += timedelta(seconds=1)
    decide(officer, "refuse")
    said = other.follow(other.submit(page, "/contacts", do="refuse")).body.decode()
    assert "vừa thay đổi hoặc đã được xử lý" in said
    found = [act.verb for act in acts.acts(site.table, NEW, "2026-11")]
    assert len(found) == 5


@pytest.mark.parametrize("who", ["unit", "officer"])
def test_what_was_typed_stays_and_nothing_is_kept_where_a_box_is_wrong(
    site: Site, as_unit: AsUnit, as_staff: AsStaff, who: str
) -> None:
    browser = as_unit("T01") if who == "unit" else as_staff(OFFICER)
    where = "/report/contacts" if who == "unit" else f"/desk/{NEW}/contacts/T01"
    fields = {"mailbox": "moi", "phone": "12", "head": "<b>Mẫu</b>"}
    reply = browser.sees(browser.submit(browser.get(where), where.rpartition("/")[2], **fields))
    page = reply.body.decode()
    assert reply.status == 422
    assert "Địa chỉ thư chưa đúng" in page
    assert "Số điện thoại có từ 8 đến 15 chữ số" in page
    for typed in ('value="moi"', 'value="12"', "&lt;b&gt;Mẫu&lt;/b&gt;"):
        assert typed in page
    assert kept(site) == Contact()


@pytest.mark.guards("nobody saves over a newer contact unawares", "versions not compared ✓")
def test_who_saves_over_a_newer_contact_is_told_and_keeps_what_was_typed(
    site: Site, as_unit: AsUnit, as_staff: AsStaff
) -> None:
    phone, officer = as_unit("T01"), as_staff(OFFICER)
    page = officer.get(f"/desk/{NEW}/contacts/T01")
    change(phone, head="Nguyễn Văn Mẫu")
    reply = officer.submit(page, "/contacts/T01", head="Lê Văn Mẫu")
    assert reply.status == 409
    assert 'value="Lê Văn Mẫu"' in reply.body.decode()
    assert kept(site).head == "Nguyễn Văn Mẫu"
    again = officer.submit(reply, "/contacts/T01", head="Lê Văn Mẫu")
    assert again.status == 303
    assert kept(site).head == "Lê Văn Mẫu"


def test_an_officers_mailbox_is_registered_at_once_and_the_old_one_hears(
    site: Site, as_staff: AsStaff, outbox: Outbox
) -> None:
    officer = as_staff(OFFICER)
    page, before = officer.get(f"/desk/{NEW}/contacts/T02"), len(outbox())
    reply = officer.submit(page, "/contacts/T02", mailbox="vanthu@t02.example")
    assert "Đã gửi thư báo" in officer.follow(reply).body.decode()
    assert kept(site, "T02").mailbox == "vanthu@t02.example"
    assert [mail["To"] for mail in outbox()[before:]] == ["t02@donvi.example"]


def test_saving_without_a_change_writes_nothing(site: Site, as_unit: AsUnit) -> None:
    phone = as_unit("T01")
    assert change(phone).header("location") == "/report/contacts?done=kept"
    assert list(acts.acts(site.table, NEW, "2026-11")) == []
    assert kept(site).revision == 0


def test_the_list_dials_and_a_director_decides_nothing(
    site: Site, as_unit: AsUnit, as_staff: AsStaff
) -> None:
    change(as_unit("T01"), **GIVEN)
    page = as_staff().get(f"/desk/{NEW}/contacts").body.decode()
    assert 'href="tel:02701234567"' in page
    assert GIVEN["mailbox"] in page
    assert "Xác nhận hộp thư mới" not in page
    assert as_staff(OFFICER).get(f"/desk/{NEW}/contacts/KHONG").status == 404
