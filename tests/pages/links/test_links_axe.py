"""Every page about links and contacts in Chromium: axe finds nothing, nothing runs off the side."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from chalicelib.edges.ports import Site
from chalicelib.store import access, links
from infra.browser import DESK, PHONE
from infra.visitor import Visitor
from tests.browser import chromium_or_say_so
from tests.conftest import NEW, Clock
from tests.pages.links.test_mailing import without_mailbox

pytestmark = pytest.mark.browser

OFFICER, GONE = "chuyenvien@vinhlong.example", "chuyenvien@bentre.example"
D = f"/desk/{NEW}"


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium_or_say_so() as opened:
        yield opened


def of_the_desk(officer: Visitor, clock: Clock) -> dict[str, bytes]:
    listed = officer.get(f"{D}/links")
    clock.now += timedelta(seconds=1)
    some = {"unit.T01": "1", "unit.T02": "1"}
    refused = officer.submit(listed, "/links", do="reissue", **some)
    done = officer.follow(officer.submit(listed, "/links", do="reissue", sure="1", **some))
    mailed = officer.follow(officer.submit(officer.get(f"{D}/links"), "/links", do="mail", **some))
    contact = officer.get(f"{D}/contacts/T03")
    return {
        "links": refused.body,
        "links done": done.body,
        "mailings": mailed.body,
        "unit_link": officer.get(f"{D}/links/of/T01").body,
        "sheet": officer.get(f"{D}/links/sheet?units=T01.T02").body,
        "sheet to cut": officer.get(f"{D}/links/sheet?units=T01.T02&cut=1").body,
        "contact_list": officer.get(f"{D}/contacts").body,
        "unit_contact": officer.submit(contact, "/contacts/T03", mailbox="x", phone="1").body,
    }


def of_a_leaver(officer: Visitor, stranger: Visitor, link: str) -> dict[str, bytes]:
    before = officer.get(f"/desk/staff/leaver?account={GONE}")
    after = officer.follow(officer.submit(before, "/staff", links="new"))
    return {
        "leaver": before.body,
        "leaver, removed": after.body,
        "a link that was replaced": stranger.get(link).body,
    }


def of_the_unit(phone: Visitor, without: Visitor) -> dict[str, bytes]:
    contact = phone.get("/report/contacts")
    wrong = phone.follow(phone.submit(contact, "/contacts", mailbox="x", phone="1"))
    phone.submit(contact, "/contacts", mailbox="moi@t04.example")
    handover = phone.follow(phone.submit(phone.get("/report/handover"), "/handover"))
    return {
        "contacts": wrong.body,
        "contacts waiting": phone.get("/report/contacts?done=proposed").body,
        "handover": handover.body,
        "handover without a mailbox": without.get("/report/handover").body,
        "home": phone.get("/report").body,
        "resend": phone.get("/links").body,
        "resend, told what is wrong": phone.submit(phone.get("/links"), "/links").body,
        "problem": phone.get("/u/no-such-token").body,
    }


@pytest.mark.guards("readable by everyone", "a box without a label ✓")
def test_axe_finds_nothing_on_pages_of_links_and_contacts(
    site: Site,
    as_staff: Callable[..., Visitor],
    as_unit: Callable[..., Visitor],
    clock: Clock,
    browser: Browser,
) -> None:
    without_mailbox(site, "T05")
    unit_pages = of_the_unit(as_unit("T04"), as_unit("T05"))
    links.revoke(site.table, NEW, "T06")
    access.keep_staff(site.table, GONE, "officer")
    link = f"/u/{links.issue_link(site.table, site.key, NEW, 'T07')}"
    officer, page, faults = as_staff(OFFICER), browser.new_page(), []
    pages = unit_pages | of_the_desk(officer, clock) | of_a_leaver(officer, as_unit("T08"), link)
    for number, (name, html) in enumerate(pages.items()):
        page.set_content(html.decode())
        for size in (DESK, PHONE):
            page.set_viewport_size(size)
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > size["width"]:
                faults.append(f"{name}: {width} px wide on {size['width']}")
        page.emulate_media(color_scheme=("light", "dark")[number % 2])
        for fault in Axe().run(page).response["violations"]:
            faults.append(f"{name}: {fault['id']}: {fault['nodes'][0]['html'][:120]}")
    assert faults == []
