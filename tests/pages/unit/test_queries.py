"""Odd values as the unit is asked about them, as the officer reads and a period counts them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from chalicelib.edges.ports import Site
from chalicelib.rules.reports import report
from chalicelib.rules.reports.odd_value import MOST_ASKED
from chalicelib.store import reports
from infra.gateway import Reply
from infra.visitor import Visitor
from tests.conftest import ENGINES, NEW, Clock
from tests.pages.reports.test_moves import OFFICER, where
from tests.pages.unit.test_form import BY, Q4, codes, filled, text

Q3, IN_Q3 = "2026-Q3", datetime(2026, 9, 1, 3, tzinfo=UTC)
COUNTS = ("i1_4", "i1_5", "i1_6", "i4_1_unit", "i4_1_sector", "i4_1_province", "i4_7")
AS_UNIT, AS_STAFF = Callable[..., Visitor], Callable[..., Visitor]


def told(site: Site, as_unit: AS_UNIT, clock: Clock, key: str, at: datetime, **typed: str) -> None:
    """A whole report of another period, nil but for what is typed."""
    now, clock.now = clock.now, at
    browser = as_unit()
    given = {f"{c}.state": "nil" for c in codes(site, period=key) if c not in typed} | typed
    check = browser.follow(browser.submit(browser.get(f"/report/{key}"), key, do="check", **given))
    assert browser.submit(check, "send", **BY).status == 303
    clock.now = now


def checked(site: Site, browser: Visitor, **typed: str) -> Reply:
    page = browser.get(f"/report/{Q4}")
    return browser.follow(browser.submit(page, Q4, do="check", **filled(site, **typed)))


def asked(check: Reply) -> list[str]:
    """The codes that the page asks about, in its order."""
    found = (part.partition(".why")[0] for part in check.body.decode().split('name="')[1:])
    names = [one for one in found if '"' not in one]
    return list(dict.fromkeys(names))


@pytest.mark.guards(
    "odd values are asked about, sparingly", "all are asked ✓", "the officer sees no more ✓"
)
def test_five_at_most_are_asked_the_gravest_first_and_the_officer_sees_all(
    site: Site, as_unit: AS_UNIT, as_staff: AS_STAFF, clock: Clock
) -> None:
    told(site, as_unit, clock, Q3, IN_Q3)
    browser = as_unit()
    wild = {code: str(20 * 10**place) for place, code in enumerate(COUNTS)}
    check = checked(site, browser, **wild)
    gravest = list(reversed(COUNTS))[:MOST_ASKED]
    assert asked(check) == gravest
    assert browser.submit(check, "send", **BY).status == 303
    said = text(as_staff(OFFICER).get(where()))
    assert said.count("⚠ Thay đổi nhiều") == len(COUNTS)
    assert said.count("(chưa giải thích)") == MOST_ASKED
    assert said.count("(không hỏi đơn vị)") == len(COUNTS) - MOST_ASKED


@pytest.mark.guards(
    "odd values are asked about, sparingly",
    "the answer's kind not kept ✓",
    "nothing counted ✓",
)
@pytest.mark.parametrize("engine", ENGINES)
def test_one_tap_answers_and_is_counted_by_its_kind(
    site: Site, as_unit: AS_UNIT, as_staff: AS_STAFF, clock: Clock
) -> None:
    told(site, as_unit, clock, Q3, IN_Q3, i1_5="425")
    browser = as_unit()
    check = checked(site, browser, i1_6="99999", i1_4="500", i4_7="900")
    assert asked(check) == ["i1_6", "i4_7", "i1_4", "i1_5"]
    assert "Kỳ trước 425, kỳ này Không phát sinh" in text(check)
    answers = {"i1_6.why": "before", "i4_7.why": "other", "i4_7.note": "Hưởng ứng đợt cao điểm"}
    assert browser.submit(check, "send", **BY, **answers, **{"i1_5.why": "actual"}).status == 303
    version = reports.version(site.table, NEW, Q4, "T01", 1)
    assert version is not None
    assert report.parse(version.content).notes == {
        "i1_5": "odd:actual",
        "i1_6": "odd:before",
        "i4_7": "Hưởng ứng đợt cao điểm",
    }
    head = reports.head(site.table, NEW, Q4, "T01")
    assert head is not None
    kinds = {"i1_4": "", "i1_5": "actual", "i1_6": "before", "i4_7": "other"}
    assert json.loads(head.queries) == kinds
    officer = as_staff(OFFICER)
    one = text(officer.get(where()))
    assert "Không phát sinh → 99.999 · Giải thích: Kỳ trước báo cáo chưa đúng" in one
    assert "Giải thích: Hưởng ứng đợt cao điểm" in one
    assert "425 → Không phát sinh · Giải thích: Số đúng, tăng/giảm thực tế" in one
    whole = text(officer.get(f"/desk/{NEW}/{Q4}/reports"))
    assert "Hỏi về 4 số liệu thay đổi nhiều ở 1 báo cáo." in whole
    assert "Số đúng, tăng/giảm thực tế 1 ; Theo thời điểm của năm học 0 ;" in whole
    assert "chưa trả lời 1 ." in whole


@pytest.mark.guards("a query is no error", "an odd value refused ✓")
def test_who_answers_nothing_sends_all_the_same(site: Site, as_unit: AS_UNIT, clock: Clock) -> None:
    told(site, as_unit, clock, Q3, IN_Q3)
    browser = as_unit()
    check = checked(site, browser, i1_5="99999")
    assert check.status == 200
    assert 'role="alert"' not in check.body.decode()
    assert "chỗ cần sửa" not in text(check)
    assert browser.submit(check, "send", **BY).header("location").endswith("/receipt/1")


def test_an_answer_stays_where_the_sending_did_not_succeed(
    site: Site, as_unit: AS_UNIT, clock: Clock
) -> None:
    told(site, as_unit, clock, Q3, IN_Q3)
    browser = as_unit()
    check = checked(site, browser, i1_5="99999")
    again = browser.follow(browser.submit(check, "send", **{"i1_5.why": "season"}))
    assert 'value="season" checked' in again.body.decode()
    form = browser.get(f"/report/{Q4}").body.decode()
    assert 'type="hidden" name="i1_5.why" value="season"' in form


@pytest.mark.guards("odd values are asked about, sparingly", "an older round compared ✓")
def test_without_a_report_of_the_last_round_nothing_is_compared(
    site: Site, as_unit: AS_UNIT, clock: Clock
) -> None:
    told(site, as_unit, clock, "2026-Q2", datetime(2026, 6, 10, 3, tzinfo=UTC))
    page = as_unit().get(f"/report/{Q4}")
    assert "Quý II năm 2026: Không phát sinh" in text(page)  # it is shown all the same
    assert asked(checked(site, as_unit(), i1_5="99999")) == []
    told(site, as_unit, clock, Q3, IN_Q3)
    assert asked(checked(site, as_unit(), i1_5="99999")) == ["i1_5"]


@pytest.mark.guards("odd values are asked about, sparingly", "last year not read ✓")
def test_what_was_so_in_the_same_period_of_last_year_is_not_asked(
    site: Site, as_unit: AS_UNIT, clock: Clock
) -> None:
    told(site, as_unit, clock, Q4, datetime(2026, 11, 23, 3, tzinfo=UTC), i1_5="400")
    for key, month in (("2027-Q1", 3), ("2027-Q2", 6), ("2027-Q3", 9)):
        told(site, as_unit, clock, key, datetime(2027, month, 10, 3, tzinfo=UTC), i1_5="12")
    clock.now = datetime(2027, 12, 1, 3, tzinfo=UTC)
    key = "2027-Q4"
    for typed, expected in (("410", []), ("40", ["i1_5"]), ("4000", ["i1_5"])):
        browser = as_unit()
        given = {f"{c}.state": "nil" for c in codes(site, period=key) if c != "i1_5"}
        page = browser.get(f"/report/{key}")
        check = browser.follow(browser.submit(page, key, do="check", i1_5=typed, **given))
        assert asked(check) == expected
        if expected:
            assert "cùng kỳ năm trước 400" in text(check)
