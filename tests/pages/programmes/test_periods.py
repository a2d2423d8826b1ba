"""Reporting periods on the desk: what an officer changes, what a unit then may, who wins."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from chalicelib.edges.ports import Site
from chalicelib.rules.programmes.period import Period, end_of, start_of
from chalicelib.store import acts, authoring, programmes, reports
from infra.gateway import Reply
from infra.visitor import Visitor
from tests.conftest import NEW, Clock
from tests.filling import all_nil
from tests.officer import OFFICER
from tests.pages.programmes.test_forms import fill_in, text

PERIODS = f"/desk/{NEW}/periods"


@pytest.fixture
def officer(as_staff: Callable[..., Visitor]) -> Visitor:
    return as_staff(OFFICER)


def period(site: Site, key: str = "2026-Q4") -> Period:
    return next(one for one in programmes.periods(site.table, NEW) if one.key == key)


def change(browser: Visitor, key: str = "2026-Q4", do: str = "days", **typed: str) -> Reply:
    """The page's form of this act, filled in."""
    page = browser.get(f"{PERIODS}/{key}")
    revision = text(page).partition('name="revision" value="')[2].partition('"')[0]
    days = {
        name: text(page).partition(f'name="{name}" value="')[2].partition('"')[0]
        for name in ("opens", "due", "locks")
    }
    return browser.submit(page, f"/{key}", **{**days, "revision": revision, "do": do, **typed})


def test_the_list_tells_where_each_period_stands(
    as_staff: Callable[..., Visitor], clock: Clock
) -> None:
    page = text(as_staff().get(PERIODS))
    assert page.count("đã khóa") == 3
    assert page.count("đang mở") == 1
    assert page.count("chưa mở") == 16
    clock.now = datetime(2026, 12, 18, 3, tzinfo=UTC)
    assert "đang mở, đã quá hạn gửi" in text(as_staff().get(PERIODS))


def test_a_moved_due_day_and_lock_stand_with_their_reason_on_record(
    site: Site, officer: Visitor
) -> None:
    before = period(site)
    reply = change(officer, due="19/12/2026", locks="23/12/2026", reason="Bão số 9")
    page = text(officer.follow(reply))
    assert "Hạn gửi: ngày 19/12/2026 là ngày nghỉ" in page
    assert "<b>21/12/2026</b>" in page
    after = period(site)
    assert after.due == end_of(date(2026, 12, 21))
    assert after.locks == end_of(date(2026, 12, 23))
    (act,) = acts.acts(site.table, NEW, "2026-11")
    assert (act.verb, act.who, act.period) == ("move_period", OFFICER, "2026-Q4")
    assert act.detail["reason"] == "Bão số 9"
    assert act.detail["due"] == ["2026-12-17T16:59:59.000000Z", "2026-12-21T16:59:59.000000Z"]
    assert after.opens == before.opens


def test_what_was_typed_stays_where_it_can_not_be(site: Site, officer: Visitor) -> None:
    before = period(site)
    reply = change(officer, due="31/02/2027", locks="", reason="Bão & lụt")
    assert reply.status == 422
    page = text(reply)
    assert 'value="31/02/2027"' in page
    assert 'value="Bão &amp; lụt"' in page
    assert "Vui lòng nhập ngày có thật" in page
    assert period(site) == before
    assert list(acts.acts(site.table, NEW, "2026-11")) == []


@pytest.mark.guards("lateness is not judged again")
def test_lateness_is_judged_once_whatever_the_due_day_becomes(
    site: Site,
    officer: Visitor,
    as_unit: Callable[..., Visitor],
    as_staff: Callable[..., Visitor],
    clock: Clock,
) -> None:
    assert "dời hạn không xét lại" in text(officer.get(f"{PERIODS}/2026-Q4"))
    clock.now = datetime(2026, 12, 18, 3, tzinfo=UTC)
    late, after = as_unit("T01"), as_unit("T02")
    fill_in(late)
    officer = as_staff(OFFICER)
    officer.follow(change(officer, due="21/12/2026", reason="Gia hạn"))
    fill_in(after)
    heads = {head.unit: head.late for head in reports.heads(site.table, NEW, "2026-Q4")}
    assert heads == {"T01": True, "T02": False}


def test_locking_now_stops_a_unit_and_moving_the_lock_lets_it_in_again(
    site: Site, officer: Visitor, as_unit: Callable[..., Visitor], clock: Clock
) -> None:
    unit = as_unit("T01")
    page = unit.get("/report/2026-Q4")
    assert change(officer, do="lock").status == 422
    officer.follow(change(officer, do="lock", reason="Đủ báo cáo"))
    assert period(site).locks == period(site).due == clock.now
    clock.now = datetime(2026, 11, 23, 4, tzinfo=UTC)
    assert unit.follow(unit.submit(page, "2026-Q4", do="check")).status == 409
    assert "đã khóa" in text(officer.get(PERIODS))
    reply = change(officer, due="17/12/2026", locks="21/12/2026", reason="Khóa nhầm")
    officer.follow(reply)
    assert unit.submit(unit.get("/report/2026-Q4"), "2026-Q4", do="check").status == 303
    verbs = [act.verb for act in acts.acts(site.table, NEW, "2026-11")]
    assert verbs == ["lock_period", "move_period"]


def test_a_period_opens_at_a_day_or_now(
    site: Site, officer: Visitor, as_unit: Callable[..., Visitor], clock: Clock
) -> None:
    unit = as_unit("T01")
    officer.follow(change(officer, "2027-Q1", opens="01/12/2026", reason="Sớm"))
    assert period(site, "2027-Q1").opens == start_of(date(2026, 12, 1))
    assert unit.get("/report/2027-Q1").status == 404
    officer.follow(change(officer, "2027-Q1", do="open"))
    assert period(site, "2027-Q1").opens == clock.now
    assert unit.get("/report/2027-Q1").status == 200
    reply = change(officer, "2027-Q1", do="open")
    assert reply.status == 422
    assert "Kỳ này đã mở" in text(reply)


def test_of_two_officers_one_wins_and_the_other_is_told(site: Site, officer: Visitor) -> None:
    """The second one's page is older than what the first did."""
    page = officer.get(f"{PERIODS}/2026-Q4")
    officer.follow(change(officer, locks="23/12/2026", reason="Một"))
    reply = officer.submit(page, "/2026-Q4", locks="24/12/2026", reason="Hai")
    assert reply.status == 409
    assert "Vừa có người khác thay đổi" in text(reply)
    assert 'value="24/12/2026"' in text(reply)  # what was typed stays
    assert "23:59 ngày 23/12/2026" in text(reply)  # what is new is shown
    assert period(site).locks == end_of(date(2026, 12, 23))
    assert len(list(acts.acts(site.table, NEW, "2026-11"))) == 1


@pytest.mark.guards("one’s own second tap is done, and not told as somebody else’s act")
@pytest.mark.parametrize(
    ("key", "form"),
    [
        ("2026-Q4", {"do": "days", "due": "19/12/2026", "locks": "23/12/2026", "reason": "Bão"}),
        ("2026-Q4", {"do": "lock", "reason": "Đủ báo cáo"}),
        ("2027-Q1", {"do": "open"}),
    ],
)
def test_ones_own_second_tap_is_not_told_as_somebody_elses(
    site: Site, officer: Visitor, as_staff: Callable[..., Visitor], key: str, form: dict[str, str]
) -> None:
    mine, other = officer.get(f"{PERIODS}/{key}"), as_staff("chuyenvien@bentre.example")
    theirs = other.get(f"{PERIODS}/{key}")
    first, second = (officer.submit(mine, f"/{key}", **form) for _ in range(2))
    assert first.status == second.status == 303
    assert first.header("location") == second.header("location")
    assert other.submit(theirs, f"/{key}", **form).status == 409
    differs = officer.submit(mine, f"/{key}", **{**form, "reason": "Khác"})
    assert differs.status == 409
    assert len(list(acts.acts(site.table, NEW, "2026-11"))) == 1


@pytest.mark.guards("one’s own second tap is done, and not told as somebody else’s act")
def test_a_period_added_twice_by_one_tap_is_added_once_and_said_so(
    site: Site, officer: Visitor, as_staff: Callable[..., Visitor]
) -> None:
    page = officer.get(f"{PERIODS}/new")
    first, second = (officer.submit(page, "/new", **TYPED) for _ in range(2))
    assert first.header("location") == second.header("location")
    assert officer.submit(page, "/new", **{**TYPED, "locks": "07/07/2027"}).status == 422
    other = as_staff("chuyenvien@bentre.example")
    assert other.submit(other.get(f"{PERIODS}/new"), "/new", **TYPED).status == 422
    assert len(list(acts.acts(site.table, NEW, "2026-11"))) == 1


@pytest.mark.guards("two officers: one wins, the other is told")
def test_of_two_officers_in_the_same_moment_one_is_told_too(
    site: Site, officer: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = authoring.keep_period

    def overtaken(*given: object) -> None:
        other = period(site).model_copy(update={"label": "Của người khác"})
        programmes.keep_periods(site.table, NEW, [other])
        inner(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(authoring, "keep_period", overtaken)
    assert change(officer, locks="24/12/2026", reason="Hai").status == 409
    assert period(site).label == "Của người khác"
    assert list(acts.acts(site.table, NEW, "2026-11")) == []


def test_a_send_on_its_way_is_judged_anew_after_the_period_moved(
    officer: Visitor, as_unit: Callable[..., Visitor]
) -> None:
    """Its page is of before; the send itself meets the period as it is now."""
    unit = as_unit("T01")
    page = unit.get("/report/2026-Q4")
    check = unit.follow(unit.submit(page, "2026-Q4", do="check"))
    check = all_nil(unit, check)
    officer.follow(change(officer, do="lock", reason="Khóa"))
    by = {
        "by.name": "Nguyễn Văn Thử",
        "by.post": "Văn thư",
        "by.phone": "0270 000 0000",
        "approved": "1",
    }
    assert unit.submit(check, "/send", **by).status == 303  # the lock is this very instant


# ------------------------------------------------------------------ a new one

TYPED = {
    "label": "An toàn hè 2027",
    "start": "01/06/2027",
    "end": "30/06/2027",
    "due": "03/07/2027",
    "locks": "06/07/2027",
    "form": "1",
}


def test_a_thematic_period_is_added_and_stands_in_the_list(site: Site, officer: Visitor) -> None:
    reply = officer.submit(officer.get(f"{PERIODS}/new"), "/new", **TYPED)
    page = text(officer.follow(reply))
    assert "An toàn hè 2027" in page
    assert "ngày 03/07/2027 là ngày nghỉ" in page
    made = period(site, "x-an-toan-he-2027")
    assert made.due == end_of(date(2027, 7, 5))
    assert "An toàn hè 2027" in text(officer.get(PERIODS))
    (act,) = acts.acts(site.table, NEW, "2026-11")
    assert (act.verb, act.period) == ("add_period", "x-an-toan-he-2027")


def test_a_period_that_is_there_is_not_made_again(site: Site, officer: Visitor) -> None:
    page = officer.get(f"{PERIODS}/new")
    officer.follow(officer.submit(page, "/new", **TYPED))
    reply = officer.submit(page, "/new", **{**TYPED, "due": "09/07/2027", "locks": "12/07/2027"})
    assert reply.status == 422
    assert "Mã kỳ này đã có" in text(reply)
    assert 'value="An toàn hè 2027"' in text(reply)
    assert period(site, "x-an-toan-he-2027").due == end_of(date(2027, 7, 5))


def test_a_unit_owes_a_report_for_a_new_period_once_it_is_open(
    officer: Visitor, as_unit: Callable[..., Visitor]
) -> None:
    typed = {**TYPED, "start": "01/11/2026", "end": "30/11/2026", "due": "03/12/2026"}
    typed |= {"locks": "07/12/2026", "slug": "dot-xuat"}
    officer.follow(officer.submit(officer.get(f"{PERIODS}/new"), "/new", **typed))
    unit = as_unit("T01")
    assert "An toàn hè 2027" in text(unit.get("/report"))
    assert unit.get("/report/x-dot-xuat").status == 200


def test_the_director_reads_and_sees_no_buttons(as_staff: Callable[..., Visitor]) -> None:
    director = as_staff()
    page = text(director.get(f"{PERIODS}/2026-Q4"))
    assert "đang mở" in page
    assert 'name="due"' not in page
    assert director.get(f"{PERIODS}/new").status == 403
