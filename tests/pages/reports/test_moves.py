"""An officer reads and decides; the unit sees what was decided and why: over the whole handler."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

import app
from chalicelib.edges.ports import Site
from chalicelib.edges.table import Busy, Change, Table
from chalicelib.rules.review.act import Act
from chalicelib.rules.texts.clock import iso
from chalicelib.store import access, acts, exempt_or_extended, moves, programmes, reports
from infra.gateway import Reply
from infra.visitor import Forms, Visitor
from tests.conftest import ENGINES, NEW, Clock
from tests.contract import parallel
from tests.pages.unit.test_form import BY, Q4, codes, sent, text

OFFICER, SECOND = "chuyenvien@vinhlong.example", "canbohai@vinhlong.example"
REPORTS = f"/desk/{NEW}/{Q4}/reports"
AS_UNIT, AS_STAFF = Callable[..., Visitor], Callable[..., Visitor]


def where(unit: str = "T01") -> str:
    return f"{REPORTS}/{unit}"


def corrected(browser: Visitor, **typed: str) -> Reply:
    page = browser.get(f"/report/{Q4}")
    check = browser.follow(browser.submit(page, Q4, do="check", **typed))
    return browser.follow(browser.submit(check, "send", **BY, reason="Bổ sung số liệu"))


def form(reply: Reply, do: str) -> dict[str, str]:
    """The fields of the page's form that does this."""
    found = [fields for _, fields in Forms(reply.body.decode()).forms if fields.get("do") == do]
    return found[0]


def state(site: Site, unit: str = "T01") -> str:
    head = reports.head(site.table, NEW, Q4, unit)
    return head.state if head else "missing"


@pytest.fixture
def officer(as_staff: AS_STAFF) -> Visitor:
    return as_staff(OFFICER)


@pytest.fixture
def second(site: Site, as_staff: AS_STAFF) -> Visitor:
    access.keep_staff(site.table, SECOND, "officer")
    return as_staff(SECOND)


def returned(officer: Visitor, **typed: str) -> Reply:
    page = officer.get(where())
    fields = form(page, "return") | {name.replace("__", "."): said for name, said in typed.items()}
    return officer.post(where(), fields)


# ------------------------------------------------------------------ one report


def test_a_report_is_taken_in_and_the_unit_sees_it(
    site: Site, as_unit: AS_UNIT, officer: Visitor
) -> None:
    unit = as_unit()
    sent(site, unit, i1_5="12")
    page = officer.get(where())
    assert "12" in text(page)
    done = officer.follow(officer.post(where(), form(page, "accept")))
    assert "Đã tiếp nhận" in text(done)
    assert f"{OFFICER} tiếp nhận lần gửi 1" in text(done)
    assert "Đã tiếp nhận" in text(unit.get("/report"))
    assert unit.get(f"/report/{Q4}").status == 303  # to the receipt: nothing to fill in any more


@pytest.mark.guards(
    "comments where they belong, as text", "`safe` ✓", "the general one in each section ✓"
)
def test_a_return_stands_at_the_top_of_the_form_and_beside_its_section(
    site: Site, as_unit: AS_UNIT, officer: Visitor
) -> None:
    unit = as_unit()
    sent(site, unit, i1_5="12")
    sections = programmes.form(site.table, NEW, 1).sections
    said = {f"comment__{sections[1].code}": "Số học sinh bỏ học <b>chưa khớp</b>"}
    done = returned(officer, general="Rà soát toàn bộ", due="2026-12-01", **said)
    assert done.status == 303
    assert state(site) == "returned"
    form_page = unit.get(f"/report/{Q4}").body.decode()
    above, *parts = form_page.split("<details")
    assert "Rà soát toàn bộ" in above
    assert "01/12/2026" in above
    assert "&lt;b&gt;chưa khớp" in parts[1]
    assert "chưa khớp" not in parts[0] + parts[2]
    assert parts[1].startswith(" open")
    home = text(unit.get("/report"))
    assert "Rà soát toàn bộ" in home
    assert "01/12/2026" in home
    assert "Rà soát toàn bộ" in text(unit.get(f"/report/{Q4}/receipt/1"))
    corrected(unit, i1_5="13")
    assert "Rà soát toàn bộ" not in text(unit.get(f"/report/{Q4}"))
    again = officer.get(where())  # with what was said of the version before
    assert "Góp ý khi trả lại lần gửi 1: Số học sinh bỏ học" in text(again)
    assert "12 13" in text(
        officer.get(
            re.findall(r'href="([^"#]+from=1[^"#]+)', again.body.decode())[0].replace("&amp;", "&")
        )
    )


@pytest.mark.guards("no return, nothing read", "the record looked for at any state ✓")
def test_the_form_without_a_return_reads_no_comment(
    site: Site, as_unit: AS_UNIT, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = as_unit()
    sent(site, unit, i1_5="12")

    def never(*_: object) -> None:
        raise AssertionError("a comment was looked for")

    monkeypatch.setattr(acts, "event", never)
    assert unit.get(f"/report/{Q4}").status == 200


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({}, "Góp ý chung: Vui lòng ghi ít nhất một góp ý"),
        ({"general": "x" * 1_001}, "Góp ý chung: Nội dung dài quá 1.000 ký tự"),
        ({"general": "a\x00b"}, "Góp ý chung: Ô này có ký tự không đọc được"),
        ({"general": "Xem lại", "due": ""}, "Hạn gửi lại: Vui lòng nhập ngày"),
        ({"general": "Xem lại", "due": "22/11/2026"}, "Hạn gửi lại: Ngày này đã qua"),
        ({"general": "Xem lại", "due": "31/02/2027"}, "Hạn gửi lại: Ngày không đọc được"),
        ({"general": "Xem lại", "due": "2030-01-01"}, "Hạn gửi lại: Ngày này quá xa"),
    ],
)
def test_a_return_that_can_not_be_made_keeps_what_was_typed(
    site: Site, as_unit: AS_UNIT, officer: Visitor, typed: dict[str, str], sentence: str
) -> None:
    sent(site, as_unit(), i1_5="12")
    code = programmes.form(site.table, NEW, 1).sections[0].code
    reply = returned(officer, **typed, **{f"comment__{code}": "Xem lại"} if "due" in typed else {})
    assert reply.status == 422
    assert sentence in text(reply)
    kept = form(reply, "return")
    for name, said in typed.items():
        assert kept[name].replace("\x00", "") == said.replace("\x00", "")
    assert state(site) == "submitted"
    assert acts.events(site.table, NEW, Q4, "T01") == []


@pytest.mark.guards("the return's own due", "not kept ✓")
def test_the_due_day_of_a_return_may_be_today_and_judges_the_answer(
    site: Site, as_unit: AS_UNIT, officer: Visitor, clock: Clock
) -> None:
    unit = as_unit()
    sent(site, unit, i1_5="12")
    assert returned(officer, general="Xem lại", due="23/11/2026").status == 303
    head = reports.head(site.table, NEW, Q4, "T01")
    assert head is not None
    assert head.return_due == datetime(2026, 11, 23, 16, 59, 59, tzinfo=UTC)
    clock.now = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
    assert "Điều chỉnh sau hạn" in text(corrected(as_unit(), i1_5="13"))


def test_reopening_needs_a_reason_and_lets_the_unit_correct(
    site: Site, as_unit: AS_UNIT, officer: Visitor
) -> None:
    unit = as_unit()
    sent(site, unit, i1_5="12")
    officer.post(where(), form(officer.get(where()), "accept"))
    page = officer.get(where())
    assert officer.post(where(), form(page, "reopen")).status == 422
    reason = {"reason": "Đơn vị báo sai số học sinh"}
    assert officer.post(where(), form(page, "reopen") | reason).status == 303
    assert state(site) == "reopened"
    assert reason["reason"] in text(unit.get(f"/report/{Q4}"))
    assert "2026-Q4/T01/2" in text(corrected(unit, i1_5="13"))
    assert state(site) == "submitted"


@pytest.mark.parametrize(
    ("before", "do", "sentence"),
    [
        ([], "accept", "chưa gửi báo cáo nên chưa thể tiếp nhận"),
        ([], "return", "chưa gửi báo cáo nên chưa thể trả lại"),
        ([], "reopen", "chưa gửi báo cáo nên không cần mở lại"),
        (["send"], "reopen", "đơn vị vẫn tự điều chỉnh được"),
        (["send", "accept"], "return", "cần mở lại trước khi trả lại"),
        (["send", "return"], "accept", "cần chờ đơn vị gửi lại"),
        (["send", "return"], "return", "Báo cáo này đang trả lại"),
        (["send", "return"], "reopen", "đơn vị gửi lại được ngay"),
        (["send", "accept", "reopen"], "reopen", "đã được mở lại"),
        (["send", "accept", "reopen"], "return", "cần chờ đơn vị gửi"),
    ],
    ids=str,
)
def test_a_forbidden_move_is_refused_with_the_reason(
    site: Site,
    as_unit: AS_UNIT,
    officer: Visitor,
    before: list[str],
    do: str,
    sentence: str,
) -> None:
    if before:
        sent(site, as_unit(), i1_5="12")
    for one in before[1:]:
        act = Act(site.clock(), SECOND, one, NEW, Q4, "T01", {"reason": "x"})
        moves.move(site.table, act, one)  # type: ignore[arg-type]
    stood = reports.head(site.table, NEW, Q4, "T01")
    fields = form_fields(officer, do)
    reply = officer.post(where(), fields)
    assert reply.status == 409
    assert sentence in text(reply)
    assert reports.head(site.table, NEW, Q4, "T01") == stood


def form_fields(officer: Visitor, do: str) -> dict[str, str]:
    """A request that no button of the page offers now."""
    page = officer.get(where()).body.decode()
    token = re.findall(r'name="csrf" value="([^"]+)"', page)[0]
    typed = {"general": "Xem lại", "due": "2026-12-01", "reason": "Xem lại"} | {
        "until": "2026-12-22"
    }
    return {"csrf": token, "do": do, **typed}


def test_an_unknown_button_does_nothing(site: Site, as_unit: AS_UNIT, officer: Visitor) -> None:
    sent(site, as_unit(), i1_5="12")
    assert officer.post(where(), form_fields(officer, "delete")).status == 400
    assert state(site) == "submitted"


# ------------------------------------------------------------------ who was faster


@pytest.mark.guards(
    "a move is about what was read", "the version not compared ✓, the box of many not read ✓"
)
def test_a_move_is_about_the_version_that_the_officer_has_read(
    site: Site, as_unit: AS_UNIT, officer: Visitor
) -> None:
    unit = as_unit()
    sent(site, unit, i1_5="12")
    read = form(officer.get(where()), "accept")
    corrected(unit, i1_5="99")
    reply = officer.post(where(), read)
    assert reply.status == 409
    assert "vừa gửi lần mới hơn" in text(reply)
    assert "99" in text(reply)  # what it is about now
    assert state(site) == "submitted"
    assert officer.post(where(), form(reply, "accept")).status == 303


@pytest.mark.guards("of two officers one wins, the other is told")
def test_of_two_officers_the_later_is_told_who_did_what_and_when(
    site: Site, as_unit: AS_UNIT, officer: Visitor, second: Visitor
) -> None:
    sent(site, as_unit(), i1_5="12")
    page = second.get(where())
    assert returned(officer, general="Thiếu số liệu").status == 303
    reply = second.post(where(), form(page, "accept"))
    assert reply.status == 409
    assert f"Lúc 10:00 ngày 23/11/2026: {OFFICER} trả lại lần gửi 1" in text(reply)
    reply = second.post(where(), form(page, "return") | {"general": "Lời của người thứ hai"})
    assert reply.status == 409
    assert "Báo cáo này đang trả lại" in text(reply)


@pytest.mark.guards(
    "of two officers one wins, the other is told",
    "a head that expects anything ✓ (the first)",
    "anybody's move taken for one's own ✓ (the second)",
)
@pytest.mark.parametrize("engine", ENGINES)
def test_of_two_officers_at_one_moment_one_wins(site: Site, as_unit: AS_UNIT) -> None:
    sent(site, as_unit(), i1_5="12")
    ended = parallel(8, lambda place: _accept(site, f"canbo{place}@vinhlong.example"))
    assert sorted(map(str, ended)) == ["accept_from_accepted"] * 7 + ["done"]
    (act,) = acts.events(site.table, NEW, Q4, "T01")
    assert act.who == f"canbo{ended.index('done')}@vinhlong.example"


def _accept(site: Site, who: str) -> str:
    try:
        moves.move(site.table, Act(site.clock(), who, "accept", NEW, Q4, "T01"), "accept", seen=1)
    except moves.Refused as refused:
        return refused.reason
    return "done"


@pytest.mark.guards("of two officers one wins, the other is told")
def test_a_double_tap_is_one_move(site: Site, as_unit: AS_UNIT, officer: Visitor) -> None:
    sent(site, as_unit(), i1_5="12")
    page = officer.get(where())
    typed = form(page, "return") | {"general": "Thiếu số liệu"}
    assert [officer.post(where(), typed).status for _ in range(2)] == [303, 303]
    assert len(acts.events(site.table, NEW, Q4, "T01")) == 1
    assert officer.post(where(), typed | {"general": "Lời khác"}).status == 409


# ------------------------------------------------------------------ many


def ticked(officer: Visitor, fields: dict[str, str]) -> Reply:
    token = re.findall(r'name="csrf" value="([^"]+)"', officer.get(where()).body.decode())[0]
    return officer.post(f"{REPORTS}/accept", {"csrf": token, **fields})


@pytest.mark.guards("a move is about what was read")
def test_many_are_taken_in_and_each_says_what_became_of_it(
    site: Site, as_unit: AS_UNIT, officer: Visitor
) -> None:
    for unit in ("T01", "T02", "T03"):
        sent(site, as_unit(unit), i1_5="12")
    act = Act(site.clock(), SECOND, "return", NEW, Q4, "T02", {"general": "Xem lại"})
    moves.move(site.table, act, "return")
    corrected(as_unit("T03"), i1_5="13")
    units = {f"unit.{code}": "1" for code in ("T01", "T02", "T03", "T04", "KHÔNG-CÓ")}
    boxes = {"version.T01": "1", "version.T03": "1", "unit.T05": "0"}
    reply = ticked(officer, units | boxes)
    assert reply.status == 200
    said = text(reply)
    assert "Đã tiếp nhận 1/5 đơn vị" in said
    assert "cần chờ đơn vị gửi lại" in said
    assert f"{SECOND} trả lại" in said
    assert "vừa gửi lần mới hơn" in said
    assert "chưa gửi báo cáo nên chưa thể" in said
    assert "KHÔNG-CÓ" in said
    standing = [state(site, f"T0{place}") for place in range(1, 6)]
    assert standing == ["accepted", "returned", "submitted", "missing", "missing"]
    again = text(ticked(officer, units | boxes))
    assert "Đã tiếp nhận 1/5 đơn vị" in again  # T01 is what it was meant to be
    assert len(acts.events(site.table, NEW, Q4, "T01")) == 1


@pytest.mark.guards("… also from the grid", "what the grid did not name taken as it stands ✓")
def test_what_came_after_the_grid_was_opened_is_not_taken_in(
    site: Site, as_unit: AS_UNIT, officer: Visitor
) -> None:
    for unit in ("T01", "T02"):
        sent(site, as_unit(unit), i1_5="12")
    page = officer.get(REPORTS)
    corrected(as_unit("T02"), i1_5="13")
    sent(site, as_unit("T03"), i1_5="12")
    boxes = {f"unit.T0{place}": "1" for place in range(1, 5)}
    reply = officer.submit(page, "/accept", **boxes)
    assert "Đã tiếp nhận 1/4 đơn vị" in text(reply)
    assert text(reply).count("vừa gửi lần mới hơn") == 2
    standing = [state(site, f"T0{place}") for place in range(1, 5)]
    assert standing == ["accepted", "submitted", "submitted", "missing"]


def test_nothing_ticked_is_said_so(officer: Visitor) -> None:
    reply = ticked(officer, {})
    assert reply.status == 422
    assert "Chưa chọn đơn vị nào" in text(reply)


class OftenBusy:
    """A table that fails the writes about one unit."""

    def __init__(self, table: Table, unit: str) -> None:
        self._table, self._unit = table, unit

    def __getattr__(self, name: str) -> object:
        return getattr(self._table, name)

    def write(self, *changes: Change) -> None:
        if any(change.key.sort.endswith(f"#{self._unit}") for change in changes):
            raise Busy("throttled")
        self._table.write(*changes)


@pytest.mark.guards("many: each by itself", "`Busy` let through ✓")
def test_a_unit_that_could_not_be_done_now_stops_no_other(
    site: Site, as_unit: AS_UNIT, officer: Visitor
) -> None:
    for unit in ("T01", "T02"):
        sent(site, as_unit(unit), i1_5="12")
    busy = OftenBusy(site.table, "T01")
    app.use(replace(site, table=busy))  # type: ignore[arg-type]
    reply = ticked(officer, {"unit.T01": "1", "unit.T02": "1"})
    assert "Hệ thống đang bận, chưa tiếp nhận" in text(reply)
    assert (state(site), state(site, "T02")) == ("submitted", "accepted")


@pytest.mark.guards(
    "… and too many for one answer are gone on with, as they were seen", "no patience ✓"
)
def test_what_the_time_did_not_suffice_for_is_told_and_gone_on_with(
    site: Site,
    as_unit: AS_UNIT,
    officer: Visitor,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ten seconds a unit: the answer comes before the gateway gives up on it."""
    for place in (1, 2, 3, 4):
        sent(site, as_unit(f"T0{place}"), i1_5="12")
    write = acts.commit

    def slowly(*given: object) -> None:
        clock.now += timedelta(seconds=10)
        write(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(acts, "commit", slowly)
    page = officer.get(REPORTS)
    reply = officer.submit(page, "/accept", **{f"unit.T0{place}": "1" for place in (1, 2, 3, 4)})
    assert "Đã tiếp nhận 2/4 đơn vị" in text(reply)
    assert text(reply).count("Chưa thực hiện đến") == 2
    corrected(as_unit("T04"), i1_5="13")  # what was seen is still what is taken in
    reply = officer.submit(reply, "/accept")
    assert "Đã tiếp nhận 1/2 đơn vị" in text(reply)
    assert "vừa gửi lần mới hơn" in text(reply)
    standing = [state(site, f"T0{place}") for place in (1, 2, 3, 4)]
    assert standing == ["accepted"] * 3 + ["submitted"]


def test_taking_in_leads_to_the_next_report_that_waits(
    site: Site, as_unit: AS_UNIT, officer: Visitor
) -> None:
    for unit in ("T01", "T05"):
        sent(site, as_unit(unit), i1_5="12")
    done = officer.post(where(), form(officer.get(where()), "accept") | {"then": "next"})
    assert done.header("location").endswith("/reports/T05")
    last = officer.post(where("T05"), form(officer.get(where("T05")), "accept") | {"then": "next"})
    assert last.header("location").endswith("/reports/T05")


# ------------------------------------------------------------------ reading


def test_a_report_stands_beside_the_last_one_with_its_jumps_explained(
    site: Site, as_unit: AS_UNIT, officer: Visitor, clock: Clock
) -> None:
    now, clock.now = clock.now, datetime(2026, 9, 1, 3, tzinfo=UTC)
    unit = as_unit()
    page = unit.get("/report/2026-Q3")
    asked = {f"{code}.state": "nil" for code in codes(site, period="2026-Q3")}
    given = {**asked, "i1_5.state": "value", "i1_6.state": "value", "i1_5": "12", "i1_6": "20"}
    check = unit.follow(unit.submit(page, "2026-Q3", do="check", **given))
    unit.follow(unit.submit(check, "send", **BY))
    clock.now = now
    unit = as_unit()
    note = {"i1_6.note": "Kết nạp dồn cuối năm"}
    sent(site, unit, i1_5="120", i1_6="7", n_done="Đã làm\nxong", **note)
    said = text(officer.get(where()))
    assert "⚠ Thay đổi nhiều: 12 → 120 (chưa giải thích)" in said
    assert "⚠ Thay đổi nhiều" not in said.split("1.6 ")[1].split("1.7 ")[0]  # not under a third
    assert "Kết nạp dồn cuối năm" in said
    assert "Đã làm xong" in said
    assert "Trần Thị Mẫu, Văn thư" in said
    assert 'href="tel:02700000000"' in officer.get(where()).body.decode()


def test_any_two_versions_are_compared_field_by_field(
    site: Site, as_unit: AS_UNIT, officer: Visitor
) -> None:
    unit = as_unit()
    sent(site, unit, i1_5="12", i1_6="5")
    corrected(unit, i1_5="13", i1_6="5")
    corrected(unit, i1_5="14", i1_6="", **{"i1_6.state": "nil"})
    page = officer.get(f"{where()}?from=1&to=3")
    rows = re.findall(
        r"<tr>(.*?)</tr>", page.body.decode().split('id="compare"')[1].split("</table>")[0]
    )
    told = [re.sub(r"<[^>]+>", " ", row).split() for row in rows[1:]]
    assert [row[0] for row in told] == ["1.5", "1.6"]
    assert told[0][-2:] == ["12", "14"]
    assert told[1][-4:] == ["5", "Không", "phát", "sinh"]
    assert "giống nhau" in text(officer.get(f"{where()}?from=2&to=2"))
    for wrong in ("?from=1&to=9", "?from=x&to=2", "?from=1"):
        assert officer.get(where() + wrong).status == 404


def test_a_missing_report_has_a_page_with_contact_and_without_the_draft(
    site: Site, as_unit: AS_UNIT, officer: Visitor
) -> None:
    unit = as_unit()
    unit.submit(unit.get(f"/report/{Q4}"), Q4, do="save", n_done="Chưa ai được đọc")
    said = text(officer.get(where()))
    assert "Chưa gửi" in said
    assert "t01@donvi.example" in said
    assert "Chưa ai được đọc" not in said


def test_reports_are_gone_through_in_official_order(officer: Visitor) -> None:
    page = officer.get(where()).body.decode()
    assert 'rel="prev"' not in page
    seen = ["T01"]
    while after := re.findall(r'rel="next" href="([^"]+)"', page):
        page = officer.get(after[0]).body.decode()
        seen.append(after[0].rpartition("/")[2])
    assert len(seen) == len(set(seen)) == 36
    assert 'rel="prev"' in page


def test_an_exempt_unit_is_named_so_and_who_owes_nothing_has_no_page(
    site: Site, officer: Visitor
) -> None:
    terms = exempt_or_extended.of(site.table, NEW, Q4, "T01")._replace(
        exempt="Trường đang sáp nhập"
    )
    site.table.write(exempt_or_extended.put(NEW, Q4, terms))
    assert "Được miễn báo cáo : Trường đang sáp nhập" in text(officer.get(where()))
    for gone in (where("X99"), where("x" * 3_000), f"/desk/{NEW}/2031-Q1/reports/T01"):
        assert officer.get(gone).status == 404


@pytest.mark.guards(
    "nothing is asked back of a unit that is exempt, or becomes so that moment",
    "the code before it: each ✓",
)
@pytest.mark.parametrize("do", ["return", "reopen"])
@pytest.mark.parametrize("moment", [False, True])
def test_nothing_is_asked_back_of_a_unit_that_is_exempt(
    site: Site,
    as_unit: AS_UNIT,
    officer: Visitor,
    outbox: Callable[[], list[EmailMessage]],
    monkeypatch: pytest.MonkeyPatch,
    do: str,
    moment: bool,
) -> None:
    """Nor of one that becomes so between reading and writing: it could not send it again."""
    sent(site, as_unit(), i1_5="12")
    if do == "reopen":
        officer.post(where(), form(officer.get(where()), "accept"))
    said = {"general": "Rà soát", "due": "01/12/2026", "reason": "Theo kết luận kiểm tra"}
    fields, before = form(officer.get(where()), do) | said, state(site)

    def exempt() -> None:
        terms = exempt_or_extended.of(site.table, NEW, Q4, "T01")._replace(exempt="Đang sáp nhập")
        site.table.write(exempt_or_extended.put(NEW, Q4, terms))

    if moment:
        write = acts.commit

        def after_it(*given: object) -> None:
            monkeypatch.setattr(acts, "commit", write)
            exempt()
            write(*given)  # type: ignore[arg-type]

        monkeypatch.setattr(acts, "commit", after_it)
    else:
        exempt()
    reply = officer.post(where(), fields)
    assert reply.status == 409
    assert "Vui lòng bỏ miễn trước khi trả lại hoặc mở lại báo cáo" in text(reply)
    offered = {given.get("do") for _, given in Forms(reply.body.decode()).forms}
    assert not {"return", "reopen"} & offered
    assert (state(site), outbox()) == (before, [])


@pytest.mark.guards(
    "a report of a unit that owes no more is read and not moved",
    "nothing to read ✓",
    "its moves offered ✓",
    "left out of the home page ✓",
)
def test_a_report_of_a_unit_that_owes_no_more_is_read_by_both_and_moved_by_nobody(
    site: Site, as_unit: AS_UNIT, officer: Visitor
) -> None:
    """It sent, and then the department learnt that it had ended before the cut-off."""
    unit = as_unit()
    sent(site, unit, i1_5="739")
    read = form(officer.get(where()), "accept")
    (known,) = programmes.unit_versions(site.table, NEW, "T01")
    ended = known.model_copy(update={"valid_to": datetime(2026, 11, 30, tzinfo=UTC).date()})
    programmes.keep_units(site.table, NEW, [ended])
    told = "không tính vào tổng hợp, vì đơn vị không có trong danh sách phải gửi ngày 14/12/2026"
    page = officer.get(where())
    assert told in text(page)
    assert "739" in text(page)
    assert [a for a, _ in Forms(page.body.decode()).forms if a.endswith("/T01")] == []
    assert officer.post(where(), read).status == 404
    assert officer.get(f"{where()}/paper").status == 404
    past = text(unit.get("/report")).split("Kỳ đã qua")[1]
    assert told in past.split("Quý")[1]
    receipt = text(unit.get(f"/report/{Q4}/receipt/1"))
    assert "739" in receipt
    assert told.capitalize()[:22] in receipt
    assert "Điều chỉnh" not in receipt
    assert unit.get(f"/report/{Q4}").status == 404
    assert state(site) == "submitted"


@pytest.mark.guards("the director reads")
def test_the_director_reads_and_is_offered_nothing(
    site: Site, as_unit: AS_UNIT, as_staff: AS_STAFF
) -> None:
    sent(site, as_unit(), i1_5="12")
    director = as_staff()
    page = director.get(where())
    assert "12" in text(page)
    forms = [action for action, _ in Forms(page.body.decode()).forms]
    assert [action for action in forms if not action.endswith("signout")] == []
    assert "<textarea" not in page.body.decode()


@pytest.mark.guards("the director reads", "a route for staff ✓", "buttons for all ✓")
@pytest.mark.parametrize("path", ["reports/T01", "reports/accept", "reports/T01/paper", "requests"])
def test_the_director_decides_nothing(
    site: Site, as_unit: AS_UNIT, as_staff: AS_STAFF, path: str
) -> None:
    sent(site, as_unit(), i1_5="12")
    director = as_staff()
    page = director.get(where()).body.decode()
    token = re.findall(r'name="csrf" value="([^"]+)"', page)[0]
    fields = {"csrf": token, "do": "accept", "unit.T01": "1"}
    assert director.post(f"/desk/{NEW}/{Q4}/{path}", fields).status == 403
    assert state(site) == "submitted"


def test_an_act_of_another_kind_is_told_too(site: Site, officer: Visitor) -> None:
    when = site.clock()
    acts.commit(site.table, Act(when, OFFICER, "exempt", NEW, Q4, "T01", {"reason": "Sáp nhập"}))
    said = text(officer.get(where()))
    assert "Diễn biến" in said
    assert "Lý do: Sáp nhập" in said
    assert iso(when)[:4] in said
