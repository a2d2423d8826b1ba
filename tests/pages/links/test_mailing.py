"""Mailing links: one unit, one mailbox, its own link; in slices; never twice a day by mistake."""

import re
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from urllib.parse import quote

import pytest

from chalicelib.edges.ports import NotSent, Site
from chalicelib.edges.table import Put
from chalicelib.pages.links import mailing as pages
from chalicelib.rules.texts.clock import today
from chalicelib.rules.units.contact import Contact
from chalicelib.store import acts, contacts, mailings
from chalicelib.store import links as store_links
from infra.gateway import Reply
from infra.visitor import Visitor
from tests.conftest import HERE, NEW, Clock
from tests.faulty import Calls, FaultyTable
from tests.pages.links.test_links import press

OFFICER = "chuyenvien@vinhlong.example"
WHERE = f"/desk/{NEW}/links"
AsStaff = Callable[..., Visitor]
Outbox = Callable[[], list[EmailMessage]]


def links_in(outbox: Outbox) -> list[tuple[str, list[str]]]:
    """Every mail's address, and the links that stand in it."""
    return [(str(m["To"]), re.findall(rf"{HERE}/u/\S+", str(m.get_content()))) for m in outbox()]


def by_address(mails: list[tuple[str, list[str]]]) -> dict[str, list[str]]:
    """Mails of one instant lie in any order."""
    assert len(dict(mails)) == len(mails)
    return dict(mails)


def link(site: Site, unit: str) -> str:
    return f"{HERE}/u/{store_links.issue_link(site.table, site.key, NEW, unit)}"


def states(site: Site, clock: Clock) -> dict[str, str]:
    found = mailings.mailings(site.table, NEW, today(clock()))
    return {unit: one.state for unit, one in found.items()}


def without_mailbox(site: Site, unit: str) -> None:
    """As after an import whose list names no address."""
    (item,) = site.table.query(f"UNITS#{NEW}", f"UNIT#{unit}#")
    text = re.sub(r'"email":"[^"]*"', '"email":""', str(item.body["json"]))
    site.table.write(Put(item.key, {"json": text}, item.version))


@pytest.mark.guards(
    "a unit's mail holds its own link, once a day",
    "queued whatever went out ✓",
    "not reserved ✓ (the first)",
)
def test_each_mail_holds_its_units_own_link_and_no_other(
    site: Site, as_staff: AsStaff, clock: Clock, outbox: Outbox
) -> None:
    officer = as_staff(OFFICER)
    before = len(outbox())
    reply = press(officer, clock, "mail", "T01", "T02")
    assert by_address(links_in(outbox)[before:]) == {
        "t01@donvi.example": [link(site, "T01")],
        "t02@donvi.example": [link(site, "T02")],
    }
    (text,) = (str(m.get_content()) for m in outbox()[before:] if str(m["To"])[:3] == "t02")
    assert text.startswith("Kính gửi Trường THPT Nguyễn Đình Chiểu,")
    assert "0270 000 0000" in text
    assert "&" not in text
    page = officer.follow(reply).body.decode()
    assert page.count("Đã gửi</b>") == 2
    assert "/u/" not in page


def test_the_confirmed_mailbox_is_mailed(
    site: Site, as_staff: AsStaff, clock: Clock, outbox: Outbox
) -> None:
    given = Contact("moi@donvi.example", proposed="cho@donvi.example")
    site.table.write(contacts.put(NEW, "T01", given))
    press(as_staff(OFFICER), clock, "mail", "T01")
    assert links_in(outbox)[-1][0] == "moi@donvi.example"


@pytest.mark.guards("a unit's mail holds its own link, once a day")
def test_a_second_press_within_a_day_sends_nothing_and_says_so(
    site: Site, as_staff: AsStaff, clock: Clock, outbox: Outbox
) -> None:
    officer = as_staff(OFFICER)
    press(officer, clock, "mail", "T01")
    sent = len(outbox())
    page = officer.follow(press(officer, clock, "mail", "T01", "T02")).body.decode()
    assert len(outbox()) == sent + 1
    assert "1 đơn vị không xếp gửi lần nữa" in page
    press(officer, clock, "mail", "T01", again="1")
    assert len(outbox()) == sent + 2
    clock.now += timedelta(days=1)
    press(as_staff(OFFICER), clock, "mail", "T01")
    assert len(outbox()) == sent + 3


def test_a_button_pressed_twice_at_once_sends_once(
    site: Site, as_staff: AsStaff, clock: Clock, outbox: Outbox
) -> None:
    officer = as_staff(OFFICER)
    page = officer.get(WHERE)
    before = len(outbox())
    fields = {"do": "mail", "unit.T01": "1"}
    for _ in range(2):
        assert officer.submit(page, "/links", **fields).status == 303
    assert len(outbox()) == before + 1


def go_on(officer: Visitor, page: Reply) -> Reply:
    return officer.follow(officer.submit(page, "/links/mail"))


def test_a_queue_goes_out_in_slices(
    site: Site,
    as_staff: AsStaff,
    clock: Clock,
    outbox: Outbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pages, "SLICE", 15)
    officer = as_staff(OFFICER)
    before = len(outbox())
    page = officer.follow(press(officer, clock, "mail", which="all"))
    assert len(outbox()) == before + 15
    assert "Còn 21 đơn vị chờ gửi" in page.body.decode()
    page = go_on(officer, go_on(officer, page))
    assert "chờ gửi" not in page.body.decode().lower().replace("chờ gửi.", "")
    mailed = links_in(outbox)[before:]
    assert len({to for to, _ in mailed}) == len(mailed) == 36
    assert all(len(links) == 1 for _, links in mailed)
    assert set(states(site, clock).values()) == {"sent"}


@pytest.mark.guards("a mail that fails stops nothing", "the failure let through ✓")
def test_every_unit_has_a_result_of_its_own(
    site: Site,
    as_staff: AsStaff,
    clock: Clock,
    outbox: Outbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Mail failing for one unit, no mailbox, no link: the rest go out, and nothing breaks."""
    without_mailbox(site, "T02")
    store_links.revoke(site.table, NEW, "T03")
    send = type(site.mail).send

    def moody(self: object, to: str, *rest: object) -> None:
        if to.startswith("t01"):
            raise NotSent("no space left on device")
        if to.startswith("t05"):
            raise OSError("the line broke")
        send(self, to, *rest)  # type: ignore[arg-type]

    officer = as_staff(OFFICER)
    monkeypatch.setattr(type(site.mail), "send", moody)
    before = len(outbox())
    page = officer.follow(press(officer, clock, "mail", "T01", "T02", "T03", "T04", "T05"))
    assert states(site, clock) == {
        "T01": "failed",
        "T02": "no_mailbox",
        "T03": "no_link",
        "T04": "sent",
        "T05": "unknown",
    }
    for said in ("Không gửi được", "Chưa có hộp thư", "Chưa có đường dẫn", "Đã gửi", "Chưa rõ"):
        assert said in page.body.decode()
    assert len(outbox()) == before + 1
    monkeypatch.undo()
    press(officer, clock, "mail", "T01", "T02", "T03", "T04", "T05")
    assert states(site, clock)["T01"] == "sent"
    assert len(outbox()) == before + 2


@pytest.mark.guards(
    "a unit that somebody queues at this moment keeps no other out", "the whole write passed over ✓"
)
@pytest.mark.parametrize("again", [False, True])
def test_a_unit_that_somebody_queues_at_this_moment_keeps_no_other_out(
    site: Site, clock: Clock, again: bool
) -> None:
    """Theirs stands for that unit; the others of the same write are queued."""
    calls = Calls()
    faulty = FaultyTable(site.table, calls)
    wanted = [f"T{place:02}" for place in range(1, 37)]
    mailings.queue(site.table, NEW, OFFICER, clock(), ["T36"], again=False)

    def other() -> None:
        mailings.queue(site.table, NEW, "khac@so.example", clock(), ["T05"], again=False)

    calls.arm(1, "before", other)
    queued = mailings.queue(faulty, NEW, OFFICER, clock(), wanted, again=again)
    assert calls.fired
    assert queued == [unit for unit in wanted if unit not in ("T05", "T36")]
    assert set(states(site, clock)) == set(wanted)
    found = acts.acts(site.table, NEW, "2026-11")
    assert sorted(act.detail["units"] for act in found) == [1, 1, 34]


@pytest.mark.guards("a unit's mail holds its own link, once a day")
def test_a_mail_that_stopped_half_way_is_unknown_and_not_sent_again(
    site: Site, as_staff: AsStaff, clock: Clock, outbox: Outbox
) -> None:
    """The process died between reserving and the answer of the mail's engine."""
    officer = as_staff(OFFICER)
    mailings.queue(site.table, NEW, OFFICER, clock(), ["T01"], again=False)
    one = mailings.mailings(site.table, NEW, today(clock()))["T01"]
    mailings.move(site.table, NEW, OFFICER, clock(), one, "sending", "t01@donvi.example")
    clock.now += timedelta(minutes=5)
    before = len(outbox())
    page = officer.follow(press(officer, clock, "mail", "T01")).body.decode()
    assert len(outbox()) == before
    assert "Chưa rõ đã gửi hay chưa" in page
    assert "Chưa rõ đã gửi hay chưa" in officer.get(WHERE).body.decode()


def test_the_record_has_each_mail_and_what_became_of_it(
    site: Site, as_staff: AsStaff, clock: Clock
) -> None:
    press(as_staff(OFFICER), clock, "mail", "T01")
    found = [
        (one.verb, one.unit, one.who, dict(one.detail))
        for one in acts.acts(site.table, NEW, "2026-11")
    ]
    to = "t01@donvi.example"
    assert sorted(found, key=repr) == [
        ("link_mailed", "T01", OFFICER, {"mail": "sent", "mailbox": to}),
        ("mail_link", "T01", OFFICER, {"mail": "sending", "mailbox": to}),
        ("queue_links", "", OFFICER, {"units": 1}),
    ]


def test_a_mail_queued_before_midnight_is_sent_after_it(
    site: Site, as_staff: AsStaff, clock: Clock, outbox: Outbox
) -> None:
    clock.now = clock.now.replace(hour=16, minute=59)
    officer = as_staff(OFFICER)
    day = today(clock())
    mailings.queue(site.table, NEW, OFFICER, clock(), ["T01"], again=False)
    page = officer.get(f"{WHERE}/mail")
    before = len(outbox())
    clock.now += timedelta(minutes=10)
    assert today(clock()) > day
    go_on(officer, page)
    assert len(outbox()) == before + 1
    assert mailings.mailings(site.table, NEW, day)["T01"].state == "sent"


@pytest.mark.parametrize("day", ["hôm nay", "2026-13-45", "", "2026-11-22"])
def test_an_odd_day_is_no_failure(as_staff: AsStaff, day: str) -> None:
    assert as_staff(OFFICER).get(f"{WHERE}/mail?day={quote(day)}").status == 200
