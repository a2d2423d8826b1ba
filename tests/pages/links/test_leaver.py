"""A colleague who leaves: what is still held is shown, and new links explain the old ones."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from chalicelib.edges import embedded
from chalicelib.edges.ports import Site
from chalicelib.edges.table import ANYTHING, Delete
from chalicelib.pages.links import leaver
from chalicelib.rules.access.access import EXPLAINED
from chalicelib.rules.review.act import Act
from chalicelib.rules.texts.clock import iso
from chalicelib.store import access, acts, keys, links, programmes
from infra import backup
from infra.gateway import Reply
from infra.visitor import Visitor
from tests.conftest import HERE, NEW, OLD, Clock

OFFICER, GONE = "chuyenvien@vinhlong.example", "chuyenvien@bentre.example"
SECOND = timedelta(seconds=1)
Staff = Callable[..., Visitor]
AsUnit = Callable[..., Visitor]


@pytest.fixture(autouse=True)
def _only_these_have_links(site: Site) -> None:
    """The samples bring a link for every unit; here each test issues its own."""
    for p in (NEW, OLD):
        for code in links.standings(site.table, p):
            site.table.write(Delete(keys.link(p, code), ANYTHING))
            for item in site.table.query(keys.unit_access(p, code), "LINK#"):
                site.table.write(Delete(item.key, ANYTHING))


def text(reply: Reply) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", reply.body.decode()).split())


def page_of(browser: Visitor, account: str = GONE) -> Reply:
    return browser.get(f"/desk/staff/leaver?account={account}")


def removes(browser: Visitor, **fields: str) -> Reply:
    return browser.follow(browser.submit(page_of(browser), "/staff", **fields))


def issued(site: Site, *units: str) -> dict[str, str]:
    return {unit: links.issue_link(site.table, site.key, NEW, unit) for unit in units}


def generations(site: Site) -> dict[str, int]:
    return {u: one.generation for u, one in links.standings(site.table, NEW).items() if one.works}


@pytest.mark.guards(
    "a leaver's links: shown, kept unless chosen, replaced once",
    "what the removal itself changed taken for old ✓ (the second, the fourth)",
    "a made-up instant believed ✓ (the last)",
)
def test_the_page_shows_what_that_person_may_hold_and_what_the_log_knows(
    site: Site, as_staff: Staff, clock: Clock
) -> None:
    issued(site, "T01", "T02", "T03")
    links.issue_link(site.table, site.key, OLD, "T01")
    links.revoke(site.table, NEW, "T02")
    gone, officer = as_staff(GONE), as_staff(OFFICER)
    for unit, who in (("T01", gone), ("T03", gone), ("T03", officer)):
        page = who.get(f"/desk/{NEW}/links/of/{unit}")
        clock.now += SECOND
        assert who.submit(page, f"/of/{unit}", sure="1", do="hand_over").status == 303
    assert "leaver?account=" in officer.get("/desk/staff").body.decode()
    said = text(page_of(officer))
    new = next(one for one in programmes.programmes(site.table) if one.key == NEW)
    old = next(one for one in programmes.programmes(site.table) if one.key == OLD)
    assert f"{new.name} 2 1 " in said  # of T01 and T03; T03's was changed by another since
    assert f"{old.name} 1 0 " in said
    assert "nhật ký không ghi việc xem, in" in said


@pytest.mark.guards("a leaver's links: shown, kept unless chosen, replaced once")
def test_the_links_stay_unless_it_is_chosen(site: Site, as_staff: Staff, as_unit: AsUnit) -> None:
    old = issued(site, "T01")
    unit, officer = as_unit("T01"), as_staff(OFFICER)
    assert 'value="keep" checked' in page_of(officer).body.decode()
    assert "Đã gỡ tài khoản" in text(removes(officer))
    assert GONE not in dict(access.staff(site.table))
    assert unit.get("/report").status == 200
    assert access.link(site.table, old["T01"])


@pytest.mark.guards("a leaver's links: shown, kept unless chosen, replaced once")
def test_with_new_links_every_working_one_is_replaced_once_and_no_mail_goes_out(
    site: Site,
    as_staff: Staff,
    as_unit: AsUnit,
    outbox: Callable[[], list[object]],
    clock: Clock,
) -> None:
    issued(site, "T01", "T02", "T03")
    links.issue_link(site.table, site.key, OLD, "T01")
    links.revoke(site.table, NEW, "T02")
    unit, officer = as_unit("T01"), as_staff(OFFICER)
    before = len(outbox())
    clock.now += SECOND  # the samples' own acts are of this instant too
    form = page_of(officer)
    for _ in range(2):  # a double tap
        done = officer.follow(officer.submit(form, "/staff", links="new"))
        assert "Các đường dẫn cấp trước khi gỡ tài khoản đều đã được cấp lại" in text(done)
        assert f'href="/desk/{NEW}/links"' in done.body.decode()
    assert generations(site) == {"T01": 2, "T03": 2}
    assert unit.get("/report").status == 401
    assert len(outbox()) == before
    (one, other) = acts.acts(site.table, NEW, "2026-11")
    assert {one.unit, other.unit} == {"T01", "T03"}
    assert one.verb == "reissue_link"
    assert one.detail == {"reason": "Cán bộ thôi phụ trách"}


def with_one_left(
    site: Site, as_staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> tuple[Visitor, Reply]:
    """Three links were to be renewed, and one answer holds two."""
    issued(site, "T01", "T02", "T03")
    officer = as_staff(OFFICER)
    monkeypatch.setattr(leaver, "SLICE", 2)
    return officer, removes(officer, links="new")


@pytest.mark.guards("a leaver's links: shown, kept unless chosen, replaced once")
def test_what_one_answer_does_not_hold_is_gone_on_with(
    site: Site, as_staff: Staff, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    officer, page = with_one_left(site, as_staff, monkeypatch)
    assert "Còn 1 đường dẫn cấp trước khi gỡ" in text(page)
    clock.now += SECOND
    links.issue_link(site.table, site.key, NEW, "T04")
    later = officer.follow(officer.submit(page, "/leaver"))
    assert "Còn" not in text(later).partition("Các đường dẫn cấp trước")[0].partition("Đã gỡ")[2]
    assert {code: generations(site)[code] for code in ("T01", "T02", "T03")} == {
        "T01": 2,
        "T02": 2,
        "T03": 2,
    }


@pytest.mark.guards("a leaver's links: shown, kept unless chosen, replaced once")
def test_a_page_that_says_a_day_to_come_makes_no_new_links_again(
    site: Site, as_staff: Staff, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    officer, page = with_one_left(site, as_staff, monkeypatch)
    clock.now += SECOND
    later = iso(clock.now + timedelta(days=365))
    for _ in range(3):
        officer.follow(officer.submit(page, "/leaver", since=later))
    assert max(generations(site).values()) == 2


@pytest.mark.guards(
    "only such a link explains itself, thirty days, and names nobody",
    "its end not looked at ✓ (the first)",
    "every replaced link kept so ✓ (the second)",
)
def test_an_old_link_explains_itself_for_thirty_days_to_the_second_and_names_no_unit(
    site: Site, as_staff: Staff, visitor: Callable[[], Visitor], clock: Clock
) -> None:
    old = issued(site, "T01", "T03")
    names = [unit.name for unit in programmes.units(site.table, NEW)]
    at = clock.now
    removes(as_staff(OFFICER), links="new")
    browser = visitor()
    for call in (browser.get, lambda path: browser.post(path, {})):
        clock.now = at
        reply = call(f"/u/{old['T01']}")
        said = text(reply)
        assert reply.status == 410
        assert "Ngày 23/11/2026, Sở đã cấp lại đường dẫn của đơn vị" in said
        assert 'href="/links"' in reply.body.decode()
        assert not [name for name in names if name in said]
        assert "T01" not in said
        clock.now = at + EXPLAINED - SECOND
        assert call(f"/u/{old['T01']}").status == 410
        clock.now = at + EXPLAINED
        assert call(f"/u/{old['T01']}").status == 404
    assert "bc-unit" not in browser.cookies


@pytest.mark.guards("only such a link explains itself, thirty days, and names nobody")
def test_every_other_ended_link_gets_the_one_answer(
    site: Site, as_staff: Staff, visitor: Callable[[], Visitor], clock: Clock
) -> None:
    old = issued(site, "T01", "T02", "T03")
    lost = Act(clock.now, OFFICER, "handover", NEW, unit="T01")
    links.reissue_link(site.table, site.key, NEW, "T01", lost)
    links.revoke(site.table, NEW, "T02")
    removes(as_staff(OFFICER), links="new")
    browser = visitor()
    pages = {code: browser.get(f"/u/{token}") for code, token in old.items()}
    assert [pages[code].status for code in ("T01", "T02", "T03")] == [404, 404, 410]
    unknown = browser.get("/u/no-such-token").body
    assert pages["T01"].body == pages["T02"].body == unknown


def test_who_opens_many_replaced_links_is_counted_for_none(
    site: Site, as_staff: Staff, visitor: Callable[[], Visitor]
) -> None:
    old = issued(site, "T01")
    removes(as_staff(OFFICER), links="new")
    browser = visitor()
    assert {browser.get(f"/u/{old['T01']}").status for _ in range(30)} == {410}
    assert browser.get("/u/no-such-token").status == 404


@pytest.mark.guards("only such a link explains itself, thirty days, and names nobody")
def test_a_backup_keeps_what_an_old_link_says(
    site: Site, as_staff: Staff, tmp_path: Path, clock: Clock
) -> None:
    old = issued(site, "T01")
    removes(as_staff(OFFICER), links="new")
    backup.write(site, tmp_path / "kept.zip")
    other = embedded.open_site(tmp_path / "other", HERE, clock)
    backup.restore(other, tmp_path / "kept.zip")
    assert access.replaced(other.table, old["T01"], clock.now) == clock.now
    assert access.replaced(other.table, old["T01"], clock.now + EXPLAINED) is None
    other.table.close()  # type: ignore[attr-defined]


def test_an_account_that_is_not_there_leads_back_to_the_accounts(
    site: Site, as_staff: Staff
) -> None:
    officer = as_staff(OFFICER)
    reply = page_of(officer, "khong-co@so.example")
    assert (reply.status, reply.header("location")) == (303, "/desk/staff")
