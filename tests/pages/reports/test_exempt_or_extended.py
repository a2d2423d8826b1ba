"""Exempting and giving more time over the whole handler: what it does, what it refuses."""

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from chalicelib.edges.ports import Site
from chalicelib.edges.table import ANYTHING, Change, Conflict, Put
from chalicelib.jobs import summarise
from chalicelib.rules.programmes.period import end_of
from chalicelib.store import acts, exempt_or_extended, keys, programmes, reports
from infra.gateway import Reply
from infra.visitor import Visitor
from tests.conftest import NEW, Clock
from tests.officer import OFFICER, move
from tests.pages.reports.test_progress import GRID, counts, right
from tests.pages.unit.test_form import Q4, sent, text

TERMS = f"/desk/{NEW}/{Q4}/terms"
DAY = "2026-12-25"
UNTIL = end_of(date(2026, 12, 25))
AFTER_THE_LOCK = datetime.fromisoformat("2026-12-23T03:00:00Z")


@pytest.fixture
def officer(as_staff: Callable[..., Visitor]) -> Visitor:
    return as_staff(OFFICER)


def of(site: Site, unit: str) -> tuple[str, datetime | None]:
    """The reason of the exemption, and the extension, as they stand in the table."""
    held = exempt_or_extended.of(site.table, NEW, Q4, unit)
    return held.exempt, held.due


def said(site: Site, unit: str) -> list[tuple[str, str]]:
    """What is on record, by name: here all acts are of one instant."""
    found = acts.events(site.table, NEW, Q4, unit)
    return sorted((act.verb, act.detail.get("reason", "")) for act in found)


def exempt(officer: Visitor, unit: str, reason: str = "Đang sáp nhập") -> Reply:
    return officer.submit(officer.get(f"{TERMS}?unit={unit}"), "/exempt", reason=reason)


def extend(officer: Visitor, query: str, day: str = DAY, reason: str = "Bão số 9") -> Reply:
    return officer.submit(officer.get(f"{TERMS}?{query}"), "/extend", day=day, reason=reason)


def test_an_exempt_unit_owes_nothing_until_the_exemption_is_lifted(
    site: Site, officer: Visitor, as_unit: Callable[..., Visitor]
) -> None:
    page = officer.follow(exempt(officer, "T01"))
    assert "Đã miễn báo cáo kỳ này." in text(page)
    assert "Được miễn kỳ này: Đang sáp nhập." in text(page)
    assert of(site, "T01") == ("Đang sáp nhập", None)
    assert counts(officer.get(GRID))["expected"] == 35
    unit = as_unit("T01")
    assert "Quý đơn vị được miễn báo cáo kỳ này" in text(unit.get(f"/report/{Q4}"))
    page = officer.follow(officer.submit(page, "/lift"))
    assert "lại phải gửi báo cáo" in text(page)
    assert of(site, "T01") == ("", None)
    assert counts(officer.get(GRID))["expected"] == 36
    assert said(site, "T01") == [("exempt", "Đang sáp nhập"), ("unexempt", "")]
    sent(site, unit)


@pytest.mark.guards(
    "an exempt unit's report is kept, counted nowhere, and counted again",
    "exempt counted as expected ✓",
)
def test_a_report_of_an_exempt_unit_is_kept_not_counted_and_counted_again(
    site: Site, officer: Visitor, as_unit: Callable[..., Visitor]
) -> None:
    sent(site, as_unit("T01"), i1_5="12")
    before = reports.head(site.table, NEW, Q4, "T01")
    page = officer.get(f"{TERMS}?unit=T01")
    # It is said before it is done.
    assert "Đơn vị đã gửi báo cáo. Nếu miễn, báo cáo vẫn được lưu và đọc được" in text(page)
    exempt(officer, "T01")
    assert list(counts(officer.get(GRID)).values()) == [35, 0, 0, 0, 0, 35]
    assert "(Đã gửi, không tính)" in text(officer.get(f"{GRID}?state=exempt"))
    whole = summed(site, officer)
    assert (whole["expected"], whole["received"], value(whole)) == (35, 0, None)
    assert reports.head(site.table, NEW, Q4, "T01") == before
    officer.submit(officer.get(f"{TERMS}?unit=T01"), "/lift")
    assert list(counts(officer.get(GRID)).values()) == [36, 1, 1, 0, 0, 35]
    whole = summed(site, officer)
    assert (whole["expected"], whole["received"], value(whole)) == (36, 1, 12)


def summed(site: Site, officer: Visitor) -> dict[str, object]:
    programme = programmes.programme(site.table, NEW)
    period = next(one for one in programmes.periods(site.table, NEW) if one.key == Q4)
    assert programme is not None
    summarise.summarise(site, programme, period)
    found: dict[str, object] = json.loads(officer.get(f"/desk/{NEW}/{Q4}/summary.json").body)
    assert {name: found[name] for name in right(site)} == right(site)
    return found


def value(whole: dict[str, object]) -> object:
    return next(line["value"] for line in whole["indicators"] if line["code"] == "i1_5")  # type: ignore[attr-defined]


@pytest.mark.guards(
    "no exemption over a report that the page did not show",
    "what was seen not compared ✓ (the first)",
    "no check of the head ✓ (the second)",
)
def test_an_exemption_is_not_given_over_a_report_that_the_page_did_not_show(
    site: Site, officer: Visitor, as_unit: Callable[..., Visitor]
) -> None:
    page = officer.get(f"{TERMS}?unit=T01")
    sent(site, as_unit("T01"))
    answer = officer.submit(page, "/exempt", reason="Đang <sáp> nhập")
    assert answer.status == 409
    assert "Báo cáo của đơn vị vừa thay đổi" in text(answer)
    assert 'value="Đang &lt;sáp&gt; nhập"' in answer.body.decode()  # what was typed stays
    assert of(site, "T01") == ("", None)
    # The page that says so shows the report now: its button does it.
    assert officer.submit(answer, "/exempt").status == 303


@pytest.mark.guards("no exemption over a report that the page did not show")
def test_a_report_that_comes_in_between_reading_and_writing_is_not_passed_over(
    site: Site, officer: Visitor, as_unit: Callable[..., Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = officer.get(f"{TERMS}?unit=T01")
    unit, write = as_unit("T01"), acts.commit

    def after_a_sending(*given: object) -> None:
        monkeypatch.setattr(acts, "commit", write)
        sent(site, unit)
        write(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(acts, "commit", after_a_sending)
    assert officer.submit(page, "/exempt", reason="Sáp nhập").status == 409
    assert of(site, "T01") == ("", None)
    assert said(site, "T01") == []


def test_an_extension_moves_due_and_lock_of_this_unit_alone(
    site: Site, clock: Clock, officer: Visitor, as_unit: Callable[..., Visitor]
) -> None:
    page = officer.follow(extend(officer, "unit=T01"))
    assert "Được gia hạn đến 23:59 ngày 25/12/2026." in text(page)
    assert of(site, "T01") == ("", UNTIL)
    assert of(site, "T02") == ("", None)
    assert said(site, "T01") == [("extend", "Bão số 9")]
    clock.now = AFTER_THE_LOCK
    sent(site, as_unit("T01"))
    head = reports.head(site.table, NEW, Q4, "T01")
    assert head is not None
    assert not head.late
    assert as_unit("T02").get(f"/report/{Q4}").body.decode().count("đã khóa")


@pytest.mark.guards("an extension takes no time: days moved past it hold for its unit too")
def test_days_that_are_moved_past_an_extension_hold_for_its_unit_too(
    site: Site, clock: Clock, as_unit: Callable[..., Visitor], as_staff: Callable[..., Visitor]
) -> None:
    officer = as_staff(OFFICER)
    extend(officer, "unit=T01", day="2026-12-18")
    page = officer.get(f"/desk/{NEW}/periods/{Q4}")
    officer.submit(page, f"/{Q4}", due="24/12/2026", locks="28/12/2026", reason="Nghỉ lễ")
    clock.now = datetime.fromisoformat("2026-12-22T03:00:00Z")
    unit, officer = as_unit("T01"), as_staff(OFFICER)
    assert "quá hạn" not in text(unit.get("/report"))
    assert "Hạn gửi: hết ngày 24/12/2026." in text(unit.get(f"/report/{Q4}"))
    for path in ("/report", f"/report/{Q4}"):
        assert "(đã gia hạn)" not in text(unit.get(path))
    assert "(đã gia hạn)" not in text(officer.get(f"{GRID}/T01"))
    assert "Được gia hạn đến" not in text(officer.get(f"{TERMS}?unit=T01"))
    assert "gia hạn đến" not in text(officer.get(GRID))
    sent(site, unit)
    head = reports.head(site.table, NEW, Q4, "T01")
    assert head is not None
    assert not head.late


def test_an_extension_after_a_late_sending_leaves_it_late(
    site: Site, clock: Clock, as_unit: Callable[..., Visitor], as_staff: Callable[..., Visitor]
) -> None:
    clock.now = datetime.fromisoformat("2026-12-18T03:00:00Z")
    sent(site, as_unit("T01"))
    officer = as_staff(OFFICER)
    assert "đã gửi trễ vẫn là gửi trễ hạn" in text(officer.get(f"{TERMS}?unit=T01"))
    extend(officer, "unit=T01")
    assert counts(officer.get(GRID))["late"] == 1


@pytest.mark.guards(
    "more time for what was returned moves its return's due, alone and with its bloc",
    "the unit's own moved, alone ✓ and with its bloc ✓ (the first)",
    "the return's due not looked at ✓ (both)",
)
def test_what_was_returned_gets_more_time_to_answer(
    site: Site, officer: Visitor, as_unit: Callable[..., Visitor]
) -> None:
    """Alone and with its bloc: its return's own due governs, also before that of all."""
    for unit in ("T01", "T02"):
        sent(site, as_unit(unit))
        move(site.table, NEW, Q4, unit, "return", end_of(date(2026, 11, 25)))

    def due(unit: str) -> datetime | None:
        head = reports.head(site.table, NEW, Q4, unit)
        return head.return_due if head else None

    page = officer.get(f"{TERMS}?unit=T01")
    assert "Gia hạn ở đây là đổi hạn gửi lại." in text(page)
    typed = {"day": "2026-11-30", "reason": "Bão số 9"}
    assert [officer.submit(page, "/extend", **typed).status for _ in range(2)] == [303, 303]
    assert due("T01") == end_of(date(2026, 11, 30))
    assert extend(officer, "unit=T01", day="2026-11-28").status == 422  # only knowingly
    stale = officer.submit(page, "/extend", day="2026-12-02", reason="Bão số 9")
    assert stale.status == 409
    assert "Báo cáo của đơn vị vừa thay đổi" in text(stale)
    told = text(officer.follow(extend(officer, "bloc=T")))
    assert told.count("Đã gia hạn đến ngày này") == 35
    assert (due("T01"), due("T02")) == (UNTIL, UNTIL)
    assert [of(site, unit) for unit in ("T01", "T02")] == [("", None)] * 2
    assert "25/12/2026" in text(as_unit("T01").get(f"/report/{Q4}"))
    assert [verb for verb, _ in said(site, "T01")] == ["extend", "extend", "return"]


def at_that_moment(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Somebody acts between the reading and the writing of the next act."""
    write = acts.commit

    def after_it(*given: object) -> None:
        monkeypatch.setattr(acts, "commit", write)
        act()
        write(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(acts, "commit", after_it)


@pytest.mark.guards(
    "of two officers who give one returned unit more time, the later is told what holds",
    "the very day that was wished told as not done ✓",
)
@pytest.mark.parametrize("theirs", [DAY, "2026-12-30"])
def test_two_officers_who_give_one_returned_unit_more_time_at_once_are_told_what_holds(
    site: Site,
    officer: Visitor,
    as_staff: Callable[..., Visitor],
    as_unit: Callable[..., Visitor],
    monkeypatch: pytest.MonkeyPatch,
    theirs: str,
) -> None:
    sent(site, as_unit("T01"))
    move(site.table, NEW, Q4, "T01", "return", end_of(date(2026, 11, 25)))
    second = as_staff(OFFICER)
    page = officer.get(f"{TERMS}?unit=T01")
    at_that_moment(monkeypatch, lambda: extend(second, "unit=T01", day=theirs))
    answer = officer.submit(page, "/extend", day=DAY, reason="Bão số 9")
    if theirs == DAY:
        answer = officer.follow(answer)
        assert "Đã gia hạn." in text(answer)
    else:
        assert answer.status == 409
        assert "Báo cáo của đơn vị vừa thay đổi" in text(answer)
    assert f"hạn gửi lại: hết ngày {date.fromisoformat(theirs):%d/%m/%Y}" in text(answer)
    head = reports.head(site.table, NEW, Q4, "T01")
    assert head is not None
    assert head.return_due == end_of(date.fromisoformat(theirs))
    assert [verb for verb, _ in said(site, "T01")] == ["extend", "return"]


@pytest.mark.guards("nothing is asked back of a unit that is exempt, or becomes so that moment")
@pytest.mark.parametrize("query", ["unit=T01", "bloc=T"])
def test_a_return_gets_no_more_time_for_a_unit_that_was_exempted_that_moment(
    site: Site,
    officer: Visitor,
    as_unit: Callable[..., Visitor],
    monkeypatch: pytest.MonkeyPatch,
    query: str,
) -> None:
    sent(site, as_unit("T01"))
    move(site.table, NEW, Q4, "T01", "return", end_of(date(2026, 11, 25)))
    before = reports.head(site.table, NEW, Q4, "T01")
    page = officer.get(f"{TERMS}?{query}")
    held = exempt_or_extended.of(site.table, NEW, Q4, "T01")._replace(exempt="Đang sáp nhập")
    at_that_moment(monkeypatch, lambda: site.table.write(exempt_or_extended.put(NEW, Q4, held)))
    answer = officer.submit(page, "/extend", day=DAY, reason="Bão số 9")
    if query == "unit=T01":
        assert answer.status == 409
        assert "Việc miễn, gia hạn của đơn vị này vừa được thay đổi" in text(answer)
    else:
        assert "Được miễn, không cần gia hạn" in text(officer.follow(answer))
    assert reports.head(site.table, NEW, Q4, "T01") == before
    assert [verb for verb, _ in said(site, "T01")] == ["return"]


def test_an_extension_is_taken_back_and_the_day_that_all_have_holds_again(
    site: Site, officer: Visitor
) -> None:
    page = officer.follow(extend(officer, "unit=T01"))
    page = officer.follow(officer.submit(page, "/lift"))
    assert "theo hạn chung" in text(page)
    assert of(site, "T01") == ("", None)
    assert officer.post(f"{TERMS}/lift", fields(page, unit="T01", what="due")).status == 303
    assert [verb for verb, _ in said(site, "T01")] == ["extend", "unextend"]  # no third act


def fields(page: Reply, **more: str) -> dict[str, str]:
    csrf = page.body.decode().partition('name="csrf" value="')[2].partition('"')[0]
    return {"csrf": csrf, **more}


@pytest.mark.guards(
    "a bloc's extension takes time from nobody, tells each unit, and can be repeated",
    "a later day shortened ✓",
    "an act on record without a change ✓",
)
def test_a_bloc_gets_more_time_unit_by_unit_and_again_changes_nothing(
    site: Site, officer: Visitor
) -> None:
    exempt(officer, "T03")
    extend(officer, "unit=T04", day="2026-12-30")
    for _ in range(2):
        page = officer.follow(extend(officer, "bloc=T"))
        told = text(page)
        assert told.count("Đã gia hạn đến ngày này") == 33
        assert told.count("Được miễn, không cần gia hạn") == 1
        assert told.count("Giữ hạn muộn hơn đã cho") == 1
        assert "Chưa thực hiện" not in told
    assert of(site, "T01") == ("", UNTIL)
    assert of(site, "T03") == ("Đang sáp nhập", None)
    assert of(site, "T04") == ("", end_of(date(2026, 12, 30)))
    assert of(site, "G01") == ("", None)
    assert [verb for verb, _ in said(site, "T01")] == ["extend"]
    assert sum(act.verb == "extend" for act in acts.acts(site.table, NEW, "2026-11")) == 34


@pytest.mark.guards(
    "a bloc's extension takes time from nobody, tells each unit, and can be repeated"
)
def test_of_a_bloc_what_could_not_be_done_is_told_and_done_the_next_time(
    site: Site, officer: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody keeps changing T02 while the bloc is given more time."""
    write = acts.commit

    def never_t02(table: object, act: acts.Act, *changes: Change) -> None:
        if act.unit == "T02":
            raise Conflict(keys.terms(NEW, Q4, "T02"))
        write(table, act, *changes)  # type: ignore[arg-type]

    monkeypatch.setattr(acts, "commit", never_t02)
    page = officer.follow(extend(officer, "bloc=T"))
    assert text(page).count("Chưa thực hiện, vui lòng gia hạn lại") == 1
    assert text(page).count("Đã gia hạn đến ngày này") == 34
    monkeypatch.undo()
    page = officer.follow(officer.submit(page, "/extend", day=DAY, reason="Bão số 9"))
    assert text(page).count("Đã gia hạn đến ngày này") == 35


@pytest.mark.guards("a bloc too large for one answer is gone on with", "no patience ✓")
def test_a_large_bloc_is_gone_on_with_at_the_next_press(
    site: Site, clock: Clock, officer: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two seconds a unit: the answer comes before the gateway gives up on it."""
    write = acts.commit

    def slowly(*given: object) -> None:
        clock.now += timedelta(seconds=2)
        write(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(acts, "commit", slowly)
    left = []
    page = officer.get(f"{TERMS}?bloc=T")
    while not left or left[-1]:
        page = officer.follow(officer.submit(page, "/extend", day=DAY, reason="Bão số 9"))
        left.append(text(page).count("Chưa thực hiện, vui lòng gia hạn lại"))
    assert left == [27, 19, 11, 3, 0]
    assert sum(act.verb == "extend" for act in acts.acts(site.table, NEW, "2026-11")) == 35


@pytest.mark.guards(
    "two officers on one unit: the later reads first what stands", "over any revision ✓"
)
def test_terms_that_another_officer_changed_meanwhile_are_read_again_first(
    site: Site, officer: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the officer's page and the press, or between reading and writing."""
    page = officer.get(f"{TERMS}?unit=T01")
    extend(officer, "unit=T01", day="2026-12-30")
    for action in ("/exempt", "/extend"):
        answer = officer.submit(page, action, day=DAY, reason="Bão số 9", shorter="1")
        assert answer.status == 409
        assert "Việc miễn, gia hạn của đơn vị này vừa được thay đổi" in text(answer)
        assert "Được gia hạn đến 23:59 ngày 30/12/2026." in text(answer)
    assert of(site, "T01") == ("", end_of(date(2026, 12, 30)))
    page, write = officer.get(f"{TERMS}?unit=T01"), acts.commit

    def meanwhile(*given: object) -> None:
        monkeypatch.setattr(acts, "commit", write)
        held = exempt_or_extended.of(site.table, NEW, Q4, "T01")
        site.table.write(exempt_or_extended.put(NEW, Q4, held._replace(exempt="Đang sáp nhập")))
        write(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(acts, "commit", meanwhile)
    answer = extend(officer, "unit=T01", day="2026-12-31")
    assert answer.status == 409
    assert "Được miễn kỳ này: Đang sáp nhập." in text(answer)
    assert officer.submit(page, "/lift").status == 409
    assert of(site, "T01") == ("Đang sáp nhập", end_of(date(2026, 12, 30)))
    assert officer.submit(answer, "/lift").status == 303


@pytest.mark.guards("an extension is shortened only knowingly", "a shorter day taken as it comes ✓")
def test_an_extension_is_shortened_only_knowingly(site: Site, officer: Visitor) -> None:
    extend(officer, "unit=T01", day="2026-12-30")
    answer = extend(officer, "unit=T01")
    assert answer.status == 422
    assert "Ngày này sớm hơn hạn mà đơn vị đang có" in text(answer)
    assert of(site, "T01") == ("", end_of(date(2026, 12, 30)))
    assert officer.submit(answer, "/extend", shorter="1").status == 303
    assert of(site, "T01") == ("", UNTIL)


@pytest.mark.parametrize(
    ("action", "given", "sentence"),
    [
        ("exempt", {"unit": "T01", "reason": ""}, "Vui lòng ghi lý do."),
        ("exempt", {"unit": "T01", "reason": "x" * 501}, "Lý do dài quá 500 ký tự"),
        ("exempt", {"unit": "T99", "reason": "a"}, "Vui lòng chọn một đơn vị"),
        ("exempt", {"reason": "a"}, "Vui lòng chọn một đơn vị"),
        ("extend", {"unit": "T01", "reason": "a", "day": "31/02/2027"}, "Vui lòng ghi ngày"),
        ("extend", {"unit": "T01", "reason": "a", "day": "2026-11-22"}, "Ngày gia hạn đã qua"),
        ("extend", {"unit": "T01", "reason": "a", "day": "17/12/2026"}, "phải sau hạn chung"),
        ("extend", {"unit": "T01", "reason": "a", "day": "2099-12-25"}, "quá một năm"),
        ("extend", {"bloc": "T", "reason": "", "day": DAY}, "Vui lòng ghi lý do."),
        ("extend", {"bloc": "Z", "reason": "a", "day": DAY}, "Vui lòng chọn một đơn vị"),
        ("extend", {"unit": "T02", "reason": "a", "day": DAY}, "vui lòng bỏ miễn trước"),
        ("lift", {"unit": "T99", "what": "due"}, "Vui lòng chọn một đơn vị"),
        ("lift", {"unit": "T01", "what": "everything"}, "Vui lòng chọn một đơn vị"),
    ],
)
def test_what_cannot_be_is_said_by_its_field_and_changes_nothing(
    site: Site, officer: Visitor, action: str, given: dict[str, str], sentence: str
) -> None:
    site.table.write(Put(keys.terms(NEW, Q4, "T02"), {"exempt": "Sáp nhập", "due": ""}, ANYTHING))
    before = exempt_or_extended.terms(site.table, NEW, Q4)
    page = officer.get(TERMS)
    answer = officer.post(f"{TERMS}/{action}", fields(page, form_of=action, **given))
    assert answer.status == 422
    assert sentence in text(answer)
    if given.get("reason") == "a" and "unit" in given and given["unit"] == "T01":
        assert 'value="a"' in answer.body.decode()
    assert exempt_or_extended.terms(site.table, NEW, Q4) == before
    assert list(acts.acts(site.table, NEW, "2026-11")) == []


def test_units_are_found_without_accents_and_one_alone_is_chosen(officer: Visitor) -> None:
    one = officer.get(f"{TERMS}?q=dinh%20chieu")
    assert 'name="unit" value="T02"' in one.body.decode()
    several = officer.get(f"{TERMS}?q=nguyen").body.decode()
    assert 'href="?unit=T02"' in several
    assert 'name="unit"' not in several
    assert "Không có đơn vị nào phù hợp" in text(officer.get(f"{TERMS}?q=kh%C3%B4ng"))
    assert officer.get(f"{TERMS}?unit=T99").status == 404


@pytest.mark.guards("a director reads")
def test_a_director_reads_what_is_in_force_and_changes_nothing(
    site: Site, officer: Visitor, as_staff: Callable[..., Visitor], as_unit: Callable[..., Visitor]
) -> None:
    exempt(officer, "T01")
    sent(site, as_unit("T02"))
    move(site.table, NEW, Q4, "T02", "accept")
    director = as_staff()
    page = director.get(f"{TERMS}?unit=T02")
    assert "Đang có hiệu lực (1)" in text(page)
    assert "Tiếp nhận báo cáo" in text(page)  # the report's history
    assert page.body.decode().count("<form") == 1  # signing out
    for action in ("exempt", "extend", "lift"):
        given = fields(page, unit="T02", reason="a", day=DAY, what="exempt", seen="2")
        assert director.post(f"{TERMS}/{action}", given).status == 403
    assert of(site, "T02") == ("", None)
