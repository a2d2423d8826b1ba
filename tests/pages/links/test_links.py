"""The desk's list of links over the whole handler: who has one, and what officers do to many."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

import app
from chalicelib.edges.ports import Site
from chalicelib.edges.table import Busy, Change
from chalicelib.pages.links import links as pages
from chalicelib.store import access, acts, links, programmes
from infra.gateway import Reply
from infra.visitor import Visitor
from tests.conftest import NEW, Clock
from tests.linkless import without_links

OFFICER = "chuyenvien@vinhlong.example"
WHERE = f"/desk/{NEW}/links"
AsStaff = Callable[..., Visitor]


@pytest.fixture
def site(site: Site) -> Site:
    return without_links(site)


def press(browser: Visitor, clock: Clock, do: str, *units: str, **more: str) -> Reply:
    """Open the list, tick, press a button; a moment passes in between, as it does for people."""
    page = browser.get(WHERE)
    clock.now += timedelta(seconds=1)
    ticks = {f"unit.{unit}": "1" for unit in units}
    return browser.submit(page, "/links", do=do, **ticks, **more)


def everyone(site: Site) -> list[str]:
    return sorted({unit.code for unit in programmes.units(site.table, NEW)})


def working(site: Site) -> list[str]:
    found = links.standings(site.table, NEW)
    return sorted(unit for unit, one in found.items() if one.works)


def verbs(site: Site) -> list[tuple[str, str]]:
    return sorted((one.verb, one.unit) for one in acts.acts(site.table, NEW, "2026-11"))


def test_chosen_units_get_a_link_and_the_rest_none(
    site: Site, as_staff: AsStaff, clock: Clock
) -> None:
    officer = as_staff(OFFICER)
    reply = press(officer, clock, "issue", "T01", "T03")
    assert working(site) == ["T01", "T03"]
    assert verbs(site) == [("issue_link", "T01"), ("issue_link", "T03")]
    page = officer.follow(reply).body.decode()
    assert "Đã cấp đường dẫn cho 2 đơn vị." in page
    token = links.issue_link(site.table, site.key, NEW, "T01")
    assert token not in page


def test_all_get_one_and_those_who_have_one_keep_it(
    site: Site, as_staff: AsStaff, clock: Clock
) -> None:
    officer = as_staff(OFFICER)
    kept = links.issue_link(site.table, site.key, NEW, "T05")
    page = officer.follow(press(officer, clock, "issue", which="all")).body.decode()
    assert working(site) == everyone(site)
    assert "Đã cấp đường dẫn cho 35 đơn vị." in page
    assert "1 đơn vị giữ nguyên" in page
    assert access.link(site.table, kept)
    again = officer.follow(press(officer, clock, "issue", which="all")).body.decode()
    assert "Chưa có gì thay đổi." in again
    assert len(verbs(site)) == 35


@pytest.mark.guards(
    "links made with another server key open, are printed by nobody and ended by nothing unasked"
)
def test_a_link_of_another_server_key_is_not_ended_by_issuing(
    site: Site, as_staff: AsStaff, clock: Clock
) -> None:
    """After a move without the key: what is on paper goes on opening until it is replaced."""
    old = links.issue_link(site.table, site.key, NEW, "T01")
    officer = as_staff(OFFICER)
    app.use(replace(site, server_key=lambda: b"n" * 32))
    page = officer.follow(press(officer, clock, "issue", "T01", "T02")).body.decode()
    assert "Đã cấp đường dẫn cho 1 đơn vị." in page
    assert "đã có đường dẫn đang dùng" in page
    assert access.link(site.table, old) is not None
    press(officer, clock, "reissue", "T01", sure="1")
    assert access.link(site.table, old) is None
    standing = links.standings(site.table, NEW)["T01"]
    assert access.link(site.table, links.token(b"n" * 32, standing)) is not None


def test_the_filter_narrows_what_all_means(site: Site, as_staff: AsStaff, clock: Clock) -> None:
    officer = as_staff(OFFICER)
    page = officer.get(f"{WHERE}?q=dinh+chieu&bloc=T&state=none")
    assert "Nguyễn Đình Chiểu" in page.body.decode()
    assert "Chuyên Bến Tre" not in page.body.decode()
    clock.now += timedelta(seconds=1)
    officer.submit(page, "/links", do="issue", which="all")
    assert working(site) == ["T02"]
    assert "Không có đơn vị nào khớp" in officer.get(f"{WHERE}?q=khong+co").body.decode()


def test_reissuing_and_revoking_want_a_tick_and_end_sessions(
    site: Site, as_staff: AsStaff, as_unit: Callable[..., Visitor], clock: Clock
) -> None:
    officer, one, other = as_staff(OFFICER), as_unit("T01"), as_unit("T02")
    old = links.issue_link(site.table, site.key, NEW, "T01")
    for do in ("reissue", "revoke"):
        refused = press(officer, clock, do, "T01")
        assert refused.status == 422
        page = refused.body.decode()
        assert 'name="unit.T01" value="1" checked' in page
        assert 'name="unit.T02" value="1" checked' not in page
    assert one.get("/report").status == 200
    assert press(officer, clock, "reissue", "T01", sure="1").status == 303
    assert one.get("/report").status == 401
    assert access.link(site.table, old) is None
    assert press(officer, clock, "revoke", "T02", sure="1").status == 303
    assert other.get("/report").status == 401
    assert working(site) == ["T01"]
    assert verbs(site) == [("reissue_link", "T01"), ("revoke_link", "T02")]


@pytest.mark.guards("a second press ends no new link")
def test_a_button_pressed_twice_replaces_a_link_once(
    site: Site, as_staff: AsStaff, clock: Clock
) -> None:
    officer = as_staff(OFFICER)
    links.issue_link(site.table, site.key, NEW, "T01")
    page = officer.get(WHERE)
    clock.now += timedelta(seconds=1)
    fields = {"do": "reissue", "sure": "1", "unit.T01": "1"}
    officer.submit(page, "/links", **fields)
    token = links.issue_link(site.table, site.key, NEW, "T01")
    clock.now += timedelta(seconds=1)
    said = officer.follow(officer.submit(page, "/links", **fields)).body.decode()
    assert "vừa được thay đổi sau khi trang trước mở" in said
    assert access.link(site.table, token)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"do": "issue"}, "Chưa chọn đơn vị nào"),
        ({"do": "issue", "unit.KHONG": "1"}, "Chưa chọn đơn vị nào"),
        ({"do": "xóa", "unit.T01": "1"}, "Vui lòng chọn việc cần làm"),
        ({"do": "issue", "unit.T01": "1", "seen": "hôm qua"}, "tải lại trang"),
        ({"do": "issue", "unit.T01": "1", "seen": "2026-11-23T03:00:00"}, "tải lại trang"),
        ({"do": "issue", "unit.T01": "1", "seen": "0001-01-01T00:00+14:00"}, "tải lại trang"),
    ],
)
def test_what_is_not_clear_is_refused_and_nothing_is_done(
    site: Site, as_staff: AsStaff, clock: Clock, fields: dict[str, str], said: str
) -> None:
    officer = as_staff(OFFICER)
    reply = officer.submit(officer.get(WHERE), "/links", **fields)
    assert reply.status == 422
    assert said in reply.body.decode()
    assert working(site) == []


@pytest.mark.guards(
    "bulk acts say what was done with each unit and go on", "`seen` not compared ✓ (the first)"
)
def test_more_units_than_one_request_takes_go_on_at_the_next_press(
    site: Site, as_staff: AsStaff, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "SLICE", 15)
    officer = as_staff(OFFICER)
    for code in everyone(site):
        links.issue_link(site.table, site.key, NEW, code)
    page = officer.follow(press(officer, clock, "reissue", which="all", sure="1"))
    assert "Còn 21 đơn vị chưa được xử lý." in page.body.decode()
    for left in (6, 0):
        clock.now += timedelta(seconds=1)
        page = officer.follow(officer.submit(page, "/links", do="reissue"))
        assert (f"Còn {left} đơn vị" in page.body.decode()) == bool(left)
    generations = [one.generation for one in links.standings(site.table, NEW).values()]
    assert generations == [2] * 36


def test_too_many_boxes_are_named_and_nothing_is_done(
    site: Site, as_staff: AsStaff, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "MOST_BOXES", 2)
    reply = press(as_staff(OFFICER), clock, "issue", "T01", "T02", "T03")
    assert reply.status == 422
    assert "tối đa 2 đơn vị" in reply.body.decode()
    assert working(site) == []


class Moody:
    """A table that is busy with every write of this unit's link, or of any unit's."""

    def __init__(self, site: Site, unit: str) -> None:
        self._table, self._unit = site.table, unit

    def __getattr__(self, name: str) -> object:
        return getattr(self._table, name)

    def write(self, *changes: Change) -> None:
        if any(c.key == (f"LINKS#{NEW}", self._unit or c.key.sort) for c in changes):
            raise Busy
        self._table.write(*changes)


@pytest.mark.guards("bulk acts say what was done with each unit and go on")
def test_a_unit_in_the_way_stops_no_other_and_is_named(
    site: Site, as_staff: AsStaff, clock: Clock
) -> None:
    officer = as_staff(OFFICER)
    app.use(replace(site, table=Moody(site, "T02")))  # type: ignore[arg-type]
    page = officer.follow(press(officer, clock, "issue", "T01", "T02", "T03")).body.decode()
    assert working(site) == ["T01", "T03"]
    assert "Đã cấp đường dẫn cho 2 đơn vị." in page
    assert "vui lòng thực hiện lại: Trường THPT Nguyễn Đình Chiểu (T02)" in page


@pytest.mark.guards("… and what is said fits into an address", "every code named ✓")
def test_what_was_done_fits_into_an_address_however_many_are_named(
    site: Site, as_staff: AsStaff, clock: Clock
) -> None:
    """API Gateway takes 10,240 bytes of headers; the rest of the units is told as a number."""
    (first,) = (unit for unit in programmes.units(site.table, NEW) if unit.code == "T01")
    codes = [f"{'A' * 29}{place:03}" for place in range(400)]
    units = [first.model_copy(update={"code": code}) for code in codes]
    for start in range(0, 400, 100):
        programmes.keep_units(site.table, NEW, units[start : start + 100])
    officer = as_staff(OFFICER)
    press(officer, clock, "issue", *codes[:200])

    page = officer.get(WHERE)
    app.use(replace(site, table=Moody(site, "")))  # type: ignore[arg-type]
    reply = officer.submit(page, "/links", do="issue", which="all")
    assert reply.status == 303
    assert len(reply.header("location")) < 8_000
    shown = officer.follow(reply).body.decode()
    assert "200 đơn vị giữ nguyên" in shown
    assert shown.count("; và 110 đơn vị khác") == 2


@pytest.mark.guards("a director sees no link", "the sheet for all staff ✓")
def test_a_director_sees_who_has_a_link_and_can_change_nothing(
    site: Site, as_staff: AsStaff, clock: Clock
) -> None:
    token = links.issue_link(site.table, site.key, NEW, "T01")
    director = as_staff()
    page = director.get(WHERE).body.decode()
    assert "Đang dùng" in page
    assert token not in page
    assert 'type="checkbox"' not in page
    assert "Cấp lại" not in page
    assert director.get(f"{WHERE}/sheet").status == 403
    assert token not in director.get(f"{WHERE}/of/T01").body.decode()


ODD = ("%ED%A0%80", "%00", "%FF", "%F0%9F%98%80", "a" * 3_000, "%E2%80%AE")


@pytest.mark.parametrize(
    "where", ["links?q=", "links/sheet?units=", "links/mail?day=", "links?did="]
)
def test_odd_addresses_are_no_failure(as_staff: AsStaff, where: str) -> None:
    officer = as_staff(OFFICER)
    for odd in ODD:
        assert officer.get(f"/desk/{NEW}/{where}{odd}").status == 200, odd


def test_what_an_address_claims_was_done_names_known_units_alone(as_staff: AsStaff) -> None:
    officer = as_staff(OFFICER)
    odd = officer.get(f"{WHERE}?did=issue&n=%3Cb%3E&skip=%3Cb%3E.T01&left=x&busy=..")
    assert odd.status == 200
    assert "<b>.T01" not in odd.body.decode()
    assert "Đã xóa" not in officer.get(f"{WHERE}?did=%C4%90%C3%A3+x%C3%B3a&n=3").body.decode()
