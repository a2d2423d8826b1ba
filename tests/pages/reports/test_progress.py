"""The grid over the whole handler: counts as counted anew, filters, the spreadsheet, its weight."""

import io
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime

import pytest
from openpyxl import load_workbook
from openpyxl.workbook import Workbook

import app
from bench import grid as bench
from chalicelib.edges.ports import Site
from chalicelib.rules.programmes.period import end_of
from chalicelib.rules.reports.exempt_or_extended import Terms
from chalicelib.rules.review.act import Act
from chalicelib.rules.units.contact import Contact
from chalicelib.store import acts, contacts, exempt_or_extended, programmes
from infra.gateway import Reply
from infra.visitor import Visitor
from tests.conftest import NEW, Clock
from tests.independent import Raw, independent
from tests.officer import AT, OFFICER, move
from tests.pages.summaries.test_summary import opened
from tests.pages.unit.test_form import Q4, sent, text

GRID = f"/desk/{NEW}/{Q4}/reports"
COUNTED = {
    "expected": "Phải gửi",
    "received": "Đã gửi",
    "on_time": "Đúng hạn",
    "late": "Trễ hạn",
    "returned": "Đang trả lại",
    "missing": "Chưa gửi",
}
LOCKED = end_of(date(2026, 12, 21))


def put(site: Site, given: Terms) -> None:
    held = exempt_or_extended.of(site.table, NEW, Q4, given.unit)
    act = Act(AT, OFFICER, "exempt", NEW, Q4, given.unit)
    acts.commit(
        site.table, act, exempt_or_extended.put(NEW, Q4, given._replace(revision=held.revision))
    )


def counts(page: Reply, name: str = "Tất cả") -> dict[str, int]:
    """The numbers of one line of the table of blocs."""
    (line,) = re.findall(
        rf'<tr[^>]*><th scope="row">{name}</th>(.*?)</tr>', page.body.decode(), re.S
    )
    cells = dict(re.findall(r'data-is="([^"]+)">(?:<a [^>]*>)?([\d.]+)', line))
    return {key: int(cells[word]) for key, word in COUNTED.items()}


def right(site: Site) -> dict[str, int]:
    """The same added up from the raw items, without a line of the product."""
    whole = independent(Raw.of_table(site.table), NEW, Q4)
    return {key: whole[key] for key in COUNTED}


def codes(page: Reply) -> list[str]:
    return re.findall(r'href="reports/([A-Z]\d+)">[^<]+</a> <small>', page.body.decode())


def row(page: Reply, code: str) -> str:
    (found,) = re.findall(
        rf'<tr><td>(?:(?!</tr>).)*href="reports/{code}">.*?</tr>', page.body.decode(), re.S
    )
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found)).strip()


@pytest.mark.guards(
    "the grid's counts are those of the raw items, at every step",
    "returned counted as received ✓",
    "exempt counted as expected ✓",
)
def test_the_counts_are_right_at_every_step_of_a_period(
    site: Site, clock: Clock, as_unit: Callable[..., Visitor], as_staff: Callable[..., Visitor]
) -> None:
    """Sent, taken in, returned, late, extended, exempt before and after sending, lifted."""

    def late() -> None:
        clock.now = LOCKED.replace(day=18)
        sent(site, as_unit("T04"))

    def extended() -> None:
        put(site, Terms("T05", due=LOCKED))
        sent(site, as_unit("T05"))

    steps: list[tuple[Callable[[], object], tuple[int, ...]]] = [
        (lambda: None, (36, 0, 0, 0, 0, 36)),
        (lambda: sent(site, as_unit("T01")), (36, 1, 1, 0, 0, 35)),
        (lambda: sent(site, as_unit("T02")), (36, 2, 2, 0, 0, 34)),
        (lambda: move(site.table, NEW, Q4, "T01", "accept"), (36, 2, 2, 0, 0, 34)),
        (lambda: move(site.table, NEW, Q4, "T02", "return"), (36, 1, 1, 0, 1, 34)),
        (lambda: put(site, Terms("T03", "Đang sáp nhập")), (35, 1, 1, 0, 1, 33)),
        (late, (35, 2, 1, 1, 1, 32)),
        (extended, (35, 3, 2, 1, 1, 31)),
        (lambda: move(site.table, NEW, Q4, "T01", "reopen"), (35, 3, 2, 1, 1, 31)),
        (lambda: put(site, Terms("T04", "Bão")), (34, 2, 2, 0, 1, 31)),
        (lambda: put(site, Terms("T04")), (35, 3, 2, 1, 1, 31)),
    ]
    for act, (expected, received, on_time, its_late, returned, missing) in steps:
        act()
        found = counts(as_staff().get(GRID))
        assert found == right(site)
        assert list(found.values()) == [expected, received, on_time, its_late, returned, missing]
        assert found["expected"] == found["received"] + found["returned"] + found["missing"]
        assert found["received"] == found["on_time"] + found["late"]


@pytest.fixture
def settled(site: Site, clock: Clock, as_unit: Callable[..., Visitor]) -> None:
    """T01 returned, T02 late by two days and three hours, T03 exempt, T05 extended; it is 20/12."""
    sent(site, as_unit("T01"))
    move(site.table, NEW, Q4, "T01", "return", end_of(date(2026, 12, 18)))
    put(site, Terms("T03", "Đang <sáp> nhập"))
    put(site, Terms("T05", due=end_of(date(2026, 12, 25))))
    person = Contact("", "", "Trần Thị Mẫu", "0270 111 222")
    acts.commit(site.table, Act(AT, OFFICER, "exempt", NEW), contacts.put(NEW, "T01", person))
    clock.now = datetime.fromisoformat("2026-12-19T20:00:00Z")
    sent(site, as_unit("T02"))
    clock.now = datetime.fromisoformat("2026-12-20T05:00:00Z")


@pytest.mark.usefixtures("settled")
def test_a_row_tells_state_time_version_and_whom_to_call(as_staff: Callable[..., Visitor]) -> None:
    page = as_staff(OFFICER).get(GRID)
    name = "Trường THPT Chuyên Bến Tre"
    told = "Quá hạn gửi lại 1 ngày 12 giờ gửi lại trước 18/12/2026 23:59"
    assert row(page, "T01") == (
        f"T01 {name} THPT Đang trả lại {told} 23/11/2026 10:00 1 Trần Thị Mẫu 0270 111 222"
    )
    assert "Đã gửi Trễ 2 ngày 3 giờ 20/12/2026 03:00 1" in row(page, "T02")
    assert "Được miễn : Đang &lt;sáp&gt; nhập t03@donvi.example" in row(page, "T03")
    assert "Chưa gửi Quá hạn 2 ngày 12 giờ t04@donvi.example" in row(page, "T04")
    assert "Chưa gửi gia hạn đến 25/12/2026" in row(page, "T05")
    assert '<a href="tel:0270111222">0270 111 222</a>' in page.body.decode()
    assert '<a href="mailto:t04@donvi.example">' in page.body.decode()
    assert "Đã quá hạn gửi 2 ngày 12 giờ ; còn 1 ngày 11 giờ đến khi khóa." in text(page)


@pytest.mark.usefixtures("settled")
def test_filters_narrow_the_rows_and_never_the_counts(as_staff: Callable[..., Visitor]) -> None:
    officer = as_staff(OFFICER)
    everything = officer.get(GRID)
    for query, right in {
        "state=returned": ["T01"],
        "state=late": ["T02"],
        "state=exempt": ["T03"],
        "state=extended&bloc=T": ["T05"],
        "bloc=G": ["G01"],
        "q=dinh%20chieu": ["T02"],
        "q=T01&state=missing": [],
    }.items():
        page = officer.get(f"{GRID}?{query}")
        assert (page.status, codes(page)) == (200, right), query
        assert counts(page) == counts(everything)
    assert codes(everything) == [*(f"T{n:02}" for n in range(1, 36)), "G01"]
    alphabet = codes(officer.get(f"{GRID}?order=alphabet"))
    assert sorted(alphabet) == sorted(codes(everything))
    assert alphabet[0] == "G01"  # "Trung tâm" before "Trường"


def test_a_filter_that_cannot_be_meant_is_named_and_what_was_typed_stays(
    as_staff: Callable[..., Visitor],
) -> None:
    page = as_staff(OFFICER).get(f"{GRID}?bloc=Z&state=x&q=%3Cb%3Eba")
    assert page.status == 422
    assert "Không đọc được: Khối thi đua, Trạng thái." in text(page)
    assert 'value="&lt;b&gt;ba"' in page.body.decode()


@pytest.mark.parametrize("query", ["q=%00", "q=%ED%A0%80", "q=%FF", "bloc=%E2%80%AE", "tick=x&x=y"])
def test_no_query_breaks_the_page(as_staff: Callable[..., Visitor], query: str) -> None:
    browser = as_staff(OFFICER)
    for path in (GRID, f"/desk/{NEW}/years", f"/desk/{NEW}/{Q4}/terms"):
        assert browser.get(f"{path}?{query}").status in (200, 422)
        if path.endswith("terms"):
            continue
        assert browser.get(f"{path}.xlsx?{query}").status == 303


@pytest.mark.guards("a director reads", "boxes for everybody ✓", "the way open to staff ✓")
def test_an_officer_ticks_and_acts_and_a_director_only_reads(
    as_staff: Callable[..., Visitor],
) -> None:
    officer = as_staff(OFFICER)
    page = officer.get(f"{GRID}?bloc=G").body.decode()
    assert '<input type="checkbox" name="unit.G01" value="1"> G01' in page
    assert f'action="{GRID}/accept"' in page
    assert f'formaction="/desk/{NEW}/{Q4}/urge"' in page
    assert page.count('name="csrf"') == 2  # signing out, and all rows together
    assert '" checked>' not in page
    ticked = officer.get(f"{GRID}?bloc=T&tick=all").body.decode()
    assert ticked.count('value="1" checked>') == 35
    read = as_staff().get(f"{GRID}?tick=all").body.decode()
    assert 'type="checkbox"' not in read
    assert "/accept" not in read
    assert "T01" in read


@pytest.mark.guards("a report of a unit that does not owe is not hidden", "left out ✓")
def test_a_report_of_a_unit_that_does_not_owe_is_named_and_not_counted(
    site: Site, as_unit: Callable[..., Visitor], as_staff: Callable[..., Visitor]
) -> None:
    """It sent, and then the department learnt that it had ended before the cut-off."""
    sent(site, as_unit("T01"))
    (known,) = programmes.unit_versions(site.table, NEW, "T01")
    ended = known.model_copy(update={"valid_to": date(2026, 11, 30)})
    programmes.keep_units(site.table, NEW, [ended])
    page = as_staff(OFFICER).get(GRID)
    assert "Có 1 báo cáo của đơn vị không thuộc danh sách phải gửi" in text(page)
    assert "T01" not in codes(page)
    assert '<a href="reports/T01">T01</a>' in page.body.decode()
    assert counts(page) == right(site)
    assert counts(page)["expected"] == 35


@pytest.mark.guards("who owes is the list of the cut-off day", "the day that the period begins ✓")
@pytest.mark.parametrize(("last_day", "owes"), [(13, False), (14, True)])
def test_the_list_is_that_of_the_cut_off_day(
    site: Site,
    as_unit: Callable[..., Visitor],
    as_staff: Callable[..., Visitor],
    last_day: int,
    owes: bool,
) -> None:
    """Two schools end about the cut-off of 14/12; T03 changes its bloc in the middle of it all."""
    for code in ("T01", "T02", "T03"):
        sent(site, as_unit(code))
    (ends,), (changes,) = (programmes.unit_versions(site.table, NEW, c) for c in ("T01", "T03"))
    until, since = date(2026, 11, 30), date(2026, 12, 1)
    versions = [
        ends.model_copy(update={"valid_to": date(2026, 12, last_day)}),
        changes.model_copy(update={"valid_to": until}),
        changes.model_copy(update={"valid_from": since, "bloc": "G"}),
    ]
    programmes.keep_units(site.table, NEW, versions)
    officer = as_staff(OFFICER)
    page = officer.get(GRID)
    assert ("T01" in codes(page)) is owes
    assert counts(page) == right(site)
    assert counts(page)["expected"] == 35 + owes
    assert counts(page, "GDTX") == dict(zip(COUNTED, (2, 1, 1, 0, 0, 1), strict=True))
    third = officer.get(GRID.replace("Q4", "Q3"))  # before all of it
    assert counts(third, "GDTX")["expected"] == 1
    assert counts(third)["expected"] == 36


def book(site: Site, reply: Reply) -> Workbook:
    assert reply.status == 303
    return load_workbook(io.BytesIO(opened(site, reply)))


@pytest.mark.guards(
    "the spreadsheet has the page's rows, typed, and runs nothing",
    "filters ignored ✓",
    "texts written as they look ✓",
    "times in UTC ✓",
)
@pytest.mark.usefixtures("settled")
def test_the_spreadsheet_has_the_same_in_typed_cells(
    site: Site, as_staff: Callable[..., Visitor]
) -> None:
    officer = as_staff(OFFICER)
    found = book(site, officer.get(f"{GRID}.xlsx"))
    rows = {line[1]: line for line in found["Tình hình gửi"].iter_rows(min_row=5, values_only=True)}
    assert list(rows) == codes(officer.get(GRID))
    sent_at = datetime(2026, 12, 20, 3, 0)  # noqa: DTZ001 - as a sheet holds it
    due = datetime(2026, 12, 17, 23, 59, 59)  # noqa: DTZ001
    assert rows["T02"][3:11] == (
        "THPT",
        "Đã gửi",
        "Trễ 2 ngày 3 giờ",
        51,
        due,
        sent_at,
        sent_at,
        1,
    )
    assert rows["T03"][4] == "Được miễn"
    assert rows["T03"][12] == "Đang <sáp> nhập"
    assert rows["T05"][7] == datetime(2026, 12, 25, 23, 59, 59)  # noqa: DTZ001
    assert rows["T01"][13:15] == ("Trần Thị Mẫu", "0270 111 222")
    lines = {
        line[0]: line for line in found["Theo khối thi đua"].iter_rows(min_row=4, values_only=True)
    }
    assert lines["Tất cả"] == ("Tất cả", 35, 1, 0, 1, 1, 33, 2.86, 0, 1)
    assert list(lines["Tất cả"][1:7]) == list(right(site).values())
    narrowed = book(site, officer.get(f"{GRID}.xlsx?state=late&q=dinh"))["Tình hình gửi"]
    assert [line[1] for line in narrowed.iter_rows(min_row=5, values_only=True)] == ["T02"]
    assert narrowed["A3"].value == "1/36 đơn vị: trạng thái “Gửi trễ hạn”, tìm “dinh”"


@pytest.fixture(scope="module")
def thousand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bench.Desk]:
    made = bench.site(tmp_path_factory.mktemp("thousand"))
    yield bench.at_the_desk(made)
    made.table.close()


@pytest.mark.guards("the page of 1,000 units is light", "an id and a title for each row ✓")
def test_the_page_of_a_thousand_units_is_light(thousand: bench.Desk) -> None:
    app.use(thousand.site)
    answer = app.app(bench.event(thousand), None)
    assert answer["statusCode"] == 200
    assert answer["body"].count('<input type="checkbox"') == bench.UNITS
    assert bench.packed(answer["body"]) <= bench.HEAVIEST
