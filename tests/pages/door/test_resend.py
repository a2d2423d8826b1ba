"""Gửi lại đường dẫn: to the registered mailbox alone, and one answer whoever asks for whom."""

import re
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage

import pytest

from chalicelib.edges.ports import Site
from chalicelib.rules.access import access as rules
from chalicelib.rules.units.contact import Contact
from chalicelib.store import acts, contacts, links
from infra.gateway import Reply
from infra.visitor import Visitor
from tests.conftest import HERE, NEW, OLD, Clock

Outbox = Callable[[], list[EmailMessage]]
Browser = Callable[[], Visitor]


def ask(browser: Visitor, who: str) -> Reply:
    return browser.submit(browser.get("/links"), "/links", who=who)


@pytest.mark.guards(
    "a code is known whatever its case and padding", "as it is written ✓ (the first)"
)
@pytest.mark.parametrize(
    "who",
    [
        "T01",
        "t01",
        "T1",
        "t001",
        "truong thpt chuyen ben tre",
        "THPT Chuyên Bến Tre",
        "T01@donvi.example",
    ],
)
def test_code_name_and_mailbox_find_a_unit(
    site: Site, visitor: Browser, outbox: Outbox, who: str
) -> None:
    assert ask(visitor(), who).status == 200
    (mail,) = outbox()
    assert mail["To"] == "t01@donvi.example"
    link = links.issue_link(site.table, site.key, NEW, "T01")
    assert re.findall(rf"{HERE}/u/\S+", str(mail.get_content())) == [f"{HERE}/u/{link}"]
    (act,) = acts.acts(site.table, NEW, "2026-11")
    assert (act.verb, act.who, act.unit) == ("resend_link", "unit", "T01")


@pytest.mark.guards(
    "… mails only the registered mailbox, and brings no link back",
    "the proposed mailbox taken ✓",
    "a link issued there ✓",
)
def test_only_the_registered_mailbox_is_mailed(
    site: Site, visitor: Browser, outbox: Outbox
) -> None:
    given = Contact("moi@t01.example", proposed="ke.gian@la.example")
    site.table.write(contacts.put(NEW, "T01", given))
    for who in ("ke.gian@la.example", "t01@donvi.example"):
        ask(visitor(), who)
    assert outbox() == []
    ask(visitor(), "T01")
    assert [mail["To"] for mail in outbox()] == ["moi@t01.example"]


@pytest.mark.guards("… mails only the registered mailbox, and brings no link back")
def test_a_revoked_link_is_not_brought_back_by_anyone(
    site: Site, visitor: Browser, outbox: Outbox
) -> None:
    links.revoke(site.table, NEW, "T01")
    before = list(site.table.query(f"LINKS#{NEW}"))
    assert ask(visitor(), "T01").status == 200
    assert outbox() == []
    assert list(site.table.query(f"LINKS#{NEW}")) == before


def test_a_programme_that_is_over_mails_nothing(
    site: Site, visitor: Browser, outbox: Outbox
) -> None:
    (unit,) = [u for u in contacts_of(site, OLD) if u.startswith("P")][:1]
    ask(visitor(), unit)
    assert outbox() == []


def contacts_of(site: Site, p: str) -> list[str]:
    return [item.key.sort.split("#")[1] for item in site.table.query(f"UNITS#{p}", "UNIT#P")]


@pytest.mark.guards("… and nobody floods a mailbox", "no limit ✓ (the first)")
def test_a_unit_is_mailed_three_times_an_hour_and_the_answer_stays_the_same(
    site: Site, visitor: Browser, outbox: Outbox, clock: Clock
) -> None:
    answers = {ask(visitor(), "T01").body for _ in range(6)}
    assert len(answers) == 1
    assert len(outbox()) == rules.RESENDS_AN_HOUR
    ask(visitor(), "T02")
    clock.now += timedelta(hours=1)
    ask(visitor(), "T01")
    assert len(outbox()) == rules.RESENDS_AN_HOUR + 2


@pytest.mark.guards("… and nobody floods a mailbox")
def test_one_address_asks_twenty_times_an_hour(
    site: Site, visitor: Browser, outbox: Outbox
) -> None:
    browser = visitor()
    statuses = [ask(browser, f"X{number}").status for number in range(rules.ASKED_AN_HOUR)]
    assert statuses == [200] * rules.ASKED_AN_HOUR
    for who in ("T01", "X1"):
        reply = ask(browser, who)
        assert reply.status == 429
        assert "Đã yêu cầu nhiều lần" in reply.body.decode()
    assert outbox() == []
    elsewhere = visitor()
    elsewhere.address = "192.0.2.7"
    assert ask(elsewhere, "T01").status == 200
    assert len(outbox()) == 1


@pytest.mark.parametrize(
    ("who", "said"),
    [("", "Vui lòng nhập"), ("A\u202eB", "không đọc được"), ("A\nB", "không đọc được"),
     ("a" * 201, "quá dài")],
)  # fmt: skip
def test_what_can_not_be_looked_for_is_refused_and_stays(
    site: Site, visitor: Browser, who: str, said: str
) -> None:
    reply = ask(visitor(), who)
    assert reply.status == 422
    assert said in reply.body.decode()
    assert "\n" in who or f'value="{who}"' in reply.body.decode()


def test_a_mail_that_fails_changes_nothing_of_the_answer(
    site: Site, visitor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = ask(visitor(), "KHONG")

    def fail(*_: object) -> None:
        raise OSError("throttled")

    monkeypatch.setattr(type(site.mail), "send", fail)
    assert ask(visitor(), "T01").body == unknown.body


def test_front_page_and_dead_links_lead_there(site: Site, visitor: Browser) -> None:
    assert 'href="/links"' in visitor().get("/").body.decode()
    assert 'href="/links"' in visitor().get("/u/no-such-token").body.decode()
    assert 'href="/links"' in visitor().get("/report").body.decode()
    assert 'href="/links"' not in visitor().get("/desk").body.decode()
