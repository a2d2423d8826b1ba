"""The director's side over the whole handler: one period's summary and its downloads."""

import io
import json
import re
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pytest
from openpyxl import load_workbook

import app
from chalicelib import VERSION
from chalicelib.edges.embedded import FolderFiles
from chalicelib.edges.ports import Site
from chalicelib.jobs import summarise
from chalicelib.messages.frame.dates import moment
from chalicelib.rules.programmes.period import Period
from chalicelib.store import programmes
from infra.gateway import Reply
from infra.visitor import Visitor
from tests import officer
from tests.conftest import ENGINES, NEW, Clock
from tests.pages.unit.test_form import Q4, sent, text

SUMMARY = f"/desk/{NEW}/{Q4}"


def opened(site: Site, reply: Reply) -> bytes:
    """What the link of a download gives: from the folder, or from the bucket over HTTP."""
    split = urlsplit(reply.header("location"))
    if not isinstance(site.files, FolderFiles):
        with urllib.request.urlopen(split.geturl()) as answer:  # noqa: S310 - our own emulator
            return bytes(answer.read())
    found = site.files.opened(
        unquote(split.path).removeprefix("/_files/"), split.query, site.clock()
    )
    assert found is not None
    return found[0]


def test_the_desk_says_which_version_this_is(as_staff: Callable[..., Visitor]) -> None:
    assert f"Phiên bản {VERSION}" in text(as_staff().get("/desk"))


def test_a_period_not_summed_yet_offers_to_sum_it(
    site: Site, as_unit: Callable[..., Visitor], as_staff: Callable[..., Visitor]
) -> None:
    sent(site, as_unit(), i1_5="12")
    director = as_staff()
    page = director.get(SUMMARY)
    assert "chưa được tổng hợp" in text(page)
    page = director.follow(director.submit(page, "summarise"))
    assert "1/36" in text(page)
    assert "35 chưa gửi" in text(page)


@pytest.mark.guards("both engines serve the pages")
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.guards("page, XLSX, CSV, JSON alike", "a wrong column ✓ (the second)")
def test_page_json_xlsx_and_csv_show_the_same_numbers(
    site: Site, as_unit: Callable[..., Visitor], as_staff: Callable[..., Visitor]
) -> None:
    ratio = {"i1_2.num": "1", "i1_2.den": "1"}
    sent(site, as_unit("T01"), i1_5="1.234", i5_6="12,5", i1_1="yes", **ratio)
    ratio = {"i1_2.num": "0", "i1_2.den": "99"}
    sent(site, as_unit("T02"), i1_5="6", i5_6="0,25", i1_1="no", **ratio)
    summarise.run(site, everything=True)
    director = as_staff()
    whole = json.loads(director.get(f"{SUMMARY}/summary.json").body)
    lines = {line["code"]: line for line in whole["indicators"]}
    assert lines["i1_5"]["value"] == 1240
    assert lines["i5_6"]["value"] == "12.75"
    assert lines["i1_2"]["value"] == "1.00"
    assert (lines["i1_1"]["numerator"], lines["i1_1"]["denominator"]) == (1, 2)
    page = director.get(SUMMARY).body.decode()
    row = re.sub(r"\s+", " ", re.findall(r'<tr id="i1_5">.*?</tr>', page, re.DOTALL)[0])
    assert "<b>1.240</b>" in row
    assert "2/36 đơn vị" in row
    ratio_row = re.findall(r'<tr id="i1_2">.*?</tr>', page, re.DOTALL)[0]
    assert "<b>1,00&nbsp;%</b>" in ratio_row
    assert "<small>1/100</small>" in ratio_row
    book = load_workbook(io.BytesIO(opened(site, director.get(f"{SUMMARY}/summary.xlsx"))))
    cells = {row[0].value: row for row in book["Tổng hợp"].iter_rows(min_row=11)}
    assert cells["i1_5"][6].value == 1240
    assert cells["i5_6"][6].value == 12.75
    table = opened(site, director.get(f"{SUMMARY}/summary.csv")).decode("utf-8-sig")
    row = next(line for line in table.splitlines() if line.startswith("i5_6;"))
    assert row.split(";")[6] == "12,75"


@pytest.mark.guards("who has not answered has not said no", "a no in words of our own ✓")
def test_the_page_shares_among_those_who_answered_and_says_who_has_not(
    site: Site, as_unit: Callable[..., Visitor], as_staff: Callable[..., Visitor]
) -> None:
    sent(site, as_unit("T01"), i1_1="yes")
    sent(site, as_unit("T02"), i1_1="no")
    summarise.run(site, everything=True)
    page = text(as_staff().get(SUMMARY)).replace("&nbsp;", " ").replace("\xa0", " ")
    assert "Chưa – 1/2 đơn vị đã trả lời; chưa có: 34 đơn vị" in page
    assert "50,00 % 1/2" in page


@pytest.mark.guards(
    "page, XLSX, CSV and JSON say one verdict, before and after the lock",
    "the page says “Chưa đạt” of what is breached ✓",
)
def test_page_json_xlsx_and_csv_say_the_same_of_a_target(
    site: Site,
    as_unit: Callable[..., Visitor],
    as_staff: Callable[..., Visitor],
    clock: Clock,
) -> None:
    """A ceiling that is passed is said at once; a share waits for the others until the lock."""
    ratio = {"i3_2.num": "1", "i3_2.den": "2"}
    sent(site, as_unit("T01"), i5_2="1", i1_1="yes", **ratio)
    summarise.run(site, everything=True)
    ceiling, share = "Đã vượt ngưỡng: 1 vụ", "Chưa đủ số liệu (1/36 đơn vị)"
    assert told(site, as_staff()) == {
        "i5_2": ("breached", False, f"✗ {ceiling}", ceiling),
        "i3_2": ("incomplete", None, share, share),
        "i1_1": ("incomplete", None, share, share),
        "i3_8": ("incomplete", None, share, share),  # its nil is none of it
    }
    page = text(as_staff().get(SUMMARY))
    assert "cán bộ, giáo viên, học sinh : Đã vượt ngưỡng: 1 vụ (mục tiêu 0; 1/36 đơn vị" in page
    clock.now = quarter(site).locks + timedelta(hours=1)
    summarise.run(site, everything=True)
    missed, met = "Chưa đạt (1/36 đơn vị)", "Đạt (1/36 đơn vị)"
    assert told(site, as_staff()) == {
        "i5_2": ("breached", False, f"✗ {ceiling}", ceiling),
        "i3_2": ("missed", False, f"✗ {missed}", missed),
        "i1_1": ("met", True, f"✓ {met}", met),
        "i3_8": ("met", True, f"✓ {met}", met),
    }


def quarter(site: Site) -> Period:
    return next(one for one in programmes.periods(site.table, NEW) if one.key == Q4)


Told = dict[str, tuple[str, bool | None, str, str]]


def told(site: Site, director: Visitor) -> Told:
    """Of some indicators: the verdict and `met` of the JSON, the page's words, the CSV's.

    The workbook says what the CSV does.
    """
    lines = {
        line["code"]: line
        for line in json.loads(director.get(f"{SUMMARY}/summary.json").body)["indicators"]
    }
    page = director.get(SUMMARY).body.decode()
    table = opened(site, director.get(f"{SUMMARY}/summary.csv")).decode("utf-8-sig")
    written = {row.split(";")[0]: row.split(";") for row in table.splitlines()}
    book = load_workbook(io.BytesIO(opened(site, director.get(f"{SUMMARY}/summary.xlsx"))))
    cells = {row[0].value: row[5].value for row in book["Tổng hợp"].iter_rows(min_row=11)}
    found: Told = {}
    for code in ("i5_2", "i3_2", "i1_1", "i3_8"):
        row = re.findall(rf'<tr id="{code}">.*?</tr>', page, re.DOTALL)[0]
        cell = re.findall(r'data-is="Mục tiêu">[^<]*<(?:b|span)[^>]*>(.*?)</', row, re.DOTALL)[0]
        assert cells[code] == written[code][5]
        line = lines[code]
        found[code] = (line["verdict"], line["met"], cell, written[code][5])
    return found


@pytest.mark.guards("the period before carries its coverage", "left out ✓")
def test_the_period_before_says_on_how_many_units_it_stands(
    site: Site,
    as_unit: Callable[..., Visitor],
    as_staff: Callable[..., Visitor],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent(site, as_unit("T01"), i1_1="yes")
    summarise.run(site, everything=True)
    monkeypatch.setattr(
        "chalicelib.pages.summaries.summary.previous",
        lambda periods, key: [one for one in periods if one.key == key],
    )
    page = text(as_staff().get(SUMMARY)).replace("&nbsp;", " ").replace("\xa0", " ")
    assert "kỳ trước 100,00 % (1/36 đơn vị)" in page


@pytest.mark.guards('"changed since"', "not counted ✓", "the `seen` file not read ✓ (the second)")
def test_a_report_after_the_summing_is_said_and_then_summed(
    site: Site, as_unit: Callable[..., Visitor], as_staff: Callable[..., Visitor], clock: Clock
) -> None:
    summarise.run(site, everything=True)
    sent(site, as_unit("T01"), i1_5="12")
    director, summed = as_staff(), site.clock()
    clock.now = summed + timedelta(hours=2, minutes=5)
    page = director.get(SUMMARY)
    said = f"tổng hợp lúc {moment(summed)}, cách đây 2 giờ; từ đó đã có 1 báo cáo thay đổi."
    assert said in text(page)
    page = director.follow(director.submit(page, "summarise"))
    assert "chưa có báo cáo nào thay đổi" in text(page)


# ------------------------------------------------------------------ summed elsewhere


Handed = list[tuple[str, str, str]]


@pytest.fixture
def handed(site: Site, visitor: Callable[[], Visitor], monkeypatch: pytest.MonkeyPatch) -> Handed:
    """The app hands over; what is handed over waits in the list."""
    assert visitor  # which serves the site that this one takes the place of
    found: Handed = []
    app.use(replace(site, hand_over=lambda *one: found.append(one)))
    monkeypatch.setattr(summarise, "AT_ONCE", 35)  # of 36 units that owe
    return found


def pressed(browser: Visitor) -> Reply:
    return browser.follow(browser.submit(browser.get(SUMMARY), "summarise"))


@pytest.mark.guards(
    "a large period is not summed in the API's 29 seconds: handed over, and said until it has come",
    "summed here ✓",
    "any summary taken for the new one ✓",
    "waited for without end ✓",
    "`>=` ✓",
    "a lost hand-over told as going on ✓",
)
def test_with_many_units_the_button_hands_the_period_over_and_the_page_says_so(
    site: Site,
    as_unit: Callable[..., Visitor],
    as_staff: Callable[..., Visitor],
    clock: Clock,
    handed: Handed,
) -> None:
    sent(site, as_unit(), i1_5="12")
    director = as_staff()
    page = director.submit(director.get(SUMMARY), "summarise")
    assert "Đang tổng hợp lần đầu" in text(director.follow(page))
    assert "Tổng hợp ngay" not in text(director.follow(page))
    ((p, k, run),) = handed
    assert (p, k) == (NEW, Q4)
    clock.now += timedelta(seconds=50)
    summarise.run_one(site, p, k, run)  # the worker
    done = director.follow(page)
    assert "Đã tổng hợp xong lúc 10:00 ngày 23/11/2026" in text(done)
    assert "1/36" in text(done)
    clock.now += timedelta(minutes=30)
    page = director.submit(done, "summarise")
    waiting = text(director.follow(page))
    assert "Bản dưới đây là của lần tổng hợp lúc 10:00 ngày 23/11/2026" in waiting
    assert "1/36" in waiting
    summarise.run_one(site, *handed[1])  # nothing has changed: nothing is written
    clock.now += timedelta(minutes=21)
    assert "yêu cầu lúc 10:30 ngày 23/11/2026 chưa có bản mới" in text(director.follow(page))
    assert "Đã tổng hợp xong" not in text(director.follow(page))


@pytest.mark.guards(
    "a large period is not summed in the API's 29 seconds: handed over, and said until it has come"
)
def test_up_to_so_many_units_the_button_sums_at_once(
    as_staff: Callable[..., Visitor],
    handed: Handed,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(summarise, "AT_ONCE", 36)
    director = as_staff()
    page = text(pressed(director))
    assert "0/36" in page
    assert "Đang tổng hợp" not in page
    assert handed == []


def test_one_machine_sums_at_once_however_many_there_are(
    as_staff: Callable[..., Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summarise, "AT_ONCE", 0)
    assert "0/36" in text(pressed(as_staff()))


@pytest.mark.guards(
    "a large period is not summed in the API's 29 seconds: handed over, and said until it has come"
)
def test_a_period_that_can_not_be_handed_over_is_busy_and_nothing_is_said_to_go_on(
    site: Site, as_staff: Callable[..., Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_line(*_: str) -> None:
        raise OSError("no line")

    monkeypatch.setattr(summarise, "AT_ONCE", 0)
    director = as_staff()
    app.use(replace(site, hand_over=no_line))
    page = director.submit(director.get(SUMMARY), "summarise")
    assert page.status == 503
    assert "Hệ thống đang bận" in text(page)


@pytest.mark.parametrize("given", ["", "x", "2026-11-23", "9999-99-99T00:00:00+00:00"])
def test_an_instant_that_no_page_of_ours_carries_says_nothing(
    as_staff: Callable[..., Visitor], given: str
) -> None:
    page = as_staff().get(f"{SUMMARY}?summing={quote(given)}")
    assert page.status == 200
    assert "Đang tổng hợp" not in text(page)


def test_a_returned_report_is_out_of_the_totals_and_named(
    site: Site, as_unit: Callable[..., Visitor], as_staff: Callable[..., Visitor]
) -> None:
    sent(site, as_unit("T01"), i1_5="12")
    officer.move(site.table, NEW, Q4, "T01", "return")
    summarise.run(site, everything=True)
    whole = json.loads(as_staff().get(f"{SUMMARY}/summary.json").body)
    assert (whole["received"], whole["returned"], whole["missing"]) == (0, 1, 35)
    line = next(line for line in whole["indicators"] if line["code"] == "i1_5")
    assert (line["value"], line["with_value"], line["missing"]) == (None, 0, 36)
    assert "Đang trả lại (1)" in text(as_staff().get(SUMMARY))


def test_texts_stand_with_their_units_names(
    site: Site, as_unit: Callable[..., Visitor], as_staff: Callable[..., Visitor]
) -> None:
    sent(site, as_unit("T02"), i1_4_list="Mô hình một\nMô hình hai", n_done="Đã triển khai")
    summarise.run(site, everything=True)
    director = as_staff()
    whole = json.loads(director.get(f"{SUMMARY}/summary.json").body)
    line = next(line for line in whole["indicators"] if line["code"] == "i1_4_list")
    assert [(v["unit"], v["lines"]) for v in line["value"]] == [
        ("T02", ["Mô hình một", "Mô hình hai"])
    ]
    said = text(director.get(SUMMARY))
    assert "Mô hình hai" in said
    assert "Đã triển khai" in said


@pytest.mark.guards("coverage adds up", "a state counted twice")
def test_every_line_of_coverage_adds_up(
    site: Site, as_unit: Callable[..., Visitor], as_staff: Callable[..., Visitor]
) -> None:
    sent(site, as_unit("T01"), i1_5="12")
    summarise.run(site, everything=True)
    whole = json.loads(as_staff().get(f"{SUMMARY}/summary.json").body)
    assert whole["expected"] == whole["received"] + whole["returned"] + whole["missing"]
    assert whole["received"] == whole["on_time"] + whole["late"]
    for line in whole["indicators"]:
        for part in (line, *line["blocs"].values()):
            states = ("with_value", "nil", "missing")
            assert sum(part[name] for name in states) == part["expected"]
        blocs = line["blocs"].values()
        for name in ("expected", "with_value", "nil", "not_applicable", "missing"):
            assert line[name] == sum(part[name] for part in blocs)


def test_an_unknown_period_and_an_unsummed_download_are_said_so(
    as_staff: Callable[..., Visitor], tmp_path: Path
) -> None:
    director = as_staff()
    assert director.get(f"/desk/{NEW}/2031-Q1").status == 404
    assert director.get("/desk/nothing/2026-Q4").status == 404
    for ending in ("json", "xlsx", "csv"):
        assert director.get(f"{SUMMARY}/summary.{ending}").status == 404


def test_an_open_period_is_counted_as_it_stands_and_says_what_waits(
    site: Site, as_staff: Callable[..., Visitor], as_unit: Callable[..., Visitor]
) -> None:
    """Without any summing: what was sent a moment ago is there, and so is who asks."""
    unit = as_unit("T01")
    form = unit.get(f"/report/{Q4}")
    check = unit.follow(unit.submit(form, Q4, do="check", nil="1"))
    by = {"by.name": "A", "by.post": "B", "by.phone": "0270 000 0000", "approved": "1"}
    unit.follow(unit.submit(check, "/send", **by))
    other = as_unit("T02")
    ask = other.get(f"/report/{Q4}/ask")
    asked = {"kind": "extend", "reason": "Mất mạng", "wanted": "19/12/2026"}
    assert other.submit(ask, "/ask", **asked).status == 303
    director = as_staff()
    said = text(director.get("/desk"))
    assert "Tình hình gửi · 1 báo cáo chờ tiếp nhận · 1 đề nghị chờ trả lời" in said
    assert "17/12/2026 36 1 0 0 35" in said
    officer.move(site.table, NEW, Q4, "T01", "accept")
    assert "chờ tiếp nhận" not in text(director.get("/desk"))


def test_the_desk_lists_programmes_and_periods(as_staff: Callable[..., Visitor]) -> None:
    said = text(as_staff().get("/desk"))
    assert said.index("2026-2030") < said.index("2021-2025")
    assert "Quý IV năm 2026 đang mở" in said
    assert "Quý I năm 2027" not in said
